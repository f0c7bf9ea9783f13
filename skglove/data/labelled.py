"""Documents with their classes and weights."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import train_test_split

from skglove.text.sequences import TokenSequences

_SMALLEST_LABEL_PRIOR = 1e-3


@dataclass(frozen=True)
class LabelledSequences:
    """A subset of documents with their classes and weights.

    Parameters
    ----------
    sequences : TokenSequences
    y : ndarray of shape (n_documents,) or (n_documents, n_labels), int
        The index of each document's class, or 1 for the labels of a document and 0 for others.
    weights : ndarray of shape (n_documents,), float64
        Non-negative.
    rows : ndarray of int
        The indices of the documents of this subset. Subsets share all other arrays.
    """

    sequences: TokenSequences
    y: np.ndarray
    weights: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def subset(self, rows: np.ndarray) -> "LabelledSequences":
        """Return other documents.

        Parameters
        ----------
        rows : ndarray of int
            Indices among all documents, not within this subset.
        """
        return replace(self, rows=rows)

    def cut(self, maxlen: int | None) -> "LabelledSequences":
        """Return the same documents, truncated to their first `maxlen` words.

        Parameters
        ----------
        maxlen : int or None
            None cuts nothing.
        """
        return self if maxlen is None else replace(self, sequences=self.sequences.cut(maxlen))

    def class_totals(self, n_classes: int) -> np.ndarray:
        """Return the total weight of the documents of each class or label, and of all others: ndarray of shape (2, n_classes).

        Parameters
        ----------
        n_classes : int
        """
        y, weights = self.y[self.rows], self.weights[self.rows]
        totals = weights @ y if y.ndim == 2 else np.bincount(y, weights, minlength=n_classes)
        return np.array([totals, weights.sum() - totals])

    def class_priors(self, n_classes: int) -> np.ndarray:
        """Return the weighted frequency of each class or label, with a small positive minimum.

        Parameters
        ----------
        n_classes : int

        Returns
        -------
        ndarray of shape (n_classes,), float64
            Of labels, less than 1.
        """
        y, weights = self.y[self.rows], self.weights[self.rows]
        total = weights.sum() if weights.sum() > 0 else 1
        if y.ndim == 2:
            return np.clip(weights @ y / total, _SMALLEST_LABEL_PRIOR, 1 - _SMALLEST_LABEL_PRIOR)
        return np.maximum(np.bincount(y, weights, minlength=n_classes) / total, 0.1 / n_classes)

    def split(
        self, fraction: float, random_state: np.random.RandomState
    ) -> tuple["LabelledSequences", "LabelledSequences"]:
        """Split at random, stratified by class if there are enough documents of each; documents with labels, by having any.

        Parameters
        ----------
        fraction : float
            Fraction of the documents in the second part.
        random_state : RandomState
        """
        y = self.y[self.rows]
        if y.ndim == 2:  # documents with the same set of labels may be rare
            y = y.any(axis=1).astype(int)
        counts = np.unique(y, return_counts=True)[1]
        can_stratify = counts.min() >= 2 and min(fraction, 1 - fraction) * len(y) >= len(counts)
        training, held_out = train_test_split(
            self.rows, test_size=fraction, random_state=random_state, stratify=y if can_stratify else None
        )
        return self.subset(training), self.subset(held_out)
