import numpy as np

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
    weights = learn_weights([good, noise], y, prior=(1.0, 1.0))
    assert weights[0] > 1
    assert 0 <= weights[1] < 0.2


def test_the_loss_is_the_brier_score_and_the_distance_from_the_prior():
    y, good, noise = make_scores()
    prior = np.array([1.0, 0.5])

    def loss(weights):
        return brier(weights, [good, noise], y) + _PENALTY * (((weights - prior) / prior) ** 2).sum()

    weights = learn_weights([good, noise], y, prior)
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05]):
        assert loss(weights + step) > loss(weights)


def test_one_document_changes_little():
    y, good, noise = make_scores(n=1)
    np.testing.assert_allclose(learn_weights([good, noise], y, prior=(1.0, 0.3)), [1.0, 0.3], rtol=0.5)
