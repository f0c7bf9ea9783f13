import copy
import io
import pickle

import joblib
import numpy as np
import pytest

from skglove import TokenSequences
from skglove.sequences import Documents


@pytest.fixture
def sequences():
    return TokenSequences(np.arange(12).reshape(4, 3), np.random.RandomState(0).rand(12, 5).astype(np.float32))


def joblib_round_trip(value):
    file = io.BytesIO()
    joblib.dump(value, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "part",
    [
        lambda X: X[1:3],
        lambda X: X[[2, 0]],
        lambda X: X[np.array([True, False, True, False])],
        lambda X: X.take([1], axis=0),
        lambda X: X[0],
        lambda X: X.copy(),
        lambda X: np.vstack([X[:1], X[2:]]),
        lambda X: np.concatenate([X, X]),
        lambda X: copy.copy(X),
    ],
)
def test_parts_share_the_vectors(sequences, part):
    assert isinstance(part(sequences), TokenSequences)
    assert part(sequences).embedding_matrix is sequences.embedding_matrix
    assert part(sequences).input_dim == 12


@pytest.mark.parametrize("trip", [lambda X: pickle.loads(pickle.dumps(X)), joblib_round_trip, copy.deepcopy])
def test_round_trips_keep_everything(sequences, trip):
    back = trip(sequences)
    assert isinstance(back, TokenSequences)
    assert np.array_equal(back, sequences)
    assert np.array_equal(back.embedding_matrix, sequences.embedding_matrix)
    assert back.dtype == np.int32
    assert back.input_dim == 12


def test_without_vectors():
    X = TokenSequences([[1, 2]], input_dim=9)
    assert X.embedding_matrix is None
    assert pickle.loads(pickle.dumps(X)).input_dim == 9


def test_sequences_of_different_vocabularies_do_not_mix(sequences):
    other = TokenSequences(sequences, sequences.embedding_matrix + 1)
    with pytest.raises(ValueError, match="different embedding matrices"):
        np.vstack([sequences, other])


def test_documents_forget_their_padding():
    pre = Documents(np.array([[0, 0, 1, 2], [0, 0, 0, 0], [3, 4, 5, 6]]))
    post = Documents(np.array([[1, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [3, 4, 0, 5, 6, 0]]))
    assert pre.ids.tolist() == post.ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert pre.lengths.tolist() == post.lengths.tolist() == [2, 0, 4]


def test_padded_documents_begin_at_the_first_place():
    documents = Documents(np.array([[0, 0, 1, 2], [0, 0, 0, 0], [3, 4, 5, 6]]))
    assert documents.padded(np.array([2, 0])).tolist() == [[3, 4, 5, 6], [1, 2, 0, 0]]
    assert documents.padded(np.array([1])).tolist() == [[0]]
    assert documents.padded(np.array([0, 1]), multiple=5).tolist() == [[1, 2, 0, 0, 0], [0] * 5]


@pytest.mark.parametrize("multiple", [1, 25])
@pytest.mark.parametrize("max_places", [1, 60, 10_000])
def test_batches_by_length_hold_every_document_once(max_places, multiple):
    rng = np.random.RandomState(0)
    matrix = rng.randint(1, 9, (50, 40)) * (np.arange(40) >= rng.randint(0, 41, (50, 1)))
    documents = Documents(matrix)
    seen = []
    for rows, batch in documents.batches_by_length(max_places, multiple):
        assert batch.size <= max_places or len(rows) == 1
        assert batch.shape[1] % multiple == 0
        for row, ids in zip(rows, batch, strict=True):
            assert ids[ids != 0].tolist() == matrix[row][matrix[row] != 0].tolist()
        seen.extend(rows)
    assert sorted(seen) == list(range(50))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.5, 2]],), "whole numbers"),
        ((np.array([[2**32 + 5]]),), "32 bits"),
        (([[1]], [1.0, 2.0]), r"\(n_ids, dim\); got shape \(2,\)"),
    ],
    ids=str,
)
def test_bad_sequences(arguments, message):
    with pytest.raises(ValueError, match=message):
        TokenSequences(*arguments)
