import gzip
import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skglove.vectors import WordVectors, text
from skglove.vectors.decimals import MARGIN, parse_decimals
from skglove.vectors.tokenindex import TokenIndex


def check(path, words, rows):
    whole = WordVectors.load(path)
    assert whole.index_to_key == list(words)
    np.testing.assert_array_equal(whole.vectors, rows)
    some = words[::3]
    part = WordVectors.load(path, vocabulary=[*some[::-1], "not there", "not there either"])
    assert part.index_to_key == some
    np.testing.assert_array_equal(part.vectors, rows[::3])


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("trailing", ["", " "])
def test_layouts(write, sample, header, end, last, trailing):
    check(write(*sample, header=header, end=end, last=last, trailing=trailing), *sample)


def test_vocabulary_first(write, sample):
    """The line index, made before any copy of the whole, gives the same."""
    words, rows = sample
    for order in (words, words[::-1]):
        part = WordVectors.load(write(*sample), vocabulary=order)
        assert part.index_to_key == words
        np.testing.assert_array_equal(part.vectors, rows)


@pytest.mark.parametrize("header", [True, False])
def test_gzip_and_zip(write, sample, tmp_path, header):
    plain = write(*sample, header=header)
    packed = tmp_path / "vectors.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    check(packed, *sample)
    several = tmp_path / "several.zip"
    with zipfile.ZipFile(several, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/../../evil/one.txt", plain.read_bytes())
        archive.writestr("two.txt", b"other 1 2\n")
    check(f"{several}#one.txt", *sample)
    with pytest.raises(ValueError, match=r"holds 2 files: one\.txt, two\.txt\. Say which: '.*several\.zip#one\.txt'"):
        WordVectors.load(several)
    with pytest.raises(ValueError, match=r"holds no file 'three\.txt', but one\.txt, two\.txt"):
        WordVectors.load(f"{several}#three.txt")
    assert not list(tmp_path.rglob("evil"))


def test_zip_of_one(write, sample, tmp_path):
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/vectors.txt", write(*sample).read_bytes())
    check(path, *sample)


@pytest.mark.parametrize("cut", [3, 30, 300])
@pytest.mark.parametrize("kind", ["gz", "zip"])
def test_broken_archive(write, sample, tmp_path, kind, cut):
    plain = write(*sample).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", plain)
    packed = gzip.compress(plain) if kind == "gz" else buffer.getvalue()
    path = tmp_path / "broken"
    path.write_bytes(packed[:-cut])
    with pytest.raises(ValueError, match="broken"):
        WordVectors.load(path)


def test_tabs_and_many_blanks(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a\t1\t2\nb\t3\t4\n")
    check(path, ["a", "b"], [[1, 2], [3, 4]])
    path.write_text("a  1 2\nb 3   4\n\nc 5 6\n\n\n")
    assert WordVectors.load(path).index_to_key == ["a", "b", "c"]
    assert WordVectors.load(path, vocabulary=["b", "c"]).vectors.tolist() == [[3, 4], [5, 6]]


def test_first_of_a_repeated_word_wins(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\na 5 6\n")
    for vectors in (WordVectors.load(path, vocabulary=["b", "a"]), WordVectors.load(path)):
        assert vectors.index_to_key == ["a", "b"]
        assert vectors["a"].tolist() == [1, 2]


def test_repeated_words_in_different_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "_BLOCK", 64)
    path = tmp_path / "v.txt"
    path.write_text("".join(f"w{i % 50} {i} {i + 1}\n" for i in range(500)))
    vectors = WordVectors.load(path)
    assert vectors.index_to_key == [f"w{i}" for i in range(50)]
    assert vectors.vectors[:, 0].tolist() == list(range(50))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \r\n\n", "is empty"),
        (b"a 1 2\nb 1\nc 1 2\n", r"line 2: expected a word and 2 numbers, got 2 fields: 'b 1'"),
        (b"a 1 2\nb 1 2\nc 1 2 x\n", r"line 3: expected a word and 2 finite float32 numbers, got 'x'"),
        (b"a 1 2\nb 1 nan\n", r"line 2: .* got 'nan'"),
        (b"a 1 2\nb 1 1e39\n", r"line 2: .* got '1e39'"),
        (b"a 1 2\nb 1 1_0\n", r"line 2: .* got '1_0'"),
        (b"a 1 2\n\xff\xfe 1 2\n", r"line 2: the word is not UTF-8"),
        (b"just some prose here\nand more of it\n", r"line 1: expected a word and its numbers"),
        (b"3 2\na 1 2\nb 1 2\n", r"line 1: the header says 3 words, but the file has 2"),
        (b"2 3\na 1 2\nb 1 2\n", r"line 1: the header says 3 numbers a line, but line 2 has 2"),
        (b"a 1 2\n\n\nb 1\nc 1 2\n", r"line 4: expected a word and 2 numbers"),
    ],
)
def test_broken_files(tmp_path, content, message):
    path = tmp_path / "broken.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        WordVectors.load(path)
    assert str(path) in str(caught.value)


def test_only_lines_asked_for_are_parsed(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 1 2\nb x y\n\xff 1 2\nc 3 4\n")
    assert WordVectors.load(path, vocabulary=["c", "a"]).vectors.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ValueError, match=r"line 2: .* got 'x'"):
        WordVectors.load(path, vocabulary=["c", "b"])
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="is empty"):
        WordVectors.load(path, vocabulary=["c"])


def test_a_header_that_disagrees_is_found_with_a_vocabulary_too(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("3 2\na 1 2\nb 1 2\n")
    with pytest.raises(ValueError, match=r"line 1: the header says 3 words, but the file has 2"):
        WordVectors.load(path, vocabulary=["a"])


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.floats(-1, 1, width=32), st.integers(-99, 99)), min_size=1))
@settings(max_examples=300)
def test_decimals_are_read_like_float(numbers):
    forms = ["{}", "{:.6f}", "{:.5g}", "{:.9g}", "{:+.3f}", "{:.8f}", "{:e}", "{:.15f}"]
    texts = [form.format(x) for x in numbers for form in forms]
    data = b" ".join(t.encode() for t in texts)
    buffer = np.frombuffer(b" " * MARGIN + data, np.uint8)
    lengths = np.array([len(t) for t in texts])
    stops = MARGIN + np.cumsum(lengths + 1) - 1
    values, bad = parse_decimals(buffer, stops - lengths, stops)
    assert not len(bad)
    np.testing.assert_array_equal(values, np.array([float(t) for t in texts]).astype(np.float32))


@pytest.mark.parametrize(
    "token", ["", ".", "-", "+-1.0", "1.2.3", "1..2", "--1.5", "0x1.5", "1,5", "1.5f", "\u0661.\u0665", "1e", "/.5"]
)
def test_what_is_no_number_is_found(token):
    data = token.encode()
    buffer = np.frombuffer(b" " * MARGIN + data + b" 1.5", np.uint8)
    starts, stops = np.array([MARGIN, MARGIN + len(data) + 1]), np.array([MARGIN + len(data), len(buffer)])
    values, bad = parse_decimals(buffer, starts, stops)
    assert bad.tolist() == [0]
    assert values[1] == 1.5


lines = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.from_regex(rb"[a-c.]{0,3}( -?[0-9]{0,2}\.?[0-9]{0,9}(e-?[0-9])?){0,4}[ \r\t]{0,2}", fullmatch=True),
        st.sampled_from([b"a 1 2", b"b 0.5 -0.25", b"3 2", b"\x1f\x8b", b"PK\x03\x04", b"", b"\xff 1 2"]),
    ),
    max_size=8,
)


@given(lines.map(b"\n".join), st.sampled_from([b"", b"\n", b"\r\n"]), st.integers(8, 200))
@example(b"PK\x05\x06" + bytes(18), b"", 64)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_vectors_or_a_value_error(content, end, block):
    """Whatever the block size, and the lines of a vocabulary say what the whole says."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_BLOCK", block)
        path = Path(folder) / "v"
        path.write_bytes(content + end)
        try:
            layout = text.read_layout(path)
            blocks = list(text.iterate_vectors(path, layout))
        except ValueError as error:
            named = str(path) in str(error)
        else:
            named = None
        if named is not None:
            assert named
            return
        words = [word for some, _ in blocks for word in some]
        rows = np.concatenate([rows for _, rows in blocks])
        assert rows.dtype == np.float32
        assert rows.shape == (len(words), layout.dim)
        assert np.isfinite(rows).all()
        words, rows = text.first_of_each(words, rows)
        if content[:2] == b"\x1f\x8b" or content[:2] == b"PK":
            return
        index = TokenIndex.of_file(path, path.stat().st_size, layout.separator)
        found, found_rows = text.read_words(path, layout, index, words)
        assert found == words
        np.testing.assert_array_equal(found_rows, rows)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_index_of_a_file_in_parts(tmp_path, threads, monkeypatch):
    monkeypatch.setattr("skglove.vectors.tokenindex._BLOCK", 512)
    path = tmp_path / "v.txt"
    lines = [f"{'w' * (i % 40)}{i} 1.5 2.5\n".encode() for i in range(1000)]
    path.write_bytes(b"".join(lines))
    monkeypatch.setattr("skglove.vectors.tokenindex._SHARED", 0)
    index = TokenIndex.of_file(path, path.stat().st_size, threads=threads)
    assert index.starts.tolist() == [0, *np.cumsum([len(line) for line in lines])]
    for i in (0, 1, 500, 999):
        assert i in index.candidates([lines[i].split()[0].decode()])
    assert len(index.candidates([line.split()[0].decode() for line in lines])) == 1000
    assert len(index.candidates(["absent"])) == 0
