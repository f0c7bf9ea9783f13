"""Stacked: the network of the Keras tutorial of 2016, stacked convolutions and max pooling."""

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np

from skglove import ops as numpy_ops
from skglove._keras import import_keras
from skglove._sklearn import Interval
from skglove.models.base import Spans, new_spans
from skglove.models.networks.convolution import convolved_batches, transposed
from skglove.models.networks.keras_member import POSITIONS_PER_BATCH
from skglove.models.networks.network import Network, convolution, dense
from skglove.text.sequences import TokenSequences

_LARGEST_MULTIPLE = 5000  # a text padded to so many positions takes megabytes in every layer


class Stacked(Network):
    """The network of the Keras tutorial of 2016: stacked convolutions and max pooling, and a dense layer.

    Unlike in the tutorial, convolutions have padding "same", so that texts can have any length. For frozen vectors as in the
    tutorial, use ``ConvTextClassifier(trainable=False)``.

    Parameters
    ----------
    filters : int, default=128
        Filters of each convolution.
    kernel_size : int, default=5
        Width of the convolutions, in words.
    pool_size : int, default=5
        Width of the max pooling between convolutions. The last one is followed by global max pooling.
    n_conv_layers : int, default=3
        Number of convolutions, at most 10.
    dense_units : int, default=128
        Units of the dense layer.
    embedding_dropout : float, default=0.0
        Dropout rate of the components of word vectors.
    dropout : float, default=0.0
        Dropout rate of the features.

    References
    ----------
    .. [1] F. Chollet, "Using pre-trained word embeddings in a Keras model", The Keras Blog, 2016.
    """

    __module__ = "skglove.models"  # the name in saved models

    _parameter_constraints = {  # noqa: RUF012 - read as scikit-learn reads it
        "filters": [Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "pool_size": [Interval(Integral, 1, None, closed="left")],
        "n_conv_layers": [Interval(Integral, 1, 10, closed="both")],
        "dense_units": [Interval(Integral, 1, None, closed="left")],
        "embedding_dropout": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        filters: int = 128,
        kernel_size: int = 5,
        *,
        pool_size: int = 5,
        n_conv_layers: int = 3,
        dense_units: int = 128,
        embedding_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        self.filters = filters
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        self.n_conv_layers = n_conv_layers
        self.dense_units = dense_units
        self.embedding_dropout = embedding_dropout
        self.dropout = dropout

    @property
    def width_multiple(self) -> int:  # type: ignore[override]
        """The width of batches is a multiple of this, so that all pooling windows are complete."""
        return self.pool_size ** (self.n_conv_layers - 1)

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.width_multiple > _LARGEST_MULTIPLE:
            raise ValueError(
                f"pool_size={self.pool_size} and n_conv_layers={self.n_conv_layers} pool {self.width_multiple} positions into "
                f"one; at most {_LARGEST_MULTIPLE} are supported. Decrease pool_size or n_conv_layers."
            )

    def keras_features(self, words: Any, mask: Any, seeds: Iterator[int]) -> Any:
        layers = import_keras().layers
        x = words
        for i in range(self.n_conv_layers):
            if i:
                pooling = {"pool_size": self.pool_size, "data_format": "channels_last"}
                x = layers.MaxPooling1D(**pooling, name=f"pool_{i - 1}")(x)
                mask = layers.MaxPooling1D(**pooling, name=f"pool_mask_{i - 1}")(mask)
            x = convolution(self.filters, self.kernel_size, f"conv_{i}", seeds)(x) * mask
        x = layers.GlobalMaxPooling1D(data_format="channels_last", name="global_pool")(x)
        return dense(self.dense_units, "relu", "dense", seeds)(x)

    @property
    def _convolutions(self) -> list[list[np.ndarray]]:
        return [self.weights_[f"conv_{i}"] for i in range(self.n_conv_layers)]

    def features(self, ops: Any, words: Any, mask: Any) -> Any:
        first_kernel, _ = self._convolutions[0]
        return self._after_first_convolution(ops, ops.conv(words, first_kernel, padding="same"), mask)

    def _after_first_convolution(self, ops: Any, x: Any, mask: Any) -> Any:
        for i, (kernel, bias) in enumerate(self._convolutions):
            if i:
                x, mask = ops.max_pool(x, self.pool_size), ops.max_pool(mask, self.pool_size)
                x = ops.conv(x, kernel, padding="same")
            x = ops.relu(x + bias) * mask
        kernel, bias = self.weights_["dense"]
        return ops.relu(ops.matmul(ops.max(x, axis=1), kernel) + bias)

    def logits(self, sequences: TokenSequences) -> np.ndarray:
        kernel, bias = self.weights_["logits"]
        scores = np.empty((len(sequences), len(bias)), dtype=np.float32)
        first_kernel, _ = self._convolutions[0]
        batches = convolved_batches(
            sequences, self.weights_["embedding"][0], [first_kernel], POSITIONS_PER_BATCH, self.width_multiple
        )
        for rows, padded, (convolved,) in batches:
            mask = (~padded)[:, :, None].astype(np.float32)
            scores[rows] = self._after_first_convolution(numpy_ops, convolved, mask) @ kernel + bias
        return scores

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        """Decompose the scores of one document: the contribution of a word is its vector times the gradient.

        This is exact, since the network is linear for fixed maximum positions and active units.
        """
        dense_kernel, dense_bias = self.weights_["dense"]
        out_kernel, out_bias = self.weights_["logits"]
        vectors = self.weights_["embedding"][0][ids].astype(np.float64)
        x, steps = self._record_steps(vectors)
        hidden = x.max(axis=0) @ dense_kernel + dense_bias
        logits = np.maximum(hidden, 0) @ out_kernel + out_bias
        slope = np.zeros((len(out_bias), *x.shape))  # of each class's score with respect to x
        slope[:, x.argmax(axis=0), np.arange(x.shape[1])] = (out_kernel * (hidden > 0)[:, None]).T @ dense_kernel.T
        for kernel, winners, active in reversed(steps):
            slope = transposed(slope * active, kernel)
            if winners is not None:
                routed = np.zeros((len(slope), len(winners), self.pool_size, slope.shape[2]))
                np.put_along_axis(routed, winners[None, :, None], slope[:, :, None], axis=2)
                slope = routed.reshape(len(slope), -1, slope.shape[2])
        added = np.einsum("cwd,wd->wc", slope[:, : len(vectors)], vectors)
        spans = new_spans(len(out_bias))
        for position, values in enumerate(added):
            spans[position, position + 1] += values
        return spans, logits - added.sum(axis=0)

    def _record_steps(self, vectors: np.ndarray) -> tuple[np.ndarray, list[tuple[Any, ...]]]:
        """Return the output of the last convolution for one document, and the values that each gradient requires."""
        multiple = self.width_multiple
        width = max(1, -(-len(vectors) // multiple)) * multiple
        x = np.zeros((width, vectors.shape[1]))
        x[: len(vectors)] = vectors
        present = np.arange(width) < len(vectors)
        steps: list[tuple[Any, ...]] = []
        for i, (kernel, bias) in enumerate(self._convolutions):
            winners = None
            if i:
                windows = x.reshape(-1, self.pool_size, x.shape[1])
                winners, x = windows.argmax(axis=1), windows.max(axis=1)
                present = present[:: self.pool_size]
            x = np.maximum(numpy_ops.conv(x[None], kernel.astype(np.float64))[0] + bias, 0) * present[:, None]
            steps.append((kernel, winners, x > 0))
        return x, steps
