import numpy as np
import pytest
from sklearn.preprocessing import normalize

from skglove import TokenSequences
from skglove.models.base import FitContext
from skglove.models.head import Softmax
from skglove.models.linear import Linear, LinearTraining
from skglove.models.tfidf import PAIR_COLUMNS
from skglove.training.batches import LabelledSequences


def label(X, y, weights=None):
    weights = np.ones(len(y)) if weights is None else weights
    return LabelledSequences(X, np.asarray(y), weights, np.flatnonzero(weights))


def make_context(embedding_matrix, n_classes=3):
    return FitContext(
        head=Softmax(n_classes),
        input_dim=30,
        embedding_dim=9,
        embedding_matrix=embedding_matrix,
        trainable=True,
        class_priors=np.full(n_classes, 1 / n_classes),
        seed=0,
        random_state=np.random.RandomState(0),
        options=None,
    )


@pytest.fixture(scope="module")
def X(make_documents):
    return make_documents(80, longest=30)


def train(X, y, embedding_matrix=None, n_classes=3, weights=None, epochs=None):
    training = LinearTraining(make_context(embedding_matrix, n_classes))
    training.observe(X)
    features = training.features(X)
    training.train(features, label(X, y, weights), epochs)
    return training, features


def test_mean_vectors_are_centred_and_scaled(X, embedding_matrix):
    training = LinearTraining(make_context(embedding_matrix))
    training.observe(X)
    features = training.features(X)
    known = embedding_matrix.any(axis=1)
    centred = np.zeros_like(embedding_matrix)
    centred[known] = normalize(embedding_matrix[known] - embedding_matrix[known].mean(axis=0))
    expected = normalize(features.terms[:, :30].toarray()) @ centred
    expected *= 0.5 / np.sqrt((expected**2).sum(axis=1).mean())
    np.testing.assert_allclose(features.means, expected, atol=1e-5)
    norms = np.linalg.norm(features.terms.toarray(), axis=1)
    np.testing.assert_allclose(norms, X.lengths > 0, rtol=1e-5)


@pytest.mark.parametrize(("n_classes", "has_vectors"), [(3, True), (2, True), (3, False)])
def test_the_merged_model_scores_as_its_parts(X, embedding_matrix, n_classes, has_vectors):
    training, features = train(X, np.arange(80) % n_classes, embedding_matrix if has_vectors else None, n_classes)
    svm, bayes = training.scores(features)
    np.testing.assert_allclose(training.merged((0.7, 0.3)).logits(X), 0.7 * svm + 0.3 * bayes, atol=1e-5)


def test_each_part_learns(X, embedding_matrix):
    y = np.array([7 in document for document in X]).astype(int)
    training, features = train(X, y, embedding_matrix, 2)
    for scores in training.scores(features):
        assert (scores.argmax(axis=1) == y).mean() > 0.9


@pytest.mark.parametrize("y", [np.arange(80) % 2, np.zeros(80, dtype=int)], ids=["two of three", "one of three"])
def test_classes_that_are_still_to_come(X, embedding_matrix, y):
    training, features = train(X, y, embedding_matrix, epochs=1)
    assert all(np.isfinite(scores).all() for scores in training.scores(features))
    assert (training.scores(features)[0].argmax(axis=1) <= y.max()).mean() > 0.9


def test_words_never_seen_say_nothing_through_naive_bayes(embedding_matrix):
    seen = TokenSequences.from_matrix([[1, 2], [3, 4]] * 10)
    training, _ = train(seen, [0, 1] * 10, embedding_matrix, 2, weights=np.array([1.0, 3.0] * 10))
    _, bayes = training.scores(training.features(TokenSequences.from_matrix([[28, 29], [1, 28]])))
    assert not bayes[0].any()
    assert bayes[1, 0] > bayes[1, 1]


def test_a_weight_of_two_is_as_good_as_a_repetition(X, embedding_matrix):
    y = np.arange(80) % 2
    repeated = np.r_[np.arange(80), np.flatnonzero(y)]
    weighted = LinearTraining(make_context(embedding_matrix, 2))
    weighted.observe(X)
    features, scores = weighted.features(X), []
    for data in (
        label(X, y, np.where(y, 2.0, 1.0)),
        LabelledSequences(X, y, np.ones(80), repeated),
    ):
        training = weighted.untrained()
        training.train(features, data)
        scores.append(training.scores(features))
    np.testing.assert_allclose(scores[0][1], scores[1][1], atol=0.5)
    assert (scores[0][0].argmax(axis=1) == scores[1][0].argmax(axis=1)).mean() > 0.9


def test_partial_fit_does_not_change_the_old_member(X, embedding_matrix):
    y, context = np.arange(80) % 3, make_context(embedding_matrix)
    first = Linear().partial_fit(label(X, y), context)
    kernel, svm = first.kernel_.copy(), first.training_state_["svm"].coef_.copy()
    second = Linear().partial_fit(label(X, y), context, start=first)
    assert np.array_equal(first.kernel_, kernel)
    assert np.array_equal(first.training_state_["svm"].coef_, svm)
    assert not np.array_equal(second.kernel_, kernel)
    assert second.training_state_["n_documents"] == 160


def test_untrained_scores_are_the_class_priors(X):
    logits = Linear().untrained(make_context(None)).logits(X)
    np.testing.assert_allclose(np.exp(logits), 1 / 3, rtol=1e-6)


def test_a_term_counts_once_however_often_it_occurs(X, embedding_matrix):
    training, _ = train(X, np.arange(80) % 3, embedding_matrix)
    spans, _ = training.merged((1.0, 1.0)).contributions(np.array([4, 4, 4]))
    np.testing.assert_allclose(spans[0, 1], spans[2, 3])
    np.testing.assert_allclose(spans[0, 2], spans[1, 3])
    assert set(spans) == {(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)}


def test_weights_have_one_row_for_each_word_and_pair(X, embedding_matrix):
    linear = Linear().fit(label(X, np.arange(80) % 3), make_context(embedding_matrix))
    assert linear.kernel_.shape == (30 + PAIR_COLUMNS, 3)
    assert linear.word_kernel_.shape == (30, 3)


def test_partial_fit_does_not_continue_a_finished_fit(X, embedding_matrix):
    context = make_context(embedding_matrix)
    fitted = Linear().fit(label(X, np.arange(80) % 3), context)
    with pytest.raises(ValueError, match="cannot continue a linear model that was fitted with fit"):
        Linear().partial_fit(label(X, np.arange(80) % 3), context, start=fitted)
