"""Texts as the average of their words' vectors."""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.sparse import csr_matrix


def mean_vectors(rows: Iterable[Sequence[int]], embedding_matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average the vectors of each row of ids.

    Words without a vector count for nothing, and what has no other words gets zeros.

    Parameters
    ----------
    rows : iterable of sequences of int
        The ids of each text's words.
    embedding_matrix : ndarray of shape (n_ids, dim), float32
    weights : ndarray of shape (n_ids,)
        How much each word counts.

    Returns
    -------
    ndarray of shape (n_rows, dim), float32
    """
    lengths: list[int] = [0]
    ids: list[int] = []
    for row in rows:
        ids.extend(row)
        lengths.append(len(row))
    known = embedding_matrix.any(axis=1)
    values = (weights * known)[ids].astype(np.float32)
    words = csr_matrix((values, ids, np.cumsum(lengths)), shape=(len(lengths) - 1, len(embedding_matrix)))
    totals = np.asarray(words.sum(axis=1))
    return np.asarray(words @ embedding_matrix) / np.where(totals > 0, totals, 1).astype(np.float32)


def smooth_idf(document_counts: np.ndarray, n_documents: int) -> np.ndarray:
    """Return how rare words are, by the formula of scikit-learn's `TfidfTransformer` with ``smooth_idf=True``.

    Parameters
    ----------
    document_counts : ndarray of shape (n_words,)
        How many documents hold each word.
    n_documents : int

    Returns
    -------
    ndarray of shape (n_words,), float64
    """
    return np.log((1 + n_documents) / (1 + document_counts)) + 1
