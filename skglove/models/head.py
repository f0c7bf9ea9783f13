"""The output function of a model, and its loss."""

from typing import Any

import numpy as np

from skglove.training.backend import import_keras


class Softmax:
    """Softmax over mutually exclusive classes.

    Parameters
    ----------
    n_classes : int
    """

    def __init__(self, n_classes: int) -> None:
        self.n_classes = n_classes

    def keras_loss(self, **options: Any) -> Any:
        """Return the Keras loss of logits.

        Parameters
        ----------
        **options
            Passed to the loss, such as `reduction`.
        """
        return import_keras().losses.SparseCategoricalCrossentropy(from_logits=True, **options)

    def hits(self, ops: Any, y: Any, logits: Any) -> Any:
        """Return whether each document is classified correctly.

        Parameters
        ----------
        ops : module
            `keras.ops`.
        y : tensor of shape (batch,), int32
        logits : tensor of shape (batch, n_classes)
        """
        return ops.equal(ops.cast(ops.argmax(logits, axis=1), "int32"), y)

    def initial_bias(self, class_priors: np.ndarray) -> np.ndarray:
        """Return the logits of the class priors.

        Parameters
        ----------
        class_priors : ndarray of shape (n_classes,)

        Returns
        -------
        ndarray of shape (n_classes,), float32
        """
        return np.log(class_priors).astype(np.float32)

    def keras_output(self) -> Any:
        """Return the Keras layer from logits to probabilities."""
        return import_keras().layers.Softmax(name="probabilities")

    def probabilities(self, ops: Any, logits: Any) -> Any:
        """Return the probability of each class.

        Parameters
        ----------
        ops : module or object
            The functions of `skglove.ops`.
        logits : array or tensor of shape (batch, n_classes)
        """
        return ops.softmax(logits, axis=-1)
