"""Network: a member that is trained in Keras and predicts in arrays.

A document's scores do not depend on its padding or on the other documents of its batch: documents are padded at the end, the
vectors of padding are zeros, and the outputs of layers are set to zero at padded positions.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from skglove import ops as numpy_ops
from skglove.models.base import FitContext, Member, Spans
from skglove.text.sequences import TokenSequences
from skglove.training.backend import import_keras
from skglove.training.batches import Batches, LabelledSequences
from skglove.training.precision import set_dtype_policy
from skglove.training.trainer import Trainer

# Small enough that the arrays of a batch stay in the processor's caches, large enough for an efficient matrix product.
POSITIONS_PER_BATCH = 1024
# Of the components of standardized vectors; GloVe's are between 0.3 and 0.6 before.
_DEVIATION = 0.4
_SMALLEST_DEVIATION = 1e-6


class KerasMember(Member):
    """A member that Keras trains: an embedding, followed by the layers of a subclass.

    Attributes
    ----------
    weights_ : dict of str to list of ndarray
        The weights by name of the Keras layer, "embedding" first.
    trainable_ : bool
        Whether the embedding is trained.
    n_classes_ : int
    history_ : dict of str to list of float
        The loss and accuracy of each epoch of the last fit.
    training_state_ : dict or None
        The state of the optimizer, for `partial_fit`.
    """

    maxlen: int | None = None
    width_multiple: int = 1
    embedding_dropout: float = 0.0
    # Whether the components of vectors that are trained are standardized first; frozen vectors are shared with the vectorizer.
    standardizes_vectors: bool = False

    @abstractmethod
    def keras_scores(
        self, words: Any, mask: Any, n_classes: int, seeds: Iterator[int], *, for_training: bool = False
    ) -> Any:
        """Add the layers from word vectors to logits.

        Parameters
        ----------
        words : KerasTensor of shape (batch, width, embedding_dim)
            Zeros at padded positions. `width` is a multiple of `width_multiple`; in exported
            models, up to ``width_multiple - 1`` padded positions more.
        mask : KerasTensor of shape (batch, width, 1)
            1 where there is a word, and 0 where there is padding.
        n_classes : int
        seeds : iterator of int
            Seeds of initializers and dropout.
        for_training : bool, default=False
            Whether other layers of the same names and weights may be used that are faster to train.

        Returns
        -------
        KerasTensor of shape (batch, n_classes)
        """

    def set_priors(self, network: Any, context: FitContext) -> None:
        """Initialize the bias with the class priors, if the network has a layer for that."""

    def fit(
        self,
        data: LabelledSequences,
        context: FitContext,
        *,
        validation: LabelledSequences | None = None,
        start: Member | None = None,
    ) -> "KerasMember":
        held_out = None  # by this member; documents that an ensemble holds out are scored by the ensemble
        if validation is None and context.options.early_stopping:
            data, held_out = data.split(context.options.validation_fraction, context.random_state)
        keras_network = self._new_keras_network(context, start)

        def trained(history: dict[str, list[float]]) -> KerasMember:
            return self._with_weights_of(keras_network, context, start, history_=history, training_state_=None)

        callbacks = []
        if context.begin_epoch is not None:
            callbacks.append(_epoch_callback(partial(context.begin_epoch, lambda: trained({})), keras_network))
        trainer = Trainer(keras_network, context.head, context.options)
        fitted = trained(self._train(trainer, data, context, validation=validation or held_out, callbacks=callbacks))
        if held_out is not None:
            rows = held_out.rows
            logits = fitted.logits(data.sequences[rows])
            fitted.thresholds_ = context.head.learn_thresholds(logits, data.y[rows], data.weights[rows])
        return fitted

    def partial_fit(
        self, data: LabelledSequences, context: FitContext, *, start: Member | None = None
    ) -> "KerasMember":
        settings, last = context.options.optimizer_settings, getattr(start, "training_state_", None)
        keras_network = self._new_keras_network(context, start)
        # The state of another optimizer cannot be used.
        state = last["arrays"] if last and last["settings"] == settings else None
        trainer = Trainer(keras_network, context.head, context.options, state)
        history = self._train(trainer, data, context, one_pass=True)
        state = {"settings": settings, "arrays": trainer.state()}
        kept = {"thresholds_": getattr(start, "thresholds_", None), "training_state_": state}
        return self._with_weights_of(keras_network, context, start, history_=history, **kept)

    def untrained(self, context: FitContext) -> "KerasMember":
        network = self._new_keras_network(context)
        return self._with_weights_of(network, context, None, history_={}, training_state_=None)

    def _train(
        self,
        trainer: Trainer,
        data: LabelledSequences,
        context: FitContext,
        *,
        validation: LabelledSequences | None = None,
        one_pass: bool = False,
        callbacks: Sequence[Any] = (),
    ) -> dict[str, list[float]]:
        sizes: dict[str, Any] = {
            "batch_size": context.options.resolve_batch_size(len(data)),
            "multiple": self.width_multiple,
        }
        data = data.cut(self.maxlen)
        held_out = None if validation is None else data.subset(validation.rows)
        return trainer.fit(
            Batches(data, random_state=context.random_state, **sizes),
            None if held_out is None else Batches(held_out, **sizes),
            one_pass=one_pass,
            callbacks=callbacks,
        )

    def keras_network(self, context: FitContext) -> Any:
        """Build the Keras network to train.

        Returns
        -------
        keras.Model
            From ids (batch, width), padded at the end, to logits (batch, n_classes).
        """
        keras = import_keras()
        ids = keras.Input((None,), dtype="int32", name="ids")
        sizes = context.input_dim, context.embedding_dim, context.head.n_classes
        logits = self._add_layers(ids, sizes, context.trainable, context.seed, for_training=True)
        return keras.Model(ids, logits, name="network")

    def _add_layers(
        self, ids: Any, sizes: tuple[int, int, int], trainable: bool, seed: int, *, for_training: bool = False
    ) -> Any:
        keras = import_keras()
        input_dim, embedding_dim, n_classes = sizes
        seeds = iter(np.random.SeedSequence(seed).generate_state(64).tolist())
        mask = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(ids, 0), "float32"), -1)
        words = keras.layers.Embedding(
            input_dim,
            embedding_dim,
            embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=next(seeds)),
            trainable=trainable,
            name="embedding",
        )(ids)
        if self.embedding_dropout:
            words = keras.layers.Dropout(self.embedding_dropout, seed=next(seeds), name="embedding_dropout")(words)
        return self.keras_scores(words * mask, mask, n_classes, seeds, for_training=for_training)

    def _new_keras_network(self, context: FitContext, start: Member | None = None) -> Any:
        """Build the network with the weights of `start`, or else with the pre-trained vectors and the class priors."""
        network = self.keras_network(context)
        if isinstance(start, KerasMember):
            _set_weights(network, start.weights_)
            return network
        if context.embedding_matrix is not None:
            vectors = context.embedding_matrix
            if self.standardizes_vectors and context.trainable:
                vectors = _standardized(vectors)
            network.get_layer("embedding").set_weights([vectors])
        self.set_priors(network, context)
        return network

    def _with_weights_of(
        self, network: Any, context: FitContext, start: Member | None, **attributes: Any
    ) -> "KerasMember":
        weights = {layer.name: layer.get_weights() for layer in network.layers if layer.weights}
        if not context.trainable:  # frozen vectors are not copied
            weights["embedding"] = start.weights_["embedding"] if start else [context.embedding_matrix]
        n_classes = context.head.n_classes
        return self._fitted(weights_=weights, trainable_=context.trainable, n_classes_=n_classes, **attributes)

    def _read(self, sequences: TokenSequences) -> TokenSequences:
        """Return the documents, truncated to `maxlen`."""
        return sequences if self.maxlen is None else sequences.cut(self.maxlen)

    def _score_batches(self, sequences: TokenSequences, score: Callable) -> np.ndarray:
        scores = np.empty((len(sequences), self.n_classes_), dtype=np.float32)
        for rows, ids in self._read(sequences).batches_by_length(POSITIONS_PER_BATCH, self.width_multiple):
            scores[rows] = score(ids)
        return scores

    def _crop(self, ops: Any, ids: Any) -> Any:
        """Cut ids to `maxlen`, and pad them so that no word is lost in multiples of `width_multiple`."""
        if self.maxlen is not None:
            ids = ids[:, : self.maxlen]
        return ops.pad(ids, [[0, 0], [0, self.width_multiple - 1]]) if self.width_multiple > 1 else ids

    def keras_logits(self, ids: Any) -> Any:
        keras = import_keras()
        ids = self._crop(keras.ops, ids)
        sizes = *self.weights_["embedding"][0].shape, self.n_classes_
        logits = self._add_layers(ids, sizes, self.trainable_, seed=0)
        _set_weights(keras.Model(ids, logits), self.weights_)
        return logits


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

    def _new_keras_network(self, context: FitContext, start: Member | None = None) -> Any:
        network = super()._new_keras_network(context, start)
        set_dtype_policy(network, context.options.dtype_policy)
        return network

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


def _epoch_callback(begin_epoch: Callable[[], Callable[[], bool]], network: Any) -> Any:
    """Return a Keras callback from a function that begins an epoch; what it returns ends the epoch, and says whether to stop."""
    ends: list[Callable[[], bool]] = []

    def end(epoch: int, logs: Any = None) -> None:
        if ends.pop()():
            network.stop_training = True

    return import_keras().callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs=None: ends.append(begin_epoch()), on_epoch_end=end
    )


def _standardized(vectors: np.ndarray) -> np.ndarray:
    """Return vectors whose components have the same mean and standard deviation; words without a vector keep zeros.

    Fewer vectors than components are returned as they are.
    """
    known = vectors.any(axis=1)
    if known.sum() < vectors.shape[1]:
        return vectors
    of_words = vectors[known]
    result = np.zeros_like(vectors)
    scale = _DEVIATION / np.maximum(of_words.std(axis=0), _SMALLEST_DEVIATION)
    result[known] = (of_words - of_words.mean(axis=0)) * scale
    return result


def _set_weights(network: Any, weights: dict[str, list[np.ndarray]]) -> None:
    # In order, since unnamed layers of a user-defined function are numbered by a global counter.
    layers = [layer for layer in network.layers if layer.weights]
    for layer, arrays in zip(layers, weights.values(), strict=True):
        layer.set_weights(arrays)


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
