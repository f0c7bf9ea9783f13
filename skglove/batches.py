"""Labelled documents, handed out in batches of like length."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from skglove.sequences import Documents

# How far, as a share of its length, a document may be sorted from its place: batches differ from epoch to epoch.
_LENGTH_JITTER = 0.1


@dataclass(frozen=True)
class LabelledDocuments:
    """What a classifier learns from.

    Parameters
    ----------
    documents : Documents
    y : ndarray of shape (n_documents,), int
        The position of each document's class.
    weights : ndarray of shape (n_documents,), float
        From 0 up, not all 0.
    """

    documents: Documents
    y: np.ndarray
    weights: np.ndarray

    def class_shares(self, n_classes: int) -> np.ndarray:
        """Return the share of each class; one that does not occur counts as unlikely, not as impossible.

        Parameters
        ----------
        n_classes : int

        Returns
        -------
        ndarray of shape (n_classes,), float64
        """
        total = self.weights.sum()
        shares = np.bincount(self.y, self.weights, minlength=n_classes) / (total if total > 0 else 1)
        return np.maximum(shares, 0.1 / n_classes)

    def hold_out(
        self, rows: np.ndarray, fraction: float, random_state: np.random.RandomState
    ) -> tuple[np.ndarray, np.ndarray]:
        """Split rows in two, with the same share of each class where there are enough of it.

        Parameters
        ----------
        rows : ndarray of int
        fraction : float
            Share of the second part.
        random_state : RandomState

        Returns
        -------
        kept, held_out : ndarray of int
        """
        y = self.y[rows]
        counts = np.unique(y, return_counts=True)[1]
        can_stratify = counts.min() >= 2 and min(fraction, 1 - fraction) * len(y) >= len(counts)
        return train_test_split(
            rows, test_size=fraction, random_state=random_state, stratify=y if can_stratify else None
        )


class TrainingSet:
    """Batches of like length, each cut to its longest document, so that little is computed on padding.

    The network is built so that this changes no score.

    Parameters
    ----------
    data : LabelledDocuments
    rows : ndarray of int
        The documents that belong to the set.
    batch_size : int
    width_multiple : int
        The width of a batch is a multiple of this.
    random_state : RandomState, optional
        Shuffles the batches of each epoch; None keeps the order by length.
    """

    def __init__(
        self,
        data: LabelledDocuments,
        rows: np.ndarray,
        *,
        batch_size: int,
        width_multiple: int,
        random_state: np.random.RandomState | None = None,
    ) -> None:
        self.documents = data.documents
        self.y = data.y.astype(np.int32)
        self.weights = (data.weights / data.weights[rows].mean()).astype(np.float32)
        self.rows = rows
        self.batch_size, self.width_multiple, self.random_state = batch_size, width_multiple, random_state
        self.n_batches = -(-len(rows) // batch_size)

    def _epoch(self) -> list[np.ndarray]:
        """Return the rows of each batch of one epoch."""
        lengths = self.documents.lengths[self.rows].astype(float)
        if self.random_state is None:
            order = np.argsort(lengths, kind="stable")
        else:
            # Half a word more or less keeps documents of equal length from always meeting the same others.
            noise = self.random_state.uniform(-1, 1, size=len(lengths))
            order = np.argsort(lengths + noise * (0.5 + _LENGTH_JITTER * lengths), kind="stable")
        batches = np.split(self.rows[order], np.arange(self.batch_size, len(order), self.batch_size))
        if self.random_state is not None:
            self.random_state.shuffle(starts := np.arange(len(batches)))
            batches = [batches[i] for i in starts]
        return batches

    def batches(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the batches of one epoch, newly shuffled each time.

        Yields
        ------
        ids : ndarray of shape (n, width), int32
        y : ndarray of shape (n,), int32
        weights : ndarray of shape (n,), float32
        """
        for rows in self._epoch():
            yield self.documents.padded(rows, self.width_multiple), self.y[rows], self.weights[rows]
