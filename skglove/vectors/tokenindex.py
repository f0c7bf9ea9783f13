"""Where each line of a text begins, and a hash of its first token: to find 20,000 words among 400,000 unread.

The same index serves a vectors file (the tokens end at a blank) and a cached word list (one word a line). It may name a
line too many, never one too few, so who uses it compares the bytes afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
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
_TABLE_BITS = 20
_BLOCK = 1 << 20  # fits a core's own cache, with the arrays made from it
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
    def of_words(cls, words: Sequence[bytes]) -> TokenIndex:
        """Index the text that holds one word a line."""
        starts, keys = _words_to_keys(words, 10)
        return cls(starts, keys, 10)

    def candidates(self, tokens: Sequence[bytes]) -> Array:
        """Return the lines, ascending, whose first token may be one of `tokens`."""
        wanted = _words_to_keys(tokens, self.separator)[1]
        table = np.zeros(1 << _TABLE_BITS, bool)
        shift = np.uint64(64 - _TABLE_BITS)
        table[wanted >> shift] = True
        lines = np.flatnonzero(table[self.keys >> shift])
        wanted.sort()
        keys = self.keys[lines]
        places = np.searchsorted(wanted, keys)
        places[places == len(wanted)] = 0
        return lines[wanted[places] == keys] if len(wanted) else lines[:0]

    def save(self, path: Path) -> None:
        """Write the index to one ``.npy`` file."""
        both = np.zeros((2, len(self.starts)), np.int64)
        both[0] = self.starts
        both[1, :-1] = self.keys.view(np.int64)
        np.save(path, both)

    @classmethod
    def load(cls, path: Path, separator: int) -> TokenIndex:
        """Read what `save` wrote."""
        both = np.load(path)
        return cls(both[0], both[1, :-1].view(np.uint64), separator)


def _words_to_keys(words: Sequence[bytes], separator: int) -> tuple[Array, Array]:
    starts = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, words), np.int64, len(words)) + 1, out=starts[1:])
    text = bytes([separator]).join(words) + bytes([separator]) * (_HASHED + 1)
    return starts, _keys(np.frombuffer(text, np.uint8), starts[:-1], separator)


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
    newline = np.empty(_BLOCK, bool)
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
            mask = np.equal(buffer[:body], 10, out=newline[:body])
            begin = np.flatnonzero(mask) + 1
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


def _fill(file: Any, view: memoryview) -> int:
    got = 0
    while got < len(view):
        n = file.readinto(view[got:])
        if not n:
            break
        got += n
    return got
