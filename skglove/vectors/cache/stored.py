"""Words and vectors in a folder, with checksums by which everything that is read is verified.

The files are::

    entry.json     format version, shape of the vectors, size and CRC-32 of each other file, and of this description
    vectors.npy    float32 of shape (n_words, dim)
    words.txt      one word per line, in the order of the rows
    checksums.npy  CRC-32 of each word and of each row: uint32 of shape (2, n_words)

The checksums of the words also find words without reading the whole list into str objects. Those of the rows verify rows
that are selected; only if all vectors are read, the whole file is verified.
"""

from __future__ import annotations

import json
import mmap
import os
import zlib
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import cached_property
from io import BytesIO
from itertools import compress, pairwise
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np

T = TypeVar("T")

FORMAT = 3
_WINDOW = 1 << 22  # bytes of vectors that are mapped at a time
_TABLE_BITS = 20


class DamagedError(OSError):
    """A file is missing, or differs from what was written."""


class StoredVectors:
    """Words and vectors in a folder.

    All methods raise a DamagedError if what they read differs from what was written.

    Parameters
    ----------
    path : Path
        The folder.

    Raises
    ------
    DamagedError
        If a file is missing or has another size, or the format is that of another version of skglove.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        about = read_about(path)
        if about.get("format") != FORMAT:
            raise self.damaged()
        self.files: dict[str, list[int]] = about["files"]
        n_words, dim = about["shape"]
        self.shape = (n_words, dim)
        try:
            sizes = [(path / name).stat().st_size for name in self.files]
        except OSError as error:
            raise self.damaged() from error
        if sizes != [size for size, _ in self.files.values()]:
            raise self.damaged()

    @cached_property
    def checksums(self) -> np.ndarray:
        """CRC-32 of each word and of each row: uint32 of shape (2, n_words)."""
        return np.load(BytesIO(self._read("checksums.npy")))

    def words(self) -> list[str]:
        """Return all words."""
        return self._read("words.txt").decode("utf-8").split("\n")[:-1]

    def first_words(self, n: int) -> list[str]:
        """Return the first n words."""
        return self.words()[:n]

    def select(self, vocabulary: Collection[str]) -> tuple[list[str], np.ndarray]:
        """Read the words of a vocabulary, a set or a mapping, and only their rows.

        Returns
        -------
        words : list of str
            The words of the vocabulary that are stored, in the order of the rows.
        rows : ndarray of float32 of shape (len(words), dim)
        """
        candidates = self._candidates(vocabulary)
        words = self._words_at(candidates)
        known = np.fromiter(map(vocabulary.__contains__, words), bool, len(words))
        indices = candidates[known]
        try:
            rows = read_rows(self.path / "vectors.npy", self.shape, indices)
        except (OSError, ValueError, OverflowError) as error:  # missing, or too short to be mapped
            raise self.damaged() from error
        self.verify_rows(rows, self.checksums[1][indices])
        return list(compress(words, known)), rows

    def is_intact(self) -> bool:
        """Verify all files."""
        try:
            return all(_crc32_of_file(self.path / name) == crc for name, (_, crc) in self.files.items())
        except OSError:
            return False

    def verify(self, name: str, content: Any) -> None:
        """Verify the content of a file."""
        if zlib.crc32(content) != self.files[name][1]:
            raise self.damaged()

    def verify_rows(self, rows: np.ndarray, checksums: np.ndarray) -> None:
        """Verify rows, an array in C order."""
        if not np.array_equal(_crc32s(rows), checksums):
            raise self.damaged()

    def damaged(self, reason: str = "Remove it, and load the vectors again.") -> DamagedError:
        """Return the error to raise."""
        return DamagedError(f"{self.path} is damaged. {reason}")

    def _candidates(self, vocabulary: Collection[str]) -> np.ndarray:
        """Return the rows whose words may be in the vocabulary: those with the upper bits of a checksum in common."""
        shift = 32 - _TABLE_BITS
        table = np.zeros(1 << _TABLE_BITS, bool)
        table[_crc32s(word.encode("utf-8", "surrogatepass") for word in vocabulary) >> shift] = True
        return np.flatnonzero(table[self.checksums[0] >> shift])

    def _words_at(self, rows: np.ndarray) -> list[str]:
        text = self._read("words.txt")
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
        starts = np.concatenate([[0], ends[:-1] + 1])
        words = [text[i:j] for i, j in zip(starts[rows].tolist(), ends[rows].tolist(), strict=True)]
        return b"\n".join(words).decode("utf-8").split("\n") if words else []

    def _read(self, name: str) -> bytes:
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise self.damaged() from error
        self.verify(name, content)
        return content


class MappedRows:
    """All rows of stored vectors, memory-mapped; they are verified when they are read.

    Parameters
    ----------
    stored : StoredVectors
    rebuild : callable
        Called if a row is damaged, to store the same vectors again.
    """

    def __init__(self, stored: StoredVectors, rebuild: Callable[[], StoredVectors]) -> None:
        self._rebuild = rebuild
        self._is_verified = False
        self._map(stored)

    def _map(self, stored: StoredVectors) -> None:
        """Open all that is needed: the folder is removed if another process finds that the source has changed."""
        n_words, dim = self.shape = stored.shape
        self._stored = stored
        self._checksums = stored.checksums[1]
        try:
            self._file = np.memmap(stored.path / "vectors.npy", np.uint8, "r")
        except (OSError, ValueError) as error:
            raise stored.damaged() from error
        self._rows = self._file[len(self._file) - 4 * n_words * dim :].view("<f4").reshape(self.shape)

    def __getitem__(self, indices: int | list[int]) -> np.ndarray:
        return self._rows[indices] if self._is_verified else self._repaired(lambda: self._select(indices))

    def whole(self) -> np.ndarray:
        """Return all rows, memory-mapped; they are verified the first time."""
        if not self._is_verified:
            self._repaired(lambda: self._stored.verify("vectors.npy", self._file))
            self._is_verified = True
        return self._rows

    def _select(self, indices: int | list[int]) -> np.ndarray:
        rows = np.array(self._rows[indices])
        self._stored.verify_rows(np.atleast_2d(rows), np.atleast_1d(self._checksums[indices]))
        return rows

    def _repaired(self, read: Callable[[], T]) -> T:
        """Read, if necessary again after rebuilding what is damaged."""
        try:
            return read()
        except DamagedError:
            self._map(self._rebuilt())
            return read()

    def _rebuilt(self) -> StoredVectors:
        try:
            rebuilt = self._rebuild()
        except (OSError, ValueError) as error:
            raise self._stored.damaged(f"It cannot be rebuilt: {error}") from error
        if rebuilt.files != self._stored.files:
            raise self._stored.damaged("Its source has changed, too. Load the vectors again.")
        return rebuilt


def read_rows(path: Path, shape: tuple[int, int], indices: np.ndarray) -> np.ndarray:
    """Read some rows of an ``.npy`` file.

    The file is mapped in windows: in a map of the whole file, all pages near a row would count as memory in use.

    Parameters
    ----------
    path : Path
        A file of a float32 matrix in C order.
    shape : (int, int)
        Its shape.
    indices : ndarray of int of shape (n,)
        The indices of the rows, in ascending order.

    Returns
    -------
    ndarray of float32 of shape (n, dim)
    """
    n_rows, dim = shape
    header = path.stat().st_size - 4 * n_rows * dim  # its content does not matter
    result = np.empty((len(indices), dim), "<f4")
    step = max(1, _WINDOW // (4 * dim))
    starts = np.arange(0, n_rows + step, step)
    for start, (i, j) in zip(starts.tolist(), pairwise(np.searchsorted(indices, starts).tolist()), strict=False):
        if i < j:
            size = min(step, n_rows - start)
            window = np.memmap(path, "<f4", "r", header + 4 * start * dim, (size, dim))
            if isinstance(window.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
                window.base.madvise(mmap.MADV_RANDOM)  # no read-ahead
            np.take(window, indices[i:j] - start, axis=0, out=result[i:j], mode="clip")
    return result


def read_about(path: Path) -> dict[str, Any]:
    """Read ``entry.json``; return an empty dict if it is damaged."""
    try:
        about = json.loads((path / "entry.json").read_bytes())
        if about["format"] == FORMAT and about.pop("crc32") != _crc32_of_dict(about):
            return {}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return dict(about)


def write_vectors(draft: Path, dim: int, blocks: Iterable[tuple[list[str], np.ndarray]]) -> None:
    """Write words and rows block by block, before the folder is sealed.

    Parameters
    ----------
    draft : Path
        The folder to write into.
    dim : int
        Number of dimensions.
    blocks : iterable of (list of str, ndarray of float32 of shape (n, dim))
        The words, each once, and their rows.
    """
    checksums = [np.zeros((2, 0), np.uint32)]
    n_words = 0
    with open(draft / "vectors.npy", "wb") as file, open(draft / "words.txt", "wb") as words_file:
        _write_header(file, 0, dim)
        start = file.tell()
        for words, given in blocks:
            encoded = [word.encode("utf-8") for word in words]
            rows = np.ascontiguousarray(given, "<f4")
            file.write(rows.data)
            words_file.write(b"".join([word + b"\n" for word in encoded]))
            checksums.append(np.stack([_crc32s(encoded), _crc32s(rows)]))
            n_words += len(words)
        file.seek(0)
        _write_header(file, n_words, dim)  # NumPy pads headers so that the number of rows may grow
        if file.tell() != start:
            raise ValueError("The header of the .npy file has changed its size.")  # pragma: no cover
    np.save(draft / "checksums.npy", np.concatenate(checksums, axis=1))


def seal(draft: Path, about: dict[str, Any]) -> None:
    """Write ``entry.json``, and everything to disk, such that a power cut leaves no incomplete files.

    Parameters
    ----------
    draft : Path
        The folder, with the files of `write_vectors`.
    about : dict
        Further items for ``entry.json``.
    """
    files = {file.name: [file.stat().st_size, _crc32_of_file(file)] for file in sorted(draft.iterdir())}
    shape = np.load(draft / "vectors.npy", mmap_mode="r").shape
    described = {"format": FORMAT, "shape": list(shape), "files": files, **about}
    text = json.dumps({**described, "crc32": _crc32_of_dict(described)}, indent=1)
    (draft / "entry.json").write_text(text)
    for path in (*draft.iterdir(), draft):
        flush(path)


def flush(path: Path) -> None:
    """Write a file, or the list of a folder, to disk; not every system can do this with folders."""
    if path.is_dir():
        with suppress(OSError):
            _fsync(path, os.O_RDONLY)
    else:
        _fsync(path, os.O_RDWR)


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_header(file: IO[bytes], n_words: int, dim: int) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (n_words, dim)}
    np.lib.format.write_array_header_1_0(file, header)


def _crc32s(contents: Iterable[Any]) -> np.ndarray:
    """Return the CRC-32 of each item, bytes or an array."""
    return np.fromiter(map(zlib.crc32, contents), np.uint32)


def _crc32_of_dict(about: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(about).encode())


def _crc32_of_file(path: Path) -> int:
    crc = 0
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return crc
