"""The training step of a Keras network: gradients and updates, traced by TensorFlow."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from skglove._keras import import_keras
from skglove.training.embedding import LazyEmbedding, rows_as_input

# Keras' optimizers whose `update_step` does nothing for all variables together; Nadam, for one, does.
_PLAIN_OPTIMIZERS = ("SGD", "RMSprop", "Adam", "Adamax", "Adagrad", "Adadelta", "Ftrl", "Lion")


class Objective(Protocol):
    """The loss and the accuracy."""

    @property
    def target_shape(self) -> tuple[int, ...]:
        """The shape of one document's target."""

    def keras_loss(self) -> Any:
        """Return a Keras loss of logits."""

    def losses(self, ops: Any, y: Any, logits: Any) -> Any:
        """Return the loss of each document."""

    def hits(self, ops: Any, y: Any, logits: Any) -> Any:
        """Return 1 for each document that is classified correctly, and 0 for the others."""


class Steps:
    """The steps of training one network.

    Parameters
    ----------
    network : keras.Model
        From ids to logits, with a layer named "embedding". Changed in place.
    objective : Objective
    optimizer : keras.optimizers.Optimizer
        Changed in place.
    lazy : bool
        Whether only the rows of a batch are updated, if the embedding is trained; `optimizer` is Adam then.

    Attributes
    ----------
    network : keras.Model
    optimizer : keras.optimizers.Optimizer
    """

    def __init__(self, network: Any, objective: Objective, optimizer: Any, *, lazy: bool) -> None:
        self._keras = import_keras()
        self.network, self.optimizer, self._objective = network, optimizer, objective
        embedding = network.get_layer("embedding")
        lazy = lazy and embedding.trainable
        network.compile(optimizer, loss=objective.keras_loss())  # Keras' callbacks expect them there
        lazy_variables = embedding.trainable_variables if lazy else []
        self._variables = [v for v in network.trainable_variables if all(v is not other for other in lazy_variables)]
        optimizer.build(self._variables)
        self._lazy = LazyEmbedding(embedding, optimizer) if lazy else None
        self._behind_embedding = rows_as_input(network) if lazy else None
        self._traces: dict[str, Any] = {}

    def state_variables(self) -> list[Any]:
        """Return all variables besides the weights: those of the optimizer, and the seeds of dropout."""
        weights = {id(weight) for weight in self.network.weights}
        seeds = [variable for variable in self.network.variables if id(variable) not in weights]
        return [*self.optimizer.variables, *seeds, *(self._lazy.moments if self._lazy else [])]

    def variables(self) -> list[Any]:
        """Return all variables."""
        return [*self.network.weights, *self.state_variables()]

    def n_bytes(self) -> int:
        """Return the size of all variables."""
        return sum(4 * int(np.prod(variable.shape)) for variable in self.variables())

    def release(self) -> None:
        """Drop the network and its traces, which cannot be used any more."""
        self.network = self._lazy = self._behind_embedding = None
        self._variables = []
        self._traces.clear()

    def weights(self) -> list[np.ndarray]:
        """Return copies of the weights that are trained."""
        return _values(self.network.trainable_weights)

    def assign_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Assign the weights that are trained.

        Parameters
        ----------
        weights : sequence of ndarray
        """
        for variable, value in zip(self.network.trainable_weights, weights, strict=True):
            variable.assign(value)

    def state(self) -> list[np.ndarray]:
        """Return what is required to continue training, besides the weights that are not trained."""
        return [*self.weights(), *_values(self.state_variables())]

    def continue_from(self, state: list[np.ndarray]) -> bool:
        """Assign the state of other steps.

        Parameters
        ----------
        state : list of ndarray
            The result of `state`.

        Returns
        -------
        bool
            False if nothing was assigned since shapes differ, because other weights are trained or dropout has been turned on or
            off.
        """
        variables = [*self.network.trainable_weights, *self.state_variables()]
        fits = [tuple(variable.shape) for variable in variables] == [value.shape for value in state]
        if fits:
            for variable, value in zip(variables, state, strict=True):
                variable.assign(value)
        return fits

    def update(self, *batch: np.ndarray) -> Any:
        """Update the weights.

        Parameters
        ----------
        *batch : ndarray
            Ids (n, width), int32; targets (n, ...), int32; weights (n,), float32.

        Returns
        -------
        tensor of shape (3,)
            The weighted sums of the loss, of correct predictions, and of 1.
        """
        if self._lazy is not None or _is_plain(self.optimizer):
            return self._traced(self._update)(*batch)
        sums, values, _ = self._traced(self._gradients)(*batch)
        # Not traced, since TensorFlow never frees a trace of `apply` and the weights that it captures.
        self.optimizer.apply(values, self._variables)
        return sums

    def assess(self, *batch: np.ndarray) -> Any:
        """Return the same sums as `update`, of documents that are not trained on."""
        return self._traced(self._assess)(*batch)

    def _traced(self, step: Callable) -> Any:
        """Trace a step once for batches of any size and width."""
        name = step.__name__
        if name not in self._traces:
            self._traces[name] = self._trace(step)
        return self._traces[name]

    def _trace(self, step: Callable) -> Any:
        import tensorflow as tf

        signature = (
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None, *self._objective.target_shape), tf.int32),
            tf.TensorSpec((None,), tf.float32),
        )
        return tf.function(step, autograph=False).get_concrete_function(*signature)

    def _gradients(self, ids: Any, y: Any, weights: Any) -> tuple[Any, list[Any], Any]:
        """Return the sums of a batch, and the gradients of the variables and of the rows of a lazy embedding."""
        import tensorflow as tf

        rows = [] if self._lazy is None else [self._lazy.read(ids)]
        network = self._behind_embedding or self.network
        with tf.GradientTape() as tape:
            tape.watch(rows)
            sums = self._sums(network([ids, *rows] if rows else ids, training=True), y, weights)
            loss = sums[0] / tf.cast(tf.size(weights), tf.float32) + sum(network.losses)
            scaled = self.optimizer.scale_loss(loss)
        zeros = tf.UnconnectedGradients.ZERO
        of_variables, of_rows = tape.gradient(scaled, (self._variables, rows), unconnected_gradients=zeros)
        # Converted to dense tensors, since repeated rows of sparse gradients are added in a random order.
        return sums, [tf.convert_to_tensor(gradient) for gradient in of_variables], of_rows

    def _update(self, ids: Any, y: Any, weights: Any) -> Any:
        """Compute gradients and update the weights in one trace, which is twice as fast as two traces."""
        import tensorflow as tf

        sums, of_variables, of_rows = self._gradients(ids, y, weights)
        learning_rate = tf.convert_to_tensor(self.optimizer.learning_rate)
        for variable, gradient in zip(self._variables, of_variables, strict=True):
            self.optimizer.update_step(gradient, variable, learning_rate)
        if self._lazy is not None:
            self._lazy.update(ids, of_rows[0], learning_rate)
        self.optimizer.iterations.assign_add(1)
        return sums

    def _assess(self, ids: Any, y: Any, weights: Any) -> Any:
        return self._sums(self.network(ids, training=False), y, weights)

    def _sums(self, logits: Any, y: Any, weights: Any) -> Any:
        """Return the weighted sums of the loss, of correct predictions, and of 1."""
        ops = self._keras.ops
        logits = ops.cast(logits, "float32")  # they are not with mixed precision
        loss = self._objective.losses(ops, y, logits)
        hits = ops.cast(self._objective.hits(ops, y, logits), "float32")
        return ops.stack([ops.sum(weights * value) for value in (loss, hits, ops.ones_like(loss))])


def _values(variables: Sequence[Any]) -> list[np.ndarray]:
    # Copies of arrays, but scalars of numbers. NumPy's own conversion of Keras' variables is deprecated.
    return [np.asarray(variable.numpy()) for variable in variables]


def _is_plain(optimizer: Any) -> bool:
    """Return whether an optimizer only uses `update_step`, without clipping, averaging, weight decay or scaling."""
    extras = ("clipnorm", "clipvalue", "global_clipnorm", "weight_decay", "use_ema", "loss_scale_factor")
    settings = optimizer.get_config()
    return type(optimizer) in [getattr(import_keras().optimizers, name) for name in _PLAIN_OPTIMIZERS] and not any(
        settings.get(name) for name in (*extras, "gradient_accumulation_steps")
    )
