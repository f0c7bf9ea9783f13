"""Parallel: parallel convolutions of several widths with global max pooling (Kim 2014)."""

from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from skglove import ops as numpy_ops
from skglove._keras import import_keras
from skglove._sklearn import Interval
from skglove.models.base import Spans, new_spans
from skglove.models.networks.convolution import convolved_batches
from skglove.models.networks.keras_member import POSITIONS_PER_BATCH
from skglove.models.networks.network import Network, convolution, convolution_options
from skglove.text.sequences import TokenSequences
from skglove.training.pooling import mark_padding, max_pooled_convolution


class Parallel(Network):
    """The network of Kim (2014): parallel convolutions of several widths with global max pooling.

    Parameters
    ----------
    filters : int, default=128
        Filters of each convolution.
    kernel_sizes : sequence of int, default=(1, 2, 3)
        Widths of the convolutions, in words. Kim's are (3, 4, 5).
    maxlen : int or None, default=None
        Use only the first `maxlen` words of each text; None uses all.
    embedding_dropout : float, default=0.3
        Dropout rate of the components of word vectors.
    dropout : float, default=0.5
        Dropout rate of the features.

    References
    ----------
    .. [1] Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.

    Examples
    --------
    >>> from skglove import ConvTextClassifier, Parallel
    >>> classifier = ConvTextClassifier(architecture=Parallel(filters=64, kernel_sizes=(2, 3)))
    >>> classifier.get_params()["architecture__filters"]
    64
    """

    __module__ = "skglove.models"  # the name in saved models

    _parameter_constraints = {  # noqa: RUF012 - read as scikit-learn reads it
        "filters": [Interval(Integral, 1, None, closed="left")],
        "kernel_sizes": ["array-like"],
        "maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "embedding_dropout": [Interval(Real, 0, 1, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    standardizes_vectors = True

    def __init__(
        self,
        filters: int = 128,
        kernel_sizes: Sequence[int] = (1, 2, 3),
        *,
        maxlen: int | None = None,
        embedding_dropout: float = 0.3,
        dropout: float = 0.5,
    ) -> None:
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.maxlen = maxlen
        self.embedding_dropout = embedding_dropout
        self.dropout = dropout

    def check_parameters(self) -> None:
        super().check_parameters()
        sizes = self.kernel_sizes
        if not len(sizes) or not all(isinstance(size, Integral) and size > 0 for size in sizes):
            raise ValueError(f"kernel_sizes must be positive integers, such as (3, 4, 5); got {sizes!r}.")

    def keras_features(self, words: Any, mask: Any, seeds: Iterator[int]) -> Any:
        keras = import_keras()
        pooled = [
            keras.layers.GlobalMaxPooling1D(data_format="channels_last", name=f"global_pool_{i}")(
                convolution(self.filters, size, f"conv_{i}", seeds)(words) * mask
            )
            for i, size in enumerate(self.kernel_sizes)
        ]
        return _concatenate(pooled)

    def keras_training_features(self, words: Any, mask: Any, seeds: Iterator[int]) -> Any:
        marked = mark_padding(words, mask)
        return _concatenate(
            [
                max_pooled_convolution(self.filters, int(size), **convolution_options(f"conv_{i}", seeds))(marked)
                for i, size in enumerate(self.kernel_sizes)
            ]
        )

    @property
    def _convolutions(self) -> list[list[np.ndarray]]:
        return [self.weights_[f"conv_{i}"] for i in range(len(self.kernel_sizes))]

    def features(self, ops: Any, words: Any, mask: Any) -> Any:
        convolved = [ops.relu(ops.conv(words, kernel, padding="same") + bias) for kernel, bias in self._convolutions]
        # Outputs of ReLU are non-negative, so zeros at padded positions do not change the maximum.
        return ops.concatenate([ops.max(x * mask, axis=1) for x in convolved], axis=1)

    def logits(self, sequences: TokenSequences) -> np.ndarray:
        kernels, biases = zip(*self._convolutions, strict=True)
        out_kernel, out_bias = self.weights_["logits"]
        scores = np.empty((len(sequences), len(out_bias)), dtype=np.float32)
        batches = convolved_batches(
            self._read(sequences), self.weights_["embedding"][0], kernels, POSITIONS_PER_BATCH, self.width_multiple
        )
        for rows, _, convolved in batches:
            # The maximum of ReLUs is the ReLU of the maximum, and the bias is the same everywhere.
            pooled = [np.maximum(x.max(axis=1) + bias, 0) for x, bias in zip(convolved, biases, strict=True)]
            scores[rows] = np.concatenate(pooled, axis=1) @ out_kernel + out_bias
        return scores

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        """Decompose the scores of one document: each filter contributes through the words at its maximum."""
        out_kernel, out_bias = (np.asarray(weight, dtype=np.float64) for weight in self.weights_["logits"])
        spans = new_spans(len(out_bias))
        vectors = self.weights_["embedding"][0][ids[: self.maxlen]].astype(np.float64)
        if not len(vectors):
            return spans, out_bias
        for i, (kernel, bias) in enumerate(self._convolutions):
            convolved = numpy_ops.conv(vectors[None], kernel.astype(np.float64))[0]
            chosen = convolved.argmax(axis=0)
            values = np.maximum(convolved.max(axis=0) + bias, 0)
            added = values[:, None] * out_kernel[i * self.filters : (i + 1) * self.filters]
            before = (len(kernel) - 1) // 2
            for position in np.unique(chosen[values > 0]).tolist():
                span = max(0, position - before), min(len(vectors), position - before + len(kernel))
                spans[span] += added[chosen == position].sum(axis=0)
        return spans, out_bias


def _concatenate(pooled: list[Any]) -> Any:
    return import_keras().layers.Concatenate(name="concatenate")(pooled) if len(pooled) > 1 else pooled[0]
