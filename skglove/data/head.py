"""The output function of a model, and its loss: softmax for one class per document, sigmoids for several labels.

The `y` of all functions is what `LabelledSequences` has: indices of classes, or an indicator matrix.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax

from skglove._keras import import_keras
from skglove.data.thresholds import learn_thresholds


class Head(ABC):
    """The base class.

    Attributes
    ----------
    n_classes : int
        Number of classes or labels.
    target_shape : tuple of int
        The shape of one document's `y`.
    exclusive : bool
        Whether a document has one class, so that adding the same number to all scores changes no probability.
    """

    n_classes: int
    target_shape: tuple[int, ...]
    exclusive: bool

    @abstractmethod
    def keras_loss(self) -> Any:
        """Return the Keras loss of logits."""

    @abstractmethod
    def losses(self, ops: Any, y: Any, logits: Any) -> Any:
        """Return the loss of each document, (batch,).

        Parameters
        ----------
        ops : module
            `keras.ops`.
        y : tensor of shape (batch, *target_shape), int32
        logits : tensor of shape (batch, n_classes)
        """

    @abstractmethod
    def hits(self, ops: Any, y: Any, logits: Any) -> Any:
        """Return whether each document is classified correctly, (batch,). The parameters are those of `losses`."""

    @abstractmethod
    def initial_bias(self, priors: np.ndarray) -> np.ndarray:
        """Return the logits of the class priors.

        Parameters
        ----------
        priors : ndarray of shape (n_classes,)

        Returns
        -------
        ndarray of shape (n_classes,), float32
        """

    @abstractmethod
    def prior(self, totals: np.ndarray) -> np.ndarray:
        """Return the probability of each class or label, (n_classes,), float64.

        Parameters
        ----------
        totals : ndarray of shape (2, n_classes)
            The total weight of the documents of each class or label, and of all others.
        """

    @abstractmethod
    def keras_output(self) -> Any:
        """Return the Keras layer from logits to probabilities."""

    @abstractmethod
    def probabilities(self, ops: Any, logits: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        ops : module or object
            The functions of `skglove.ops`.
        logits : array or tensor of shape (batch, n_classes)
        """

    @abstractmethod
    def log_probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        logits : ndarray of shape (n_documents, n_classes)
        """

    def learn_thresholds(self, logits: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
        """Return the decision thresholds of labels; None for classes, of which a document has one.

        Parameters
        ----------
        logits : ndarray of shape (n_documents, n_classes)
            Of held-out documents.
        y : ndarray of shape (n_documents, *target_shape), int
        weights : ndarray of shape (n_documents,)
        """
        return None

    @abstractmethod
    def brier(self, logits: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Brier score of each document, (n_documents,), and the gradients, (n_documents, n_classes).

        Parameters
        ----------
        logits : ndarray of shape (n_documents, n_classes)
        y : ndarray of shape (n_documents, *target_shape), int
        """


@dataclass(frozen=True)
class Softmax(Head):
    """Softmax over mutually exclusive classes.

    Parameters
    ----------
    n_classes : int
    """

    n_classes: int
    target_shape = ()
    exclusive = True

    def keras_loss(self) -> Any:
        return import_keras().losses.SparseCategoricalCrossentropy(from_logits=True)

    def losses(self, ops: Any, y: Any, logits: Any) -> Any:
        return ops.sparse_categorical_crossentropy(y, logits, from_logits=True)

    def hits(self, ops: Any, y: Any, logits: Any) -> Any:
        return ops.equal(ops.cast(ops.argmax(logits, axis=1), "int32"), y)

    def initial_bias(self, priors: np.ndarray) -> np.ndarray:
        return np.log(priors).astype(np.float32)

    def prior(self, totals: np.ndarray) -> np.ndarray:
        return totals[0] / totals.sum(axis=0)

    def keras_output(self) -> Any:
        return import_keras().layers.Softmax(name="probabilities")

    def probabilities(self, ops: Any, logits: Any) -> Any:
        return ops.softmax(logits, axis=-1)

    def log_probabilities(self, logits: np.ndarray) -> np.ndarray:
        return log_softmax(logits, axis=1)

    def brier(self, logits: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        proba = softmax(logits, axis=1)
        error = proba - np.eye(self.n_classes)[y]
        return (error**2).sum(axis=1), 2 * proba * (error - (error * proba).sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Sigmoid(Head):
    """A sigmoid for each label, of which a document has any number.

    Parameters
    ----------
    positive_weights, negative_weights : tuple of float
        For each label, the weight in the loss of documents with the label, and of those without it.
    """

    positive_weights: tuple[float, ...]
    negative_weights: tuple[float, ...]
    exclusive = False

    @property
    def n_classes(self) -> int:  # type: ignore[override]
        """Number of labels."""
        return len(self.positive_weights)

    @property
    def target_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The shape of one document's `y`."""
        return (self.n_classes,)

    def keras_loss(self) -> Any:
        return import_keras().losses.BinaryCrossentropy(from_logits=True)

    def losses(self, ops: Any, y: Any, logits: Any) -> Any:
        y = ops.cast(y, "float32")
        positive, negative = np.array([self.positive_weights, self.negative_weights], dtype=np.float32)
        weights = y * positive + (1 - y) * negative
        return ops.mean(weights * ops.binary_crossentropy(y, logits, from_logits=True), axis=1)

    def hits(self, ops: Any, y: Any, logits: Any) -> Any:
        """Return whether all labels of each document are right."""
        return ops.all(ops.equal(ops.cast(ops.greater(logits, 0), "int32"), y), axis=1)

    def initial_bias(self, priors: np.ndarray) -> np.ndarray:
        return (np.log(priors) - np.log1p(-priors)).astype(np.float32)

    def prior(self, totals: np.ndarray) -> np.ndarray:
        weighted = totals * np.array([self.positive_weights, self.negative_weights])
        return weighted[0] / weighted.sum(axis=0)

    def keras_output(self) -> Any:
        return import_keras().layers.Activation("sigmoid", name="probabilities")

    def probabilities(self, ops: Any, logits: Any) -> Any:
        return ops.sigmoid(logits)

    def log_probabilities(self, logits: np.ndarray) -> np.ndarray:
        return log_expit(logits)

    def learn_thresholds(self, logits: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
        return learn_thresholds(expit(logits), y, weights)

    def brier(self, logits: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        proba = expit(logits)
        weights = np.where(y == 1, self.positive_weights, self.negative_weights)
        error = proba - y
        return (weights * error**2).sum(axis=1), 2 * weights * error * proba * (1 - proba)
