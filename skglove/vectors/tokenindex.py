"""Where each line of a text begins, and a hash of its first token: to find 20,000 words among 400,000 unread.

The same index serves a vectors file (the tokens end at a blank) and a cached word list (one word a line). It may name a
line too many, never one too few, so who uses it compares the bytes afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_ONES = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)
_ONE, _SEVEN, _MIX = np.uint64(1), np.uint64(7), np.uint64(29)
_FACTORS = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_PLACE, _TOP = np.uint64(sum(p << (61 - 8 * p) for p in range(8))), np.uint64(61)  # 256**p * _PLACE >> 61 == p
_TABLE_BITS = 20
_BLOCK = 1 << 21  # fits a core's own cache; smaller ones make the two threads wait for each other
_SHARED = 1 << 24  # bytes of a file that two threads are worth
_HASHED = 16  # bytes of a token that its hash sees


class TokenIndex:
    """The lines of a text.

    Attributes
    ----------
    starts : ndarray of int64 of shape (n + 1,)
        Where each line begins, and where the last ends.
    keys : ndarray of uint64 of shape (n,)
        A hash of the first 16 bytes of each line's first token.
    """

    def __init__(self, starts: Array, keys: Array, separator: int) -> None:
        self.starts = starts
        self.keys = keys
        self.separator = separator

    def __len__(self) -> int:
        return len(self.keys)

    @classmethod
    def of_file(cls, path: str | Path, size: int, separator: int = 32, threads: int = 2) -> TokenIndex:
        """Index a file's first `size` bytes; two threads share a big file, since NumPy lets both work at a time."""
        if size < _SHARED:
            threads = 1
        edges = [size * i // threads for i in range(threads + 1)]
        parts = list(pairwise(edges))
        if threads == 1:
            found = [_index_part(path, parts[0], size, separator)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                found = list(pool.map(lambda part: _index_part(path, part, size, separator), parts))
        starts = np.concatenate([f[0] for f in found] + [np.array([size], np.int64)])
        return cls(starts, np.concatenate([f[1] for f in found]), separator)

    @classmethod
    def of_text(cls, text: bytes, separator: int) -> TokenIndex:
        """Index a text in which each token ends with the separator, and no line is longer than one token."""
        buffer = np.frombuffer(text + bytes([separator]) * _HASHED, np.uint8)
        ends = np.flatnonzero(buffer[: len(text)] == separator)
        starts = np.zeros(len(ends) + 1, np.int64)
        starts[1:] = ends + 1
        return cls(starts, _keys(buffer, starts[:-1], separator), separator)

    def candidates(self, words: Iterable[str]) -> Array:
        """Return the lines, ascending, whose first token may be the first of one of these words.

        A word that has a separator in it counts as several tokens here; that makes the answer longer, not wrong.
        """
        separator = chr(self.separator)
        text = (separator.join(words) + separator).encode("utf-8", "surrogatepass")
        wanted = np.sort(self.of_text(text, self.separator).keys)
        shift = np.uint64(64 - _TABLE_BITS)
        table = np.zeros(1 << _TABLE_BITS, bool)
        table[wanted >> shift] = True
        step = 1 << 16  # keeps what is made from the keys in the core's cache
        hits = [np.flatnonzero(table[self.keys[i : i + step] >> shift]) + i for i in range(0, len(self), step)]
        lines = np.concatenate([np.zeros(0, np.int64), *hits])
        keys = self.keys[lines]
        places = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
        return lines[wanted[places] == keys]

    def save(self, path: Path) -> None:
        """Write the index to one ``.npy`` file."""
        both = np.zeros((2, len(self.starts)), np.int64)
        both[0] = self.starts
        both[1, :-1] = self.keys.view(np.int64)
        np.save(path, both)

    @classmethod
    def load(cls, path: Path, separator: int) -> TokenIndex:
        """Read what `save` wrote."""
        both = np.load(path, mmap_mode="r")
        return cls(both[0], both[1, :-1].view(np.uint64), separator)


def _keys(buffer: Array, starts: Array, separator: int) -> Array:
    """Hash the tokens that begin at `starts`; the buffer must go on for 16 bytes after the last start."""
    windows = np.ndarray((len(buffer) - 7,), np.dtype("<u8"), buffer=buffer, strides=(1,))
    separators = _ONES * np.uint64(separator)
    low, ended = _up_to(windows[starts], separators)
    high, _ = _up_to(windows[starts + 8], separators)
    high[ended] = 0
    keys = low * _FACTORS[0]
    keys ^= keys >> _MIX
    keys += high
    keys *= _FACTORS[1]
    keys ^= keys >> _MIX
    keys *= _FACTORS[0]
    return keys


def _up_to(eight: Array, separators: np.uint64) -> tuple[Array, Array]:
    """Zero the bytes from the first separator on, and say where there was one."""
    mark = eight ^ separators
    mark = (mark - _ONES) & ~mark & _HIGH_BITS
    mark &= -mark
    mark >>= _SEVEN
    ended = mark != 0
    mark -= _ONE
    mark &= eight
    return mark, ended


def _index_part(path: str | Path, part: tuple[int, int], size: int, separator: int) -> tuple[Array, Array]:
    """Index the lines that begin in bytes ``part[0] <= start < part[1]`` of a file."""
    first, last = part
    buffer = np.zeros(_BLOCK + _HASHED + 8, np.uint8)
    view = buffer.data
    newline = np.zeros(_BLOCK, bool)
    starts: list[Array] = []
    keys: list[Array] = []
    with open(path, "rb", buffering=0) as file:
        position = max(first - 1, 0)  # the byte before tells whether a line begins at `first`
        file.seek(position)
        fresh = first == 0
        while position < last:
            got = _fill(file, view[: min(_BLOCK + _HASHED, size - position)])
            if got == 0:
                break
            buffer[got : got + _HASHED + 8] = separator if got < _BLOCK + _HASHED else 0
            body = min(got, _BLOCK, last - position)
            begin = _where(np.equal(buffer[:body], 10, out=newline[:body]), newline) + 1
            if fresh:
                begin = np.concatenate([np.zeros(1, np.int64), begin])
            fresh = False
            begin = begin[begin + position < last]
            starts.append(begin + position)
            keys.append(_keys(buffer, begin, separator))
            position += body
            file.seek(position)
    empty = np.zeros(0, np.int64)
    return np.concatenate([empty, *starts]), np.concatenate([empty.view(np.uint64), *keys])


def _where(part: Array, mask: Array) -> Array:
    """Find where the mask's first part is true; eight at a time, for that is seldom."""
    if len(part) < len(mask):
        mask[len(part) :] = False
    eights = mask.view(np.uint64)
    found = np.flatnonzero(eights != 0)
    which = eights[found]
    if (which & (which - _ONE)).any():  # two in eight
        return np.flatnonzero(part)
    which *= _PLACE
    which >>= _TOP
    return found * 8 + which.astype(np.int64)


def _fill(file: Any, view: memoryview) -> int:
    got = 0
    while got < len(view):
        n = file.readinto(view[got:])
        if not n:
            break
        got += n
    return got
