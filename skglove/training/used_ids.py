"""The word ids that occur in the training documents, so that an embedding need not contain all others."""

from dataclasses import dataclass

import numpy as np

from skglove.text.sequences import TokenSequences

# Embeddings of more rows are not made larger, as networks with them are not kept for the next fit.
_MOST_ROWS_ROUNDED = 1 << 16


@dataclass(frozen=True)
class UsedIds:
    """Word ids, renumbered from 1 by their order.

    Parameters
    ----------
    ids : ndarray of int
        The ids in use, increasing, without 0.
    size : int
        The number of rows of an embedding for them.
    are_all : bool
        Whether these are all ids, and as many as the rows.
    """

    ids: np.ndarray
    size: int
    are_all: bool

    @classmethod
    def of(cls, sequences: TokenSequences, n_ids: int) -> "tuple[UsedIds, TokenSequences]":
        """Return the ids that occur in documents, and the renumbered documents.

        A size up to 65,536 is rounded up to a power of two, so that the parts of a cross-validation have embeddings of one size.

        Parameters
        ----------
        sequences : TokenSequences
        n_ids : int
            All ids are smaller.

        Examples
        --------
        >>> used, renumbered = UsedIds.of(TokenSequences([7, 4, 7], [0, 3]), n_ids=9)
        >>> used.ids.tolist(), used.size, renumbered.tolist()
        ([4, 7], 4, [[2, 1, 2]])
        """
        occurs = np.zeros(n_ids, dtype=bool)
        occurs[sequences.ids] = True
        ids = np.flatnonzero(occurs)
        renumbered = sequences.with_ids(np.cumsum(occurs, dtype=np.int32)[sequences.ids])
        size = len(ids) + 1
        if size <= _MOST_ROWS_ROUNDED:
            size = 1 << len(ids).bit_length()
        return cls(ids, size, size == len(ids) + 1 == n_ids), renumbered

    @classmethod
    def all(cls, n_ids: int) -> "UsedIds":
        """Return all ids, each with its own number.

        Parameters
        ----------
        n_ids : int
        """
        return cls(np.arange(1, n_ids), n_ids, are_all=True)

    def select(self, vectors: np.ndarray) -> np.ndarray:
        """Return the rows of the ids in use.

        Parameters
        ----------
        vectors : ndarray of shape (n_ids, dim)

        Returns
        -------
        ndarray of shape (size, dim)
            The first row is that of padding; zeros after the last id. `vectors` itself if these are all ids.
        """
        if self.are_all:
            return vectors
        rows = np.zeros((self.size, vectors.shape[1]), vectors.dtype)
        rows[0] = vectors[0]
        rows[1 : len(self.ids) + 1] = vectors[self.ids]
        return rows

    def replace(self, vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Replace the rows of the ids in use in place; return the vectors.

        Parameters
        ----------
        vectors : ndarray of shape (n_ids, dim)
        rows : ndarray of shape (size, dim)
            As `select` returns them.
        """
        vectors[self.ids] = rows[1 : len(self.ids) + 1]
        return vectors
