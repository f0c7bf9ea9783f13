"""Open a file of vectors that is plain, gzipped or in a zip archive.

The format is determined from the first bytes of the file, not from its name.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

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
        If an archive is corrupt, or has several members and none is named.
    OSError
        If the file cannot be read.
    """
    path, member = split_member(source)
    first = _first_bytes(path)
    try:
        if first in _ZIP:
            with zipfile.ZipFile(path) as archive, archive.open(_find_member(archive, path, member)) as file:
                yield file
        elif member is not None:
            raise ValueError(
                f"{path} is not a zip archive, so it has no member {member!r}. Remove '#{member}' from the path."
            )
        elif first[:2] == _GZIP:
            with gzip.open(path) as file:
                yield cast("IO[bytes]", file)
        else:
            with open(path, "rb", buffering=_BUFFER) as file:
                yield file
    except (zlib.error, EOFError, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{path} is a broken archive ({error}). If it is incomplete, download it again.") from error


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
