import numpy as np
import pytest

from skglove import TokenSequences
from skglove.validation import check_ids_below, count_ids, fingerprint, have_large_gaps

X = TokenSequences.from_matrix([[1, 2], [3, 0], [0, 0]])


def test_fingerprints_tell_matrices_apart():
    matrix = np.random.RandomState(0).normal(size=(500, 4)).astype(np.float32)
    assert fingerprint(matrix) == fingerprint(matrix.copy())
    assert fingerprint(matrix) != fingerprint(matrix[::-1])
    assert fingerprint(matrix) != fingerprint(matrix[:-1])
    assert fingerprint(None) is None


def test_an_id_without_a_row_is_named():
    check_ids_below(X, 4)
    with pytest.raises(ValueError, match="id 3, outside the embedding matrix of 3 rows"):
        check_ids_below(X, 3)


def test_an_id_that_would_take_gigabytes_is_named():
    assert count_ids(X, 100) == 4
    assert count_ids(TokenSequences([600_000], [0, 1]), 100) == 600_001
    for largest, size in ((5_000_000, 2.0), (2**31 - 2, 859.0)):
        far = TokenSequences([7, largest, 7], [0, 1, 3])
        message = (
            rf"id {largest}, but only 2 different ids; .* would take {size} GB.*Call fit first.*input_dim={largest + 1}"
        )
        with pytest.raises(ValueError, match=message):
            count_ids(far, 100)


def test_a_large_embedding_that_is_used_has_no_large_gaps():
    many = np.arange(1, 3_000_000, 9)
    sequences = TokenSequences(many, [0, len(many)])
    assert not have_large_gaps(sequences, 100)
    assert count_ids(sequences, 100) == many[-1] + 1
    assert have_large_gaps(sequences[[0]].with_ids(many[-1:]), 100)
