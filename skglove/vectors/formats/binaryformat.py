"""Word vectors in word2vec's binary format, such as ``GoogleNews-vectors-negative300.bin``.

A line with the number of words and of dimensions, then for each word: its UTF-8 bytes, a blank, and its numbers as
little-endian float32. The program of 2013 that defined the format (``word2vec.c`` of
https://code.google.com/archive/p/word2vec/) writes a line feed after the numbers; gensim does not.

The functions are those of `textformat`, with the same parameters.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO

import numpy as np

from skglove.vectors.formats.archives import most_bytes, open_bytes
from skglove.vectors.formats.textformat import Layout, count_numbers, select_new

_LIKE_HEADER = re.compile(rb"([+-]?\d+)[ \t]+([+-]?\d+)[ \t]*\r?\n")
_HEADER = re.compile(rb"(\d{1,18})[ \t]+(\d{1,9})[ \t]*\r?\n")
_HEADER_BYTES = 64
_SAMPLE_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20
_MAX_WORD = 1 << 16
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r")) + b"\x7f"


def is_binary(path: str | Path) -> bool:
    r"""Whether a file has word2vec's header, be its numbers right or not, followed by a word and bytes that are no text.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "vectors.bin"
    >>> _ = path.write_bytes(b"1 2\nthe " + np.array([0.1, 0.2], "<f4").tobytes())
    >>> is_binary(path)
    True
    >>> _ = path.write_bytes(b"1 2\nthe 0.1 0.2\n")
    >>> is_binary(path)
    False
    """
    with open_bytes(path) as file:
        start = file.read(_SAMPLE_BYTES)
    header = _LIKE_HEADER.match(start[:_HEADER_BYTES])
    if header is None:
        return False
    first, dim = start[header.end() :], abs(int(header[2]))
    if count_numbers(first.partition(b"\n")[0]) == dim:
        return False
    return not _is_text(first.partition(b" ")[2][: 4 * dim])


def read_layout(path: str | Path) -> Layout:
    """Read the header.

    Raises
    ------
    ValueError
        If the header is not that of the format, or declares more than the file can have.
    OSError
        If the file cannot be read.
    """
    with open_bytes(path) as file:
        line = file.readline(_HEADER_BYTES)
    header = _HEADER.fullmatch(line)
    if header is None or not int(header[1]) or not int(header[2]):
        raise ValueError(
            f"{path}: expected a first line with the numbers of words and of dimensions, such as '3000000 300', got {line!r}."
        )
    n_words, dim = int(header[1]), int(header[2])
    if n_words * (4 * dim + 1) > most_bytes(path):
        raise ValueError(
            f"{path}: the header declares {n_words} words of {dim} dimensions, but the file is too small for them. "
            "Download it again."
        )
    return Layout(dim, n_words, b" ")


def iterate_vectors(
    path: str | Path, layout: Layout, vocabulary: Collection[str] | None = None, errors: str = "replace"
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Read a file block by block.

    Parameters
    ----------
    path : str or Path
        The file; see `archives.open_bytes`.
    layout : Layout
        Its layout.
    vocabulary : set or mapping of str, default=None
        The words to read; all words if None.
    errors : {"replace", "strict"}, default="replace"
        What to do with words that are not UTF-8: word2vec cuts long words within a character.

    Yields
    ------
    words : list of str
        If a word is repeated in the file, only its first vector counts.
    rows : ndarray of float32 of shape (len(words), layout.dim)

    Raises
    ------
    ValueError
        If the file ends before the last word or goes on after it, or a word or a number is invalid.
    """
    seen: set[str] = set()
    with open_bytes(path) as file:
        for encoded, numbers in _blocks(file, layout, path):
            words = [word.decode("utf-8", errors) for word in encoded]
            kept = [i for i, word in enumerate(words) if vocabulary is None or word in vocabulary]
            chosen = [words[i] for i in kept]
            rows = np.frombuffer(b"".join([numbers[i] for i in kept]), "<f4").reshape(-1, layout.dim)
            _check_rows(chosen, rows, path)
            yield select_new(chosen, rows, seen, vocabulary)


def first_words(path: str | Path, layout: Layout, n: int) -> list[str]:
    """Read the first n words, without their numbers."""
    with open_bytes(path) as file:
        encoded = chain.from_iterable(words for words, _ in _blocks(file, layout, path))
        distinct = dict.fromkeys(word.decode("utf-8", "replace") for word in islice(encoded, n))
    return list(distinct)


def _blocks(file: IO[bytes], layout: Layout, path: str | Path) -> Iterator[tuple[list[bytes], list[bytes]]]:
    """Split a file into words and the bytes of their numbers."""
    file.readline()
    width, n_words, rest = 4 * layout.dim, layout.declared or 0, b""
    n_read = 0
    while n_read < n_words:
        block = file.read(max(_BLOCK_BYTES, len(rest)))  # if rows are large, rest is copied a few times only
        words, numbers, rest = _split(rest + block, width, n_words - n_read)
        n_read += len(words)
        if not block and n_read < n_words:
            raise ValueError(
                f"{path}: the header declares {n_words} words, but the file ends after {n_read}. Download it again."
            )
        if len(rest) > 2 * (width + _MAX_WORD) + _BLOCK_BYTES or any(b"\n" in word for word in words):
            raise ValueError(f"{path}: no word follows after word {n_read}. This is not word2vec's binary format.")
        yield words, numbers
    if (rest + file.read(1)).strip(b"\n"):
        raise ValueError(
            f"{path}: the header declares {n_words} words, but the file goes on after them. Download it again, or correct the "
            "header."
        )


def _split(buffer: bytes, width: int, most: int) -> tuple[list[bytes], list[bytes], bytes]:
    """Split complete words and numbers from the beginning of a buffer; return the rest, too."""
    words: list[bytes] = []
    numbers: list[bytes] = []
    position = 0
    while len(words) < most:
        blank = buffer.find(b" ", position)
        end = blank + 1 + width
        if blank < 0 or end > len(buffer):
            break
        words.append(buffer[position:blank].lstrip(b"\n"))
        numbers.append(buffer[blank + 1 : end])
        position = end
    return words, numbers, buffer[position:]


def _check_rows(words: list[str], rows: np.ndarray, path: str | Path) -> None:
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        word = words[int(np.argmin(finite))]
        raise ValueError(f"{path}: expected finite numbers, got nan or infinity in the vector of {word!r}.")


def _is_text(sample: bytes) -> bool:
    """Whether bytes are UTF-8, except for a last character that is cut, without control characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return len(sample.translate(None, _CONTROL)) == len(sample)
