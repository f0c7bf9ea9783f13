"""Replacements of characters that depend on their Unicode category, and the composition of accents."""

import functools
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence

_ZERO_WIDTH_SPACE = "\u200b"
_VARIATION_SELECTORS = range(0xFE00, 0xFE10)  # they choose the look of the character before them


class Replacements(dict[int, str]):
    """A table for ``str.translate`` that is filled as characters occur.

    Parameters
    ----------
    rule : callable
        Returns what replaces a character.
    """

    def __init__(self, rule: Callable[[str], str]) -> None:
        super().__init__()
        self._rule = rule

    def __missing__(self, code: int) -> str:
        """Look up a character for the first time."""
        self[code] = replaced = self._rule(chr(code))
        return replaced


def without_blanks(character: str) -> str:
    """Replace white space and control characters by spaces, and remove invisible characters.

    Invisible are formatting characters, such as soft hyphens and byte order marks, and variation selectors. The zero-width space
    is a separator of words.
    """
    category = unicodedata.category(character)
    if category[0] == "Z" or category == "Cc" or character == _ZERO_WIDTH_SPACE:
        return " "
    return "" if category == "Cf" or ord(character) in _VARIATION_SELECTORS else character


def compose(text: str) -> str:
    """Compose accents: Unicode's normal form C (NFC)."""
    return unicodedata.normalize("NFC", text)


def compose_with_spans(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Compose accents, and return where each character comes from.

    Returns
    -------
    composed : str
        As `compose` returns it.
    spans : list of (int, int)
        The start and end in `text` of what each character was composed of, together with its neighbours.

    Examples
    --------
    >>> compose_with_spans("ae\u0301")[1]
    [(0, 1), (1, 3)]
    """
    parts, spans, start = [], [], 0
    for end in range(1, len(text) + 1):
        if end == len(text) or _is_apart(text[start:end], text[end]):
            part = compose(text[start:end])
            same = part == text[start:end]
            spans += [(i, i + 1) for i in range(start, end)] if same else [(start, end)] * len(part)
            parts.append(part)
            start = end
    return "".join(parts), spans


def _is_apart(before: str, character: str) -> bool:
    """Return whether neither a character nor what follows it is composed with what is before it."""
    if unicodedata.combining(unicodedata.normalize("NFD", character)[0]):
        return False
    return compose(before + character) == compose(before) + compose(character)


@functools.cache
def substitutions(rule: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    r"""Return a rule as regular expressions in the syntax of RE2, which TensorFlow uses.

    Parameters
    ----------
    rule : callable
        Returns what replaces a character. The replacement may contain the character itself, but no other that is replaced.

    Returns
    -------
    tuple of (str, str)
        Classes of characters and what replaces them; ``\0`` stands for the character itself.
    """
    classes: defaultdict[str, list[int]] = defaultdict(list)
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if (replaced := rule(character)) != character:
            classes[replaced.replace(character, r"\0")].append(code)
    return tuple((character_class(codes), replaced) for replaced, codes in classes.items())


def character_class(codes: Sequence[int], *, negated: bool = False) -> str:
    """Return a class of characters in the syntax of RE2.

    Parameters
    ----------
    codes : sequence of int
        Increasing code points.
    negated : bool, default=False
        Whether the class has all other characters instead.
    """
    # A range ends where the difference between code point and position changes.
    ranges: defaultdict[int, list[int]] = defaultdict(list)
    for position, code in enumerate(codes):
        ranges[code - position].append(code)
    return ("[^" if negated else "[") + "".join(rf"\x{{{run[0]:x}}}-\x{{{run[-1]:x}}}" for run in ranges.values()) + "]"
