"""The most similar word of a vocabulary, by spelling."""

from collections.abc import Sequence

import numpy as np
from sklearn.preprocessing import normalize

from skglove.text.subwords import subwords

# Chosen by accuracy on questions, sentences and news in which a tenth of the letters were replaced at random: longer n-grams and
# weights by rarity find fewer of the right words, and a lower limit harms texts with many unknown names.
_SIZES, _LEAST_SIMILARITY = (2, 3), 0.6
_WORDS_AT_ONCE = 1000


class SimilarWords:
    """Finds words that are spelled almost like given words, by the cosine of their character bigrams and trigrams.

    Parameters
    ----------
    words : sequence of str
        The words to find, the more frequent first.

    Examples
    --------
    >>> similar = SimilarWords(["house", "mouse", "horses"])
    >>> similar.find(["houses", "horse", "cat"])
    {'houses': 'house', 'horse': 'horses'}
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._by_ngram = normalize(subwords(words, _SIZES), copy=False).T.tocsr()

    def find(self, words: Sequence[str]) -> dict[str, str]:
        """Return the most similar word of each word that has one; of equally similar words the more frequent.

        Parameters
        ----------
        words : sequence of str
        """
        found: dict[str, str] = {}
        for start in range(0, len(words), _WORDS_AT_ONCE):
            some = words[start : start + _WORDS_AT_ONCE]
            similarity = (normalize(subwords(some, _SIZES), copy=False) @ self._by_ngram).tocoo()
            values = similarity.data.round(5)  # equal up to rounding errors
            kept = np.flatnonzero(values >= _LEAST_SIMILARITY)
            rows, columns = similarity.row[kept], similarity.col[kept]
            order = np.lexsort((columns, -values[kept], rows))
            rows, first = np.unique(rows[order], return_index=True)
            found.update(
                (some[row], self._words[column])
                for row, column in zip(rows.tolist(), columns[order][first].tolist(), strict=True)
            )
        return found
