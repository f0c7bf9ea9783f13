"""Tokenizers: the base classes of those that split texts into words."""

from abc import ABC, abstractmethod
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from skglove.text.unicode import compose, compose_with_spans

Span: TypeAlias = tuple[int, int]
Document: TypeAlias = str | Sequence[str]


class Tokenizer(ABC):
    """Turns documents into words.

    A document is a text, or a list or tuple of tokens, which are then its words, as for Keras' ``Tokenizer``. Subclasses split
    texts.

    Parameters
    ----------
    lower : bool, default=True
        Whether texts are converted to lower case before they are split, and tokens, too.

    Attributes
    ----------
    separator : str
        What joins words to a text.
    pairs : bool
        Whether the words are characters and pairs of characters.
    composes : bool
        Whether accents are composed (NFC) before texts are split.
    """

    separator = " "
    pairs = False
    composes = False

    def __init__(self, *, lower: bool = True) -> None:
        self.lower = lower

    @abstractmethod
    def split(self, text: str) -> list[str]:
        """Split a text, which is in lower case if `lower` is set; empty strings are dropped later."""

    @abstractmethod
    def locate(self, text: str) -> tuple[list[str], list[Span]]:
        """Return the words that `split` returns, without empty ones, and the start and end of each in the text."""

    @abstractmethod
    def substitutions(self) -> list[tuple[str, str]]:
        """Return regular expressions for TensorFlow, after which words are between separators.

        Returns
        -------
        list of (str, str)
            Patterns and replacements in the syntax of RE2, to apply one after the other to texts in lower case, if `lower` is
            set, and with composed accents, if `composes` is.

        Raises
        ------
        ValueError
            If regular expressions cannot do what the tokenizer does.
        """

    def can_be_token(self, word: str) -> bool:
        """Return whether a list of tokens can contain a word."""
        return word != "" and (not self.lower or word.lower() == word)

    def can_return(self, word: str) -> bool:
        """Return whether a text can contain a word; True if that is not known."""
        return self.can_be_token(word)

    def pieces(self, document: Document) -> list[str]:
        """Return the words of a document, and any number of empty strings, which are dropped later."""
        if isinstance(document, str):
            return self.split(document.lower() if self.lower else document)
        return [token.lower() for token in document] if self.lower else list(document)

    def words(self, document: Document) -> list[str]:
        """Return the words of a document."""
        return [piece for piece in self.pieces(document) if piece]

    def words_and_spans(self, document: Document) -> tuple[list[str], list[Span]]:
        """Return the words of a document, and their positions in it.

        Parameters
        ----------
        document : str or list of str

        Returns
        -------
        words : list of str
            As `words` returns them.
        spans : list of (int, int)
            The start and end (exclusive) of each word in the text, or in the tokens joined by spaces.
        """
        if not isinstance(document, str):
            ends = np.cumsum([len(token) + 1 for token in document]).tolist()
            spans = [(start, end - 1) for start, end in pairwise([0, *ends]) if end - 1 > start]
            return self.words(document), spans
        if not self.lower:
            return self.locate(document)
        words, spans = self.locate(document.lower())
        # Lower case can turn one character into two.
        origins = [i for i, character in enumerate(document) for _ in character.lower()]
        origins.append(len(document))
        return words, [(origins[a], origins[b - 1] + 1 if b > a else origins[a]) for a, b in spans]

    def encode(
        self, documents: Iterable[Document], vocabulary: dict[str, int], unknown_id: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Look up the id of each word of each document.

        Parameters
        ----------
        documents : iterable of str or list of str
        vocabulary : dict of str to int
            The id of each word, from 1.
        unknown_id : int, optional
            The id of unknown words; by default, they are left out.

        Returns
        -------
        ids : ndarray of int32
            The concatenated ids of all documents.
        lengths : ndarray of shape (n_documents,), int64
            The number of ids of each document.
        """
        get = vocabulary.get
        if unknown_id is None:
            return _flatten(
                documents, lambda document: list(filter(None, map(get, filter(None, self.pieces(document)))))
            )
        return _flatten(documents, lambda document: [get(word, unknown_id) for word in self.words(document)])


class SeparatingTokenizer(Tokenizer):
    """Replaces single characters, splits at the separator, and may cut what is between two separators further.

    Parameters
    ----------
    lower : bool, default=True
    replacements : mapping of int to str
        For ``str.translate``: what replaces a character.
    separator : str, default=" "
        Not empty.
    """

    def __init__(self, replacements: Mapping[int, str | int], *, lower: bool = True, separator: str = " ") -> None:
        super().__init__(lower=lower)
        self.separator = separator
        self._replacements = replacements

    def cut(self, piece: str) -> Sequence[Span]:
        """Return the start and end of the words of a piece without separators, which is not empty."""
        return [(0, len(piece))]

    def split(self, text: str) -> list[str]:
        """Split a text at separators."""
        return text.translate(self._replacements).split(self.separator)

    def can_return(self, word: str) -> bool:
        """Return whether a text can contain a word."""
        return self.words(word) == [word]

    def locate(self, text: str) -> tuple[list[str], list[Span]]:
        """Return the words of a text and their positions."""
        # A character can be replaced by none or by several.
        origins = [i for i, character in enumerate(text) for _ in character.translate(self._replacements)]
        words, spans, start = [], [], 0
        for piece in text.translate(self._replacements).split(self.separator):
            for first, end in self.cut(piece) if piece else []:
                words.append(piece[first:end])
                spans.append((origins[start + first], origins[start + end - 1] + 1))
            start += len(piece) + len(self.separator)
        return words, spans


class ComposingTokenizer(SeparatingTokenizer):
    """Composes accents first, so that a word is the same whether or not they were decomposed."""

    composes = True

    def split(self, text: str) -> list[str]:
        """Split a text, after its accents were composed."""
        return super().split(compose(text))

    def locate(self, text: str) -> tuple[list[str], list[Span]]:
        """Return the words of a text and their positions in the text as it was."""
        composed, origins = compose_with_spans(text)
        words, spans = super().locate(composed)
        return words, [(origins[start][0], origins[end - 1][1]) for start, end in spans]


def _flatten(documents: Iterable[Document], encode: Callable[[Document], list[int]]) -> tuple[np.ndarray, np.ndarray]:
    ids, lengths = array("i"), []
    for document in documents:
        row = encode(document)
        ids.fromlist(row)
        lengths.append(len(row))
    return np.frombuffer(ids, dtype=np.int32), np.array(lengths, dtype=np.int64)
