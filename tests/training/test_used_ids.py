import numpy as np
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
    replaced = used.replace(vectors, used.select(vectors) + 1)
    in_use = np.isin(np.arange(N_IDS), make(documents).ids)
    assert np.array_equal(replaced[in_use], vectors[in_use] + 1)
    assert np.array_equal(replaced[~in_use], vectors[~in_use])


def test_all_ids_keep_their_numbers():
    vectors = np.arange(12.0).reshape(4, 3)
    used = UsedIds.all(4)
    assert np.array_equal(used.select(vectors), vectors)
    assert np.array_equal(used.replace(vectors, vectors * 2)[1:], vectors[1:] * 2)
