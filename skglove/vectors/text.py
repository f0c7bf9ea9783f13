"""Word vectors in text: GloVe's and word2vec's formats, plain, gzipped or zipped.

A line is a word, then its numbers. The numbers are counted from the right, for ``glove.840B`` has words with blanks in
them. Ordinary lines are read by NumPy, a block at a time; every line out of the ordinary goes through `_read_line`,
which alone says what is right and what is broken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from skglove.vectors.archives import reading
from skglove.vectors.decimals import MARGIN, parse_decimals
from skglove.vectors.tokenindex import TokenIndex

Array = np.ndarray[Any, Any]

_BLOCK = 1 << 18
_NEAR = 1 << 13  # lines at most so many bytes apart are read in one go
_LONGEST_LINE = 1 << 26
_SNIFFED_LINES = 100
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_LINE_END = re.compile(rb"(?<![ \r])[ \r]+\n")
_LARGEST = float(np.finfo(np.float32).max)
_SWAPPED = bytes.maketrans(b"\t ", b" \t")
_NOT_FINITE = re.compile(rb"[+-]?(nan|inf|infinity)", re.IGNORECASE)


class Layout(NamedTuple):
    """What the first lines tell about a file."""

    dim: int
    declared: int | None  # words, by the header; None without header
    tabs: bool

    @property
    def separator(self) -> int:
        """The byte after the word."""
        return 9 if self.tabs else 32


class BrokenLineError(ValueError):
    """A line that cannot be read; `line` counts from 0 within what was read."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def read_layout(path: str | Path) -> Layout:
    """Learn from its first lines how a file is laid out.

    Raises
    ------
    ValueError
        If there are no vectors in it, or its header contradicts its first line.
    """
    lines: list[bytes] = []
    with reading(path) as file:
        for block in _blocks(file, path):
            lines += block[MARGIN:].split(b"\n")[:-1]
            if sum(1 for line in lines if line.strip()) > 1:
                break
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not numbered:
        raise ValueError(f"{path} is empty: expected lines of a word and its numbers, such as 'the 0.418 0.24968'.")
    header = _header(numbered)
    body = numbered[1:] if header else numbered
    counts = [_count_numbers(line) for _, line in body[:_SNIFFED_LINES]]
    dim = Counter(counts).most_common(1)[0][0]
    first, line = body[0]
    if header and header[1] != dim:
        raise ValueError(
            f"{path}, line 1: the header says {header[1]} numbers a line, but line {first} has {counts[0]}. "
            "Either is wrong; a file without header must not begin with two whole numbers."
        )
    if dim < 1:
        raise ValueError(
            f"{path}, line {first}: expected a word and its numbers, such as 'the 0.418 0.24968', got {_show(line)}."
        )
    return Layout(dim, header[0] if header else None, b"\t" in line.strip() and b" " not in line.strip())


def iterate_vectors(path: str | Path, layout: Layout) -> Iterator[tuple[list[str], Array]]:
    """Read a whole file, block by block.

    Yields
    ------
    words : list of str
        The words of some lines, repeated ones included.
    rows : ndarray of float32 of shape (len(words), layout.dim)
    """
    line = 0
    total = 0
    skip = layout.declared is not None
    with reading(path) as file:
        for block in _blocks(file, path):
            lines = block.count(b"\n")
            if skip:
                block = bytes(MARGIN) + block[block.index(b"\n") + 1 :]
            words, rows = _parse(block, layout, path, range(line + 1 + skip, line + 1 + lines))
            skip = False
            line += lines
            total += len(words)
            yield words, rows
    check_declared(path, layout, total)


def check_declared(path: str | Path, layout: Layout, total: int) -> None:
    """Compare the number of words with the header's."""
    if total == 0:
        raise ValueError(f"{path} has a header and no vectors.")
    if layout.declared is not None and layout.declared != total:
        raise ValueError(
            f"{path}, line 1: the header says {layout.declared} words, but the file has {total}. "
            "Was it cut off? Fetch it again, or correct the header."
        )


def count_vectors(index: TokenIndex, layout: Layout) -> int:
    """How many of an indexed file's lines hold a vector."""
    return int(np.count_nonzero(np.diff(index.starts) > 2)) - (layout.declared is not None)


def read_words(
    path: str | Path, layout: Layout, index: TokenIndex, vocabulary: Iterable[str]
) -> tuple[list[str], Array]:
    """Read from an indexed plain file the words of a vocabulary, and parse no other line.

    Returns
    -------
    words : list of str
        Those of the vocabulary that the file has, in the file's order.
    rows : ndarray of float32 of shape (len(words), layout.dim)
    """
    wanted = dict.fromkeys(vocabulary)
    found = index.candidates(wanted)
    if layout.declared is not None:
        found = found[found > 0]
    step = max(1, _BLOCK // (8 * layout.dim))
    words: list[str] = []
    parts = [np.zeros((0, layout.dim), np.float32)]
    with open(path, "rb", buffering=0) as file:
        for i in range(0, len(found), step):
            lines = _lines_at(file, index.starts, found[i : i + step])
            numbers = (found[i : i + step] + 1).tolist()
            try:
                some, rows = _parse(bytes(MARGIN) + b"".join(lines), layout, path, numbers)
            except ValueError:  # a line that nobody asked for, but for its hash, must not be an error
                some, rows = _parse_asked(lines, numbers, wanted, layout, path)
            kept = [j for j, word in enumerate(some) if word in wanted]
            words += [some[j] for j in kept]
            parts.append(rows if len(kept) == len(some) else rows[kept])
    return first_of_each(words, np.concatenate(parts))


def first_words(path: str | Path, layout: Layout, n: int) -> list[str]:
    """Read the words of a plain file's first lines, and none of the numbers."""
    separator, words = bytes([layout.separator]), []
    skipped = int(layout.declared is not None)
    with open(path, "rb") as file:
        for line in islice(file, skipped, skipped + n):
            words.append(line.rstrip().rsplit(separator, layout.dim)[0].decode("utf-8", "replace"))
    return words


def _parse_asked(
    lines: list[bytes], numbers: list[int], wanted: Iterable[str], layout: Layout, path: str | Path
) -> tuple[list[str], Array]:
    separator = bytes([layout.separator])
    tokens = {word.encode("utf-8", "surrogatepass").split(separator, 1)[0] for word in wanted}
    asked = [i for i, line in enumerate(lines) if line.split(separator, 1)[0] in tokens]
    block = bytes(MARGIN) + b"".join([lines[i] for i in asked])
    return _parse(block, layout, path, [numbers[i] for i in asked])


def first_of_each(words: list[str], rows: Array) -> tuple[list[str], Array]:
    """Drop later rows of a word that came before."""
    if len(set(words)) == len(words):
        return words, rows
    places: dict[str, int] = {}
    for i, word in enumerate(words):
        places.setdefault(word, i)
    return list(places), rows[list(places.values())]


def _lines_at(file: IO[bytes], starts: Array, lines: Array) -> list[bytes]:
    """Read the given lines, neighbours together; the last may lack its line end in the file, but not here."""
    begin, end = starts[lines], starts[lines + 1]
    apart = np.flatnonzero(begin[1:] - end[:-1] > _NEAR) + 1
    result: list[bytes] = []
    for i, j in pairwise([0, *apart.tolist(), len(lines)]):
        first = int(begin[i])
        file.seek(first)
        text = file.read(int(end[j - 1]) - first)
        result += [text[a:b] for a, b in zip((begin[i:j] - first).tolist(), (end[i:j] - first).tolist(), strict=True)]
    if result and not result[-1].endswith(b"\n"):
        result[-1] += b"\n"
    return result


def _blocks(file: IO[bytes], path: str | Path) -> Iterator[bytes]:
    """Cut a file into blocks of whole lines, each behind `MARGIN` bytes of nothing."""
    margin = bytes(MARGIN)
    rest = b""
    size = _BLOCK
    while block := file.read(size):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield margin + rest + block[:cut]
            rest, size = block[cut:], _BLOCK
            continue
        rest += block
        size = max(_BLOCK, len(rest))
        if len(rest) > _LONGEST_LINE:
            raise ValueError(f"{path} has a line of more than {_LONGEST_LINE >> 20} MB: it is no text of word vectors.")
    if rest:
        yield margin + rest + b"\n"


def _header(lines: Sequence[tuple[int, bytes]]) -> tuple[int, int] | None:
    """Read word2vec's header: words and numbers a word, in the first line, with others behind it."""
    number, line = lines[0]
    fields = line.split()
    if number > 1 or len(lines) == 1 or len(fields) != 2:
        return None
    if not all(field.isdigit() and len(field) < 19 for field in fields):
        return None
    return int(fields[0]), int(fields[1])


def _count_numbers(line: bytes) -> int:
    """Count the numbers from the right, and leave a word."""
    count = 0
    for field in reversed(line.split()):
        if not _NUMBER.fullmatch(field) and not _NOT_FINITE.fullmatch(field):
            break
        count += 1
    return min(count, len(line.split()) - (line[:1] not in (b" ", b"\t")))


def _parse(block: bytes, layout: Layout, path: str | Path, numbers: Sequence[int]) -> tuple[list[str], Array]:
    """Parse whole lines; `numbers` are their line numbers, for what is said of a broken one."""
    try:
        words, rows = _parse_block(block, layout)
    except BrokenLineError as error:
        raise ValueError(f"{path}, line {numbers[error.line]}: {error.problem}") from None
    if layout.tabs:
        words = [word.replace("\t", " ") for word in words]
    return words, rows


def _parse_block(block: bytes, layout: Layout) -> tuple[list[str], Array]:
    dim = layout.dim
    if layout.tabs:
        block = block.translate(_SWAPPED)
    buffer = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(buffer == 10)
    before = buffer[newlines - 1]
    if ((before == 13) | (before == 32)).any():  # Windows line ends; word2vec ends its lines with a blank
        block = block[:MARGIN] + _LINE_END.sub(b"\n", block[MARGIN:])
        buffer = np.frombuffer(block, np.uint8)
        newlines = np.flatnonzero(buffer == 10)
    mask = buffer == 32
    mask |= buffer == 10
    blanks = np.flatnonzero(mask)
    n = len(newlines)
    fields = np.diff(np.searchsorted(blanks, newlines), prepend=-1)
    ordinary = fields == dim + 1
    if not ordinary.all():
        blanks = blanks[np.repeat(ordinary, fields)]
    ends = blanks.reshape(-1, dim + 1)
    starts = ends[:, :-1] + 1
    values, bad = parse_decimals(buffer, starts.ravel(), ends[:, 1:].ravel())
    rows = np.empty((n, dim), np.float32)
    rows[ordinary] = values.reshape(-1, dim)
    begins: Array = np.concatenate([[MARGIN], newlines[:-1] + 1])
    words = [block[a:b] for a, b in zip(begins[ordinary].tolist(), ends[:, 0].tolist(), strict=True)]
    if not len(bad) and len(words) == n:
        return _decode(words, range(n)), rows
    return _parse_oddities(block, begins, newlines, ordinary, bad // dim, words, rows)


def _parse_oddities(
    block: bytes, begins: Array, newlines: Array, ordinary: Array, bad: Array, words: list[bytes], rows: Array
) -> tuple[list[str], Array]:
    """Read one by one the lines that were not ordinary, and put all in order."""
    found: dict[int, bytes] = dict(zip(np.flatnonzero(ordinary).tolist(), words, strict=True))
    again = np.union1d(np.flatnonzero(ordinary)[bad], np.flatnonzero(~ordinary))
    for i in again.tolist():
        line = block[begins[i] : newlines[i]]
        found.pop(i, None)
        if line.strip():
            found[i], rows[i] = _read_line(line, rows.shape[1], i)
    kept = sorted(found)
    return _decode([found[i] for i in kept], kept), rows[kept]


def _decode(words: list[bytes], lines: Sequence[int]) -> list[str]:
    try:
        return b"\n".join(words).decode("utf-8").split("\n") if words else []
    except UnicodeDecodeError:
        for line, word in zip(lines, words, strict=True):
            try:
                word.decode("utf-8")
            except UnicodeDecodeError:
                raise BrokenLineError(line, f"the word is not UTF-8: {_show(word)}.") from None
        raise  # pragma: no cover - one of the words is not UTF-8


def _read_line(line: bytes, dim: int, number: int) -> tuple[bytes, list[float]]:
    """Read one line; what stands here is what a line may look like."""
    fields = line.split(b" ")
    numbers: list[bytes] = []
    while fields and len(numbers) < dim:
        if field := fields.pop():  # several blanks are as good as one
            numbers.append(field)
    if len(numbers) < dim or not fields:
        got = len(line.split())
        raise BrokenLineError(number, f"expected a word and {dim} numbers, got {got} fields: {_show(line)}.")
    values = []
    for field in reversed(numbers):
        value = float(field) if _NUMBER.fullmatch(field) else float("nan")
        if not abs(value) <= _LARGEST:
            problem = f"expected a word and {dim} finite float32 numbers, got {_show(field)} in {_show(line)}."
            raise BrokenLineError(number, problem)
        values.append(value)
    return b" ".join(fields).rstrip(b" "), values


def _show(what: bytes) -> str:
    text = what[:60].decode("utf-8", "backslashreplace")
    return repr(text) + ("..." if len(what) > 60 else "")
