"""Fits that succeed completely or leave the estimator unchanged.

An estimator is fitted on a draft, a copy of itself. If the fit succeeds, the attributes of the draft replace those of the
estimator in one step, so that neither an interrupt nor another thread can observe a partial fit.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np


@contextlib.contextmanager
def transaction(estimator: Any) -> Iterator[Any]:
    """Yield a draft of an estimator, whose attributes are copied to the estimator on success.

    On failure, the state of a `random_state` generator passed by the user is restored.

    Yields
    ------
    BaseEstimator
        A copy with the same attributes, whose values must not be changed in place.
    """
    draft = snapshot(estimator)
    before = dict(vars(estimator))
    draft.__dict__ = dict(before)
    generator = getattr(estimator, "random_state", None)
    generators = [generator] if isinstance(generator, np.random.RandomState) else []
    states = [generator.get_state() for generator in generators]
    try:
        yield draft
        # What a callback has set on the estimator meanwhile is kept, unless it is an attribute of a fit.
        meanwhile = {
            name: value
            for name, value in dict(vars(estimator)).items()
            if not name.endswith("_") and before.get(name, draft) is not value
        }
        estimator.__dict__ = {**vars(draft), **meanwhile}
    except BaseException:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
        raise


def snapshot(estimator: Any) -> Any:
    """Return a copy of an estimator that is not affected by later fits in other threads."""
    same = object.__new__(type(estimator))
    same.__dict__ = vars(estimator)
    return same


def forget_fit(estimator: Any) -> None:
    """Remove the fitted attributes, whose names end in an underscore."""
    for name in fitted_attributes(estimator):
        delattr(estimator, name)


def fitted_attributes(estimator: Any) -> dict[str, Any]:
    """Return the fitted attributes, whose names end in an underscore."""
    return {name: value for name, value in vars(estimator).items() if name.endswith("_") and not name.endswith("__")}
