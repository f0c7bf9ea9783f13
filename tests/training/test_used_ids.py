import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skglove import TokenSequences
from skglove.training.used_ids import UsedIds

N_IDS = 40
documents = st.lists(st.lists(st.integers(1, N_IDS - 1), max_size=6), min_size=1, max_size=6)


def make(documents):
    return TokenSequences(np.concatenate([*documents, []]), np.cumsum([0, *map(len, documents)]))


@given(documents)
def test_documents_keep_their_vectors(documents):
    vectors = np.random.RandomState(0).normal(size=(N_IDS, 3))
    used, renumbered = UsedIds.of(make(documents), N_IDS)
    rows = used.select(vectors)
    assert rows.shape == (used.size, 3)
    assert np.array_equal(rows[renumbered.ids], vectors[make(documents).ids])
    assert np.array_equal(rows[0], vectors[0])
    assert used.size & (used.size - 1) == 0


@given(documents)
def test_rows_in_use_are_replaced(documents):
    vectors = np.random.RandomState(0).normal(size=(N_IDS, 3))
    used, _ = UsedIds.of(make(documents), N_IDS)
    replaced = vectors.copy()
    assert used.replace(replaced, used.select(vectors) + 1) is replaced
    in_use = np.isin(np.arange(N_IDS), make(documents).ids)
    assert np.array_equal(replaced[in_use], vectors[in_use] + 1)
    assert np.array_equal(replaced[~in_use], vectors[~in_use])


@pytest.mark.parametrize("last", [2**16 - 1, 2**16, 2**16 + 5])
def test_large_embeddings_are_not_made_larger(last):
    n_ids = last + 3
    documents = TokenSequences(np.arange(1, last + 1), [0, last])
    used, _ = UsedIds.of(documents, n_ids)
    assert used.size == last + 1
    assert not used.are_all
    assert UsedIds.of(documents, last + 1)[0].are_all


def test_all_ids_keep_their_numbers():
    vectors = np.arange(12.0).reshape(4, 3)
    used = UsedIds.all(4)
    assert used.are_all
    assert used.select(vectors) is vectors
    assert np.array_equal(used.replace(np.zeros((4, 3)), vectors)[1:], vectors[1:])
