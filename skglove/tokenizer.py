"""Keras' word tokenization: texts to words, words to ids.

The rules are those of ``tensorflow.keras.preprocessing.text.Tokenizer``: lower the text, replace every character of `filters`
by `split`, cut at `split`, drop what is empty; ids start at 1 with the most frequent word, ties in order of first appearance,
and only ids below `num_words` are used.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


class Tokenizer:
    """Split texts into words as Keras does.

    Parameters
    ----------
    lower : bool
        Whether texts are lowered first.
    filters : str
        Characters that separate words, besides `split`.
    split : str
        The separator; not empty.

    Attributes
    ----------
    longest : int
        Words of the longest text counted so far.
    """

    def __init__(self, *, lower: bool = True, filters: str = KERAS_FILTERS, split: str = " ") -> None:
        self.lower = lower
        self.split = split
        self.longest = 0
        self._table = str.maketrans(dict.fromkeys(filters, split))

    def _pieces(self, text: str) -> list[str]:
        """Cut one text; between two separators in a row stands an empty piece, which is cheaper to drop later."""
        return (text.lower() if self.lower else text).translate(self._table).split(self.split)

    def count(self, texts: Iterable[str], in_documents: Counter[str] | None = None) -> Counter[str]:
        """Count every word of `texts`.

        Parameters
        ----------
        texts : iterable of str
        in_documents : Counter, optional
            If given, the number of texts that hold each word is added to it; the empty word stands for all of them.

        Returns
        -------
        Counter of str
            The keys are in order of first appearance.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            pieces = self._pieces(text)
            counts.update(pieces)
            self.longest = max(self.longest, len(pieces) - pieces.count(""))
            if in_documents is not None:
                in_documents.update({*pieces, ""})
        counts.pop("", None)
        return counts

    def words(self, text: str) -> list[str]:
        """Return the words of one text.

        Parameters
        ----------
        text : str
        """
        return [piece for piece in self._pieces(text) if piece]

    def words_and_spans(self, text: str) -> tuple[list[str], list[tuple[int, int]]]:
        """Return the words of one text, and where in it they stand.

        Parameters
        ----------
        text : str

        Returns
        -------
        words : list of str
            As `words` returns them.
        spans : list of (int, int)
            The first character of each, and the one after its last.
        """
        pieces = self._pieces(text)
        # Lowering can make two characters of one, and a filtered one becomes all of `split`.
        origins = [i for i, character in enumerate(text) for _ in (character.lower() if self.lower else character)]
        lowered = text.lower() if self.lower else text
        origins = [i for i, character in zip(origins, lowered, strict=True) for _ in character.translate(self._table)]
        found, start = [], 0
        for piece in pieces:
            if piece:
                found.append((piece, (origins[start], origins[start + len(piece) - 1] + 1)))
            start += len(piece) + len(self.split)
        return [word for word, _ in found], [span for _, span in found]

    def encode(self, texts: Iterable[str], ids: dict[str, int], unknown: int | None = None) -> Iterator[list[int]]:
        """Yield the ids of each text's words.

        Parameters
        ----------
        texts : iterable of str
        ids : dict of str to int
            The id of each known word, none of them 0.
        unknown : int, optional
            The id for every other word; by default those are left out.
        """
        get = ids.get
        for text in texts:
            if unknown is None:
                yield list(filter(None, map(get, filter(None, self._pieces(text)))))
            else:
                yield [get(word, unknown) for word in self.words(text)]


def build_vocabulary(counts: Counter[str], num_words: int | None, oov_token: str | None) -> dict[str, int]:
    """Give ids from 1, the out-of-vocabulary token first where there is one, then words by falling frequency.

    Parameters
    ----------
    counts : Counter
        As `Tokenizer.count` returns them: `Counter.most_common` keeps the order of first appearance among equals.
    num_words : int or None
        Only ids below this are given, so `num_words` - 1 words are kept; None keeps all.
    oov_token : str or None
    """
    words = [word for word, _ in counts.most_common()]
    if oov_token is not None:
        words.insert(0, oov_token)
    return {word: i for i, word in enumerate(words[: None if num_words is None else num_words - 1], start=1)}


def pad(rows: Iterable[list[int]], n_rows: int, maxlen: int, padding: str, truncating: str) -> np.ndarray:
    """Put rows of ids into one int32 matrix, cut or filled with zeros as Keras' ``pad_sequences`` does.

    Parameters
    ----------
    rows : iterable of list of int
    n_rows, maxlen : int
        The shape of the matrix.
    padding, truncating : {"pre", "post"}
        The side where zeros are added, and the side where ids are cut off.

    Returns
    -------
    ndarray of shape (n_rows, maxlen), int32
    """
    matrix = np.zeros((n_rows, maxlen), dtype=np.int32)
    for out, row in zip(matrix, rows, strict=True):
        kept = row[-maxlen:] if truncating == "pre" else row[:maxlen]
        if padding == "post":
            out[: len(kept)] = kept
        elif kept:
            out[-len(kept) :] = kept
    return matrix
