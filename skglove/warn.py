"""Warnings about the line that called skglove."""

import sys
import warnings

_INNER = ("skglove", "sklearn", "joblib")


def warn(message: str) -> None:
    """Issue a UserWarning about the first line outside skglove, scikit-learn and joblib.

    How many functions lie in between depends on the version of scikit-learn, and on whether the estimator is in a pipeline. The
    idea is that of pandas' `find_stack_level`.

    Parameters
    ----------
    message : str

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("3 texts are empty.")
    >>> print(caught[0].message)
    3 texts are empty.
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _INNER:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)
