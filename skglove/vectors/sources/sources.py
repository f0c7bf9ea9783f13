"""Where word vectors come from: names, files, mappings, the objects of other libraries, user-defined sources, and lists."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from itertools import compress
from pathlib import Path
from typing import Any

from skglove.vectors.cache.stored import MappedRows
from skglove.vectors.formats.archives import split_member
from skglove.vectors.published import registry
from skglove.vectors.sources.encoders import EncoderVectors
from skglove.vectors.sources.files import FileSource, NamedSource
from skglove.vectors.sources.joined import JoinedSource
from skglove.vectors.sources.objects import MappingSource, ReadableSource, Rows, SpacySource, check_finite
from skglove.vectors.sources.protocol import VectorSource, lookup
from skglove.vectors.sources.subwordmodels import (
    FastTextFile,
    FastTextSource,
    FloretSource,
    is_fasttext,
    source_of_table,
)

_SUFFIXES = (".txt", ".gz", ".zip", ".vec", ".bin")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a Path has one slash instead of two; drives of Windows are one letter


def vector_source(given: Any) -> VectorSource:
    """Return the source of word vectors that an argument denotes.

    Parameters
    ----------
    given : str, path-like, object or list
        A name, the path of a file, a mapping of words to vectors, a `WordVectors`, gensim's ``KeyedVectors`` or a model
        with them, spaCy's ``Vectors`` or a pipeline with them, a model of the ``fasttext`` package, an encoder, any
        other `VectorSource`, or a list of these, which are joined word by word. An existing file takes precedence over
        a name.

    Returns
    -------
    VectorSource

    Raises
    ------
    ValueError
        If the argument is a str that is neither a file nor a known name, such as a URL, or an empty list.
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
    if isinstance(given, (list, tuple)):
        return JoinedSource([vector_source(one) for one in given])
    source = None if isinstance(given, type) else _source_of_object(given)
    if source is None:
        raise TypeError(
            "Expected word vectors: a name such as 'glove.6B.100d', the path of a file, a WordVectors, a mapping of "
            "words to vectors, gensim's KeyedVectors, spaCy's Vectors (or a pipeline that has them), a model of the "
            "fasttext package, an encoder with the method encode, an object with the methods check, head and lookup, "
            f"or a list of these, got {type(given).__module__}.{type(given).__qualname__}."
        )
    return source


def _source_of_object(given: Any) -> VectorSource | None:
    """Return the source of an object that is no name, file, mapping or list; None if it has no vectors."""
    if isinstance(given, VectorSource):
        return given
    if hasattr(getattr(given, "wv", None), "key_to_index"):  # a gensim model
        given = given.wv
    if isinstance(getattr(given, "key_to_index", None), Mapping) and hasattr(given, "vectors"):
        return source_of_table(given)
    vocab = getattr(given, "vocab", None)
    if vocab is not None and hasattr(vocab, "vectors") and hasattr(vocab, "strings"):  # a spaCy pipeline
        return _source_of_spacy(vocab.vectors, vocab.strings)
    if hasattr(given, "key2row") and hasattr(given, "data"):
        return _source_of_spacy(given, getattr(given, "strings", None))
    if hasattr(given, "get_word_vector"):
        return FastTextSource(given)
    return EncoderVectors(given) if hasattr(given, "encode") else None


def _source_of_spacy(vectors: Any, strings: Any) -> VectorSource:
    has_subwords = getattr(vectors, "mode", "default") == "floret"
    return FloretSource(vectors) if has_subwords else SpacySource(vectors, strings)


def read_source(source: VectorSource, vocabulary: Collection[str] | None) -> tuple[list[str], Rows]:
    """Read words and vectors of any source; see `ReadableSource.read`.

    Raises
    ------
    ValueError
        If `vocabulary` is None and the source cannot list its words, or if numbers are not finite.
    """
    if isinstance(source, ReadableSource):
        words, rows = source.read(vocabulary)
        if not isinstance(rows, MappedRows):  # those were checked before they were stored
            check_finite(words, rows)
        return words, rows
    if vocabulary is None:
        raise ValueError(f"{type(source).__qualname__} cannot list its words; pass a vocabulary.")
    asked = list(vocabulary)
    looked_up, found = lookup(source, asked)
    return list(compress(asked, found)), looked_up[found]


def _file_or_name(given: str | os.PathLike[str]) -> ReadableSource:
    text = os.fsdecode(given)
    try:
        path, _ = split_member(text)
        is_file, is_folder = path.is_file(), path.is_dir()
    except PermissionError:
        raise
    except (OSError, RuntimeError) as error:  # a name that is too long, or "~" with an unknown user
        raise FileNotFoundError(f"There is no file {text[:200]!r} ({error.args[-1]}).") from error
    if is_file:
        return FastTextFile(Path(text)) if is_fasttext(text) else FileSource(Path(text))
    if is_folder:
        raise IsADirectoryError(f"{path.absolute()} is a folder; expected a file of word vectors.")
    if isinstance(given, str) and (entry := registry.find(given)):
        return NamedSource(entry)
    if _URL.match(text):
        raise ValueError(registry.no_url(text))
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    looks_like_path = any(separator in text for separator in separators) or path.name.lower().endswith(_SUFFIXES)
    if looks_like_path or not isinstance(given, str):
        raise FileNotFoundError(
            f"There is no file {path.absolute()}; expected a file of word vectors, or a known name."
        )
    raise ValueError(registry.unknown_name(given))
