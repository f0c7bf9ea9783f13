"""Labels: conversion of y from any container, and the classes and names of labels of a fit."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from enum import Enum
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from skglove._sklearn import is_pandas_na
from skglove.warn import warn

# What str() makes of missing values of Python, NumPy and pandas, and fillna("") of any.
_LOOK_MISSING = {"", "None", "nan", "NaN", "NaT", "<NA>"}


def as_labels(y: Any, name: str = "y") -> Any:
    """Convert labels in any container to an array of one of NumPy's types, or of str.

    scikit-learn converts nullable integers and booleans to floats, and refuses objects that are not str.

    Parameters
    ----------
    y : array-like or sparse matrix
        A list, an array, or a Series, DataFrame, array or table of pandas, polars or Arrow. Labels are strings, booleans, whole
        numbers, dates, or members of an Enum that are also str or int, which become plain ones.
    name : str, default="y"
        How errors call it.

    Returns
    -------
    ndarray or sparse matrix
        `y` itself if it is sparse, or not a container of labels at all. An array of str is of objects unless `y` is a list.

    Raises
    ------
    ValueError
        If a label is missing or a collection, or the labels are of several types.
    TypeError
        If labels are of any other type.
    """
    is_list = isinstance(y, list | tuple)
    labels = y if issparse(y) else np.asarray(y, dtype=object if is_list else None)
    if issparse(y) or not labels.ndim:
        return y
    if labels.dtype.kind == "T":  # NumPy's StringDType, which scikit-learn does not support
        labels = labels.astype(object)
    if labels.dtype.kind in "fmM":
        _refuse_missing(labels, np.isnan(labels), name)
    elif labels.dtype.kind in "SV":
        _refuse_type(labels, type(labels.flat[0]), name)
    return _without_objects(labels, name, is_list) if labels.dtype.kind == "O" and labels.size else labels


def _without_objects(labels: np.ndarray, name: str, is_list: bool) -> np.ndarray:
    types = set(map(type, labels.flat))
    if any(hasattr(type_, "as_py") for type_ in types):  # a list of Arrow's scalars
        labels = np.frompyfunc(lambda label: label.as_py() if hasattr(label, "as_py") else label, 1, 1)(labels)
        types = set(map(type, labels.flat))
    for type_ in types:
        if issubclass(type_, Collection) and not issubclass(type_, str | bytes):
            raise ValueError(
                f"{name} contains collections of labels, such as {_first(labels, type_)!r:.60}. For several labels per document, "
                "pass the indicator matrix that sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y) returns."
            )
    kinds = {type_: _kind(type_) for type_ in types}
    if set(kinds.values()) == {"strings"}:
        return _as_strings(labels, types, is_list)
    _refuse_missing(labels, np.frompyfunc(_is_missing, 1, 1)(labels), name)
    for type_, kind in kinds.items():
        if kind is None:
            _refuse_type(labels, type_, name)
    if len(set(kinds.values())) > 1:
        _refuse_mixture(labels, kinds, name)
    if "numbers" in kinds.values():
        return _as_numbers(labels, types, name)
    return _as_dates(labels, name)


def _kind(type_: type) -> Any:
    """Return what has to be equal for labels to be of one type; None if labels of a type are not supported."""
    if issubclass(type_, str):
        return "strings"
    if issubclass(type_, int | float | np.bool_ | np.integer | np.floating) and not issubclass(type_, np.timedelta64):
        return "numbers"
    return type_ if type_ in (date, datetime, np.datetime64) else None


def _as_strings(labels: np.ndarray, types: set[type], is_list: bool) -> np.ndarray:
    if types != {str}:
        labels = np.frompyfunc(str.__str__, 1, 1)(labels)  # str() returns the names of the members of an Enum
    if not is_list:
        return labels
    # As scikit-learn does, unless labels end in null characters, which NumPy would cut off.
    of_fixed_width = labels.astype(str)
    return of_fixed_width if (of_fixed_width == labels).all() else labels


def _as_numbers(labels: np.ndarray, types: set[type], name: str) -> np.ndarray:
    dtypes: tuple[type, ...] = (np.int64, np.uint64)
    if any(issubclass(type_, float | np.floating) for type_ in types):
        dtypes = (np.float64,)
    elif all(issubclass(type_, bool | np.bool_) for type_ in types):
        dtypes = (np.bool_,)
    for dtype in dtypes:
        try:
            converted: np.ndarray = labels.astype(dtype)
        except OverflowError:
            continue
        if (converted == labels).all():
            return converted
    raise ValueError(
        f"{name} contains numbers that do not fit in {np.dtype(dtypes[0])}. Convert them to strings: "
        "[str(label) for label in y]."
    )


def _as_dates(labels: np.ndarray, name: str) -> np.ndarray:
    if any(getattr(label, "tzinfo", None) is not None for label in labels.flat):
        raise TypeError(
            f"{name} contains dates with time zones, which NumPy does not support. Convert them to strings: "
            "[str(label) for label in y]."
        )
    return labels.astype("datetime64")


def _is_missing(label: Any) -> bool:
    # NaN, NaT and Decimal("NaN") differ from themselves.
    return label is None or is_pandas_na(label) or bool(label != label)


def _refuse_missing(labels: np.ndarray, is_missing: np.ndarray, name: str) -> None:
    found = np.argwhere(is_missing)
    if len(found):
        raise ValueError(
            f"The label at position {found[0][0]} of {name} is missing ({labels[tuple(found[0])]!r}). Leave out documents "
            "without a label, or give them a label of their own."
        )


def _refuse_type(labels: np.ndarray, type_: type, name: str) -> None:
    remedy = "Convert them to strings: [str(label) for label in y]"
    if issubclass(type_, bytes):
        remedy = "Decode them: [label.decode() for label in y]"
    elif issubclass(type_, Enum):
        remedy = "Pass their names: [label.name for label in y]"
    raise TypeError(
        f"{name} contains labels of the type {type_.__module__}.{type_.__qualname__}, such as {_first(labels, type_)!r:.60}; "
        f"expected strings, whole numbers, booleans or dates. {remedy}."
    )


def _refuse_mixture(labels: np.ndarray, kinds: dict[type, Any], name: str) -> None:
    found = [kinds[type(label)] for label in labels.flat]
    other = next(i for i, kind in enumerate(found) if kind != found[0])
    row = other // (labels.size // len(labels))
    raise ValueError(
        f"{name} contains labels of several types: {labels.flat[0]!r} at position 0 and {labels.flat[other]!r} at position "
        f"{row}. Use labels of one type."
    )


def _first(labels: np.ndarray, type_: type) -> Any:
    return next(label for label in labels.flat if type(label) is type_)


def check_targets(y: Any) -> np.ndarray:
    """Check labels that `as_labels` returned.

    Parameters
    ----------
    y : ndarray or sparse matrix

    Returns
    -------
    ndarray of shape (n_samples,), or of shape (n_samples, n_labels), int32
        An indicator matrix for several labels per document.

    Raises
    ------
    ValueError
        If `y` is neither a vector of classes nor an indicator matrix.
    """
    check_classification_targets(y)
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    y = y.toarray() if issparse(y) else y
    if kind == "multilabel-indicator":
        return _check_indicators(np.asarray(y))
    if kind == "multiclass-multioutput":
        raise ValueError(
            f"y has {y.shape[1]} columns of several classes. Expected a vector of classes, or for several labels per document an "
            "indicator matrix of zeros and ones, as sklearn.preprocessing.MultiLabelBinarizer returns."
        )
    return column_or_1d(y, warn=True)


def _check_indicators(Y: np.ndarray) -> np.ndarray:
    values = np.unique(Y)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(
            f"y is a matrix of the values {values.tolist()}. Expected an indicator matrix of zeros and ones, as "
            "sklearn.preprocessing.MultiLabelBinarizer returns."
        )
    return Y.astype(np.int32)


def check_label_names(y: Any, last: Any) -> np.ndarray | None:
    """Return the names of the labels, which are those of the columns of a DataFrame, unless these are only numbered from 0.

    Parameters
    ----------
    y : array-like
    last : ConvTextClassifier or None
        If training continues, the classifier so far. Its labels must have the same names in the same order; a `y` without names
        is trusted to.

    Returns
    -------
    ndarray of str of shape (n_labels,) or None
        None with one class per document, and without names.

    Raises
    ------
    TypeError
        If only some names are strings, as in scikit-learn for features.
    ValueError
        If names occur more than once, or are others than before.
    """
    columns = list(y.columns) if hasattr(y, "columns") and y.shape[1] > 1 else []
    known = None if last is None else last.label_names_
    are_strings = {isinstance(name, str) for name in columns}
    if are_strings == {True, False}:
        raise TypeError(f"The columns of y are {columns}. Labels need names that all are strings, or none is.")
    if columns == list(range(len(columns))):
        return known
    names = np.array(list(map(str, columns)))
    distinct, counts = np.unique(names, return_counts=True)
    if len(distinct) < len(names):
        raise ValueError(
            f"Several columns of y are named {distinct[counts > 1].tolist()}. Labels need names of their own."
        )
    if known is not None and not np.array_equal(names, known):
        raise ValueError(
            f"The columns of y are {names.tolist()}, but training began with {known.tolist()}. Pass the same columns in the same "
            "order."
        )
    return names if last is None else known


def check_new_classes(classes: np.ndarray) -> None:
    """Check the classes of a new model; warn if some differ only in white space around them, or look like missing values.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        All different.

    Raises
    ------
    ValueError
        If there are fewer than two.
    """
    if len(classes) < 2:
        raise ValueError(f"At least 2 classes are needed; got only one class: {classes.tolist()[:1]}.")
    names = [class_ for class_ in classes.tolist() if isinstance(class_, str)]
    counts = Counter(map(str.strip, names))
    alike = [name for name in names if counts[name.strip()] > 1]
    missing = [name for name in names if name.strip() in _LOOK_MISSING]
    found = [(alike, "differ only in white space around them"), (missing, "look like missing values")]
    parts = [f"{some} {reason}" for some, reason in found if some]
    if parts:
        warn(f"Each label is a class of its own, but {', and '.join(parts)}.")


def check_classes(y: np.ndarray, classes: Any, known: np.ndarray | None) -> np.ndarray:
    """Check and return the classes for `partial_fit`.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_labels)
    classes : array-like of shape (n_classes,) or None
        The classes passed to this call; not required for an indicator matrix, whose labels are the indices of its columns.
    known : ndarray of shape (n_classes,) or None
        The classes of earlier calls, if any.

    Returns
    -------
    ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        If `classes` is missing in the first call, has a missing class, is of another type than `y` or differs in a later call, or
        `y` contains another class.
    """
    given = None if classes is None else np.unique(column_or_1d(as_labels(classes, "classes"), input_name="classes"))
    if y.ndim == 2:
        return _check_label_indices(y.shape[1], given, known)
    if known is None:
        if given is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit, with all classes that occur in any call."
            )
        check_new_classes(given)
        known = given
    elif given is not None and not np.array_equal(given, known):
        raise ValueError(f"classes={classes!r} are not those of the first call to partial_fit, {known.tolist()}.")
    if not are_comparable(y, known):
        raise ValueError(
            f"y and classes are of different types, such as {y[:1].tolist()} and {known[:1].tolist()}. Use labels of one type."
        )
    unknown = np.setdiff1d(y, known)
    if len(unknown):
        raise ValueError(
            f"y contains classes that were not passed to the first call: {unknown.tolist()}; expected {known.tolist()}."
        )
    return known


def are_comparable(labels: np.ndarray, others: np.ndarray) -> bool:
    """Return whether labels are of types that can be equal: NumPy would convert numbers to strings."""
    strings, dates = "UO", "M"
    return all((labels.dtype.kind in kind) == (others.dtype.kind in kind) for kind in (strings, dates))


def _check_label_indices(n_labels: int, given: np.ndarray | None, known: np.ndarray | None) -> np.ndarray:
    labels = np.arange(n_labels)
    for name, others in (("classes", given), ("y of the first call", known)):
        if others is not None and not np.array_equal(others, labels):
            raise ValueError(
                f"y has {n_labels} columns, but {name} has the labels {others.tolist()}. All calls to partial_fit need indicator "
                "matrices of the same width."
            )
    return labels
