"""Validation of raw documents."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

_CHUNK = 4096


def chunks(raw_documents: Any) -> Iterator[list[str]]:
    """Check and yield texts in chunks.

    Parameters
    ----------
    raw_documents : iterable of str
        A list, generator, array, or pandas or polars Series of texts. It is iterated over once.

    Raises
    ------
    ValueError
        If `raw_documents` is a single text, a table, or empty.
    TypeError
        If it is not iterable, or an item is not a str.
    """
    _check_container(raw_documents)
    documents, start = iter(raw_documents), 0
    while chunk := list(islice(documents, _CHUNK)):
        for position, text in enumerate(chunk, start):
            if not isinstance(text, str):
                raise TypeError(_not_a_text(position, text))
        yield chunk
        start += len(chunk)
    if not start:
        raise ValueError("Got no texts (0 samples); at least one is required.")


def _check_container(raw_documents: Any) -> None:
    if isinstance(raw_documents, str | bytes):
        raise ValueError(
            f"Got one {type(raw_documents).__name__}; expected an iterable of texts. For a single text, pass a list: [text]."
        )
    is_table = hasattr(raw_documents, "columns") or getattr(raw_documents, "ndim", 1) != 1
    if isinstance(raw_documents, Mapping) or is_table:
        raise ValueError(
            f"Expected a one-dimensional sequence of texts, got {_describe(raw_documents)}. "
            "Pass one column of it, such as X['text']."
        )
    if not isinstance(raw_documents, Iterable):
        raise TypeError(f"Expected an iterable of texts, got {_describe(raw_documents)}.")


def _not_a_text(position: int, text: Any) -> str:
    is_bytes = isinstance(text, bytes)
    remedy = "Decode bytes first" if is_bytes else "Replace missing texts by '', and convert other objects with str()"
    return f"The text at position {position} is not a str but {_describe(text)}. {remedy}."


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} of shape {shape}" if shape else f"{value!r:.60} ({type(value).__name__})"
