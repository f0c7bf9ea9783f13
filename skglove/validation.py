"""Validation of the X of ConvTextClassifier, and of X and y together."""

import zlib
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array, check_consistent_length, check_non_negative, validate_data

from skglove.data.labels import as_labels, check_targets
from skglove.text.known_ids import renumber
from skglove.text.sequences import TokenSequences
from skglove.warn import warn

# An embedding of more bytes whose size nobody has chosen needs at least this fraction of its rows.
_LARGE_EMBEDDING, _LEAST_USED = 2**28, 0.1


def check_training_data(estimator: Any, X: Any, y: Any, *, reset: bool = True) -> tuple[TokenSequences, np.ndarray]:
    """Check the data passed to `fit` or `partial_fit`.

    Parameters
    ----------
    estimator : ConvTextClassifier
        `n_features_in_` and the kind of its input are set if `reset` is True, and checked otherwise.
    X, y : array-like
    reset : bool

    Returns
    -------
    sequences : TokenSequences
    y : ndarray of shape (n_samples,), or of shape (n_samples, n_labels), int
        An indicator matrix for several labels per document.

    Raises
    ------
    ValueError
        If `X` is not a matrix of word ids, or `y` is neither a vector of classes nor an indicator matrix of the same length.
    """
    _refuse_texts(X)
    y = as_labels(y)
    if isinstance(X, TokenSequences):
        _check_not_empty(X)
        y = validate_data(estimator, X="no_validation", y=y, reset=reset, multi_output=True)
        check_consistent_length(X, y)
        if reset:
            estimator.n_features_in_ = X.shape[1]
            estimator._input_kind_ = "sequences"
    else:
        X, y = validate_data(estimator, X, y, reset=reset, multi_output=True)
        if reset:
            estimator._input_kind_ = "real numbers" if _holds_features(X) else "ids"
        X = _to_sequences(estimator, X)
    return X, check_targets(y)


def check_word_ids(estimator: Any, X: Any) -> TokenSequences:
    """Check the data passed to a fitted classifier, and return them as sequences of known ids.

    Plain matrices must be as wide as in `fit`, unless it was fitted on sequences.

    Raises
    ------
    ValueError
        If `X` is not a matrix of word ids, comes from another vectorizer, or contains an invalid id.
    """
    expects_sequences = estimator._input_kind_ == "sequences"
    if isinstance(X, TokenSequences):
        check_same_vocabulary(estimator, X)
        _check_not_empty(X)
    else:
        _refuse_texts(X)
        X = check_array(X) if expects_sequences else validate_data(estimator, X, reset=False)
        X = _to_sequences(estimator, X)
    if estimator._known_ids_ is not None:
        return renumber(X, estimator._known_ids_)
    if leaves_out_larger_ids(estimator):
        return X.keep(X.ids < estimator.input_dim_)
    check_ids_below(X, estimator.input_dim_)
    return X


def leaves_out_larger_ids(estimator: Any) -> bool:
    """Return whether larger ids than in training are unknown words, not errors: those of a matrix, without an `input_dim`."""
    return bool(estimator._input_kind_ != "sequences" and estimator.input_dim is None)


def check_ids_below(sequences: TokenSequences, input_dim: int) -> None:
    """Raise a ValueError if an id has no row in an embedding of `input_dim` rows."""
    largest = sequences.ids.max(initial=0)
    if largest >= input_dim:
        raise ValueError(
            f"X contains id {largest}, outside the embedding matrix of {input_dim} rows (ids 0 to {input_dim - 1}). "
            "Use the vectorizer that was fitted with the training data, or set input_dim to the number of ids."
        )


def count_ids(sequences: TokenSequences, embedding_dim: int) -> int:
    """Return the number of rows of an embedding for ids of which only the largest is known.

    Parameters
    ----------
    sequences : TokenSequences
        The training documents.
    embedding_dim : int

    Returns
    -------
    int
        The largest id plus one.

    Raises
    ------
    ValueError
        If `have_large_gaps`.
    """
    input_dim = int(sequences.ids.max(initial=1)) + 1
    if have_large_gaps(sequences, embedding_dim):
        size = input_dim * embedding_dim * np.dtype(np.float32).itemsize / 1e9
        raise ValueError(
            f"X contains id {input_dim - 1}, but only {len(np.unique(sequences.ids))} different ids; an embedding with a row for "
            f"each id up to it would take {size:.1f} GB, several times. Call fit first, which learns which ids occur, renumber "
            f"them without gaps, or set input_dim={input_dim} if they are meant."
        )
    return input_dim


def have_large_gaps(sequences: TokenSequences, embedding_dim: int) -> bool:
    """Return whether an embedding with a row for each id up to the largest would be large and hardly used.

    Parameters
    ----------
    sequences : TokenSequences
    embedding_dim : int
    """
    input_dim = int(sequences.ids.max(initial=1)) + 1
    is_large = input_dim * embedding_dim * np.dtype(np.float32).itemsize > _LARGE_EMBEDDING
    return is_large and len(np.unique(sequences.ids)) < _LEAST_USED * input_dim


def fingerprint(embedding_matrix: np.ndarray | None) -> tuple[tuple[int, ...], int] | None:
    """Return the shape of a matrix and a checksum of some of its rows, to distinguish vocabularies.

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
    """Check that sequences belong to the vocabulary that the classifier was trained with.

    Parameters
    ----------
    estimator : ConvTextClassifier
        Fitted.
    X : TokenSequences or array-like
        Only `TokenSequences` are checked.

    Raises
    ------
    ValueError
        If the word vectors or the numbers of ids differ.
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
        raise ValueError(
            "X contains texts instead of word ids; put a GloveTextVectorizer before the classifier in a Pipeline."
        )


def _holds_features(X: np.ndarray) -> bool:
    """Return whether a matrix contains real-valued features instead of word ids, and warn if so.

    scikit-learn's `check_estimator` fits all classifiers on such features of float64, around 0 or between 0 and 1, whatever their
    input tags are. They are rounded down with a warning, as in CategoricalNB. All others are refused by `_to_sequences`: they
    include means of word vectors, which are float32.
    """
    if not _has_fractions(X) or X.dtype != np.float64 or (X.min() >= 0 and X.max() >= 1):
        return False
    warn(
        "X contains real numbers instead of word ids: they are rounded down, and negative ones count as padding. Convert texts "
        "to word ids by a GloveTextVectorizer with output='sequences'."
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
            f"X[{row}, {column}] is {X[row, column]}, but X must contain word ids, which are whole numbers. "
            "Use a GloveTextVectorizer with output='sequences'; features such as tf-idf and means of vectors are not supported."
        )
    check_non_negative(X, f"{type(estimator).__name__}: X must contain non-negative word ids")
    if X.size and X.max() > np.iinfo(np.int32).max:
        raise ValueError(
            f"X contains {X.max()}, which is too large for a word id; the maximum is {np.iinfo(np.int32).max}."
        )
    return TokenSequences.from_matrix(X)
