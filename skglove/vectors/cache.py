"""The cache of word vectors on disk.

Each entry is a folder. It is written under a temporary name, with a lock held, and renamed when it is complete::

    <home>/vectors/glove.6B.100d/
        entry.json     format version, and the size of each other file
        vectors.npy    float32 of shape (n_words, dim); memory-mapped when all of it is loaded
        words.txt      one word per line, in the order of the rows
        checksums.npy  CRC-32 of each word, uint32; finds words without reading the whole list into str objects
"""

from __future__ import annotations

import glob
import hashlib
import json
import mmap
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable
from itertools import compress, islice, pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from skglove.warn import warn

Array = np.ndarray[Any, Any]

FORMAT = 2
_WINDOW = 1 << 22  # bytes of vectors that are mapped at a time
_TABLE_BITS = 20


def home() -> Path:
    """Return the folder of all cached files: ``SKGLOVE_HOME``, or the system's cache folder."""
    if chosen := os.environ.get("SKGLOVE_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("skglove")


def folder() -> Path:
    """Return the folder of the entries."""
    return home() / "vectors"


def key_of_file(path: Path, member: str | None) -> str:
    """Name the entry of a user's file.

    The part before the last dash depends on the path alone, the part after it on the file's size and time of
    modification. So the outdated entry of a modified file can be found and removed.
    """
    resolved = path.resolve()
    status = resolved.stat()
    location = hashlib.sha256(f"{resolved}#{member or ''}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    version = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:16]
    stem = "".join(c if c.isalnum() or c in "._" else "_" for c in resolved.stem)[:40]
    return f"file-{stem}-{location}-{version}"


def key_of_encoder(name: str) -> str:
    """Name the entries of an encoder: what all their names begin with."""
    stem = "".join(c if c.isalnum() or c in "._" else "_" for c in name)[:40]
    return f"encoder-{stem}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}-"


class CacheEntry:
    """A complete entry of the cache.

    Parameters
    ----------
    path : Path
        Its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def words(self) -> list[str]:
        """Return all words."""
        return self._text().decode("utf-8").split("\n")[:-1]

    def first_words(self, n: int) -> list[str]:
        """Return the first n words."""
        with open(self.path / "words.txt", encoding="utf-8", newline="\n") as file:
            return [line[:-1] for line in islice(file, n)]

    def vectors(self) -> Array:
        """Return all rows, memory-mapped: float32 of shape (n_words, dim)."""
        return np.load(self.path / "vectors.npy", mmap_mode="r")

    def select(self, vocabulary: Collection[str]) -> tuple[list[str], Array]:
        """Read the words of a vocabulary, a set or a mapping, and only their rows.

        Returns
        -------
        words : list of str
            The words of the vocabulary that the entry has, in the entry's order.
        rows : ndarray of float32 of shape (len(words), dim)
        """
        candidates = self._candidates(vocabulary)
        words = self._words_at(candidates)
        known = np.fromiter(map(vocabulary.__contains__, words), bool, len(words))
        return list(compress(words, known)), read_rows(self.path / "vectors.npy", candidates[known])

    def _candidates(self, vocabulary: Collection[str]) -> Array:
        """Return the rows whose words may be in the vocabulary: those with the upper bits of a checksum in common."""
        shift = 32 - _TABLE_BITS
        table = np.zeros(1 << _TABLE_BITS, bool)
        table[_checksums(word.encode("utf-8", "surrogatepass") for word in vocabulary) >> shift] = True
        return np.flatnonzero(table[np.load(self.path / "checksums.npy") >> shift])

    def _words_at(self, rows: Array) -> list[str]:
        text = self._text()
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        starts = np.concatenate([[0], ends[:-1] + 1])
        words = [text[i:j] for i, j in zip(starts[rows].tolist(), ends[rows].tolist(), strict=True)]
        return b"\n".join(words).decode("utf-8").split("\n") if words else []

    def _text(self) -> bytes:
        return (self.path / "words.txt").read_bytes()


def read_rows(path: Path, rows: Array) -> Array:
    """Read some rows of an ``.npy`` file.

    The file is mapped in windows: in a map of the whole file, all pages near a row would count as memory in use.

    Parameters
    ----------
    path : Path
        A file of a matrix in C order.
    rows : ndarray of int of shape (n,)
        The indices, in ascending order.

    Returns
    -------
    ndarray of shape (n, dim)
    """
    matrix = np.load(path, mmap_mode="r")
    n_rows, dim = matrix.shape
    result = np.empty((len(rows), dim), matrix.dtype)
    width = dim * matrix.itemsize
    step = max(1, _WINDOW // width)
    starts = np.arange(0, n_rows + step, step)
    for start, (i, j) in zip(starts.tolist(), pairwise(np.searchsorted(rows, starts).tolist()), strict=False):
        if i < j:
            size = min(step, n_rows - start)
            window = np.memmap(path, matrix.dtype, "r", matrix.offset + start * width, (size, dim))
            if isinstance(window.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
                window.base.madvise(mmap.MADV_RANDOM)  # no read-ahead
            np.take(window, rows[i:j] - start, axis=0, out=result[i:j], mode="clip")
    return result


def find(key: str) -> CacheEntry | None:
    """Return an entry if it exists and is complete."""
    path = folder() / key
    about = _read_about(path)
    try:
        if about["format"] != FORMAT:
            return None
        if any((path / name).stat().st_size != size for name, size in about["files"].items()):
            return None
    except (OSError, KeyError, TypeError, AttributeError):
        return None
    return CacheEntry(path)


def find_all(prefix: str) -> list[CacheEntry]:
    """Return the complete entries whose names begin with a prefix, by name."""
    names = sorted(path.name for path in folder().glob(f"{glob.escape(prefix)}*"))
    return [entry for name in names if (entry := find(name)) is not None]


def _read_about(path: Path) -> dict[str, Any]:
    """Read ``entry.json``; return an empty dict if it cannot be read."""
    try:
        about = json.loads((path / "entry.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return about if isinstance(about, dict) else {}


def find_or_create(key: str, write: Callable[[Path], dict[str, Any]]) -> CacheEntry:
    """Return an entry, after creating it if it does not exist or is incomplete.

    Of several processes one creates the entry; the others wait for it.

    Parameters
    ----------
    key : str
        The entry's name.
    write : callable
        Called with an empty folder to write the files into; returns further items for ``entry.json``.

    Raises
    ------
    OSError
        If the cache cannot be written.
    """
    if entry := find(key):
        return entry
    import filelock

    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / key
    with filelock.FileLock(folder() / f".{key}.lock"):
        if entry := find(key):
            return entry
        _remove_leftovers(key)
        if path.exists():
            if _read_about(path).get("format", FORMAT) == FORMAT:
                warn(f"{path} is damaged and will be rebuilt.")
            shutil.rmtree(path)  # or of another version of skglove
        _create(path, write)
    entry = find(key)
    if entry is None:
        raise OSError(f"{path} cannot be read back.")
    return entry


def _create(path: Path, write: Callable[[Path], dict[str, Any]]) -> None:
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".draft", dir=path.parent))
    try:
        about = write(draft)
        files = {file.name: file.stat().st_size for file in sorted(draft.iterdir())}
        (draft / "entry.json").write_text(json.dumps({"format": FORMAT, "files": files, **about}, indent=1))
        draft.chmod(0o755)  # mkdtemp makes it private
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _remove_leftovers(key: str) -> None:
    """Remove the drafts of killed processes, and the outdated entries of a user's file."""
    for draft in folder().glob(f".{glob.escape(key)}.*.draft"):
        shutil.rmtree(draft, ignore_errors=True)
    if key.startswith("file-"):
        for entry in folder().glob(f"{glob.escape(key.rsplit('-', 1)[0])}-*"):
            if entry.name != key:
                shutil.rmtree(entry, ignore_errors=True)


def write_vectors(draft: Path, dim: int, blocks: Iterable[tuple[list[str], Array]]) -> None:
    """Write words and rows block by block.

    Parameters
    ----------
    draft : Path
        The folder to write into.
    dim : int
        Number of dimensions.
    blocks : iterable of (list of str, ndarray of float32 of shape (n, dim))
        The words, each once, and their rows.
    """
    checksums = [np.zeros(0, np.uint32)]
    n_words = 0
    with open(draft / "vectors.npy", "wb") as file, open(draft / "words.txt", "wb") as words_file:
        _write_header(file, 0, dim)
        start = file.tell()
        for words, rows in blocks:
            encoded = [word.encode("utf-8") for word in words]
            file.write(np.ascontiguousarray(rows, np.float32).data)
            words_file.write(b"".join([word + b"\n" for word in encoded]))
            checksums.append(_checksums(encoded))
            n_words += len(words)
        file.seek(0)
        _write_header(file, n_words, dim)  # NumPy pads headers so that the number of rows may grow
        if file.tell() != start:
            raise ValueError("The header of the .npy file has changed its size.")  # pragma: no cover
    np.save(draft / "checksums.npy", np.concatenate(checksums))


def _write_header(file: IO[bytes], n_words: int, dim: int) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (n_words, dim)}
    np.lib.format.write_array_header_1_0(file, header)


def _checksums(words: Iterable[bytes]) -> Array:
    return np.fromiter(map(zlib.crc32, words), np.uint32)
