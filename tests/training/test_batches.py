import numpy as np
import pytest

from skglove import TokenSequences
from skglove.data.labelled import LabelledSequences
from skglove.training.batches import Batches


@pytest.fixture
def data():
    rng = np.random.RandomState(0)
    lengths = rng.randint(0, 40, 100)
    sequences = TokenSequences(rng.randint(1, 9, lengths.sum()), np.r_[0, np.cumsum(lengths)])
    return LabelledSequences(sequences, np.arange(100) % 4, 1.0 + np.arange(100) % 2, np.arange(10, 100))


def test_every_document_is_in_one_batch(data):
    batches = list(Batches(data, batch_size=16, multiple=5, random_state=np.random.RandomState(0)))
    assert len(batches) == 6
    assert sum(len(ids) for ids, _, _ in batches) == 90
    total = sum(ids.sum() for ids, _, _ in batches)
    assert total == data.sequences[data.rows].ids.sum()
    assert all(ids.shape[1] % 5 == 0 for ids, _, _ in batches)
    assert {ids.dtype for ids, _, _ in batches} == {np.dtype(np.int32)}


def test_lengths_in_a_batch_are_similar(data):
    spread = [np.ptp((ids != 0).sum(axis=1)) for ids, _, _ in Batches(data, batch_size=16, multiple=1)]
    assert max(spread) < 12 < np.ptp(data.sequences.lengths)


def test_epochs_differ(data):
    batches = Batches(data, batch_size=16, multiple=1, random_state=np.random.RandomState(0))
    first, second = ([y.tolist() for _, y, _ in batches] for _ in range(2))
    assert first != second


def test_weights_have_mean_one(data):
    weights = np.concatenate([weights for _, _, weights in Batches(data, batch_size=16, multiple=1)])
    assert weights.mean() == pytest.approx(1, rel=1e-6)
    assert set(np.round(weights / weights.min(), 5)) == {1, 2}


def test_class_priors_are_weighted_and_never_zero(data):
    priors = data.class_priors(5)
    weights = np.bincount(data.y[data.rows], data.weights[data.rows], minlength=5)
    np.testing.assert_allclose(priors[:4], weights[:4] / weights.sum())
    assert priors[4] == pytest.approx(0.02)


def test_a_split_is_stratified(data):
    training, held_out = data.split(0.2, np.random.RandomState(0))
    assert sorted([*training.rows, *held_out.rows]) == data.rows.tolist()
    counts = np.bincount(data.y[held_out.rows])
    assert counts.max() - counts.min() <= 1


def test_a_class_of_one_is_split_all_the_same(data):
    y = np.where(np.arange(100) == 20, 4, data.y)
    training, held_out = LabelledSequences(data.sequences, y, data.weights, data.rows).split(
        0.2, np.random.RandomState(0)
    )
    assert len(training) + len(held_out) == 90


def test_cut_documents_share_everything_else(data):
    cut = data.cut(3)
    assert cut.sequences.lengths.max() == 3
    assert cut.y is data.y
    assert data.cut(None) is data
