"""Downloads from a hostile server."""

import contextlib
import hashlib
import re
import socket
import struct
import time

import numpy as np
import pytest

from skglove.vectors import WordVectors
from skglove.vectors.published import download

SHARE = 0.2
MOST_BYTES = 1 << 25  # of a body without end


class Hostile:
    """Answers to requests, as `FileServer` takes them; every choice is made before the request.

    Each method has one kind, of which it gets a `share` from 0 to 1 and a `number` to vary it. The entity tag is that of the
    file, so that the client goes on with what it got.
    """

    def __init__(self, rng, server, body):
        self.rng, self.url, self.body = rng, server.url, body
        self.tag = f'"{hashlib.md5(body).hexdigest()}"'
        self.most_served = 0

    def answers(self, most):
        """Return the names of at most some answers, and the answers."""
        kinds = [name for name in vars(Hostile) if not name.startswith("_") and name not in ("answers", "send")]
        names = self.rng.choice(kinds, self.rng.integers(0, most + 1)).tolist()
        return names, [getattr(self, name)(self.rng.random(), int(self.rng.integers(2**31))) for name in names]

    def send(self, body, status=200, length=None, **headers):
        """Return an answer with the true length of the body unless another one is given (0: none)."""
        headers = {"ETag": self.tag, **headers} | ({} if length == 0 else {"Content-Length": length or len(body)})

        def answer(handler, _):
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), str(value))
            handler.end_headers()
            handler.wfile.write(body)

        return answer

    def _part(self, share):
        return self.body[: int(share * len(self.body))]

    def a_status(self, share, number):
        statuses = [400, 401, 403, 404, 408, 410, 416, 429, 500, 502, 503, 504]
        return statuses[number % len(statuses)]

    def a_dropped_connection(self, share, number):
        return "drop", int(share * len(self.body))

    def a_short_body(self, share, number):
        return "short", int(share * len(self.body))

    def slow_bytes(self, share, number):
        return "slow", share / 100

    def a_long_body(self, share, number):
        return self.send(self.body + random_bytes(number))

    def a_body_longer_than_announced(self, share, number):
        return self.send(self.body + random_bytes(number), length=len(self.body))

    def a_body_without_length(self, share, number):
        return self.send(self._part(share * 2), length=0)

    def a_strange_length(self, share, number):
        return self.send(self.body, length=["0", "abc", "-5", "1e3", "5, 5", str(2**70)][number % 6])

    def a_wrong_body(self, share, number):
        return self.send(random_bytes(number, len(self.body)))

    def an_altered_body(self, share, number):
        changed = bytearray(self.body)
        changed[int(share * len(changed))] ^= 1 << number % 8
        return self.send(bytes(changed))

    def a_web_page(self, share, number):
        return self.send(b"<html>Log in</html>" * (1 + number % 1000), Content_Type="text/html")

    def a_compressed_body(self, share, number):
        return self.send(self.body, Content_Encoding=["gzip", "deflate", "br"][number % 3])

    def a_body_without_end(self, share, number):
        def answer(handler, body):
            self.send(b"", length=0)(handler, body)
            served = 0
            with contextlib.suppress(OSError):
                while served < MOST_BYTES:
                    handler.wfile.write(body)
                    served += len(body)
            self.most_served = max(self.most_served, served)

        return answer

    def a_broken_chunk(self, share, number):
        chunk = b"10\r\n" + self.body[:16] + b"\r\n" + [b"zz\r\n", b"", b"-5\r\n", b"\r\n"][number % 4]
        return self.send(chunk, length=0, Transfer_Encoding="chunked")

    def a_reset(self, share, number):
        def answer(handler, body):
            self.send(self._part(share), length=len(body))(handler, body)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()

        return answer

    def a_stalled_body(self, share, number):
        def answer(handler, body):
            self.send(self._part(share), length=len(body))(handler, body)
            time.sleep(0.5)

        return answer

    def an_empty_answer(self, share, number):
        return lambda handler, body: None

    def an_answer_without_http(self, share, number):
        return lambda handler, body: handler.wfile.write(random_bytes(number))

    def a_redirect(self, share, number):
        """To itself, once; to nothing; to no URL; to another protocol; or without end."""
        targets = [
            self.url("a.gz"),
            self.url("missing"),
            "http://",
            "file:///etc/hostname",
            "//[",
            "",
            self.url("loop"),
        ]
        return self.send(b"x", status=302, Location=targets[number % len(targets)])

    def another_range(self, share, number):
        """Of another start than requested, correctly announced or not."""

        def answer(handler, body):
            start = int(share * len(body))
            requested = re.match(r"bytes=(\d+)-", handler.headers.get("Range") or "bytes=0-")[1]
            content_range = f"bytes {[start, requested][number % 2]}-{len(body) - 1}/{len(body)}"
            self.send(body[start:], status=206, Content_Range=content_range)(handler, body)

        return answer

    def a_strange_range(self, share, number):
        values = ["", "bytes */20000", "bytes 0-", "items 5-9/10", f"bytes {2**70}-{2**71}/*", "\xff"]
        return self.send(self.body, status=206, Content_Range=values[number % len(values)])


def random_bytes(seed, length=None):
    return np.random.default_rng(seed).bytes(length or 1 + seed % 100_000)


@pytest.fixture
def hostile(rng, server, large_sample):
    hostile = Hostile(rng, server, large_sample.packed)
    server.files["loop"] = b"x"
    server.faults["loop"] = [hostile.send(b"x", status=302, Location=server.url("loop"))] * 10_000
    return hostile


def test_downloads(rng, hostile, server, register, home, large_sample, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", (2, 0.3))  # less than a server that stalls
    names, server.faults["a.gz"] = hostile.answers(6)
    others, server.faults["b.gz"] = hostile.answers(3)
    known = [{}, {"checksum": None}, {"checksum": None, "size": None}][rng.choice(3, p=[0.6, 0.2, 0.2])]
    register(*[("a.gz",), ("a.gz", "b.gz")][rng.integers(2)], **known)
    what = f"{names}, {others}, {known}"

    assert verdict(large_sample) in ("right", "clear error"), what
    assert "size" in known or hostile.most_served < MOST_BYTES, f"endless download ({what})"
    server.faults.clear()
    monkeypatch.setattr(download, "TIMEOUT", (20, 20))
    assert verdict(large_sample) == "right", f"{what}, and then a friendly server"
    left = [path.name for path in (home / "downloads").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == [], what


def verdict(sample):
    """Load the vectors, and say what came of it."""
    try:
        vectors = WordVectors.load("test.vectors")
    except Exception as error:
        is_clear = isinstance(error, OSError | ValueError) and re.search("test.vectors|/downloads/", str(error))
        return "clear error" if is_clear else f"{type(error).__name__}: {error}"
    is_right = vectors.index_to_key == sample.words and np.array_equal(vectors.vectors, sample.rows)
    return "right" if is_right else "wrong"
