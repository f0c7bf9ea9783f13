"""Training of a Keras network: epochs, early stopping, learning rate schedule, progress bar."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np

from skglove.training.backend import import_keras
from skglove.training.batches import Batches
from skglove.training.embedding import LazyEmbedding, rows_as_input

# Fractions of the steps of warm-up and decay.
_WARM_UP, _DECAY = 0.05, 0.4
# Keras' optimizers whose `update_step` does nothing for all variables together; Nadam, for one, does.
_PLAIN_OPTIMIZERS = ("SGD", "RMSprop", "Adam", "Adamax", "Adagrad", "Adadelta", "Ftrl", "Lion")
_BATCH_SIZES = 16, 64  # minimum and maximum for "auto"


@dataclass(frozen=True)
class TrainingOptions:
    """Parameters of training; see `ConvTextClassifier`."""

    optimizer: Any
    learning_rate: float
    learning_rate_schedule: str
    epochs: int
    batch_size: int | str
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: int
    callbacks: Sequence[Any] | None
    dtype_policy: str
    verbose: int

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> "TrainingOptions":
        """Select the options from the parameters of a classifier."""
        return cls(**{field.name: parameters[field.name] for field in fields(cls)})

    @property
    def optimizer_settings(self) -> str:
        """The settings of the optimizer as text, to detect changes."""
        if isinstance(self.optimizer, str):
            return f"{self.optimizer} {self.learning_rate}"
        return str(self.optimizer.get_config())

    def resolve_batch_size(self, n_documents: int) -> int:
        """Return the number of documents per batch.

        Parameters
        ----------
        n_documents : int
            Number of documents per epoch.
        """
        if isinstance(self.batch_size, str):
            return int(np.clip(2 ** round(np.log2(n_documents / 32)), *_BATCH_SIZES))
        return self.batch_size


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


class Trainer:
    """Trains one Keras network.

    Parameters
    ----------
    network : keras.Model
        From ids to logits, with a layer named "embedding". Changed in place.
    objective : Objective
    options : TrainingOptions
    state : list of ndarray, optional
        The result of `state` for the same optimizer, to continue from. It is ignored if its shapes differ, because other
        weights are trained or dropout has been turned on or off since.
    """

    def __init__(
        self, network: Any, objective: Objective, options: TrainingOptions, state: list[np.ndarray] | None = None
    ) -> None:
        self._keras = import_keras()
        self._network, self._objective, self._options = network, objective, options
        embedding = network.get_layer("embedding")
        self._optimizer = self._make_optimizer()
        is_lazy = isinstance(options.optimizer, str) and options.optimizer.lower() == "adam" and embedding.trainable
        network.compile(self._optimizer, loss=objective.keras_loss())  # Keras' callbacks expect them there
        lazy_variables = embedding.trainable_variables if is_lazy else []
        self._variables = [v for v in network.trainable_variables if all(v is not other for other in lazy_variables)]
        self._optimizer.build(self._variables)
        self._lazy = LazyEmbedding(embedding, self._optimizer) if is_lazy else None
        self._behind_embedding = rows_as_input(network) if is_lazy else None
        variables = self._state_variables()
        if state is not None and [tuple(variable.shape) for variable in variables] == [value.shape for value in state]:
            for variable, value in zip(variables, state, strict=True):
                variable.assign(value)

    def _make_optimizer(self) -> Any:
        optimizer, optimizers = self._options.optimizer, self._keras.optimizers
        if isinstance(optimizer, str):
            config = {"learning_rate": self._options.learning_rate}
            return optimizers.get({"class_name": optimizer, "config": config})
        return type(optimizer).from_config(optimizer.get_config())

    def _state_variables(self) -> list[Any]:
        """Return all variables besides the weights: those of the optimizer, and the seeds of dropout."""
        weights = {id(weight) for weight in self._network.weights}
        seeds = [variable for variable in self._network.variables if id(variable) not in weights]
        return [*self._optimizer.variables, *seeds, *(self._lazy.moments if self._lazy else [])]

    def state(self) -> list[np.ndarray]:
        """Return the state that is required to continue training, besides the weights."""
        return [np.asarray(variable) for variable in self._state_variables()]

    def fit(
        self,
        training: Batches,
        validation: Batches | None,
        *,
        one_pass: bool = False,
        callbacks: Sequence[Any] = (),
    ) -> dict[str, list[float]]:
        """Train the network.

        Parameters
        ----------
        training : Batches
        validation : Batches or None
            Held-out documents for the validation loss and early stopping.
        one_pass : bool, default=False
            Whether to train for one epoch at a constant learning rate, for `partial_fit`.
        callbacks : sequence of keras.callbacks.Callback, default=()
            In addition to those of the options, and called after them.

        Returns
        -------
        dict of str to list of float
            The loss and accuracy of each epoch, with the prefix ``val_`` for `validation`.

        Raises
        ------
        TypeError
            If a callback is not a Keras callback.
        ValueError
            If the loss becomes infinite or NaN.
        """
        from tqdm.auto import tqdm

        of_user = list(self._options.callbacks or [])
        for callback in of_user:
            if not isinstance(callback, self._keras.callbacks.Callback):
                raise TypeError(f"callbacks must be Keras callbacks (keras.callbacks.Callback); got {callback!r:.60}.")
        epochs = 1 if one_pass else self._options.epochs
        history = self._keras.callbacks.History()
        own = [history, *self._own_callbacks(epochs * len(training), validation is not None, one_pass)]
        with tqdm(total=epochs * len(training), disable=not self._options.verbose, unit="batch", desc="fit") as bar:
            if self._options.verbose:
                own.append(_progress(self._keras, bar, epochs))
            listeners = self._keras.callbacks.CallbackList(
                [*own, *of_user, *callbacks], model=self._network, epochs=epochs, steps=len(training)
            )
            try:
                self._run_epochs(training, validation, epochs, listeners)
            finally:
                for callback in of_user:  # the callbacks are parameters, and pickles must not contain a Keras model
                    callback.set_model(None)
        return {name: [float(value) for value in values] for name, values in history.history.items()}

    def _own_callbacks(self, n_steps: int, has_validation: bool, one_pass: bool) -> list[Any]:
        options, callbacks = self._options, self._keras.callbacks
        own: list[Any] = []
        if options.early_stopping and has_validation:
            own.append(
                callbacks.EarlyStopping("val_loss", patience=options.n_iter_no_change, restore_best_weights=True)
            )
        setters = callbacks.LearningRateScheduler, callbacks.ReduceLROnPlateau
        rate_is_fixed = one_pass or options.learning_rate_schedule == "constant"
        rate_is_set = any(isinstance(callback, setters) for callback in options.callbacks or [])
        if isinstance(options.optimizer, str) and not rate_is_fixed and not rate_is_set:
            own.append(_scheduled_rate(self._keras, self._optimizer, n_steps))
        return own

    def _run_epochs(self, training: Batches, validation: Batches | None, epochs: int, listeners: Any) -> None:
        step = self._training_step()
        assess = None if validation is None else self._trace(self._assess)
        self._network.stop_training = False
        listeners.on_train_begin()
        logs: dict[str, float] = {}
        for epoch in range(epochs):
            listeners.on_epoch_begin(epoch)
            logs = _run_batches(step, training, listeners)
            if not np.isfinite(logs["loss"]):
                raise ValueError(
                    f"The loss became {logs['loss']} in epoch {epoch + 1}: training diverged. Decrease learning_rate, and check "
                    "user-defined architectures for a division by zero."
                )
            if validation is not None:
                logs |= {f"val_{name}": value for name, value in _run_batches(assess, validation).items()}
            listeners.on_epoch_end(epoch, logs)
            if self._network.stop_training:
                break
        listeners.on_train_end(logs)

    def _training_step(self) -> Callable:
        optimizer = self._optimizer
        if self._lazy is not None or _is_plain(optimizer):
            return self._trace(self._update)
        gradients = self._trace(self._gradients)

        def step(*batch: np.ndarray) -> Any:
            sums, values, _ = gradients(*batch)
            # Not traced, since TensorFlow never frees a trace of `apply` and the weights that it captures.
            optimizer.apply(values, self._variables)
            return sums

        return step

    def _trace(self, step: Callable) -> Any:
        """Trace a step once for batches of any size and width."""
        import tensorflow as tf

        signature = (
            tf.TensorSpec((None, None), tf.int32),
            tf.TensorSpec((None, *self._objective.target_shape), tf.int32),
            tf.TensorSpec((None,), tf.float32),
        )
        return tf.function(step).get_concrete_function(*signature)

    def _gradients(self, ids: Any, y: Any, weights: Any) -> tuple[Any, list[Any], Any]:
        """Return the sums of a batch, and the gradients of the variables and of the rows of a lazy embedding."""
        import tensorflow as tf

        rows = [] if self._lazy is None else [self._lazy.read(ids)]
        network = self._behind_embedding or self._network
        with tf.GradientTape() as tape:
            tape.watch(rows)
            sums = self._sums(network([ids, *rows] if rows else ids, training=True), y, weights)
            loss = sums[0] / tf.cast(tf.size(weights), tf.float32) + sum(network.losses)
            scaled = self._optimizer.scale_loss(loss)
        zeros = tf.UnconnectedGradients.ZERO
        of_variables, of_rows = tape.gradient(scaled, (self._variables, rows), unconnected_gradients=zeros)
        # Converted to dense tensors, since repeated rows of sparse gradients are added in a random order.
        return sums, [tf.convert_to_tensor(gradient) for gradient in of_variables], of_rows

    def _update(self, ids: Any, y: Any, weights: Any) -> Any:
        """Compute gradients and update the weights in one trace, which is twice as fast as two traces."""
        import tensorflow as tf

        sums, of_variables, of_rows = self._gradients(ids, y, weights)
        learning_rate = tf.convert_to_tensor(self._optimizer.learning_rate)
        for variable, gradient in zip(self._variables, of_variables, strict=True):
            self._optimizer.update_step(gradient, variable, learning_rate)
        if self._lazy is not None:
            self._lazy.update(ids, of_rows[0], learning_rate)
        self._optimizer.iterations.assign_add(1)
        return sums

    def _assess(self, ids: Any, y: Any, weights: Any) -> Any:
        return self._sums(self._network(ids, training=False), y, weights)

    def _sums(self, logits: Any, y: Any, weights: Any) -> Any:
        """Return the weighted sums of the loss, of correct predictions, and of 1."""
        ops = self._keras.ops
        logits = ops.cast(logits, "float32")  # they are not with mixed precision
        loss = self._objective.losses(ops, y, logits)
        hits = ops.cast(self._objective.hits(ops, y, logits), "float32")
        return ops.stack([ops.sum(weights * value) for value in (loss, hits, ops.ones_like(loss))])


def _run_batches(step: Any, batches: Batches, listeners: Any = None) -> dict[str, float]:
    """Run a step on each batch; return the weighted means of loss and accuracy."""
    total, logs = np.zeros(3), {}
    for i, batch in enumerate(batches):
        if listeners is not None:
            listeners.on_train_batch_begin(i)
        total += np.array(step(*batch))
        logs = {"loss": float(total[0] / total[2]), "accuracy": float(total[1] / total[2])}
        if listeners is not None:
            listeners.on_train_batch_end(i, logs)
    return logs


def _is_plain(optimizer: Any) -> bool:
    """Return whether an optimizer only uses `update_step`, without clipping, averaging, weight decay or scaling."""
    extras = ("clipnorm", "clipvalue", "global_clipnorm", "weight_decay", "use_ema", "loss_scale_factor")
    settings = optimizer.get_config()
    return type(optimizer) in [getattr(import_keras().optimizers, name) for name in _PLAIN_OPTIMIZERS] and not any(
        settings.get(name) for name in (*extras, "gradient_accumulation_steps")
    )


def _scheduled_rate(keras: Any, optimizer: Any, n_steps: int) -> Any:
    """Set the learning rate of each step: warm-up, stable, decay (Hu et al. 2024, MiniCPM)."""
    highest, steps = float(optimizer.learning_rate), itertools.count(1)

    def set_rate(batch: int, logs: Any = None) -> None:
        done = next(steps) / (n_steps + 1)
        optimizer.learning_rate = highest * min(1, done / _WARM_UP, (1 - done) / _DECAY)

    return keras.callbacks.LambdaCallback(on_train_batch_begin=set_rate)


def _progress(keras: Any, bar: Any, epochs: int) -> Any:
    latest: dict[str, str] = {}

    def show(epoch: int, logs: dict[str, float]) -> None:
        latest.update({name: f"{value:.3f}" for name, value in logs.items()}, epoch=f"{epoch + 1}/{epochs}")
        bar.set_postfix(latest)

    return keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: bar.update(), on_epoch_end=show)
