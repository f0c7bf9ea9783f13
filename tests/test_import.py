"""What importing skglove and fitting leave behind in a process: nothing."""

import subprocess
import sys
import textwrap

import joblib
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer


def run(code, **environment):
    import os

    variables = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"} | environment
    return subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        env=variables,
    )


def test_import_is_light():
    done = run("import sys, skglove; print(*sorted({name.partition('.')[0] for name in sys.modules}))")
    assert not {"tensorflow", "keras", "pooch", "gensim", "matplotlib"} & set(done.stdout.split())
    assert done.stderr == ""


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
"""


def test_import_leaves_the_process_as_it_was():
    done = run(WORLD)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")


FIT = """
    X = numpy.arange(60).reshape(20, 3) % 7
    skglove.ConvTextClassifier(epochs=1).fit(X, numpy.arange(20) % 2)
    compare(before, world())
"""


def test_fit_is_silent_and_leaves_the_process_as_it_was():
    done = run(WORLD + FIT)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", "")


def test_whoever_asks_for_the_chatter_gets_it():
    done = run(WORLD + FIT, TF_CPP_MIN_LOG_LEVEL="0")
    assert done.returncode == 0, done.stderr
    assert "TensorFlow" in done.stderr or "oneDNN" in done.stderr


def test_what_others_write_during_the_import_is_passed_on():
    code = """
        import os
        from skglove.backend import _chatter_held_back
        with _chatter_held_back():
            os.write(2, b"I0000 00:00:1.1 1 port.cc:1] chatter\\nnot chatter\\n")
    """
    assert run(code).stderr == "not chatter\n"


def test_another_backend_is_refused():
    done = run("from skglove.backend import import_keras; import_keras()", KERAS_BACKEND="numpy")
    assert "RuntimeError: Keras is set to run on 'numpy' in this process, but skglove trains on" in done.stderr


WITHOUT = """
        import sys
        class Missing:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in {"tensorflow", "keras", "tqdm", "pooch", "platformdirs", "filelock", "pandas"}:
                    raise ModuleNotFoundError(name)
        sys.meta_path.insert(0, Missing())
"""


def test_prediction_needs_nothing_but_scikit_learn(tmp_path, corpus):
    model = make_pipeline(GloveTextVectorizer(None, maxlen=20), ConvTextClassifier(filters=4, epochs=1, random_state=0))
    joblib.dump(model.fit(*corpus), tmp_path / "model")
    code = f"""
        import joblib
        model = joblib.load({str(tmp_path / "model")!r})
        print(*model.predict({corpus[0][:5]!r}))
    """
    done = run(WITHOUT + code)
    assert done.stdout.split() == model.predict(corpus[0][:5]).tolist(), done.stderr


def test_training_without_tensorflow_says_what_to_install():
    code = """
        from skglove import backend, ConvTextClassifier
        backend.find_spec = lambda name: None  # as if it were not installed
        ConvTextClassifier().fit([[1], [2]], [0, 1])
    """
    assert "ImportError: Training, and whatever else needs Keras, takes TensorFlow" in run(WITHOUT + code).stderr
