"""The tasks of a fit, which scikit-learn's callbacks follow: the fit, and its epochs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skglove._sklearn import callback_context


@dataclass(frozen=True)
class FitTask:
    """A fit or an epoch of a fit, reported to the callbacks that were passed to `set_callbacks` of the estimator.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator being fitted; its method `fit` is decorated with `with_callbacks`.
    context : sklearn.callback.CallbackContext or None
        None before scikit-learn 1.9, which has no callbacks.
    data : dict
        What callbacks can ask for: "X", "y" and "metadata".
    """

    estimator: Any
    context: Any
    data: dict[str, Any]

    @classmethod
    def begin(cls, estimator: Any, n_epochs: int = 0, **data: Any) -> "FitTask":
        """Set up the callbacks of an estimator, and begin its fit.

        Parameters
        ----------
        estimator : BaseEstimator
        n_epochs : int, default=0
            The maximum number of calls of `begin_epoch`.
        **data
            As for the class.
        """
        return cls(estimator, callback_context(estimator, n_epochs), data)._begun()

    def begin_epoch(self) -> "FitTask":
        """Begin the next epoch."""
        context = None if self.context is None else self.context.subcontext(task_name="epoch")
        return FitTask(self.estimator, context, self.data)._begun()

    def _begun(self) -> "FitTask":
        if self.context is not None:
            self.context.call_on_fit_task_begin(estimator=self.estimator, **self.data)
        return self

    def end(self, attributes: Callable[[], dict[str, Any]] | None = None) -> bool:
        """End the task; return whether a callback asks to stop.

        Parameters
        ----------
        attributes : callable, optional
            Returns the attributes that the estimator would have if the fit ended here. It is called if a callback asks for a
            fitted estimator.
        """
        if self.context is None:
            return False
        return self.context.call_on_fit_task_end(
            estimator=self.estimator, **self.data, reconstruction_attributes=attributes
        )
