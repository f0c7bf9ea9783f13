"""The cache of word vectors on disk.

Each entry is a folder of `stored.StoredVectors`, such as ``<home>/vectors/glove.6B.100d``. It is written under a temporary
name, with a lock held, and renamed when it is complete. An entry that turns out to be damaged is created again.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from skglove.vectors.cache import stored
from skglove.vectors.cache.stored import DamagedError, MappedRows, StoredVectors
from skglove.warn import warn

T = TypeVar("T")
Write = Callable[[Path], dict[str, Any]]

_SAMPLES, _SAMPLE_BYTES = 16, 4096


class NoCacheError(OSError):
    """There is no folder for a cache, or a package that it needs is not installed. Files are read without it."""


def home() -> Path:
    """Return the folder of all cached files: ``SKGLOVE_HOME``, or the system's cache folder.

    Raises
    ------
    ValueError
        If ``SKGLOVE_HOME`` begins with ``~`` and there is no such user, or no home folder.
    NoCacheError
        If the system has no cache folder.
    """
    if chosen := os.environ.get("SKGLOVE_HOME"):
        try:
            return Path(chosen).expanduser()
        except RuntimeError as error:
            raise ValueError(
                f"SKGLOVE_HOME={chosen!r} is no folder, since {chosen.split(os.sep)[0]!r} has no home folder on this system. "
                "Set it to an absolute path."
            ) from error
    try:
        import platformdirs
    except ImportError as error:
        raise NoCacheError(
            "platformdirs, which finds the system's cache folder, is not installed; pip install skglove also installs its "
            "requirements, or set SKGLOVE_HOME to a folder"
        ) from error
    try:
        path = platformdirs.user_cache_path("skglove")
        if not path.is_absolute():  # before platformdirs raised an error
            raise RuntimeError(f"the system's cache folder is {str(path)!r}")
    except RuntimeError as error:  # a user without a home folder, as in some containers
        raise NoCacheError(f"{error}; set SKGLOVE_HOME to a folder, or HOME") from error
    return path


def check() -> None:
    """Check ``SKGLOVE_HOME``; that the system has no cache folder is no error. The ValueError is that of `home`."""
    with suppress(NoCacheError):
        home()


def folder() -> Path:
    """Return the folder of the entries."""
    return home() / "vectors"


def key_of_file(path: Path, member: str | None) -> str:
    """Name the entry of a user's file.

    The part before the last dash depends on the path alone, the part after it changes with the file. So the outdated
    entry of a modified file can be found and removed.
    """
    resolved = path.resolve()
    location = hashlib.sha256(f"{resolved}#{member or ''}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    stem = "".join(c if c.isalnum() or c in "._" else "_" for c in resolved.stem)[:40]
    return f"file-{stem}-{location}-{_version(resolved)}"


def _version(path: Path) -> str:
    """Digest the inode, size and times of a file, and samples of its content from the first byte to the last.

    A modification changes the time of the last change of status (ctime), which cannot be set back, where the file system
    has one. Where it has none, the samples differ if the file was replaced by another. The number of the device is left
    out, since it is another one on each machine that mounts a network file system.
    """
    status = path.stat()
    digest = hashlib.sha256(f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}".encode())
    with open(path, "rb", buffering=0) as file:
        for i in range(_SAMPLES):
            file.seek(max(0, status.st_size - _SAMPLE_BYTES) * i // (_SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()[:16]


def key_of_encoder(name: str) -> str:
    """Name the entries of an encoder: what all their names begin with."""
    stem = "".join(c if c.isalnum() or c in "._" else "_" for c in name)[:40]
    return f"encoder-{stem}-{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}-"


class TemporaryVectors:
    """Vectors that the cache cannot take: they are read as `CachedVectors` are, and removed when nothing refers to them.

    Parameters
    ----------
    write : callable
        See `find_or_create`.
    """

    def __init__(self, write: Write) -> None:
        folder = tempfile.mkdtemp(prefix="skglove-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        path = Path(folder) / "vectors"
        path.mkdir()
        stored.seal(path, write(path))
        self._stored = StoredVectors(path)

    def first_words(self, n: int) -> list[str]:
        """See `CachedVectors.first_words`."""
        return self._stored.first_words(n)

    def select(self, vocabulary: Collection[str]) -> tuple[list[str], np.ndarray]:
        """See `CachedVectors.select`."""
        return self._stored.select(vocabulary)

    def all(self) -> tuple[list[str], MappedRows]:
        """See `CachedVectors.all`."""
        return self._stored.words(), MappedRows(self._stored, lambda: self._stored)


class CachedVectors:
    """Vectors in the cache: created when they are first read, and again if they are damaged.

    Its methods raise the errors of `write`, and an OSError if the cache cannot be written.

    Parameters
    ----------
    key : str
        The name of the entry.
    write : callable
        See `find_or_create`.
    """

    def __init__(self, key: str, write: Write) -> None:
        self.key = key
        self.write = write

    def exist(self) -> bool:
        """Whether they are in the cache."""
        return find(self.key) is not None

    def first_words(self, n: int) -> list[str]:
        """Return the first n words."""
        return self._read(lambda entry: entry.first_words(n))

    def select(self, vocabulary: Collection[str]) -> tuple[list[str], np.ndarray]:
        """Read the words of a vocabulary, and their rows; see `StoredVectors.select`."""
        return self._read(lambda entry: entry.select(vocabulary))

    def all(self) -> tuple[list[str], MappedRows]:
        """Read all words, and map the rows into memory."""
        return self._read(lambda entry: (entry.words(), MappedRows(entry, self._rebuild)))

    def _read(self, read: Callable[[StoredVectors], T]) -> T:
        try:
            return read(find_or_create(self.key, self.write))
        except DamagedError:
            return read(self._rebuild())

    def _rebuild(self) -> StoredVectors:
        return find_or_create(self.key, self.write, verify=True)


def find(key: str) -> StoredVectors | None:
    """Return an entry if it exists, and its files have the right sizes."""
    try:
        return StoredVectors(folder() / key)
    except DamagedError:
        return None


def find_all(prefix: str) -> list[StoredVectors]:
    """Return the complete entries whose names begin with a prefix, by name."""
    _remove_abandoned_drafts(prefix)
    names = sorted(path.name for path in folder().glob(f"{glob.escape(prefix)}*"))
    return [entry for name in names if (entry := find(name)) is not None]


def find_or_create(key: str, write: Write, *, verify: bool = False) -> StoredVectors:
    """Return an entry, after creating it if it does not exist or is incomplete.

    Of several processes one creates the entry; the others wait for it.

    Parameters
    ----------
    key : str
        The entry's name.
    write : callable
        Called with an empty folder to write the files into; returns further items for ``entry.json``.
    verify : bool, default=False
        Whether to verify all files of an existing entry.

    Raises
    ------
    OSError
        If the cache cannot be written.
    """
    if not verify and (entry := find(key)):
        _remove_abandoned_drafts(key)
        return entry
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / key
    with _lock(key):
        entry = find(key)
        if entry and (not verify or entry.is_intact()):  # another process was faster
            return entry
        _remove_leftovers(key)
        if path.exists() and stored.read_about(path).get("format", stored.FORMAT) == stored.FORMAT:
            warn(f"{path} is damaged and will be rebuilt.")
        _create(path, write)
    return StoredVectors(path)


def discard(entry: StoredVectors) -> None:
    """Remove a damaged entry that cannot be rebuilt."""
    warn(f"{entry.path} is damaged and will be removed.")
    shutil.rmtree(entry.path, ignore_errors=True)


def _source(key: str) -> str:
    """Return what the names of all versions of an entry begin with."""
    return key.rsplit("-", 1)[0] if key.startswith(("file-", "encoder-")) else key


def _create(path: Path, write: Write) -> None:
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".draft", dir=path.parent))
    try:
        about = write(draft)
        stored.seal(draft, about)
        draft.chmod(0o755)  # mkdtemp makes it private
        if path.exists():  # damaged, or of another version of skglove
            shutil.rmtree(path)
        draft.rename(path)
        stored.flush(path.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _lock(key: str, timeout: float = -1) -> Any:
    try:
        import filelock
    except ImportError as error:
        raise NoCacheError("filelock is not installed; pip install skglove also installs its requirements") from error
    return filelock.FileLock(folder() / f".{_source(key)}.lock", timeout=timeout)


def _all_versions(key: str) -> str:
    """Return the pattern of the names of all versions of an entry."""
    source = _source(key)
    return glob.escape(source) + ("-*" if source != key else "")


def _drafts(key: str) -> list[Path]:
    return list(folder().glob(f".{_all_versions(key)}.*.draft"))


def _remove_abandoned_drafts(key: str) -> None:
    """Remove the drafts of killed processes, unless a process has the lock and may be writing one."""
    if _drafts(key):
        with suppress(OSError), _lock(key, timeout=0):
            _remove(_drafts(key))


def _remove_leftovers(key: str) -> None:
    """Remove the drafts of killed processes, and the outdated entries of a user's file; the lock is held."""
    _remove(_drafts(key))
    if key.startswith("file-"):
        _remove(entry for entry in folder().glob(_all_versions(key)) if entry.name != key)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        shutil.rmtree(path, ignore_errors=True)
