"""Vectors of words by an encoder of texts, such as those of sentence-transformers and model2vec."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skglove.progress import progress_bar
from skglove.vectors.cache import cache, stored
from skglove.vectors.sources.objects import as_matrix, gather, without_surrogates

Part = tuple[list[str], np.ndarray]


class EncoderVectors:
    """The vectors that an encoder of texts gives to single words.

    `GloveTextVectorizer` asks once, when it is fitted, for the words of its vocabulary. An encoder can also be passed
    to it directly, which is the same as ``EncoderVectors(encoder)``.

    Parameters
    ----------
    encoder : object
        An object whose ``encode(list of str)`` returns an array with a row for each text, such as sentence-transformers'
        ``SentenceTransformer`` and model2vec's ``StaticModel``.
    name : str or None, default=None
        A name for the encoder. With a name, vectors are kept in skglove's cache on disk, and later only words that are
        not in it are encoded. Encoders that differ need different names.
    batch_size : int, default=256
        Number of words that are passed to ``encode`` at a time.
    verbose : bool, default=False
        Whether to show a progress bar.

    Raises
    ------
    TypeError
        If the encoder has no method ``encode``, or the name is not a str.
    ValueError
        If the name is empty, or the batch size is not positive.

    Notes
    -----
    A word has no vector if the encoder returns zeros for it.

    An encoder has no list of words, so a vectorizer with the encoder alone has no `extra_words`. With a list such as
    ``["glove.6B.50d", encoder]``, these are the first words of GloVe, with vectors of both.

    A fitted vectorizer contains the vectors, and the encoder only as its parameter `embeddings`. After
    ``vectorizer.set_params(embeddings=None)`` it can be saved without the encoder, and its predictions are the same.
    scikit-learn copies the parameters of the estimators that it clones, for example in a grid search; the encoder of an
    `EncoderVectors` is not copied.

    Examples
    --------
    >>> import numpy as np
    >>> from skglove.vectors import EncoderVectors, WordVectors
    >>> class Encoder:
    ...     def encode(self, texts):
    ...         return np.array([[len(text), text.count("o")] for text in texts])
    >>> WordVectors.load(EncoderVectors(Encoder()), vocabulary=["dog", "door"]).vectors
    array([[3., 1.],
           [4., 2.]], dtype=float32)
    """

    __module__ = "skglove.vectors"  # the name in saved models

    def __init__(self, encoder: Any, name: str | None = None, batch_size: int = 256, verbose: bool = False) -> None:
        if isinstance(encoder, type) or not callable(getattr(encoder, "encode", None)):
            given = encoder if isinstance(encoder, type) else type(encoder)
            raise TypeError(f"Expected an object with a method encode from a list of str to an array, got {given}.")
        if name is not None and (not isinstance(name, str) or not name.strip()):
            raise TypeError(f"Expected the name of the encoder, or None to keep nothing in the cache, got {name!r}.")
        if batch_size < 1:
            raise ValueError(f"Expected a batch_size of at least 1, got {batch_size}.")
        self.encoder = encoder
        self.name = name
        self.batch_size = batch_size
        self.verbose = verbose

    def __repr__(self) -> str:
        name = "" if self.name is None else f", name={self.name!r}"
        return f"{type(self).__name__}({type(self.encoder).__qualname__}{name})"

    def __sklearn_clone__(self) -> EncoderVectors:
        return self

    def check(self) -> None:
        """Check the cache alone: an encoder shows only in use whether it works; see `VectorSource.check`."""
        if self.name is not None:
            cache.check()

    def head(self, n: int) -> list[str]:
        """Return no words, since an encoder has no list of them; see `VectorSource.head`."""
        return []

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Read words from the cache, and encode the others; see `VectorSource.lookup`.

        Raises
        ------
        ValueError
            If the encoder returns anything but a row of finite numbers for each word, or the cache has vectors of
            another dimension under its name.
        """
        distinct = dict.fromkeys(words)
        parts = self._cached(filter(_can_be_cached, distinct)) if self.name is not None else []
        known = {word for some, _ in parts for word in some}
        others = [word for word in distinct if word not in known]
        if others or not parts:
            # without any words, one is encoded for the sake of the dimension
            parts.append((others, self._encode(others or ["word"])[: len(others)]))
        index = {word: i for i, word in enumerate(word for some, _ in parts for word in some)}
        rows, _ = gather(words, index, np.concatenate([rows for _, rows in parts]))
        return rows, np.asarray(rows.any(axis=1))

    def _cached(self, words: Iterable[str]) -> list[Part]:
        """Read words from the cache, after encoding those that it lacks.

        New words become a new entry, so that entries never change. Of several processes that lack the same words, such
        as those of a grid search, one encodes them, and the others wait for it.
        """
        missing = set(words)
        parts: list[Part] = []

        def write(draft: Path) -> dict[str, Any]:
            new = sorted(missing)
            rows = self._encode(new)
            self._check_dim(rows, parts)
            stored.write_vectors(draft, rows.shape[1], [(new, rows)])
            return {"source": repr(self)}

        def read(entry: stored.StoredVectors | cache.CachedVectors) -> None:
            parts.append(entry.select(missing))
            missing.difference_update(parts[-1][0])

        prefix = cache.key_of_encoder(str(self.name))
        try:
            for entry in cache.find_all(prefix):
                try:
                    read(entry)
                except stored.DamagedError:
                    cache.discard(entry)
            if missing:
                read(cache.CachedVectors(prefix + _digest(missing), write))
        except OSError:
            pass  # without a usable cache, words are encoded each time
        return parts

    def _check_dim(self, rows: np.ndarray, parts: list[Part]) -> None:
        for _, others in parts:
            if others.shape[1] != rows.shape[1]:
                raise ValueError(
                    f"The cache has vectors of dimension {others.shape[1]} under the name {self.name!r}, but this encoder's "
                    f"have dimension {rows.shape[1]}. Use another name for it."
                )

    def _encode(self, words: Sequence[str]) -> np.ndarray:
        """Encode words batch by batch: float32 of shape (len(words), dim)."""
        batches = []
        with progress_bar(len(words), shown=self.verbose, unit=" words", desc=self.name) as bar:
            for start in range(0, len(words), self.batch_size):
                batches.append(self._encode_batch(words[start : start + self.batch_size]))
                bar.update(len(batches[-1]))
        return np.concatenate(batches)

    def _encode_batch(self, words: Sequence[str]) -> np.ndarray:
        texts = list(map(without_surrogates, words))
        name = f"{type(self.encoder).__qualname__}.encode"
        try:
            rows = as_matrix(self.encoder.encode(texts))
        except ValueError as error:
            raise ValueError(f"{name} must return an array of shape ({len(texts)}, dim). {error}") from error
        if len(rows) != len(texts):
            raise ValueError(
                f"{name} must return a row for each of {len(texts)} texts; it returned shape {rows.shape}."
            )
        if not np.isfinite(rows).all():
            raise ValueError(f"{name} must return finite numbers; it returned nan or infinity.")
        return rows


def _can_be_cached(word: str) -> bool:
    """Whether a word is a line of a UTF-8 file."""
    return "\n" not in word and word == without_surrogates(word)


def _digest(words: Collection[str]) -> str:
    return hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()[:16]
