"""The cache: each set of vectors is a folder, made under another name and renamed when it is whole.

::

    <home>/vectors/glove.6B.100d/
        entry.json     format version, and the size of each other file
        vectors.npy    float32, (words, dim), mapped by whoever loads it
        norms.npy      float32, the length of each row
        words.txt      one word a line
        index.npy      where each word stands in words.txt, and its hash

A file that the user gives by path and asks for a vocabulary has only the index of its lines (`lines.npy`).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .tokenindex import TokenIndex

Array = np.ndarray[Any, Any]

FORMAT = 1
_NEAR = 1 << 12  # rows at most so many bytes apart are read in one go
_BLOCK = 1 << 19  # fits a core's own cache


def home() -> Path:
    """Return the folder of everything kept: ``SKGLOVE_HOME``, or the system's cache folder."""
    if chosen := os.environ.get("SKGLOVE_HOME"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("skglove")


def folder() -> Path:
    """Return the folder of the entries."""
    return home() / "vectors"


def key_of_file(path: Path, member: str | None, kind: str) -> str:
    """Name the entry of a user's file: it changes when the file does.

    The part before the last dash stays the same for the same path, so that an old entry is found and dropped.
    """
    resolved = path.resolve()
    status = resolved.stat()
    place = hashlib.sha256(f"{resolved}#{member or ''}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    state = hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:16]
    stem = "".join(c if c.isalnum() or c in "._" else "_" for c in resolved.stem)[:40]
    return f"file-{stem}-{kind}-{place}-{state}"


class StoredEntry:
    """A whole entry of the cache."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        self.path = path
        self.about = about

    def words(self) -> list[str]:
        """Return all words."""
        text = (self.path / "words.txt").read_bytes().decode("utf-8")
        return text.split("\n")[:-1]

    def vectors(self) -> Array:
        """Return all rows, mapped: what is not looked at is not read."""
        return np.load(self.path / "vectors.npy", mmap_mode="r")

    def norms(self) -> Array:
        """Return the length of each row."""
        return np.load(self.path / "norms.npy")

    def lines(self) -> TokenIndex:
        """Return the index of a user's text file."""
        return TokenIndex.load(self.path / "lines.npy", self.about["separator"])

    def select(self, vocabulary: Iterable[str]) -> tuple[list[str], Array]:
        """Read the words of a vocabulary that are there, in their order there, and only their rows."""
        wanted = dict.fromkeys(vocabulary)
        index = TokenIndex.load(self.path / "index.npy", 10)
        rows = index.candidates(wanted)
        text = (self.path / "words.txt").read_bytes()
        places = zip(index.starts[rows].tolist(), (index.starts[rows + 1] - 1).tolist(), strict=True)
        found = b"\n".join([text[a:b] for a, b in places]).decode("utf-8").split("\n") if len(rows) else []
        if len(found) != len(wanted) or not set(found) <= wanted.keys():
            kept = [i for i, word in enumerate(found) if word in wanted]
            rows, found = rows[kept], [found[i] for i in kept]
        return found, read_rows(self.path / "vectors.npy", rows)


def read_rows(path: Path, rows: Array) -> Array:
    """Read some rows, ascending, of an ``.npy`` file; not through a map, whose pages would count as our memory."""
    with open(path, "rb", buffering=0) as file:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        (_, dim), _, dtype = read_header(file)
        begin = file.tell()
        result = np.empty((len(rows), dim), dtype)
        if not result.size:
            return result
        groups = list(_groups(rows, dim * dtype.itemsize))
        block = np.empty((max(int(spans.sum()) for *_, spans in groups), dim), dtype)
        for i, j, first, spans in groups:
            bases = np.cumsum(spans) - spans
            _read_spans(file, begin, first, spans, block)
            counts = np.diff(np.searchsorted(rows[i:j], first), append=j - i)
            np.take(block, rows[i:j] + np.repeat(bases - first, counts), axis=0, out=result[i:j])
    return result


def _groups(rows: Array, width: int) -> Iterator[tuple[int, int, Array, Array]]:
    """Cut rows into spans that are read in one go, gaps included, and these into blocks of moderate size."""
    heads = np.flatnonzero(np.diff(rows, prepend=rows[0] - _NEAR) * width > _NEAR)
    tails = np.append(heads[1:], len(rows))
    first = rows[heads]
    spans = rows[tails - 1] - first + 1
    blocks = np.flatnonzero(np.diff(np.cumsum(spans) * width // _BLOCK)) + 1
    for a, b in pairwise([0, *blocks.tolist(), len(heads)]):
        yield int(heads[a]), int(tails[b - 1]), first[a:b], spans[a:b]


def _read_spans(file: Any, begin: int, first: Array, spans: Array, block: Array) -> None:
    width = block.shape[1] * block.itemsize
    view = block.data.cast("B")
    place = 0
    for offset, size in zip((begin + first * width).tolist(), (spans * width).tolist(), strict=True):
        file.seek(offset)
        if file.readinto(view[place : place + size]) != size:
            raise ValueError(f"{file.name} is cut off.")
        place += size


def find(key: str) -> StoredEntry | None:
    """Return an entry if it is there and whole."""
    path = folder() / key
    try:
        about = json.loads((path / "entry.json").read_bytes())
        if about["format"] != FORMAT:
            return None
        for name, size in about["files"].items():
            if (path / name).stat().st_size != size:
                return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return StoredEntry(path, about)


def make(key: str, write: Callable[[Path], dict[str, Any] | None]) -> StoredEntry:
    """Return an entry, and make it first if it is not there or not whole.

    Whoever comes first makes it; others wait, and find it made.

    Parameters
    ----------
    key : str
        The entry's name.
    write : callable
        Called with an empty folder to write the files into; may return what else to note in ``entry.json``.

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
        _sweep(key)
        if path.exists():
            warnings.warn(f"{path} is damaged, or of another version of skglove: it is made anew.", stacklevel=2)
            shutil.rmtree(path)
        draft = Path(tempfile.mkdtemp(prefix=f".{key}.", suffix=".draft", dir=folder()))
        try:
            about = write(draft) or {}
            files = {file.name: file.stat().st_size for file in sorted(draft.iterdir())}
            (draft / "entry.json").write_text(json.dumps({"format": FORMAT, "files": files, **about}, indent=1))
            draft.chmod(0o755)
            draft.rename(path)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    entry = find(key)
    if entry is None:
        raise OSError(f"{path} cannot be read back.")
    return entry


def _sweep(key: str) -> None:
    """Remove what a killed process left, and the entries of a user's file as it was before."""
    for draft in folder().glob(f".{_quote(key)}.*.draft"):
        shutil.rmtree(draft, ignore_errors=True)
    if key.startswith("file-"):
        for old in folder().glob(f"{_quote(key.rsplit('-', 1)[0])}-*"):
            if old.name != key:
                shutil.rmtree(old, ignore_errors=True)


def _quote(key: str) -> str:
    import glob

    return glob.escape(key)


def write_vectors(draft: Path, dim: int, blocks: Iterable[tuple[list[str], Array]]) -> None:
    """Write words and rows, block by block; of a repeated word the first row is kept.

    Parameters
    ----------
    draft : Path
        The folder to write into.
    dim : int
        Numbers a row.
    blocks : iterable of (list of str, ndarray of float32 of shape (n, dim))
        The words and their rows.
    """
    seen: set[str] = set()
    norms: list[Array] = []
    with open(draft / "vectors.npy", "wb") as file, open(draft / "words.txt", "wb") as words_file:
        _write_header(file, 0, dim)
        begin = file.tell()
        for words, rows in _distinct(blocks, seen):
            file.write(np.ascontiguousarray(rows, np.float32).data)
            norms.append(np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float32)))
            words_file.write("".join([word + "\n" for word in words]).encode("utf-8"))
        file.seek(0)
        _write_header(file, len(seen), dim)
        if file.tell() != begin:
            raise ValueError("the header of the .npy file has outgrown its place")  # pragma: no cover
    np.save(draft / "norms.npy", np.concatenate([np.zeros(0, np.float32), *norms]))
    TokenIndex.of_text((draft / "words.txt").read_bytes(), 10).save(draft / "index.npy")


def _distinct(blocks: Iterable[tuple[list[str], Array]], seen: set[str]) -> Iterator[tuple[list[str], Array]]:
    for words, rows in blocks:
        before = len(seen)
        fresh = [i for i, word in enumerate(words) if word not in seen]
        seen.update(words)
        if len(seen) - before == len(words):
            yield words, rows
            continue
        first: dict[str, int] = {}
        for i in fresh:
            first.setdefault(words[i], i)
        yield list(first), rows[list(first.values())]


def _write_header(file: Any, n: int, dim: int) -> None:
    header = {"descr": "<f4", "fortran_order": False, "shape": (n, dim)}
    np.lib.format.write_array_header_1_0(file, header)
