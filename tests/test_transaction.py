"""A fit that fails or is interrupted, wherever, leaves the estimator exactly as it was."""

import contextlib
import functools
import pkgutil
import sys
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import joblib
import numpy as np
import pytest

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, WideAndDeep
from skglove.transaction import forget_fit, snapshot, transaction

PACKAGE = str(Path(skglove.__file__).parent)
INNER = [
    "skglove.classifier.check_training_data",
    "skglove.classifier.fingerprint",
    "skglove.models.linear.member.weighted_sum",
    "skglove.training.steps.Steps.update",
    "skglove.training.trainer._run_batches",
]
IN_FIT = [
    "skglove.models.ensemble.learn_weights",
    "skglove.models.linear.feature_space.FeatureSpace.learn",
    "skglove.models.linear.training.Training.fit",
    "skglove.models.linear.training.learn_weights",
    "skglove.data.labelled.LabelledSequences.split",
]
IN_PARTIAL_FIT = [
    "skglove.models.linear.training.TrainingInParts.train",
    "skglove.data.held_out.HeldOut.divide",
    "skglove.training.steps.Steps.state",
]
IF_TRAINING_CONTINUES = ["skglove.models.networks.network.Network._with_weights"]


class Interrupt(BaseException):
    """As a KeyboardInterrupt, without pytest's reaction to one."""


def fit(classifier, X, y):
    classifier.set_params(warm_start=False).fit(X[:80], y[:80])


def fit_warm(classifier, X, y):
    classifier.set_params(warm_start=True).fit(X[:80], y[:80])


def partial_fit(classifier, X, y):
    classifier.partial_fit(X[:80], y[:80], classes=np.unique(y))


@pytest.fixture(scope="module")
def started(sequences, corpus):
    """Return a classifier that can go on in every way."""
    # Of 80 documents, enough are held out to learn weights.
    classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, validation_fraction=0.5, random_state=0)
    for part in (slice(100, 150), slice(150, 200)):
        classifier.partial_fit(sequences[part], corpus[1][part], classes=["animals", "tools"])
    return classifier


def copied(classifier, train):
    """Return a classifier of the same state, with a generator of its own."""
    copy = snapshot(classifier)
    copy.__dict__ = dict(vars(classifier))
    return copy.set_params(random_state=np.random.RandomState(0), warm_start=train is fit_warm)


@contextlib.contextmanager
def unchanged(classifier, X):
    probabilities, state = classifier.predict_proba(X), joblib.hash(vars(classifier))
    yield
    assert joblib.hash(vars(classifier)) == state
    assert np.array_equal(classifier.predict_proba(X), probabilities)


@contextlib.contextmanager
def watched(names, at=None):
    """Count the calls of functions, and raise at the n-th call."""
    calls = Counter()
    with contextlib.ExitStack() as stack:
        for name in names:
            original = pkgutil.resolve_name(name)

            @functools.wraps(original)
            def replaced(*args, name=name, original=original, **kwargs):
                calls[name] += 1
                if calls[name] == at:
                    raise Interrupt
                return original(*args, **kwargs)

            stack.enter_context(mock.patch(name, replaced))
        yield calls


@pytest.mark.slow
@pytest.mark.parametrize("train", [fit, fit_warm, partial_fit])
def test_inner_functions_that_raise(started, sequences, corpus, train):
    X, y = sequences, corpus[1]
    names = [
        *INNER,
        *(IN_PARTIAL_FIT if train is partial_fit else IN_FIT),
        *([] if train is fit else IF_TRAINING_CONTINUES),
    ]
    with watched(names) as calls:
        train(copied(started, train), X, y)
    assert set(calls) == set(names)
    for name, n_calls in calls.items():
        for at in range(1, n_calls + 1):
            classifier = copied(started, train)
            with unchanged(classifier, X), watched([name], at), pytest.raises(Interrupt):
                train(classifier, X, y)


def interrupt_at(line, run):
    """Run something, raise at the n-th line of the package that is executed, and return how many lines were executed."""
    executed = 0

    def trace_lines(frame, event, argument):
        nonlocal executed
        if event == "line":
            executed += 1
            if executed == line:
                raise Interrupt
        return trace_lines

    def trace_calls(frame, event, argument):
        return trace_lines if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(trace_calls)
    try:
        run()
    finally:
        sys.settrace(before)
    return executed


@pytest.mark.slow
@pytest.mark.parametrize("train", [fit, fit_warm, partial_fit])
def test_interrupts_at_random_moments(started, sequences, corpus, train):
    X, y = sequences, corpus[1]

    train(copied(started, train), X, y)  # later calls may reuse its traces and execute fewer lines
    whole = copied(started, train)
    n_lines = interrupt_at(None, lambda: train(whole, X, y))
    for line in np.random.RandomState(0).randint(1, n_lines, 6).tolist():
        classifier = copied(started, train)
        with unchanged(classifier, X), pytest.raises(Interrupt):
            interrupt_at(line, lambda: train(classifier, X, y))  # noqa: B023 - called at once


@pytest.mark.parametrize("train", [fit, fit_warm, partial_fit])
def test_a_first_fit_that_fails_leaves_an_unfitted_classifier(sequences, corpus, train):
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, warm_start=train is fit_warm)
    before = dict(vars(classifier))
    with fail_at_the_end(), pytest.raises(Interrupt):
        train(classifier, sequences, corpus[1])
    assert vars(classifier) == before


def fail_at_the_end():
    """Return a patch that raises after everything else, the results of the fit included."""
    original = ConvTextClassifier._set_fitted

    def set_and_raise(*args):
        original(*args)
        raise Interrupt

    return mock.patch.object(ConvTextClassifier, "_set_fitted", set_and_raise)


@pytest.mark.parametrize("train", [fit, fit_warm, partial_fit])
def test_everything_is_as_before_if_the_very_end_fails(started, sequences, corpus, train):
    classifier = copied(started, train)
    with unchanged(classifier, sequences), fail_at_the_end(), pytest.raises(Interrupt):
        train(classifier, sequences, corpus[1])


def test_a_refit_that_fails_keeps_the_checks_of_the_input(started, sequences, corpus, vectors):
    texts, y = corpus
    foreign = GloveTextVectorizer(vectors, num_words=9).fit_transform(texts)
    real_numbers = 2 * np.random.RandomState(0).randn(200, 3)
    for X in (foreign, sequences.padded()[:, -7:], real_numbers):
        classifier = copied(started, fit)
        with (
            unchanged(classifier, sequences),
            fail_at_the_end(),
            pytest.warns(UserWarning, match="real numbers") if X is real_numbers else nullcontext(),
            pytest.raises(Interrupt),
        ):
            classifier.fit(X, y)
        assert (classifier.n_features_in_, classifier._input_kind_) == (sequences.shape[1], "sequences")
        with pytest.raises(ValueError, match="X comes from another vectorizer"):
            classifier.predict(foreign)


@pytest.mark.parametrize("train", [fit, fit_warm, partial_fit])
def test_data_that_are_refused_change_nothing(started, sequences, corpus, train):
    y = corpus[1]
    wrong = {"y": (sequences, y[:-1]), "classes": (sequences, np.full(200, "others")), "X": (corpus[0], y)}
    for X, labels in wrong.values():
        classifier = copied(started, train)
        with unchanged(classifier, sequences), pytest.raises(ValueError, match=r"inconsistent|class|texts"):
            getattr(classifier, "partial_fit" if train is partial_fit else "fit")(X, labels)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_vectorizer_that_is_interrupted(corpus, vectors, method):
    texts = corpus[0]
    vectorizer = GloveTextVectorizer(vectors, use_idf=True, oov_token="<OOV>").fit(texts[:100])
    _ = vectorizer.word_counts_
    expected, state = vectorizer.transform(texts).tolist(), joblib.hash(vars(vectorizer))
    n_lines = interrupt_at(None, lambda: getattr(GloveTextVectorizer(vectors, use_idf=True), method)(texts))
    for line in np.random.RandomState(0).randint(1, n_lines - 20, 20).tolist():
        with pytest.raises(Interrupt):
            interrupt_at(line, lambda: getattr(vectorizer, method)(texts))
        assert joblib.hash(vars(vectorizer)) == state
    assert vectorizer.transform(texts).tolist() == expected


def test_a_transaction_takes_over_what_the_draft_has():
    estimator = GloveTextVectorizer()
    with transaction(estimator) as draft:
        draft.vocabulary_ = {"a": 1}
        assert not hasattr(estimator, "vocabulary_")
    assert estimator.vocabulary_ == {"a": 1}


def test_the_generator_of_the_user_is_put_back():
    generator = np.random.RandomState(0)
    estimator = ConvTextClassifier(random_state=generator)
    expected = np.random.RandomState(0).rand()

    def draw_and_fail():
        with transaction(estimator) as draft:
            draft.random_state.rand()
            raise Interrupt

    with pytest.raises(Interrupt):
        draw_and_fail()
    assert generator.rand() == expected


def test_a_snapshot_keeps_the_last_fit():
    estimator = GloveTextVectorizer(None).fit(["one"])
    kept = snapshot(estimator)
    estimator.fit(["two"])
    assert kept.vocabulary_ == {"one": 1}


def test_forget_fit_keeps_the_parameters():
    estimator = GloveTextVectorizer(None).fit(["one"])
    forget_fit(estimator)
    assert vars(estimator) == vars(GloveTextVectorizer(None))


def test_what_a_callback_sets_on_the_estimator_is_kept():
    estimator = GloveTextVectorizer(None).fit(["one"])
    with transaction(estimator) as draft:
        estimator.seen = 3
        draft.vocabulary_ = {"two": 1}
    assert estimator.seen == 3
    assert estimator.vocabulary_ == {"two": 1}


def changing_when_read(estimator):
    """Add an attribute to an estimator that adds others when its name is looked at, as another thread might at that moment."""

    class Name(str):
        def endswith(self, suffix):
            setattr(estimator, f"attribute{len(vars(estimator))}", 1)
            return super().endswith(suffix)

    estimator.__dict__ = {Name("seen"): 3, **vars(estimator)}
    return estimator


def test_attributes_that_another_thread_sets_while_a_fit_ends():
    estimator = changing_when_read(GloveTextVectorizer(None))
    assert estimator.fit(["one"]).vocabulary_ == {"one": 1}


def test_attributes_that_another_thread_sets_during_a_prediction(started, sequences):
    estimator = changing_when_read(GloveTextVectorizer(None).fit(["one"]))
    assert estimator.transform(["one"]).tolist() == [[1]]
    classifier = copied(started, fit)
    expected = classifier.predict(sequences)
    assert np.array_equal(changing_when_read(classifier).predict(sequences), expected)
