"""Download a file: checked by pooch, resumed after a broken connection, from a mirror if necessary.

Neither the size of a file nor the time without progress is left to the server: both have limits.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from skglove.progress import progress_bar
from skglove.vectors.published.connections import Connections, NoConnectionError
from skglove.vectors.published.named import RemoteFile

TIMEOUT = (10.0, 60.0)  # seconds to connect, and to wait for the next bytes
ATTEMPTS = 4  # connections per mirror, as long as it answers at all
PAUSE = 1.0  # seconds before the second attempt, doubled for each further one
SLOWEST = 1 << 12  # bytes per second, on average over
PERIOD = 60.0  # seconds
LARGEST = 1 << 34  # bytes of files whose size is not known; the largest published one, wiki.en.vec, has 6.6e9
_CHUNK = 1 << 16
_REQUIREMENTS = ("filelock", "pooch", "requests", "tqdm", "urllib3")

Opened = TypeVar("Opened")


class DownloadError(OSError):
    """No mirror has delivered the file."""


def obstacle() -> str:
    """Say why nothing can be downloaded: ``SKGLOVE_OFFLINE`` forbids it, or packages are missing. Empty if it can be tried."""
    if os.environ.get("SKGLOVE_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off"):
        return "SKGLOVE_OFFLINE is set"
    missing = [name for name in _REQUIREMENTS if find_spec(name) is None]
    return f"not installed: {', '.join(missing)}; pip install skglove also installs its requirements" if missing else ""


@contextmanager
def downloaded(
    mirrors: Sequence[RemoteFile], folder: Path, open_file: Callable[[Path, RemoteFile], Opened]
) -> Iterator[tuple[Opened, RemoteFile]]:
    """Download a file from the first mirror that works, and open it.

    The file, and parts of it that came from other mirrors, are removed when the context is left, unless by an exception:
    then the next attempt finds them. After a ValueError, the file is removed, too, since it cannot be read.

    Parameters
    ----------
    mirrors : sequence of RemoteFile
        In the order in which they are tried.
    folder : Path
        Where to keep the file and, after an interrupted download, its first part.
    open_file : callable
        Called with the path of the file and its mirror. If it raises a ValueError, the next mirror is tried.

    Yields
    ------
    opened : object
        What `open_file` returned.
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
    connections = Connections(mirror.url for mirror in mirrors)
    targets = [folder / hashlib.sha256(mirror.url.encode()).hexdigest()[:16] for mirror in mirrors]
    for mirror, target in zip(mirrors, targets, strict=True):
        target.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(_lock(target)):
            try:
                path = _download(mirror, target, connections)
                with _kept_if_readable(target):
                    opened = open_file(path, mirror)
            except NoConnectionError as error:
                failures.append(str(error))
            except Exception as error:
                if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
                    raise
                failures.append(f"{mirror.url}: {_shorten(error)}")
            else:
                with _kept_if_readable(target):
                    yield opened, mirror
                break
    else:
        raise DownloadError("; ".join(dict.fromkeys(failures)))  # several mirrors may have one server
    for target in filter(Path.exists, targets):
        _remove_unless_in_use(target)


def _lock(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")


def _remove_unless_in_use(target: Path) -> None:
    import filelock

    with suppress(filelock.Timeout), filelock.FileLock(_lock(target), timeout=0):
        shutil.rmtree(target, ignore_errors=True)


@contextmanager
def _kept_if_readable(target: Path) -> Iterator[None]:
    try:
        yield
    except ValueError:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _download(mirror: RemoteFile, target: Path, connections: Connections) -> Path:
    import pooch

    name = mirror.url.rsplit("/", 1)[1]
    if not (target / name).exists():
        connections.check(mirror.url)  # before pooch reports a download
    part = _PartialDownload(mirror, target / f"{name}.part")
    for leftover in target.glob("tmp*"):  # pooch's temporary files, of a killed process
        leftover.unlink(missing_ok=True)

    def attempt() -> Path:
        return Path(pooch.retrieve(mirror.url, mirror.checksum, fname=name, path=target, downloader=part.download))

    try:
        return attempt()
    except ValueError:  # wrong checksum; if the download was resumed, its first part may be the reason
        if not part.resumed:
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
        try:
            _with_retries(lambda: self._transfer(url))
            self._check_size(self.path.stat().st_size)
        except ValueError:
            self._discard()
            raise
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
            if response.status_code == 206:  # a part
                if not offset or not content_range or int(content_range[1]) != offset:
                    self._discard()
                    raise requests.ConnectionError("the server sent another part of the file than requested")
                self.resumed = True
            else:
                offset = 0
                self._start(response.headers)
            total = self.mirror.size
            if (length := response.headers.get("Content-Length")) and not response.headers.get("Content-Encoding"):
                total = offset + int(length)
                self._check_size(total)
            self._write(response, offset, total)
        if total is not None and self.path.stat().st_size < total:
            raise requests.ConnectionError(f"the connection ended after {self.path.stat().st_size} of {total} bytes")

    def _write(self, response: Any, offset: int, total: int | None) -> None:
        name = self.path.name.removesuffix(".part")
        with (
            open(self.path, "r+b") as file,
            progress_bar(total, initial=offset, unit="B", unit_scale=True, desc=name) as bar,
        ):
            file.truncate(offset)
            file.seek(offset)
            for chunk in _chunks(response, (self.mirror.size or LARGEST) - offset):
                file.write(chunk)
                bar.update(len(chunk))

    def _check_size(self, size: int) -> None:
        if size != (self.mirror.size or size):
            raise ValueError(f"got {size} bytes instead of {self.mirror.size}")
        if size > LARGEST:
            raise ValueError(f"got {size} bytes; no file of vectors has more than {LARGEST}")

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


def _chunks(response: Any, limit: int) -> Iterator[bytes]:
    """Yield what a server sends as it arrives, unless it sends too much or too slowly."""
    import requests
    import urllib3

    received, in_period, begin = 0, 0, time.monotonic()
    try:
        # iter_content would wait until a chunk is full
        for chunk in iter(partial(response.raw.read1, _CHUNK, decode_content=True), b""):
            received += len(chunk)
            in_period += len(chunk)
            if received > limit:
                raise ValueError(f"the server sends more than the expected {limit} bytes")
            if (seconds := time.monotonic() - begin) > PERIOD:
                if in_period < SLOWEST * seconds:
                    raise requests.ConnectionError(f"got {in_period} bytes in {seconds:.0f} seconds")
                in_period, begin = 0, time.monotonic()
            yield chunk
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(str(error)) from error


def _with_retries(transfer: Callable[[], None]) -> None:
    """Repeat a transfer if the connection broke, but not if the server, a proxy or a certificate is the reason."""
    import requests

    for attempt in range(1, ATTEMPTS + 1):
        try:
            return transfer()
        except requests.RequestException as error:
            refused = error.response is not None and error.response.status_code < 500
            hopeless = isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError))
            if refused or hopeless or attempt == ATTEMPTS:
                raise
        time.sleep(PAUSE * 2 ** (attempt - 1))
    return None


def _shorten(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) < 300 else text[:300] + "..."
