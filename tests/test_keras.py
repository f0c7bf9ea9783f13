"""Importing skglove and Keras has no side effects on the process."""

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
from types import SimpleNamespace

import numpy as np
import pytest

from skglove import ConvTextClassifier, Parallel
from skglove import _keras as backend
from skglove._keras import KerasOps, import_keras


def means(words, n_classes):
    keras = import_keras()
    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


def run(code, **environment):
    variables = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"} | environment
    return subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env=variables,
    )


WORLD = """
    import logging, os, sys, threading, warnings
    def world():
        loggers = {name: (logger.level, logger.propagate, list(logger.handlers))
                   for name, logger in logging.root.manager.loggerDict.items() if isinstance(logger, logging.Logger)}
        root = logging.root.level, list(logging.root.handlers), logging.root.manager.disable
        return loggers, root, list(warnings.filters), dict(os.environ), os.getcwd(), sys.excepthook
    def compare(before, after):
        assert all(after[0][name] == value for name, value in before[0].items()), 'loggers'
        assert before[1:] == after[1:], (before[1:], after[1:])
    import numpy, sklearn, joblib, scipy.special, sklearn.utils._param_validation, sklearn.model_selection, tqdm.auto
    before = world()
    import skglove
    compare(before, world())
    heavy = {"tensorflow", "keras", "pooch", "gensim", "matplotlib"} & {name.partition(".")[0] for name in sys.modules}
    assert not heavy, heavy
"""
FIT = """
    X = numpy.arange(60).reshape(20, 3) % 7
    skglove.ConvTextClassifier(epochs=1).fit(X, numpy.arange(20) % 2)
    compare(before, world())
"""


@pytest.mark.slow
def test_fit_is_silent_and_leaves_the_process_as_it_was():
    done = run(WORLD + FIT)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.slow
def test_messages_are_shown_to_those_who_set_their_level():
    done = run(WORLD + FIT, TF_CPP_MIN_LOG_LEVEL="0")
    assert done.returncode == 0, done.stderr
    assert "TensorFlow" in done.stderr or "oneDNN" in done.stderr


def test_what_others_write_during_the_import_is_passed_on(capfd):
    with backend._messages_held_back():
        os.write(2, b"I0000 00:00:1.1 1 port.cc:1] a message\nno message\n")
    assert capfd.readouterr().err == "no message\n"


def test_what_others_set_in_the_environment_stays(monkeypatch):
    for name, value in {"SKGLOVE_TEST": "before", "TF2_BEHAVIOR": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("TPU_ML_PLATFORM", raising=False)
    with backend._environment_restored():
        os.environ.update(SKGLOVE_TEST="of another thread", TF2_BEHAVIOR="1", TPU_ML_PLATFORM="Tensorflow")
    assert (os.environ["SKGLOVE_TEST"], os.environ["TF2_BEHAVIOR"]) == ("of another thread", "0")
    assert "TPU_ML_PLATFORM" not in os.environ


@pytest.mark.parametrize("n_threads", [1, 2])
def test_stderr_is_redirected_only_if_no_other_thread_runs(monkeypatch, n_threads):
    files = []
    config = SimpleNamespace(list_logical_devices=lambda: files.append(os.fstat(2)))
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
    monkeypatch.setattr("threading.active_count", lambda: n_threads)
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    with backend._environment_restored():
        backend._import_tensorflow()
    assert os.path.samestat(files[0], os.fstat(2)) == (n_threads > 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_process_predicts_but_does_not_train(sequences, corpus):
    def child():
        assert np.array_equal(classifier.predict_proba(sequences), expected)
        for use in (import_keras, lambda: of_function.predict(sequences)):
            with pytest.raises(RuntimeError, match=r"forked from one that uses TensorFlow.*'spawn' or 'forkserver'"):
                use()

    classifier = ConvTextClassifier(Parallel(filters=2), epochs=1).fit(sequences, corpus[1])
    expected = classifier.predict_proba(sequences)
    of_function = ConvTextClassifier(means, epochs=1).fit(sequences, corpus[1])
    of_function.predict(sequences)
    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(30)
    process.kill()
    assert process.exitcode == 0


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(backend, "_process", None)  # as in a new process
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    with pytest.raises(RuntimeError, match="Keras uses the backend 'numpy', but skglove requires"):
        import_keras()


def test_without_tensorflow_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backend, "_process", None)
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="require TensorFlow, which is not installed: pip install tensorflow"):
        import_keras()


def test_tables_become_weights():
    keras, table = import_keras(), np.arange(6, dtype=np.float32).reshape(3, 2)
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, KerasOps().take(table, ids, axis=0))
    assert np.array_equal(model(np.array([[2, 0]]))[0], table[[2, 0]])
    assert np.array_equal(model.get_weights()[0], table)
    assert not model.trainable_weights


@pytest.fixture
def keras_config():
    config = import_keras().config
    before = config.dtype_policy()
    yield config
    config.set_floatx("float32")
    config.set_dtype_policy(before)


@pytest.mark.parametrize("setting", ["set_floatx", "set_dtype_policy"])
@pytest.mark.parametrize("precision", ["float16", "float64"])
def test_weights_of_another_precision_are_refused(keras_config, setting, precision):
    getattr(keras_config, setting)(precision)
    with pytest.raises(
        RuntimeError, match=rf"'{precision}'.* but skglove requires weights of float32\. Call keras\.config"
    ):
        ConvTextClassifier("parallel", epochs=1).fit([[1, 2], [3, 4]] * 8, [0, 1] * 8)


def test_other_computations_on_weights_of_float32_are_no_error(keras_config):
    keras_config.set_dtype_policy("mixed_bfloat16")
    import_keras()


def test_a_lock_that_an_interrupt_left_acquired_blocks_no_later_fit():
    import_keras()
    acquired, done = threading.Event(), threading.Event()

    def hold():
        with backend._lock:
            acquired.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    acquired.wait()
    later = threading.Thread(target=import_keras, daemon=True)
    later.start()
    later.join(10)
    done.set()
    holder.join()
    assert not later.is_alive()
