"""Private and version-dependent functions of scikit-learn."""

from typing import Any

import numpy as np
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_sample_weight

__all__ = ["HasMethods", "Interval", "StrOptions", "check_sample_weight", "validate_parameters", "validate_params"]


def validate_parameters(estimator: Any) -> None:
    """Check the parameters of an estimator against its ``_parameter_constraints``.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        A ValueError.
    """
    parameters = estimator.get_params(deep=False)
    validate_parameter_constraints(estimator._parameter_constraints, parameters, type(estimator).__name__)


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
