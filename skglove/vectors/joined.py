"""Several sources as one: their vectors are joined word by word."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice, zip_longest
from typing import Any

import numpy as np

from skglove.vectors.forms import LooksUpForms
from skglove.vectors.protocol import VectorSource, lookup

Array = np.ndarray[Any, Any]


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
    >>> from skglove.vectors.sources import vector_source
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

    def lookup(self, words: Sequence[str]) -> tuple[Array, Array]:
        """See `VectorSource.lookup`; a word is found if any source has it."""
        looked_up = [lookup(source, words) for source in self.sources]
        lengths = [_mean_length(rows) for rows, _ in looked_up]
        target = next(filter(None, lengths), 1.0)
        scales = [np.float32(target / length if length else 1.0) for length in lengths]
        rows = np.hstack([rows * scale for (rows, _), scale in zip(looked_up, scales, strict=True)])
        return rows, np.logical_or.reduce([found for _, found in looked_up])


def _mean_length(rows: Array) -> float:
    """Return the mean Euclidean norm of the rows that are not zero; 0 without such rows."""
    norms = np.linalg.norm(rows, axis=1)
    norms = norms[norms > 0]
    return float(norms.mean(dtype=np.float64)) if len(norms) else 0.0
