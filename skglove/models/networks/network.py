"""Network: the base class of the architectures, which are trained in Keras and predict in arrays."""

from abc import abstractmethod
from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from skglove import ops as numpy_ops
from skglove._keras import import_keras
from skglove.models.base import FitContext, Member, Spans
from skglove.models.networks.keras_member import KerasMember
from skglove.text.sequences import TokenSequences
from skglove.training.precision import set_dtype_policy


class Network(KerasMember):
    """Base class of the architectures.

    A subclass stores its parameters in ``__init__``, including `embedding_dropout` and `dropout`, and defines

    - `keras_features`, its Keras layers from word vectors to features;
    - `features`, the same in arrays, for prediction and ONNX;
    - `contributions` of the words to the scores, for `skglove.explain` (optional);
    - `keras_training_features`, layers that are faster to train (optional).

    The embedding, dropout, and the output layer "logits" are inherited. Pass an instance to
    ``ConvTextClassifier(architecture=MyNetwork())``.
    """

    dropout: float

    def _initial_network(self, context: FitContext, vectors: np.ndarray, start: Member | None = None) -> Any:
        network = super()._initial_network(context, vectors, start)
        set_dtype_policy(network, context.options.dtype_policy)
        return network

    def _trace_key(self, network: Any, context: FitContext) -> Hashable | None:
        options = context.options
        is_known = type(self).__module__.startswith("skglove.") and isinstance(options.optimizer, str)
        if not is_known or options.callbacks:  # which may keep the network
            return None
        layers = tuple((layer.name, layer.dtype_policy.name, layer.trainable) for layer in network.layers)
        shapes = tuple(tuple(weight.shape) for weight in network.weights)
        return type(self), repr(self.get_params()), context.head, options.optimizer.lower(), layers, shapes

    @abstractmethod
    def keras_features(self, words: Any, mask: Any, seeds: Iterator[int]) -> Any:
        """Add the layers from word vectors to features.

        Parameters
        ----------
        words : KerasTensor of shape (batch, width, embedding_dim)
            Zeros at padded positions. `width` is a multiple of `width_multiple`; in exported
            models, up to ``width_multiple - 1`` padded positions more.
        mask : KerasTensor of shape (batch, width, 1)
            1 where there is a word, and 0 where there is padding.
        seeds : iterator of int
            Seeds of initializers.

        Returns
        -------
        KerasTensor of shape (batch, n_features)
        """

    def keras_training_features(self, words: Any, mask: Any, seeds: Iterator[int]) -> Any:
        """Add layers with the names, weights and output of those of `keras_features`, but faster to train."""
        return self.keras_features(words, mask, seeds)

    @abstractmethod
    def features(self, ops: Any, words: Any, mask: Any) -> Any:
        """Compute the features in arrays, from `weights_`.

        Parameters
        ----------
        ops : module or object
            The functions of `skglove.ops`.
        words : array or tensor of shape (batch, width, embedding_dim)
        mask : array or tensor of shape (batch, width, 1)

        Returns
        -------
        array or tensor of shape (batch, n_features)
        """

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        raise ValueError(f"{type(self).__name__} does not define `contributions`, which explanations require.")

    def keras_scores(
        self, words: Any, mask: Any, n_classes: int, seeds: Iterator[int], *, for_training: bool = False
    ) -> Any:
        features = (self.keras_training_features if for_training else self.keras_features)(words, mask, seeds)
        if self.dropout:
            features = import_keras().layers.Dropout(self.dropout, seed=next(seeds), name="dropout")(features)
        return dense(n_classes, None, "logits", seeds)(features)

    def set_priors(self, network: Any, context: FitContext) -> None:
        for layer in network.layers:
            if layer.name == "logits":
                kernel, _ = layer.get_weights()
                layer.set_weights([kernel, context.head.initial_bias(context.class_priors)])

    def logits(self, sequences: TokenSequences) -> np.ndarray:
        return self._score_batches(sequences, lambda ids: self.forward(numpy_ops, ids))

    def forward(self, ops: Any, ids: Any) -> Any:
        ids = self._crop(ops, ids)
        mask = ops.expand_dims(ops.cast(ops.not_equal(ids, 0), "float32"), 2)
        words = ops.take(self.weights_["embedding"][0], ids, axis=0) * mask
        kernel, bias = self.weights_["logits"]
        return ops.matmul(self.features(ops, words, mask), kernel) + bias


def convolution(filters: int, size: int, name: str, seeds: Iterator[int]) -> Any:
    """Return a Conv1D layer with ReLU and padding "same"."""
    options = convolution_options(name, seeds)
    return import_keras().layers.Conv1D(filters, int(size), padding="same", activation="relu", **options)


def convolution_options(name: str, seeds: Iterator[int]) -> dict[str, Any]:
    """Return the options of a Conv1D layer that all convolutions have."""
    initializer = import_keras().initializers.GlorotUniform(seed=next(seeds))
    return {"data_format": "channels_last", "kernel_initializer": initializer, "name": name}


def dense(units: int, activation: str | None, name: str, seeds: Iterator[int]) -> Any:
    """Return a Dense layer."""
    keras = import_keras()
    return keras.layers.Dense(
        units, activation=activation, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)), name=name
    )
