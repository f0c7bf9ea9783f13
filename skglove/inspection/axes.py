"""The axes of a display."""

from typing import Any

import numpy as np


def axes_for(ax: Any, n_axes: int, kind: str, *, n_columns: int, size: tuple[float, float]) -> np.ndarray:
    """Return one Axes for each of several plots.

    Parameters
    ----------
    ax : matplotlib Axes, sequence of them or None
        The axes to plot on; None makes a new figure.
    n_axes : int
        Number of plots.
    kind : str
        What a plot is of, for the error.
    n_columns : int
        Maximum number of plots in a row of a new figure.
    size : tuple of (float, float)
        The width and the height of each plot in a new figure, in inches.

    Returns
    -------
    ndarray of shape (n_axes,) of Axes

    Raises
    ------
    ValueError
        If `ax` is not one Axes for each plot.
    ImportError
        If matplotlib is not installed.
    """
    if ax is None:
        return _new_axes(n_axes, n_columns, size)
    axes = np.asarray(ax, dtype=object).reshape(-1)
    if len(axes) != n_axes:
        raise ValueError(
            f"Expected {n_axes} Axes, one for each {kind}, got {len(axes)}. Pass other Axes, or choose another {kind}."
        )
    return axes


def _new_axes(n_axes: int, n_columns: int, size: tuple[float, float]) -> np.ndarray:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("Plotting requires matplotlib: pip install 'skglove[plot]'.") from error
    n_columns = min(n_columns, n_axes)
    n_rows = -(-n_axes // n_columns)
    figsize = size[0] * n_columns, size[1] * n_rows
    _, grid = plt.subplots(n_rows, n_columns, figsize=figsize, squeeze=False, layout="constrained")
    axes = grid.reshape(-1)
    for unused in axes[n_axes:]:
        unused.remove()
    return axes[:n_axes]
