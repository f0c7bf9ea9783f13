import numpy as np

from skglove.data.thresholds import _highest_f1, learn_thresholds


def make_labels(n=4000, frequencies=(0.4, 0.1, 0.01), seed=0):
    """Return calibrated probabilities and labels drawn from them."""
    rng = np.random.RandomState(seed)
    odds = np.log(np.array(frequencies) / (1 - np.array(frequencies))) + 2 * rng.normal(size=(n, len(frequencies)))
    scores = 1 / (1 + np.exp(-odds))
    return scores, (rng.uniform(size=scores.shape) < scores).astype(int)


def f1(predicted, y):
    return 2 * (predicted & y).sum(axis=0) / (predicted.sum(axis=0) + y.sum(axis=0))


def test_thresholds_are_near_the_best_ones():
    scores, y = make_labels()
    thresholds = learn_thresholds(scores, y, np.ones(len(y)))
    other_scores, other_y = make_labels(seed=1)
    learned = f1((other_scores > thresholds).astype(int), other_y)
    candidates = np.linspace(0.05, 0.95, 91)
    best = np.max([f1((other_scores > t).astype(int), other_y) for t in candidates], axis=0)
    assert (learned > best - 0.02).all()
    assert (learned >= f1((other_scores > 0.5).astype(int), other_y)).all()


def test_a_label_without_documents_gets_the_common_threshold():
    scores, y = make_labels()
    y[:, 2] = 0
    common = _highest_f1(scores.ravel(), y.ravel(), np.ones(y.size)) / 2
    assert learn_thresholds(scores, y, np.ones(len(y)))[2] == common
    assert learn_thresholds(scores, np.zeros_like(y), np.ones(len(y))).tolist() == [0.5, 0.5, 0.5]


def test_a_document_of_weight_2_counts_as_two():
    scores, y = make_labels(200)
    twice, weights = np.r_[np.arange(200), np.arange(50)], np.r_[np.full(50, 2.0), np.ones(150)]
    scale = weights.mean()
    expected = learn_thresholds(scores[twice], y[twice], np.ones(250))
    found = learn_thresholds(scores, y, weights)
    np.testing.assert_allclose(found, expected, atol=0.02 * scale)


def test_documents_of_equal_score_are_on_one_side():
    # Above any threshold are none, or the first, or all of the documents.
    assert _highest_f1(np.array([0.9, 0.5, 0.5, 0.5]), np.array([0, 1, 0, 0]), np.ones(4)) == 2 * 1 / (4 + 1)
    assert _highest_f1(np.array([0.9, 0.5]), np.array([1, 0]), np.ones(2)) == 1
    assert _highest_f1(np.array([0.9, 0.5]), np.array([0, 0]), np.ones(2)) == 0
