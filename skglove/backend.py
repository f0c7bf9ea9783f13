"""Keras, imported when it is first needed, without TensorFlow's start-up chatter and without a trace in the process."""

import contextlib
import os
import re
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_CHATTER = re.compile(rb"[IWE]\d{4} |\d{4}-\d\d-\d\d [\d:.]+: [IWE] |WARNING: All log messages|To enable the following")
_lock = threading.Lock()


def import_keras() -> ModuleType:
    """Import TensorFlow and return Keras.

    TensorFlow's native code writes notes about the processor and missing GPUs to file descriptor 2 when it is first imported.
    They are held back, unless ``TF_CPP_MIN_LOG_LEVEL`` is set, which says that the user has an opinion, or TensorFlow has
    already been imported by somebody else. The environment and the warning filters are the same afterwards.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If TensorFlow is not installed, as where skglove was installed for prediction only.
    RuntimeError
        If Keras has been set to another backend than TensorFlow.
    """
    with _lock:
        _check_backend(os.environ.get("KERAS_BACKEND", "tensorflow"))  # TensorFlow imports Keras, so this comes first
        if "tensorflow" not in sys.modules:
            if not find_spec("tensorflow"):
                raise ImportError(
                    "Training, and whatever else needs Keras, takes TensorFlow, which is not installed: pip install tensorflow. "
                    "Prediction with the built-in architectures does without."
                )
            with _environment_restored(), warnings.catch_warnings():
                _import_tensorflow()
        import keras
    _check_backend(keras.config.backend())  # which can also be set in a file
    return keras


def _import_tensorflow() -> None:
    if _LEVEL in os.environ:
        import tensorflow
    else:
        with _chatter_held_back():
            os.environ[_LEVEL] = "3"  # read once, by the first message
            import tensorflow

            tensorflow.config.list_logical_devices()  # the last notes come when the devices are first looked at


def _check_backend(backend: str) -> None:
    if backend != "tensorflow":
        raise RuntimeError(
            f"Keras is set to run on {backend!r} in this process, but skglove trains on TensorFlow. "
            "Set KERAS_BACKEND=tensorflow before Keras is imported."
        )


@contextlib.contextmanager
def _environment_restored() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def _chatter_held_back() -> Iterator[None]:
    """Collect what is written to descriptor 2, then pass on all lines that are not TensorFlow's notes."""
    try:
        stderr = os.dup(2)
    except OSError:  # a process without stderr has nobody to disturb
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
            rest = b"".join(line for line in held if not _CHATTER.match(line))
            if rest:
                os.write(2, rest)
