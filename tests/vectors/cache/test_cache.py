import json
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import filelock
import numpy as np
import pytest

from skglove.vectors import EncoderVectors, WordVectors
from skglove.vectors.cache import cache, stored
from skglove.vectors.sources.sources import vector_source

needs_fork = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")


@pytest.fixture(scope="module")
def fork(shared_server, large_sample):
    """Send a command to the process of `forkserver.py`."""
    total = float(large_sample.rows.sum(dtype=float))
    arguments = [shared_server.url("a.gz"), len(large_sample.packed), large_sample.checksum, 3000, 4, total]
    environment = {**os.environ, "SKGLOVE_OFFLINE": "0", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[1] / "forkserver.py"), json.dumps(arguments)],
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
        sizes = {p.name: p.stat().st_size for p in (folder / name).iterdir() if p.name != "entry.json"}
        assert sizes == {file: size for file, (size, _) in about["files"].items()}
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
def write(large_sample):
    """Write 3,000 words."""

    def write(draft):
        stored.write_vectors(draft, 4, [(large_sample.words, large_sample.rows)])
        return {"source": "test"}

    return write


@pytest.fixture
def entry(write):
    return cache.find_or_create("test", write)


def test_platformdirs_is_not_installed(monkeypatch):
    monkeypatch.delenv("SKGLOVE_HOME", raising=False)
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.raises(
        cache.NoCacheError, match=r"platformdirs, .* is not installed; pip install skglove .* SKGLOVE_HOME"
    ):
        cache.home()


@pytest.mark.parametrize("chosen", ["~nosuchuser/x", "~nosuchuser"])
def test_the_home_of_an_unknown_user(chosen, monkeypatch, tmp_path):
    monkeypatch.setenv("SKGLOVE_HOME", chosen)
    monkeypatch.chdir(tmp_path)
    message = rf"^SKGLOVE_HOME='{chosen}' is no folder, since '~nosuchuser' has no home .* Set it to an absolute path"
    (tmp_path / "v.txt").write_text("cat 1 2\ndog 3 4\n")
    encoder = SimpleNamespace(encode=lambda words: [[len(word)] for word in words])
    for given in ("glove.6B.50d", tmp_path / "v.txt", EncoderVectors(encoder, "named")):
        with pytest.raises(ValueError, match=message):
            vector_source(given).check()
        with pytest.raises(ValueError, match=message):
            WordVectors.load(given, vocabulary=["cat"])
    for given in ({"cat": [1]}, encoder, WordVectors(["cat"], [[1]])):  # need no cache
        assert "cat" in WordVectors.load(given, vocabulary=["cat"])
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


def no_home(name):
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize(
    ("user_cache_path", "message"),
    [
        (no_home, "could not determine the home directory; set SKGLOVE_HOME to a folder, or HOME"),
        (lambda name: Path("~/.cache") / name, r"the system's cache folder is '~.*skglove'; set SKGLOVE_HOME"),
    ],
    ids=["new platformdirs", "old platformdirs"],
)
def test_a_user_without_a_home_folder(user_cache_path, message, monkeypatch, tmp_path):
    """In a container, a user may have neither HOME nor an entry in the list of users."""
    monkeypatch.delenv("SKGLOVE_HOME")
    monkeypatch.setattr("platformdirs.user_cache_path", user_cache_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.txt").write_text("cat 1 2\ndog 3 4\n")
    for vocabulary in (["cat"], None):  # without the cache
        assert WordVectors.load(tmp_path / "v.txt", vocabulary=vocabulary)["cat"].tolist() == [1, 2]
    assert vector_source("glove.6B.100d").check() is None
    with pytest.raises(OSError, match=rf"'glove\.6B\.100d' were not found\. .* set SKGLOVE_HOME to .* \({message}"):
        WordVectors.load("glove.6B.100d")
    assert [path.name for path in tmp_path.iterdir()] == ["v.txt"]


def test_entry(entry, write, large_sample):
    assert cache.find("test").path == entry.path
    vectors = cache.CachedVectors("test", write)
    assert vectors.exist()
    assert vectors.first_words(2) == large_sample.words[:2]
    words, rows = vectors.select({"word7"})
    assert (words, rows.tolist()) == (["word7"], large_sample.rows[[7]].tolist())
    words, rows = vectors.all()
    assert words == large_sample.words
    np.testing.assert_array_equal(rows.whole(), large_sample.rows)


@pytest.mark.parametrize("file", ["entry.json", "vectors.npy", "words.txt", "checksums.npy"])
def test_damaged_entry_is_rebuilt(entry, write, large_sample, file):
    path = entry.path / file
    damages = [path.unlink, lambda: path.write_bytes(path.read_bytes()[:-1]), lambda: path.write_text("[]")]
    for damage in damages:
        damage()
        assert cache.find("test") is None
        with pytest.warns(UserWarning, match="will be rebuilt"):
            again = cache.find_or_create("test", write)
        assert again.words() == large_sample.words


@pytest.mark.parametrize("file", ["entry.json", "vectors.npy", "words.txt", "checksums.npy"])
@pytest.mark.parametrize("read", ["first_words", "select", "all", "row of all"])
def test_zeros_of_the_right_size_are_rebuilt(entry, write, large_sample, file, read):
    """A power cut may leave them."""
    path = entry.path / file
    path.write_bytes(bytes(path.stat().st_size))
    vectors = cache.CachedVectors("test", write)
    words = large_sample.words
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if read == "first_words":
            assert vectors.first_words(3) == words[:3]
        elif read == "select":
            assert vectors.select({"word5"})[1].tolist() == [large_sample.rows[5].tolist()]
        else:
            found, rows = vectors.all()
            assert found == words
            assert (rows[5] if read == "row of all" else rows.whole()[5]).tolist() == large_sample.rows[5].tolist()
    messages = [str(warning.message) for warning in caught]
    not_read = read == "first_words" and file in ("vectors.npy", "checksums.npy")
    assert messages == ([] if not_read else [f"{entry.path} is damaged and will be rebuilt."])


def test_a_damaged_entry_stays_if_it_cannot_be_rebuilt(entry, write):
    def fail(draft):
        raise ValueError("no source")

    path = entry.path / "vectors.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    vectors = cache.CachedVectors("test", fail)
    for _ in range(2):
        with pytest.warns(UserWarning, match="will be rebuilt"), pytest.raises(ValueError, match="no source"):
            vectors.select({"word2999"})
        assert vectors.select({"word5"})[0] == ["word5"]


def test_entries_are_on_disk_before_they_are_renamed(write, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(os.fstat(descriptor).st_ino))
    rename = Path.rename
    monkeypatch.setattr(Path, "rename", lambda *paths: done.append("renamed") or rename(*paths))
    path = cache.find_or_create("test", write).path
    before = done[: done.index("renamed")]
    assert {file.stat().st_ino for file in path.iterdir()} <= set(before)
    if os.name == "posix":
        assert path.stat().st_ino in before
        assert done[-1] == path.parent.stat().st_ino


def test_entry_of_another_version_is_rebuilt_without_a_warning(entry, write, large_sample):
    path = entry.path / "entry.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": stored.FORMAT - 1}))
    assert cache.find("test") is None
    assert cache.find_or_create("test", write).words() == large_sample.words


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


@pytest.fixture
def megabyte(tmp_path):
    """A file of 1 MB."""
    path = tmp_path / "v.txt"
    path.write_bytes(bytes(1 << 20))
    os.utime(path, ns=(0, 0))
    return path


def overwrite(path, position):
    """Overwrite one byte, and set the time of modification back."""
    with open(path, "r+b") as file:
        file.seek(position)
        file.write(b"x")
    os.utime(path, ns=(0, 0))


@pytest.mark.parametrize("name", ["st_ino", "st_size", "st_mtime_ns", "st_ctime_ns"])
def test_key_of_a_file_depends_on_its_status(megabyte, monkeypatch, name):
    status = SimpleNamespace(st_ino=1, st_size=1 << 20, st_mtime_ns=0, st_ctime_ns=0)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: status)
    before = cache.key_of_file(megabyte, None)
    setattr(status, name, 2)
    assert cache.key_of_file(megabyte, None) != before


@pytest.mark.skipif(os.name != "posix", reason="needs the time of the last change of status")
def test_key_of_a_file_that_was_modified_anywhere(megabyte):
    before = cache.key_of_file(megabyte, None)
    time.sleep(0.02)  # the resolution of the file system's clock
    overwrite(megabyte, 5000)
    assert cache.key_of_file(megabyte, None) != before


@pytest.mark.parametrize("position", [0, 557_060, (1 << 20) - 1])
def test_key_of_a_file_depends_on_samples_of_its_content(megabyte, monkeypatch, position):
    status = SimpleNamespace(st_ino=1, st_size=1 << 20, st_mtime_ns=0, st_ctime_ns=0)
    monkeypatch.setattr(Path, "stat", lambda *_, **__: status)
    before = cache.key_of_file(megabyte, None)
    assert cache.key_of_file(megabyte, None) == before
    overwrite(megabyte, position)
    assert cache.key_of_file(megabyte, None) != before


def test_one_lock_file_for_all_versions_of_a_file(write, tmp_path):
    path = tmp_path / "v.txt"
    for i in range(5):
        path.write_bytes(b"x" * i)
        key = cache.key_of_file(path, None)
        left = cache.folder() / f".{key}.left.draft"  # by a process that was killed
        left.mkdir(parents=True)
        path.write_bytes(b"y" * i)
        key = cache.key_of_file(path, None)
        cache.find_or_create(key, write)
    assert sorted(path.name for path in cache.folder().iterdir()) == [f".{key.rsplit('-', 1)[0]}.lock", key]


@pytest.mark.parametrize("key", ["test.vectors", "encoder-a-0123-4567"])
def test_drafts_of_killed_processes_are_removed_if_the_entry_exists(home, key):
    cache.find_or_create(key, write_one)
    draft = cache.folder() / f".{key}.left.draft"
    draft.mkdir()
    with filelock.FileLock(cache.folder() / f".{cache._source(key)}.lock"):  # a process may be writing it
        cache.find_or_create(key, write_one)
        assert draft.exists()
    cache.find_or_create(key, write_one)
    assert not draft.exists()
    assert cache.find(key) is not None


def test_drafts_are_removed_if_all_words_of_an_encoder_are_cached(home):
    key = cache.key_of_encoder("name")
    cache.find_or_create(key + "4567", write_one)
    draft = cache.folder() / f".{key}89ab.left.draft"
    draft.mkdir()
    assert len(cache.find_all(key)) == 1
    assert not draft.exists()


def write_one(draft):
    stored.write_vectors(draft, 1, [(["word"], np.ones((1, 1), np.float32))])
    return {}
