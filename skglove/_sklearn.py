"""Private and version-dependent functions of scikit-learn."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing
from sklearn.utils._available_if import _AvailableIfDescriptor
from sklearn.utils._missing import is_pandas_na
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Estimators have no `set_callbacks`."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method


__all__ = [
    "BaseSearchCV",
    "CallbackSupportMixin",
    "DocumentationLink",
    "HasMethods",
    "Interval",
    "StrOptions",
    "available_unless",
    "callback_context",
    "check_sample_weight",
    "is_class_or_metric",
    "is_pandas_na",
    "restore_averaged_sgd",
    "select_columns",
    "state_of_averaged_sgd",
    "validate_parameters",
    "validate_params",
    "with_callbacks",
]

_MODULES_OF_CLASSES = (
    "sklearn.calibration",
    "sklearn.metrics._scorer",
    "sklearn.model_selection._split",
    "sklearn.utils._bunch",
    "sklearn.utils._metadata_requests",
)
_MODULES_OF_METRICS = ("sklearn.metrics._classification", "sklearn.metrics._ranking")


class DocumentationLink:
    """Mixin of the estimators: the link of their HTML diagrams is to this package's documentation.

    Subclasses in other packages have no link.
    """

    _doc_link_module = "skglove"
    _doc_link_template = "https://skglove.readthedocs.io/en/stable/api/generated/{name}.html"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        # The estimators are imported into the package; only Dask's stays in its module, since Dask is optional.
        module, name = type(self).__module__, type(self).__name__
        return {"name": f"{module if module == 'skglove.dask' else 'skglove'}.{name}"}


class _AvailableUnless(_AvailableIfDescriptor):
    def _check(self, obj: Any, owner: type) -> None:
        self.check(obj)


def available_unless(check: Callable[[Any], None]) -> Callable[[Any], Any]:
    """Make a method available unless a check raises an AttributeError, whose message is shown.

    scikit-learn's ``available_if`` replaces the message by one that gives no reason.

    Parameters
    ----------
    check : callable
        Takes the estimator.
    """
    return lambda method: _AvailableUnless(method, check, attribute_name=method.__name__)


def validate_parameters(estimator: Any) -> None:
    """Check the parameters of an estimator against its ``_parameter_constraints``.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        A ValueError.
    """
    parameters = estimator.get_params(deep=False)
    validate_parameter_constraints(estimator._parameter_constraints, parameters, type(estimator).__name__)


def callback_context(estimator: Any, n_subtasks: int) -> Any:
    """Set up the callbacks of an estimator for a fit.

    Parameters
    ----------
    estimator : CallbackSupportMixin
    n_subtasks : int
        The maximum number of tasks that a fit consists of.

    Returns
    -------
    sklearn.callback.CallbackContext or None
        None before scikit-learn 1.9.
    """
    # Public in spite of its name: see "Implementing callback support in estimators" in scikit-learn's guide for developers.
    init = getattr(estimator, "_init_callback_context", None)
    return None if init is None else init(max_subtasks=n_subtasks)


def check_sample_weight(sample_weight: Any, n_samples: int) -> np.ndarray:
    """Return a non-negative weight for each document; ones by default.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,), number or None
    n_samples : int

    Returns
    -------
    ndarray of shape (n_samples,), float64
    """
    # scikit-learn counts the rows of an array.
    X = np.empty((n_samples, 0))
    return _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)


def state_of_averaged_sgd(model: Any) -> dict[str, Any]:
    """Return what `partial_fit` of a fitted ``SGDClassifier(average=True, fit_intercept=False)`` continues from.

    The model itself cannot be saved: its attributes share arrays, which only pickles without joblib preserve.

    Returns
    -------
    dict
        "weights" and "averages", ndarray of shape (n_classes, n_features), for two classes (1, n_features), and "n_steps".
    """
    weights, averages = map(np.atleast_2d, (model._standard_coef, model._average_coef))
    return {"weights": weights, "averages": averages, "n_steps": float(model.t_)}


def restore_averaged_sgd(model: Any, classes: np.ndarray, state: dict[str, Any]) -> None:
    """Prepare a new model to continue from what `state_of_averaged_sgd` returned, of which it uses copies.

    Parameters
    ----------
    model : SGDClassifier
    classes : ndarray of shape (n_classes,)
    state : dict
    """
    weights, averages = state["weights"].copy(), state["averages"].copy()
    no_intercepts = np.zeros(len(weights), dtype=weights.dtype)
    model.classes_, model.n_features_in_, model.t_ = classes, weights.shape[1], state["n_steps"]
    model._standard_coef = weights
    model.coef_ = model._average_coef = averages
    model.intercept_ = model._standard_intercept = no_intercepts
    model._average_intercept = no_intercepts.copy()


def select_columns(X: Any, columns: Any) -> Any:
    """Select columns of a table as a `ColumnTransformer` does.

    Parameters
    ----------
    X : DataFrame or ndarray of shape (n_samples, n_columns)
    columns : str, int, list, slice or mask
        A single column, given as str or int, is returned in one dimension.
    """
    return _safe_indexing(X, columns, axis=1)


def is_class_or_metric(name: str) -> bool:
    """Return whether a name is that of a class that meta-estimators of scikit-learn hold, or of a metric.

    Files can call every trusted name, so scikit-learn cannot be trusted as a whole: it has functions that delete folders, and
    some of its modules import functions that run programs.
    """
    module, _, attribute = name.rpartition(".")
    if module not in _MODULES_OF_CLASSES + _MODULES_OF_METRICS:
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    is_defined_there = getattr(found, "__module__", None) == module
    return is_defined_there and (isinstance(found, type) or module in _MODULES_OF_METRICS)
