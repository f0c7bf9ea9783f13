import contextlib
import gzip
import hashlib
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest

from skglove.vectors import WordVectors
from skglove.vectors.published import download, registry
from skglove.vectors.published.named import NamedVectors, RemoteFile


class FileServer:
    """An HTTP server on the loopback interface that can be told to fail.

    It serves `files`, and records the `requests` as pairs of name and range.

    `faults` lists what happens to the next requests for a file: ``404`` or ``500`` is a status, ``("drop", n)`` closes
    the connection after n bytes, ``("short", n)`` serves the first n bytes as if they were all, ``("slow", seconds)``
    waits between chunks. A function answers itself; it is called with the request handler and the file.
    """

    def __init__(self):
        self.files = {}
        self.faults = {}
        self.requests = []
        self.ranges = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer._answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_address[1]}/{name}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def _answer(self, handler):
        name = handler.path[1:]
        requested = handler.headers.get("Range")
        self.requests.append((name, requested))
        faults = self.faults.get(name, [])
        fault = faults.pop(0) if faults else None
        if isinstance(fault, int) or name not in self.files:
            handler.send_error(fault or 404)
            return
        body = self.files[name]
        if callable(fault):
            with contextlib.suppress(OSError):
                fault(handler, body)
            handler.close_connection = True
            return
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        begin = 0
        if requested and self.ranges and handler.headers.get("If-Range") in (None, tag):
            begin = int(re.match(r"bytes=(\d+)-", requested)[1])
        kind, amount = fault or (None, None)
        if kind == "short":
            body = body[:amount]
        handler.send_response(206 if begin else 200)
        handler.send_header("ETag", tag)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        handler.send_header("Content-Length", str(len(body) - begin))
        handler.end_headers()
        with contextlib.suppress(OSError):
            if kind == "drop":
                handler.wfile.write(body[begin : begin + amount])
                handler.wfile.flush()
                handler.connection.shutdown(socket.SHUT_RDWR)
            elif kind == "slow":
                for i in range(begin, len(body), 1 << 12):
                    handler.wfile.write(body[i : min(len(body), i + (1 << 12))])
                    handler.wfile.flush()
                    time.sleep(amount)
            else:
                handler.wfile.write(body[begin:])
        if kind == "drop":
            handler.close_connection = True


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Give each test an empty cache and no network access."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SKGLOVE_HOME", str(folder))
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    return folder


@pytest.fixture
def sample():
    """Words of all kinds, and rows with the precision of GloVe's files."""
    random = np.random.default_rng(0)
    words = ["the", ",", "at name@domain.com", ". . .", "naïve", "日本", "x", "0.5", "a-very-long-word-of-many-letters"]
    words += [f"word{i}" for i in range(200)]
    rows = [[float(f"{x:.5g}") for x in row] for row in random.normal(0, 0.4, (len(words), 7))]
    return words, np.array(rows, np.float32)


@pytest.fixture
def write(tmp_path):
    def write(words, rows, name="vectors.txt", header=False, end="\n", last=True, trailing=""):
        lines = [f"{len(words)} {rows.shape[1]}"] if header else []
        lines += [
            f"{word} {' '.join(f'{x:.5g}' for x in row)}{trailing}" for word, row in zip(words, rows, strict=True)
        ]
        path = tmp_path / name
        path.write_bytes((end.join(lines) + (end if last else "")).encode())
        return path

    return write


@pytest.fixture(scope="session")
def large_sample():
    """3,000 words and rows, as text, and gzipped with a header."""
    words = [f"word{i}" for i in range(3000)]
    rows = np.arange(3000 * 4, dtype=np.float32).reshape(3000, 4) / 8
    text = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, rows, strict=True)).encode()
    packed = gzip.compress(b"3000 4\n" + text, mtime=0)
    checksum = "md5:" + hashlib.md5(packed).hexdigest()
    return SimpleNamespace(words=words, rows=rows, text=text, packed=packed, checksum=checksum)


@pytest.fixture
def server(large_sample):
    server = FileServer()
    server.files["a.gz"] = server.files["b.gz"] = large_sample.packed
    yield server
    server.close()


@pytest.fixture(scope="session")
def shared_server(large_sample):
    server = FileServer()
    server.files["a.gz"] = large_sample.packed
    yield server
    server.close()


@pytest.fixture
def register(monkeypatch, server, large_sample):
    """Register the name ``test.vectors``, with mirrors on the server."""
    monkeypatch.setenv("SKGLOVE_OFFLINE", "0")
    monkeypatch.setattr(download, "PAUSE", 0.01)
    monkeypatch.setattr(download, "_CHUNK", 1000)
    monkeypatch.setattr(download, "TIMEOUT", (2, 2))

    size, md5 = len(large_sample.packed), large_sample.checksum

    def register(*files, size=size, checksum=md5, member=None, dim=4):
        mirrors = tuple(RemoteFile(server.url(file), size, checksum, member) for file in files)
        entry = NamedVectors("test.vectors", dim, 3000, "made up", False, mirrors, "none")
        monkeypatch.setitem(registry.ENTRIES, entry.name, entry)
        return entry

    return register


@pytest.fixture(scope="session")
def pair():
    """5,000 random vectors in 50 clusters, as WordVectors and as gensim's KeyedVectors."""
    gensim = pytest.importorskip("gensim.models")
    random = np.random.default_rng(0)
    centers = 2 * random.normal(0, 1, (50, 20))
    rows = (random.normal(0, 1, (5000, 20)) + centers[random.integers(0, 50, 5000)]).astype("f4")
    words = [f"w{i}" for i in range(5000)]
    theirs = gensim.KeyedVectors(20)
    theirs.add_vectors(words, rows)
    return WordVectors(words, rows), theirs
