"""Word counts, and ids by frequency as in Keras, in one pass over the texts.

Words are first numbered in order of appearance. When all words have been counted, the numbers are replaced by ids, so that texts
are tokenized only once.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np

from skglove.text.documents import are_texts
from skglove.text.tokenizer import Document, Tokenizer


class CountedWords(NamedTuple):
    """What `WordCounts` knows, as plain data.

    Parameters
    ----------
    words : list of str
        In order of first appearance.
    counts, document_counts : ndarray of shape (n_words,), int64
        `document_counts` is empty if they were not counted.
    n_documents : int
    all_are_texts : bool
    """

    words: list[str]
    counts: np.ndarray
    document_counts: np.ndarray
    n_documents: int
    all_are_texts: bool


class WordCounts:
    """The words of all texts so far, in order of first appearance, and their counts.

    Parameters
    ----------
    tokenizer : Tokenizer
    count_documents : bool
        Whether to count document frequencies, too.

    Attributes
    ----------
    n_documents : int
    all_are_texts : bool
        Whether no document was a list of tokens.
    """

    def __init__(self, tokenizer: Tokenizer, *, count_documents: bool = False) -> None:
        self._tokenizer, self._count_documents = tokenizer, count_documents
        self.n_documents, self.all_are_texts = 0, True
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._numbers[""]  # number 0 is for empty pieces
        self._counts = np.zeros(0, dtype=np.int64)
        self._document_counts = np.zeros(0, dtype=np.int64)

    def add(self, texts: Sequence[Document]) -> tuple[np.ndarray, np.ndarray]:
        """Count the words of texts, or of lists of tokens.

        Returns
        -------
        numbers : ndarray of int32
            The number of each piece of each text; 0 for empty pieces.
        lengths : ndarray of shape (n_texts,), int64
            The number of pieces of each text.
        """
        numbers, ends, number = array("i"), [0], self._numbers.__getitem__
        for text in texts:
            numbers.extend(map(number, self._tokenizer.pieces(text)))
            ends.append(len(numbers))
        read, lengths = np.frombuffer(numbers, dtype=np.int32), np.diff(ends)
        self.n_documents += len(lengths)
        self.all_are_texts = self.all_are_texts and are_texts(texts)
        self._counts = self._added(self._counts, read)
        if self._count_documents:
            documents = np.repeat(np.arange(len(lengths)), lengths)
            pairs = np.unique(documents * len(self._numbers) + read)
            self._document_counts = self._added(self._document_counts, pairs % len(self._numbers))
        return read, lengths

    def _added(self, counts: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        added = np.bincount(numbers, minlength=len(self._numbers))
        added[: len(counts)] += counts
        return added

    def plain(self) -> CountedWords:
        """Return everything that was counted."""
        return CountedWords(self.words, self.counts, self._document_counts[1:], self.n_documents, self.all_are_texts)

    def merge(self, later: CountedWords) -> np.ndarray:
        """Add what was counted in other texts, which come after those so far.

        Returns
        -------
        numbers : ndarray of int32
            The number of each piece that `add` of the other object numbered; 0 for empty pieces.
        """
        numbers = np.array([0, *map(self._numbers.__getitem__, later.words)], dtype=np.int32)
        self.n_documents += later.n_documents
        self.all_are_texts = self.all_are_texts and later.all_are_texts
        self._counts = self._merged(self._counts, numbers[1:], later.counts)
        if self._count_documents:
            self._document_counts = self._merged(self._document_counts, numbers[1:], later.document_counts)
        return numbers

    def _merged(self, counts: np.ndarray, numbers: np.ndarray, added: np.ndarray) -> np.ndarray:
        merged = np.zeros(len(self._numbers), dtype=np.int64)
        merged[: len(counts)] = counts
        merged[numbers] += added
        return merged

    def __len__(self) -> int:
        return len(self._numbers) - 1

    def __contains__(self, word: str) -> bool:
        return word != "" and word in self._numbers

    @property
    def words(self) -> list[str]:
        """All words, in order of first appearance."""
        return list(self._numbers)[1:]

    @property
    def counts(self) -> np.ndarray:
        """The count of each of `words`: ndarray of shape (n_words,), int64."""
        return self._counts[1:]

    def largest(self, n_words: int) -> np.ndarray:
        """Return the counts of the most frequent words, in the order of `most_common`.

        Returns
        -------
        ndarray of shape (n_words,), int64
        """
        return np.sort(self.counts)[::-1][:n_words]

    def document_counts(self, words: Iterable[str]) -> np.ndarray:
        """Return the document frequencies of words.

        Parameters
        ----------
        words : iterable of str
            The frequency of unknown words is 0.
        """
        numbers = [self._numbers.get(word, 0) for word in words]
        return np.where(numbers, self._document_counts[numbers], 0)

    def most_common(self, n_words: int | None) -> tuple[list[str], np.ndarray]:
        """Return the most frequent words.

        Parameters
        ----------
        n_words : int or None
            The number of words; None returns all.

        Returns
        -------
        words : list of str
            By decreasing frequency; ties are in order of first appearance.
        ranks : ndarray of int32
            The rank, from 1, of the word with each number returned by `add`; 0 for other words.
        """
        order = np.argsort(-self.counts, kind="stable")[:n_words]
        ranks = np.zeros(len(self) + 1, dtype=np.int32)
        ranks[order + 1] = np.arange(1, len(order) + 1)
        words = self.words
        return [words[i] for i in order.tolist()], ranks


def words_by_id(vocabulary: Mapping[str, int], n_ids: int) -> list[str]:
    """Return the word of each id.

    Parameters
    ----------
    vocabulary : mapping of str to int
    n_ids : int
        Number of ids, including 0.

    Returns
    -------
    list of str
        "" for ids without a word, such as 0.
    """
    words = [""] * n_ids
    for word, i in vocabulary.items():
        if 0 < i < n_ids:
            words[i] = word
    return words
