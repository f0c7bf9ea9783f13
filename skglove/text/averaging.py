"""Inverse document frequencies, and means of word vectors."""

import numpy as np
from scipy.sparse import csr_matrix

from skglove.text.sequences import TokenSequences


def smooth_idf(document_counts: np.ndarray, n_documents: int) -> np.ndarray:
    """Return inverse document frequencies by the formula of scikit-learn's `TfidfTransformer` with ``smooth_idf=True``.

    Parameters
    ----------
    document_counts : ndarray of shape (n_terms,)
        Number of documents with each term.
    n_documents : int

    Returns
    -------
    ndarray of shape (n_terms,), float64
    """
    return np.log((1 + n_documents) / (1 + document_counts)) + 1


def mean_vectors(sequences: TokenSequences, weights: np.ndarray) -> np.ndarray:
    """Average the word vectors of each document.

    Words without a vector are ignored; documents without other words get zeros.

    Parameters
    ----------
    sequences : TokenSequences
        Sequences with word vectors.
    weights : ndarray of shape (n_ids,)
        The weight of each word.

    Returns
    -------
    ndarray of shape (n_documents, dim), float32
    """
    matrix = sequences.embedding_matrix
    assert matrix is not None
    values = (weights * matrix.any(axis=1))[sequences.ids].astype(np.float32)
    words = csr_matrix((values, sequences.ids, sequences.offsets), shape=(len(sequences), len(matrix)))
    totals = np.asarray(words.sum(axis=1))
    return np.asarray(words @ matrix) / np.where(totals > 0, totals, 1).astype(np.float32)
