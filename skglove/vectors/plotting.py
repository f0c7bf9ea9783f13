"""Plot words in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def project(rows: np.ndarray) -> np.ndarray:
    """Project rows onto their two main axes (PCA).

    Parameters
    ----------
    rows : ndarray of shape (n, dim)

    Returns
    -------
    ndarray of float64 of shape (n, 2)
        The largest coordinate of each axis is positive, so the same words always give the same picture.

    Examples
    --------
    >>> import numpy as np
    >>> project(np.array([[0.0, 0, 0], [2, 0, 0], [4, 0, 0]])).round(3)[:, 0]
    array([-2.,  0.,  2.])
    """
    centered = np.asarray(rows, np.float64) - np.mean(rows, axis=0, dtype=np.float64)
    axes = np.linalg.svd(centered, full_matrices=False)[2][:2]
    coordinates = centered @ axes.T
    if coordinates.shape[1] < 2:
        coordinates = np.pad(coordinates, ((0, 0), (0, 2 - coordinates.shape[1])))
    for axis in coordinates.T:
        size = np.abs(axis)
        # equal sizes differ by rounding; the last of them decides
        if axis[np.flatnonzero(size >= size.max() * (1 - 1e-9))[-1]] < 0:
            axis *= -1
    return coordinates


def words_to_plot(words: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the distinct words of both.

    Raises
    ------
    TypeError
        If `words` is a str.
    ValueError
        If a pair is not two words, or there are fewer than two words.
    """
    if isinstance(words, str):
        raise TypeError(f"Expected a sequence of words, got one str: {words!r}.")
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2:
            raise ValueError(f"Expected pairs of two words, such as ('kitchen', 'dinner'), got {pair!r}.")
    distinct = list(dict.fromkeys([*words, *(word for pair in pairs for word in pair)]))
    if len(distinct) < 2:
        raise ValueError(f"Expected two or more words to plot, got {distinct}.")
    return distinct


def plot_words(words: Sequence[str], rows: np.ndarray, pairs: Sequence[tuple[str, str]] = (), ax: Any = None) -> Any:
    """Plot words in a plane.

    Parameters
    ----------
    words : sequence of str
        At least two.
    rows : ndarray of shape (len(words), dim)
        Their vectors.
    pairs : sequence of (str, str), default=()
        Draw an arrow from the first to the second of these `words`.
    ax : matplotlib.axes.Axes, default=None
        Where to draw; a new figure if None.
    """
    positions = dict(zip(words, project(rows).tolist(), strict=True))
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1]
    x, y = zip(*positions.values(), strict=True)
    ax.scatter(x, y, s=12)
    for word, position in positions.items():
        ax.annotate(word, position, xytext=(4, 4), textcoords="offset points")
    arrow = {"arrowstyle": "->", "shrinkA": 4, "shrinkB": 4, "color": "0.5"}
    for start, end in pairs:
        ax.annotate("", positions[end], xytext=positions[start], arrowprops=arrow)
    ax.set(xlabel="first axis", ylabel="second axis")
    ax.margins(0.2)
    return ax
