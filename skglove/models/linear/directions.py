"""Directions of word vectors, whose means linear models see."""

import numpy as np
from scipy.sparse import csr_matrix

# Principal components that are removed from word vectors ("all-but-the-top", Mu and Viswanath 2018).
_COMPONENTS_REMOVED = 2
# Vectors nearer to the mean of all, relative to their norm, differ from it by rounding errors.
_SMALLEST_DISTANCE = 1e-4
_ROWS_AT_ONCE = 10_000


class Directions:
    """Centered word vectors of norm 1 without their main principal components; zeros for words without a vector.

    The vectors are not copied: these are linear in them, but for a factor of each word.

    Parameters
    ----------
    n_ids : int
    embedding_matrix : ndarray of shape (n_ids, dim), float32, or None
        If None, `dim` is 0.

    Attributes
    ----------
    n_ids, dim : int

    Examples
    --------
    >>> from scipy.sparse import identity
    >>> vectors = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], dtype=np.float32)
    >>> Directions(4, vectors).means(identity(4, format="csr")).shape
    (4, 3)
    """

    def __init__(self, n_ids: int, embedding_matrix: np.ndarray | None) -> None:
        vectors = np.zeros((n_ids, 0), dtype=np.float32) if embedding_matrix is None else embedding_matrix
        self._vectors, self.n_ids, self.dim = vectors, n_ids, vectors.shape[1]
        known = np.asarray(vectors.any(axis=1))
        self._mean = (vectors.sum(axis=0, dtype=np.float64) / max(1, np.count_nonzero(known))).astype(np.float32)
        self._factors = np.zeros(n_ids, dtype=np.float32)
        products = np.zeros((self.dim, self.dim))
        for start in range(0, n_ids, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            centered = vectors[rows] - self._mean
            norms = np.linalg.norm(centered, axis=1)
            has_direction = known[rows] & (norms > _SMALLEST_DISTANCE * np.linalg.norm(vectors[rows], axis=1))
            self._factors[rows][has_direction] = 1 / norms[has_direction]
            centered *= self._factors[rows, None]
            products += centered.T @ centered
        # Eigenvectors of the largest eigenvalues come last.
        components = np.linalg.eigh(products)[1].astype(np.float32)
        self._removed = components[:, max(1, self.dim - _COMPONENTS_REMOVED) :]

    def _without_components(self, vectors: np.ndarray) -> np.ndarray:
        return vectors - vectors @ self._removed @ self._removed.T

    def means(self, weights: csr_matrix) -> np.ndarray:
        """Return sums of directions, usually weighted means.

        Parameters
        ----------
        weights : csr_matrix of shape (n_documents, n_ids), float32

        Returns
        -------
        ndarray of shape (n_documents, dim), float32
        """
        factors = csr_matrix(
            (weights.data * self._factors[weights.indices], weights.indices, weights.indptr), weights.shape
        )
        centered = factors @ self._vectors - np.asarray(factors.sum(axis=1)) * self._mean
        return self._without_components(centered)

    def scores(self, kernel: np.ndarray) -> np.ndarray:
        """Return the products of the directions of all words with a kernel.

        Parameters
        ----------
        kernel : ndarray of shape (dim, n_classes), float32

        Returns
        -------
        ndarray of shape (n_ids, n_classes), float32
        """
        kernel = self._without_components(kernel.T).T
        return (self._vectors @ kernel - self._mean @ kernel) * self._factors[:, None]
