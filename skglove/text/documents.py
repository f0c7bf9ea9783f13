"""Validation of raw documents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from skglove._sklearn import select_columns
from skglove.text.tokenizer import Document

_CHUNK = 4096
# A token of more words is a text.
_MOST_WORDS = 2


def chunks(raw_documents: Any, size: int = _CHUNK, *, allow_none: bool = False) -> Iterator[list[Document]]:
    """Check and return documents in chunks, each when it is asked for.

    Parameters
    ----------
    raw_documents : iterable of str, or of lists or tuples of str
        A list, generator, array, pandas or polars Series, or Arrow array of texts or lists of tokens, or a table or array of one
        column of them. It is iterated over once.
    size : int, default=4096
        The number of documents of a chunk.
    allow_none : bool, default=False
        Whether there may be no documents at all.

    Raises
    ------
    ValueError
        If `raw_documents` is a single text, a table of several columns, or empty.
    TypeError
        If it is not iterable, or an item is neither a str nor a list or tuple of str, or is a list of texts instead of words.
    """
    return _chunks(_items(_one_dimensional(raw_documents)), size, allow_none)


def _chunks(documents: Iterator[Any], size: int, allow_none: bool) -> Iterator[list[Document]]:
    start = 0
    while chunk := list(islice(documents, size)):
        for position, document in enumerate(chunk, start):
            if not isinstance(document, str):
                _check_tokens(position, document)
        _check_not_rows(chunk, start)
        yield chunk
        start += len(chunk)
    if not start and not allow_none:
        raise ValueError("Got no texts (0 samples); at least one is required.")


def _items(raw_documents: Any) -> Iterator[Any]:
    """Iterate over documents; the items of Arrow's arrays are not str, but are converted in parts."""
    if not _is_arrow(raw_documents):
        return iter(raw_documents)
    starts = range(0, len(raw_documents), _CHUNK)
    return chain.from_iterable(raw_documents[start : start + _CHUNK].to_pylist() for start in starts)


def are_texts(documents: Sequence[Document]) -> bool:
    """Return whether all documents are texts, not lists of tokens."""
    return all(isinstance(document, str) for document in documents)


def is_table(raw_documents: Any) -> bool:
    """Return whether documents are in a table, or in an array that is not one-dimensional."""
    return hasattr(raw_documents, "columns") or getattr(raw_documents, "ndim", 1) != 1


def _is_arrow(raw_documents: Any) -> bool:
    return hasattr(raw_documents, "to_pylist")


def _one_dimensional(raw_documents: Any) -> Any:
    """Check the container of the documents, and return its only column if it is a table."""
    if isinstance(raw_documents, str | bytes):
        raise ValueError(
            f"Got one {type(raw_documents).__name__}; expected an iterable of texts. For a single text, pass a list: [text]."
        )
    if isinstance(raw_documents, Mapping) or is_table(raw_documents):
        if getattr(raw_documents, "shape", ())[1:] == (1,):
            return raw_documents.column(0) if _is_arrow(raw_documents) else select_columns(raw_documents, 0)
        raise ValueError(
            f"Expected a one-dimensional sequence or one column of texts, got {_describe(raw_documents)}. "
            "Pass one column of it, such as X['text'], or use a ColumnTransformer."
        )
    if not isinstance(raw_documents, Iterable):
        raise TypeError(f"Expected an iterable of texts, got {_describe(raw_documents)}.")
    return raw_documents


def _check_tokens(position: int, document: Any) -> None:
    if not isinstance(document, list | tuple):
        raise TypeError(_not_a_text(position, document))
    for i, token in enumerate(document):
        if not isinstance(token, str):
            raise TypeError(
                f"Token {i} of the document at position {position} is not a str but {_describe(token)}. "
                "A list of tokens must contain words only."
            )
    if document and all(map(_contains_white_space, document)):
        raise TypeError(
            f"The document at position {position} is a list of texts instead of words: {document!r:.60}. Pass the texts without "
            "the inner list, as [row[0] for row in X] or X['text'] does. To keep them as words, write '_' for white space."
        )


def _check_not_rows(documents: Sequence[Document], start: int) -> None:
    """Raise a TypeError if all documents are rows of a table, in which a column has texts in place of words."""
    first = documents[0]
    if isinstance(first, str) or not any(len(token.split()) > _MOST_WORDS for token in first):
        return
    if any(isinstance(document, str) or len(document) != len(first) for document in documents):
        return
    for column in zip(*documents, strict=True):
        if all(map(_contains_white_space, column)):
            raise TypeError(
                f"The documents from position {start} on are rows of a table, such as {first!r:.60}, not lists of words. Pass "
                "one column of texts, as [row[0] for row in X] or X['text'] does, or use a ColumnTransformer."
            )


def _contains_white_space(token: str) -> bool:
    """Return whether a token has white space within or around a word; tokenizers such as spaCy's return white space alone."""
    return token.split() not in ([], [token])


def _not_a_text(position: int, text: Any) -> str:
    if isinstance(text, bytes):
        remedy = "Decode bytes first"
    elif getattr(text, "shape", ()):
        remedy = "Convert arrays of tokens to lists by tolist(), and other objects to texts by str()"
    else:
        remedy = "Replace missing texts by '', as fillna('') of pandas does, and convert other objects with str()"
    return f"The text at position {position} is not a str but {_describe(text)}. {remedy}."


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} of shape {shape}" if shape else f"{value!r:.60} ({type(value).__name__})"
