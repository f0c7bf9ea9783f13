from skglove import Stacked
from skglove.data.head import Softmax
from skglove.models.base import FitContext


def test_the_network_is_that_of_the_tutorial():
    sizes = {"input_dim": 2_000, "embedding_dim": 100, "embedding_matrix": None, "words": None, "trainable": False}
    rest = {"class_priors": None, "seed": 0, "random_state": None, "options": None}
    network = Stacked().keras_network(FitContext(head=Softmax(20), **sizes, **rest))
    shapes = [tuple(weight.shape) for weight in network.weights]
    conv = [(5, 128, 128), (128,)]
    assert shapes == [(2_000, 100), (5, 100, 128), (128,), *conv, *conv, (128, 128), (128,), (128, 20), (20,)]
    kinds = [type(layer).__name__ for layer in network.layers if layer.weights or "Pooling" in type(layer).__name__]
    assert [kind for kind in kinds if kind != "MaxPooling1D"] == [
        "Embedding",
        *["Conv1D"] * 3,
        "GlobalMaxPooling1D",
        "Dense",
        "Dense",
    ]


def test_contributions_are_of_single_words(fit):
    spans, _ = fit(Stacked(filters=6, dense_units=5)).architecture_.contributions([1, 2, 3])
    assert sorted(spans) == [(0, 1), (1, 2), (2, 3)]
