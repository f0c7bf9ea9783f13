"""Documents that say nothing get the class priors, whatever the architecture and wherever the model runs."""

import copy

import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skglove import (
    ConvTextClassifier,
    GloveTextVectorizer,
    Parallel,
    Stacked,
    TokenSequences,
    WideAndDeep,
    compress,
    explain,
)
from skglove.models import Linear

CLASSES, SHARE = np.array(["a", "b", "c"]), [0.7, 0.2, 0.1]
SILENT = ["", "unheard", "unheard, unseen!"]
ARCHITECTURES = [WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4, dense_units=4), Linear()]


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes, bias_initializer="ones")(keras.layers.GlobalAveragePooling1D()(words))


def small(architecture=ARCHITECTURES[1], **parameters):
    return ConvTextClassifier(architecture, **{"epochs": 1, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def texts(corpus):
    return corpus[0][:60]


@pytest.fixture(scope="module")
def labels():
    """Return classes that are not equally frequent."""
    return np.repeat(CLASSES, [42, 12, 6])[np.random.RandomState(0).permutation(60)]


@pytest.fixture(scope="module", params=[*ARCHITECTURES, of_my_own], ids=lambda one: getattr(one, "__name__", str(one)))
def pipeline(request, texts, labels, vectors):
    return make_pipeline(GloveTextVectorizer(vectors), small(request.param)).fit(texts, labels)


def test_texts_without_a_known_word(pipeline):
    np.testing.assert_allclose(pipeline.predict_proba(SILENT), [SHARE] * 3, rtol=1e-5)
    np.testing.assert_allclose(pipeline[-1].class_prior_, SHARE)


def test_other_texts_are_scored_as_before(pipeline, texts):
    scores = pipeline[-1].architecture_.logits(pipeline[0].transform(texts))
    np.testing.assert_allclose(pipeline.decision_function(texts), scores, rtol=1e-5, atol=1e-6)


def test_a_keras_model_has_them(pipeline, texts):
    X = pipeline[0].transform([*SILENT, *texts[:3]])
    found = pipeline[-1].to_keras()(X.padded())
    np.testing.assert_allclose(found, pipeline[-1].predict_proba(X), rtol=1e-4, atol=1e-6)


def test_a_matrix_of_texts_without_words_may_have_no_column(pipeline):
    X = copy.copy(pipeline[0]).set_params(maxlen=None).transform(SILENT).padded()
    assert X.shape == (3, 0)
    np.testing.assert_allclose(pipeline[-1].to_keras()(X), [SHARE] * 3, rtol=1e-4)


def test_a_saved_model_has_them(pipeline, tmp_path):
    joblib.dump(pipeline, tmp_path / "model")
    np.testing.assert_allclose(joblib.load(tmp_path / "model").predict_proba(SILENT), [SHARE] * 3, rtol=1e-5)


def test_explanations_begin_with_them(pipeline, texts):
    if pipeline[-1].architecture is of_my_own:
        with pytest.raises(ValueError, match="An architecture given as a function cannot be explained"):
            explain(pipeline, "the cat")
        return
    for text in [*SILENT, *texts[:3]]:
        np.testing.assert_allclose(np.exp(explain(pipeline, text).bias), SHARE, rtol=1e-5)
    assert explain(pipeline, "unheard").ngrams == []


def test_a_compressed_model_has_them(pipeline):
    if pipeline[-1].architecture is not of_my_own:
        np.testing.assert_allclose(compress(pipeline, num_words=5).predict_proba(["", "hen"]), [SHARE] * 2, rtol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "weights", "expected"),
    [
        ({"class_weight": "balanced"}, None, [1 / 3] * 3),
        ({"class_weight": {"a": 1, "b": 1, "c": 14}}, None, [7 / 23, 2 / 23, 14 / 23]),
        ({}, {"a": 1, "b": 7, "c": 0}, [1 / 3, 2 / 3]),
    ],
)
def test_priors_are_weighted(texts, labels, vectors, parameters, weights, expected):
    sample_weight = None if weights is None else np.array([weights[label] for label in labels])
    X = GloveTextVectorizer(vectors).fit_transform(texts)
    classifier = small(**parameters).fit(X, labels, sample_weight)
    np.testing.assert_allclose(classifier.predict_proba(X.cut(0))[0], expected, rtol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES[:2], ids=str)
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 4.0}])
def test_priors_of_labels(texts, vectors, architecture, class_weight):
    Y = (np.random.RandomState(0).uniform(size=(60, 3)) < [0.6, 0.3, 0.1]).astype(int)
    positive, negative = Y.sum(axis=0) * 1.0, 60.0 - Y.sum(axis=0)
    expected = np.full(3, 0.5)
    if class_weight != "balanced":
        positive[0] *= 1 if class_weight is None else 4
        expected = positive / (positive + negative)
    X = GloveTextVectorizer(vectors).fit_transform(texts)
    classifier = small(architecture, class_weight=class_weight).fit(X, Y)
    np.testing.assert_allclose(classifier.predict_proba(X.cut(0))[0], expected, rtol=1e-5)
    np.testing.assert_allclose(classifier.class_prior_, expected)
    np.testing.assert_allclose(classifier.to_keras()(np.zeros((1, 3), int))[0], expected, rtol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_priors_of_all_calls_of_partial_fit(texts, labels, vectors, architecture):
    X = GloveTextVectorizer(vectors).fit_transform(texts)
    classifier = small(architecture)
    for rows in (np.flatnonzero(labels != "c"), np.flatnonzero(labels == "c")):
        classifier.partial_fit(X[rows], labels[rows], classes=[*CLASSES, "d"])
    np.testing.assert_allclose(classifier.predict_proba(X.cut(0))[0], [*SHARE, 0], rtol=1e-4, atol=1e-5)


def test_partial_fit_continues_the_priors_of_fit(texts, labels, vectors):
    X = GloveTextVectorizer(vectors).fit_transform(texts)
    classifier = small().fit(X[:30], labels[:30]).partial_fit(X[30:], labels[30:])
    np.testing.assert_allclose(classifier.predict_proba(X.cut(0))[0], SHARE, rtol=1e-5)


def test_the_token_of_unknown_words_says_nothing_unless_it_occurred_in_training(texts, labels, vectors):
    vectorizer = GloveTextVectorizer(vectors, oov_token="<?>")
    pipeline = make_pipeline(vectorizer, small()).fit(texts, labels)
    np.testing.assert_allclose(pipeline.predict_proba(["unheard unseen"])[0], SHARE, rtol=1e-5)
    pipeline = make_pipeline(vectorizer.set_params(num_words=9, extra_words=0), small(epochs=4)).fit(texts, labels)
    assert abs(pipeline.predict_proba(["unheard unseen"])[0] - SHARE).max() > 1e-3


def test_ids_that_no_document_had_say_nothing():
    X = TokenSequences([1, 2, 4, 1, 2], [0, 1, 3, 4, 5], input_dim=6)
    classifier = small().fit(X, ["a", "a", "a", "b"])
    unseen = TokenSequences([3, 5, 3, 3, 4], [0, 1, 3, 5], input_dim=6)
    found = classifier.predict_proba(unseen)
    np.testing.assert_allclose(found[:2], [[0.75, 0.25]] * 2, rtol=1e-5)
    assert abs(found[2, 0] - 0.75) > 1e-6
    np.testing.assert_allclose(classifier.to_keras()(unseen.padded()), found, rtol=1e-4)
    classifier.partial_fit(unseen[:1], ["b"])
    assert abs(classifier.predict_proba(unseen)[0, 0] - 0.6) > 1e-6
    np.testing.assert_allclose(classifier.predict_proba(unseen.cut(0))[0], [0.6, 0.4], rtol=1e-5)
