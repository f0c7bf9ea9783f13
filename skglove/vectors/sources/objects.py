"""Word vectors in memory: mappings, and the objects of gensim and spaCy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import Any

import numpy as np

from skglove.vectors.cache.stored import MappedRows
from skglove.vectors.forms import LooksUpForms, other_forms

Rows = np.ndarray | MappedRows

_CHECKED_ROWS = 1 << 14  # at a time


class ReadableSource(LooksUpForms, ABC):
    """A `VectorSource` that has a list of its words.

    Attributes
    ----------
    knows_all_words : bool
        Whether it computes vectors of words that are not in its list.
    """

    knows_all_words = False

    def check(self) -> None:
        """See `VectorSource.check`."""

    @abstractmethod
    def head(self, n: int) -> list[str]:
        """See `VectorSource.head`."""

    @abstractmethod
    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], Rows]:
        """Read words and vectors.

        Parameters
        ----------
        vocabulary : dict, set or None
            The words to read; all if None.

        Returns
        -------
        words : list of str
            In the order of the source, those of mappings in the order of the vocabulary.
        rows : ndarray of float32 of shape (len(words), dim)
            A MappedRows if all words are read from the cache.
        """

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `VectorSource.lookup`; of a word that is not in the list, its other forms are looked up in the same pass."""
        forms = {} if self.knows_all_words else other_forms(words)
        known, rows = self.read(dict.fromkeys(chain(words, *forms.values())))
        index = dict(zip(known, range(len(known)), strict=True))
        for word, others in forms.items():
            if word not in index and (listed := [other for other in others if other in index]):
                index[word] = index[listed[0]]
        return gather(words, index, np.asarray(rows))


def gather(
    words: Sequence[str], index: Mapping[str, int], matrix: np.ndarray, out: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Gather the rows of words from a matrix.

    Parameters
    ----------
    words : sequence of str
    index : mapping of str to int
        The row of each known word.
    matrix : ndarray of float32 of shape (n, dim)
    out : ndarray of float32 of shape (len(words), dim), default=None
        Where to write the rows.

    Returns
    -------
    rows : ndarray of float32 of shape (len(words), dim)
        Zeros for unknown words.
    found : ndarray of bool of shape (len(words),)
    """
    positions = np.fromiter(map(index.get, words, repeat(-1)), np.int64, len(words))
    found = positions >= 0
    rows = np.empty((len(words), matrix.shape[1]), np.float32) if out is None else out
    if len(matrix):
        np.take(matrix, positions, axis=0, out=rows, mode="clip")
    rows[~found] = 0
    return rows, found


def as_matrix(vectors: Any) -> np.ndarray:
    """Convert to a float32 matrix, without copying if it is one.

    Raises
    ------
    ValueError
        If the argument is not a matrix of numbers, or has no columns.
    """
    try:
        with np.errstate(over="ignore"):  # see check_finite
            matrix = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected vectors as a matrix of numbers, one row per word, got: {error}.") from error
    if matrix.ndim != 2:
        raise ValueError(f"Expected vectors of shape (n_words, dim), got shape {matrix.shape}.")
    if not matrix.shape[1]:
        raise ValueError(f"Expected vectors of at least one dimension, got shape {matrix.shape}.")
    return matrix


def check_finite(words: Sequence[str], rows: np.ndarray) -> None:
    """Check that the vectors of words consist of finite numbers.

    Raises
    ------
    ValueError
        If a number is nan or infinite, as are those that were too large for float32. The message has the first such word.
    """
    for start in range(0, len(rows), _CHECKED_ROWS):
        finite = np.isfinite(rows[start : start + _CHECKED_ROWS]).all(axis=1)
        if not finite.all():
            word = words[start + int(np.argmin(finite))]
            raise ValueError(
                f"Expected finite float32 numbers, got nan, infinity or a number beyond ±3.4e38 in the vector of {word!r}."
            )


def as_words(words: Iterable[str]) -> list[str]:
    """Convert to a list of str, and subclasses such as NumPy's to str.

    Raises
    ------
    TypeError
        If the argument is a str, or contains other objects than str.
    """
    if isinstance(words, (str, bytes)):
        raise TypeError(f"Expected a collection of words, got one {type(words).__name__}: {words[:40]!r}.")
    result = list(words)
    if set(map(type, result)) <= {str}:
        return result
    for word in result:
        if not isinstance(word, str):
            raise TypeError(f"Expected words of type str, got {word!r} of type {type(word).__name__}.")
    return list(map(str, result))


def without_surrogates(word: str) -> str:
    """Replace lone surrogates, which are not UTF-8 and which other libraries reject, by question marks.

    Examples
    --------
    >>> without_surrogates("naïve"), without_surrogates(chr(0xD800))
    ('naïve', '?')
    """
    return word.encode("utf-8", "replace").decode("utf-8")


class MappingSource(ReadableSource):
    """A mapping of words to vectors."""

    def __init__(self, mapping: Mapping[Any, Any]) -> None:
        self.mapping = mapping

    def check(self) -> None:
        """See `ReadableSource.check`."""
        self.read(self.head(1))

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        return list(islice(self.mapping, n))

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        """See `ReadableSource.read`."""
        mapping = self.mapping
        if not mapping:
            raise ValueError("Expected a mapping of words to vectors, got an empty one.")
        for word in mapping:
            if not isinstance(word, str):
                raise TypeError(f"Expected a mapping of words to vectors, but the key {word!r} is not a str.")
        first = next(iter(mapping))
        dim = np.size(mapping[first])
        if not dim:
            raise ValueError(f"Expected vectors of at least one dimension, got none for {first!r}.")
        words = list(mapping) if vocabulary is None else [word for word in vocabulary if word in mapping]
        rows = np.zeros((len(words), dim), np.float32)
        for row, word in zip(rows, words, strict=True):
            vector = mapping[word]
            if np.shape(vector) != (dim,):
                raise ValueError(f"Expected {dim} numbers for each word, got shape {np.shape(vector)} for {word!r}.")
            try:
                with np.errstate(over="ignore"):  # see check_finite
                    row[:] = vector
            except (TypeError, ValueError) as error:
                raise ValueError(f"Expected numbers for {word!r}, got: {error}.") from error
        return words, rows


class TableSource(ReadableSource):
    """An object with the attributes of gensim's ``KeyedVectors``: ``key_to_index`` and ``vectors``."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def check(self) -> None:
        """See `ReadableSource.check`."""
        as_matrix(self.table.vectors[:1])

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        return list(map(str, islice(self.table.key_to_index, n)))

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        """See `ReadableSource.read`."""
        index = self.table.key_to_index
        if vocabulary is None:
            return _take(((str(word), row) for word, row in index.items()), self.table.vectors)
        return _take(((word, index[word]) for word in vocabulary if word in index), self.table.vectors)


class SpacySource(ReadableSource):
    """spaCy's ``Vectors``, which have hashes instead of words, and the ``StringStore`` with the words, if known."""

    def __init__(self, vectors: Any, strings: Any) -> None:
        self.vectors = vectors
        self.strings = strings

    def check(self) -> None:
        """See `ReadableSource.check`; a pipeline without vectors has a table of shape (0, 0)."""
        as_matrix(self.vectors.data[:1])

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        return []

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        """See `ReadableSource.read`."""
        index = {int(key): int(row) for key, row in self.vectors.key2row.items() if row >= 0}
        if vocabulary is not None:
            from spacy.strings import get_string_id

            keys = ((word, get_string_id(word)) for word in vocabulary)
            return _take(((word, index[key]) for word, key in keys if key in index), self.vectors.data)
        if self.strings is None:
            raise ValueError("spaCy's Vectors have hashes instead of words; pass the pipeline (nlp), or a vocabulary.")
        strings = self.strings
        return _take(((strings[key], row) for key, row in index.items() if key in strings), self.vectors.data)


def _take(pairs: Iterable[tuple[str, int]], vectors: Any) -> tuple[list[str], np.ndarray]:
    """Take words and their rows, sorted by row; the matrix is not copied if all of it is taken."""
    matrix = as_matrix(vectors)
    ordered = sorted(pairs, key=lambda pair: pair[1])
    words, rows = [word for word, _ in ordered], [row for _, row in ordered]
    if rows and not 0 <= rows[0] <= rows[-1] < len(matrix):
        raise ValueError(f"Expected indices of {len(matrix)} rows, got {rows[0]} to {rows[-1]}.")
    return words, matrix if rows == list(range(len(matrix))) else matrix[rows]
