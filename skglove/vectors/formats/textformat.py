"""Word vectors as text: the formats of GloVe and word2vec.

Each line is a word followed by its numbers; word2vec's format has a header with the number of words and of dimensions.
Words may contain blanks, as ". . ." and "at name@domain.com" in ``glove.840B``, so the numbers are counted from the end of
the line. None of them has a number after its last blank: such a line has a number too many.

NumPy parses whole blocks of ordinary lines. If a block contains anything unusual, `_parse_line` parses its lines one by
one; it alone defines which lines are valid.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from skglove.vectors.formats.archives import open_bytes

_BLOCK_BYTES = 1 << 18  # of text that is parsed at a time
_MAX_LINE = 1 << 26
_MAX_BLANK = 1000  # blank lines more than others
_SAMPLE_LINES = 100
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_NUMERIC = b"0123456789+-.eE\r\n"
_LARGEST = float(np.finfo(np.float32).max)


class Layout(NamedTuple):
    """The layout of a file.

    Attributes
    ----------
    dim : int
        Number of dimensions.
    declared : int or None
        Number of words according to the header, None without a header.
    separator : bytes
        A blank or a tab.
    """

    dim: int
    declared: int | None
    separator: bytes


def read_layout(path: str | Path) -> Layout:
    """Determine the layout of a file from its first lines.

    Raises
    ------
    ValueError
        If the file has no vectors, or its header contradicts its first line.
    OSError
        If the file cannot be read.
    """
    sample = _first_lines(path)
    if not sample:
        raise ValueError(f"{path} is empty: expected lines of a word and its numbers, such as 'the 0.418 0.24968'.")
    header = _parse_header(sample)
    lines = sample[1:] if header else sample
    if not lines:
        raise ValueError(f"{path} has a header and no vectors: {_show(sample[0][1])}.")
    counts = [count_numbers(line) for _, line in lines]
    dim = Counter(counts).most_common(1)[0][0]
    number, line = lines[0]
    if header and header[1] != dim:
        raise ValueError(
            f"{path}, line 1: the header declares {header[1]} numbers per line, but line {number} has {counts[0]}. "
            "A file without a header must not start with a line of two integers."
        )
    if number == 1 and header is None and dim != 1 and _looks_like_header(line):
        raise ValueError(
            f"{path}, line 1: expected two positive integers, or a word and {dim} numbers, got {_show(line)}."
        )
    if dim < 1:
        raise ValueError(
            f"{path}, line {number}: expected a word and its numbers, such as 'the 0.418 0.24968', got {_show(line)}."
        )
    return Layout(dim, header[0] if header else None, b"\t" if line.count(b"\t") >= dim else b" ")


def iterate_vectors(
    path: str | Path, layout: Layout, vocabulary: Collection[str] | None = None, errors: str = "strict"
) -> Iterator[tuple[list[str], np.ndarray]]:
    """Read a file block by block.

    Parameters
    ----------
    path : str or Path
        The file; see `archives.open_bytes`.
    layout : Layout
        Its layout.
    vocabulary : set or mapping of str, default=None
        The words to read; lines of other words are not parsed. All words if None.
    errors : {"strict", "replace"}, default="strict"
        What to do with words that are not UTF-8: raise an error, or replace the invalid bytes by U+FFFD.

    Yields
    ------
    words : list of str
        The words of some lines. If a word is repeated in the file, only its first line counts.
    rows : ndarray of float32 of shape (len(words), layout.dim)

    Raises
    ------
    ValueError
        If a line is invalid, or the header declares another number of words than the file has.
    """
    tokens = None if vocabulary is None else _first_tokens(vocabulary, layout.separator)
    n_lines = 0

    def select(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        nonlocal n_lines
        separator = layout.separator
        for number, line in _numbered_lines(file, path):
            if number == 1 and layout.declared is not None:
                continue
            n_lines += 1
            if tokens is None or line.partition(separator)[0] in tokens:
                yield number, line

    seen: set[str] = set()
    with _open_text(path) as file:
        selected = select(file)
        while block := list(islice(selected, max(1, _BLOCK_BYTES // (8 * layout.dim)))):
            words, rows = _parse_block(block, layout, path, errors)
            yield select_new(words, rows, seen, vocabulary)
    _check_count(path, layout, n_lines)


def first_words(path: str | Path, layout: Layout, n: int) -> list[str]:
    """Read the first n words, without their numbers."""
    words: dict[str, None] = {}
    with _open_text(path) as file:
        begin = int(layout.declared is not None)
        for number, line in enumerate(islice(file, begin, None), begin + 1):
            if len(words) == n:
                break
            if line.count(layout.separator) == layout.dim:
                words[line.partition(layout.separator)[0].decode("utf-8", "replace")] = None
            elif not line.isspace():
                words[_parse_numbered(number, line, layout, path, "replace")[0]] = None
    return list(words)


@contextmanager
def _open_text(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file, and skip the byte order mark that some editors write first."""
    with open_bytes(path) as file:
        if file.read(len(_BOM)) != _BOM:
            file.seek(0)
        yield file


def _first_lines(path: str | Path) -> list[tuple[int, bytes]]:
    """Read the first lines that are not blank, with their line numbers."""
    with _open_text(path) as file:
        return list(islice(_numbered_lines(file, path), _SAMPLE_LINES))


def _numbered_lines(file: IO[bytes], path: str | Path) -> Iterator[tuple[int, bytes]]:
    """Read the lines that are not blank, with their line numbers; stop at what no vectors file has."""
    n_lines = 0
    for number, line in enumerate(iter(partial(file.readline, _MAX_LINE), b""), 1):
        if not n_lines and b"\r" in line.rstrip(b"\r\n"):
            raise ValueError(
                f"{path}, line {number}: expected lines that end with LF or CR LF, got CR alone. Convert the file first, for "
                "example with tr '\\r' '\\n'."
            )
        if len(line) == _MAX_LINE:
            raise ValueError(f"{path}, line {number}: more than {_MAX_LINE >> 20} MB; this is not a vectors file.")
        if not line.isspace():
            n_lines += 1
            yield number, line
        elif number > 2 * n_lines + _MAX_BLANK:
            raise ValueError(f"{path}, line {number}: {number - n_lines} blank lines; this is not a vectors file.")


def _parse_header(lines: Sequence[tuple[int, bytes]]) -> tuple[int, int] | None:
    """Parse word2vec's header: two integers on line 1."""
    number, line = lines[0]
    fields = line.split()
    if number > 1 or len(fields) != 2:
        return None
    if not all(field.isdigit() and len(field) < 19 for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _looks_like_header(line: bytes) -> bool:
    fields = line.split()
    return len(fields) == 2 and all(map(_is_number, fields))


def count_numbers(line: bytes) -> int:
    """Count the numbers at the end of a line, whose first field is a word even if it looks like a number."""
    fields = line.split()
    count = 0
    for field in reversed(fields):
        if not _is_number(field):
            break
        count += 1
    has_empty_word = line[:1] in (b" ", b"\t")
    return count if has_empty_word else min(count, len(fields) - 1)


def _is_number(field: bytes) -> bool:
    """Whether a field is a number, be it finite or not."""
    return bool(_NUMBER.fullmatch(field) or _NOT_FINITE.fullmatch(field))


def _first_tokens(vocabulary: Iterable[str], separator: bytes) -> set[bytes]:
    """Return the first tokens of lines with these words, which may contain blanks."""
    return {word.encode("utf-8", "surrogatepass").partition(separator)[0] for word in vocabulary}


def select_new(
    words: list[str], rows: np.ndarray, seen: set[str], vocabulary: Collection[str] | None
) -> tuple[list[str], np.ndarray]:
    """Select the words of the vocabulary that were not seen before, and add them to those seen."""
    first: dict[str, int] = {}
    for i, word in enumerate(words):
        if word not in seen and (vocabulary is None or word in vocabulary):
            first.setdefault(word, i)
    seen.update(first)
    return (words, rows) if len(first) == len(words) else (list(first), rows[list(first.values())])


def _check_count(path: str | Path, layout: Layout, n_lines: int) -> None:
    if layout.declared not in (None, n_lines):
        raise ValueError(
            f"{path}, line 1: the header declares {layout.declared} words, but the file has {n_lines}. "
            "If the file is incomplete, download it again; otherwise correct the header."
        )


def _parse_block(
    block: list[tuple[int, bytes]], layout: Layout, path: str | Path, errors: str
) -> tuple[list[str], np.ndarray]:
    """Parse numbered lines, none of them blank."""
    if (parsed := _parse_ordinary([line for _, line in block], layout)) is not None:
        return parsed
    words, rows = [], np.empty((len(block), layout.dim), np.float32)
    for i, (number, line) in enumerate(block):
        word, rows[i] = _parse_numbered(number, line, layout, path, errors)
        words.append(word)
    return words, rows


def _parse_ordinary(lines: list[bytes], layout: Layout) -> tuple[list[str], np.ndarray] | None:
    """Parse lines of a word without blanks and finite numbers, or return None if they are anything else."""
    parts = [line.partition(layout.separator) for line in lines]
    numbers = [part[2] for part in parts]
    text = b"".join(numbers)
    # loadtxt would accept nan and other white space, and warn of an empty text
    if not text or text.isspace() or text.translate(None, _NUMERIC + layout.separator):
        return None
    try:
        rows = np.loadtxt(numbers, np.float32, comments=None, encoding="ascii", ndmin=2)
        words = b"\n".join([part[0] for part in parts]).decode("utf-8").split("\n")
    except ValueError:
        return None
    if rows.shape != (len(lines), layout.dim) or not np.isfinite(rows).all():
        return None
    return words, rows


def _parse_numbered(number: int, line: bytes, layout: Layout, path: str | Path, errors: str) -> tuple[str, list[float]]:
    try:
        return _parse_line(line, layout, errors)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}") from None


def _parse_line(line: bytes, layout: Layout, errors: str) -> tuple[str, list[float]]:
    """Parse one line; raise a ValueError if it is invalid."""
    word, fields = _split_line(line, layout)
    if len(fields) < layout.dim:
        raise ValueError(f"expected a word and {layout.dim} numbers, got {len(line.split())} fields: {_show(line)}.")
    values = []
    for field in fields:
        value = float(field) if _NUMBER.fullmatch(field) else float("nan")
        if not abs(value) <= _LARGEST:
            raise ValueError(
                f"expected a word and {layout.dim} finite float32 numbers, got {_show(field)} in {_show(line)}."
            )
        values.append(value)
    _, blank, last = word.rpartition(layout.separator)
    if blank and _is_number(last):
        raise ValueError(
            f"expected a word and {layout.dim} numbers, got one too many, {_show(last)}, in {_show(line)}."
        )
    try:
        return word.decode("utf-8", errors), values
    except UnicodeDecodeError:
        raise ValueError(f"the word is not UTF-8: {_show(word)}.") from None


def _split_line(line: bytes, layout: Layout) -> tuple[bytes, list[bytes]]:
    """Split a line into the word and its numbers, which are too few if the line is too short."""
    separator = layout.separator
    fields = line.rstrip(separator + b"\r\n").split(separator)
    numbers: list[bytes] = []
    while fields and len(numbers) < layout.dim:
        if field := fields.pop():  # repeated separators count as one
            numbers.append(field)
    if not fields:
        return b"", []
    return separator.join(fields).rstrip(separator), numbers[::-1]


def _show(what: bytes) -> str:
    text = what[:60].rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    return repr(text) + ("..." if len(what) > 60 else "")
