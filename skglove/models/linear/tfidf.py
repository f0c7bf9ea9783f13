"""Tf-idf of words and of pairs of neighbouring words, from sequences of word ids.

Pairs are hashed into a fixed number of columns.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from skglove.text.averaging import smooth_idf
from skglove.text.sequences import TokenSequences

PAIR_COLUMNS = 2**17
_PAIR_FACTORS = 7919, 104729
PAIR_WEIGHT = 0.5  # relative to words
_DOCUMENTS_AT_ONCE = 8192  # in counting


def pair_columns(first: Any, second: Any) -> Any:
    """Return the column of each pair of words.

    Parameters
    ----------
    first, second : array or tensor of int64
        Word ids.
    """
    return (first * _PAIR_FACTORS[0] + second * _PAIR_FACTORS[1]) % PAIR_COLUMNS


class Tfidf:
    """Document frequencies of words and pairs.

    Parameters
    ----------
    n_ids : int
        Number of word ids, including 0.
    document_counts : ndarray of shape (n_ids + PAIR_COLUMNS,), int64, optional
        Number of documents with each word and pair; 0 by default.
    n_documents : int, default=0
    """

    def __init__(self, n_ids: int, document_counts: np.ndarray | None = None, n_documents: int = 0) -> None:
        self.n_ids = n_ids
        self.document_counts = (
            np.zeros(n_ids + PAIR_COLUMNS, dtype=np.int64) if document_counts is None else document_counts
        )
        self.n_documents = n_documents

    def observing(self, sequences: TokenSequences) -> "Tfidf":
        """Return a new object that has counted more documents."""
        document_counts = self.document_counts.copy()
        for start in range(0, len(sequences), _DOCUMENTS_AT_ONCE):
            words, pairs = _log_counts(sequences[start : start + _DOCUMENTS_AT_ONCE], self.n_ids)
            counts = [np.bincount(terms.indices, minlength=terms.shape[1]) for terms in (words, pairs)]
            document_counts += np.concatenate(counts)
        return Tfidf(self.n_ids, document_counts, self.n_documents + len(sequences))

    @property
    def idf(self) -> np.ndarray:
        """The inverse document frequency of each word and pair: ndarray of shape (n_ids + PAIR_COLUMNS,), float32."""
        return smooth_idf(self.document_counts, self.n_documents).astype(np.float32)


class Weighted(NamedTuple):
    """The tf-idf of documents, with sublinear counts and not normalized, and the Euclidean norms of its rows.

    Parameters
    ----------
    words, pairs : csr_matrix of shape (n_documents, n_ids) or (n_documents, PAIR_COLUMNS), float32
    norm : ndarray of shape (n_documents, 1), float32
        Of `words` and `pairs` together; 1 for rows of zeros.
    smoothed : csr_matrix of shape (n_documents, n_ids), float32
        The tf-idf of words with the square root of the inverse document frequency, for means over words.
    smoothed_norm : ndarray of shape (n_documents, 1), float32
    """

    words: csr_matrix
    pairs: csr_matrix
    norm: np.ndarray
    smoothed: csr_matrix
    smoothed_norm: np.ndarray


def weigh(sequences: TokenSequences, idf: np.ndarray) -> Weighted:
    """Compute the tf-idf of words and pairs.

    Parameters
    ----------
    sequences : TokenSequences
    idf : ndarray of shape (n_ids + PAIR_COLUMNS,), float32
    """
    n_ids = len(idf) - PAIR_COLUMNS
    words, pairs = _log_counts(sequences, n_ids)
    roots = np.sqrt(idf[words.indices])
    words.data *= roots
    smoothed = csr_matrix((words.data.copy(), words.indices, words.indptr), shape=words.shape)
    words.data *= roots
    pairs.data *= PAIR_WEIGHT * idf[n_ids + pairs.indices]
    return Weighted(words, pairs, _norms(_squares(words) + _squares(pairs)), smoothed, _norms(_squares(smoothed)))


def _norms(squares: np.ndarray) -> np.ndarray:
    return np.sqrt(np.where(squares > 0, squares, 1))


def _log_counts(sequences: TokenSequences, n_ids: int) -> tuple[csr_matrix, csr_matrix]:
    """Return 1 + log(count) of each word and each pair in each document."""
    ids = sequences.ids.astype(np.int64)
    offsets, lengths = sequences.offsets, sequences.lengths
    last = offsets[1:][lengths > 0] - 1
    columns = np.delete(pair_columns(ids[:-1], ids[1:]), last[:-1]) if len(ids) else ids
    pair_offsets = np.concatenate([[0], np.cumsum(np.maximum(lengths - 1, 0))])
    return _log_counts_of(ids, offsets, n_ids), _log_counts_of(columns, pair_offsets, PAIR_COLUMNS)


def _log_counts_of(columns: np.ndarray, offsets: np.ndarray, n_columns: int) -> csr_matrix:
    ones = np.ones(len(columns), dtype=np.float32)
    counts = csr_matrix((ones, columns, offsets), shape=(len(offsets) - 1, n_columns))
    counts.sum_duplicates()
    counts.data = 1 + np.log(counts.data)
    return counts


def _squares(rows: csr_matrix) -> np.ndarray:
    """Return the sum of the squares of each row, (n_rows, 1)."""
    squares = np.zeros((rows.shape[0], 1), dtype=np.float32)
    filled = np.flatnonzero(np.diff(rows.indptr))
    if len(filled):
        squares[filled, 0] = np.add.reduceat(rows.data**2, rows.indptr[filled])
    return squares


def weigh_with(ops: Any, ids: Any, idf: np.ndarray) -> tuple[tuple, tuple, tuple]:
    """Compute the same as `weigh` with any array library, for positions instead of terms.

    Parameters
    ----------
    ops : module or object
        The functions of `skglove.ops`.
    ids : array or tensor of shape (batch, width), int
        Zeros come after all words.
    idf : ndarray of shape (n_ids + PAIR_COLUMNS,), float32

    Returns
    -------
    words, pairs, smoothed : tuple of (columns, parts, square)
        The column of the term at each position, (batch, width); the tf-idf of that term, divided evenly among the positions
        where it occurs, (batch, width, 1); and the sum of the squares of all terms' tf-idf, (batch, 1).
    """
    words_idf, pairs_idf = np.split(idf[:, None], [len(idf) - PAIR_COLUMNS])
    columns = ops.cast(ids, "int64")
    following = ops.pad(columns, [[0, 0], [0, 1]])[:, 1:]
    pairs = pair_columns(columns, following)
    words_count, pairs_count = _count(ops, columns, columns), _count(ops, pairs, following)
    return (
        (columns, *_divide(ops, columns, words_count, words_idf)),
        (pairs, *_divide(ops, pairs, pairs_count, PAIR_WEIGHT * pairs_idf)),
        (columns, *_divide(ops, columns, words_count, np.sqrt(words_idf))),
    )


def _count(ops: Any, columns: Any, words: Any) -> tuple[Any, Any]:
    """Return 1 at positions with a term and 0 at others, and how often the term occurs, (batch, width, 1) both."""
    present = ops.cast(ops.not_equal(words, 0), "float32")
    same = ops.cast(ops.equal(ops.expand_dims(columns, 2), ops.expand_dims(columns, 1)), "float32")
    count = ops.maximum(ops.sum(same * ops.expand_dims(present, 1), axis=2), 1.0)
    return ops.expand_dims(present, 2), ops.expand_dims(count, 2)


def _divide(ops: Any, columns: Any, counted: tuple[Any, Any], idf: np.ndarray) -> tuple[Any, Any]:
    present, count = counted
    whole = (ops.log(count) + 1.0) * ops.take(idf, columns, axis=0) * present
    parts = whole / count
    return parts, ops.sum(parts * whole, axis=1)
