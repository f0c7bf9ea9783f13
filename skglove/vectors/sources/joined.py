"""Several sources as one: their vectors are joined word by word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice, zip_longest

import numpy as np

from skglove.vectors.forms import LooksUpForms
from skglove.vectors.sources.protocol import VectorSource, lookup


class JoinedSource(LooksUpForms):
    """A `VectorSource` that concatenates the vectors of others.

    Lengths of vectors differ by an order of magnitude between sources. Unscaled, distances and principal components
    would be those of the source with the longest vectors. So each source is multiplied by a number, such that the mean
    length of the vectors of the words that are looked up is that of the first source. Where a source lacks a word, its
    part of the vector is zero.

    Parameters
    ----------
    sources : sequence of VectorSource
        At least one.

    Raises
    ------
    ValueError
        If there are no sources.

    Examples
    --------
    >>> from skglove.vectors.sources.sources import vector_source
    >>> joined = JoinedSource([vector_source({"cat": [3.0, 4.0]}), vector_source({"cat": [1.0], "dog": [-1.0]})])
    >>> rows, found = joined.lookup(["cat", "dog"])
    >>> rows
    array([[ 3.,  4.,  5.],
           [ 0.,  0., -5.]], dtype=float32)
    """

    def __init__(self, sources: Sequence[VectorSource]) -> None:
        if not sources:
            raise ValueError("Expected a list of at least one source of word vectors, got an empty one.")
        self.sources = list(sources)

    def check(self) -> None:
        """See `VectorSource.check`."""
        for source in self.sources:
            source.check()

    def head(self, n: int) -> list[str]:
        """Return the first words of each source in turn, each once; see `VectorSource.head`."""
        by_rank = zip_longest(*(source.head(n) for source in self.sources))
        words = dict.fromkeys(word for word in chain.from_iterable(by_rank) if word is not None)
        return list(islice(words, n))

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `VectorSource.lookup`; a word is found if any source has it."""
        looked_up = [self._lookup(i, words) for i in range(len(self.sources))]
        lengths = [_lengths(rows) for rows, _ in looked_up]
        means = [_mean(some) for some in lengths]
        first = next((i for i, mean in enumerate(means) if mean), 0)
        with np.errstate(over="ignore", invalid="ignore"):  # see _check_scaled
            scales = [np.float32(means[first] / mean if mean else 1.0) for mean in means]
            rows = np.hstack([rows * scale for (rows, _), scale in zip(looked_up, scales, strict=True)])
        if not np.isfinite(rows).all():
            longest = int(np.argmax(lengths[first]))
            raise ValueError(
                f"{self._name(first)} is too long to scale the other sources to its mean length: its vector of "
                f"{words[longest]!r} has length {lengths[first][longest]:.3g}."
            )
        return rows, np.logical_or.reduce([found for _, found in looked_up])

    def _lookup(self, i: int, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        try:
            return lookup(self.sources[i], words)
        except ValueError as error:
            raise ValueError(f"{self._name(i)}: {error}") from error

    def _name(self, i: int) -> str:
        return f"Source {i + 1} of {len(self.sources)} in the list of word vectors"


def _lengths(rows: np.ndarray) -> np.ndarray:
    """Return the Euclidean norms of rows in float64, in which no square of a float32 number is infinite."""
    return np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))


def _mean(lengths: np.ndarray) -> float:
    """Return the mean of the lengths that are not zero; 0 if all are."""
    lengths = lengths[lengths > 0]
    return float(lengths.mean()) if len(lengths) else 0.0
