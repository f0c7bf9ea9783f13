"""KerasMember: a member that is trained in Keras.

A document's scores do not depend, except for rounding, on its padding or on the other documents: documents are padded at the end,
the vectors of padding are zeros, and the outputs of layers are set to zero at padded positions.
"""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from skglove._keras import import_keras
from skglove.data.labelled import LabelledSequences
from skglove.models.base import FitContext, Member
from skglove.text.sequences import TokenSequences
from skglove.training.batches import Batches
from skglove.training.reuse import reused
from skglove.training.steps import Steps
from skglove.training.trainer import Trainer, diverged
from skglove.training.used_ids import UsedIds
from skglove.training.weight_average import WeightAverage

# Small enough that the arrays of a batch stay in the processor's caches, large enough for an efficient matrix product.
POSITIONS_PER_BATCH = 1024
# Of the components of standardized vectors; GloVe's are between 0.3 and 0.6 before.
_DEVIATION = 0.4
_SMALLEST_DEVIATION = 1e-6
# Documents whose scores must be finite in the end, too.
_SCORED_IN_THE_END = 16


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
        The state of training, for `partial_fit`: `weights_` are then means over the steps, and the last ones are kept here.
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
        used, documents = UsedIds.all(context.input_dim), data.cut(self.maxlen)
        if context.options.leaves_other_ids(context.trainable):
            used, renumbered = UsedIds.of(documents.sequences, context.input_dim)
            documents = replace(documents, sequences=renumbered)
        with self._steps(context, used, start) as steps:

            def trained(history: dict[str, list[float]]) -> KerasMember:
                vectors = self._trained_vectors(steps.network, context, used, start)
                return self._with_weights(steps.network, vectors, context, history_=history, training_state_=None)

            callbacks = []
            if context.begin_epoch is not None:
                callbacks.append(_epoch_callback(partial(context.begin_epoch, lambda: trained({})), steps))
            fitted = trained(
                self._train(steps, documents, context, validation=validation or held_out, callbacks=callbacks)
            )
        fitted._check_finite(data)
        if held_out is not None:
            rows = held_out.rows
            logits = fitted.logits(data.sequences[rows])
            fitted.thresholds_ = context.head.learn_thresholds(logits, data.y[rows], data.weights[rows])
        return fitted

    def partial_fit(
        self, data: LabelledSequences, context: FitContext, *, start: Member | None = None
    ) -> "KerasMember":
        settings, last = context.options.optimizer_settings, getattr(start, "training_state_", None)
        used = UsedIds.all(context.input_dim)
        with self._steps(context, used, start) as steps:
            average, n_documents = WeightAverage(steps.weights()), len(data)
            if last and last["settings"] == settings and steps.continue_from(last["arrays"]):
                average.n_steps = last["n_steps"]
                n_documents += last["n_documents"]
            callbacks = [average.callback(steps.weights)]
            history = self._train(
                steps, data.cut(self.maxlen), context, n_documents=n_documents, one_pass=True, callbacks=callbacks
            )
            counts = {"n_steps": average.n_steps, "n_documents": n_documents}
            state = {"settings": settings, "arrays": steps.state(), **counts}
            steps.assign_weights(average.mean)
            vectors = self._trained_vectors(steps.network, context, used, start)
            kept = {"thresholds_": getattr(start, "thresholds_", None), "training_state_": state}
            fitted = self._with_weights(steps.network, vectors, context, history_=history, **kept)
        fitted._check_finite(data)
        return fitted

    def _check_finite(self, data: LabelledSequences) -> None:
        """Raise a ValueError if the last step diverged: each loss is that of a batch before the step."""
        arrays = [array for of_layer in self.weights_.values() for array in of_layer]
        with np.errstate(all="ignore"):
            # Sums of float32 in float64 are finite if the weights are.
            is_finite = all(np.isfinite(array.sum(dtype=np.float64)) for array in arrays)
            scores = self.logits(data.sequences[data.rows[:_SCORED_IN_THE_END]]) if is_finite else np.nan
        if not np.isfinite(scores).all():
            raise diverged("The weights or scores after the last step are infinite or NaN")

    def untrained(self, context: FitContext) -> "KerasMember":
        vectors = self._initial_vectors(context)
        network = self._initial_network(context, vectors)
        return self._with_weights(network, vectors, context, history_={}, training_state_=None)

    @contextmanager
    def _steps(self, context: FitContext, used: UsedIds, start: Member | None) -> Iterator[Steps]:
        """Provide the steps of training a new network for the ids in use, traced before if possible."""
        options = context.options
        steps = Steps(
            self._initial_network(context, used.select(self._initial_vectors(context, start)), start),
            context.head,
            options.make_optimizer(),
            lazy=options.uses_adam,
        )
        with reused(steps, self._trace_key(steps.network, context)) as steps:
            yield steps

    def _trace_key(self, network: Any, context: FitContext) -> Hashable | None:
        """Return everything that the traces of a network depend on, or None if that is not known."""
        return None

    def _train(
        self,
        steps: Steps,
        data: LabelledSequences,
        context: FitContext,
        *,
        n_documents: int | None = None,
        validation: LabelledSequences | None = None,
        one_pass: bool = False,
        callbacks: Sequence[Any] = (),
    ) -> dict[str, list[float]]:
        sizes: dict[str, Any] = {
            "batch_size": context.options.resolve_batch_size(n_documents or len(data)),
            "multiple": self.width_multiple,
        }
        held_out = None if validation is None else data.subset(validation.rows)
        return Trainer(steps, context.options).fit(
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
        seeds = iter(_seeds(seed)[1:])
        mask = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(ids, 0), "float32"), -1)
        words = keras.layers.Embedding(
            input_dim, embedding_dim, embeddings_initializer="zeros", trainable=trainable, name="embedding"
        )(ids)
        if self.embedding_dropout:
            words = keras.layers.Dropout(self.embedding_dropout, seed=next(seeds), name="embedding_dropout")(words)
        return self.keras_scores(words * mask, mask, n_classes, seeds, for_training=for_training)

    def _initial_vectors(self, context: FitContext, start: Member | None = None) -> np.ndarray:
        """Return the vectors of `start`, or else the pre-trained ones, or else random ones, (input_dim, embedding_dim)."""
        if isinstance(start, KerasMember):
            return start.weights_["embedding"][0]
        if context.embedding_matrix is None:
            draw = import_keras().initializers.RandomUniform(-0.05, 0.05, seed=_seeds(context.seed)[0])
            return np.array(draw((context.input_dim, context.embedding_dim)))
        standardizes = self.standardizes_vectors and context.trainable
        return _standardized(context.embedding_matrix) if standardizes else context.embedding_matrix

    def _initial_network(self, context: FitContext, vectors: np.ndarray, start: Member | None = None) -> Any:
        """Build the network with these vectors and the other weights of `start`, or else with the class priors."""
        network = self.keras_network(replace(context, input_dim=len(vectors)))
        if isinstance(start, KerasMember):
            _set_weights(network, start.weights_ | {"embedding": [vectors]})
        else:
            network.get_layer("embedding").set_weights([vectors])
            self.set_priors(network, context)
        return network

    def _trained_vectors(self, network: Any, context: FitContext, used: UsedIds, start: Member | None) -> np.ndarray:
        """Return the vectors of all ids: those of the network of the ids in use, and the initial ones of others."""
        if not context.trainable:
            return self._initial_vectors(context, start)
        vectors = network.get_layer("embedding").get_weights()[0]
        if used.are_all:
            return vectors
        initial = self._initial_vectors(context, start)  # again, rather than kept during training
        is_shared = initial is context.embedding_matrix or isinstance(start, KerasMember)
        return used.replace(initial.copy() if is_shared else initial, vectors)

    def _with_weights(self, network: Any, vectors: np.ndarray, context: FitContext, **attributes: Any) -> "KerasMember":
        """Return a fitted member with these vectors and the other weights of a network."""
        weights = {
            layer.name: layer.get_weights() for layer in network.layers if layer.weights and layer.name != "embedding"
        }
        n_classes, trainable = context.head.n_classes, context.trainable
        return self._fitted(
            weights_={"embedding": [vectors], **weights}, trainable_=trainable, n_classes_=n_classes, **attributes
        )

    def _of_first_ids(self, n_ids: int) -> dict[str, Any]:
        (vectors,) = self.weights_["embedding"]
        return {"weights_": self.weights_ | {"embedding": [vectors[:n_ids]]}, "training_state_": None}

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


def _epoch_callback(begin_epoch: Callable[[], Callable[[], bool]], steps: Steps) -> Any:
    """Return a Keras callback from a function that begins an epoch; what it returns ends the epoch, and says whether to stop."""
    ends: list[Callable[[], bool]] = []

    def end(epoch: int, logs: Any = None) -> None:
        if ends.pop()():
            steps.network.stop_training = True

    return import_keras().callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs=None: ends.append(begin_epoch()), on_epoch_end=end
    )


def _standardized(vectors: np.ndarray) -> np.ndarray:
    """Return vectors whose components have the same mean and standard deviation; words without a vector keep zeros.

    Fewer vectors than components are returned as they are.
    """
    known = vectors.any(axis=1, keepdims=True)
    n_known = np.count_nonzero(known)
    if n_known < vectors.shape[1]:
        return vectors
    result = vectors - vectors.mean(axis=0, where=known)
    result *= known  # in place, as this is a large array
    deviation = np.sqrt(np.einsum("ij,ij->j", result, result) / n_known)
    result *= _DEVIATION / np.maximum(deviation, _SMALLEST_DEVIATION)
    return result


def _seeds(seed: int) -> list[int]:
    """Return the seeds of the initial vectors, and of the layers after them."""
    return np.random.SeedSequence(seed).generate_state(64).tolist()


def _set_weights(network: Any, weights: dict[str, list[np.ndarray]]) -> None:
    # In order, since unnamed layers of a user-defined function are numbered by a global counter.
    layers = [layer for layer in network.layers if layer.weights]
    for layer, arrays in zip(layers, weights.values(), strict=True):
        layer.set_weights(arrays)
