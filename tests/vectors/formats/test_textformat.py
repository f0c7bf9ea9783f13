import gzip
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from skglove.vectors.formats import textformat


def read(path, vocabulary=None):
    layout = textformat.read_layout(path)
    blocks = list(textformat.iterate_vectors(path, layout, vocabulary))
    words = [word for some, _ in blocks for word in some]
    return words, np.concatenate([np.zeros((0, layout.dim), np.float32), *(rows for _, rows in blocks)])


def check(path, words, rows):
    """Read all words, a third of them, and the first ones."""
    found, found_rows = read(path)
    assert found == list(words)
    assert found_rows.dtype == np.float32
    np.testing.assert_array_equal(found_rows, rows)
    found, found_rows = read(path, {*words[::3], "unknown", "unknown too"})
    assert found == words[::3]
    np.testing.assert_array_equal(found_rows, rows[::3])
    for n in (0, 2, 1000):
        assert textformat.first_words(path, textformat.read_layout(path), n) == words[:n]


@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("trailing", ["", " "])
def test_layouts(write, sample, header, end, last, trailing):
    check(write(*sample, header=header, end=end, last=last, trailing=trailing), *sample)


@pytest.mark.parametrize("header", [True, False])
def test_gzip(write, sample, tmp_path, header):
    path = tmp_path / "vectors.gz"
    path.write_bytes(gzip.compress(write(*sample, header=header).read_bytes()))
    check(path, *sample)


def test_small_blocks(write, sample, monkeypatch):
    monkeypatch.setattr(textformat, "_BLOCK_BYTES", 64)
    check(write(*sample, header=True), *sample)


@pytest.mark.parametrize(
    ("text", "words", "rows"),
    [
        ("a\t1\t2\nb\t3\t4\n", ["a", "b"], [[1, 2], [3, 4]]),
        (
            "at name@domain.com 1 2\n. . . 3 4\n4 . 5 6\n",
            ["at name@domain.com", ". . .", "4 ."],
            [[1, 2], [3, 4], [5, 6]],
        ),
        ("b\t1\t2\ncatch 22\t3\t4\n", ["b", "catch 22"], [[1, 2], [3, 4]]),
        ("new york\t1\t2\nb\t3\t4\n", ["new york", "b"], [[1, 2], [3, 4]]),
        ("a  1 2\nb 3   4\n\nc 5 6\n\n\n", ["a", "b", "c"], [[1, 2], [3, 4], [5, 6]]),
        ("a 1 2\n \nb 3 4 \r\n \r\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("3 1 2\n4 3 4\n", ["3", "4"], [[1, 2], [3, 4]]),
        ("a -.5 +1.e-2\nb 1E5 0\n", ["a", "b"], [[-0.5, 0.01], [1e5, 0]]),
        ("a 1 2\nb 3 4\na 5 6\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("\ufeffa 1 2\nb 3 4\n", ["a", "b"], [[1, 2], [3, 4]]),
        ("\ufeff2 2\na 1 2\n\ufeff 3 4\n", ["a", "\ufeff"], [[1, 2], [3, 4]]),
    ],
    ids=[
        "tabs",
        "blanks",
        "tabs and numbers",
        "tabs and blanks",
        "repeated blanks",
        "blank lines",
        "numeric words",
        "number formats",
        "repeated word",
        "byte order mark",
        "byte order mark and header",
    ],
)
def test_unusual_files(tmp_path, text, words, rows):
    path = tmp_path / "v.txt"
    path.write_bytes(text.encode())
    check(path, words, np.array(rows, np.float32))
    path.write_bytes(gzip.compress(text.encode()))
    check(path, words, np.array(rows, np.float32))


def test_repeated_words_in_different_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(textformat, "_BLOCK_BYTES", 64)
    path = tmp_path / "v.txt"
    path.write_text("".join(f"w{i % 50} {i} {i + 1}\n" for i in range(500)))
    words, rows = read(path)
    assert words == [f"w{i}" for i in range(50)]
    assert rows[:, 0].tolist() == list(range(50))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n \r\n\n", "is empty"),
        (b"a 1 2\nb 1\nc 1 2\n", r"line 2: expected a word and 2 numbers, got 2 fields: 'b 1'"),
        (b"a 1 2\nb 1 2\nc 1 2 x\n", r"line 3: expected a word and 2 finite float32 numbers, got 'x'"),
        (b"a 1 2\nb 1 nan\n", r"line 2: .* got 'nan'"),
        (b"a 1 2\nb 1 1e39\n", r"line 2: .* got '1e39'"),
        (b"a 1 2\nb 1 1e400\n", r"line 2: .* got '1e400'"),
        (b"a 1 2\nb inf 2\n", r"line 2: .* got 'inf'"),
        (b"a 1 2\nb 1\t2 3\n", r"line 2: .* got '1\\t2'"),
        (b"a 1 2\nb 1 2\x1f\n", r"line 2: .* got '2\\x1f'"),
        (b"a 1 2\nb 1\r2 3\n", r"line 2: .* got '1\\r2'"),
        (b"a 1 2\nb 1 1_0\n", r"line 2: .* got '1_0'"),
        (b"a 1 2\n\xff\xfe 1 2\n", r"line 2: the word is not UTF-8"),
        (b"just some prose here\nand more of it\n", r"line 1: expected a word and its numbers"),
        (b"3 2\na 1 2\nb 1 2\n", r"line 1: the header declares 3 words, but the file has 2"),
        (b"2 3\na 1 2\nb 1 2\n", r"line 1: the header declares 3 numbers per line, but line 2 has 2"),
        (b"a 1 2\rb 3 4\r", r"line 1: expected lines that end with LF or CR LF, got CR alone"),
        (b"2 2\ra 1 2\rb 3 4", r"line 1: expected lines that end with LF or CR LF, got CR alone"),
        (b"\n\ra 1 2\rb 3 4\n", r"line 2: expected lines that end with LF or CR LF, got CR alone"),
        (b"a 1 2\nbad 1 2 3\nc 1 2\n", r"line 2: expected a word and 2 numbers, got one too many, '1', in 'bad 1 2 3'"),
        (b"a 1 2\n. . -.5 2 3\nc 1 2\n", r"line 2: .* got one too many, '-\.5'"),
        (b"2 2\na 1 2\nbad nan 2 3\n", r"line 3: .* got one too many, 'nan'"),
        (b"2 2\na 1 2\n 1 2 3\n", r"line 3: .* got one too many, '1'"),
        (b"a\t1\t2\nb\t1\t2\nin 9\t3\t4\nbad\t1\t2\t3\n", r"line 4: .* got one too many, '1'"),
        (b"0 300\n", "has a header and no vectors: '0 300'"),
        (b"5 300", "has a header and no vectors"),
        (b"-2 2\na 1 2\nb 1 2\n", r"line 1: expected two positive integers, or a word and 2 numbers, got '-2 2'"),
        (b"2.0 2.0\na 1 2\nb 1 2\n", r"line 1: expected two positive integers"),
        (b"0 2\na 1 2\nb 1 2\n", r"line 1: the header declares 0 words, but the file has 2"),
        (b"1 2\na 1 2\nb 1 2\n", r"line 1: the header declares 1 words, but the file has 2"),
        (b"2 999999999\na 1 2\nb 1 2\n", r"line 1: the header declares 999999999 numbers per line, but line 2 has 2"),
        (b"a 1 2\n\n\nb 1\nc 1 2\n", r"line 4: expected a word and 2 numbers"),
    ],
)
def test_broken_files(tmp_path, content, message):
    path = tmp_path / "broken.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "number", [".", "-", "+-1.0", "1.2.3", "1..2", "--1.5", "0x1.5", "1,5", "1.5f", "\u0661.\u0665", "1e", "/.5"]
)
def test_invalid_numbers(tmp_path, number):
    path = tmp_path / "v.txt"
    path.write_text(f"a 1 2\nb {number} 1.5\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: expected a word and 2 finite float32 numbers"):
        read(path)


def test_only_requested_lines_are_parsed(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"a 1 2\nb x y\n\xff 1 2\nc 3 4\n")
    assert read(path, {"c", "a"})[1].tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ValueError, match=r"line 2: .* got 'x'"):
        read(path, {"c", "b"})


@pytest.mark.parametrize("vocabulary", [{"bad"}, {"bad 1"}])
def test_a_number_too_many_in_a_requested_line(tmp_path, vocabulary):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nbad 1 2 3\n")
    assert read(path, {"a"})[0] == ["a"]
    with pytest.raises(ValueError, match="line 2: expected a word and 2 numbers, got one too many"):
        read(path, vocabulary)
    with pytest.raises(ValueError, match="line 2: expected a word and 2 numbers, got one too many"):
        textformat.first_words(path, textformat.read_layout(path), 5)


@pytest.mark.parametrize("content", [b"-2 2\na 1 2\nb 1 2\n", b"0 300\n"])
def test_a_wrong_header_is_found_at_once(tmp_path, content):
    path = tmp_path / "v.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"header and no vectors|line 1: expected two positive integers"):
        textformat.read_layout(path)


def test_vocabulary_with_odd_words(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("at 1 2\nat home 3 4\n \nb 5 6\n")
    assert read(path, {"at home", "", "\ud800", "a\nb"})[0] == ["at home"]


def test_wrong_header_is_found_with_a_vocabulary(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("3 2\na 1 2\nb 1 2\n")
    with pytest.raises(ValueError, match=r"line 1: the header declares 3 words, but the file has 2"):
        read(path, {"a"})


def test_long_line(tmp_path, monkeypatch):
    monkeypatch.setattr(textformat, "_MAX_LINE", 100)
    path = tmp_path / "v.bin"
    path.write_bytes(bytes(1000))
    with pytest.raises(ValueError, match="this is not a vectors file"):
        textformat.read_layout(path)


def test_long_line_among_others(tmp_path, monkeypatch):
    monkeypatch.setattr(textformat, "_MAX_LINE", 100)
    path = tmp_path / "v.txt"
    path.write_text("".join(f"w{i} 1 2\n" for i in range(200)) + "w" * 1000)
    with pytest.raises(ValueError, match="line 201: more than"):
        read(path)


@pytest.mark.parametrize("before", [0, 200])
def test_blank_lines_without_end(tmp_path, before):
    path = tmp_path / "v.txt"
    path.write_text("".join(f"w{i} 1 2\n" for i in range(before)) + "\n" * 5000)
    with pytest.raises(ValueError, match="blank lines; this is not a vectors file"):
        read(path)


def test_file_with_as_many_blank_lines_as_others(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("".join(f"w{i} 1 2\n\n" for i in range(3000)))
    assert len(read(path)[0]) == 3000


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.floats(-1, 1, width=32), st.integers(-99, 99)), min_size=1))
@settings(max_examples=200, deadline=None)
def test_numbers_are_parsed_like_float(numbers):
    forms = ["{}", "{:.6f}", "{:.5g}", "{:.9g}", "{:+.3f}", "{:.8f}", "{:e}", "{:.15f}"]
    fields = [form.format(x).encode() for x in numbers for form in forms]
    layout = textformat.Layout(len(fields), None, b" ")
    words, rows = textformat._parse_ordinary([b"a " + b" ".join(fields) + b"\n"], layout)
    assert words == ["a"]
    np.testing.assert_array_equal(rows[0], np.array(list(map(float, fields))).astype(np.float32))


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
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_give_vectors_or_a_value_error(content, end, block):
    """The block size does not matter, and reading all words as a vocabulary gives the same."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(textformat, "_BLOCK_BYTES", block)
        path = Path(folder) / "v"
        path.write_bytes(content + end)
        try:
            words, rows = read(path)
        except ValueError as error:
            message = str(error)
        else:
            message = None
        if message is not None:
            assert str(path) in message
            return
        assert np.isfinite(rows).all()
        assert len(set(words)) == len(words)
        found, found_rows = read(path, set(words))
        assert found == words
        np.testing.assert_array_equal(found_rows, rows)
