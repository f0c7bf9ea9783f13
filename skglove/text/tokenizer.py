"""Keras' word tokenization.

The rules are those of ``tensorflow.keras.preprocessing.text.Tokenizer``: convert the text to lower case, replace every character
of `filters` by `split`, split at `split`, and drop empty words.
"""

from array import array
from collections.abc import Callable, Iterable

import numpy as np

KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


class Tokenizer:
    """Split texts into words as Keras does.

    Parameters
    ----------
    lower : bool
        Whether texts are converted to lower case.
    filters : str
        Characters that separate words, besides `split`.
    split : str
        The separator; not empty.
    """

    def __init__(self, *, lower: bool = True, filters: str = KERAS_FILTERS, split: str = " ") -> None:
        self.lower = lower
        self.split = split
        self._table = str.maketrans(dict.fromkeys(filters, split))

    def pieces(self, text: str) -> list[str]:
        """Split one text; repeated separators result in empty pieces, which are dropped later."""
        return (text.lower() if self.lower else text).translate(self._table).split(self.split)

    def words(self, text: str) -> list[str]:
        """Return the words of one text."""
        return [piece for piece in self.pieces(text) if piece]

    def words_and_spans(self, text: str) -> tuple[list[str], list[tuple[int, int]]]:
        """Return the words of one text, and their positions in it.

        Returns
        -------
        words : list of str
            As `words` returns them.
        spans : list of (int, int)
            The start and end (exclusive) of each word in the text.
        """
        # Lower case can turn one character into two, and filtered characters are replaced by `split`, which can be longer.
        origins = [i for i, character in enumerate(text) for _ in (character.lower() if self.lower else character)]
        lowered = text.lower() if self.lower else text
        origins = [i for i, character in zip(origins, lowered, strict=True) for _ in character.translate(self._table)]
        words, spans, start = [], [], 0
        for piece in self.pieces(text):
            if piece:
                words.append(piece)
                spans.append((origins[start], origins[start + len(piece) - 1] + 1))
            start += len(piece) + len(self.split)
        return words, spans

    def encode(
        self, texts: Iterable[str], vocabulary: dict[str, int], unknown_id: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Look up the id of each word of each text.

        Parameters
        ----------
        texts : iterable of str
        vocabulary : dict of str to int
            The id of each word, from 1.
        unknown_id : int, optional
            The id of unknown words; by default, they are left out.

        Returns
        -------
        ids : ndarray of int32
            The concatenated ids of all texts.
        lengths : ndarray of shape (n_texts,), int64
            The number of ids of each text.
        """
        get = vocabulary.get
        if unknown_id is None:
            return _flatten(texts, lambda text: list(filter(None, map(get, filter(None, self.pieces(text))))))
        return _flatten(texts, lambda text: [get(word, unknown_id) for word in self.words(text)])


def _flatten(texts: Iterable[str], encode: Callable[[str], list[int]]) -> tuple[np.ndarray, np.ndarray]:
    ids, lengths = array("i"), []
    for text in texts:
        row = encode(text)
        ids.fromlist(row)
        lengths.append(len(row))
    return np.frombuffer(ids, dtype=np.int32), np.array(lengths, dtype=np.int64)
