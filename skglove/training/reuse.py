"""Traced steps of one fit, for the next fit of an equal network in the same process.

Tracing takes most of a second, longer than training on a few hundred texts. Searches and cross-validation fit the same network
many times, each time with other initial weights, which are variables and not part of a trace.
"""

import gc
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from skglove.training.steps import Steps

# Of the variables of the steps that are kept; larger networks take much longer to train than to trace.
_MOST_BYTES = 1 << 27
# Of variables that are left to Python to free, which takes some tenths of a second at once.
_MOST_LEFT = 1 << 28

_kept: dict[Hashable, Steps] = {}  # one, unless threads end their fits at the same time; each operation is atomic


@contextmanager
def reused(steps: Steps, key: Hashable | None) -> Iterator[Steps]:
    """Provide steps with the variables of `steps`, already traced if possible, and keep them for the next time.

    Steps are used by one thread at a time. After an exception they are not kept. Very large networks are freed in the end.

    Parameters
    ----------
    steps : Steps
    key : hashable or None
        Everything that a trace depends on. None does not reuse anything.

    Yields
    ------
    Steps
    """
    traced = None if key is None else _kept.pop(key, None)
    if traced is not None:
        for variable, value in zip(traced.variables(), steps.variables(), strict=True):
            variable.assign(value)
        steps = traced
    yield steps
    n_bytes = steps.n_bytes()
    if n_bytes > _MOST_LEFT:
        steps.release()
        gc.collect()  # the objects of Keras refer to each other, so that they would be freed much later
    elif key is not None and n_bytes <= _MOST_BYTES:
        _kept.clear()
        _kept[key] = steps
