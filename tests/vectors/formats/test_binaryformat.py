import gzip

import numpy as np
import pytest

from skglove.vectors import WordVectors
from skglove.vectors.cache import cache
from skglove.vectors.formats import binaryformat
from skglove.vectors.formats.binaryformat import is_binary, iterate_vectors, read_layout
from skglove.vectors.sources.sources import vector_source

WORDS = ["</s>", "the", "naïve", "日本", "0.5", "New_York", "5"]


@pytest.fixture
def keyed_vectors():
    gensim = pytest.importorskip("gensim.models")
    result = gensim.KeyedVectors(300)
    result.add_vectors([*WORDS, *(f"word{i}" for i in range(2000))], np.random.RandomState(0).randn(2007, 300))
    return result


def encode(words, rows, end=b"", header=None):
    """Write as word2vec does, with `end` after each vector."""
    header = f"{len(words)} {len(rows[0])}\n" if header is None else header
    body = b"".join(w + b" " + np.asarray(r, "<f4").tobytes() + end for w, r in zip(words, rows, strict=True))
    return header.encode() + body


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_files_of_gensim(keyed_vectors, packed, tmp_path):
    from gensim.models import KeyedVectors

    path = tmp_path / ("vectors.bin.gz" if packed else "vectors.bin")
    keyed_vectors.save_word2vec_format(tmp_path / "vectors.bin", binary=True)
    if packed:
        path.write_bytes(gzip.compress((tmp_path / "vectors.bin").read_bytes()))
    theirs = KeyedVectors.load_word2vec_format(path, binary=True)
    ours = WordVectors.load(path)
    assert ours.index_to_key == theirs.index_to_key
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    some = WordVectors.load(path, vocabulary=["word1999", "unknown", "日本"])
    assert some.index_to_key == ["日本", "word1999"]
    np.testing.assert_array_equal(some.vectors, theirs[["日本", "word1999"]])


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["gensim", "word2vec"])
@pytest.mark.parametrize("block", [7, 100, 1 << 20])
def test_blocks_of_any_size(end, block, monkeypatch, tmp_path):
    monkeypatch.setattr(binaryformat, "_BLOCK_BYTES", block)
    path = tmp_path / "vectors.bin"
    rows = np.random.RandomState(1).randn(len(WORDS), 5).astype("f4")
    path.write_bytes(encode([word.encode() for word in WORDS], rows, end))
    vectors = WordVectors.load(path)
    assert vectors.index_to_key == WORDS
    np.testing.assert_array_equal(vectors.vectors, rows)
    for n in (0, 2, 100):
        assert binaryformat.first_words(path, read_layout(path), n) == WORDS[:n]


def test_head_before_and_after_the_conversion(tmp_path):
    path = tmp_path / "vectors.bin"
    path.write_bytes(encode([b"the", b"cat"], [[1.5, 2], [3, 4]]))
    source = vector_source(path)
    source.check()
    assert source.head(1) == ["the"]
    WordVectors.load(path)
    assert cache.find(source._key())
    assert source.head(5) == ["the", "cat"]


def test_repeated_words_and_words_that_are_cut(tmp_path):
    path = tmp_path / "vectors.bin"
    path.write_bytes(encode(["é".encode()[:1], b"the", b"the"], [[1.1, 1], [2.2, 2], [3.3, 3]]))
    vectors = WordVectors.load(path)
    assert vectors.index_to_key == ["\ufffd", "the"]
    assert vectors.vectors[:, 1].tolist() == [1, 2]
    with pytest.raises(UnicodeDecodeError):
        list(iterate_vectors(path, read_layout(path), errors="strict"))


@pytest.mark.parametrize(
    "text",
    [
        "2 3\nthe 1 2 3\ncat 4 5 6\n",
        "2 2\nthe 1 2\nñu 4 5\n",
        "2 3\nthe 1 2\ncat 3 4\n",  # the header is wrong
        "2 300\nthe 1 2 é 4\n",
        "the 1 2\n",
        "5 1\n6 2\n",
        "",
    ],
)
def test_texts_are_no_binary_files(text, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text(text, encoding="utf-8")
    assert not is_binary(path)


@pytest.mark.parametrize("seed", range(50))
def test_binary_files_of_a_few_dimensions_are_recognized(seed, tmp_path):
    path = tmp_path / "vectors.bin"
    path.write_bytes(encode([b"the"], np.random.RandomState(seed).randn(1, 8)))
    assert is_binary(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encode([b"the", b"cat"], [[0.1] * 4] * 2)[:-1], "declares 2 words, but the file ends after 1. Download"),
        (
            encode([b"the", b"long_word"], [[0.1] * 4] * 2)[:-16],
            "declares 2 words, but the file ends after 1. Download",
        ),
        (
            encode([b"the", b"cat"], [[0.1] * 4] * 2, header="3 4\n"),
            "declares 3 words.*file (is too small|ends after 2)",
        ),
        (
            encode([b"the", b"cat"], [[0.1] * 4] * 2, header=f"{10**17} 4\n"),
            "declares 1(0{17}) words .*file is too small",
        ),
        (encode([b"the", b"cat"], [[0.1] * 4] * 2, header=f"2 {10**8}\n"), "of 1(0{8}) dimensions.*file is too small"),
        (
            encode([b"the", b"cat"], [[0.1] * 4] * 2, header="1 4\n"),
            "declares 1 words, but the file goes on after them",
        ),
        (encode([b"the"], [[0.1] * 4], end=b"\n") + b"\0", "declares 1 words, but the file goes on after them"),
        (encode([b"the", b"cat"], [[0.1] * 4] * 2) + b"hen", "declares 2 words, but the file goes on after them"),
        (encode([b"the"], [[0.1] * 4], header="0 4\n"), r"numbers of words and of dimensions, .* got b'0 4"),
        (encode([b"the"], [[0.1] * 4], header="-1 4\n"), r"numbers of words and of dimensions, .* got b'-1 4"),
        (encode([b"the"], [[0.1] * 4], header="1 -4\n"), r"numbers of words and of dimensions, .* got b'1 -4"),
        (encode([b"the"], [[0.1] * 4], header=f"{10**19} 4\n"), r"numbers of words and of dimensions, .* got b'10000"),
        (encode([b"the", b"c\nat"], [[0.1] * 4] * 2), "no word follows after word 2"),
        (encode([b"the", b"cat"], [[0.1] * 4, [np.nan] * 4]), "nan or infinity in the vector of 'cat'"),
    ],
)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_broken_files(content, message, packed, tmp_path):
    path = tmp_path / "vectors.bin"
    path.write_bytes(gzip.compress(content) if packed else content)
    for vocabulary in (None, ["cat"]):
        with pytest.raises(ValueError, match=message):
            WordVectors.load(path, vocabulary=vocabulary)


def test_the_header_is_checked_against_the_size_of_the_file(tmp_path):
    path = tmp_path / "vectors.bin"
    path.write_bytes(encode([b"the", b"cat"], [[0.1] * 4] * 2, header="3 4\n"))
    with pytest.raises(ValueError, match="the file is too small"):
        vector_source(path).check()


def test_large_rows_are_read_in_linear_time(tmp_path, monkeypatch):
    monkeypatch.setattr(binaryformat, "_BLOCK_BYTES", 10)
    sizes = []
    split = binaryformat._split
    monkeypatch.setattr(binaryformat, "_split", lambda buffer, *rest: sizes.append(len(buffer)) or split(buffer, *rest))
    path = tmp_path / "vectors.bin"
    rows = np.arange(5000, dtype="f4").reshape(1, 5000)
    path.write_bytes(encode([b"the"], rows))
    np.testing.assert_array_equal(WordVectors.load(path).vectors, rows)
    assert sum(sizes) < 4 * path.stat().st_size


def test_endless_word(tmp_path, monkeypatch):
    monkeypatch.setattr(binaryformat, "_BLOCK_BYTES", 100)
    monkeypatch.setattr(binaryformat, "_MAX_WORD", 100)
    path = tmp_path / "vectors.bin"
    path.write_bytes(encode([b"the", b"x" * 1000], [[0.1] * 4] * 2))
    with pytest.raises(ValueError, match="no word follows after word 1"):
        WordVectors.load(path)


@pytest.mark.parametrize("header", ["", "3\n", "3 0\n", "a b\n"])
def test_header_of_another_format(header, tmp_path):
    path = tmp_path / "vectors.bin"
    path.write_text(header)
    with pytest.raises(ValueError, match="expected a first line"):
        read_layout(path)
