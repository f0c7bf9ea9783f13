"""A picture of words in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from skglove.vectors.wordvectors import WordVectors

Array = np.ndarray[Any, Any]


def plane(rows: Array) -> Array:
    """Project onto the two main axes (PCA).

    Parameters
    ----------
    rows : ndarray of shape (n, dim)

    Returns
    -------
    ndarray of float64 of shape (n, 2)
        The sign of each axis is such that its largest coordinate is positive: the same words give the same picture.

    Examples
    --------
    >>> import numpy as np
    >>> plane(np.array([[0.0, 0, 0], [2, 0, 0], [4, 0, 0]])).round(3)[:, 0]
    array([-2.,  0.,  2.])
    """
    centred = np.asarray(rows, np.float64) - np.mean(rows, axis=0, dtype=np.float64)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    places = centred @ axes.T
    if places.shape[1] < 2:
        places = np.pad(places, ((0, 0), (0, 2 - places.shape[1])))
    # of coordinates as large, the last decides, whatever rounding makes of their order
    for axis in places.T:
        size = np.abs(axis)
        if axis[np.flatnonzero(size >= size.max() * (1 - 1e-9))[-1]] < 0:
            axis *= -1
    return places


def plot(vectors: WordVectors, words: Sequence[str], pairs: Sequence[tuple[str, str]], ax: Any) -> Any:
    """See `WordVectors.plot`."""
    if isinstance(words, str):
        raise TypeError(f"Expected a sequence of words, got one str: {words!r}.")
    for pair in pairs:
        if isinstance(pair, str) or len(pair) != 2:
            raise ValueError(f"Expected pairs of two words, such as ('kitchen', 'dinner'), got {pair!r}.")
    shown = list(dict.fromkeys([*words, *(word for pair in pairs for word in pair)]))
    if len(shown) < 2:
        raise ValueError(f"Expected two words or more to show, got {shown}.")
    places = dict(zip(shown, plane(vectors[shown]).tolist(), strict=True))
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1]
    x, y = zip(*places.values(), strict=True)
    ax.scatter(x, y, s=12)
    for word, place in places.items():
        ax.annotate(word, place, xytext=(4, 4), textcoords="offset points")
    for start, end in pairs:
        arrow = {"arrowstyle": "->", "shrinkA": 4, "shrinkB": 4, "color": "0.5"}
        ax.annotate("", places[end], xytext=places[start], arrowprops=arrow)
    ax.set(xlabel="first axis", ylabel="second axis")
    ax.margins(0.2)
    return ax
