"""Fitting a network: the loop over epochs, early stopping, the progress bar."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from skglove.backend import import_keras
from skglove.batches import TrainingSet
from skglove.optimizer import lazy_adam

# Shares of the steps in which the learning rate rises to its height, and in which it falls to 0.
_WARM_UP, _DECAY = 0.05, 0.4


def compile_network(network: Any, optimizer: Any, learning_rate: float) -> None:
    """Give a network its optimizer, where Keras' callbacks look for it.

    Parameters
    ----------
    network : keras.Model
        From ids to logits.
    optimizer : str or keras.optimizers.Optimizer
        The name of a Keras optimizer, which gets `learning_rate`, or an optimizer, of which a fresh copy is used as it is.
    learning_rate : float
    """
    keras = import_keras()
    if isinstance(optimizer, str) and optimizer.lower() == "adam":
        optimizer = lazy_adam(learning_rate=learning_rate)
    elif isinstance(optimizer, str):
        optimizer = keras.optimizers.get({"class_name": optimizer, "config": {"learning_rate": learning_rate}})
    else:
        optimizer = type(optimizer).from_config(optimizer.get_config())
    network.compile(optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    optimizer.build(network.trainable_variables)


def train(
    network: Any,
    training: TrainingSet,
    validation: TrainingSet | None,
    *,
    epochs: int,
    n_iter_no_change: int | None,
    callbacks: Sequence[Any],
    verbose: int,
    scheduled: bool = False,
) -> dict[str, list[float]]:
    """Train a compiled network.

    Parameters
    ----------
    network : keras.Model
        Changed in place.
    training : TrainingSet
    validation : TrainingSet or None
        What to report loss and accuracy on after each epoch.
    epochs : int
    n_iter_no_change : int or None
        If given, training stops when the loss on `validation` has not fallen for so many epochs, and the weights of the best
        epoch are kept.
    callbacks : sequence of keras.callbacks.Callback
    verbose : int
        0 is silent, anything else shows one progress bar over all epochs.
    scheduled : bool
        Whether the learning rate rises in the first steps and falls to 0 in the last ones, unless one of the callbacks sets it.

    Returns
    -------
    dict of str to list of float
        One value an epoch for the loss and accuracy, with ``val_`` before their names for those of `validation`.
    """
    from tqdm.auto import tqdm

    keras = import_keras()
    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(f"callbacks must be Keras callbacks (keras.callbacks.Callback); got {callback!r:.60}.")
    history = keras.callbacks.History()
    own = [history]
    if n_iter_no_change is not None:
        own.append(keras.callbacks.EarlyStopping("val_loss", patience=n_iter_no_change, restore_best_weights=True))
    setters = keras.callbacks.LearningRateScheduler, keras.callbacks.ReduceLROnPlateau
    if scheduled and not any(isinstance(callback, setters) for callback in callbacks):
        own.append(_scheduled_rate(keras, network.optimizer, epochs * training.n_batches))
    with tqdm(total=epochs * training.n_batches, disable=not verbose, unit="batch", desc="fit") as bar:
        if verbose:
            own.append(_progress(keras, bar, epochs))
        listeners = keras.callbacks.CallbackList(
            [*own, *callbacks], model=network, epochs=epochs, steps=training.n_batches
        )
        try:
            _run_epochs(network, training, validation, epochs, listeners)
        finally:
            for callback in callbacks:  # they belong to the caller, whose pickles should not hold a Keras model
                callback.set_model(None)
    return {name: [float(value) for value in values] for name, values in history.history.items()}


def _run_epochs(
    network: Any, training: TrainingSet, validation: TrainingSet | None, epochs: int, listeners: Any
) -> None:
    with _rows_read_alone(network):
        step = _training_step(network)
    assess = None if validation is None else _trace(_assessment(network))
    network.stop_training = False
    listeners.on_train_begin()
    logs: dict[str, float] = {}
    for epoch in range(epochs):
        listeners.on_epoch_begin(epoch)
        logs = _run_batches(step, training, listeners)
        if not np.isfinite(logs["loss"]):
            raise ValueError(
                f"The loss became {logs['loss']} in epoch {epoch + 1}: training diverged. Lower learning_rate; with an "
                "architecture of your own, look for a division by zero."
            )
        if assess is not None:
            logs |= {f"val_{name}": value for name, value in _run_batches(assess, validation).items()}
        listeners.on_epoch_end(epoch, logs)
        if network.stop_training:
            break
    listeners.on_train_end(logs)


def _run_batches(step: Any, data: Any, listeners: Any = None) -> dict[str, float]:
    """Go through the batches once; return the weighted means of loss and accuracy."""
    total, logs = np.zeros(3), {}
    for i, batch in enumerate(data.batches()):
        if listeners is not None:
            listeners.on_train_batch_begin(i)
        total += np.array(step(*batch))
        logs = {"loss": float(total[0] / total[2]), "accuracy": float(total[1] / total[2])}
        if listeners is not None:
            listeners.on_train_batch_end(i, logs)
    return logs


def _trace(step: Any) -> Any:
    """Trace a step once for batches of any size and width."""
    import tensorflow as tf

    signature = (
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None,), tf.int32),
        tf.TensorSpec((None,), tf.float32),
    )
    return tf.function(step).get_concrete_function(*signature)


@contextlib.contextmanager
def _rows_read_alone(network: Any) -> Iterator[None]:
    """Let what is traced in here read only those rows of a trained embedding that the batch needs.

    Keras reads the whole matrix and takes the rows from that. Once TensorFlow has updated single rows of a variable, reading it
    whole makes a copy.
    """
    import tensorflow as tf

    embedding = network.get_layer("embedding")
    if not (embedding.trainable and getattr(network.optimizer, "takes_rows", False)):
        yield
        return
    embedding.call = lambda ids: tf.cast(tf.gather(embedding.embeddings.value, ids), embedding.compute_dtype)
    try:
        yield
    finally:
        del embedding.call


def _gradients(network: Any) -> Any:
    import tensorflow as tf

    takes_rows = getattr(network.optimizer, "takes_rows", False)

    def compute(ids: Any, y: Any, weights: Any) -> Any:
        with tf.GradientTape() as tape:
            sums = _sums(network(ids, training=True), y, weights)
            loss = sums[0] / tf.cast(tf.size(y), tf.float32) + sum(network.losses)
            scaled = network.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, network.trainable_variables)
        # Made dense in one sum: scattered into place, the rows of a word that occurs twice are added in an order that varies.
        return sums, gradients if takes_rows else [tf.convert_to_tensor(gradient) for gradient in gradients]

    return compute


def _training_step(network: Any) -> Any:
    compute, optimizer = _gradients(network), network.optimizer
    if _is_plain(optimizer):
        return _trace(_updating(network, compute))
    gradients = _trace(compute)

    def step(*batch: np.ndarray) -> Any:
        sums, values = gradients(*batch)
        # Not part of the trace: a trace with an optimizer's `apply` in it is never freed, nor are the weights it captured.
        optimizer.apply(values, network.trainable_variables)
        return sums

    return step


def _is_plain(optimizer: Any) -> bool:
    """Tell whether an optimizer's `update_step` is all that it does: no clipping, averaging, decay of weights or scaling."""
    extras = ("clipnorm", "clipvalue", "global_clipnorm", "weight_decay", "use_ema", "loss_scale_factor")
    settings = optimizer.get_config()
    return (
        type(optimizer).__module__.startswith(("keras.", "skglove."))
        and "inner_optimizer" not in settings
        and not any(settings.get(name) for name in (*extras, "gradient_accumulation_steps"))
    )


def _updating(network: Any, compute: Any) -> Any:
    """Return a step that computes gradients and updates the weights in one trace, which takes half the time."""
    optimizer, variables = network.optimizer, network.trainable_variables

    def step(ids: Any, y: Any, weights: Any) -> Any:
        import tensorflow as tf

        sums, gradients = compute(ids, y, weights)
        rate = tf.convert_to_tensor(optimizer.learning_rate)
        for variable, gradient in zip(variables, gradients, strict=True):
            optimizer.update_step(gradient, variable, rate)
        optimizer.iterations.assign_add(1)
        return sums

    return step


def _assessment(network: Any) -> Any:
    return lambda ids, y, weights: _sums(network(ids, training=False), y, weights)


def _sums(logits: Any, y: Any, weights: Any) -> Any:
    """Return the weighted sums of loss, of right answers and of nothing else: the weights themselves."""
    import tensorflow as tf

    logits = tf.cast(logits, tf.float32)  # under a policy of mixed precision they are not
    loss = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
    right = tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == y, tf.float32)
    return tf.stack([tf.reduce_sum(weights * value) for value in (loss, right, tf.ones_like(loss))])


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
