"""What is saved is loaded as it was, in a new process, and holds no Keras object."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, TokenSequences


def small(**parameters):
    return ConvTextClassifier(**{"filters": 8, "dense_units": 8, "epochs": 2, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def pipeline(corpus, vectors):
    texts, labels = corpus
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=50), small()).fit(texts, labels)


def search(pipeline, corpus):
    grid = {"convtextclassifier__trainable": [False, True]}
    return GridSearchCV(pipeline, grid, cv=2).fit(*corpus)


@pytest.mark.parametrize(
    "dump", [joblib.dump, lambda value, file: file.write_bytes(pickle.dumps(value))], ids=["joblib", "pickle"]
)
@pytest.mark.parametrize("make", [lambda pipeline, corpus: pipeline, search], ids=["pipeline", "search"])
def test_a_new_process_answers_the_same_without_tensorflow(tmp_path, pipeline, corpus, dump, make):
    model = make(pipeline, corpus)
    dump(model, tmp_path / "model")
    joblib.dump(corpus[0], tmp_path / "texts")
    code = (
        "import joblib, numpy, sys\n"
        "model, texts = joblib.load('model'), joblib.load('texts')\n"
        "numpy.save('probabilities.npy', model.predict_proba(texts))\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "probabilities.npy"), model.predict_proba(corpus[0]))


def test_unfitted_estimators(pipeline):
    for estimator in (small(), GloveTextVectorizer(None), clone(pipeline)):
        again = pickle.loads(pickle.dumps(estimator))
        assert str(again.get_params()) == str(estimator.get_params())


def test_deep_copies(pipeline, corpus):
    assert np.array_equal(copy.deepcopy(pipeline).predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


def test_memory_mapped(tmp_path, pipeline, corpus):
    joblib.dump(pipeline, tmp_path / "model")
    mapped = joblib.load(tmp_path / "model", mmap_mode="r")
    assert isinstance(mapped[-1].network_.weights[0], np.memmap)
    assert np.array_equal(mapped.predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


@pytest.mark.parametrize("architecture", ["wide_and_deep", "parallel", "stacked"])
def test_partial_fit_goes_on_after_loading_as_if_nothing_had_been(sequences, corpus, architecture):
    def chunk(classifier, part):
        return classifier.partial_fit(sequences[part], corpus[1][part], classes=["animals", "tools"])

    there = small(architecture=architecture, random_state=np.random.RandomState(3))
    chunk(there, slice(0, 100))
    loaded = pickle.loads(pickle.dumps(there))
    chunk(there, slice(100, 200))
    chunk(loaded, slice(100, 200))
    assert np.array_equal(there.predict_proba(sequences), loaded.predict_proba(sequences))


def test_a_loaded_model_that_was_looked_at_can_be_saved_again(sequences, corpus):
    loaded = pickle.loads(pickle.dumps(small().partial_fit(sequences, corpus[1], classes=["animals", "tools"])))
    untouched = pickle.loads(pickle.dumps(loaded))
    _ = loaded.model_
    again = pickle.loads(pickle.dumps(loaded))
    again.partial_fit(sequences, corpus[1])
    untouched.partial_fit(sequences, corpus[1])
    assert np.array_equal(again.predict_proba(sequences), untouched.predict_proba(sequences))


def test_no_keras_object_in_the_state(pipeline):
    def check(value, depth=0):
        assert not type(value).__module__.startswith(("keras", "tensorflow")), value
        if depth < 8 and type(value).__module__.startswith("skglove"):
            check(value.__getstate__() if not isinstance(value, TokenSequences) else None, depth + 1)
        elif isinstance(value, dict):
            [check(item, depth + 1) for item in value.values()]
        elif isinstance(value, list | tuple):
            [check(item, depth + 1) for item in value]

    classifier = pipeline[-1]
    _ = classifier.model_
    state = pickle.loads(pickle.dumps(classifier)).__getstate__()
    check(state)
    assert state["network_"]._keras is None
