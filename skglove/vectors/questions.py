"""The questions that `WordVectors` answers, with gensim's names and meanings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from skglove.vectors import asking
from skglove.vectors.asking import Query

if TYPE_CHECKING:
    from skglove.vectors.wordvectors import WordVectors

Array = np.ndarray[Any, Any]


class Questions:
    """What `WordVectors` can be asked; it alone inherits from this."""

    def most_similar(
        self,
        positive: Query | Sequence[Query] | None = None,
        negative: Query | Sequence[Query] | None = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Find the words nearest to a sum of words.

        Parameters
        ----------
        positive, negative : str, ndarray of shape (dim,), (str or ndarray, weight), or list of these, default=None
            What is added and what is taken away. Words are scaled to length one first; they are not in the answer.
        topn : int or None, default=10
            How many.
        restrict_vocab : int, default=None
            Look only among so many first words: in GloVe's files, the most frequent.

        Returns
        -------
        list of (str, float), or ndarray of float32
            Words and cosine similarities, nearest first; with ``topn=None`` the similarities of all.

        Raises
        ------
        KeyError
            If a word has no vector.
        ValueError
            If neither words nor vectors are given.

        Notes
        -----
        From the fourth question on, rows mapped from the cache are copied into memory, which makes it faster.

        Examples
        --------
        >>> from skglove.vectors import WordVectors
        >>> words = ["king", "man", "woman", "queen", "apple"]
        >>> vectors = WordVectors(words, [[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1], [0, -1, 0.3]])
        >>> vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=1)[0][0]
        'queen'
        """
        return asking.most_similar(_whole(self), positive, negative, topn, restrict_vocab)

    def similarity(self, w1: str, w2: str) -> float:
        """Cosine similarity of two words, from -1 to 1."""
        return asking.similarity(_whole(self), w1, w2)

    def distances(self, word_or_vector: str | Array, other_words: Sequence[str] = ()) -> Array:
        """Cosine distances (1 - similarity) to some words, or to all.

        Parameters
        ----------
        word_or_vector : str or ndarray of shape (dim,)
            From where.
        other_words : sequence of str, default=()
            To where; all words if empty.

        Returns
        -------
        ndarray of float32 of shape (len(other_words) or len(self),)
        """
        return asking.distances(_whole(self), word_or_vector, other_words)

    def doesnt_match(self, words: Sequence[str]) -> str:
        """Return which of the words is farthest from their mean; unknown ones are left out, with a warning.

        Examples
        --------
        >>> from skglove.vectors import WordVectors
        >>> vectors = WordVectors(["cat", "dog", "car"], [[1, 0], [0.9, 0.1], [0, 1]])
        >>> vectors.doesnt_match(["cat", "dog", "car"])
        'car'
        """
        return asking.doesnt_match(_whole(self), words)

    def n_similarity(self, ws1: Sequence[str], ws2: Sequence[str]) -> float:
        """Cosine similarity of the means of two lists of words."""
        return asking.n_similarity(_whole(self), ws1, ws2)

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer the questions of a file in Google's analogy format: ``: section`` lines, and lines of four words.

        Parameters
        ----------
        analogies : path-like
            The file, such as ``questions-words.txt``.
        restrict_vocab : int, default=300_000
            Use only so many first words.
        case_insensitive : bool, default=True
            Ignore capitals; of words that differ only by them, the first counts.
        dummy4unknown : bool, default=False
            Count questions with unknown words as wrong, instead of leaving them out.

        Returns
        -------
        score : float
            The share answered right.
        sections : list of dict
            For each section, and last for ``"Total accuracy"``: ``section``, ``accuracy`` (NaN without questions), and
            the questions ``correct`` and ``incorrect``, as tuples of four words.

        Raises
        ------
        ValueError
            If a question comes before the first section, or no question could be asked.

        References
        ----------
        Mikolov, Chen, Corrado, Dean: Efficient Estimation of Word Representations in Vector Space (2013).
        """
        from skglove.vectors.evaluation import evaluate_word_analogies

        return evaluate_word_analogies(_whole(self), analogies, restrict_vocab, case_insensitive, dummy4unknown)

    def plot(self, words: Sequence[str] = (), pairs: Sequence[tuple[str, str]] = (), ax: Any = None) -> Any:
        """Draw words in the plane that shows most of their differences (PCA), with arrows between pairs.

        Parameters
        ----------
        words : sequence of str, default=()
            The words to show.
        pairs : sequence of (str, str), default=()
            Arrows from the first to the second; their words need not be in `words`.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        KeyError
            If a word has no vector.
        """
        from skglove.vectors.plotting import plot

        return plot(_whole(self), words, pairs, ax)


def _whole(questions: Questions) -> WordVectors:
    return cast("WordVectors", questions)
