import numpy as np
import pytest

from skglove import TokenSequences
from skglove.data import held_out
from skglove.data.held_out import HeldOut
from skglove.data.labelled import LabelledSequences


def labelled(contents, weights=None):
    """Return one-word documents with these ids, which are also their classes."""
    ids = np.asarray(contents)
    X = TokenSequences(ids, np.arange(len(ids) + 1))
    weights = np.ones(len(ids)) if weights is None else np.asarray(weights, dtype=float)
    return LabelledSequences(X, ids, weights, np.flatnonzero(weights))


def words_of(data):
    """Return the sorted ids of the documents, after checking that classes and weights belong to them."""
    documents = data.sequences[data.rows]
    assert np.array_equal(documents.ids, data.y[data.rows])
    return np.sort(documents.ids).tolist()


def test_each_document_is_either_held_out_or_trained_on():
    training, kept = HeldOut.none(0.2).divide(labelled(range(1, 1001)))
    assert sorted(words_of(training) + words_of(kept.documents)) == list(range(1, 1001))
    assert 160 < len(kept) < 240


def test_the_same_documents_are_held_out_in_every_pass():
    sample, parts = HeldOut.none(0.2), [range(1, 301), range(301, 701), range(701, 1001)]
    trained = []
    for _ in range(3):
        trained.append([])
        for part in np.random.RandomState(len(trained)).permutation(3):
            training, sample = sample.divide(labelled(parts[part]))
            trained[-1] += words_of(training)
    held_out = words_of(sample.documents)
    assert 160 < len(held_out) < 240
    for words in trained:
        assert sorted(words + held_out) == list(range(1, 1001))


def test_more_are_held_out_until_they_are_enough():
    sample, sizes = HeldOut.none(0.1), []
    for part in np.array_split(np.arange(1, 3001), 30):
        _, sample = sample.divide(labelled(part))
        sizes.append(len(sample))
    assert sizes[:3] == [0, 0, 0]
    assert 40 < sizes[4] < 60
    assert 80 < sizes[9] < 120
    assert 250 < sizes[29] < 350
    assert min(words_of(sample.documents)) > 300


@pytest.mark.parametrize("n_parts", [1, 7])
def test_no_more_than_a_maximum_are_held_out(monkeypatch, n_parts):
    monkeypatch.setattr(held_out, "MOST_HELD_OUT", 30)
    sample, trained = HeldOut.none(0.5), []
    for part in np.array_split(np.arange(1, 1001), n_parts):
        training, sample = sample.divide(labelled(part))
        trained += words_of(training)
    assert len(sample) == 30
    # Those that are released are trained on, once.
    assert sorted(trained + words_of(sample.documents)) == list(range(1, 1001))
    assert 300 < np.mean(words_of(sample.documents)) < 700  # a sample of all parts
    again, same = sample.divide(labelled(range(1, 1001)))
    assert words_of(again) == sorted(trained)
    assert words_of(same.documents) == words_of(sample.documents)


@pytest.mark.parametrize("most", [10_000, 200])
def test_the_number_of_distinct_documents_is_estimated(monkeypatch, most):
    monkeypatch.setattr(held_out, "MOST_HELD_OUT", most)
    sample = HeldOut.none(0.2)
    for _ in range(3):
        for part in np.array_split(np.arange(1, 5001), 10):
            _, sample = sample.divide(labelled(part))
    assert 4000 < sample.n_distinct < 6000


def test_equal_documents_are_held_out_once():
    training, sample = HeldOut.none(0.5).divide(labelled(list(range(1, 101)) * 2))
    assert len(set(words_of(sample.documents))) == len(sample)
    assert len(training) + 2 * len(sample) == 200


def test_documents_of_weight_zero_are_neither_held_out_nor_trained_on():
    weights = np.arange(200) % 2
    training, sample = HeldOut.none(0.5).divide(labelled(range(1, 201), weights))
    assert sorted(words_of(training) + words_of(sample.documents)) == list(range(2, 201, 2))


def test_the_first_documents_are_trained_on_in_every_pass():
    sample, parts = HeldOut.none(0.2), np.split(np.arange(1, 401), [90, 150])
    for _ in range(2):
        for part in parts[:2]:
            training, sample = sample.divide(labelled(part))
            assert words_of(training) == part.tolist()
    assert sample.n_distinct == 150
    for _ in range(2):  # 200 documents are enough to hold out 40
        training, sample = sample.divide(labelled(np.arange(1, 401)))
        assert sorted(words_of(training) + words_of(sample.documents)) == list(range(1, 401))
        assert min(words_of(sample.documents)) > 150
    assert len(sample) > 30
    training, same = sample.divide(labelled(words_of(sample.documents)))
    assert len(training) == 0
    assert words_of(same.documents) == words_of(sample.documents)


def test_documents_may_come_one_by_one():
    sample, trained = HeldOut.none(0.5), []
    for word in range(1, 301):
        training, sample = sample.divide(labelled([word]))
        trained += words_of(training)
    assert sorted(trained + words_of(sample.documents)) == list(range(1, 301))
    assert 80 <= len(sample) < 130
    assert 75 < len(sample.first) < 90


def test_a_word_is_left_to_train_on_in_the_beginning():
    data = labelled(range(1, 101))
    training, sample = HeldOut.none(1 - 1e-9).divide(data)
    assert training is data
    assert len(sample) == 0


def test_a_sample_continues_from_its_state(monkeypatch):
    monkeypatch.setattr(held_out, "MOST_HELD_OUT", 30)
    for n_before in (0, 100):
        sample = HeldOut.none(0.5)
        if n_before:
            sample = sample.divide(labelled(range(1, n_before + 1)))[1]
        again, more = HeldOut.from_state(sample.state()), labelled(range(101, 201))
        (training, one), (same, other) = sample.divide(more), again.divide(more)
        assert words_of(training) == words_of(same)
        assert words_of(one.documents) == words_of(other.documents)
        assert np.array_equal(one.hashes, other.hashes)
        assert one.bound == other.bound
