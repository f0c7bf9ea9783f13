"""Other libraries' word vectors to ours: mappings, gensim's ``KeyedVectors``, spaCy's ``Vectors``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Words = list[str]


def reader_of(source: Any) -> Callable[[Collection[str] | None], tuple[Words, Array]]:
    """Choose how an object is read; looks at its kind, and copies nothing yet.

    Raises
    ------
    TypeError
        If it is none of the known kinds.
    """
    if isinstance(source, Mapping):
        if not source:
            raise ValueError("Expected a mapping of words to vectors, got an empty one.")
        return lambda vocabulary: _from_mapping(source, vocabulary)
    if hasattr(source, "wv") and hasattr(source.wv, "key_to_index"):  # a whole gensim model
        source = source.wv
    if isinstance(getattr(source, "key_to_index", None), Mapping) and hasattr(source, "vectors"):
        return lambda vocabulary: _from_table(source.key_to_index.items(), source.vectors, vocabulary)
    vocab = getattr(source, "vocab", None)
    if vocab is not None and hasattr(vocab, "vectors") and hasattr(vocab, "strings"):  # a spaCy pipeline
        return lambda vocabulary: _from_spacy(vocab.vectors, vocab.strings, vocabulary)
    if hasattr(source, "key2row") and hasattr(source, "data"):
        return lambda vocabulary: _from_spacy(source, getattr(source, "strings", None), vocabulary)
    raise TypeError(
        "Expected word vectors: a name such as 'glove.6B.100d', the path of a file, a WordVectors, a mapping of words "
        "to vectors, gensim's KeyedVectors, or spaCy's Vectors (or a pipeline that has them), "
        f"got {type(source).__module__}.{type(source).__qualname__}."
    )


def first_words(source: Any, n: int) -> Words:
    """List the first words of an object that `reader_of` knows; none of spaCy's, which are in no order."""
    source = getattr(source, "wv", source)
    words = source if isinstance(source, Mapping) else getattr(source, "key_to_index", ())
    return [str(word) for word in islice(words, n)]


def as_matrix(vectors: Any, what: str = "vectors") -> Array:
    """Return a float32 matrix, without copying one.

    Raises
    ------
    ValueError
        If it is no matrix of numbers.
    """
    if isinstance(vectors, np.ndarray) and vectors.ndim == 2 and vectors.dtype == np.float32:
        return vectors
    try:
        matrix = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected {what} as a matrix of numbers, one row a word, got: {error}.") from error
    if matrix.ndim != 2:
        raise ValueError(f"Expected {what} of shape (words, dim), got shape {matrix.shape}.")
    return matrix


def _from_mapping(source: Mapping[Any, Any], vocabulary: Collection[str] | None) -> tuple[Words, Array]:
    words = [word for word in source if isinstance(word, str)]
    if len(words) != len(source):
        odd = next(word for word in source if not isinstance(word, str))
        raise TypeError(f"Expected a mapping of words to vectors, but the key {odd!r} is a {type(odd).__name__}.")
    dim = np.size(source[words[0]])
    if vocabulary is not None:
        words = [word for word in dict.fromkeys(vocabulary) if word in source]
    rows = np.zeros((len(words), dim), np.float32)
    for row, word in zip(rows, words, strict=True):
        vector = source[word]
        if np.shape(vector) != (dim,):
            raise ValueError(f"Expected {dim} numbers for each word, got shape {np.shape(vector)} for {word!r}.")
        try:
            row[:] = vector
        except (TypeError, ValueError) as error:
            raise ValueError(f"Expected numbers for {word!r}, got: {error}.") from error
    return words, rows


def _from_table(
    places: Iterable[tuple[Any, int]], vectors: Any, vocabulary: Collection[str] | None
) -> tuple[Words, Array]:
    matrix = as_matrix(vectors)
    wanted = None if vocabulary is None else set(vocabulary)
    kept = [(str(word), row) for word, row in places if wanted is None or word in wanted]
    words, rows = [word for word, _ in kept], [row for _, row in kept]
    if rows and not 0 <= min(rows) <= max(rows) < len(matrix):
        raise ValueError(f"Expected rows of a matrix of {len(matrix)}, got {max(rows)}.")
    if rows == list(range(len(matrix))):
        return words, matrix
    return words, matrix[rows]


def _from_spacy(vectors: Any, strings: Any, vocabulary: Collection[str] | None) -> tuple[Words, Array]:
    if getattr(vectors, "mode", "default") != "default":
        raise ValueError("Expected spaCy vectors with a row for each word, got floret's, which have none.")
    if strings is None and vocabulary is None:
        raise ValueError(
            "spaCy's Vectors hold hashes instead of words. Give the pipeline (nlp) or its vocab, or a vocabulary."
        )
    rows = {int(key): int(row) for key, row in vectors.key2row.items() if row >= 0}
    if strings is not None:
        places = [(strings[key], row) for key, row in rows.items() if key in strings]
    else:
        from spacy.strings import StringStore

        wanted = dict.fromkeys(vocabulary or ())
        hashes = StringStore(wanted)
        hashed = ((word, hashes[word]) for word in wanted)
        places = [(word, rows[key]) for word, key in hashed if key in rows]
    places.sort(key=lambda place: place[1])
    return _from_table(places, vectors.data, vocabulary)
