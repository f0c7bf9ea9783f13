"""WordVectors: the face of this package."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from skglove.vectors import asking, conversion
from skglove.vectors.questions import Questions

if TYPE_CHECKING:
    from skglove.vectors.registry import Entry

Array = np.ndarray[Any, Any]
_FEW_QUESTIONS = 3


class WordVectors(Questions):
    """Words and their vectors.

    Parameters
    ----------
    words : sequence of str
        The words, each once.
    vectors : array-like of shape (len(words), dim)
        A row of numbers for each word; kept as float32, and not copied if it is that already.

    Attributes
    ----------
    index_to_key : list of str
        The words, in the order of the rows.
    key_to_index : dict of str to int
        The row of each word.
    vectors : ndarray of float32 of shape (len(words), dim)
        The rows; read-only and mapped from the disk where they come from the cache.
    dim : int
        Numbers a word; also ``vector_size``.

    Raises
    ------
    ValueError
        If words and rows are not as many, or a word comes twice.

    See Also
    --------
    WordVectors.load : Vectors by name, from a file, or from another library.

    Notes
    -----
    Names and meanings are those of gensim's ``KeyedVectors``. A pickle holds all rows.

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

    def __init__(self, words: Sequence[str], vectors: Any) -> None:
        if isinstance(words, str):
            raise TypeError(f"Expected a sequence of words, got one str: {words[:40]!r}.")
        index_to_key = list(words)
        for word in index_to_key:
            if not isinstance(word, str):
                raise TypeError(f"Expected words of type str, got {word!r} of type {type(word).__name__}.")
        matrix = conversion.as_matrix(vectors)
        if len(matrix) != len(index_to_key):
            raise ValueError(f"Expected one row a word, got {len(index_to_key)} words and {len(matrix)} rows.")
        self._set(index_to_key, matrix)
        if len(self.key_to_index) != len(index_to_key):
            twice = next(word for i, word in enumerate(index_to_key) if self.key_to_index[word] != i)
            raise ValueError(f"Expected each word once, but {twice!r} comes again. Drop one of its rows.")

    def _set(self, words: list[str], matrix: Array, norms: Array | None = None) -> None:
        self.index_to_key = words
        self.vectors = matrix
        self._key_to_index: dict[str, int] | None = None
        self._norms = norms
        self._resident: Array | None = None
        self._questions = 0

    @classmethod
    def _of(cls, words: list[str], matrix: Array, norms: Array | None = None) -> WordVectors:
        """Make one of parts known to fit: the words of the cache need no second look."""
        vectors = cls.__new__(cls)
        vectors._set(words, matrix, norms)
        return vectors

    @classmethod
    def load(cls, source: Any, *, vocabulary: Iterable[str] | None = None) -> WordVectors:
        r"""Get vectors by name, from a file, or from another library.

        Parameters
        ----------
        source : str, path-like or object
            - a name, such as ``"glove.6B.100d"`` (`available` lists them) or gensim-data's
              ``"glove-wiki-gigaword-100"``; it is looked for in the cache, in installed packages and on the network;
            - the path of a text file, GloVe's format or word2vec's, plain, ``.gz`` or ``.zip``; in a zip of several,
              ``"glove.6B.zip#glove.6B.100d.txt"`` says which. A file that is there comes before a name;
            - a `WordVectors`, a mapping of words to vectors, gensim's ``KeyedVectors`` or a model with them, spaCy's
              ``Vectors`` or a pipeline with them.
        vocabulary : iterable of str, default=None
            Only these words are read and kept, as far as they are there; the words keep the source's order (a
            mapping's: the vocabulary's). Without it, all.

        Returns
        -------
        WordVectors

        Raises
        ------
        ValueError
            If the name is unknown, or the file is broken: then the message names the file and the line.
        FileNotFoundError
            If there is no such file.
        TypeError
            If the object is of no known kind.
        OSError
            If a download fails (all sources, or ``SKGLOVE_OFFLINE`` is set).

        Notes
        -----
        A download is 69 MB to 2 GB, see `available`; a progress bar goes to standard error. What is fetched or read
        from an archive is kept as float32 under ``SKGLOVE_HOME``, by default the system's cache folder: 160 MB for
        400,000 words of 100 numbers. Ask for a vocabulary and of a plain file only an index of its lines is kept.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "tiny.txt"
        >>> _ = path.write_text("the 0.1 0.2\ncat 0.3 0.4\n")
        >>> WordVectors.load(path, vocabulary=["cat", "dog"])
        WordVectors(1 words, dim=2)
        """
        words = _as_vocabulary(vocabulary)
        if isinstance(source, WordVectors):
            return source if words is None else source._restricted(words)
        if isinstance(source, (str, os.PathLike)):
            from skglove.vectors import finding

            place = finding.resolve(source)
            found = (
                finding.load_file(place, words) if isinstance(place, os.PathLike) else finding.load_entry(place, words)
            )
            return cls._of(*found)
        return cls(*conversion.reader_of(source)(words))

    @classmethod
    def first_words(cls, source: Any, n: int) -> list[str]:
        """List the first words of a source without reading vectors; the most frequent ones, as word vectors are published.

        Parameters
        ----------
        source : str, path-like or object
            As for `load`.
        n : int

        Returns
        -------
        list of str
            At most `n`. None of vectors that have not been fetched or unpacked yet, and none of spaCy's, which have no order.

        Examples
        --------
        >>> WordVectors.first_words({"the": [0.1], "cat": [0.2], "dog": [0.3]}, 2)
        ['the', 'cat']
        """
        if isinstance(source, WordVectors):
            return source.index_to_key[:n]
        if isinstance(source, (str, os.PathLike)):
            from skglove.vectors import finding

            return finding.first_words(finding.resolve(source), n)
        return conversion.first_words(source, n)

    @classmethod
    def check_source(cls, source: Any) -> None:
        """Raise what `load` would for an unknown name, a missing or broken file, or an unusable object.

        Reads a file's first lines at most, and downloads nothing.

        Parameters
        ----------
        source : object
            As for `load`.

        Raises
        ------
        ValueError, FileNotFoundError, TypeError
            As `load`.
        """
        if isinstance(source, WordVectors):
            return
        if isinstance(source, (str, os.PathLike)):
            from skglove.vectors import finding

            place = finding.resolve(source)
            if isinstance(place, os.PathLike):
                finding.check_file(place)
            return
        conversion.reader_of(source)

    @staticmethod
    def available() -> dict[str, Entry]:
        """List the names that `load` knows.

        Returns
        -------
        dict of str to Entry
            By name: ``dim``, ``words``, ``corpus``, ``cased``, ``size`` (bytes to download), ``sources``, ``aliases``,
            ``licence``.

        Examples
        --------
        >>> WordVectors.available()["glove.6B.100d"].words
        400000
        """
        from skglove.vectors.registry import ENTRIES

        return dict(ENTRIES)

    @classmethod
    def from_gensim(cls, keyed_vectors: Any, *, vocabulary: Iterable[str] | None = None) -> WordVectors:
        """Take over gensim's ``KeyedVectors``; the same as `load`.

        Parameters
        ----------
        keyed_vectors : gensim.models.KeyedVectors
            The rows are shared, not copied, if they are float32.
        vocabulary : iterable of str, default=None
            Only these words.

        Returns
        -------
        WordVectors
        """
        return cls.load(keyed_vectors, vocabulary=vocabulary)

    def to_gensim(self) -> Any:
        """Hand over as gensim's ``KeyedVectors``.

        Returns
        -------
        gensim.models.KeyedVectors
            With a copy of the rows.
        """
        from gensim.models import KeyedVectors

        result = KeyedVectors(self.dim, count=0, dtype=np.float32)
        result.add_vectors(self.index_to_key, np.array(self.vectors))
        return result

    @property
    def key_to_index(self) -> dict[str, int]:
        """The row of each word; made when first asked for."""
        if self._key_to_index is None:
            self._key_to_index = dict(zip(self.index_to_key, range(len(self.index_to_key)), strict=True))
        return self._key_to_index

    @property
    def dim(self) -> int:
        """Numbers a word."""
        return int(self.vectors.shape[1])

    @property
    def vector_size(self) -> int:
        """Numbers a word, as gensim calls it."""
        return self.dim

    @property
    def norms(self) -> Array:
        """The length of each row, float32 of shape (len(self),); made when first asked for."""
        if self._norms is None:
            self._norms = asking.row_norms(self.vectors)
        return self._norms

    def resident(self) -> Array:
        """Return the rows to look through all of: mapped ones are copied into memory when that pays.

        Going through a map takes half as long again as going through memory, and a copy as long as a few questions.
        """
        self._questions += 1
        if self._resident is None and self._questions > _FEW_QUESTIONS and isinstance(self.vectors, np.memmap):
            self._resident = np.array(self.vectors)
        return self.vectors if self._resident is None else self._resident

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, word: object) -> bool:
        return word in self.key_to_index

    def __iter__(self) -> Iterator[str]:
        return iter(self.index_to_key)

    def __getitem__(self, words: str | Sequence[str]) -> Array:
        if isinstance(words, str):
            return np.array(self.vectors[self._index(words)])
        return np.array(self.vectors[[self._index(word) for word in words]]).reshape(-1, self.dim)

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
            raise KeyError(asking.missing(self, word)) from None
        except TypeError:
            raise TypeError(f"Expected a word or a list of words, got {type(word).__name__}.") from None

    def _restricted(self, vocabulary: Collection[str]) -> WordVectors:
        rows = sorted(self.key_to_index[word] for word in set(vocabulary) if word in self.key_to_index)
        return self._of([self.index_to_key[row] for row in rows], np.array(self.vectors[rows]).reshape(-1, self.dim))

    def embedding_matrix(self, vocabulary: Sequence[str]) -> Array:
        """Make the matrix of an embedding layer.

        Parameters
        ----------
        vocabulary : sequence of str
            The words, in the order of their ids: the first has id 1.

        Returns
        -------
        ndarray of float32 of shape (len(vocabulary) + 1, dim)
            Row 0, for padding, is zero, and so are those of words without a vector.
        """
        words = list(_as_vocabulary(vocabulary) or ())
        result = np.empty((len(words) + 1, self.dim), np.float32)
        result[0] = 0
        rows = np.fromiter(map(self.key_to_index.get, words, repeat(-1)), np.int64, len(words))
        if len(self):
            np.take(self.vectors, rows, axis=0, out=result[1:], mode="clip")
        result[1:][rows < 0] = 0
        return result


def _as_vocabulary(vocabulary: Iterable[str] | None) -> list[str] | None:
    if vocabulary is None:
        return None
    if isinstance(vocabulary, (str, bytes)):
        raise TypeError(
            f"Expected a vocabulary of many words, got one {type(vocabulary).__name__}: {vocabulary[:40]!r}."
        )
    words = list(vocabulary)
    if not set(map(type, words)) <= {str}:
        for word in words:
            if not isinstance(word, str):
                raise TypeError(f"Expected a vocabulary of str, got {word!r} of type {type(word).__name__}.")
        words = [str(word) for word in words]
    return words
