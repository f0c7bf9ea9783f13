import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, TrainingHistoryDisplay, WideAndDeep

HISTORY = {
    "loss": [0.7, 0.5, 0.4],
    "accuracy": [0.5, 0.8, 0.9],
    "val_loss": [0.7, 0.6, 0.6],
    "val_accuracy": [0.5, 0.6, 0.7],
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pipeline(corpus, vectors):
    classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=3, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=20), classifier).fit(*corpus)


@pytest.mark.parametrize("pick", [lambda p: p, lambda p: p[-1]], ids=["pipeline", "classifier"])
def test_an_estimator_is_drawn_by_its_history(pipeline, pick):
    display = TrainingHistoryDisplay.from_estimator(pick(pipeline))
    drawn = {name: line.get_ydata().tolist() for name, line in display.lines_.items()}
    assert drawn == pipeline[-1].history_


def test_an_estimator_is_drawn_with_the_keywords(pipeline):
    display = TrainingHistoryDisplay.from_estimator(pipeline, metric="loss", color="red")
    assert {line.get_color() for line in display.lines_.values()} == {"red"}


def test_each_metric_has_axes_of_its_own():
    display = TrainingHistoryDisplay(HISTORY).plot()
    assert [ax.get_ylabel() for ax in display.ax_] == ["loss", "accuracy"]
    assert {ax.figure for ax in display.ax_} == {display.figure_}


def test_epochs_count_from_1():
    assert TrainingHistoryDisplay(HISTORY).plot().lines_["loss"].get_xdata().tolist() == [1, 2, 3]


def test_the_legend_says_which_documents():
    legend = TrainingHistoryDisplay(HISTORY).plot().ax_[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["training", "held out"]


@pytest.mark.parametrize(
    ("history", "metric", "lines"),
    [
        (HISTORY, "both", ["accuracy", "loss", "val_accuracy", "val_loss"]),
        (HISTORY, "accuracy", ["accuracy", "val_accuracy"]),
        ({"loss": [0.7], "accuracy": [0.5]}, "both", ["accuracy", "loss"]),
        ({"loss": [0.7]}, "both", ["loss"]),
        ({"loss": [0.7], "accuracy": []}, "both", ["loss"]),
    ],
)
def test_what_the_history_holds_is_drawn(history, metric, lines):
    assert sorted(TrainingHistoryDisplay(history).plot(metric=metric).lines_) == lines


def test_two_axes_of_the_caller():
    _, axes = plt.subplots(ncols=2)
    assert TrainingHistoryDisplay(HISTORY).plot(ax=axes).ax_.tolist() == axes.tolist()
    assert all(ax.lines for ax in axes)


def test_axes_of_the_caller_for_one_metric():
    _, ax = plt.subplots()
    assert TrainingHistoryDisplay(HISTORY).plot(ax, metric="accuracy").lines_["val_accuracy"] in ax.lines


def test_too_few_axes():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="Expected 2 Axes, one for each metric, got 1"):
        TrainingHistoryDisplay(HISTORY).plot(ax=ax)


def test_ticks_that_the_caller_has_chosen_are_kept():
    _, ax = plt.subplots()
    ax.set_xticks([1, 3])
    TrainingHistoryDisplay(HISTORY).plot(ax, metric="loss")
    assert ax.get_xticks().tolist() == [1, 3]


def test_a_history_of_arrays():
    history = {name: np.array(values) for name, values in HISTORY.items()}
    assert TrainingHistoryDisplay(history).plot().lines_["loss"].get_ydata().tolist() == HISTORY["loss"]


@pytest.mark.parametrize("n_epochs", [1, 2, 40])
def test_ticks_are_whole_epochs(n_epochs):
    ticks = TrainingHistoryDisplay({"loss": [0.5] * n_epochs}).plot().ax_[0].get_xticks()
    assert len(ticks)
    assert (ticks == ticks.round()).all()


def test_an_unfitted_classifier():
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(ConvTextClassifier())


@pytest.mark.parametrize("wrap", [FrozenEstimator, FixedThresholdClassifier])
def test_a_classifier_in_a_meta_estimator(wide_and_deep, wrap):
    display = TrainingHistoryDisplay.from_estimator(wrap(wide_and_deep))
    assert display.history is wide_and_deep[-1].history_


def test_an_estimator_without_history():
    message = "must be a ConvTextClassifier or a Pipeline that ends in one; got LogisticRegression"
    with pytest.raises(TypeError, match=message):
        TrainingHistoryDisplay.from_estimator(LogisticRegression())


def test_an_unknown_metric():
    with pytest.raises(ValueError, match="'metric' parameter"):
        TrainingHistoryDisplay(HISTORY).plot(metric="speed")


def test_an_empty_history():
    with pytest.raises(ValueError, match="history does not contain metric='both'"):
        TrainingHistoryDisplay({}).plot()


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[plot\]'"):
        TrainingHistoryDisplay(HISTORY).plot()


@pytest.mark.parametrize("history", [None, [0.7, 0.5], (value for value in [0.7, 0.5])], ids=lambda h: type(h).__name__)
def test_what_is_not_a_history(history):
    with pytest.raises(TypeError, match="history must be a mapping, such as history_ of a classifier; got "):
        TrainingHistoryDisplay(history).plot()


@pytest.mark.parametrize("values", [None, (value for value in [0.7]), ["a"], [[0.7]]], ids=lambda v: type(v).__name__)
def test_what_is_not_a_curve(values):
    with pytest.raises(TypeError, match=r"history\['val_loss'\] must be a sequence of a number for each epoch; got "):
        TrainingHistoryDisplay({"loss": [0.7, 0.5], "val_loss": values}).plot()
    assert not plt.get_fignums()
