"""Which words get an id: counting the words of texts in one pass, and numbering them as Keras does.

While texts are read, words are numbered in order of first appearance. Ids are known when all words have been counted, so
what was read is renumbered then; no text has to be split twice.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable
from itertools import count

import numpy as np

from skglove.text.tokenizer import Tokenizer


class WordCounts:
    """The words of all texts read so far, in order of first appearance, and how often each of them occurs.

    Parameters
    ----------
    tokenizer : Tokenizer
    count_documents : bool
        Whether to count the texts that hold each word, too.

    Attributes
    ----------
    n_documents : int
    """

    def __init__(self, tokenizer: Tokenizer, *, count_documents: bool = False) -> None:
        self._tokenizer, self._count_documents = tokenizer, count_documents
        self.n_documents = 0
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._numbers[""]  # number 0: the empty pieces between two separators
        self._counts = np.zeros(0, dtype=np.int64)
        self._document_counts = np.zeros(0, dtype=np.int64)

    def add(self, texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """Read texts.

        Parameters
        ----------
        texts : iterable of str

        Returns
        -------
        numbers : ndarray of int32
            The number of each piece of each text; 0 for empty ones.
        lengths : ndarray of shape (n_texts,), int64
            How many of them belong to each text.
        """
        numbers, ends, number = array("i"), [0], self._numbers.__getitem__
        for text in texts:
            numbers.extend(map(number, self._tokenizer.pieces(text)))
            ends.append(len(numbers))
        read, lengths = np.frombuffer(numbers, dtype=np.int32), np.diff(ends)
        self.n_documents += len(lengths)
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
        """How often each of `words` occurs: ndarray of shape (n_words,), int64."""
        return self._counts[1:]

    def document_counts(self, words: Iterable[str]) -> np.ndarray:
        """Return how many texts hold each of some words.

        Parameters
        ----------
        words : iterable of str
            Unknown ones are in none.

        Returns
        -------
        ndarray of int64
        """
        numbers = [self._numbers.get(word, 0) for word in words]
        return np.where(numbers, self._document_counts[numbers], 0)

    def most_common(self, n_words: int | None) -> tuple[list[str], np.ndarray]:
        """Return the most frequent words.

        Parameters
        ----------
        n_words : int or None
            How many; None is all.

        Returns
        -------
        words : list of str
            By falling frequency; of equally frequent ones, the one that appeared first comes first.
        ranks : ndarray of int32
            For each number that `add` returned the rank of the word, from 1; 0 for words that are not among them.
        """
        order = np.argsort(-self.counts, kind="stable")[:n_words]
        ranks = np.zeros(len(self) + 1, dtype=np.int32)
        ranks[order + 1] = np.arange(1, len(order) + 1)
        words = self.words
        return [words[i] for i in order.tolist()], ranks
