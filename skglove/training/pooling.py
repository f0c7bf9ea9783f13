"""A convolution with global max pooling in one layer, which is faster to train than three layers.

The bias and the activation, which is increasing, are applied to the maximum instead of to all positions.
"""

import functools
from typing import Any

from skglove._keras import import_keras

# Added to the outputs at padded positions, so that none is the maximum.
_PENALTY = -1e9


def mark_padding(words: Any, mask: Any) -> Any:
    """Append a channel for `max_pooled_convolution` that marks padded positions.

    Parameters
    ----------
    words : KerasTensor of shape (batch, width, dim)
    mask : KerasTensor of shape (batch, width, 1)
        1 where there is a word, and 0 where there is padding.

    Returns
    -------
    KerasTensor of shape (batch, width, dim + 1)
    """
    return import_keras().layers.Concatenate(axis=2, name="mark_padding")([words, (1 - mask) * _PENALTY])


def max_pooled_convolution(filters: int, kernel_size: int, **options: Any) -> Any:
    """Return a layer of the weights of a Conv1D layer, from the result of `mark_padding` to (batch, filters).

    It computes what ``Conv1D(padding="same", activation="relu")``, a multiplication by the mask and GlobalMaxPooling1D do.

    Parameters
    ----------
    filters, kernel_size : int
    **options
        Of Conv1D.
    """
    return _layer_class()(filters, kernel_size, padding="same", activation="relu", **options)


@functools.cache
def _layer_class() -> Any:
    keras = import_keras()
    ops = keras.ops

    class MaxPooledConv1D(keras.layers.Conv1D):  # type: ignore[name-defined]
        def build(self, input_shape: Any) -> None:
            super().build((*input_shape[:-1], input_shape[-1] - 1))
            self.input_spec = None

        def call(self, inputs: Any) -> Any:
            size, _, filters = self.kernel.shape
            # The channel of padding counts at the word in the center of the kernel only.
            center = ops.one_hot(ops.full((1, filters), (size - 1) // 2), size, axis=0, dtype=self.kernel.dtype)
            kernel = ops.concatenate([self.kernel, center], axis=1)
            highest = ops.max(ops.conv(inputs, kernel, padding="same", data_format="channels_last"), axis=1)
            return self.activation(highest + self.bias)

        def compute_output_shape(self, input_shape: Any) -> tuple[Any, int]:
            return input_shape[0], self.filters

    return MaxPooledConv1D
