"""What ConvTextClassifier accepts as X and y, and the errors for everything else."""

import warnings
import zlib
from typing import Any

import numpy as np
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_non_negative, validate_data

from skglove.text.sequences import TokenSequences
from skglove.training.batches import LabelledSequences


def check_training_data(estimator: Any, X: Any, y: Any, *, reset: bool = True) -> tuple[TokenSequences, np.ndarray]:
    """Check what `fit` is given.

    Parameters
    ----------
    estimator : ConvTextClassifier
        Gets `n_features_in_` and the kind of its input if `reset`, and is held to them if not.
    X, y : array-like
    reset : bool

    Returns
    -------
    sequences : TokenSequences
    y : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If `X` is no matrix of word ids, or `y` no vector of as many classes.
    """
    _refuse_texts(X)
    if isinstance(X, TokenSequences):
        y = validate_data(estimator, X="no_validation", y=y, reset=reset)
        check_consistent_length(X, y)
        _check_not_empty(X)
        if reset:
            estimator.n_features_in_ = X.shape[1]
            estimator._input_kind_ = "sequences"
    else:
        X, y = validate_data(estimator, X, y, reset=reset)
        if reset:
            estimator._input_kind_ = "real numbers" if _holds_features(X) else "ids"
        X = _to_sequences(estimator, X)
    check_classification_targets(y)
    return X, y


def check_word_ids(estimator: Any, X: Any) -> TokenSequences:
    """Check what a fitted classifier is given, and return it as sequences of ids that the classifier knows.

    Plain matrices must be as wide as in `fit`, unless it was fitted on sequences.

    Parameters
    ----------
    estimator : ConvTextClassifier
    X : array-like

    Returns
    -------
    TokenSequences

    Raises
    ------
    ValueError
        If `X` is no matrix of word ids, comes from another vectorizer, or holds an id that the classifier cannot know.
    """
    expects_sequences = estimator._input_kind_ == "sequences"
    if isinstance(X, TokenSequences):
        check_same_vocabulary(estimator, X)
        _check_not_empty(X)
    else:
        _refuse_texts(X)
        X = check_array(X) if expects_sequences else validate_data(estimator, X, reset=False)
        X = _to_sequences(estimator, X)
    if not expects_sequences and estimator.input_dim is None:
        # Nobody said how many ids there are: larger ones than in training are unknown words, which are left out.
        return X.keep(X.ids < estimator.input_dim_)
    check_ids_below(X, estimator.input_dim_)
    return X


def check_classes(y: np.ndarray, classes: Any, known: np.ndarray | None) -> np.ndarray:
    """Return the classes of a series of calls of `partial_fit`.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
    classes : array-like of shape (n_classes,) or None
        As passed to this call.
    known : ndarray of shape (n_classes,) or None
        Of the earlier calls, if there were any.

    Returns
    -------
    ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        If `classes` is missing in the first call or differs in a later one, or `y` holds another class.
    """
    if known is None and classes is None:
        raise ValueError("classes must be passed on the first call to partial_fit: all labels that will ever occur.")
    if known is None:
        known = np.unique(classes)
    elif classes is not None and not np.array_equal(np.unique(classes), known):
        raise ValueError(f"classes={classes!r} are not those of the first call to partial_fit, {known.tolist()}.")
    unknown = np.setdiff1d(y, known)
    if len(unknown):
        raise ValueError(
            f"y holds classes that the first call did not name: {unknown.tolist()}; known are {known.tolist()}."
        )
    return known


def label(
    sequences: TokenSequences, y: np.ndarray, weights: np.ndarray, classes: np.ndarray, class_weight: Any
) -> LabelledSequences:
    """Join documents with their classes and their weights, those of the documents times those of their classes.

    Parameters
    ----------
    sequences : TokenSequences
    y : ndarray of shape (n_samples,)
    weights : ndarray of shape (n_samples,), float64
    classes : ndarray of shape (n_classes,)
    class_weight : dict, "balanced" or None

    Returns
    -------
    LabelledSequences
        Without the documents of weight 0.

    Raises
    ------
    ValueError
        If a class has a weight that makes no sense.
    """
    positions = np.searchsorted(classes, y)
    if class_weight is not None:
        of_class = compute_class_weight(class_weight, classes=classes, y=y)
        if not (np.isfinite(of_class).all() and (of_class >= 0).all() and of_class.any()):
            raise ValueError(f"class_weight must hold finite numbers from 0 up, not all 0; got {class_weight!r}.")
        weights = weights * of_class[positions]
    return LabelledSequences(sequences, positions, weights, np.flatnonzero(weights))


def check_ids_below(sequences: TokenSequences, input_dim: int) -> None:
    """Make sure that every id has a row in the embedding.

    Parameters
    ----------
    sequences : TokenSequences
    input_dim : int
        Number of rows.

    Raises
    ------
    ValueError
        Naming the largest id.
    """
    largest = sequences.ids.max(initial=0)
    if largest >= input_dim:
        raise ValueError(
            f"X holds id {largest}, outside the embedding matrix of {input_dim} rows (ids 0 to {input_dim - 1}). "
            "Make X with the vectorizer that made the training data, or set input_dim to the number of ids there can be."
        )


def fingerprint(embedding_matrix: np.ndarray | None) -> tuple[tuple[int, ...], int] | None:
    """Return the shape of a matrix and a checksum of rows spread over it, enough to tell two vocabularies apart.

    Parameters
    ----------
    embedding_matrix : ndarray of shape (n_ids, dim) or None

    Returns
    -------
    (tuple of int, int) or None
    """
    if embedding_matrix is None:
        return None
    rows = embedding_matrix[1 :: max(1, len(embedding_matrix) // 64)]
    return embedding_matrix.shape, zlib.crc32(rows.tobytes())


def check_same_vocabulary(estimator: Any, X: Any) -> None:
    """Make sure that sequences belong to the vocabulary that the classifier was trained with.

    Parameters
    ----------
    estimator : ConvTextClassifier
        Fitted.
    X : TokenSequences or any other

    Raises
    ------
    ValueError
        If both have vectors, and these differ, or know the number of ids, and these differ.
    """
    if not isinstance(X, TokenSequences) or estimator._input_kind_ != "sequences":
        return
    trained, given = estimator._fingerprint_, fingerprint(X.embedding_matrix)
    expected = estimator.input_dim_
    if (trained and given and trained != given) or X.input_dim not in (None, expected):
        raise ValueError(
            f"X comes from another vectorizer than the training data: its ids stand for other words ({X.input_dim} ids with "
            f"vectors of shape {given and given[0]}; the classifier knows {expected}, with vectors of shape "
            f"{trained and trained[0]}). Use the vectorizer that was fitted with the training data."
        )


def _check_not_empty(X: TokenSequences) -> None:
    if not len(X):
        raise ValueError("Found 0 samples (no documents) in X while a minimum of 1 is required.")


def _refuse_texts(X: Any) -> None:
    if isinstance(X, TokenSequences):
        return
    first: Any = X
    if hasattr(X, "to_numpy"):
        X = X.to_numpy()
    if isinstance(X, np.ndarray):
        first = X.flat[0] if X.size and X.dtype.kind in "OUST" else None
    while isinstance(first, list | tuple) and first:
        first = first[0]
    if isinstance(first, str):
        raise ValueError("X holds texts; put a GloveTextVectorizer before the classifier, in a Pipeline for example.")


def _holds_features(X: np.ndarray) -> bool:
    """Tell whether a matrix cannot be word ids, or ids gone wrong, at all, and warn of it.

    scikit-learn's contract checks fit every classifier on features around zero or between 0 and 1, whatever its tags say of
    the input it expects. Such a matrix is rounded down, as scikit-learn's CategoricalNB does, with a warning.
    """
    if not _has_fractions(X) or (X.min() >= 0 and X.max() >= 1):
        return False
    warnings.warn(
        "X holds real numbers, not word ids: they are rounded down, and negative ones count as padding. This classifier takes "
        "sequences of ids, such as a GloveTextVectorizer makes.",
        stacklevel=5,
    )
    return True


def _has_fractions(X: np.ndarray) -> bool:
    return X.dtype.kind == "f" and bool((np.floor(X) != X).any())


def _to_sequences(estimator: Any, X: np.ndarray) -> TokenSequences:
    """Turn a checked numeric matrix into sequences."""
    if estimator._input_kind_ == "real numbers":
        X = np.floor(np.maximum(X, 0))
    if _has_fractions(X):
        row, column = np.argwhere(np.floor(X) != X)[0]
        raise ValueError(
            f"X[{row}, {column}] is {X[row, column]}, but X must hold word ids, which are whole numbers. "
            "This classifier takes sequences of ids, such as a GloveTextVectorizer makes, not features such as tf-idf."
        )
    check_non_negative(X, f"{type(estimator).__name__}: X must hold word ids, from 0 up")
    if X.size and X.max() > np.iinfo(np.int32).max:
        raise ValueError(f"X holds {X.max()}, too large for a word id.")
    return TokenSequences.from_matrix(X)
