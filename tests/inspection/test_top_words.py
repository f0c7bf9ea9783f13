import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skglove import ModelExplanation, TopWordsDisplay, explain_model

EXPLANATION = ModelExplanation(
    np.array(["a", "b", "c", "d"]),
    ["w", "x y", "zero", "$5 $6"],
    np.array([[1.0, -0.5, -0.5, 0.0], [-2.0, 1.5, 0.5, 0.0], [0.0, 0.0, 0.0, 0.0], [0.25, -0.75, 0.5, 0.0]]),
    np.array([4, 3, 2, 1]),
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def plotted(ax, bars):
    """Return the label and the width of each bar, from the top down."""
    labels = [label.get_text() for label in ax.get_yticklabels()]
    pairs = sorted(zip(bars, labels, strict=True), key=lambda pair: ax.transData.transform((0, pair[0].get_y()))[1])
    return [(label, float(bar.get_width())) for bar, label in pairs[::-1]]


@pytest.mark.parametrize("texts", [None, ["the cat", "the hammer and the saw"]], ids=["words", "texts"])
def test_an_estimator_is_drawn_by_its_explanation(wide_and_deep, texts):
    display = TopWordsDisplay.from_estimator(wide_and_deep, texts, n_words=3)
    explanation = explain_model(wide_and_deep, texts)
    for ax, bars, class_ in zip(display.ax_, display.bars_, explanation.classes, strict=True):
        speak_for, speak_against = explanation.for_and_against(class_, 3)
        assert plotted(ax, bars) == [*speak_for, *speak_against[::-1]]


def test_options_of_the_explanation_are_passed_on(wide_and_deep):
    texts = ["the cat", "the hammer"]
    display = TopWordsDisplay.from_estimator(wide_and_deep, texts, aggregation="mean", min_texts=2, classes=["tools"])
    expected = explain_model(wide_and_deep, texts, aggregation="mean", min_texts=2)
    assert display.explanation.ngrams == expected.ngrams == ["the"]
    np.testing.assert_array_equal(display.explanation.contributions, expected.contributions)


def test_the_strongest_for_a_class_are_on_top_and_those_against_it_below():
    display = TopWordsDisplay(EXPLANATION).plot()
    assert plotted(display.ax_[0], display.bars_[0]) == [("w", 1.0), ("$5 $6", 0.25), ("x y", -2.0)]
    assert plotted(display.ax_[1], display.bars_[1]) == [("x y", 1.5), ("w", -0.5), ("$5 $6", -0.75)]


def test_each_class_has_axes_of_its_own():
    display = TopWordsDisplay(EXPLANATION).plot()
    assert [ax.get_title() for ax in display.ax_] == ["a", "b", "c", "d"]
    assert display.figure_.axes == display.ax_.tolist()


def test_only_some_words():
    display = TopWordsDisplay(EXPLANATION).plot(n_words=1)
    assert plotted(display.ax_[1], display.bars_[1]) == [("x y", 1.5), ("$5 $6", -0.75)]


def test_only_some_classes_in_their_order():
    display = TopWordsDisplay(EXPLANATION).plot(classes=["c", "a"])
    assert [ax.get_title() for ax in display.ax_] == ["c", "a"]


def test_bars_for_and_against_differ_in_colour():
    *for_, against = (bar.get_facecolor() for bar in TopWordsDisplay(EXPLANATION).plot().bars_[0])
    assert len(set(for_)) == 1
    assert against not in for_


def test_keywords_are_those_of_the_bars():
    display = TopWordsDisplay(EXPLANATION).plot(color="black", height=0.5)
    assert {bar.get_facecolor() for bars in display.bars_ for bar in bars} == {(0, 0, 0, 1)}
    assert {round(bar.get_height(), 6) for bars in display.bars_ for bar in bars} == {0.5}


def test_axes_of_the_caller():
    _, axes = plt.subplots(2, 2)
    assert TopWordsDisplay(EXPLANATION).plot(axes).ax_.tolist() == axes.ravel().tolist()


def test_axes_of_the_caller_for_one_class():
    _, ax = plt.subplots()
    display = TopWordsDisplay(EXPLANATION).plot(ax, classes=["a"])
    assert display.ax_.tolist() == [ax]
    assert len(ax.patches) == 3


def test_a_class_without_words():
    display = TopWordsDisplay(EXPLANATION).plot(classes=["d"])
    assert len(display.bars_[0]) == 0
    display.figure_.canvas.draw()


def test_dollars_are_not_formulas():
    display = TopWordsDisplay(EXPLANATION).plot(classes=["a"])
    display.figure_.canvas.draw()
    assert not any(label.get_parse_math() for label in display.ax_[0].get_yticklabels())


def test_too_few_axes():
    _, ax = plt.subplots()
    with pytest.raises(ValueError, match="Expected 4 Axes, one for each class, got 1"):
        TopWordsDisplay(EXPLANATION).plot(ax)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (["e"], r"class_ must be one of \['a', 'b', 'c', 'd'\]; got 'e'"),
        ([], "classes must contain at least one of"),
        ("a", "'classes' parameter"),
    ],
)
def test_wrong_classes(classes, message):
    with pytest.raises(ValueError, match=message):
        TopWordsDisplay(EXPLANATION).plot(classes=classes)
    assert not plt.get_fignums()


def test_no_words():
    with pytest.raises(ValueError, match="'n_words' parameter"):
        TopWordsDisplay(EXPLANATION).plot(n_words=0)


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[plot\]'"):
        TopWordsDisplay(EXPLANATION).plot()
