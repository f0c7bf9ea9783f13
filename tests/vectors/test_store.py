import ctypes
import gzip
import hashlib
import json
import mmap
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from serving import Serving

from skglove.vectors import WordVectors, store

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")
WORDS = [f"word{i}" for i in range(3000)]
ROWS = np.arange(3000 * 8, dtype=np.float32).reshape(3000, 8) / 8
TEXT = "".join(f"{w} {' '.join(map(str, r))}\n" for w, r in zip(WORDS, ROWS.tolist(), strict=True)).encode()
PACKED = gzip.compress(TEXT, mtime=0)


@pytest.fixture(scope="module")
def server():
    serving = Serving()
    serving.files["a.gz"] = PACKED
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def zygote(server):
    """Ask the process that forks; see `zygote.py`."""
    about = [
        server.url("a.gz"),
        len(PACKED),
        "md5:" + hashlib.md5(PACKED).hexdigest(),
        3000,
        8,
        float(ROWS.sum(dtype=float)),
    ]
    environment = {**os.environ, "SKGLOVE_OFFLINE": "0", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py")), json.dumps(about)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip

    def ask(home, **command):
        process.stdin.write(json.dumps({"home": str(home), **command}) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.stdin.close()
    assert process.wait(10) == 0


def conversions(home):
    return len(Path(f"{home}.conversions").read_text())


def test_ten_processes_on_an_empty_cache(zygote, server, tmp_path):
    server.requests.clear()
    home = tmp_path / "home"
    assert zygote(home, children=10)["codes"] == [0] * 10
    assert conversions(home) == 1
    assert len(server.requests) == 1


def test_one_of_ten_killed(zygote, tmp_path):
    """Another takes over."""
    events = zygote(tmp_path / "first")["events"]
    for share in (0.3, 0.6, 0.9):
        home = tmp_path / f"home{share}"
        codes = zygote(home, children=10, kill_at=int(events * share))["codes"]
        assert codes[1:] == [0] * 9


def after_a_kill(zygote, home):
    """What is there is whole, and the next load works."""
    folder = home / "vectors"
    entries = [p.name for p in folder.iterdir() if not p.name.startswith(".")] if folder.exists() else []
    for name in entries:
        about = json.loads((folder / name / "entry.json").read_text())
        assert {p.name: p.stat().st_size for p in (folder / name).iterdir() if p.name != "entry.json"} == about["files"]
    assert zygote(home)["codes"] == [0]
    left = [p.name for p in folder.iterdir() if not p.name.endswith(".lock")]
    assert left == ["test.vectors"]


def test_killed_at_many_operations(zygote, tmp_path):
    events = zygote(tmp_path / "first")["events"]
    assert events > 50
    for i, kill_at in enumerate(np.linspace(1, events, 50).astype(int).tolist()):
        home = tmp_path / f"home{i}"
        assert zygote(home, kill_at=kill_at)["codes"] == [-signal.SIGKILL]
        after_a_kill(zygote, home)


def test_killed_at_many_times(zygote, server, tmp_path):
    """Between operations, too: in the middle of a write."""
    server.faults["a.gz"] = [("slow", 0.003)]
    seconds = zygote(tmp_path / "first")["seconds"]
    killed = 0
    for i, share in enumerate(np.linspace(0.05, 1, 30).tolist()):
        home = tmp_path / f"home{i}"
        server.faults["a.gz"] = [("slow", 0.003)]
        killed += zygote(home, kill_after=seconds * share)["codes"] == [-signal.SIGKILL]
        server.faults["a.gz"] = []
        after_a_kill(zygote, home)
    assert killed > 15


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(TEXT)
    return path


def entry_of(home, kind):
    (entry,) = (home / "vectors").glob(f"file-*-{kind}-*")
    return entry


@pytest.mark.parametrize("kind", ["whole", "lines"])
def test_damaged_entry_is_made_anew(path, home, kind):
    vocabulary = None if kind == "whole" else ["word5"]
    first = WordVectors.load(path, vocabulary=vocabulary)
    entry = entry_of(home, kind)
    about = json.loads((entry / "entry.json").read_text())
    big = max(entry.iterdir(), key=lambda file: file.stat().st_size)
    damages = [
        lambda: (entry / "entry.json").write_text("{"),
        lambda: (entry / "entry.json").write_text(json.dumps({**about, "format": store.FORMAT - 1})),
        lambda: (entry / "entry.json").unlink(),
        lambda: (entry / "entry.json").write_text("[]"),
        big.unlink,
        lambda: big.write_bytes(big.read_bytes()[:-1]),
    ]
    for damage in damages:
        damage()
        with pytest.warns(UserWarning, match="is made anew"):
            again = WordVectors.load(path, vocabulary=vocabulary)
        assert again.index_to_key == first.index_to_key
        np.testing.assert_array_equal(again.vectors, first.vectors)


def test_a_changed_file_is_read_again_and_the_old_entry_dropped(path, home):
    for vocabulary, kind in ((None, "whole"), (["word5"], "lines")):
        path.write_bytes(TEXT)
        os.utime(path, ns=(0, 0))
        WordVectors.load(path, vocabulary=vocabulary)
        old = entry_of(home, kind)
        path.write_bytes(TEXT.replace(b"word5 ", b"Word5 "))
        os.utime(path, ns=(0, 1))
        assert "Word5" in WordVectors.load(path, vocabulary=[*(vocabulary or WORDS), "Word5"])
        if kind == "lines":
            assert entry_of(home, kind) != old
        path.unlink()
        for entry in (home / "vectors").glob("file-*"):
            for file in entry.iterdir():
                file.unlink()
            entry.rmdir()


def test_no_file_is_parsed_twice(path, monkeypatch):
    """Neither whole, nor for a second vocabulary."""
    from skglove.vectors import text, tokenindex

    WordVectors.load(path, vocabulary=["word1"])
    monkeypatch.setattr(tokenindex.TokenIndex, "of_file", None)
    assert WordVectors.load(path, vocabulary=["word2999", "word7"]).index_to_key == ["word7", "word2999"]
    WordVectors.load(path)
    monkeypatch.setattr(text, "_parse", None)
    assert len(WordVectors.load(path)) == 3000
    np.testing.assert_array_equal(WordVectors.load(path, vocabulary=["word7"]).vectors, ROWS[[7]])


def test_only_the_rows_asked_for_are_read(tmp_path):
    """Of a file that is not in memory, only the pages of these rows come in."""
    path = tmp_path / "vectors.npy"
    matrix = np.arange(100_000 * 64, dtype=np.float32).reshape(-1, 64)
    np.save(path, matrix)
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if resident_pages(file) > 100:
            pytest.skip("this file system keeps its files in memory")
        rows = np.arange(500, 100_000, 1000)
        found = store.read_rows(path, rows)
        pages = resident_pages(file)
    np.testing.assert_array_equal(found, matrix[rows])
    assert pages < 1000, "of 6,250"


def resident_pages(file):
    """Count the pages of a file that the system holds in memory."""
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
def test_read_rows(path, home, rows):
    WordVectors.load(path)
    found = store.read_rows(entry_of(home, "whole") / "vectors.npy", np.array(rows, np.int64))
    np.testing.assert_array_equal(found, ROWS[rows])
