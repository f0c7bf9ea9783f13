"""Open a file of vectors that is plain, gzipped or in a zip archive.

The format is determined from the first bytes of the file, not from its name.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

# Text vectors are compressed to a third or half of their size; these limits are for files that are no vectors.
RATIO = 100  # of decompressed to compressed bytes
SMALL = 64 << 20  # decompressed bytes that are always read

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BUFFER = 1 << 20


def split_member(source: str | Path) -> tuple[Path, str | None]:
    """Split ``vectors.zip#member.txt`` into the path of the archive and the name of the member.

    Examples
    --------
    >>> path, member = split_member("glove.6B.zip#glove.6B.100d.txt")
    >>> path.name, member
    ('glove.6B.zip', 'glove.6B.100d.txt')
    """
    path = Path(source).expanduser()
    if "#" in path.name and not path.exists():
        name, member = str(path).split("#", 1)
        return Path(name), member or None
    return path, None


def is_plain(source: str | Path) -> bool:
    """Whether a file is neither gzipped nor an archive."""
    path, member = split_member(source)
    first = _first_bytes(path)
    return member is None and first[:2] != _GZIP and first not in _ZIP


def most_bytes(source: str | Path) -> int:
    """Return how many bytes can be read from a file: its size, or the limit of what an archive may decompress to."""
    size = split_member(source)[0].stat().st_size
    return size if is_plain(source) else max(SMALL, RATIO * size)


@contextmanager
def open_bytes(source: str | Path) -> Iterator[IO[bytes]]:
    """Open a file for reading its decompressed bytes.

    Parameters
    ----------
    source : str or Path
        A path; ``archive.zip#member`` names a member of a zip archive.

    Raises
    ------
    ValueError
        If an archive is damaged or compressed by another method than deflate, has several members and none is named, or
        decompresses to far more than vectors do.
    OSError
        If the file cannot be read.
    """
    path, member = split_member(source)
    first = _first_bytes(path)
    with ExitStack() as stack:
        if first in _ZIP:
            yield _open_member(path, member, stack)
        elif member is not None:
            raise ValueError(
                f"{path} is not a zip archive, so it has no member {member!r}. Remove '#{member}' from the path."
            )
        elif first[:2] == _GZIP:
            yield _limited(stack.enter_context(gzip.open(path)), path)
        else:
            yield stack.enter_context(open(path, "rb", buffering=_BUFFER))


def _open_member(path: Path, member: str | None, stack: ExitStack) -> IO[bytes]:
    with _explained(path):
        archive = stack.enter_context(zipfile.ZipFile(path))
    info = _find_member(archive, path, member)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # zipfile has no limit for what comes out
        raise ValueError(
            f"{path}: {info.filename} is not compressed by deflate. Decompress it, and use the plain file."
        )
    with _explained(path):
        return _limited(stack.enter_context(archive.open(info)), path)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the errors of damaged archives, which differ by format, into one that names the file."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's; those of decompressors have none
            raise
        raise ValueError(
            f"{path} is a broken archive ({error or type(error).__name__}). If it is incomplete, download it again."
        ) from error


def _limited(file: Any, path: Path) -> IO[bytes]:
    return io.BufferedReader(_Decompressed(file, path), _BUFFER)


class _Decompressed(io.RawIOBase):
    """The decompressed bytes of an archive, up to a limit."""

    def __init__(self, file: Any, path: Path) -> None:
        self._file = file
        self._path = path
        self._most = most_bytes(path)

    def readable(self) -> bool:
        """See `io.RawIOBase.readable`."""
        return True

    def seekable(self) -> bool:
        """See `io.RawIOBase.seekable`."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """See `io.RawIOBase.seek`."""
        with _explained(self._path):
            position: int = self._file.seek(offset, whence)
        return position

    def readinto(self, buffer: Any) -> int:
        """See `io.RawIOBase.readinto`."""
        with _explained(self._path):
            size: int = self._file.readinto(buffer)
        if self._file.tell() > self._most:
            raise ValueError(
                f"{self._path} decompresses to more than {RATIO} times its size; word vectors do not. "
                "If the file is right, decompress it and use the plain file."
            )
        return size


def _first_bytes(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(4)


def _find_member(archive: zipfile.ZipFile, path: Path, member: str | None) -> zipfile.ZipInfo:
    """Find a member by its base name; its folder inside the archive does not matter."""
    files = {PurePosixPath(info.filename).name: info for info in archive.infolist() if not info.is_dir()}
    names = sorted(name for name in files if not name.startswith("."))
    if member is not None:
        if member not in files:
            raise ValueError(f"{path} has no member {member!r}; its members are {', '.join(names[:20]) or 'none'}.")
        return files[member]
    texts = [name for name in names if name.endswith((".txt", ".vec"))]
    for candidates in (names, texts):
        if len(candidates) == 1:
            return files[candidates[0]]
    example = (texts or names or ["vectors.txt"])[0]
    raise ValueError(
        f"{path} has {len(names)} members: {', '.join(names[:20])}. Choose one of them, such as '{path}#{example}'."
    )
