"""Fits that happen as a whole or not at all.

An estimator is fitted on a draft of itself. When nothing went wrong, the draft's attributes replace those of the estimator in
one step, which neither an exception nor an interrupt nor another thread can see half done.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np


@contextlib.contextmanager
def transaction(estimator: Any) -> Iterator[Any]:
    """Give a draft of an estimator, whose attributes the estimator takes over if nothing goes wrong.

    A generator that the user passed as `random_state` is put back to where it was if something does.

    Parameters
    ----------
    estimator : BaseEstimator

    Yields
    ------
    BaseEstimator
        With the same attributes. Set them, but change no attribute's value in place.
    """
    draft = snapshot(estimator)
    draft.__dict__ = dict(vars(estimator))
    generator = getattr(estimator, "random_state", None)
    generators = [generator] if isinstance(generator, np.random.RandomState) else []
    states = [generator.get_state() for generator in generators]
    try:
        yield draft
    except BaseException:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        raise
    estimator.__dict__ = vars(draft)


def snapshot(estimator: Any) -> Any:
    """Return an estimator that keeps the attributes of the last fit, even if another thread fits `estimator` again.

    Parameters
    ----------
    estimator : BaseEstimator
    """
    same = object.__new__(type(estimator))
    same.__dict__ = vars(estimator)
    return same


def forget_fit(estimator: Any) -> None:
    """Remove the attributes that a fit has set: those whose names end in an underscore.

    Parameters
    ----------
    estimator : BaseEstimator
    """
    for name in [name for name in vars(estimator) if name.endswith("_") and not name.endswith("__")]:
        delattr(estimator, name)
