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
import mmap
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import compress, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from skglove.vectors.tokenindex import TokenIndex

Array = np.ndarray[Any, Any]

FORMAT = 1
_WINDOW = 1 << 22  # bytes of vectors mapped at a time


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
        known = np.fromiter(map(wanted.__contains__, found), bool, len(found))
        if not known.all():
            found, rows = list(compress(found, known.tolist())), rows[known]
        return found, read_rows(self.path / "vectors.npy", rows)


def read_rows(path: Path, rows: Array) -> Array:
    """Read some rows, ascending, of an ``.npy`` file.

    The file is mapped one window after another: of a map of the whole, all pages near a row would count as our memory.
    """
    with open(path, "rb") as file:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        (n, dim), _, dtype = read_header(file)
        begin, width = file.tell(), dim * dtype.itemsize
        result = np.empty((len(rows), dim), dtype)
        step = max(1, _WINDOW // width)
        edges = np.searchsorted(rows, np.arange(0, n + step, step))
        for window, (i, j) in enumerate(pairwise(edges.tolist())):
            if i < j:
                first, last = window * step, int(rows[j - 1])
                with _mapped(file, begin + first * width, (last + 1 - first) * width) as (view, offset):
                    block = np.frombuffer(view, dtype, (last + 1 - first) * dim, offset).reshape(-1, dim)
                    np.take(block, rows[i:j] - first, axis=0, out=result[i:j], mode="clip")
                    del block  # or the map could not be closed
    return result


@contextmanager
def _mapped(file: Any, start: int, size: int) -> Iterator[tuple[mmap.mmap, int]]:
    """Map a part of a file; gives the map, and where in it the part begins."""
    offset = start % mmap.ALLOCATIONGRANULARITY
    with mmap.mmap(file.fileno(), size + offset, access=mmap.ACCESS_READ, offset=start - offset) as view:
        if hasattr(mmap, "MADV_RANDOM"):
            view.madvise(mmap.MADV_RANDOM)  # read no further ahead than is asked for
        yield view, offset


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
