import numpy as np
import pytest

from skglove import TokenSequences
from skglove.models.head import Softmax
from skglove.validation import check_classes, check_ids_below, fingerprint, label

X = TokenSequences.from_matrix([[1, 2], [3, 0], [0, 0]])


def test_fingerprints_tell_matrices_apart():
    matrix = np.random.RandomState(0).normal(size=(500, 4)).astype(np.float32)
    assert fingerprint(matrix) == fingerprint(matrix.copy())
    assert fingerprint(matrix) != fingerprint(matrix[::-1])
    assert fingerprint(matrix) != fingerprint(matrix[:-1])
    assert fingerprint(None) is None


def test_labels_are_positions_and_weights_are_multiplied():
    data, head = label(X, np.array(["b", "a", "b"]), np.array([1.0, 2.0, 0.0]), np.array(["a", "b"]), {"a": 3.0})
    assert data.y.tolist() == [1, 0, 1]
    assert data.weights.tolist() == [1, 6, 0]
    assert data.rows.tolist() == [0, 1]
    assert head == Softmax(2)


@pytest.mark.parametrize("class_weight", [{"a": -1}, {"a": np.inf}, {"a": 0, "b": 0}], ids=str)
def test_bad_class_weights(class_weight):
    with pytest.raises(ValueError, match="class_weight must contain non-negative finite numbers, not all 0"):
        label(X, np.array(["b", "a", "b"]), np.ones(3), np.array(["a", "b"]), class_weight)


def test_classes_of_partial_fit():
    y = np.array(["a", "b"])
    assert check_classes(y, ["b", "a", "c"], None).tolist() == ["a", "b", "c"]
    assert check_classes(y, None, np.array(["a", "b"])).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="on the first call"):
        check_classes(y, None, None)
    with pytest.raises(ValueError, match="not those of the first call"):
        check_classes(y, ["a", "b"], np.array(["a", "b", "c"]))
    with pytest.raises(ValueError, match=r"were not passed to the first call: \['b'\]"):
        check_classes(y, None, np.array(["a", "c"]))


def test_an_id_without_a_row_is_named():
    check_ids_below(X, 4)
    with pytest.raises(ValueError, match="id 3, outside the embedding matrix of 3 rows"):
        check_ids_below(X, 3)
