"""Keras' callbacks of the user, which are parameters of the classifier and must be fit for copies and pickles."""

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import Any


@contextlib.contextmanager
def lent(callbacks: Sequence[Any], network: Any) -> Iterator[None]:
    """Lend callbacks to the training of a network.

    Training gets the callbacks themselves and not copies, since users read their attributes after a fit. Afterwards, attributes
    that were set to the network, or to what cannot be copied, such as an open file, have their values from before, or None.

    Parameters
    ----------
    callbacks : sequence of keras.callbacks.Callback
    network : keras.Model
    """
    before = [dict(vars(callback)) for callback in callbacks]
    try:
        yield
    finally:
        for callback, attributes in zip(callbacks, before, strict=True):
            for name, value in vars(callback).items():
                old = attributes.get(name)
                if value is not old and (value is network or not _can_be_copied(value)):
                    vars(callback)[name] = old


def _can_be_copied(value: Any) -> bool:
    try:
        copy.deepcopy(value)
    except Exception:  # of any type, as classes can define how they are copied
        return False
    return True
