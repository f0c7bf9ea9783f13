"""Models that compute a vector for any word from its character n-grams: gensim, ``fasttext``, its files, floret.

All words that are asked for get a vector, whether or not the model was trained on them. The words that the model can
list are those of its training.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from skglove.vectors.formats import fasttextformat
from skglove.vectors.formats.archives import is_plain, open_bytes
from skglove.vectors.sources.objects import ReadableSource, TableSource, without_surrogates


class GensimSubwords(TableSource):
    """gensim's ``FastTextKeyedVectors``, whose n-grams have vectors.

    Parameters
    ----------
    table : gensim.models.fasttext.FastTextKeyedVectors
    """

    knows_all_words = True

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        """See `ReadableSource.read`."""
        if vocabulary is None:
            return super().read(None)
        return _compute(vocabulary, self._vector, self.table.vectors.shape[1])

    def _vector(self, word: str) -> Any:
        # gensim logs a warning for each word that is too short for an n-gram, with "<" and ">" at its ends
        if word not in self.table.key_to_index and len(word) + 2 < self.table.min_n:
            return 0
        return self.table.get_vector(word)


class FastTextSource(ReadableSource):
    """A model of the ``fasttext`` package.

    Parameters
    ----------
    model : object
        With the methods ``get_word_vector``, ``get_words`` and ``get_dimension``.
    """

    knows_all_words = True

    def __init__(self, model: Any) -> None:
        self.model = model

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        return list(self.model.get_words(on_unicode_error="replace")[:n])

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        """See `ReadableSource.read`."""
        words = self.model.get_words(on_unicode_error="replace") if vocabulary is None else vocabulary
        return _compute(dict.fromkeys(words), self.model.get_word_vector, self.model.get_dimension())


class FloretSource:
    """spaCy's ``Vectors`` of the mode floret, which consist of n-grams and have no list of words.

    Parameters
    ----------
    vectors : spacy.vectors.Vectors
    """

    def __init__(self, vectors: Any) -> None:
        self.vectors = vectors

    def check(self) -> None:
        """Check nothing; see `VectorSource.check`."""

    def head(self, n: int) -> list[str]:
        """Return no words; see `VectorSource.head`."""
        return []

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `VectorSource.lookup`."""
        rows = np.zeros((len(words), self.vectors.shape[1]), np.float32)
        if len(words):
            rows[:] = self.vectors.get_batch(list(map(without_surrogates, words)))
        return rows, np.asarray(rows.any(axis=1))


class FastTextFile(ReadableSource):
    """fastText's own file of a model, such as ``cc.de.300.bin``, read by gensim.

    The whole file is read into memory when the first word is looked up.

    Parameters
    ----------
    path : Path
    """

    knows_all_words = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._model: TableSource | None = None

    def check(self) -> None:
        """See `ReadableSource.check`."""
        if not is_plain(self.path):
            raise ValueError(f"{self.path} is a compressed fastText model; decompress it first.")
        _import_loader(self.path)

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        return self._load().head(n)

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        """See `ReadableSource.read`."""
        return self._load().read(vocabulary)

    def _load(self) -> TableSource:
        if self._model is None:
            self.check()
            self._model = self._read(fasttextformat.read_layout(self.path))
        return self._model

    def _read(self, layout: fasttextformat.Layout) -> TableSource:
        try:
            return source_of_table(_import_loader(self.path)(str(self.path)))
        except MemoryError as error:
            size = 4 * layout.dim * (2 * layout.n_words + layout.bucket)  # words have vectors with and without n-grams
            raise MemoryError(f"The vectors of {self.path} take {size / 1e9:.1f} GB of memory.") from error
        except (struct.error, AssertionError, LookupError, OverflowError, ValueError) as error:
            raise ValueError(f"{self.path} is a fastText model that gensim cannot read ({error}).") from error


def source_of_table(table: Any) -> TableSource:
    """Return the source of an object like gensim's ``KeyedVectors``, which may have vectors of n-grams."""
    has_subwords = hasattr(table, "vectors_ngrams") and getattr(table, "bucket", 0) > 0
    return GensimSubwords(table) if has_subwords else TableSource(table)


def is_fasttext(path: str | Path) -> bool:
    """Whether a file begins as those of fastText's models do."""
    with open_bytes(path) as file:
        return file.read(len(fasttextformat.MAGIC)) == fasttextformat.MAGIC


def _compute(words: Collection[str], vector: Callable[[str], Any], dim: int) -> tuple[list[str], np.ndarray]:
    """Compute the vectors of words; leave out the words whose vector is zero, which have no n-grams."""
    rows = np.zeros((len(words), dim), np.float32)
    with np.errstate(over="ignore"):  # see check_finite
        for row, word in zip(rows, words, strict=True):
            row[:] = vector(without_surrogates(word))
    known = np.asarray(rows.any(axis=1))
    return list(compress(words, known)), rows[known]


def _import_loader(path: Path) -> Callable[[str], Any]:
    try:
        from gensim.models.fasttext import load_facebook_vectors
    except ImportError as error:
        raise ImportError(
            f"{path} is a fastText model, which is read by gensim: pip install gensim. Or load it with the fasttext "
            "package, and pass the model."
        ) from error
    return load_facebook_vectors
