import numpy as np

from skglove.mixture import learn_shares


def make_scores(seed=0, n=400):
    """Return the right classes, what a good model says of them, and what chance says."""
    rng = np.random.RandomState(seed)
    y = rng.randint(3, size=n)
    good = 2 * np.eye(3)[y] + rng.normal(size=(n, 3))
    return y, good, rng.normal(size=(n, 3))


def brier(shares, scores, y):
    z = np.exp(sum(share * score for share, score in zip(shares, scores, strict=True)))
    return ((z / z.sum(axis=1, keepdims=True) - np.eye(3)[y]) ** 2).sum()


def test_shares_go_to_who_is_right():
    y, good, noise = make_scores()
    shares = learn_shares([good, noise], y, prior=(1.0, 1.0))
    assert shares[0] > 1
    assert 0 <= shares[1] < 0.2


def test_the_loss_is_the_brier_score_and_the_distance_from_the_prior():
    y, good, noise = make_scores()
    prior = np.array([1.0, 0.5])

    def loss(shares):
        return brier(shares, [good, noise], y) + (((shares - prior) / prior) ** 2).sum()

    shares = learn_shares([good, noise], y, prior)
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05]):
        assert loss(shares + step) > loss(shares)


def test_few_documents_leave_the_prior_standing():
    y, good, noise = make_scores(n=1)
    np.testing.assert_allclose(learn_shares([good, noise], y, prior=(1.0, 0.3)), [1.0, 0.3], rtol=0.5)
