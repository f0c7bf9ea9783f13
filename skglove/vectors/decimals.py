"""Decimal numbers in a block of bytes to float32, many at a time.

Vector files are made of short decimals such as ``-0.038194``. ``float`` and :func:`numpy.fromstring` take some 80 to
130 ns for each; eight characters fit in one 64-bit integer, so here NumPy does arithmetic on whole columns of such
integers and needs half of that or less. What this cannot read (exponents, more than 16 characters, nonsense) goes to
``float`` one by one.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_U64 = np.dtype("<u8")
_ONES = np.uint64(0x0101010101010101)
_HIGH_BITS = np.uint64(0x8080808080808080)
_DOTS = np.uint64(0x2E2E2E2E2E2E2E2E)
_ZEROS = np.uint64(0x3030303030303030)
_OVER_NINE = np.uint64(0x7676767676767676)  # added to a byte above 9, it sets the byte's high bit
_PAIRS = np.uint64(0x000000FF000000FF)
_WEIGHTS_0 = np.uint64(100 + (1_000_000 << 32))
_WEIGHTS_1 = np.uint64(1 + (10_000 << 32))
_PLACE = np.uint64(sum(p << (61 - 8 * p) for p in range(8)))  # (256**p * _PLACE) >> 61 == p
_U = [np.uint64(i) for i in range(65)]
# For a number of n characters at the top of the eight bytes: which bytes are its own, and what to put below them.
_OWN = np.array([0] + [(0xFFFFFFFFFFFFFFFF << (64 - 8 * n)) & 0xFFFFFFFFFFFFFFFF for n in range(1, 9)], _U64)
_FILL = np.uint64(0x3030303030303030) & ~_OWN
_POWERS = 10.0 ** np.arange(17)
_SIGNS = np.array([1.0, -1.0])
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_FEW = 64  # so many numbers are read one by one sooner than all at once

MARGIN = 16
"""How many readable bytes must lie before the first number."""


def parse_decimals(buffer: Array, starts: Array, stops: Array) -> tuple[Array, Array]:
    """Read the numbers ``buffer[start:stop]``.

    Parameters
    ----------
    buffer : ndarray of uint8
        The text, with at least `MARGIN` bytes before the first number.
    starts, stops : ndarray of int64 of shape (n,)
        Where each number begins and ends.

    Returns
    -------
    values : ndarray of float32 of shape (n,)
        Each the float32 nearest to the float64 that ``float`` would give.
    bad : ndarray of int64
        The indices of the ones that are no finite numbers (their value is NaN).
    """
    windows = np.ndarray((len(buffer) - 7,), _U64, buffer=buffer, strides=(1,))
    negative = buffer[starts] == 45
    lengths = stops - starts
    lengths -= negative
    nine = np.flatnonzero(lengths == 9)
    lengths[nine[buffer[stops[nine] - 9] == 48]] = 8  # 0.0054697 is .0054697
    short = np.minimum(lengths, 8)
    np.maximum(short, 0, out=short)
    last_eight = windows[stops - 8]
    whole, decimals, fine = _with_point(last_eight, short)
    fine &= lengths <= 8
    fine &= lengths > 1  # a point alone is no number
    values = whole / _POWERS[decimals]
    left = np.flatnonzero(~fine)
    if left.size > _FEW:
        values[left], solved = _long(windows, last_eight[left], stops[left], lengths[left])
        left = left[~solved]
    values *= _SIGNS.take(negative.view(np.int8))
    bad: list[int] = []
    text = buffer.tobytes() if left.size else b""
    for i in left.tolist():
        token = text[starts[i] : stops[i]]
        values[i] = float(token) if _NUMBER.fullmatch(token) else np.nan
    with np.errstate(over="ignore"):
        result = values.astype(np.float32)
    if left.size:
        bad = [i for i in left.tolist() if not np.isfinite(result[i])]
    return result, np.array(bad, np.int64)


def _long(windows: Array, last_eight: Array, stops: Array, lengths: Array) -> tuple[Array, Array]:
    """Numbers of 9 to 16 characters: an integer of two halves, either of which may hold the point."""
    long = (lengths > 8) & (lengths <= 16)
    head_length = np.clip(lengths - 8, 0, 8)
    first = windows[stops - 16]
    first_whole, first_decimals, first_pointed = _with_point(first, head_length)
    last_whole, last_decimals, last_pointed = _with_point(last_eight, np.full_like(lengths, 8))
    head, head_digits = _digits((first & _OWN[head_length]) | _FILL[head_length])
    tail, tail_digits = _digits(last_eight)
    point_first = long & first_pointed & tail_digits  # 0.018713595
    point_last = long & last_pointed & head_digits  # 0.0054697
    values = np.where(point_first, first_whole * 1e8 + tail, head * 1e7 + last_whole)
    return values / _POWERS[np.where(point_first, first_decimals + 8, last_decimals)], point_first | point_last


def _with_point(eight: Array, lengths: Array) -> tuple[Array, Array, Array]:
    """Read the last `lengths` of eight characters, digits and one point.

    Returns them as an integer without the point, how many stand behind it, and whether they are such a number.
    """
    eight = eight & _OWN[lengths]
    eight |= _FILL[lengths]
    point = eight ^ _DOTS
    mark = point - _ONES
    mark &= ~point
    mark &= _HIGH_BITS
    mark &= -mark  # the first point's high bit
    mark >>= _U[7]
    fine = mark != 0
    place = mark * _PLACE
    place >>= _U[61]
    before = mark - _U[1]
    front = eight & before
    front <<= _U[8]
    before |= mark * np.uint64(255)
    eight &= ~before  # after the point
    eight |= front  # closes the gap the point leaves
    eight |= _U[48]
    whole, digits = _digits(eight)
    fine &= digits
    decimals = (_U[7] - place).astype(np.int64)
    return whole, decimals, fine


def _digits(eight: Array) -> tuple[Array, Array]:
    """Eight characters as the number they write, and whether all are digits."""
    eight = eight - _ZEROS
    check = eight + _OVER_NINE
    check |= eight
    check &= _HIGH_BITS
    fine = check == 0
    pairs = eight * _U[10]
    eight >>= _U[8]
    pairs += eight
    high = pairs & _PAIRS
    high *= _WEIGHTS_0
    pairs >>= _U[16]
    pairs &= _PAIRS
    pairs *= _WEIGHTS_1
    pairs += high
    pairs >>= _U[32]
    return pairs.astype(np.float64), fine
