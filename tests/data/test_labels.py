"""Labels of all types in all containers."""

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.sparse import csr_array
from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score

from skglove import ConvTextClassifier, Parallel, TokenSequences
from skglove.data.head import Softmax
from skglove.data.labelled import label
from skglove.data.labels import as_labels, check_classes, check_new_classes, check_targets
from skglove.validation import check_training_data

X = TokenSequences.from_matrix([[1, 2], [3, 0], [0, 0]])


class Topic(str, Enum):  # noqa: UP042 - unlike a StrEnum, str() returns the name
    SPORTS = "sp"
    HEALTH = "ha"
    WEATHER = "w"


class Place(StrEnum):
    HERE = "here"
    THERE = "there"
    NOWHERE = "nowhere"


class Level(IntEnum):
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Color(Enum):
    RED = "r"
    GREEN = "g"
    BLUE = "b"


def of_objects(labels):
    found = np.empty(len(labels), dtype=object)
    found[:] = labels
    return found


def of_arrow(labels):
    return pd.Series(labels, dtype=pd.ArrowDtype(pa.array(labels).type))


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "ndarray": np.array,
    "ndarray of objects": of_objects,
    "pandas": pd.Series,
    "pandas objects": lambda labels: pd.Series(labels, dtype=object),
    "pandas nullable": lambda labels: pd.Series(pd.array(labels)),  # Int64, boolean, Float64, string
    "pandas category": lambda labels: pd.Series(labels, dtype="category"),
    "pandas Arrow": of_arrow,
    "pandas index": pd.Index,
    "pandas column": lambda labels: pd.DataFrame({"y": labels}),
    "polars": pl.Series,
    "polars column": lambda labels: pl.DataFrame({"y": labels}),
    "arrow": pa.array,
    "arrow chunks": lambda labels: pa.chunked_array([labels[:2], labels[2:]]),
    "arrow scalars": lambda labels: list(pa.array(labels)),
}
DAYS = [date(2026, 1, 2), date(2026, 1, 1), date(1999, 12, 31), date(2026, 1, 1)]
TIMES = [datetime(day.year, day.month, day.day, 12, 30) for day in DAYS]
# The labels, and what they become, or the error and its message.
TYPES = {
    "str": (["b", "a", "cat", "a"], ["b", "a", "cat", "a"]),
    "np.str_": (list(np.array(["b", "a", "cat", "a"])), ["b", "a", "cat", "a"]),
    "Enum of str": ([Topic.HEALTH, Topic.SPORTS, Topic.WEATHER, Topic.SPORTS], ["ha", "sp", "w", "sp"]),
    "StrEnum": ([Place.THERE, Place.HERE, Place.NOWHERE, Place.HERE], ["there", "here", "nowhere", "here"]),
    "int": ([2, 1, 30, 1], [2, 1, 30, 1]),
    "np.int32": (list(np.array([2, 1, 30, 1], np.int32)), [2, 1, 30, 1]),
    "large int": ([2**53 + 1, 2**53, -1, 2**53], [2**53 + 1, 2**53, -1, 2**53]),
    "IntEnum": ([Level.MEDIUM, Level.LOW, Level.HIGH, Level.LOW], [2, 1, 3, 1]),
    "bool": ([True, False, True, False], [True, False, True, False]),
    "np.bool_": (list(np.array([True, False, True, False])), [True, False, True, False]),
    "float": ([2.0, 1.0, 30.0, 1.0], [2.0, 1.0, 30.0, 1.0]),
    "date": (DAYS, DAYS),
    "datetime": (TIMES, TIMES),
    "np.datetime64": (list(np.array(DAYS, "datetime64[D]")), DAYS),
    "bytes": ([b"b", b"a", b"c", b"a"], r"bytes_?, such as .*b'b'.*Decode them: \[label\.decode\(\)"),
    "Enum": (
        [Color.RED, Color.BLUE, Color.GREEN, Color.BLUE],
        r"Color, such as <Color\.RED: 'r'>; .* names: \[label\.name",
    ),
    "Decimal": (
        [Decimal(2), Decimal(1), Decimal(3), Decimal(1)],
        r"Decimal, such as .*Decimal\('2'\).* to strings: \[str",
    ),
    "complex": ([2j, 1j, 3j, 1j], "[Cc]omplex"),
}
NOT_HELD = {
    "Enum of str": {"ndarray"},  # NumPy cuts off what str() returns
    "np.datetime64": {name for name in CONTAINERS if "arrow" in name.lower() or "polars" in name},
    "Enum": {name for name in CONTAINERS if "arrow" in name.lower() or "polars" in name},
    "bytes": {"arrow scalars"},  # NumPy takes them for sequences
    "complex": {name for name in CONTAINERS if "arrow" in name.lower()},
}
BECOME_TIMES = {"pandas", "pandas index", "pandas column", "pandas category", "pandas nullable"}  # of np.datetime64


@pytest.mark.parametrize(
    ("type_", "container"),
    [(type_, name) for type_ in TYPES for name in CONTAINERS if name not in NOT_HELD.get(type_, ())],
)
def test_labels_of_any_type_in_any_container(type_, container):
    labels, expected = TYPES[type_]
    y = CONTAINERS[container](labels)
    if isinstance(expected, str):
        with pytest.raises((TypeError, ValueError), match=expected):
            check_targets(as_labels(y))
        return
    found = check_targets(np.ravel(as_labels(y))).tolist()
    if type_ == "np.datetime64" and container in BECOME_TIMES:
        found = [time.date() for time in found]
    assert found == expected
    assert set(map(type, found)) == set(map(type, expected))


INDICATORS = [[1, 0, 1], [0, 0, 0], [0, 1, 1], [1, 1, 1]]
MATRICES = {
    "lists": list,
    "tuples": lambda Y: tuple(map(tuple, Y)),
    "ndarray": np.array,
    "ndarray of objects": lambda Y: np.array(Y, dtype=object),
    "pandas": pd.DataFrame,
    "pandas objects": lambda Y: pd.DataFrame(Y, dtype=object),
    "pandas nullable": lambda Y: pd.DataFrame(Y).convert_dtypes(),
    "pandas category": lambda Y: pd.DataFrame(Y).astype("category"),
    "pandas Arrow": lambda Y: pd.DataFrame(Y).convert_dtypes(dtype_backend="pyarrow"),
    "pandas of two types": lambda Y: pd.DataFrame(Y).astype({0: "boolean", 2: object}),
    "polars": lambda Y: pl.DataFrame(Y, orient="row"),
    "arrow": lambda Y: pa.table(pd.DataFrame(Y).rename(columns=str)),
    "sparse": lambda Y: csr_array(np.array(Y)),
}


@pytest.mark.parametrize("container", MATRICES)
@pytest.mark.parametrize("type_", [int, bool, float])
def test_indicators_of_any_type_in_any_container(type_, container):
    Y = [[type_(value) for value in row] for row in INDICATORS]
    found = check_targets(as_labels(MATRICES[container](Y)))
    assert found.tolist() == INDICATORS
    assert found.dtype == np.int32


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 1 has no StringDType")
def test_numpy_strings_of_any_length():
    found = check_targets(as_labels(np.array(["b", "a", "cat"], np.dtypes.StringDType())))
    assert found.tolist() == ["b", "a", "cat"]
    with pytest.raises(ValueError, match="position 1 of y is missing"):
        as_labels(np.array(["b", None, "cat"], np.dtypes.StringDType(na_object=None)))


def test_labels_that_numpy_would_cut_off_or_round():
    assert as_labels(["a\0", "a", "b"]).tolist() == ["a\0", "a", "b"]
    assert as_labels([2**63, 1, 2]).tolist() == [2**63, 1, 2]
    for labels in ([2**70, 1, 2], [2**53 + 1, 1.0, 2.0], [2**63, -1, 1]):
        with pytest.raises(ValueError, match=r"do not fit in (int|float)64. Convert them to strings"):
            as_labels(labels)


def test_labels_that_numpy_has_no_type_for():
    with pytest.raises(TypeError, match="time zones"):
        as_labels([time.replace(tzinfo=UTC) for time in TIMES])
    for labels in (pd.Series(TIMES).dt.tz_localize("UTC"), pd.cut([1, 2, 3], 3), pd.period_range("2026", periods=3)):
        with pytest.raises(TypeError, match=r"labels of the type pandas\.\S+, such as .*Convert them to strings"):
            as_labels(labels)


MISSING = {
    "None": ["a", None, "b"],
    "NaN": np.array(["a", np.nan, "b"], dtype=object),
    "pandas": pd.Series(["a", pd.NA, "b"]),
    "pandas string": pd.Series(["a", pd.NA, "b"], dtype="string"),
    "pandas category": pd.Series(["a", pd.NA, "b"], dtype="category"),
    "pandas integer": pd.Series([1, pd.NA, 2], dtype="Int64"),
    "pandas boolean": pd.Series([True, pd.NA, False], dtype="boolean"),
    "pandas Arrow": pd.Series(["a", None, "b"], dtype=pd.ArrowDtype(pa.string())),
    "pandas Arrow integer": pd.Series([1, None, 2], dtype=pd.ArrowDtype(pa.int64())),
    "pandas NA in a list": ["a", pd.NA, "b"],
    "pandas dates": pd.Series([DAYS[0], None, DAYS[1]], dtype="datetime64[ns]"),
    "pandas dates as objects": pd.Series([DAYS[0], pd.NaT, DAYS[1]], dtype=object),
    "numpy dates": np.array(["2026-01-01", "NaT", "2026-01-02"], dtype="datetime64[D]"),
    "numpy dates in a list": list(np.array(["2026-01-01", "NaT", "2026-01-02"], dtype="datetime64[D]")),
    "polars": pl.Series(["a", None, "b"]),
    "polars integer": pl.Series([1, None, 2]),
    "polars boolean": pl.Series([True, None, False]),
    "polars date": pl.Series([DAYS[0], None, DAYS[1]]),
    "arrow": pa.array(["a", None, "b"]),
    "arrow integer": pa.array([1, None, 2]),
    "arrow boolean": pa.array([True, None, False]),
    "arrow scalars": list(pa.array([1, None, 2])),
    "members of an Enum": [Topic.HEALTH, None, Topic.SPORTS],
    "objects": [Color.RED, None, Color.BLUE],
    "decimals": [Decimal(1), Decimal("NaN"), Decimal(2)],
    "numbers": [1.0, np.nan, 2.0],
    "several labels": pd.DataFrame({"x": [1, 0, 1], "y": pd.array([1, pd.NA, 0], dtype="Int64")}),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_label_is_found(name):
    for matrix in (X, X.padded()):
        with pytest.raises(ValueError, match="The label at position 1 of y is missing"):
            check_training_data(ConvTextClassifier(), matrix, MISSING[name])
    if name != "several labels":
        with pytest.raises(ValueError, match="The label at position 1 of classes is missing"):
            check_classes(np.array(["a", "b"]), MISSING[name], None)


@pytest.mark.parametrize(
    "y",
    [
        ["a", "b", 1],
        np.array(["a", "b", 1], dtype=object),
        pd.Series(["a", "b", 1]),
        [Topic.HEALTH, "b", Level.LOW],
        [1, 2.0, "a"],
        [DAYS[0], DAYS[1], TIMES[0]],
        [DAYS[0], DAYS[1], 3],
    ],
    ids=lambda y: f"{type(y).__name__} {list(y)}",
)
def test_labels_of_several_types(y):
    with pytest.raises(ValueError, match=r"y contains labels of several types: .* at position 0 and .* at position 2"):
        check_training_data(ConvTextClassifier(), X, y)


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


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        *(({"a": weight}, "non-negative finite numbers") for weight in (-1, np.inf, np.nan, "2", None)),
        ({"d": -1}, "non-negative finite numbers"),
        ({"a": 0, "b": 0}, "not be 0 for all"),
    ],
    ids=str,
)
def test_bad_class_weights(class_weight, message):
    with pytest.raises(ValueError, match=f"class_weight must .*{message}"):
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


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_collections_of_labels_are_refused(kind):
    y = [kind(labels) for labels in (["a"], ["a", "b"], ["b"])]
    with pytest.raises(
        ValueError, match=r"y contains collections of labels, such as .*MultiLabelBinarizer\(\)\.fit_transform"
    ):
        check_training_data(ConvTextClassifier(), X, y)


def test_classes_of_partial_fit_are_converted_as_y_is():
    y = np.array(["ha", "sp"])
    assert check_classes(y, [Topic.SPORTS, Topic.HEALTH, Topic.SPORTS], None).tolist() == ["ha", "sp"]
    assert check_classes(y, pl.Series(["sp", "ha"]), np.array(["ha", "sp"], dtype=object)).tolist() == ["ha", "sp"]
    numbers = check_classes(np.array([2, 1]), pd.Series([1, 2, 3], dtype="Int64"), None)
    assert numbers.tolist() == [1, 2, 3]
    assert numbers.dtype == np.int64
    assert check_classes(np.array(INDICATORS), pa.array([0, 1, 2]), None).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        ([1, 2], ["1", "2"]),
        (["1", "2"], [1, 2]),
        (["a", "b"], DAYS),
        (DAYS, [1, 2]),
        ([True, False], ["True", "False"]),
    ],
    ids=str,
)
def test_classes_of_another_type(y, classes):
    for given, known in ((classes, None), (None, as_labels(classes))):
        known = None if known is None else np.unique(known)
        with pytest.raises(ValueError, match=r"y and classes are of different types, such as \[.*\] and \[.*\]"):
            check_classes(as_labels(y), given, known)


@pytest.mark.parametrize(
    ("classes", "message"),
    [(["a"], r"only one class: \['a'\]"), (["a", "a"], "only one class"), ([["a", "b"], ["c", "d"]], "1d array")],
    ids=str,
)
def test_classes_that_are_not_at_least_two(classes, message):
    with pytest.raises(ValueError, match=message):
        check_classes(np.array(["a", "a"]), classes, None)


@pytest.mark.parametrize("dtype", [str, object])
def test_classes_that_look_like_mistakes(dtype):
    classes = np.array(["", "None", "a", "a ", "b", "c", "c\n", " nan", "none", "\tc"], dtype=dtype)
    with pytest.warns(UserWarning, match="differ only in white space") as caught:
        check_new_classes(classes)
    (warning,) = caught
    assert str(warning.message) == (
        "Each label is a class of its own, but ['a', 'a ', 'c', 'c\\n', '\\tc'] differ only in white space around them, and "
        "['', 'None', ' nan'] look like missing values."
    )
    for others in (["a", "b", "none"], [1, 2], [True, False], DAYS):
        check_new_classes(as_labels(others))


@pytest.fixture(scope="module")
def some(sequences):
    return sequences[:60], np.arange(60) % 3


def small(**parameters):
    return ConvTextClassifier(Parallel(filters=4), **{"epochs": 1, "batch_size": 64, "random_state": 0, **parameters})


def test_a_fit_to_nullable_integers(some):
    X, numbers = some
    y = pd.Series(numbers + 1, dtype="Int64")
    classifier = small().fit(X, y)
    assert classifier.classes_.dtype == classifier.predict(X).dtype == np.int64
    assert classifier.score(X, y) == (classifier.predict(X) == numbers + 1).mean()
    assert classifier.score(X, y, sample_weight=numbers == 2) == (classifier.predict(X[numbers == 2]) == 3).mean()


def test_partial_fit_of_members_of_an_enum(some):
    X, numbers = some
    y = [list(Topic)[i] for i in numbers]
    classifier = small().partial_fit(X, y, classes=list(Topic)).partial_fit(X, [member.value for member in y])
    assert classifier.classes_.tolist() == ["ha", "sp", "w"]
    assert set(map(Topic, classifier.predict(X))) <= set(Topic)
    assert classifier.score(X, y) == np.mean([a == b for a, b in zip(y, classifier.predict(X), strict=True)])


def test_cross_validation_of_numbers_as_objects(some):
    X, numbers = some
    y, folds = of_objects((numbers * 10).tolist()), list(StratifiedKFold(2).split(numbers, numbers))
    assert np.array_equal(
        cross_val_score(small(), X, y, cv=folds, error_score="raise"), cross_val_score(small(), X, numbers, cv=folds)
    )
    predicted = cross_val_predict(small(), X, y, cv=folds)
    assert np.array_equal(predicted, 10 * cross_val_predict(small(), X, numbers, cv=folds))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_likely_mistakes_are_told_once(some, method):
    X, numbers = some
    y = np.array(["a", "a ", "nan"])[numbers]
    arguments = {"classes": np.unique(y)} if method == "partial_fit" else {}
    with pytest.warns(UserWarning, match="differ only in white space") as caught:
        classifier = getattr(small(), method)(X, y, **arguments)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    classifier.score(X, y)
    if arguments:
        classifier.partial_fit(X, y, **arguments)


WEIGHTS = {
    "str": (["a", "b", "c"], {"b": 3.0}, [1, 3, 1]),
    "of a class that y lacks": (["a", "b", "c"], {"b": 3.0, "d": 5.0}, [1, 3, 1]),
    "np.str_": (["a", "b", "c"], {np.str_("b"): 3.0}, [1, 3, 1]),
    "members of an Enum": (["ha", "sp", "w"], {Topic.SPORTS: 3.0, Topic.WEATHER: 2.0}, [1, 3, 2]),
    "IntEnum": ([1, 2, 3], {Level.MEDIUM: 3.0}, [1, 3, 1]),
    "numbers": ([1, 2, 3], {np.int64(2): 3.0, 3.0: 2.0, 4: 7.0}, [1, 3, 2]),
    "float classes": ([1.0, 2.0, 3.0], {2: 3.0}, [1, 3, 1]),
    "booleans": ([False, True], {True: 3.0}, [1, 3]),
    "booleans as numbers": ([False, True], {1: 3.0, 2: 4.0}, [1, 3]),
    "digits": (["1", "2", "3"], {"2": 3.0}, [1, 3, 1]),
    "other type too": ([1, 2, 3], {2: 3.0, "3": 5.0}, [1, 3, 1]),
    "dates": (sorted(set(DAYS)), {DAYS[0]: 3.0}, [1, 1, 3]),
    "times": (sorted(set(TIMES)), {TIMES[0]: 3.0}, [1, 1, 3]),
    "none": (["a", "b", "c"], {}, [1, 1, 1]),
    "integers": (["a", "b", "c"], {"a": 0, "b": np.float32(2)}, [0, 2, 1]),
}


@pytest.mark.parametrize("dtype", [None, object])
@pytest.mark.parametrize("name", WEIGHTS)
def test_class_weights_are_those_of_equal_keys(name, dtype):
    labels, class_weight, expected = WEIGHTS[name]
    classes = as_labels(labels)
    if dtype is object and classes.dtype.kind == "U":
        classes = classes.astype(object)
    sequences = TokenSequences.from_matrix(np.ones((len(classes), 1), dtype=int))
    data, _ = label(sequences, classes, np.ones(len(classes)), classes, class_weight)
    assert (data.weights * max(expected)).tolist() == expected


@pytest.mark.parametrize(
    ("y", "class_weight"),
    [
        (np.array([1, 2, 3]), {"1": 2.0, "2": 3.0}),
        (np.array(["1", "2", "3"]), {1: 2.0}),
        (np.array(["a", "b", "c"]), {"A": 2.0, DAYS[0]: 3.0}),
        (np.array(sorted(DAYS[:3]), "datetime64[ns]"), {"2026-01-01": 2.0, 3: 4.0}),
        (np.array([[1, 0], [0, 1], [1, 1]]), {"cats": 2.0, 7: 3.0}),
    ],
    ids=lambda value: str(value).replace("\n", ""),
)
def test_class_weights_without_any_class_raise_a_warning(y, class_weight):
    classes = np.arange(2) if y.ndim == 2 else y
    with pytest.warns(
        UserWarning, match=r"class_weight has no effect: none of its keys, .*, is a class\. The classes are"
    ):
        data, head = label(X, y, np.ones(3), classes, class_weight)
    assert data.weights.tolist() == [1, 1, 1]
    assert head == label(X, y, np.ones(3), classes, None)[1]


def test_a_weight_of_a_label_that_is_no_column_is_ignored():
    Y = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 1]])
    _, head = label(X, Y, np.ones(3), np.arange(3), {np.int64(1): 4.0, 7: 3.0})
    assert head.positive_weights == (1, 4, 1)
    assert head.negative_weights == (1, 1, 1)


def test_class_weights_of_classes_that_a_fold_lacks(some):
    X, numbers = some
    y = np.array(["a", "b", "c"])[numbers]
    weighted = small(class_weight={"b": 5.0, "d": 2.0}).fit(X, y).predict_proba(X)
    assert np.array_equal(weighted, small(class_weight={"b": 5.0}).fit(X, y).predict_proba(X))
    in_parts = small(class_weight={"b": 5.0, "d": 2.0}).partial_fit(X, y, classes=["a", "b", "c"]).predict_proba(X)
    expected = small(class_weight={"b": 5.0}).partial_fit(X, y, classes=["a", "b", "c"]).predict_proba(X)
    assert np.array_equal(in_parts, expected)
    assert not np.array_equal(in_parts, small().partial_fit(X, y, classes=["a", "b", "c"]).predict_proba(X))
