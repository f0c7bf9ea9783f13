"""Threads that use an estimator while others fit it."""

import copy
import itertools
import pickle
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, WideAndDeep, explain
from skglove.transaction import transaction
from tests.test_transaction import PACKAGE

SHARE = 0.03
SECONDS = 0.5


def attack(rng, estimator, fits, uses):
    """Use an estimator in threads, during fits in another; return what is wrong.

    scikit-learn's callbacks do not allow two fits of an estimator at the same time.

    Parameters
    ----------
    rng : Generator
    estimator : estimator
    fits : list of two (fitted estimator, callable)
        The results of two fits, and a function that fits in the same way.
    uses : dict of str to callable
        Functions of an estimator that return an answer.
    """
    expected = {name: [use(fitted) for fitted, _ in fits] for name, use in uses.items()}
    end = time.monotonic() + SECONDS

    def repeat(call, hesitate):
        sys.settrace(hesitate)
        for i in itertools.count():
            call(i)
            if time.monotonic() > end:
                return

    def fit(i):
        """Fit, or rather do as a fit that takes no time."""
        fitted, fit_in_this_way = fits[i % 2]
        if i % 51 == 0:
            fit_in_this_way(estimator)
        else:
            with transaction(estimator) as draft:
                draft.__dict__ = dict(vars(fitted))

    def checks(name):
        def check(_):
            answer = uses[name](estimator)
            assert answer in expected[name], f"{name} gives {answer!r:.100}, and not what it gives after either fit"

        return check

    calls = [fit, *map(checks, [*uses, *rng.choice(list(uses), 2)])]
    hesitations = [hesitation(np.random.default_rng(seed)) for seed in rng.integers(2**31, size=len(calls))]
    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(repeat, *arguments) for arguments in zip(calls, hesitations, strict=True)]
    return [describe(error) for error in (future.exception() for future in futures) if error]


def describe(error):
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]} ({frame.filename}, line {frame.lineno})"


def hesitation(rng):
    """Return a trace function that lets other threads go first before some lines of skglove."""
    share = 10 ** rng.uniform(-3, -1)

    def trace_lines(frame, event, argument):
        if rng.random() < share:
            time.sleep(1e-5)
        return trace_lines

    return lambda frame, event, argument: trace_lines if frame.f_code.co_filename.startswith(PACKAGE) else None


@pytest.fixture(autouse=True)
def hasty(rng):
    """Let threads take turns more often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(10 ** rng.uniform(-5, -3))
    yield
    sys.setswitchinterval(before)


def saved(estimator):
    return pickle.loads(pickle.dumps(estimator))


def cloned(estimator):
    copied = clone(estimator)
    return str(copied.get_params()), [name for name in vars(copied) if name.endswith("_")]


@pytest.fixture(scope="module")
def trainings(sequences, corpus):
    """Return a function from an architecture to two fits, on different documents and with different classes."""
    known = {}

    def fit(classifier, part, change):
        return classifier.fit(sequences[part], change(corpus[1][part]))

    def trainings(architecture):
        if architecture not in known:
            settings = (slice(100), np.char.lower), (slice(100, 200), np.char.upper)
            unfitted = ConvTextClassifier(architecture, epochs=1, random_state=0)
            known[architecture] = [
                (fit(clone(unfitted), *some), lambda classifier, some=some: fit(classifier, *some)) for some in settings
            ]
        return known[architecture]

    return trainings


ARCHITECTURES = [WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4, dense_units=4)]


def test_classifiers(rng, trainings, sequences, corpus, vectors):
    vectorizer = GloveTextVectorizer(vectors, maxlen=50).fit(corpus[0])
    text = corpus[0][rng.integers(200)]
    X = sequences[:20]

    def explained(classifier):
        explanation = explain(make_pipeline(vectorizer, classifier), text)
        scores = [(ngram.words, ngram.contributions.tolist()) for ngram in explanation.ngrams]
        return list(explanation.classes), explanation.probabilities.tolist(), scores

    uses = {
        "predict": lambda classifier: classifier.predict(X).tolist(),
        "predict_proba": lambda classifier: classifier.predict_proba(X).tolist(),
        "pickle": lambda classifier: saved(classifier).predict(X).tolist(),
        "deepcopy": lambda classifier: copy.deepcopy(classifier).predict(X).tolist(),
        "clone": cloned,
        "explain": explained,
    }
    fits = trainings(ARCHITECTURES[rng.integers(3)])
    assert attack(rng, copy.deepcopy(fits[0][0]), fits, uses) == []


def test_vectorizers(rng, corpus, vectors):
    texts = corpus[0]
    parameters = {
        "use_idf": bool(rng.integers(2)),
        "handle_unknown": ["ignore", "nearest"][rng.integers(2)],
        "output": ["sequences", "mean"][rng.integers(2)],
    }

    def transformed(vectorizer):
        X = vectorizer.transform(texts[:20])
        return X.tolist(), getattr(X, "embedding_matrix", X).tolist()

    uses = {
        "transform": transformed,
        "word_counts_": lambda vectorizer: list(vectorizer.word_counts_.items()),
        "pickle": lambda vectorizer: transformed(saved(vectorizer)),
        "deepcopy": lambda vectorizer: transformed(copy.deepcopy(vectorizer)),
        "clone": cloned,
    }
    unfitted = GloveTextVectorizer(vectors, **parameters)
    parts = texts[:4], texts[4:60]
    fits = [(clone(unfitted).fit(part), lambda vectorizer, part=part: vectorizer.fit(part)) for part in parts]
    assert attack(rng, clone(unfitted).fit(parts[0]), fits, uses) == []
