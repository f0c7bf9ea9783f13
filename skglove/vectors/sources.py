"""Where word vectors come from: names, files, mappings, the objects of other libraries, and user-defined sources."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from skglove.vectors import registry
from skglove.vectors.archives import split_member
from skglove.vectors.files import FileSource, NamedSource
from skglove.vectors.objects import MappingSource, ReadableSource, SpacySource, TableSource, as_matrix

Array = np.ndarray[Any, Any]
_SUFFIXES = (".txt", ".gz", ".zip", ".vec", ".bin")


@runtime_checkable
class VectorSource(Protocol):
    """Anything that maps words to vectors.

    An object with these three methods can be used wherever word vectors are expected. It need not have a list of words:
    a subword model or an encoder can compute vectors on demand.

    Examples
    --------
    >>> class Lengths:
    ...     def check(self):
    ...         pass
    ...
    ...     def head(self, n):
    ...         return []
    ...
    ...     def lookup(self, words):
    ...         rows = np.array([[len(word)] for word in words], np.float32).reshape(-1, 1)
    ...         return rows, np.ones(len(words), bool)
    >>> isinstance(Lengths(), VectorSource)
    True
    """

    def check(self) -> None:
        """Raise the error that `lookup` would raise for a missing or broken file, or an unusable object.

        It reads the first lines of a file at most, and downloads nothing.
        """

    def head(self, n: int) -> list[str]:
        """Return the first n words, which are the most frequent ones in published vectors.

        The list is shorter if there are fewer words, and empty if the source has no order. Vectors
        that are not in the cache are downloaded.
        """

    def lookup(self, words: Sequence[str]) -> tuple[Array, Array]:
        """Look up the vectors of words.

        Parameters
        ----------
        words : sequence of str
            One call with many words is faster than many calls.

        Returns
        -------
        rows : ndarray of float32 of shape (len(words), dim)
            Zeros where a word was not found.
        found : ndarray of bool of shape (len(words),)
        """


def vector_source(given: Any) -> VectorSource:
    """Return the source of word vectors that an argument denotes.

    Parameters
    ----------
    given : str, path-like or object
        A name, the path of a file, a mapping of words to vectors, a `WordVectors`, gensim's ``KeyedVectors`` or a model
        with them, spaCy's ``Vectors`` or a pipeline with them, or any other `VectorSource`. An existing file takes
        precedence over a name.

    Returns
    -------
    VectorSource

    Raises
    ------
    ValueError
        If the argument is a str that is neither a file nor a known name.
    OSError
        If there is no such file, or it is a folder.
    TypeError
        If the argument is none of the above.

    Examples
    --------
    >>> source = vector_source({"the": [0.1, 0.2], "cat": [0.3, 0.4]})
    >>> source.head(1)
    ['the']
    >>> rows, found = source.lookup(["cat", "dog"])
    >>> rows
    array([[0.3, 0.4],
           [0. , 0. ]], dtype=float32)
    >>> found
    array([ True, False])
    """
    if isinstance(given, (str, os.PathLike)):
        return _file_or_name(given)
    if isinstance(given, Mapping):
        return MappingSource(given)
    if isinstance(given, VectorSource) and not isinstance(given, type):
        return given
    if hasattr(getattr(given, "wv", None), "key_to_index"):  # a gensim model
        given = given.wv
    if isinstance(getattr(given, "key_to_index", None), Mapping) and hasattr(given, "vectors"):
        return TableSource(given)
    vocab = getattr(given, "vocab", None)
    if vocab is not None and hasattr(vocab, "vectors") and hasattr(vocab, "strings"):  # a spaCy pipeline
        return SpacySource(vocab.vectors, vocab.strings)
    if hasattr(given, "key2row") and hasattr(given, "data"):
        return SpacySource(given, getattr(given, "strings", None))
    raise TypeError(
        "Expected word vectors: a name such as 'glove.6B.100d', the path of a file, a WordVectors, a mapping of words "
        "to vectors, gensim's KeyedVectors, spaCy's Vectors (or a pipeline that has them), or an object with the "
        f"methods check, head and lookup, got {type(given).__module__}.{type(given).__qualname__}."
    )


def lookup(source: VectorSource, words: Sequence[str]) -> tuple[Array, Array]:
    """Look words up in any source, and check what it returns.

    Parameters
    ----------
    source : VectorSource
    words : sequence of str

    Returns
    -------
    rows : ndarray of float32 of shape (len(words), dim)
    found : ndarray of bool of shape (len(words),)

    Raises
    ------
    ValueError
        If the source returns something of another shape.
    """
    given, found = source.lookup(words)
    rows, found = as_matrix(given), np.asarray(found, bool)
    if rows.shape[0] != len(words) or found.shape != (len(words),):
        raise ValueError(
            f"{type(source).__qualname__}.lookup must return a row and a bool for each of {len(words):,} words; it returned "
            f"shapes {rows.shape} and {found.shape}."
        )
    return rows, found


def read_source(source: VectorSource, vocabulary: Collection[str] | None) -> tuple[list[str], Array]:
    """Read words and vectors of any source; see `ReadableSource.read`.

    Raises
    ------
    ValueError
        If `vocabulary` is None and the source cannot list its words.
    """
    if isinstance(source, ReadableSource):
        return source.read(vocabulary)
    if vocabulary is None:
        raise ValueError(f"{type(source).__qualname__} cannot list its words; pass a vocabulary.")
    words = list(vocabulary)
    rows, found = lookup(source, words)
    return list(compress(words, found)), rows[found]


def _file_or_name(given: str | os.PathLike[str]) -> ReadableSource:
    text = os.fsdecode(given)
    path, _ = split_member(text)
    if path.is_file():
        return FileSource(Path(text))
    if path.is_dir():
        raise IsADirectoryError(f"{path.absolute()} is a folder; expected a file of word vectors.")
    if isinstance(given, str) and (entry := registry.find(given)):
        return NamedSource(entry)
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    looks_like_path = any(separator in text for separator in separators) or path.name.lower().endswith(_SUFFIXES)
    if looks_like_path or not isinstance(given, str):
        raise FileNotFoundError(
            f"There is no file {path.absolute()}; expected a file of word vectors, or a known name."
        )
    raise ValueError(registry.unknown_name(given))
