"""Plots of loss and accuracy by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skglove._sklearn import StrOptions, validate_params
from skglove.inspection.axes import axes_for
from skglove.pipeline import final_classifier


class TrainingHistoryDisplay:
    """Plot of loss and accuracy by epoch.

    Use `from_estimator` to create a display; the plot is available as attributes.

    Parameters
    ----------
    history : mapping of str to sequence of float
        ``history_`` of a `ConvTextClassifier`: "loss", "accuracy" and optionally "val_loss" and "val_accuracy" by epoch.

    Attributes
    ----------
    ax_ : ndarray of matplotlib Axes
        The axes of each metric.
    figure_ : matplotlib Figure
    lines_ : dict of str to matplotlib Line2D
        The lines by the names of `history`.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Plot of scores by training set size.

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
        """Plot the training history of a classifier.

        Parameters
        ----------
        estimator : ConvTextClassifier, Pipeline or meta-estimator
            A fitted classifier, a pipeline that ends with one, or a meta-estimator of one model, as for `explain`.
        metric : {"both", "loss", "accuracy"}, default="both"
        ax : matplotlib Axes or sequence of two Axes, optional
            The axes to plot on, two for "both"; by default a new figure.
        **line_kw
            Passed to ``Axes.plot`` for all lines.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        TypeError
            If `estimator` is anything else.
        sklearn.exceptions.NotFittedError
            If it has not been fitted.
        ValueError
            If a search was fitted with ``refit=False``, or a `CalibratedClassifierCV` has several models.
        ImportError
            If matplotlib is not installed.
        """
        return cls(final_classifier(estimator).history_).plot(metric=metric, ax=ax, **line_kw)

    @validate_params(
        {"metric": [StrOptions({"both", "loss", "accuracy"})], "ax": "no_validation"},
        prefer_skip_nested_validation=True,
    )
    def plot(self, ax: Any = None, *, metric: str = "both", **line_kw: Any) -> "TrainingHistoryDisplay":
        """Plot the history.

        Parameters
        ----------
        ax : matplotlib Axes or sequence of two Axes, optional
        metric : {"both", "loss", "accuracy"}, default="both"
        **line_kw
            Passed to ``Axes.plot``.

        Returns
        -------
        TrainingHistoryDisplay

        Raises
        ------
        TypeError
            If `history` is not a mapping to sequences of numbers.
        ValueError
            If `history` lacks the metric, or `ax` is not one Axes per metric.
        ImportError
            If matplotlib is not installed.
        """
        if not isinstance(self.history, Mapping):
            raise TypeError(f"history must be a mapping, such as history_ of a classifier; got {self.history!r:.80}.")
        metrics = ["loss", "accuracy"] if metric == "both" else [metric]
        metrics = [name for name in metrics if len(self._curve(name))]
        if not metrics:
            raise ValueError(f"history does not contain metric={metric!r}; it contains {sorted(self.history)}.")
        curves = {key: self._curve(key) for name in metrics for key in (name, f"val_{name}")}
        axes = axes_for(ax, len(metrics), "metric", n_columns=len(metrics), size=(4.8, 3.6))
        self.lines_ = {}
        for axis, name in zip(axes, metrics, strict=True):
            for key, label in ((name, "training"), (f"val_{name}", "held out")):
                values = curves[key]
                if len(values):
                    epochs = range(1, len(values) + 1)
                    (self.lines_[key],) = axis.plot(epochs, values, **{"marker": ".", "label": label, **line_kw})
            axis.set(xlabel="epoch", ylabel=name)
            _tick_whole_epochs(axis)
            axis.legend()
        self.ax_, self.figure_ = axes, axes[0].figure
        return self

    def _curve(self, name: str) -> np.ndarray:
        """Return a metric of each epoch; none if it is not in the history."""
        values = self.history.get(name, ())
        try:
            curve = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError):
            curve = np.empty(())
        if curve.ndim != 1:
            raise TypeError(f"history[{name!r}] must be a sequence of a number for each epoch; got {values!r:.80}.")
        return curve


def _tick_whole_epochs(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    locator = axis.xaxis.get_major_locator()
    if isinstance(locator, MaxNLocator):  # otherwise the caller has chosen the ticks
        locator.set_params(integer=True, min_n_ticks=1)
