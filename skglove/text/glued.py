r"""A warning if words hold characters that Keras' tokenizer does not split at, such as no-break spaces and curly quotes.

``"word\u00a0word"``, ``"word\r"`` and ``"word\u201d"`` are then unknown, or rare words of their own. Joiners do not count, which
are in Persian words and in emoji, nor do marks that are not composed with their letter, as in Yoruba.
"""

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from skglove.text.tokenizer import Document, Tokenizer
from skglove.text.unicode import compose
from skglove.warn import warn

_WHITE_SPACE = "\x0b-\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = "\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_QUOTES_AND_ELLIPSIS = "\xab\xbb\u2018-\u201f\u2039\u203a\u2026"
_EMOJI = "\u231a-\u23ff\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff"
_GLUE = re.compile(f"[{_WHITE_SPACE}{_INVISIBLE}{_QUOTES_AND_ELLIPSIS}{_EMOJI}]")
_LETTER = re.compile(r"\w")

_SHARE, _LEAST_WORDS = 0.01, 10


def is_glued(word: str) -> bool:
    r"""Return whether a word holds such characters besides others, or accents that can be composed.

    Examples
    --------
    >>> [is_glued(word) for word in ["don't", "don\u2019t", "end\u2026", "\u2026", "cafe\u0301", "caf\u00e9"]]
    [False, True, True, False, True, False]
    """
    return bool(_GLUE.search(word) and _LETTER.search(word)) or len(compose(word)) < len(word)


class GluedWords:
    """Counts the words of texts that hold such characters.

    Parameters
    ----------
    tokenizer : Tokenizer
    known : collection of str
        Words that do not count.
    """

    def __init__(self, tokenizer: Tokenizer, known: Collection[str]) -> None:
        self._tokenizer, self._known = tokenizer, known
        self._n_glued, self._n_words, self._example = 0, 0, ""

    def add(self, documents: Iterable[Document]) -> None:
        """Count the words of texts; lists of words are left out."""
        for document in documents:
            if isinstance(document, str):
                self._n_words += document.count(self._tokenizer.separator) + 1  # enough for a warning
                if _may_be_glued(document):
                    self._add_words(self._tokenizer.words(document))

    def _add_words(self, words: Sequence[str]) -> None:
        glued = [word for word in words if word not in self._known and is_glued(word)]
        self._n_glued += len(glued)
        self._example = next(iter(glued), self._example)

    def warn(self) -> None:
        """Warn if there are many."""
        _warn_if_many(self._n_glued, self._n_words, self._example)


def warn_of_glued_words(words: Sequence[str], counts: np.ndarray) -> None:
    """Warn if many occurrences of words hold such characters.

    Parameters
    ----------
    words : sequence of str
    counts : ndarray of shape (n_words,), int64
        The number of occurrences of each word.
    """
    glued = [i for i, word in enumerate(words) if is_glued(word)]
    if glued:
        _warn_if_many(counts[glued].sum(), counts.sum(), words[glued[int(np.argmax(counts[glued]))]])


def _may_be_glued(text: str) -> bool:
    """Return whether a word of a text may be; takes hardly any time if the text is of ASCII."""
    if text.isascii():
        return "\r" in text or "\v" in text or "\f" in text  # the separators of ASCII do not occur in texts
    return _GLUE.search(text) is not None or compose(text) != text


def _warn_if_many(n_glued: int, n_words: int, example: str) -> None:
    if n_glued >= _LEAST_WORDS and n_glued > _SHARE * n_words:
        warn(
            f"{n_glued:,} of {n_words:,} words, such as {example!r:.60}, contain white space, invisible characters, typographic "
            "quotation marks, ellipses, emoji or decomposed accents, at which tokenizer='keras' does not split. Fit with "
            "tokenizer='glove', which knows them; or with 'characters' for languages without spaces between words."
        )
