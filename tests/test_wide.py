"""The wide part against what scikit-learn makes of the same words."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from skglove.sequences import Documents
from skglove.wide import PAIR_COLUMNS, PAIR_WEIGHT, WideModel, pair_columns


@pytest.fixture(scope="module")
def ids():
    """Return documents of every length from none to 30 words of 40."""
    rng = np.random.RandomState(0)
    lengths = np.r_[0, 1, 30, rng.randint(1, 31, 77)]
    return rng.randint(1, 41, (80, 30)) * (np.arange(30) < lengths[:, None])


@pytest.fixture(scope="module")
def vectors():
    matrix = np.random.RandomState(1).normal(size=(41, 6)).astype(np.float32)
    matrix[[0, 5]] = 0
    return matrix


def make_model(ids, vectors, n_classes=3):
    model = WideModel(41, n_classes, vectors, np.random.RandomState(0))
    model.observe(Documents(ids))
    return model


def test_terms_are_scikit_learns_tfidf(ids, vectors):
    texts = [" ".join(f"w{i}" for i in row if i) for row in ids]
    parts = []
    for n in (1, 2):
        vectorizer = TfidfVectorizer(sublinear_tf=True, norm=None, ngram_range=(n, n)).fit(texts)
        part = np.zeros((len(texts), 41 if n == 1 else PAIR_COLUMNS))
        for term, column in vectorizer.vocabulary_.items():
            words = [int(word[1:]) for word in term.split()]
            place = words[0] if n == 1 else pair_columns(*words)
            assert not part[:, place].any()  # no two pairs of so few words share a column
            part[:, place] = vectorizer.transform(texts)[:, [column]].toarray()[:, 0]
        parts.append(part)
    features = make_model(ids, vectors).features(Documents(ids))
    expected = normalize(np.hstack([parts[0], PAIR_WEIGHT * parts[1]]))
    np.testing.assert_allclose(features.terms.toarray(), expected, atol=1e-6)

    known = vectors.any(axis=1)
    centred = np.zeros_like(vectors)
    centred[known] = normalize(vectors[known] - vectors[known].mean(axis=0))
    means = normalize(parts[0]) @ centred
    means *= 0.5 / np.sqrt((means**2).sum(axis=1).mean())
    np.testing.assert_allclose(features.means, means, atol=1e-6)


def test_the_merged_model_scores_as_its_parts(ids, vectors):
    for n_classes, matrix in ((3, vectors), (2, vectors), (3, None)):
        y = np.arange(80) % n_classes
        model = make_model(ids, matrix, n_classes)
        features = model.features(Documents(ids))
        model.train(features, y, np.ones(80))
        machine, bayes = model.scores(features)
        expected = 0.7 * machine + 0.3 * bayes
        np.testing.assert_allclose(model.weights(0.7, 0.3).logits(Documents(ids)), expected, atol=1e-5)


def test_each_part_learns(ids, vectors):
    y = (ids == 7).any(axis=1).astype(int)
    model = make_model(ids, vectors, 2)
    features = model.features(Documents(ids))
    model.train(features, y, np.ones(80))
    for scores in model.scores(features):
        assert (scores.argmax(axis=1) == y).mean() > 0.9


def test_a_class_to_come_and_a_class_alone(ids, vectors):
    for y in (np.arange(80) % 2, np.zeros(80, dtype=int)):
        model = make_model(ids, vectors)
        features = model.features(Documents(ids))
        model.train(features, y, np.ones(80), epochs=1)
        assert all(np.isfinite(scores).all() for scores in model.scores(features))
        assert (model.scores(features)[0].argmax(axis=1) <= y.max()).mean() > 0.9


def test_words_never_seen_say_nothing_through_naive_bayes(vectors):
    seen = np.array([[1, 2], [3, 4]] * 10)
    model = make_model(seen, vectors, 2)
    model.train(model.features(Documents(seen)), np.array([0, 1] * 10), np.array([1.0, 3.0] * 10))
    _, bayes = model.scores(model.features(Documents(np.array([[30, 31], [1, 30]]))))
    assert not bayes[0].any()
    assert bayes[1, 0] > bayes[1, 1]


def test_weights_are_as_good_as_repetitions(ids, vectors):
    y = np.arange(80) % 2
    scores = []
    for rows, weights in (
        (np.arange(80), np.where(y, 2.0, 1.0)),
        (np.r_[np.arange(80), np.flatnonzero(y)], np.ones(120)),
    ):
        model = make_model(ids, vectors, 2)
        features = model.features(Documents(ids))
        model.train(features.of(rows), y[rows], weights)
        scores.append(model.scores(features))
    np.testing.assert_allclose(scores[0][1], scores[1][1], atol=0.5)
    assert (scores[0][0].argmax(axis=1) == scores[1][0].argmax(axis=1)).mean() > 0.9
