import gc
import gzip
import io
import os
import sys
import tempfile
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest

from skglove import GloveTextVectorizer
from skglove.vectors import EncoderVectors, WordVectors
from skglove.vectors.cache import cache
from skglove.vectors.formats import textformat
from skglove.vectors.sources.sources import vector_source


@pytest.fixture
def path(tmp_path, large_sample):
    path = tmp_path / "v.txt"
    path.write_bytes(large_sample.text)
    return path


def test_vocabulary_of_a_plain_file_is_not_cached(path, home, large_sample):
    vectors = WordVectors.load(path, vocabulary=["word2999", "word7"])
    assert vectors.index_to_key == ["word7", "word2999"]
    np.testing.assert_array_equal(vectors.vectors, large_sample.rows[[7, 2999]])
    assert not home.exists()


def test_a_plain_file_that_is_read_often_is_converted(path, home, monkeypatch, large_sample):
    def read():
        rows, _ = vector_source(path).lookup(["word2999", "unknown"])
        np.testing.assert_array_equal(rows, [large_sample.rows[2999], [0] * 4])

    for _ in range(3):
        read()
    assert not list(home.glob("vectors/file-*"))
    for _ in range(2):
        read()
        assert len(list(home.glob("vectors/file-*"))) == 1
        monkeypatch.setattr(textformat, "_parse_block", None)


def test_a_large_file_is_not_converted(path, home, monkeypatch):
    monkeypatch.setattr("skglove.vectors.sources.files._MOST_BYTES", 1000)
    for _ in range(5):
        vector_source(path).lookup(["word7"])
    assert not list(home.glob("vectors/file-*"))


def test_file_is_converted_once(path, monkeypatch, large_sample):
    WordVectors.load(path)
    monkeypatch.setattr(textformat, "_parse_block", None)
    assert len(WordVectors.load(path)) == 3000
    np.testing.assert_array_equal(WordVectors.load(path, vocabulary=["word7"]).vectors, large_sample.rows[[7]])


def test_modified_file_replaces_its_entry(path, home, large_sample):
    loaded = WordVectors.load(path)
    (old,) = (home / "vectors").glob("file-*")
    path.write_bytes(large_sample.text.replace(b"word5 ", b"Word55 "))
    assert "Word55" in WordVectors.load(path)
    np.testing.assert_array_equal(loaded["word5"], large_sample.rows[5])
    np.testing.assert_array_equal(loaded.vectors, large_sample.rows)
    (new,) = (home / "vectors").glob("file-*")
    assert new != old


def test_modified_file_of_the_same_size_and_time_replaces_its_entry(path, large_sample):
    status = path.stat()
    WordVectors.load(path)
    new = path.with_name("new")
    new.write_bytes(large_sample.text.replace(b"word1500 ", b"Word1500 "))
    os.utime(new, ns=(status.st_atime_ns, status.st_mtime_ns))
    new.replace(path)
    assert "Word1500" in WordVectors.load(path)


def test_a_file_that_is_modified_while_it_is_converted(path, home, monkeypatch, large_sample):
    iterate = textformat.iterate_vectors

    def modify(*arguments, **options):
        if not path.read_bytes().startswith(b"Word0"):
            path.write_bytes(b"W" + large_sample.text[1:])
        return iterate(*arguments, **options)

    monkeypatch.setattr(textformat, "iterate_vectors", modify)
    assert "Word0" in WordVectors.load(path)
    assert not list(home.glob("vectors/file-*"))


def damage(entry, file="vectors.npy"):
    """Overwrite a file with zeros."""
    path = entry / file
    path.write_bytes(bytes(path.stat().st_size))


def test_damaged_entry_of_a_file_is_rebuilt(path, home, large_sample):
    loaded = WordVectors.load(path)
    (entry,) = home.glob("vectors/file-*")
    for read in (
        lambda: vector_source(path).lookup(["word7"])[0][0],
        lambda: WordVectors.load(path)["word7"],
        lambda: WordVectors.load(path).vectors[7],
        lambda: loaded[["word7"]][0],
        lambda: loaded.vectors[7],
    ):
        damage(entry)
        with pytest.warns(UserWarning, match="is damaged and will be rebuilt"):
            np.testing.assert_array_equal(read(), large_sample.rows[7])
    damage(entry, "words.txt")
    with pytest.warns(UserWarning, match="is damaged and will be rebuilt"):
        assert vector_source(path).head(3) == large_sample.words[:3]


def test_damaged_entry_of_a_file_that_has_changed(path, home, large_sample):
    loaded = WordVectors.load(path)
    (entry,) = home.glob("vectors/file-*")
    path.write_bytes(large_sample.text.replace(b"word5 ", b"Word55 "))
    damage(entry)
    message = r"is damaged\. It cannot be rebuilt: .* was modified while its vectors were in use\. Load them again"
    with pytest.warns(UserWarning, match="is damaged and will be rebuilt"), pytest.raises(OSError, match=message):
        loaded["word7"]


def test_damaged_entry_without_a_source(register, home, monkeypatch):
    register("a.gz")
    WordVectors.load("test.vectors")
    damage(home / "vectors" / "test.vectors")
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    message = r"'test\.vectors' were not found\. .* Tried: the cache \(.*test\.vectors cannot be used\)"
    for read in (
        lambda: vector_source("test.vectors").lookup(["word7"]),
        lambda: WordVectors.load("test.vectors")["word7"],
        lambda: WordVectors.load("test.vectors").vectors,
    ):
        with pytest.warns(UserWarning, match="is damaged and will be rebuilt"), pytest.raises(OSError, match=message):
            read()


def test_downloaded_vectors(register, large_sample):
    register("a.gz")
    source = vector_source("test.vectors")
    assert source.head(2) == ["word0", "word1"]
    rows, found = source.lookup(["word7", "unknown", "word2999"])
    np.testing.assert_array_equal(rows, [large_sample.rows[7], [0] * 4, large_sample.rows[2999]])
    assert found.tolist() == [True, False, True]
    vectors = WordVectors.load("test.vectors")
    assert isinstance(vectors.vectors, np.memmap)
    assert not vectors.vectors.flags.writeable


def test_zip_member_by_name(register, server, large_sample):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("/abs/../../../escape/right.txt", large_sample.text)
        archive.writestr("wrong.txt", "a 1 2 3 4\n")
    server.files["a.zip"] = buffer.getvalue()
    register("a.zip", size=None, checksum=None, member="right.txt")
    assert WordVectors.load("test.vectors").index_to_key == large_sample.words


def test_wrong_dimension(register):
    register("a.gz", dim=5)
    with pytest.raises(OSError, match=r"has 4 numbers per word, expected 5 for test\.vectors"):
        WordVectors.load("test.vectors")
    assert cache.find("test.vectors") is None


def test_words_of_published_files_may_be_broken(register, server, large_sample):
    """Of Facebook's files, some have words that are not UTF-8."""
    server.files["a.txt"] = large_sample.text.replace(b"word5 ", b"w\xff ")
    register("a.txt", size=None, checksum=None)
    words = WordVectors.load("test.vectors").index_to_key
    assert words == [*large_sample.words[:5], "w\ufffd", *large_sample.words[6:]]


def test_published_files_may_be_binary(register, server):
    rows = np.arange(8, dtype="<f4").reshape(2, 4)
    server.files["a.gz"] = gzip.compress(b"2 4\nthe " + rows[0].tobytes() + b"cat " + rows[1].tobytes())
    register("a.gz", size=None, checksum=None)
    vectors = WordVectors.load("test.vectors")
    assert vectors.index_to_key == ["the", "cat"]
    assert vectors.vectors.tolist() == rows.tolist()


def test_unwritable_cache(register, server, home, path, large_sample):
    """What a name denotes is prepared once for all that a fit reads."""
    home.write_text("a file instead of a folder")
    register("a.gz")
    source = vector_source("test.vectors")
    with pytest.warns(UserWarning, match="cannot be written"):
        assert source.head(2) == ["word0", "word1"]
    rows, found = source.lookup(["word7", "unknown"])
    np.testing.assert_array_equal(rows, [large_sample.rows[7], [0] * 4])
    assert found.tolist() == [True, False]
    assert len(server.requests) == 1
    with pytest.warns(UserWarning, match="cannot be written"):
        vectors = WordVectors.load("test.vectors")
    np.testing.assert_array_equal(vectors.vectors, large_sample.rows)
    assert len(WordVectors.load(path)) == 3000
    assert len(WordVectors.load(path, vocabulary=["word5"])) == 1


def test_temporary_vectors_are_removed(register, home, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    home.write_text("a file instead of a folder")
    register("a.gz")
    with pytest.warns(UserWarning, match="cannot be written"):
        vectors = WordVectors.load("test.vectors")
    assert len(list((tmp_path / "temporary").iterdir())) == 1
    del vectors
    gc.collect()
    assert not list((tmp_path / "temporary").iterdir())


BARE = ("platformdirs", "filelock", "pooch", "requests", "urllib3", "tqdm", "tqdm.auto", "pyarrow")


@pytest.fixture
def bare(monkeypatch):
    """An environment for prediction, with scikit-learn alone."""
    monkeypatch.delenv("SKGLOVE_HOME")
    for name in BARE:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("kind", ["plain", "gzip", "mapping", "encoder", "named encoder"])
@pytest.mark.parametrize("home_is_set", [False, True])
def test_without_the_packages_of_the_cache(bare, kind, home_is_set, path, large_sample, tmp_path, monkeypatch):
    if home_is_set:
        monkeypatch.setenv("SKGLOVE_HOME", str(tmp_path / "home"))
    if kind == "gzip":
        path.write_bytes(large_sample.packed)
    encoder = SimpleNamespace(encode=lambda words: [[0, 0, 0, int(word[4:]) / 8] for word in words])
    given = {
        "mapping": dict(zip(large_sample.words, large_sample.rows, strict=True)),
        "encoder": encoder,
        "named encoder": EncoderVectors(encoder, "test"),
    }.get(kind, path)
    vectorizer = GloveTextVectorizer(given, extra_words=0).fit(["word2999 word7"])
    expected = [0, 0.875, 2999 / 8] if "encoder" in kind else [0, *large_sample.rows[[7, 2999], 3]]
    assert sorted(vectorizer.embedding_matrix_[:, 3]) == expected
    assert not list(tmp_path.glob("home/vectors/[!.]*"))


def test_named_vectors_without_the_packages_of_the_cache(bare, monkeypatch):
    monkeypatch.setenv("SKGLOVE_OFFLINE", "0")
    message = (
        r"^The word vectors 'glove\.6B\.100d' were not found\. .* set SKGLOVE_HOME to a copy of its cache .*"
        r"Tried: the cache \(platformdirs, .* is not installed; pip install skglove .* the network "
        r"\(not tried: not installed: filelock, pooch, requests, tqdm, urllib3; pip install skglove"
    )
    with pytest.raises(OSError, match=message):
        GloveTextVectorizer("glove.6B.100d").fit(["word"])


def test_named_vectors_without_platformdirs(register, monkeypatch):
    register("a.gz")
    monkeypatch.delenv("SKGLOVE_HOME")
    monkeypatch.setitem(sys.modules, "platformdirs", None)
    with pytest.warns(UserWarning, match=r"platformdirs, .* is not installed; .* is prepared for this call only"):
        vectors = WordVectors.load("test.vectors", vocabulary=["word5"])
    assert vectors.index_to_key == ["word5"]


def test_unreadable_file(path):
    source = vector_source(path)
    path.unlink()
    for read in (source.check, lambda: source.head(1), lambda: source.lookup(["a"])):
        with pytest.raises(FileNotFoundError):
            read()
