"""The import of Keras, without TensorFlow's start-up messages and without side effects on the process."""

import contextlib
import itertools
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Set while TensorFlow is imported, by TensorFlow and below; other threads may set other variables meanwhile.
_VARIABLES = (
    _LEVEL,
    "ENABLE_RUNTIME_UPTIME_TELEMETRY",
    "HDF5_PLUGIN_PATH",
    "TF2_BEHAVIOR",
    "TPU_ML_PLATFORM",
    "TPU_ML_PLATFORM_VERSION",
)
_MESSAGES = re.compile(
    rb"[IWE]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IWE] |WARNING: All log messages|To enable the following"
)
_lock = threading.RLock()
_process: int | None = None  # the id of the process that uses TensorFlow


def import_keras() -> ModuleType:
    """Import TensorFlow and return Keras.

    On its first import, TensorFlow's native code writes notes about the processor and missing GPUs to file descriptor 2. They are
    suppressed unless ``TF_CPP_MIN_LOG_LEVEL`` is set or other threads run. The environment and the warning filters are restored.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If TensorFlow is not installed.
    RuntimeError
        If Keras uses another backend than TensorFlow, if its weights are not float32, or if this process was forked from one that
        uses it.
    """
    if _process not in (None, os.getpid()):
        raise RuntimeError(
            "TensorFlow does not work in this process, since it was forked from one that uses TensorFlow. Start processes with "
            "the method 'spawn' or 'forkserver' of multiprocessing, or with joblib's backend 'loky'."
        )
    if _process is None:  # an interrupt at an unlucky moment leaves a lock acquired, so it is not taken again later
        with _lock:
            _import_first()
    import keras

    # Both can also be set in Keras' configuration file.
    _check_backend(keras.config.backend())
    _check_precision(keras.config)
    return keras


def _import_first() -> None:
    global _process
    _check_backend(os.environ.get("KERAS_BACKEND", "tensorflow"))  # before TensorFlow imports Keras
    if "tensorflow" not in sys.modules:
        if not find_spec("tensorflow"):
            raise ImportError(
                "Training and other uses of Keras require TensorFlow, which is not installed: pip install tensorflow. "
                "Prediction with the built-in architectures works without it."
            )
        with _environment_restored(), warnings.catch_warnings():
            _import_tensorflow()
    import keras  # noqa: F401

    _process = os.getpid()


def _import_tensorflow() -> None:
    if _LEVEL in os.environ:
        import tensorflow
    else:
        os.environ[_LEVEL] = "3"  # read only once, by the first message
        # A process that another thread starts meanwhile would inherit the redirected descriptor.
        with _messages_held_back() if threading.active_count() == 1 else contextlib.nullcontext():
            import tensorflow

            tensorflow.config.list_logical_devices()  # writes the last notes


def _check_backend(backend: str) -> None:
    if backend != "tensorflow":
        raise RuntimeError(
            f"Keras uses the backend {backend!r}, but skglove requires TensorFlow. "
            "Set KERAS_BACKEND=tensorflow before Keras is imported."
        )


def _check_precision(config: ModuleType) -> None:
    floatx, policy = config.floatx(), config.dtype_policy()
    if not floatx == policy.variable_dtype == "float32":
        raise RuntimeError(
            f"Keras' floatx is {floatx!r} and its dtype policy {policy.name!r}, but skglove requires weights of float32. Call "
            "keras.config.set_floatx('float32') and keras.config.set_dtype_policy('float32'); dtype_policy='mixed_bfloat16' of "
            "ConvTextClassifier makes training faster."
        )


@contextlib.contextmanager
def _environment_restored() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _VARIABLES}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _messages_held_back() -> Iterator[None]:
    """Redirect descriptor 2, and write all lines that are not TensorFlow's notes to it afterwards."""
    try:
        stderr = os.dup(2)
    except OSError:  # a process without stderr
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            rest = b"".join(line for line in held if not _MESSAGES.match(line))
            if rest:
                os.write(2, rest)


class KerasOps:
    """`keras.ops`, with Embedding layers for tables, since `keras.ops` would store tables in the model's configuration."""

    def __init__(self) -> None:
        self._keras = import_keras()
        self._names = (f"table_{i}" for i in itertools.count())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._keras.ops, name)

    def take(self, table: np.ndarray, indices: Any, axis: int = 0) -> Any:
        """Look up rows of a table.

        Parameters
        ----------
        table : ndarray of shape (n_rows, dim)
        indices : KerasTensor of int
        axis : {0}
        """
        settings = {"embeddings_initializer": "zeros", "trainable": False, "name": next(self._names)}
        layer = self._keras.layers.Embedding(*table.shape, **settings)
        found = layer(indices)
        layer.set_weights([table])
        return found
