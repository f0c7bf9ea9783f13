import numpy as np

from skglove import ops
from skglove.models.head import Softmax
from skglove.training.backend import import_keras


def test_the_initial_bias_gives_the_class_priors():
    head, priors = Softmax(3), np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(head.probabilities(ops, head.initial_bias(priors)[None])[0], priors, rtol=1e-6)


def test_loss_and_hits_are_of_logits():
    keras, head = import_keras(), Softmax(3)
    logits, y = np.array([[2.0, 0, 0], [0, 0, 1.0]], dtype=np.float32), np.array([0, 1], dtype=np.int32)
    expected = -np.log(head.probabilities(ops, logits)[[0, 1], y])
    np.testing.assert_allclose(head.keras_loss(reduction=None)(y, logits), expected, rtol=1e-5)
    assert np.asarray(head.hits(keras.ops, y, logits)).tolist() == [True, False]
