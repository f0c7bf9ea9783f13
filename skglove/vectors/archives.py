"""Open a vectors file: plain, gzipped, or in a zip, by what its first bytes are and not by its name."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")


def split_member(source: str | Path) -> tuple[Path, str | None]:
    """Take ``vectors.zip#member.txt`` apart.

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
    """Whether a file is read as it lies on the disk."""
    path, member = split_member(source)
    return member is None and _first_bytes(path)[:2] != _GZIP and _first_bytes(path) not in _ZIP


@contextmanager
def reading(source: str | Path) -> Iterator[IO[bytes]]:
    """Open a file for reading its text, unpacked.

    Raises
    ------
    ValueError
        If an archive is broken, or if it is not clear which of a zip's files is meant.
    """
    path, member = split_member(source)
    first = _first_bytes(path)
    try:
        if first in _ZIP:
            with zipfile.ZipFile(path) as archive, archive.open(_choose(archive, path, member)) as file:
                yield file
        elif member is not None:
            raise ValueError(f"{path} is no zip file, so there is no {member!r} in it to choose.")
        elif first[:2] == _GZIP:
            with gzip.open(path) as file:
                yield file  # type: ignore[misc]
        else:
            with open(path, "rb") as file:
                yield file
    except (zlib.error, EOFError, gzip.BadGzipFile, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{path} is a broken archive ({error}). Was it cut off? Fetch it again.") from error


def _first_bytes(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(4)


def _choose(archive: zipfile.ZipFile, path: Path, member: str | None) -> zipfile.ZipInfo:
    """Find a zip's file by its bare name: where in the archive it says it lies is of no matter."""
    files = {PurePosixPath(info.filename).name: info for info in archive.infolist() if not info.is_dir()}
    names = [name for name in files if not name.startswith(".")]
    if member is None and len(names) == 1:
        return files[names[0]]
    if member is None:
        texts = [name for name in names if name.endswith((".txt", ".vec"))]
        if len(texts) == 1:
            return files[texts[0]]
        example = (texts or names or ["vectors.txt"])[0]
        raise ValueError(
            f"{path} holds {len(names)} files: {', '.join(sorted(names)[:20])}. Say which: '{path}#{example}'."
        )
    if member not in files:
        raise ValueError(f"{path} holds no file {member!r}, but {', '.join(sorted(names)[:20]) or 'none'}.")
    return files[member]
