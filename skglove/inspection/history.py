"""How training went: losses and accuracies by epoch, as a picture."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import StrOptions, validate_params
from skglove.classifier import ConvTextClassifier


class TrainingHistoryDisplay:
    """Losses and accuracies by epoch, as scikit-learn's displays show things.

    Make one with `from_estimator`; what was drawn is in its attributes.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``history_`` of a `ConvTextClassifier`: one value an epoch of "loss", "accuracy", and perhaps "val_loss" and
        "val_accuracy".

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        One for each metric drawn.
    figure_ : matplotlib Figure
    lines_ : dict of str to matplotlib Line2D
        By the names of `history`.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by the number of training documents.

    Examples
    --------
    >>> from skglove import TrainingHistoryDisplay
    >>> display = TrainingHistoryDisplay({"loss": [0.7, 0.4], "val_loss": [0.7, 0.5]}).plot(metric="loss")
    >>> sorted(display.lines_)
    ['loss', 'val_loss']
    """

    def __init__(self, history: Mapping[str, Sequence[float]]) -> None:
        self.history = history

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, metric: str = "both", ax: Any = None, **line_kw: Any
    ) -> "TrainingHistoryDisplay":
        """Draw how a classifier was trained.

        Parameters
        ----------
        estimator : ConvTextClassifier or Pipeline
            Fitted; of a pipeline the last step is shown.
        metric : {"both", "loss", "accuracy"}, default="both"
        ax : matplotlib Axes or sequence of two Axes, optional
            Where to draw; by default in a new figure. "both" needs two.
        **line_kw
            For ``Axes.plot``, for all lines.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        TypeError
            If `estimator` is something else.
        sklearn.exceptions.NotFittedError
            If it has not been fitted.
        ImportError
            If matplotlib is not installed.
        """
        classifier = estimator[-1] if isinstance(estimator, Pipeline) else estimator
        if not isinstance(classifier, ConvTextClassifier):
            raise TypeError(
                f"estimator must be a ConvTextClassifier or a Pipeline that ends in one; got {classifier!r:.80}."
            )
        check_is_fitted(classifier)
        return cls(classifier.history_).plot(metric=metric, ax=ax, **line_kw)

    @validate_params(
        {"metric": [StrOptions({"both", "loss", "accuracy"})], "ax": "no_validation"},
        prefer_skip_nested_validation=True,
    )
    def plot(self, ax: Any = None, *, metric: str = "both", **line_kw: Any) -> "TrainingHistoryDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of two Axes, optional
        metric : {"both", "loss", "accuracy"}, default="both"
        **line_kw
            For ``Axes.plot``.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        ValueError
            If there is nothing to draw, or `ax` is not one Axes for each metric.
        ImportError
            If matplotlib is not installed.
        """
        metrics = ["loss", "accuracy"] if metric == "both" else [metric]
        metrics = [name for name in metrics if len(self.history.get(name, ()))]
        if not metrics:
            raise ValueError(f"history has no {metric!r} to show; it holds {sorted(self.history)}.")
        axes = _axes(ax, len(metrics))
        self.lines_ = {}
        for axis, name in zip(axes, metrics, strict=True):
            for key, label in ((name, "training"), (f"val_{name}", "held out")):
                values = self.history.get(key, ())
                if len(values):
                    epochs = range(1, len(values) + 1)
                    (self.lines_[key],) = axis.plot(epochs, values, **{"marker": ".", "label": label, **line_kw})
            axis.set(xlabel="epoch", ylabel=name)
            _tick_whole_epochs(axis)
            axis.legend()
        self.ax_, self.figure_ = axes, axes[0].figure
        return self


def _tick_whole_epochs(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    locator = axis.xaxis.get_major_locator()
    if isinstance(locator, MaxNLocator):  # otherwise the caller has chosen the ticks
        locator.set_params(integer=True, min_n_ticks=1)


def _axes(ax: Any, n_axes: int) -> Any:
    """Return an array of so many Axes: those that were given, or new ones side by side."""
    if ax is not None:
        axes = np.atleast_1d(np.asarray(ax, dtype=object))
        if axes.shape != (n_axes,):
            raise ValueError(
                f"Expected {n_axes} Axes, one for each metric, got {axes.size}; or choose another `metric`."
            )
        return axes
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("Drawing needs matplotlib: pip install 'skglove[plot]'.") from error
    return plt.subplots(ncols=n_axes, figsize=(4.8 * n_axes, 3.6), squeeze=False, layout="constrained")[1][0]
