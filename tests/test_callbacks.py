"""scikit-learn's callbacks (1.9): a fit and its epochs are tasks, which callbacks follow and can stop."""

import pickle

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, WideAndDeep
from skglove.saving import dump

callback = pytest.importorskip("sklearn.callback")  # since scikit-learn 1.9


class Recorder:
    """Writes down all calls, with the accuracy of the fitted estimator, and stops after an epoch."""

    def __init__(self, stop_after=None):
        self.calls, self.weights, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, metadata=None):
        self.calls.append(f"begin {context.task_name} {context.task_id}")
        self.weights.append(metadata)

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        self.calls.append(f"end {context.task_name} {context.task_id}")
        if fitted_estimator is not None:
            self.proba = fitted_estimator.predict_proba(X)
            assert fitted_estimator.score(X, y) > 0.4
        return context.task_name == "epoch" and context.task_id == self.stop_after


def small(architecture=None, **parameters):
    return ConvTextClassifier(architecture or Parallel(filters=4), **{"epochs": 2, "random_state": 0, **parameters})


EPOCHS = ["begin epoch 0", "end epoch 0", "begin epoch 1", "end epoch 1"]


@pytest.mark.parametrize("architecture", [Parallel(filters=4), WideAndDeep(filters=4)])
def test_each_epoch_is_a_task(sequences, corpus, architecture):
    recorder = Recorder()
    classifier = small(architecture).set_callbacks(recorder).fit(sequences, corpus[1])
    assert recorder.calls == ["setup", "begin fit 0", *EPOCHS, "end fit 0", "teardown"]
    assert np.array_equal(recorder.proba, classifier.predict_proba(sequences))
    expected = small(architecture).fit(sequences, corpus[1]).predict_proba(sequences)
    assert np.array_equal(classifier.predict_proba(sequences), expected)


def test_a_callback_can_stop(sequences, corpus):
    stopped = small(epochs=3).set_callbacks(Recorder(stop_after=1)).fit(sequences, corpus[1])
    assert stopped.n_iter_ == 2


def test_nothing_of_a_fit_is_kept(sequences, corpus):
    plain, followed = small().fit(sequences, corpus[1]), small().set_callbacks(Recorder()).fit(sequences, corpus[1])
    assert vars(followed).keys() - vars(plain).keys() == {"_skl_callbacks"}
    again = pickle.loads(pickle.dumps(followed.set_callbacks()))
    assert np.array_equal(again.predict_proba(sequences), plain.predict_proba(sequences))


def test_callbacks_are_torn_down_after_a_fit_that_fails(sequences, corpus):
    recorder = Recorder()
    classifier = small().set_callbacks(recorder)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        classifier.fit(sequences, corpus[1][:3])
    assert recorder.calls == ["setup", "begin fit 0", "teardown"]
    assert vars(classifier).keys() == vars(small().set_callbacks(recorder)).keys()


def test_a_callback_that_fails_leaves_the_classifier_unchanged(sequences, corpus):
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("no space left")

    classifier = small().fit(sequences, corpus[1])
    before = classifier.architecture_
    with pytest.raises(RuntimeError, match="no space left"):
        classifier.set_callbacks(Failing()).fit(sequences, corpus[1])
    assert classifier.architecture_ is before


def test_weights_are_metadata(sequences, corpus):
    recorder, weights = Recorder(), np.ones(len(sequences))
    small(epochs=1).set_callbacks(recorder).fit(sequences, corpus[1], sample_weight=weights)
    assert [metadata["sample_weight"] is weights for metadata in recorder.weights] == [True, True]


def test_scores_are_monitored(corpus, vectors):
    monitor = callback.ScoringMonitor(scoring="accuracy")
    classifier = small(WideAndDeep(filters=4)).set_callbacks(monitor)
    pipeline = make_pipeline(GloveTextVectorizer(vectors), classifier).fit(*corpus)
    fit, *epochs = monitor.get_logs().data
    assert [row["task_name"] for row in epochs] == ["epoch", "epoch"]
    assert fit["accuracy"] == pipeline.score(*corpus)


@pytest.mark.parametrize("search", [False, True], ids=["pipeline", "search"])
def test_progress_bars(corpus, capsys, monkeypatch, search):
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "200")
    model = make_pipeline(GloveTextVectorizer(None), small(epochs=1))
    if search:
        model = GridSearchCV(model, {"convtextclassifier__trainable": [True]}, cv=2)
    model.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(corpus[0][:40], corpus[1][:40])
    shown = capsys.readouterr().out
    assert shown.count("GloveTextVectorizer") == shown.count("ConvTextClassifier") == (3 if search else 1)


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_a_vectorizer_is_one_task(corpus, method):
    recorder = Recorder()
    getattr(GloveTextVectorizer(None).set_callbacks(recorder), method)(corpus[0])
    assert recorder.calls == ["setup", "begin fit 0", "end fit 0", "teardown"]


def test_files_without_pickle_hold_no_callbacks(sequences, corpus, tmp_path):
    classifier = small(epochs=1).set_callbacks(Recorder()).fit(sequences, corpus[1])
    with pytest.raises(TypeError, match=r"not trusted: .*Recorder"):
        dump(classifier, tmp_path / "model.skops")
    dump(classifier.set_callbacks(), tmp_path / "model.skops")
