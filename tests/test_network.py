"""The network in Keras and in NumPy, and what may never change a document's scores."""

import random

import numpy as np
import pytest

from skglove import ConvTextClassifier, TokenSequences
from skglove.network import NetworkConfig, build_network

ARCHITECTURES = [
    {"architecture": "wide_and_deep"},
    {"architecture": "wide_and_deep", "conv_maxlen": 7},
    {"architecture": "stacked"},
    {"architecture": "stacked", "n_conv_layers": 1, "kernel_size": 2},
    {"architecture": "stacked", "n_conv_layers": 2, "pool_size": 3, "kernel_size": 4},
    {"architecture": "parallel"},
    {"architecture": "parallel", "kernel_sizes": (1, 2, 7)},
]


def lstm(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.LSTM(8)(words))


def masked_mean(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


def make_documents(n_documents=60, width=70, n_ids=30, seed=0):
    """Return pre-padded ids of documents of every length, none and all included."""
    rng = np.random.RandomState(seed)
    lengths = np.r_[0, width, rng.randint(1, width, n_documents - 2)]
    return rng.randint(1, n_ids, (n_documents, width)) * (np.arange(width) >= width - lengths[:, None])


def fit(settings, X=None, **more):
    X = make_documents() if X is None else X
    y = np.where((X == 3).any(axis=1), "three", "none")
    sizes = {"filters": 12, "dense_units": 10, "epochs": 3, "embedding_dim": 9}
    return ConvTextClassifier(random_state=0, **{**sizes, **settings, **more}).fit(X, y)


@pytest.fixture(scope="module", params=[*ARCHITECTURES, {"architecture": lstm}, {"architecture": masked_mean}], ids=str)
def classifier(request):
    matrix = np.random.RandomState(2).normal(size=(30, 9)).astype(np.float32)
    return fit(request.param, TokenSequences(make_documents(), matrix))


@pytest.mark.parametrize("settings", ARCHITECTURES, ids=str)
def test_numpy_computes_what_keras_computes(settings):
    classifier, X = fit(settings), make_documents(seed=1)
    # Keras pads anywhere, too: words at the front, at the back and torn apart.
    torn = np.zeros((len(X), 2 * X.shape[1]), dtype=int)
    torn[:, ::2] = X
    for ids in (X, np.pad(X, ((0, 0), (0, 31))), torn):
        from_keras = classifier.model_.predict(ids, verbose=0)
        np.testing.assert_allclose(classifier.predict_proba(X), from_keras, atol=1e-5)


def test_padding_changes_no_score(classifier):
    X = make_documents(seed=1)
    expected = classifier.predict_proba(X)
    for wider in (np.pad(X, ((0, 0), (130, 0))), np.pad(X, ((0, 0), (0, 1))), np.pad(X, ((0, 0), (3, 44)))):
        np.testing.assert_allclose(classifier.predict_proba(TokenSequences(wider)), expected, atol=1e-5)


def test_neighbours_change_no_score(classifier):
    X = make_documents(seed=1)
    expected = classifier.predict_proba(X)
    np.testing.assert_allclose(
        np.vstack([classifier.predict_proba(X[[i]]) for i in range(len(X))]), expected, atol=1e-5
    )
    order = np.random.RandomState(0).permutation(len(X))
    np.testing.assert_allclose(classifier.predict_proba(X[order]), expected[order], atol=1e-5)


def test_a_document_without_words_gets_a_distribution(classifier):
    probabilities = classifier.predict_proba(np.zeros((2, 70), dtype=int))
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_words_matter(classifier):
    X = make_documents(seed=1)
    assert np.ptp(classifier.predict_proba(X)[:, 0]) > 0.01


def test_stacked_is_the_network_of_the_tutorial():
    sizes = {"input_dim": 20_000, "embedding_dim": 100, "n_classes": 20, "trainable": False}
    config = NetworkConfig.from_parameters(ConvTextClassifier("stacked").get_params(), **sizes)
    shapes = [tuple(weight.shape) for weight in build_network(config, seed=0).weights]
    conv = [(5, 128, 128), (128,)]
    assert shapes == [(20_000, 100), (5, 100, 128), (128,), *conv, *conv, (128, 128), (128,), (128, 20), (20,)]


def test_callable_is_repeatable_and_leaves_the_generator_alone():
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first, second = fit({"architecture": lstm}), fit({"architecture": lstm})
    assert random.random() == expected
    assert np.array_equal(first.predict_proba(make_documents()), second.predict_proba(make_documents()))


def test_callable_of_the_wrong_shape():
    with pytest.raises(ValueError, match=r"architecture must return .* shape \(None, 2\).*\(None, None, 9\)"):
        fit({"architecture": lambda words, n_classes: words})
    with pytest.raises(ValueError, match=r"architecture must return .*NoneType"):
        fit({"architecture": lambda words, n_classes: None})
