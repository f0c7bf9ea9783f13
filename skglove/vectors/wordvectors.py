"""WordVectors: words, their vectors, and what can be asked of them."""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skglove.vectors import registry
from skglove.vectors.text import SUFFIXES, read_text


class WordVectors:
    """Words and their vectors; names and meanings are those of gensim's ``KeyedVectors``.

    Parameters
    ----------
    words : sequence of str
        All different.
    vectors : array-like of shape (n_words, dim)
        Kept as float32.

    Attributes
    ----------
    index_to_key : list of str
    key_to_index : dict of str to int
    vectors : ndarray of shape (n_words, dim), float32

    Raises
    ------
    ValueError
        If the numbers of words and vectors differ, or a word occurs twice.

    Examples
    --------
    >>> from skglove import WordVectors
    >>> vectors = WordVectors(["man", "woman", "king", "queen"], [[1, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1]])
    >>> vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=1)
    [('queen', 0.95...)]
    """

    def __init__(self, words: Sequence[str], vectors: Any) -> None:
        self.index_to_key = list(words)
        self.vectors = np.asarray(vectors, dtype=np.float32)
        self.key_to_index = {word: i for i, word in enumerate(self.index_to_key)}
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.index_to_key):
            raise ValueError(
                f"Got {len(self.index_to_key)} words and vectors of shape {self.vectors.shape}; expected one row a word."
            )
        if len(self.key_to_index) != len(self.index_to_key):
            raise ValueError("A word occurs twice among the words; each must have one vector.")

    @classmethod
    def load(cls, source: Any, *, vocabulary: Iterable[str] | None = None) -> "WordVectors":
        """Load vectors by name, from a file, or from another object.

        Parameters
        ----------
        source : str, path, WordVectors, mapping or object
            A known name such as "glove.6B.50d"; the path of a text file in GloVe's or word2vec's format, plain, ``.gz`` or
            inside a ``.zip``; a mapping from word to vector; an object with gensim's ``key_to_index`` and ``vectors``.
        vocabulary : iterable of str, optional
            The words wanted; only these are read. By default all.

        Returns
        -------
        WordVectors

        Raises
        ------
        ValueError, TypeError, FileNotFoundError, RuntimeError
            If the name is not known, the object is none of these, the file is missing or broken, or a download fails.
        """
        cls.check_source(source)
        wanted = None if vocabulary is None else frozenset(vocabulary)
        if isinstance(source, str | os.PathLike):
            return cls(*_read(source, wanted))
        if isinstance(source, WordVectors) and wanted is None:
            return source
        if isinstance(source, Mapping):
            words = [word for word in source if wanted is None or word in wanted]
            return cls(words, _stack([source[word] for word in words], next(iter(source.values()))))
        index = source.key_to_index
        words = [word for word in index if wanted is None or word in wanted]
        return cls(words, np.asarray(source.vectors)[[index[word] for word in words]])

    @staticmethod
    def check_source(source: Any) -> None:
        """Raise the error that `load` would raise for an unusable source, without reading or downloading anything.

        Parameters
        ----------
        source : object
        """
        if isinstance(source, str | os.PathLike):
            path = Path(source)
            if source in registry.NAMES or path.is_file():
                return
            if isinstance(source, str) and os.sep not in source and path.suffix not in SUFFIXES:
                raise registry.unknown_name(source)
            raise FileNotFoundError(f"There is no vectors file at {path.absolute()}.")
        if isinstance(source, Mapping):
            if not source:
                raise ValueError("The mapping of words to vectors is empty.")
        elif not (hasattr(source, "key_to_index") and hasattr(source, "vectors")):
            raise TypeError(
                f"Cannot get word vectors from {source!r:.60} ({type(source).__name__}). Give a name, a path, a WordVectors, a "
                "mapping from word to vector, or an object with key_to_index and vectors."
            )

    @property
    def dim(self) -> int:
        """Length of each vector."""
        return self.vectors.shape[1]

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.index_to_key)

    def __contains__(self, word: object) -> bool:
        return word in self.key_to_index

    def __getitem__(self, words: str | Sequence[str]) -> np.ndarray:
        if isinstance(words, str):
            return self.vectors[self._row(words)]
        return self.vectors[[self._row(word) for word in words]]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} words, {self.dim} dimensions)"

    def embedding_matrix(self, vocabulary: Collection[str]) -> np.ndarray:
        """Return the vectors of a vocabulary, for an ``Embedding`` layer.

        Parameters
        ----------
        vocabulary : collection of str
            In the order of their ids, which begin at 1.

        Returns
        -------
        ndarray of shape (len(vocabulary) + 1, dim), float32
            Zeros in row 0 and in the rows of words without a vector.
        """
        matrix = np.zeros((len(vocabulary) + 1, self.dim), dtype=np.float32)
        found = {i: self.key_to_index[word] for i, word in enumerate(vocabulary, start=1) if word in self.key_to_index}
        matrix[list(found)] = self.vectors[list(found.values())]
        return matrix

    def similarity(self, w1: str, w2: str) -> float:
        """Return the cosine of the angle between the vectors of two words.

        Parameters
        ----------
        w1, w2 : str

        Returns
        -------
        float
        """
        return float(_unit(self[w1]) @ _unit(self[w2]))

    def most_similar(
        self, positive: str | Sequence[str] = (), negative: str | Sequence[str] = (), topn: int = 10
    ) -> list[tuple[str, float]]:
        """Return the words nearest to a sum and difference of words, by cosine.

        Parameters
        ----------
        positive, negative : str or sequence of str
            Words whose vectors, each scaled to length 1, are added and subtracted. They are not among the answers.
        topn : int, default=10

        Returns
        -------
        list of (str, float)
            Words and similarities, the nearest first.

        Raises
        ------
        KeyError
            If a word has no vector.
        ValueError
            If no word is given.
        """
        plus = [positive] if isinstance(positive, str) else list(positive)
        minus = [negative] if isinstance(negative, str) else list(negative)
        if not plus and not minus:
            raise ValueError("most_similar needs at least one word in positive or negative.")
        target = sum((_unit(self[word]) for word in plus), np.zeros(self.dim)) - sum(
            _unit(self[word]) for word in minus
        )
        lengths = np.maximum(np.linalg.norm(self.vectors, axis=1), np.finfo(np.float32).tiny)
        scores = self.vectors @ _unit(target).astype(np.float32) / lengths
        scores[[self._row(word) for word in plus + minus]] = -np.inf
        best = np.argsort(-scores, kind="stable")[: min(topn, len(self) - len({*plus, *minus}))]
        return [(self.index_to_key[i], float(scores[i])) for i in best]

    def _row(self, word: str) -> int:
        try:
            return self.key_to_index[word]
        except KeyError:
            raise KeyError(f"{word!r} has no vector; GloVe's words are in lower case.") from None


def _read(source: str | os.PathLike, wanted: frozenset[str] | None) -> tuple[list[str], np.ndarray]:
    if source not in registry.NAMES:
        return read_text(Path(source), wanted)
    return registry.installed(str(source), wanted) or read_text(registry.download(str(source)), wanted)


def _stack(rows: list[Any], example: Any) -> np.ndarray:
    lengths = {len(row) for row in rows} | {len(example)}
    if len(lengths) > 1:
        raise ValueError(f"The mapping's vectors have different lengths: {sorted(lengths)}.")
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(example))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), np.finfo(np.float32).tiny)
