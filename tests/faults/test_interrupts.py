"""Interrupts at any line of skglove that a fit or a prediction executes."""

import contextlib
import gzip
import logging
import os
import shutil
import warnings

import joblib
import numpy as np
import pytest

from skglove import GloveTextVectorizer
from skglove.vectors.cache import cache
from tests.test_transaction import Interrupt, copied, fit, fit_warm, interrupt_at, partial_fit

SHARE = 0.06


def predict(classifier, X, y):
    classifier.predict(X)


@contextlib.contextmanager
def process_unchanged():
    def state():
        import keras

        return {
            "environment": dict(os.environ),
            "warning filters": list(warnings.filters),
            "NumPy's generator": joblib.hash(np.random.get_state()),
            "dtype policy": keras.config.dtype_policy().name,
            "logging": logging.getLogger().level,
        }

    before = state()
    yield
    assert state() == before


def state_of(estimator):
    return joblib.hash(estimator.__getstate__())  # without what is made when first used


@pytest.fixture(scope="module")
def whole(started, sequences, corpus):
    """Return the number of lines that a training executes, and the state it leads to, by training."""
    known = {}

    def whole(train):
        if train not in known:
            train(copied(started, train), sequences, corpus[1])  # later calls may reuse its traces: fewer lines
            classifier = copied(started, train)
            n_lines = interrupt_at(None, lambda: train(classifier, sequences, corpus[1]))
            known[train] = n_lines, state_of(classifier)
        return known[train]

    return whole


def test_classifiers(rng, started, whole, sequences, corpus):
    train = [fit, fit_warm, partial_fit, predict][rng.integers(4)]
    n_lines, complete = whole(train)
    classifier = copied(started, train)
    before, line = state_of(classifier), int(rng.integers(1, n_lines + 1))
    with process_unchanged(), pytest.raises(Interrupt):
        interrupt_at(line, lambda: train(classifier, sequences, corpus[1]))
    assert state_of(classifier) == before, f"{train.__name__} at line {line} of {n_lines}"
    train(classifier, sequences, corpus[1])
    assert state_of(classifier) == complete, f"{train.__name__} again, after line {line} of {n_lines}"


@pytest.fixture
def vectors_file(tmp_path, vectors):
    """Return a gzipped file, which is converted into an entry of the cache."""
    lines = [f"{word} {' '.join(map(str, row.tolist()))}\n" for word, row in vectors.items()]
    file = tmp_path / "vectors.gz"
    file.write_bytes(gzip.compress("".join(lines).encode()))
    return file


def test_vectorizers(rng, corpus, vectors, vectors_file, home):
    texts, method = corpus[0], ["fit", "fit_transform", "transform"][rng.integers(3)]
    parameters = {
        "embeddings": [vectors, vectors_file][rng.integers(2)],
        "use_idf": bool(rng.integers(2)),
        "handle_unknown": ["ignore", "nearest"][rng.integers(2)],
        "tokenizer": ["keras", "glove"][rng.integers(2)],
        "output": ["sequences", "mean"][rng.integers(2)],
    }

    def fitted():
        earlier = parameters if method == "transform" else {"embeddings": vectors}
        return GloveTextVectorizer(**earlier).fit(texts[:100]).set_params(**parameters)

    vectorizer = fitted()
    n_lines = interrupt_at(None, lambda: getattr(vectorizer, method)(texts))
    complete, expected = state_of(vectorizer), vectorizer.transform(texts).tolist()
    shutil.rmtree(home, ignore_errors=True)

    vectorizer = fitted()
    before, line = state_of(vectorizer), int(rng.integers(1, n_lines + 1))
    what = f"{method} at line {line} of {n_lines}, {parameters}"
    with process_unchanged(), pytest.raises(Interrupt):
        interrupt_at(line, lambda: getattr(vectorizer, method)(texts))
    assert state_of(vectorizer) == before, what
    getattr(vectorizer, method)(texts)
    assert state_of(vectorizer) == complete, f"{what}, and then again"
    assert vectorizer.transform(texts).tolist() == expected, f"{what}, and then again"
    assert [path.name for path in cache.folder().glob(".*") if path.suffix != ".lock"] == [], what
