"""Processes that are killed, and that race, while they fill the cache."""

import gzip
import json
import os
import signal
from pathlib import Path

import pytest

from skglove.vectors.cache.cache import key_of_file
from tests.vectors.cache.test_cache import needs_fork

SHARE = 0.1
pytestmark = needs_fork


@pytest.fixture
def source(rng, tmp_path, large_sample):
    file = tmp_path / "vectors.gz"
    file.write_bytes(large_sample.packed)
    return rng.choice(["test.vectors", str(file), "encoder"]).item()


@pytest.fixture(scope="module")
def usual(fork, tmp_path_factory):
    """Return the numbers of operations and of seconds of a load that is not killed."""
    known = {}

    def usual(source):
        name = os.path.basename(source)
        if name not in known:
            known[name] = fork(tmp_path_factory.mktemp("usual") / "home", source=source)
        return known[name]

    return usual


def test_kills(rng, fork, usual, source, tmp_path):
    home, done = tmp_path / "home", [source]
    for _ in range(rng.integers(1, 4)):
        moment = {"kill_at": int(rng.integers(1, usual(source)["events"] + 1))}
        if rng.random() < 0.5:
            moment = {"kill_after": rng.uniform(0, 1.2) * usual(source)["seconds"]}
        answer = fork(home, children=int(rng.integers(1, 4)), source=source, words=some_words(rng), **moment)
        done.append((moment, answer["codes"]))
        assert answer["codes"][0] in (0, -signal.SIGKILL), done
        assert set(answer["codes"][1:]) <= {0}, done
        if source.endswith(".gz") and rng.random() < 0.5:
            replace(source, rng)
            done.append("replaced")
    assert fork(home, children=2, source=source, words=some_words(rng))["codes"] == [0, 0], done
    assert junk(home, source) == [], done


def some_words(rng):
    first, last = sorted(rng.choice(3001, 2, replace=False).tolist())
    return first, last


def replace(file, rng):
    """Write the same vectors again, as a file of another size and time."""
    with open(file, "rb") as opened:
        text = gzip.decompress(opened.read())
    with open(file, "wb") as opened:
        opened.write(gzip.compress(text, int(rng.integers(1, 10)), mtime=0))


def junk(home, source):
    """List the drafts, incomplete entries, entries of older versions of a file, and parts of downloads."""
    entries = [path for path in (home / "vectors").iterdir() if path.suffix != ".lock"]
    downloads = [path for path in (home / "downloads").rglob("*") if path.is_file() and path.suffix != ".lock"]
    current = key_of_file(Path(source), None) if source.endswith(".gz") else ""
    return [path.name for path in downloads + entries if path in downloads or not is_live(path, current)]


def is_live(entry, current):
    if entry.name.startswith(".") or not entry.name.startswith(current):
        return False
    about = json.loads((entry / "entry.json").read_text())
    return set(os.listdir(entry)) == {"entry.json", *about["files"]}
