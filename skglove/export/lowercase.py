"""Python's lower case in TensorFlow.

TensorFlow's own depends on the locale of the process, and drops what follows a NUL character. Only its lower case of ASCII is
used, which does neither.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from skglove.text.unicode import character_class

_DOTTED_I = "İ"  # the only character whose lower case is two characters


def lower(texts: Any) -> Any:
    """Convert texts to lower case as `str.lower` does.

    Parameters
    ----------
    texts : tensor of str, of shape (batch,)
        In UTF-8.

    Returns
    -------
    tensor of str, of shape (batch,)
    """
    import tensorflow as tf

    # Faster than to decode and encode all texts.
    return tf.strings.lower(where(texts, _other_capitals(), _lower_characters))


def where(texts: Any, pattern: str, convert: Callable[[Any], Any]) -> Any:
    r"""Convert the texts that contain a pattern; ``\C`` is any byte."""
    import tensorflow as tf

    rows = tf.where(tf.strings.regex_full_match(texts, rf"\C*{pattern}\C*"))
    return tf.tensor_scatter_nd_update(texts, rows, convert(tf.gather_nd(texts, rows)))


def _lower_characters(texts: Any) -> Any:
    import tensorflow as tf

    texts = tf.strings.regex_replace(where(texts, "Σ", _lower_final_sigmas), _DOTTED_I, _DOTTED_I.lower())
    characters = tf.strings.unicode_decode(texts, "UTF-8")
    codes, table = characters.flat_values, _table()
    lowered = tf.where(codes < len(table), tf.gather(table, tf.minimum(codes, len(table) - 1)), codes)
    return tf.strings.unicode_encode(characters.with_flat_values(lowered), "UTF-8")


def _lower_final_sigmas(texts: Any) -> Any:
    import tensorflow as tf

    return tf.strings.regex_replace(texts, _final_sigma(), r"\1ς\2\3")


@functools.cache
def _lower_case() -> dict[int, str]:
    """Return the code points that `str.lower` changes, and the lower case of each."""
    every = ((code, chr(code)) for code in range(sys.maxunicode + 1))
    return {code: character.lower() for code, character in every if character.lower() != character}


@functools.cache
def _other_capitals() -> str:
    """Return the capitals outside ASCII as a class of characters."""
    return character_class([code for code in _lower_case() if code > 127])


@functools.cache
def _table() -> np.ndarray:
    """Return the lower case of each code point, up to the last that changes."""
    table = np.arange(max(_lower_case()) + 1, dtype=np.int32)
    for code, lowered in _lower_case().items():
        if len(lowered) == 1:
            table[code] = ord(lowered)
    return table


@functools.cache
def _final_sigma() -> str:
    """Return an expression for a capital sigma at the end of a word, with three groups: before it, and two after it.

    A word ends with the last letter that has a case. Marks, apostrophes and the like in between are ignored. Python does not tell
    which characters these are, except by the lower case of a sigma next to them.
    """
    with_case, ignored = [], []
    for code in range(sys.maxunicode + 1):
        if f"{chr(code)}Σ".lower().endswith("ς"):
            with_case.append(code)
        elif f"A{chr(code)}Σ".lower().endswith("ς"):
            ignored.append(code)
    letter, between = character_class(with_case), character_class(ignored)
    other = character_class(sorted(with_case + ignored), negated=True)
    return f"({letter}{between}*)Σ({between}*)({other}|$)"
