import numpy as np
import pytest

from skglove.vectors import WordVectors, cache, download


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


def test_truncated_archive_without_size_or_checksum(register, server):
    server.faults["a.gz"] = [("short", 1000)]
    register("a.gz", size=None, checksum=None)
    with pytest.raises(ValueError, match="broken archive"):
        WordVectors.load("test.vectors")
    assert cache.find("test.vectors") is None


def test_server_down(register, server):
    entry = register("a.gz")
    server.close()
    with pytest.raises(OSError, match=rf"Without a network: .*fetch {entry.name}"):
        WordVectors.load("test.vectors")
