"""Word vectors with gensim's interface."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from skglove.vectors import analogies as google
from skglove.vectors import plotting, similarity
from skglove.vectors.cache.stored import MappedRows
from skglove.vectors.published.named import NamedVectors
from skglove.vectors.published.registry import ENTRIES
from skglove.vectors.similarity import Query
from skglove.vectors.sources.objects import Rows, as_matrix, as_words, check_finite, gather
from skglove.vectors.sources.sources import read_source, vector_source
from skglove.warn import warn

_MAPPED_QUERIES = 3  # number of queries after which memory-mapped rows are copied


class WordVectors:
    """Words and their vectors.

    Parameters
    ----------
    words : sequence of str
        The words, each once.
    vectors : array-like of shape (len(words), dim)
        A row for each word; kept as float32, without a copy if it is float32 already.

    Attributes
    ----------
    index_to_key : list of str
        The words, in the order of the rows.
    key_to_index : dict of str to int
        The row of each word.
    vectors : ndarray of float32 of shape (len(words), dim)
        The rows; read-only and memory-mapped if they come from the cache.
    norms : ndarray of float32 of shape (len(words),)
        The Euclidean norm of each row.
    dim : int
        Number of dimensions; also ``vector_size``.

    Raises
    ------
    ValueError, TypeError
        If the numbers of words and rows differ, a word is repeated or not a str, or a number is not finite in float32.

    Notes
    -----
    Names and meanings are those of gensim's ``KeyedVectors``. A pickle contains all rows.

    Examples
    --------
    >>> from skglove.vectors import WordVectors
    >>> vectors = WordVectors(["cat", "dog", "car"], [[1, 0], [0.9, 0.1], [0, 1]])
    >>> vectors
    WordVectors(3 words, dim=2)
    >>> [word for word, score in vectors.most_similar("cat", topn=1)]
    ['dog']
    >>> vectors.embedding_matrix(["car", "boat"])
    array([[0., 0.],
           [0., 1.],
           [0., 0.]], dtype=float32)
    """

    __module__ = "skglove.vectors"  # the name in saved models

    def __init__(self, words: Sequence[str], vectors: Any) -> None:
        index_to_key = as_words(words)
        matrix = as_matrix(vectors)
        if len(matrix) != len(index_to_key):
            raise ValueError(f"Expected one row per word, got {len(index_to_key)} words and {len(matrix)} rows.")
        if len(set(index_to_key)) < len(index_to_key):
            repeated = Counter(index_to_key).most_common(1)[0][0]
            raise ValueError(f"Expected each word once, but {repeated!r} is repeated. Remove one of its rows.")
        check_finite(index_to_key, matrix)
        self._set(index_to_key, matrix)

    def _set(self, words: list[str], rows: Rows) -> None:
        self.index_to_key = words
        self._rows = rows
        self._key_to_index: dict[str, int] | None = None
        self._norms: np.ndarray | None = None
        self._resident: np.ndarray | None = None
        self._n_queries = 0

    @classmethod
    def load(cls, source: Any, *, vocabulary: Iterable[str] | None = None) -> WordVectors:
        r"""Load vectors by name, from a file, or from another library.

        Parameters
        ----------
        source : str, path-like or object
            - a name, such as ``"glove.6B.100d"`` (see `available`) or gensim-data's ``"glove-wiki-gigaword-100"``; the
              vectors are looked for in the cache, in installed packages and on the network;
            - the path of a file in GloVe's or word2vec's format, text or binary, plain, ``.gz`` or ``.zip``, where
              ``"glove.6B.zip#glove.6B.100d.txt"`` chooses a member, or of fastText's ``.bin`` file, which requires
              gensim; an existing file takes precedence over a name;
            - a `WordVectors`, a mapping of words to vectors, gensim's ``KeyedVectors`` or a model with them, spaCy's
              ``Vectors`` or a pipeline with them, a model of the ``fasttext`` package;
            - an encoder or an `EncoderVectors`, any other `VectorSource`, or a list of sources, whose vectors are
              joined (see `GloveTextVectorizer`), if a vocabulary is given.
        vocabulary : iterable of str, default=None
            Load only these words, and skip those without a vector; load all words if None. The words keep the order
            of the source, those of a mapping the order of the vocabulary.

        Returns
        -------
        WordVectors

        Raises
        ------
        ValueError
            If the name is unknown, or the file is broken; then the message contains the file and the line.
        OSError
            If there is no such file, a download fails, or vectors in the cache are damaged and cannot be rebuilt.
        TypeError
            If the type of the object is not supported.

        Notes
        -----
        Named vectors, compressed files and files that are loaded as a whole are converted into a cache on disk, which
        takes 160 MB for 400,000 words of 100 dimensions; later, they are memory-mapped. The environment variable
        ``SKGLOVE_HOME`` sets its folder. What is read from the cache is verified by checksums, and rebuilt with a
        warning if it is damaged: single vectors when they are read, all of them when `vectors` is first read, which
        takes 0.2 s for 160 MB.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "tiny.txt"
        >>> _ = path.write_text("the 0.1 0.2\ncat 0.3 0.4\n")
        >>> WordVectors.load(path, vocabulary=["cat", "dog"])
        WordVectors(1 words, dim=2)
        """
        words = None if vocabulary is None else dict.fromkeys(as_words(vocabulary))
        if words is None and isinstance(source, WordVectors):
            return source
        vectors = cls.__new__(cls)
        vectors._set(*read_source(vector_source(source), words))
        return vectors

    @staticmethod
    def available() -> dict[str, NamedVectors]:
        """List the named vectors.

        Returns
        -------
        dict of str to NamedVectors
            By name: ``dim``, ``words``, ``corpus``, ``cased``, ``size`` (of the download, in bytes), ``mirrors``,
            ``aliases``, ``licence``. Numbers that have not been published are None.

        Examples
        --------
        >>> WordVectors.available()["glove.6B.100d"].words
        400000
        """
        return dict(ENTRIES)

    @classmethod
    def from_gensim(cls, keyed_vectors: Any, *, vocabulary: Iterable[str] | None = None) -> WordVectors:
        """Convert from gensim's ``KeyedVectors``; the same as `load`. Float32 rows are shared, not copied."""
        return cls.load(keyed_vectors, vocabulary=vocabulary)

    def to_gensim(self) -> Any:
        """Convert to gensim's ``KeyedVectors``, with a copy of the rows."""
        from gensim.models import KeyedVectors

        keyed_vectors = KeyedVectors(self.dim, count=0, dtype=np.float32)
        keyed_vectors.add_vectors(self.index_to_key, np.array(self.vectors))
        return keyed_vectors

    @property
    def key_to_index(self) -> dict[str, int]:
        """The row of each word."""
        if self._key_to_index is None:
            self._key_to_index = dict(zip(self.index_to_key, range(len(self.index_to_key)), strict=True))
        return self._key_to_index

    @property
    def vectors(self) -> np.ndarray:
        """The rows, float32 of shape (len(self), dim)."""
        return self._rows.whole() if isinstance(self._rows, MappedRows) else self._rows

    @property
    def dim(self) -> int:
        """Number of dimensions."""
        return int(self._rows.shape[1])

    vector_size = dim  # gensim's name

    @property
    def norms(self) -> np.ndarray:
        """The Euclidean norm of each row, float32 of shape (len(self),)."""
        if self._norms is None:
            self._norms = similarity.row_norms(self.vectors)
        return self._norms

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, word: object) -> bool:
        return word in self.key_to_index

    def __iter__(self) -> Iterator[str]:
        return iter(self.index_to_key)

    def __getitem__(self, words: str | Sequence[str]) -> np.ndarray:
        if isinstance(words, str):
            return np.array(self._rows[self._index(words)])
        return np.array(self._rows[[self._index(word) for word in words]]).reshape(-1, self.dim)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} words, dim={self.dim})"

    def __getstate__(self) -> dict[str, Any]:
        return {"words": self.index_to_key, "vectors": np.array(self.vectors)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(state["words"], state["vectors"])

    def _index(self, word: str) -> int:
        try:
            return self.key_to_index[word]
        except KeyError:
            raise KeyError(similarity.unknown_word(word, self.index_to_key, self.key_to_index)) from None
        except TypeError:
            raise TypeError(f"Expected a word or a list of words, got {type(word).__name__}.") from None

    def _vector(self, item: str | np.ndarray) -> np.ndarray:
        if isinstance(item, str):
            return self[item]
        vector = np.asarray(item, np.float32)
        if vector.shape != (self.dim,):
            raise ValueError(f"Expected a word, or a vector of shape ({self.dim},), got shape {vector.shape}.")
        return vector

    def _rows_in_memory(self) -> np.ndarray:
        """Return all rows; after several queries, memory-mapped rows are copied into memory."""
        self._n_queries += 1
        if self._resident is None and self._n_queries > _MAPPED_QUERIES and isinstance(self.vectors, np.memmap):
            self._resident = np.array(self.vectors)
        return self.vectors if self._resident is None else self._resident

    def embedding_matrix(self, vocabulary: Sequence[str]) -> np.ndarray:
        """Build the matrix of an embedding layer.

        Parameters
        ----------
        vocabulary : sequence of str
            The words in the order of their ids, which start with 1.

        Returns
        -------
        ndarray of float32 of shape (len(vocabulary) + 1, dim)
            Zeros for words without a vector, and in row 0, which is for padding.
        """
        words = as_words(vocabulary)
        matrix = np.zeros((len(words) + 1, self.dim), np.float32)
        gather(words, self.key_to_index, self.vectors, out=matrix[1:])
        return matrix

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
            What to add and to subtract. The vectors of words are normalized first. These words are excluded.
        topn : int or None, default=10
            The number of words to return.
        restrict_vocab : int, default=None
            Search only the first words, which are the most frequent ones in published vectors.

        Returns
        -------
        list of (str, float), or ndarray of float32
            Words and cosine similarities in descending order; with ``topn=None``, the similarities of all words.

        Raises
        ------
        KeyError, ValueError
            If a word has no vector, or neither words nor vectors are given.

        Examples
        --------
        >>> words = ["king", "man", "woman", "queen", "apple"]
        >>> vectors = WordVectors(words, [[1, 1, 0], [0, 1, 0], [0, 1, 1], [1, 1, 1], [0, -1, 0.3]])
        >>> vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=1)[0][0]
        'queen'
        """
        if topn is not None and topn < 1:
            return []
        items, weights = zip(*similarity.weighted_items(positive, negative), strict=True)
        parts = [similarity.normalized(self[item]) if isinstance(item, str) else self._vector(item) for item in items]
        mean = similarity.weighted_mean(parts, weights)
        rows, norms = self._rows_in_memory()[:restrict_vocab], self.norms[:restrict_vocab]
        scores = similarity.cosine_similarities(rows, norms, mean)
        if topn is None:
            return scores
        exclude = {self._index(item) for item in items if isinstance(item, str)}
        return [(self.index_to_key[i], float(scores[i])) for i in similarity.nearest(scores, topn, exclude)]

    def similarity(self, w1: str, w2: str) -> float:
        """Compute the cosine similarity of two words, from -1 to 1."""
        return float(similarity.normalized(self[w1]) @ similarity.normalized(self[w2]))

    def distances(self, word_or_vector: str | np.ndarray, other_words: Sequence[str] = ()) -> np.ndarray:
        """Compute the cosine distances (1 - similarity) to other words, or to all words if there are none.

        Returns
        -------
        ndarray of float32 of shape (len(other_words) or len(self),)
        """
        if isinstance(other_words, str):
            raise TypeError(f"Expected a sequence of other words, got one str: {other_words!r}.")
        vector = self._vector(word_or_vector)
        rows = self[other_words] if len(other_words) else self.vectors
        norms = similarity.row_norms(rows) if len(other_words) else self.norms
        return 1 - similarity.cosine_similarities(rows, norms, vector)

    def doesnt_match(self, words: Sequence[str]) -> str:
        """Return the word farthest from the mean of all; words without a vector are skipped with a warning.

        Examples
        --------
        >>> vectors = WordVectors(["cat", "dog", "car"], [[1, 0], [0.9, 0.1], [0, 1]])
        >>> vectors.doesnt_match(["cat", "dog", "car"])
        'car'
        """
        if isinstance(words, str):
            words = words.split()
        known = [word for word in words if word in self]
        if len(known) < len(words):
            unknown = ", ".join(repr(word) for word in words if word not in self)
            warn(f"Words without a vector are skipped: {unknown}.")
        if not known:
            raise ValueError("Expected at least one word with a vector, got none.")
        return similarity.odd_one_out(known, self[known])

    def n_similarity(self, ws1: Sequence[str], ws2: Sequence[str]) -> float:
        """Compute the cosine similarity of the means of two lists of words."""
        for words in (ws1, ws2):
            if isinstance(words, str) or not len(words):
                raise ValueError(f"Expected two lists of words, got {words!r}.")
        first, second = (similarity.normalized(self[words].mean(axis=0)) for words in (ws1, ws2))
        return float(first @ second)

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
            Use only the first words.
        case_insensitive : bool, default=True
            Ignore the case of words; of words that differ only in case, the first counts.
        dummy4unknown : bool, default=False
            Count questions with unknown words as wrong, instead of skipping them.

        Returns
        -------
        score : float
            The fraction of correct answers.
        sections : list of dict
            For each section, and last for ``"Total accuracy"``: ``section``, ``accuracy`` (NaN without questions), and
            the questions that are ``correct`` and ``incorrect``, as tuples of four words.

        Raises
        ------
        ValueError
            If a question precedes the first section, or no question could be answered.
        """
        words, rows = self.index_to_key[:restrict_vocab], self.vectors[:restrict_vocab]
        norms = self.norms[:restrict_vocab]
        return google.evaluate_word_analogies(words, rows, norms, analogies, case_insensitive, dummy4unknown)

    def plot(self, words: Sequence[str] = (), pairs: Sequence[tuple[str, str]] = (), ax: Any = None) -> Any:
        """Plot words in the plane of their two main axes (PCA), with arrows between pairs.

        Parameters
        ----------
        words : sequence of str, default=()
        pairs : sequence of (str, str), default=()
            They need not be in `words`.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        matplotlib.axes.Axes
        """
        all_words = plotting.words_to_plot(words, pairs)
        return plotting.plot_words(all_words, self[all_words], pairs, ax)
