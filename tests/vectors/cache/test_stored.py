import ctypes
import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from skglove.vectors.cache import stored
from skglove.vectors.cache.stored import DamagedError, MappedRows, StoredVectors

WORDS = ["naïve", "日本", "a b", "\x85", "\u2028", "a\rb", ""]
ROWS = np.arange(14, dtype=np.float32).reshape(7, 2)


def store(path, words, rows):
    path.mkdir()
    stored.write_vectors(
        path, rows.shape[1], [(words[i : i + 700], rows[i : i + 700]) for i in range(0, len(words), 700)]
    )
    stored.seal(path, {"source": "test"})
    return StoredVectors(path)


@pytest.fixture
def large(tmp_path, large_sample):
    return store(tmp_path / "large", large_sample.words, large_sample.rows)


@pytest.fixture
def small(tmp_path):
    return store(tmp_path / "small", WORDS, ROWS)


def fail():
    raise ValueError("no source")


def test_select(large, large_sample):
    words, rows = large.select({"word2999", "unknown", "word7", "", "two words", "\ud800"})
    assert words == ["word7", "word2999"]
    np.testing.assert_array_equal(rows, large_sample.rows[[7, 2999]])
    words, rows = large.select({"unknown"})
    assert words == []
    assert rows.shape == (0, 4)
    assert large.select(set(large_sample.words))[0] == large_sample.words


def test_select_words_with_equal_checksums(monkeypatch, tmp_path, large_sample):
    monkeypatch.setattr(stored, "_crc32s", lambda words: np.array([len(word) for word in words], np.uint32) << 20)
    found = store(tmp_path / "equal", large_sample.words, large_sample.rows).select({"word7", "word10"})
    assert found[0] == ["word7", "word10"]


def test_words_of_all_kinds(small):
    assert small.words() == small.first_words(10) == WORDS
    assert small.first_words(2) == WORDS[:2]
    assert small.select(dict.fromkeys(WORDS))[0] == WORDS


def test_mapped_rows(large, large_sample):
    rows = MappedRows(large, fail)
    for _ in range(2):
        assert rows.shape == (3000, 4)
        np.testing.assert_array_equal(rows[7], large_sample.rows[7])
        np.testing.assert_array_equal(rows[[7, 0, 7]], large_sample.rows[[7, 0, 7]])
        assert rows[[]].shape == (0, 4)
        assert isinstance(rows.whole(), np.memmap)
        assert not rows.whole().flags.writeable
        np.testing.assert_array_equal(rows.whole(), large_sample.rows)


# Damage

READ = {
    "words": lambda path: StoredVectors(path).words() == WORDS,
    "first words": lambda path: StoredVectors(path).first_words(3) == WORDS[:3],
    "select": lambda path: is_right(*StoredVectors(path).select(set(WORDS[1:4]))),
    "rows": lambda path: np.array_equal(MappedRows(StoredVectors(path), fail)[[0, 6]], ROWS[[0, 6]]),
    "whole": lambda path: np.array_equal(MappedRows(StoredVectors(path), fail).whole(), ROWS),
}


def is_right(words, rows):
    return words == WORDS[1:4] and np.array_equal(rows, ROWS[1:4])


@pytest.mark.parametrize("file", ["entry.json", "vectors.npy", "words.txt", "checksums.npy"])
def test_no_damaged_byte_gives_wrong_vectors(small, file):
    path = small.path / file
    content = path.read_bytes()
    damaged = [
        content[:i] + bytes([content[i] ^ bits]) + content[i + 1 :] for i in range(len(content)) for bits in (1, 255)
    ]
    damaged += [bytes(len(content)), content[::-1], content[1:] + content[:1]]
    n_errors = 0
    with open(path, "r+b") as opened:
        for altered in damaged:
            opened.seek(0)
            opened.write(altered)
            opened.flush()
            for read in READ.values():
                try:
                    assert read(small.path)
                except DamagedError:
                    n_errors += 1
    assert n_errors > len(content)


@pytest.mark.parametrize("alter", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["missing", "empty"])
def test_a_file_that_another_process_removes_is_damage(small, alter):
    alter(small.path / "vectors.npy")
    for read in (lambda: small.select({"a b"}), lambda: MappedRows(small, fail)):
        with pytest.raises(DamagedError, match=r"small is damaged\."):
            read()


def test_a_missing_file_is_damage(small):
    mapped = MappedRows(small, fail)
    for path in small.path.iterdir():
        path.unlink()
    for read in (small.words, lambda: small.select({"a b"}), lambda: StoredVectors(small.path)):
        with pytest.raises(DamagedError, match=r"small is damaged\."):
            read()
    np.testing.assert_array_equal(mapped[0], ROWS[0])
    np.testing.assert_array_equal(mapped.whole(), ROWS)


@pytest.mark.parametrize("read", [lambda rows: rows[6], lambda rows: rows.whole()[6]], ids=["one", "all"])
def test_mapped_rows_are_repaired(small, tmp_path, read):
    mapped = MappedRows(small, lambda: store(tmp_path / "again", WORDS, ROWS))
    damage_last_row(small)
    np.testing.assert_array_equal(mapped[0], ROWS[0])
    assert not (tmp_path / "again").exists()
    np.testing.assert_array_equal(read(mapped), ROWS[6])
    np.testing.assert_array_equal(mapped.whole(), ROWS)


def test_mapped_rows_that_cannot_be_repaired(small, tmp_path):
    damage_last_row(small)
    with pytest.raises(DamagedError, match=r"small is damaged\. It cannot be rebuilt: no source"):
        MappedRows(small, fail)[6]
    changed = MappedRows(small, lambda: store(tmp_path / "again", WORDS, ROWS + 1))
    with pytest.raises(DamagedError, match=r"small is damaged\. Its source has changed, too\. Load the vectors again"):
        changed[6]


def test_a_rebuilt_file_does_not_hide_that_the_mapped_one_is_damaged(small, tmp_path):
    """Another process may have rebuilt it."""
    mapped = MappedRows(small, lambda: StoredVectors(small.path))
    damage_last_row(small)
    store(tmp_path / "again", WORDS, ROWS)
    (tmp_path / "again" / "vectors.npy").replace(small.path / "vectors.npy")
    np.testing.assert_array_equal(mapped.whole(), ROWS)


def damage_last_row(stored_vectors):
    with open(stored_vectors.path / "vectors.npy", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="needs posix_fadvise")
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
        found = stored.read_rows(path, matrix.shape, rows)
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
def test_read_rows(large, large_sample, rows, window, monkeypatch):
    monkeypatch.setattr(stored, "_WINDOW", window)
    found = stored.read_rows(large.path / "vectors.npy", (3000, 4), np.array(rows, np.int64))
    np.testing.assert_array_equal(found, large_sample.rows[rows])
