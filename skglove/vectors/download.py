"""Download a file: checked by pooch, resumed after a broken connection, from a mirror if necessary."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skglove.vectors.entry import RemoteFile

TIMEOUT = (10.0, 60.0)  # seconds to connect, and to wait for the next bytes
ATTEMPTS = 4  # connections per mirror, as long as it answers at all
PAUSE = 1.0  # seconds before the second attempt, doubled for each further one
_CHUNK = 1 << 16


class DownloadError(OSError):
    """No mirror has delivered the file."""


def is_offline() -> bool:
    """Whether ``SKGLOVE_OFFLINE`` forbids network access."""
    return os.environ.get("SKGLOVE_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


@contextmanager
def downloaded(mirrors: Sequence[RemoteFile], folder: Path) -> Iterator[tuple[Path, RemoteFile]]:
    """Download a file from the first mirror that works.

    The file is removed when the context is left, unless by an exception: then the next attempt finds it.

    Parameters
    ----------
    mirrors : sequence of RemoteFile
        In the order in which they are tried.
    folder : Path
        Where to keep the file and, after an interrupted download, its first part.

    Yields
    ------
    path : Path
    mirror : RemoteFile
        The one that worked.

    Raises
    ------
    DownloadError
        If all mirrors fail; the message contains the error of each.
    OSError
        If the folder cannot be written.
    """
    import filelock
    import requests

    failures: list[str] = []
    for mirror in mirrors:
        target = folder / hashlib.sha256(mirror.url.encode()).hexdigest()[:16]
        target.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f".{target.name}.lock"):
            try:
                path = _download(mirror, target)
            except Exception as error:
                if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
                    raise
                failures.append(f"{mirror.url}: {_shorten(error)}")
                continue
            yield path, mirror
            shutil.rmtree(target, ignore_errors=True)
            return
    raise DownloadError("; ".join(failures))


def _download(mirror: RemoteFile, target: Path) -> Path:
    import pooch

    name = mirror.url.rsplit("/", 1)[1]
    partial = _PartialDownload(mirror, target / f"{name}.part")
    for leftover in target.glob("tmp*"):  # pooch's temporary files, of a killed process
        leftover.unlink(missing_ok=True)

    def attempt() -> Path:
        return Path(pooch.retrieve(mirror.url, mirror.checksum, fname=name, path=target, downloader=partial.download))

    try:
        return attempt()
    except ValueError:  # wrong checksum; if the download was resumed, its first part may be the reason
        if not partial.resumed:
            raise
        return attempt()


class _PartialDownload:
    """A download that continues where an earlier one stopped, if the server still has the same file.

    Parameters
    ----------
    mirror : RemoteFile
    path : Path
        The part of the file that has been downloaded. Beside it, a JSON file holds the server's validator (ETag).
    """

    def __init__(self, mirror: RemoteFile, path: Path) -> None:
        self.mirror = mirror
        self.path = path
        self.note = path.with_name(path.name + ".json")
        self.resumed = False

    def download(self, url: str, output_file: Any, pooch: Any) -> None:
        """Download to `output_file`; pooch calls this."""
        self.resumed = False
        _with_retries(lambda: self._transfer(url))
        size = self.path.stat().st_size
        if self.mirror.size is not None and size != self.mirror.size:
            self._discard()
            raise ValueError(f"got {size} bytes instead of {self.mirror.size}")
        self.note.unlink(missing_ok=True)
        os.replace(self.path, output_file)

    def _transfer(self, url: str) -> None:
        import requests

        offset, validator = self._resume_from()
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": validator}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if response.status_code == 416:  # range not satisfiable
                self._discard()
                raise requests.ConnectionError("the server's file is shorter than the part that was downloaded")
            response.raise_for_status()
            content_range = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if response.status_code == 206 and content_range and int(content_range[1]) == offset:
                self.resumed = True
            else:
                offset = 0
                self._start(response.headers)
            length = response.headers.get("Content-Length")
            total = offset + int(length) if length else self.mirror.size
            self._write(response, offset, total)
        if total is not None and self.path.stat().st_size < total:
            raise requests.ConnectionError(f"the connection ended after {self.path.stat().st_size} of {total} bytes")

    def _write(self, response: Any, offset: int, total: int | None) -> None:
        from tqdm.auto import tqdm

        name = self.path.name.removesuffix(".part")
        with (
            open(self.path, "r+b") as file,
            tqdm(total=total, initial=offset, unit="B", unit_scale=True, desc=name, file=sys.stderr) as bar,
        ):
            file.truncate(offset)
            file.seek(offset)
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))

    def _start(self, headers: Any) -> None:
        """Start from the beginning, and save a strong validator, without which a download cannot be resumed."""
        self._discard()
        validator = headers.get("ETag") or headers.get("Last-Modified")
        if validator and not validator.startswith("W/"):
            self.note.write_text(json.dumps({"validator": validator}))
        self.path.touch()

    def _resume_from(self) -> tuple[int, str]:
        try:
            validator = json.loads(self.note.read_bytes())["validator"]
            return self.path.stat().st_size, str(validator)
        except (OSError, ValueError, KeyError, TypeError):
            return 0, ""

    def _discard(self) -> None:
        self.note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def _with_retries(transfer: Callable[[], None]) -> None:
    """Repeat a transfer if the connection broke, but not if the server refused."""
    import requests

    for attempt in range(1, ATTEMPTS + 1):
        try:
            return transfer()
        except requests.RequestException as error:
            refused = error.response is not None and error.response.status_code < 500
            if refused or attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE * 2 ** (attempt - 1))
    return None


def _shorten(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) < 300 else text[:300] + "..."
