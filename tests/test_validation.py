import numpy as np
import pandas as pd
import polars as pl
import pytest

from skglove import ConvTextClassifier, TokenSequences
from skglove.models.head import Softmax
from skglove.validation import (
    check_classes,
    check_ids_below,
    check_training_data,
    count_ids,
    fingerprint,
    have_large_gaps,
    label,
)

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
    assert (6 * data.weights).tolist() == [1, 6, 0]  # relative to the largest
    assert data.rows.tolist() == [0, 1]
    assert head == Softmax(2)


@pytest.mark.parametrize("unit", [5e-324, 1e-300, 1e308])
@pytest.mark.parametrize("class_weight", [None, {"a": 1e308}, {"a": 1e-300, "b": 1e-300}], ids=str)
def test_weights_of_any_unit(unit, class_weight):
    data, _ = label(X, np.array(["a", "a", "b"]), np.full(3, unit), np.array(["a", "b"]), class_weight)
    assert data.weights[:2].tolist() == [1, 1]
    assert np.isfinite(data.class_priors(2)).all()


MISSING = {
    "None": ["a", None, "b"],
    "NaN": np.array(["a", np.nan, "b"], dtype=object),
    "pandas": pd.Series(["a", pd.NA, "b"]),
    "pandas string": pd.Series(["a", pd.NA, "b"], dtype="string"),
    "pandas category": pd.Series(["a", pd.NA, "b"], dtype="category"),
    "pandas integer": pd.Series([1, pd.NA, 2], dtype="Int64"),
    "pandas NA in a list": ["a", pd.NA, "b"],
    "polars": pl.Series(["a", None, "b"]),
    "numbers": [1.0, np.nan, 2.0],
    "several labels": pd.DataFrame({"x": [1, 0, 1], "y": pd.array([1, pd.NA, 0], dtype="Int64")}),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_label_is_found(name):
    for matrix in (X, X.padded()):
        with pytest.raises(ValueError, match="The label at position 1 of y is missing"):
            check_training_data(ConvTextClassifier(), matrix, MISSING[name])


@pytest.mark.parametrize(
    "y", [["a", "b", 1], np.array(["a", "b", 1], dtype=object), pd.Series(["a", "b", 1])], ids=type
)
def test_strings_beside_numbers(y):
    with pytest.raises(ValueError, match="strings and other labels: 'a' at position 0 and 1 at position 2"):
        check_training_data(ConvTextClassifier(), X, y)


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


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_collections_of_labels_are_refused(kind):
    y = [kind(labels) for labels in (["a"], ["a", "b"], ["b"])]
    with pytest.raises(
        ValueError, match=r"y contains collections of labels, such as .*MultiLabelBinarizer\(\)\.fit_transform"
    ):
        check_training_data(ConvTextClassifier(), X, y)
