import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, TrainingHistoryDisplay

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
    classifier = ConvTextClassifier(filters=4, epochs=3, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=20), classifier).fit(*corpus)


@pytest.mark.parametrize(
    "pick", [lambda pipeline: pipeline, lambda pipeline: pipeline[-1]], ids=["pipeline", "classifier"]
)
def test_of_an_estimator(pipeline, pick):
    display = TrainingHistoryDisplay.from_estimator(pick(pipeline))
    assert [ax.get_ylabel() for ax in display.ax_] == ["loss", "accuracy"]
    assert display.lines_.keys() == pipeline[-1].history_.keys()
    assert display.lines_["loss"].get_xdata().tolist() == [1, 2, 3]
    assert display.lines_["loss"].get_ydata().tolist() == pipeline[-1].history_["loss"]
    assert display.ax_[0].figure is display.figure_
    assert [text.get_text() for text in display.ax_[0].get_legend().get_texts()] == ["training", "held out"]


def test_without_documents_held_out():
    display = TrainingHistoryDisplay({"loss": [0.7, 0.5], "accuracy": [0.5, 0.9]}).plot()
    assert sorted(display.lines_) == ["accuracy", "loss"]


def test_into_axes_of_the_caller():
    _, axes = plt.subplots(ncols=2)
    assert TrainingHistoryDisplay(HISTORY).plot(ax=axes, color="red").ax_.tolist() == axes.tolist()
    assert axes[0].lines[0].get_color() == "red"
    _, ax = plt.subplots()
    assert TrainingHistoryDisplay(HISTORY).plot(metric="accuracy", ax=ax).lines_["val_accuracy"] in ax.lines
    with pytest.raises(ValueError, match="Expected 2 Axes, one for each metric, got 1"):
        TrainingHistoryDisplay(HISTORY).plot(ax=ax)


def test_arrays_and_axes_with_ticks_of_their_own():
    _, ax = plt.subplots()
    ax.set_xticks([1, 3])
    history = {name: np.array(values) for name, values in HISTORY.items()}
    assert TrainingHistoryDisplay(history).plot(ax, metric="loss").lines_["loss"] in ax.lines
    assert ax.get_xticks().tolist() == [1, 3]


@pytest.mark.parametrize("n_epochs", [1, 2, 40])
def test_ticks_are_whole_epochs(n_epochs):
    ticks = TrainingHistoryDisplay({"loss": [0.5] * n_epochs}).plot().ax_[0].get_xticks()
    assert len(ticks)
    assert (ticks == ticks.round()).all()


def test_what_cannot_be_shown(monkeypatch):
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(ConvTextClassifier())
    with pytest.raises(
        TypeError, match="must be a ConvTextClassifier or a Pipeline that ends in one; got LogisticRegression"
    ):
        TrainingHistoryDisplay.from_estimator(LogisticRegression())
    with pytest.raises(ValueError, match="'metric' parameter"):
        TrainingHistoryDisplay(HISTORY).plot(metric="speed")
    with pytest.raises(ValueError, match="history has no 'both' to show"):
        TrainingHistoryDisplay({}).plot()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[plot\]'"):
        TrainingHistoryDisplay(HISTORY).plot()
