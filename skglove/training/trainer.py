"""Training of a Keras network: epochs, early stopping, learning rate schedule, progress bar."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skglove._keras import import_keras
from skglove.progress import progress_bar
from skglove.training.batches import Batches
from skglove.training.keras_callbacks import lent
from skglove.training.steps import Steps

# Fractions of the steps of warm-up and decay.
_WARM_UP, _DECAY = 0.05, 0.4
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

    @property
    def uses_adam(self) -> bool:
        """Whether the optimizer is Keras' Adam with its defaults."""
        return isinstance(self.optimizer, str) and self.optimizer.lower() == "adam"

    def leaves_other_ids(self, trainable: bool) -> bool:
        """Return whether the network can do without the ids that no document contains.

        Callbacks expect a network for all ids, and other optimizers may change the vectors of all, for example by weight decay.

        Parameters
        ----------
        trainable : bool
            Whether vectors are trained.
        """
        return not self.callbacks and (self.uses_adam or not trainable)

    def make_optimizer(self) -> Any:
        """Return a new Keras optimizer."""
        if isinstance(self.optimizer, str):
            config = {"learning_rate": self.learning_rate}
            return import_keras().optimizers.get({"class_name": self.optimizer, "config": config})
        return type(self.optimizer).from_config(self.optimizer.get_config())

    def resolve_batch_size(self, n_documents: int) -> int:
        """Return the number of documents per batch.

        Parameters
        ----------
        n_documents : int
            Number of documents per epoch; in `partial_fit`, of all calls.
        """
        if isinstance(self.batch_size, str):
            return int(np.clip(2 ** round(np.log2(n_documents / 32)), *_BATCH_SIZES))
        return self.batch_size


class Trainer:
    """Trains one Keras network.

    Parameters
    ----------
    steps : Steps
    options : TrainingOptions
    """

    def __init__(self, steps: Steps, options: TrainingOptions) -> None:
        self._keras = import_keras()
        self._steps, self._options = steps, options

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
            Whether to train for one epoch at a constant learning rate, the mean of the schedule, for `partial_fit`.
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
        of_user = list(self._options.callbacks or [])
        for callback in of_user:
            if not isinstance(callback, self._keras.callbacks.Callback):
                raise TypeError(f"callbacks must be Keras callbacks (keras.callbacks.Callback); got {callback!r:.60}.")
        epochs = 1 if one_pass else self._options.epochs
        history = self._keras.callbacks.History()
        own = [history, *self._own_callbacks(epochs * len(training), validation is not None, one_pass)]
        with progress_bar(epochs * len(training), shown=self._options.verbose, unit="batch", desc="fit") as bar:
            if self._options.verbose:
                own.append(_progress(self._keras, bar, epochs))
            with lent([*of_user, *callbacks], self._steps.network):
                listeners = self._keras.callbacks.CallbackList(
                    [*own, *of_user, *callbacks], model=self._steps.network, epochs=epochs, steps=len(training)
                )
                self._run_epochs(training, validation, epochs, listeners)
        return {name: [float(value) for value in values] for name, values in history.history.items()}

    def _own_callbacks(self, n_steps: int, has_validation: bool, one_pass: bool) -> list[Any]:
        options, callbacks = self._options, self._keras.callbacks
        own: list[Any] = []
        if options.early_stopping and has_validation:
            own.append(
                callbacks.EarlyStopping("val_loss", patience=options.n_iter_no_change, restore_best_weights=True)
            )
        setters = callbacks.LearningRateScheduler, callbacks.ReduceLROnPlateau
        rate_is_set = any(isinstance(callback, setters) for callback in options.callbacks or [])
        if rate_is_set or not isinstance(options.optimizer, str):
            return own
        has_schedule = options.learning_rate_schedule != "constant"
        if one_pass:  # the number of steps is not known
            mean = 1 - (_WARM_UP + _DECAY) / 2
            self._steps.optimizer.learning_rate = options.learning_rate * (mean if has_schedule else 1)
        elif has_schedule:
            own.append(_scheduled_rate(self._keras, self._steps.optimizer, n_steps))
        return own

    def _run_epochs(self, training: Batches, validation: Batches | None, epochs: int, listeners: Any) -> None:
        self._steps.network.stop_training = False
        listeners.on_train_begin()
        logs: dict[str, float] = {}
        for epoch in range(epochs):
            listeners.on_epoch_begin(epoch)
            logs = _run_batches(self._steps.update, training, listeners)
            if not np.isfinite(logs["loss"]):
                raise diverged(f"The loss became {logs['loss']} in epoch {epoch + 1}")
            if validation is not None:
                logs |= {f"val_{name}": value for name, value in _run_batches(self._steps.assess, validation).items()}
            listeners.on_epoch_end(epoch, logs)
            if self._steps.network.stop_training:
                break
        listeners.on_train_end(logs)


def diverged(observation: str) -> ValueError:
    """Return the error of a training that did not end in finite numbers."""
    return ValueError(
        f"{observation}: training diverged. Decrease learning_rate, and check user-defined architectures for a division by zero."
    )


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
