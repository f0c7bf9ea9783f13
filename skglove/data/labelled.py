"""Documents with their classes and weights, class weights among them."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_class_weight

from skglove.data.head import Head, Sigmoid, Softmax
from skglove.data.labels import as_labels
from skglove.text.sequences import TokenSequences
from skglove.warn import warn

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


def label(
    sequences: TokenSequences, y: np.ndarray, weights: np.ndarray, classes: np.ndarray, class_weight: Any
) -> tuple[LabelledSequences, Head]:
    """Join documents, classes and weights; document weights are multiplied by class weights.

    Parameters
    ----------
    sequences : TokenSequences
    y : ndarray of shape (n_samples,), or of shape (n_samples, n_labels), int
    weights : ndarray of shape (n_samples,), float64
        In any unit.
    classes : ndarray of shape (n_classes,)
    class_weight : dict, "balanced" or None

    Returns
    -------
    data : LabelledSequences
        Documents of weight 0 are left out. The weights are at most 1, so that sums of them are finite.
    head : Head
        With the class weights of labels.

    Raises
    ------
    ValueError
        If a class weight is invalid.
    """
    weights = weights / weights.max()
    if y.ndim == 2:
        return LabelledSequences(sequences, y, weights, np.flatnonzero(weights)), Sigmoid(
            *_label_weights(y, class_weight)
        )
    positions = np.searchsorted(classes, y)
    if class_weight is not None:
        of_class = (
            _weights_by_class(class_weight, classes)
            if isinstance(class_weight, dict)
            else compute_class_weight(class_weight, classes=classes, y=y)
        )
        if not of_class.any():
            raise ValueError(f"class_weight must not be 0 for all classes; got {class_weight!r}.")
        weights = weights * (of_class / of_class.max())[positions]
    return LabelledSequences(sequences, positions, weights, np.flatnonzero(weights)), Softmax(len(classes))


def _label_weights(Y: np.ndarray, class_weight: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the weights of documents with each label, and of those without it.

    Parameters
    ----------
    Y : ndarray of shape (n_samples, n_labels), int
    class_weight : dict, "balanced" or None
        A dict has the weights of documents with a label, by the label's index. "balanced" balances each label, as
        ``OneVsRestClassifier(LinearSVC(class_weight="balanced"))`` does.

    Returns
    -------
    positive, negative : tuple of float

    Raises
    ------
    ValueError
        If a weight is not a positive finite number.
    """
    n_samples, n_labels = Y.shape
    positive, negative = np.ones(n_labels), np.ones(n_labels)
    if isinstance(class_weight, str):
        counts = Y.sum(axis=0)
        positive, negative = (n_samples / (2 * np.maximum(count, 1)) for count in (counts, n_samples - counts))
    elif class_weight is not None:
        positive = _weights_by_class(class_weight, np.arange(n_labels))
        if not positive.all():
            raise ValueError(f"class_weight must not be 0 for a label; got {class_weight!r}.")
    return tuple(positive.tolist()), tuple(negative.tolist())


def _weights_by_class(class_weight: dict, classes: np.ndarray) -> np.ndarray:
    """Return the weight of each class, 1 by default; the training documents of a fold may lack a class that has a weight."""
    if not all(isinstance(weight, Real) and 0 <= float(weight) < np.inf for weight in class_weight.values()):
        raise ValueError(f"class_weight must contain non-negative finite numbers; got {class_weight!r}.")
    weights, have_weight = np.ones(len(classes)), np.zeros(len(classes), dtype=bool)
    for key, weight in class_weight.items():
        named = np.empty(1, dtype=object)
        named[0] = key
        is_named = classes == as_labels(named, "class_weight")  # nowhere if they are of different types
        weights[is_named] = weight
        have_weight |= is_named
    if class_weight and not have_weight.any():
        warn(
            f"class_weight has no effect: none of its keys, {list(class_weight)!r:.100}, is a class. "
            f"The classes are {classes.tolist()!r:.100}."
        )
    return weights
