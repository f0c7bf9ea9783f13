"""Plots of the words and n-grams that speak for and against each class."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from skglove._sklearn import Interval, validate_params
from skglove.inspection.axes import axes_for
from skglove.inspection.contributions import index_of
from skglove.inspection.model import ModelExplanation, explain_model

_FOR, _AGAINST = "C0", "C3"
_COLUMNS, _WIDTH, _HEIGHT_OF_BAR, _HEIGHT_OF_REST = 3, 4.2, 0.2, 0.9  # of a plot in a new figure, in inches


class TopWordsDisplay:
    """Plot of the words and n-grams that speak most for and against each class.

    Use `from_estimator` to create a display; the plot is available as attributes.

    Parameters
    ----------
    explanation : ModelExplanation
        The result of `explain_model`.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        The axes of each class.
    figure_ : matplotlib Figure
    bars_ : list of matplotlib BarContainer
        The bars of each class, the strongest word for it first and the strongest against it last.

    See Also
    --------
    explain_model : The same as a table.
    sklearn.inspection.PermutationImportanceDisplay : Plot of the importances of features.

    Examples
    --------
    >>> import numpy as np
    >>> from skglove import ModelExplanation, TopWordsDisplay
    >>> contributions = np.array([[1.0, -1.0], [-0.5, 0.5], [0.2, -0.2]])
    >>> explanation = ModelExplanation(np.array(["cat", "dog"]), ["purrs", "barks", "naps"], contributions, np.array([3, 2, 1]))
    >>> display = TopWordsDisplay(explanation).plot(classes=["cat"])
    >>> [label.get_text() for label in display.ax_[0].get_yticklabels()]
    ['purrs', 'naps', 'barks']
    """

    def __init__(self, explanation: ModelExplanation) -> None:
        self.explanation = explanation

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        texts: Any = None,
        *,
        n_words: int = 10,
        classes: Sequence[Any] | None = None,
        aggregation: str = "sum",
        min_texts: int = 1,
        ax: Any = None,
        **bar_kw: Any,
    ) -> "TopWordsDisplay":
        """Plot the words of a model, or the words and n-grams of texts.

        Parameters
        ----------
        estimator : Pipeline or meta-estimator
            As for `explain`.
        texts : iterable of str, table or None, default=None
            The input of the pipeline, such as held-out texts. None uses the words of the vocabulary.
        n_words : int, default=10
            Number of words and n-grams that speak for each class, and of those that speak against it.
        classes : sequence of labels, optional
            The classes to plot; by default all.
        aggregation : {"sum", "mean"}, default="sum"
            As for `explain_model`.
        min_texts : int, default=1
            As for `explain_model`.
        ax : matplotlib Axes or sequence of Axes, optional
            The axes to plot on, one for each class; by default a new figure.
        **bar_kw
            Passed to ``Axes.barh``.

        Returns
        -------
        TopWordsDisplay

        Raises
        ------
        TypeError, ValueError, sklearn.exceptions.NotFittedError
            As for `explain_model` and `plot`.
        ImportError
            If matplotlib is not installed.
        """
        explanation = explain_model(estimator, texts, aggregation=aggregation, min_texts=min_texts)
        return cls(explanation).plot(ax, n_words=n_words, classes=classes, **bar_kw)

    @validate_params(
        {
            "ax": "no_validation",
            "n_words": [Interval(Integral, 1, None, closed="left")],
            "classes": ["array-like", None],
        },
        prefer_skip_nested_validation=True,
    )
    def plot(
        self, ax: Any = None, *, n_words: int = 10, classes: Sequence[Any] | None = None, **bar_kw: Any
    ) -> "TopWordsDisplay":
        """Plot the words.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of Axes, optional
            As for `from_estimator`.
        n_words : int, default=10
        classes : sequence of labels, optional
        **bar_kw
            Passed to ``Axes.barh``.

        Returns
        -------
        TopWordsDisplay

        Raises
        ------
        ValueError
            If a class is unknown, `classes` is empty, or `ax` is not one Axes for each class.
        ImportError
            If matplotlib is not installed.
        """
        shown = self.explanation.classes if classes is None else classes
        if not len(shown):
            raise ValueError(
                f"classes must contain at least one of {self.explanation.classes.tolist()}; got {classes!r}."
            )
        for class_ in shown:
            index_of(class_, self.explanation.classes)  # before a figure is made
        size = _WIDTH, _HEIGHT_OF_REST + 2 * n_words * _HEIGHT_OF_BAR
        self.ax_ = axes_for(ax, len(shown), "class", n_columns=_COLUMNS, size=size)
        self.figure_ = self.ax_[0].figure
        self.bars_ = [self._plot_class(*pair, n_words, bar_kw) for pair in zip(self.ax_, shown, strict=True)]
        return self

    def _plot_class(self, ax: Any, class_: Any, n_words: int, bar_kw: dict[str, Any]) -> Any:
        speak_for, speak_against = self.explanation.for_and_against(class_, n_words)
        ngrams = [*speak_for, *speak_against[::-1]]
        values = [value for _, value in ngrams]
        colours = [_FOR if value > 0 else _AGAINST for value in values]
        bars = ax.barh(range(len(ngrams)), values, **{"color": colours, **bar_kw})
        # Words may contain dollar signs, which matplotlib would take for formulas.
        ax.set_yticks(range(len(ngrams)), [ngram for ngram, _ in ngrams], parse_math=False)
        ax.set_title(str(class_), parse_math=False)
        ax.set_xlabel("contribution")
        ax.invert_yaxis()  # the first bar on top
        return bars
