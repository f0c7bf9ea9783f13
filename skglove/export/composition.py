"""Unicode's normal form C (NFC) in TensorFlow, which has no operation for it.

The algorithm is that of section 3.11 of the Unicode standard: characters are decomposed, accents are sorted by their combining
class, and then composed with the letter before them. The tables are those of the Python that runs the export.
"""

import functools
import sys
import unicodedata
from typing import Any

import numpy as np

from skglove.export.lowercase import where
from skglove.text.unicode import character_class
from skglove.text.unicode import compose as composed

_CODES = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
_SHIFT = 21  # bits of a code point


def compose(texts: Any) -> Any:
    """Compose accents as `skglove.text.unicode.compose` does.

    Parameters
    ----------
    texts : tensor of str, of shape (batch,)
        In UTF-8.

    Returns
    -------
    tensor of str, of shape (batch,)
    """
    # Few texts contain such characters.
    return where(texts, _changing(), _compose_characters)


def _compose_characters(texts: Any) -> Any:
    import tensorflow as tf

    characters = tf.strings.unicode_decode(texts, "UTF-8")
    codes, rows = _decomposed(characters.flat_values, tf.cast(characters.value_rowids(), tf.int32))
    classes = _look_up(_classes(), codes)
    order = tf.argsort(tf.cast(_groups(rows, classes), tf.int64) * 256 + tf.cast(classes, tf.int64), stable=True)
    ordered = tf.gather(codes, order), tf.gather(rows, order), tf.gather(classes, order)
    anything = tf.TensorSpec((None,), tf.int32)
    codes, rows, _, _ = tf.while_loop(
        lambda codes, rows, classes, is_done: ~is_done,
        _composed_once,
        (*ordered, tf.constant(False)),
        shape_invariants=(anything, anything, anything, tf.TensorSpec((), tf.bool)),
    )
    ragged = tf.RaggedTensor.from_value_rowids(codes, tf.cast(rows, tf.int64), characters.nrows())
    return tf.strings.unicode_encode(ragged, "UTF-8")


def _decomposed(codes: Any, rows: Any) -> tuple[Any, Any]:
    """Replace characters by what they are composed of."""
    import tensorflow as tf

    starts, parts = _decompositions()
    found = _look_up(starts, codes)
    several = tf.where(
        found[:, None] > 0, tf.gather(parts, found), tf.stack([codes, *[tf.zeros_like(codes) - 1] * 3], axis=1)
    )
    kept = several >= 0
    return tf.boolean_mask(several, kept), tf.boolean_mask(tf.repeat(rows[:, None], 4, axis=1), kept)


def _groups(rows: Any, classes: Any) -> Any:
    """Return for each character the number of its group, which is a letter and its accents."""
    import tensorflow as tf

    begins = tf.concat([[True], rows[1:] != rows[:-1]], axis=0)[: tf.size(rows)] | (classes == 0)
    return tf.cumsum(tf.cast(begins, tf.int32)) - 1


def _composed_once(codes: Any, rows: Any, classes: Any, _: Any) -> tuple[Any, Any, Any, Any]:
    """Compose each letter with the first character that it can be composed with."""
    import tensorflow as tf

    groups, positions = _groups(rows, classes), tf.range(tf.size(codes))
    firsts = tf.gather(tf.math.segment_min(positions, groups), groups)  # of the group of each character
    previous = tf.maximum(positions - 1, 0)
    # Accents are composed with the letter of their group, letters with one directly before them.
    letters = tf.where(firsts < positions, firsts, previous)
    is_next = (letters == previous) & (positions > 0)
    is_free = is_next | ((classes != 0) & (tf.gather(classes, previous) < classes))
    together = _pairs_to_code(tf.gather(codes, letters), codes)
    can = is_free & (tf.gather(classes, letters) == 0) & (tf.gather(rows, letters) == rows) & (together > 0)
    # A letter that is itself composed with one before it waits, and of several accents all but the first.
    can &= ~tf.gather(can, letters)
    absorbed = tf.boolean_mask(positions, can)
    first = tf.math.unsorted_segment_min(absorbed, tf.gather(letters, absorbed), tf.size(codes))
    absorbed = tf.boolean_mask(absorbed, tf.gather(first, tf.gather(letters, absorbed)) == absorbed)
    codes = tf.tensor_scatter_nd_update(codes, tf.gather(letters, absorbed)[:, None], tf.gather(together, absorbed))
    kept = tf.tensor_scatter_nd_update(tf.ones_like(can), absorbed[:, None], tf.zeros_like(absorbed, tf.bool))
    codes, rows, classes = (tf.boolean_mask(each, kept) for each in (codes, rows, classes))
    return codes, rows, classes, tf.size(absorbed) == 0


def _pairs_to_code(first: Any, second: Any) -> Any:
    """Return what two characters are composed to, or 0."""
    import tensorflow as tf

    keys, values = _compositions()
    pairs = tf.cast(first, tf.int64) * (1 << _SHIFT) + tf.cast(second, tf.int64)
    found = tf.minimum(tf.searchsorted(keys, pairs), len(keys) - 1)
    return tf.where(tf.gather(keys, found) == pairs, tf.gather(values, found), 0)


def _look_up(table: np.ndarray, codes: Any) -> Any:
    """Look up code points; 0 beyond the table."""
    import tensorflow as tf

    return tf.where(codes < len(table), tf.gather(table, tf.minimum(codes, len(table) - 1)), 0)


def _table(values: dict[int, int]) -> np.ndarray:
    table = np.zeros(max(values) + 1, dtype=np.int32)
    table[list(values)] = list(values.values())
    return table


@functools.cache
def _decompositions() -> tuple[np.ndarray, np.ndarray]:
    """Return the row of each code point, 0 for most, and in each row up to four code points, and -1."""
    full = {code: unicodedata.normalize("NFD", chr(code)) for code in _CODES}
    full = {code: parts for code, parts in full.items() if parts != chr(code)}
    padded = [[-1] * 4, *([*map(ord, parts), *[-1] * (4 - len(parts))] for parts in full.values())]
    return _table({code: row for row, code in enumerate(full, start=1)}), np.array(padded, dtype=np.int32)


@functools.cache
def _classes() -> np.ndarray:
    """Return the combining class of each code point."""
    return _table({code: number for code in _CODES if (number := unicodedata.combining(chr(code)))})


@functools.cache
def _compositions() -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted pairs of code points that are composed, and what each is composed to."""
    pairs = {}
    for code in _CODES:
        parts = unicodedata.normalize("NFD", chr(code))
        if len(parts) > 1 and composed(parts) == chr(code):
            first, second = composed(parts[:-1]), parts[-1]
            if len(first) > 1:  # composed in another order
                first, second = map(chr, (int(part, 16) for part in unicodedata.decomposition(chr(code)).split()))
            pairs[(ord(first) << _SHIFT) + ord(second)] = code
    keys = sorted(pairs)
    return np.array(keys, dtype=np.int64), np.array([pairs[key] for key in keys], dtype=np.int32)


@functools.cache
def _changing() -> str:
    """Return the characters that a text has to contain to be changed, as a class: all that are not composed, and accents."""
    seconds = set((_compositions()[0] & ((1 << _SHIFT) - 1)).tolist())
    changing = [
        code
        for code in _CODES
        if code in seconds or unicodedata.combining(chr(code)) or composed(chr(code)) != chr(code)
    ]
    return character_class(changing)
