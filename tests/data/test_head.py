import numpy as np
import pytest

from skglove import ops
from skglove._keras import import_keras
from skglove.data.head import Sigmoid, Softmax


def test_the_initial_bias_gives_the_class_priors():
    head, priors = Softmax(3), np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(head.probabilities(ops, head.initial_bias(priors)[None])[0], priors, rtol=1e-6)


def test_loss_and_hits_are_of_logits():
    keras, head = import_keras(), Softmax(3)
    logits, y = np.array([[2.0, 0, 0], [0, 0, 1.0]], dtype=np.float32), np.array([0, 1], dtype=np.int32)
    expected = -np.log(head.probabilities(ops, logits)[[0, 1], y])
    np.testing.assert_allclose(head.losses(keras.ops, y, logits), expected, rtol=1e-5)
    np.testing.assert_allclose(head.keras_loss()(y, logits), expected.mean(), rtol=1e-5)
    assert np.asarray(head.hits(keras.ops, y, logits)).tolist() == [True, False]


def test_each_label_has_a_sigmoid():
    keras, head = import_keras(), Sigmoid((1.0, 3.0), (1.0, 0.5))
    priors = np.array([0.2, 0.7])
    np.testing.assert_allclose(head.probabilities(ops, head.initial_bias(priors)[None])[0], priors, rtol=1e-6)
    logits, y = np.array([[2.0, -1.0], [0.5, 1.0]], dtype=np.float32), np.array([[1, 0], [0, 1]], dtype=np.int32)
    proba = head.probabilities(ops, logits)
    of_labels = -np.log(np.where(y == 1, proba, 1 - proba))
    expected = (of_labels * [[1, 0.5], [1, 3]]).mean(axis=1)
    np.testing.assert_allclose(head.losses(keras.ops, y, logits), expected, rtol=1e-5)
    np.testing.assert_allclose(head.keras_loss()(y, logits), of_labels.mean(), rtol=1e-5)
    assert np.asarray(head.hits(keras.ops, y, logits)).tolist() == [True, False]
    np.testing.assert_allclose(head.log_probabilities(logits), np.log(proba), rtol=1e-5)


@pytest.mark.parametrize("head", [Softmax(3), Sigmoid((1.0,) * 3, (1.0,) * 3)], ids=["softmax", "sigmoid"])
def test_the_gradient_of_the_brier_score(head):
    rng = np.random.RandomState(0)
    logits = rng.normal(size=(4, 3))
    y = rng.randint(2, size=(4, *head.target_shape))
    value, gradient = head.brier(logits, y)
    step = 1e-6 * rng.normal(size=logits.shape)
    changed = head.brier(logits + step, y)[0] - head.brier(logits - step, y)[0]
    assert (value > 0).all()
    np.testing.assert_allclose(changed, 2 * (gradient * step).sum(axis=1), rtol=1e-3, atol=1e-10)
