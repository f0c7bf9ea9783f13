"""Mini-batches of documents of similar length."""

from collections.abc import Iterator

import numpy as np

from skglove.data.labelled import LabelledSequences

# Random change of the length to sort by, as a fraction of it, so that batches differ between epochs.
_LENGTH_JITTER = 0.1


class Batches:
    """Mini-batches of documents of similar length, padded to the longest, which reduces computations on padding.

    Parameters
    ----------
    data : LabelledSequences
    batch_size : int
    multiple : int
        The width of a batch is a multiple of this.
    random_state : RandomState, optional
        Shuffles the batches of each epoch; None sorts by length.
    """

    def __init__(
        self,
        data: LabelledSequences,
        *,
        batch_size: int,
        multiple: int,
        random_state: np.random.RandomState | None = None,
    ) -> None:
        self._sequences, self._rows = data.sequences, data.rows
        self._y = data.y.astype(np.int32)
        self._weights = (data.weights / data.weights[data.rows].mean()).astype(np.float32)
        self._batch_size, self._multiple, self._random_state = batch_size, multiple, random_state

    def __len__(self) -> int:
        return -(-len(self._rows) // self._batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the batches of one epoch.

        Yields
        ------
        ids : ndarray of shape (n, width), int32
        y : ndarray of shape (n,) or (n, n_labels), int32
        weights : ndarray of shape (n,), float32
        """
        for rows in self._epoch():
            yield self._sequences.batch(rows, self._multiple), self._y[rows], self._weights[rows]

    def _epoch(self) -> list[np.ndarray]:
        """Return the rows of each batch of one epoch."""
        lengths = self._sequences.lengths[self._rows].astype(float)
        if self._random_state is None:
            order = np.argsort(lengths, kind="stable")
        else:
            # Half a word is added so that documents of equal length are shuffled, too.
            noise = self._random_state.uniform(-1, 1, size=len(lengths))
            order = np.argsort(lengths + noise * (0.5 + _LENGTH_JITTER * lengths), kind="stable")
        batches = np.split(self._rows[order], np.arange(self._batch_size, len(order), self._batch_size))
        if self._random_state is not None:
            self._random_state.shuffle(starts := np.arange(len(batches)))
            batches = [batches[i] for i in starts]
        return batches
