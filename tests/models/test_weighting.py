import numpy as np

from skglove.data.head import Sigmoid, Softmax
from skglove.models.weighting import _PENALTY, learn_weights


def make_scores(seed=0, n=400):
    """Return the right classes, what a good model says of them, and what chance says."""
    rng = np.random.RandomState(seed)
    y = rng.randint(3, size=n)
    good = 2 * np.eye(3)[y] + rng.normal(size=(n, 3))
    return y, good, rng.normal(size=(n, 3))


def brier(weights, scores, y):
    z = np.exp(sum(weight * score for weight, score in zip(weights, scores, strict=True)))
    return ((z / z.sum(axis=1, keepdims=True) - np.eye(3)[y]) ** 2).sum()


def test_the_better_model_gets_the_weight():
    y, good, noise = make_scores()
    weights = learn_weights([good, noise], y, (1.0, 1.0), Softmax(3), np.ones(len(y))).weights
    assert weights[0] > 1
    assert 0 <= weights[1] < 0.2


def test_the_loss_is_the_brier_score_and_the_distance_from_the_prior():
    y, good, noise = make_scores()
    prior = np.array([1.0, 0.5])

    def loss(weights):
        return brier(weights, [good, noise], y) + _PENALTY * (((weights - prior) / prior) ** 2).sum()

    weights = learn_weights([good, noise], y, prior, Softmax(3), np.ones(len(y))).weights
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05]):
        assert loss(weights + step) > loss(weights)


def test_one_document_changes_little():
    y, good, noise = make_scores(n=1)
    weights = learn_weights([good, noise], y, (1.0, 0.3), Softmax(3), np.ones(1)).weights
    np.testing.assert_allclose(weights, [1.0, 0.3], rtol=0.5)


def test_labels_have_intercepts():
    """Scores that are too high for a rare label are lowered; without documents of it, to the others' mean at most."""
    rng = np.random.RandomState(0)
    y = (rng.uniform(size=(2000, 3)) < [0.5, 0.2, 0.02]).astype(int)
    scores = 2 * y - 1 + rng.normal(size=y.shape)
    found = learn_weights([scores], y, (1.0,), Sigmoid((1.0,) * 3, (1.0,) * 3), np.ones(2000))
    proba = 1 / (1 + np.exp(-found.combine([scores])))
    np.testing.assert_allclose(proba.mean(axis=0), y.mean(axis=0), atol=0.02)
    assert found.intercept[0] > found.intercept[1] > found.intercept[2]


def test_classes_have_intercepts():
    """A model that was fitted on few documents of a class gives it too low scores; the intercept raises them."""
    rng = np.random.RandomState(0)
    y = (rng.uniform(size=500) < 0.1).astype(int)
    scores = np.eye(2)[y] + rng.normal(scale=0.3, size=(500, 2)) + [1, 0]
    found = learn_weights([scores], y, (1.0,), Softmax(2), np.ones(500))
    assert found.intercept[1] - found.intercept[0] > 0.5

    def n_found(logits):
        return np.count_nonzero(logits[y == 1].argmax(axis=1))

    assert n_found(found.combine([scores])) > 2 * n_found(scores)


def test_classes_without_documents_are_not_favoured():
    y = np.repeat([0, 1], [90, 10])
    scores = np.eye(3)[y] + [1, 0, 0] + np.random.RandomState(0).normal(scale=0.3, size=(100, 3))
    intercept = learn_weights([scores], y, (1.0,), Softmax(3), np.ones(100)).intercept
    assert intercept[2] == intercept[0] < intercept[1]


def test_balanced_classes_have_no_intercepts():
    y = np.arange(300) % 3
    scores = np.eye(3)[y] + [1, 0, 0]
    np.testing.assert_allclose(learn_weights([scores], y, (1.0,), Softmax(3), np.ones(300)).intercept, 0, atol=1e-12)


def test_a_document_of_little_weight_counts_little():
    y, good, noise = make_scores()
    wrong = np.roll(y, 1)
    both = [np.concatenate([score, score]) for score in (good, noise)]
    weights = np.r_[np.ones(len(y)), np.full(len(y), 1e-9)]
    expected = learn_weights([good, noise], y, (1.0, 1.0), Softmax(3), np.ones(len(y))).weights
    found = learn_weights(both, np.r_[y, wrong], (1.0, 1.0), Softmax(3), weights).weights
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.01)
