"""The progress bar of everything that takes long."""

import contextlib
import sys
from typing import Any


def progress_bar(total: int | None, *, shown: int | bool = True, **options: Any) -> Any:
    """Return tqdm's bar on stderr; one that shows nothing in a process without stderr, such as a service or pythonw.

    Parameters
    ----------
    total : int or None
        The number of steps, if known.
    shown : bool, default=True
    **options
        Of tqdm.

    Examples
    --------
    >>> with progress_bar(2, shown=False, unit="text") as bar:
    ...     bar.update()
    """
    has_stderr = sys.stderr is not None and not getattr(sys.stderr, "closed", False)
    if not (shown and has_stderr):
        return _NoBar()
    from tqdm.auto import tqdm

    return tqdm(total=total, **options)


class _NoBar(contextlib.nullcontext["_NoBar"]):
    """The methods of a bar that is not shown, for which tqdm need not be installed."""

    def __enter__(self) -> "_NoBar":
        return self

    def update(self, n: int = 1) -> None:
        """Do nothing."""

    def set_postfix(self, values: Any) -> None:
        """Do nothing."""
