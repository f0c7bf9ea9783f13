"""Tokenizers given as functions, such as those of other packages."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest

from skglove.text.tokenizer import Span, Tokenizer

_BLANKS, _NO_BLANKS = re.compile(r"\s*"), re.compile(r"\S*")


class CallableTokenizer(Tokenizer):
    """Split texts by a function.

    Parameters
    ----------
    function : callable
        Takes a text and returns its words: a list, or another iterable, of str.
    lower : bool, default=True

    Examples
    --------
    >>> CallableTokenizer(str.split).words("Don't panic!")
    ["don't", 'panic!']
    """

    def __init__(self, function: Callable[[str], Iterable[str]], *, lower: bool = True) -> None:
        super().__init__(lower=lower)
        self._function = function

    def split(self, text: str) -> list[str]:
        """Return what the function returns.

        Raises
        ------
        TypeError
            If this is not an iterable of str.
        """
        returned = self._function(text)
        if isinstance(returned, str) or not isinstance(returned, Iterable):
            raise TypeError(self._wrong(returned, "another type"))
        words = list(returned)
        for word in words:
            if not isinstance(word, str):
                raise TypeError(self._wrong(word, "an item of another type"))
        return words

    def _wrong(self, value: object, what: str) -> str:
        return (
            f"The tokenizer {self._function!r:.100} must return a list of str; it returned {what}: {value!r:.60} "
            f"({type(value).__name__}). For objects, return their texts, such as [token.text for token in nlp(text)] for spaCy."
        )

    def substitutions(self) -> list[tuple[str, str]]:
        """Raise a ValueError.

        Raises
        ------
        ValueError
            Always.
        """
        raise ValueError(
            f"The tokenizer {self._function!r:.100} is a Python function, which cannot run in TensorFlow. Export the classifier "
            "alone, as a model of word ids (its to_keras method), and call the vectorizer's transform(texts).padded() before it."
        )

    def locate(self, text: str) -> tuple[list[str], list[Span]]:
        """Return the words of a text and their positions, as `find_words` finds them."""
        words = [word for word in self.split(text) if word]
        return words, find_words(words, text)


def find_words(words: Sequence[str], text: str) -> list[Span]:
    """Find the positions of words in a text, from left to right.

    A word is looked for where the previous one ends, white space left out; then up to the next white space; then in the rest, as
    a whole word or the beginning of one. Words that a tokenizer has changed, such as lemmas, may not occur. A word that occurs
    only after the following word counts as changed.

    Parameters
    ----------
    words : sequence of str
    text : str

    Returns
    -------
    list of (int, int)
        The start and end of each word. Both are the end of the previous word if it was not found.

    Examples
    --------
    >>> find_words(["the", "cat", "be", "n't", "here"], "the cat isn't here")
    [(0, 3), (4, 7), (7, 7), (10, 13), (14, 18)]
    """
    spans: list[Span] = []
    end = 0
    for word, following in zip_longest(words, words[1:]):
        start = _next(word, text, end)
        next_start = _next(following, text, end) if following is not None and start is not None else None
        if start is None or (next_start is not None and next_start < start):
            spans.append((end, end))
        else:
            spans.append((start, start + len(word)))
        end = spans[-1][1]
    return spans


def _next(word: str, text: str, start: int) -> int | None:
    """Return where a word begins, or None."""
    here = _match_end(_BLANKS, text, start)
    found = text.find(word, here, max(_match_end(_NO_BLANKS, text, here), here + len(word)))
    if found >= 0:
        return found
    begins = (r"(?<!\w)" if word[0].isalnum() else "") + re.escape(word)
    match = re.compile(rf"{begins}(?!\w)").search(text, here) or re.compile(begins).search(text, here)
    return match.start() if match else None


def _match_end(pattern: re.Pattern, text: str, start: int) -> int:
    match = pattern.match(text, start)
    assert match is not None  # these match nothing, too
    return match.end()
