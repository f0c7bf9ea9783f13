"""Download a file once, safely: verified by pooch, resumed after a broken connection, from a mirror if need be."""

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

from skglove.vectors.registry import Source

TIMEOUT = (10.0, 60.0)  # seconds to connect, and to wait for the next bytes
ATTEMPTS = 4  # connections to one source, as long as it answers at all
PAUSE = 1.0  # seconds before the second attempt; twice as long before each further one
_CHUNK = 1 << 16  # what a broken connection loses at most


class DownloadError(OSError):
    """No source gave the file."""


def offline() -> bool:
    """Whether ``SKGLOVE_OFFLINE`` forbids the network."""
    return os.environ.get("SKGLOVE_OFFLINE", "").strip().lower() not in ("", "0", "false", "no", "off")


@contextmanager
def fetched(sources: Sequence[Source], folder: Path) -> Iterator[tuple[Path, Source]]:
    """Download from the first source that works, and remove the file when the caller is done with it.

    A caller that fails keeps it: what has been paid for is not thrown away.

    Raises
    ------
    DownloadError
        If all sources fail; it tells what each said.
    """
    import filelock

    failures: list[str] = []
    for source in sources:
        place = folder / hashlib.sha256(source.url.encode()).hexdigest()[:16]
        place.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f".{place.name}.lock"):
            try:
                path = _download(source, place)
            except Exception as error:
                if isinstance(error, OSError) and not _from_network(error):
                    raise
                failures.append(f"{source.url}: {_in_short(error)}")
                continue
            yield path, source
            shutil.rmtree(place, ignore_errors=True)
            return
    raise DownloadError("; ".join(failures))


def _download(source: Source, place: Path) -> Path:
    import pooch

    name = source.url.rsplit("/", 1)[1]
    partial = _Partial(source, place / f"{name}.part")
    for leftover in place.glob("tmp*"):  # pooch's temporary file, when the process was killed
        leftover.unlink(missing_ok=True)

    def attempt() -> Path:
        return Path(pooch.retrieve(source.url, source.checksum, fname=name, path=place, downloader=partial.download))

    try:
        return attempt()
    except ValueError:  # pooch: the checksum differs. If an old part was at fault, all from the start may do
        if not partial.resumed:
            raise
        return attempt()


class _Partial:
    """A download that goes on where an earlier one stopped, if the server still has the same file."""

    def __init__(self, source: Source, path: Path) -> None:
        self.source = source
        self.path = path
        self.note = path.with_name(path.name + ".json")
        self.resumed = False

    def download(self, url: str, output_file: Any, pooch: Any) -> None:
        """Download to `output_file`: what pooch calls."""
        self.resumed = False
        _again(lambda: self._transfer(url))
        size = self.path.stat().st_size
        if self.source.size is not None and size != self.source.size:
            self._forget()
            raise ValueError(f"got {size} bytes instead of {self.source.size}")
        self.note.unlink(missing_ok=True)
        os.replace(self.path, output_file)

    def _transfer(self, url: str) -> None:
        import requests

        have, validator = self._standing()
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": validator}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == 416:  # we have more than there is
                self._forget()
                raise requests.ConnectionError("the server has less than we have")
            answer.raise_for_status()
            begin = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
            goes_on = answer.status_code == 206 and begin is not None and int(begin[1]) == have
            have = have if goes_on else 0
            self.resumed |= goes_on
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length else self.source.size
            if not goes_on:
                self._start(answer.headers)
            self._write(answer, have, total)
        if total is not None and self.path.stat().st_size < total:
            raise requests.ConnectionError(f"the connection ended after {self.path.stat().st_size} of {total} bytes")

    def _write(self, answer: Any, have: int, total: int | None) -> None:
        from tqdm.auto import tqdm

        name = self.path.name.removesuffix(".part")
        with (
            open(self.path, "r+b") as file,
            tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=name, file=sys.stderr) as bar,
        ):
            file.truncate(have)
            file.seek(have)
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))

    def _start(self, headers: Any) -> None:
        """Begin anew, and note by what the server will know the same file again."""
        self._forget()
        validator = headers.get("ETag") or headers.get("Last-Modified")
        if validator and not validator.startswith("W/"):
            self.note.write_text(json.dumps({"validator": validator}))
        self.path.touch()

    def _standing(self) -> tuple[int, str]:
        try:
            validator = json.loads(self.note.read_bytes())["validator"]
            return self.path.stat().st_size, str(validator)
        except (OSError, ValueError, KeyError, TypeError):
            return 0, ""

    def _forget(self) -> None:
        self.note.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def _again(transfer: Callable[[], None]) -> None:
    """Try more than once, if the connection broke and not if the server said no."""
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


def _from_network(error: OSError) -> bool:
    import requests

    return isinstance(error, requests.RequestException)


def _in_short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) < 300 else text[:300] + "..."
