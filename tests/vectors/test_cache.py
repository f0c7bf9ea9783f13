import ctypes
import json
import mmap
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from skglove.vectors import cache

needs_fork = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")


@pytest.fixture(scope="module")
def fork(shared_server, large_sample):
    """Send a command to the process of `forkserver.py`."""
    total = float(large_sample.rows.sum(dtype=float))
    arguments = [shared_server.url("a.gz"), len(large_sample.packed), large_sample.checksum, 3000, 4, total]
    environment = {**os.environ, "SKGLOVE_OFFLINE": "0", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("forkserver.py")), json.dumps(arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip

    def fork(home, **command):
        process.stdin.write(json.dumps({"home": str(home), **command}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield fork
    process.stdin.close()
    assert process.wait(10) == 0
    process.stdout.close()


@needs_fork
def test_ten_processes_on_an_empty_cache(fork, shared_server, tmp_path):
    shared_server.requests.clear()
    home = tmp_path / "home"
    assert fork(home, children=10)["codes"] == [0] * 10
    assert Path(f"{home}.conversions").read_text() == "1"
    assert len(shared_server.requests) == 1


@needs_fork
def test_one_of_ten_killed(fork, tmp_path):
    """Another process takes over."""
    events = fork(tmp_path / "first")["events"]
    for share in (0.3, 0.6, 0.9):
        home = tmp_path / f"home{share}"
        codes = fork(home, children=10, kill_at=int(events * share))["codes"]
        assert codes[1:] == [0] * 9


def check_after_kill(fork, home):
    """All entries are complete, and the next load works."""
    folder = home / "vectors"
    entries = [p.name for p in folder.iterdir() if not p.name.startswith(".")] if folder.exists() else []
    for name in entries:
        about = json.loads((folder / name / "entry.json").read_text())
        assert {p.name: p.stat().st_size for p in (folder / name).iterdir() if p.name != "entry.json"} == about["files"]
    assert fork(home)["codes"] == [0]
    remaining = [p.name for p in folder.iterdir() if not p.name.endswith(".lock")]
    assert remaining == ["test.vectors"]


@needs_fork
@pytest.mark.slow
def test_killed_at_many_operations(fork, tmp_path):
    events = fork(tmp_path / "first")["events"]
    assert events > 50
    for i, kill_at in enumerate(np.linspace(1, events, 50).astype(int).tolist()):
        home = tmp_path / f"home{i}"
        assert fork(home, kill_at=kill_at)["codes"] == [-signal.SIGKILL]
        check_after_kill(fork, home)


@needs_fork
@pytest.mark.slow
def test_killed_at_many_times(fork, shared_server, tmp_path):
    """Also between two operations, and during a write."""
    shared_server.faults["a.gz"] = [("slow", 0.003)]
    seconds = fork(tmp_path / "first")["seconds"]
    killed = 0
    for i, share in enumerate(np.linspace(0.05, 1, 30).tolist()):
        home = tmp_path / f"home{i}"
        shared_server.faults["a.gz"] = [("slow", 0.003)]
        killed += fork(home, kill_after=seconds * share)["codes"] == [-signal.SIGKILL]
        shared_server.faults["a.gz"] = []
        check_after_kill(fork, home)
    assert killed > 5  # the more, the less the machine has else to do


@pytest.fixture
def entry(large_sample):
    """An entry of 3,000 words."""
    return create(large_sample)


def create(sample):
    def write(draft):
        blocks = ((sample.words[i : i + 700], sample.rows[i : i + 700]) for i in range(0, 3000, 700))
        cache.write_vectors(draft, 4, blocks)
        return {"source": "test"}

    return cache.find_or_create("test", write)


def test_entry(entry, large_sample):
    assert cache.find("test").path == entry.path
    assert entry.words() == large_sample.words
    assert entry.first_words(2) == large_sample.words[:2]
    np.testing.assert_array_equal(entry.vectors(), large_sample.rows)
    words, rows = entry.select({"word2999", "unknown", "word7", "", "two words", "\ud800"})
    assert words == ["word7", "word2999"]
    np.testing.assert_array_equal(rows, large_sample.rows[[7, 2999]])
    words, rows = entry.select({"unknown"})
    assert words == []
    assert rows.shape == (0, 4)
    assert entry.select(set(large_sample.words))[0] == large_sample.words


def test_select_words_with_equal_checksums(monkeypatch, large_sample):
    monkeypatch.setattr(cache, "_checksums", lambda words: np.array([len(word) for word in words], np.uint32) << 20)
    assert create(large_sample).select({"word7", "word10"})[0] == ["word7", "word10"]


def test_words_of_all_kinds(home):
    words = ["naïve", "日本", "a b", "\x85", "\u2028", "a\rb", ""]
    rows = np.arange(7, dtype=np.float32)[:, None]
    entry = cache.find_or_create("test", lambda draft: cache.write_vectors(draft, 1, [(words, rows)]) or {})
    assert entry.words() == entry.first_words(10) == words
    assert entry.select(dict.fromkeys(words))[0] == words


@pytest.mark.parametrize("file", ["entry.json", "vectors.npy", "words.txt", "checksums.npy"])
def test_damaged_entry_is_rebuilt(entry, large_sample, file):
    path = entry.path / file
    damages = [path.unlink, lambda: path.write_bytes(path.read_bytes()[:-1]), lambda: path.write_text("[]")]
    for damage in damages:
        damage()
        assert cache.find("test") is None
        with pytest.warns(UserWarning, match="will be rebuilt"):
            again = create(large_sample)
        assert again.words() == large_sample.words


def test_entry_of_another_version_is_rebuilt_without_a_warning(entry, large_sample):
    path = entry.path / "entry.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": cache.FORMAT - 1}))
    assert cache.find("test") is None
    assert create(large_sample).words() == large_sample.words


def test_failed_write_leaves_nothing(home):
    def write(draft):
        (draft / "file").write_text("x")
        raise RuntimeError("failed")

    with pytest.raises(RuntimeError, match="failed"):
        cache.find_or_create("test", write)
    assert [path.name for path in cache.folder().iterdir() if not path.name.endswith(".lock")] == []


def test_key_of_file(tmp_path):
    path = tmp_path / "my vectors.txt"
    path.write_text("a 1\n")
    key = cache.key_of_file(path, None)
    assert key.startswith("file-my_vectors-")
    assert cache.key_of_file(path, "member") != key
    os.utime(path, ns=(0, 0))
    modified = cache.key_of_file(path, None)
    assert modified != key
    assert modified.rsplit("-", 1)[0] == key.rsplit("-", 1)[0]


@needs_fork
def test_read_rows_reads_few_pages(tmp_path):
    """Of a file that is not in the page cache, only the pages of the requested rows are read."""
    path = tmp_path / "vectors.npy"
    matrix = np.arange(100_000 * 64, dtype=np.float32).reshape(-1, 64)
    np.save(path, matrix)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if resident_pages(file) > 100:
            pytest.skip("the file system does not drop pages")
        rows = np.arange(500, 100_000, 1000)
        found = cache.read_rows(path, rows)
        pages = resident_pages(file)
    np.testing.assert_array_equal(found, matrix[rows])
    assert pages < 1000, "of 6,250 pages"


def resident_pages(file):
    """Count the pages of a file that are in the page cache."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "mincore"):
        pytest.skip("no mincore")
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_WRITE, flags=mmap.MAP_PRIVATE) as view:
        flags = (ctypes.c_ubyte * (len(view) // mmap.PAGESIZE + 1))()
        anchor = ctypes.c_char.from_buffer(view)
        failed = libc.mincore(ctypes.c_void_p(ctypes.addressof(anchor)), ctypes.c_size_t(len(view)), flags)
        del anchor
    assert not failed
    return sum(flag & 1 for flag in flags)


@pytest.mark.parametrize("rows", [[], [0], [2999], [0, 1, 2, 10, 11, 500, 2998, 2999], list(range(3000))])
@pytest.mark.parametrize("window", [1, 1000, 1 << 22])
def test_read_rows(entry, large_sample, rows, window, monkeypatch):
    monkeypatch.setattr(cache, "_WINDOW", window)
    found = cache.read_rows(entry.path / "vectors.npy", np.array(rows, np.int64))
    np.testing.assert_array_equal(found, large_sample.rows[rows])
