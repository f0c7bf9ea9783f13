"""Accents of words, composed or decomposed: "é" is one character or two, depending on who wrote a text or a file of vectors."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


class LooksUpForms:
    """A source whose `lookup` tries all forms of a word."""


def other_forms(words: Iterable[str]) -> dict[str, list[str]]:
    r"""Return the other forms of words: with composed accents (NFC), then with decomposed ones (NFD).

    Parameters
    ----------
    words : iterable of str

    Returns
    -------
    dict of str to list of str
        Only of words that have another form.

    Examples
    --------
    >>> print(ascii(other_forms(["cat", "caf\u00e9", "cafe\u0301"])))
    {'caf\xe9': ['cafe\u0301'], 'cafe\u0301': ['caf\xe9']}
    """
    forms = {}
    for word in words:
        if not word.isascii():
            both = unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)
            if others := [form for form in both if form != word]:
                forms[word] = others
    return forms
