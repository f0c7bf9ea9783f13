"""Custom: a network with user-defined Keras layers."""

import contextlib
import random
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from skglove._keras import import_keras
from skglove.models.base import Spans
from skglove.models.networks.keras_member import KerasMember
from skglove.text.sequences import TokenSequences

# Marks padded positions for the Masking layer, which sets them to zero; no word vector consists of this value.
_PADDED = -(2.0**15)
# Concurrent threads must not build the network of a loaded model twice.
_building = threading.RLock()


class Custom(KerasMember):
    """A network with user-defined Keras layers; used by `ConvTextClassifier` for a callable `architecture`.

    Prediction runs in Keras and requires TensorFlow. Subclasses of `skglove.models.Network` predict in NumPy and can be explained
    and exported to ONNX.

    Parameters
    ----------
    function : callable
        ``function(words, n_classes)`` gets a Keras tensor of word vectors (batch, width, dim), with zeros and a Keras mask at
        padded positions, and returns a Keras tensor of logits (batch, n_classes).
    """

    __module__ = "skglove.models"  # the name in saved models

    _parameter_constraints = {"function": [callable]}  # noqa: RUF012 - read as scikit-learn reads it

    _scorer: Any  # the Keras model for prediction; built on first use, never saved

    def __init__(self, function: Callable) -> None:
        self.function = function

    def _add_layers(
        self, ids: Any, sizes: tuple[int, int, int], trainable: bool, seed: int, *, for_training: bool = False
    ) -> Any:
        with _seeded_keras(seed):
            return super()._add_layers(ids, sizes, trainable, seed, for_training=for_training)

    def keras_scores(
        self, words: Any, mask: Any, n_classes: int, seeds: Iterator[int], *, for_training: bool = False
    ) -> Any:
        keras = import_keras()
        # The first position is never masked, since layers that average would divide by 0 for empty documents.
        unmasked = keras.ops.concatenate([keras.ops.ones_like(mask[:, :1]), mask[:, 1:]], axis=1)
        marked = words + (1 - unmasked) * _PADDED
        logits = self.function(keras.layers.Masking(_PADDED, name="mask_padding")(marked), n_classes)
        shape = getattr(logits, "shape", None)
        if shape is None or tuple(shape) != (None, n_classes):
            raise ValueError(
                f"architecture must return a Keras tensor of shape (None, {n_classes}), one logit per class; "
                f"{self.function!r} returned {type(logits).__name__} of shape {shape}."
            )
        return logits

    def _fitted(self, **attributes: Any) -> Any:
        return super()._fitted(**attributes | {"_scorer": None})

    def logits(self, sequences: TokenSequences) -> np.ndarray:
        """Compute the logits in Keras.

        Returns
        -------
        ndarray of shape (n_documents, n_classes), float32
        """
        keras = import_keras()
        if self._scorer is None:
            with _building:
                ids = keras.Input((None,), dtype="int32", name="ids")
                self._scorer = keras.Model(ids, self.keras_logits(ids))
        return self._score_batches(sequences, lambda ids: self._scorer(ids, training=False))

    def forward(self, ops: Any, ids: Any) -> Any:
        raise ValueError(
            "An architecture given as a function runs only in Keras and cannot be written as ONNX. Convert the result of "
            "`to_keras`, or write a subclass of skglove.models.Network."
        )

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        raise ValueError(
            "An architecture given as a function cannot be explained. Compute gradients of the result of `to_keras`, or write a "
            "subclass of skglove.models.Network."
        )

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return dict(state, _scorer=None) if "_scorer" in state else state


@contextlib.contextmanager
def _seeded_keras(seed: int) -> Iterator[None]:
    """Seed Keras layers that have no seed: they draw it from Python's generator, which is restored afterwards."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
