import numpy as np
import pytest

from skglove.vectors import VectorSource, WordVectors
from skglove.vectors.sources.files import FileSource
from skglove.vectors.sources.protocol import lookup
from skglove.vectors.sources.sources import vector_source


@pytest.mark.parametrize("missing", [None, "check", "head", "lookup"])
def test_the_protocol_has_three_methods(missing):
    methods = {name: lambda self: None for name in ("check", "head", "lookup") if name != missing}
    assert isinstance(type("Source", (), methods)(), VectorSource) is (missing is None)


@pytest.mark.parametrize(
    ("rows", "found"), [(np.zeros((1, 3)), [True, True]), (np.zeros((2, 3)), [True]), (np.zeros((2, 3)), True)], ids=str
)
def test_result_of_a_source_is_checked(rows, found):
    class Broken:
        check = head = None

        def lookup(self, words):
            return rows, found

    with pytest.raises(ValueError, match=r"Broken\.lookup must return a row and a bool for each of 2 words"):
        lookup(Broken(), ["a", "b"])


def test_rows_of_a_source_become_float32():
    class Lists:
        def lookup(self, words):
            return [[1.0, 2.0]] * len(words), [True] * len(words)

    rows, found = lookup(Lists(), ["a", "b"])
    assert rows.dtype == np.float32
    assert found.tolist() == [True, True]


CAFE, NAIVE = ("caf\u00e9", "cafe\u0301"), ("na\u00efve", "nai\u0308ve")  # composed, decomposed


class Asked:
    """A source of a user's own, which remembers what it was asked for."""

    def __init__(self, vectors):
        self.vectors, self.asked = vectors, []

    def check(self):
        pass

    def head(self, n):
        return list(self.vectors)[:n]

    def lookup(self, words):
        self.asked.append(list(words))
        found = [word in self.vectors for word in words]
        self.rows = np.array([self.vectors.get(word, [0, 0]) for word in words], np.float32).reshape(-1, 2)
        self.rows.flags.writeable = False
        return self.rows, np.array(found)


def in_a_file(vectors, folder):
    file = folder / "vectors.txt"
    file.write_text("".join(f"{word} {x} {y}\n" for word, (x, y) in vectors.items()), encoding="utf-8")
    return file


SOURCES = {
    "mapping": lambda vectors, _: vector_source(vectors),
    "file": lambda vectors, folder: vector_source(in_a_file(vectors, folder)),
    "own": lambda vectors, _: Asked(vectors),
    "WordVectors": lambda vectors, _: vector_source(WordVectors(list(vectors), list(vectors.values()))),
    "joined": lambda vectors, folder: vector_source([in_a_file(vectors, folder), {"dog": [1]}]),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES)
def test_vectors_of_words_in_another_form(make, tmp_path):
    # One is listed composed, one decomposed, and one in both forms. Of Vietnamese, only the first accent may be composed.
    both = {"\u00e9": [5, 6], "e\u0301": [7, 8]}
    source = make({CAFE[0]: [1, 2], NAIVE[1]: [3, 4], **both, "\u1ebf": [9, 10], "cat": [11, 12]}, tmp_path)
    words = [*CAFE, *NAIVE, *both, "\u1ebf", "\u00ea\u0301", "e\u0302\u0301", "cat", "b\u00e9", "be\u0301", "ж"]
    rows, found = lookup(source, words)
    expected = [[1, 2]] * 2 + [[3, 4]] * 2 + [[5, 6], [7, 8]] + [[9, 10]] * 3 + [[11, 12]] + [[0, 0]] * 3
    assert rows[:, :2].tolist() == expected
    assert found.tolist() == [any(row) for row in expected]


def test_only_unknown_words_with_accents_are_asked_for_again():
    source = Asked({CAFE[0]: [1, 2], "cat": [3, 4]})
    lookup(source, ["cat", "dog", CAFE[0], "ж"])
    assert source.asked == [["cat", "dog", CAFE[0], "ж"]]
    lookup(source, ["dog", CAFE[1], CAFE[1], NAIVE[0]])
    assert source.asked[2:] == [[CAFE[0], NAIVE[1]]]


def test_a_file_is_read_once_for_all_forms(tmp_path, monkeypatch):
    source, reads = SOURCES["joined"]({CAFE[0]: [1, 2]}, tmp_path), []
    read = FileSource.read
    monkeypatch.setattr(FileSource, "read", lambda self, words: reads.append(1) or read(self, words))
    assert lookup(source, [CAFE[1], NAIVE[0]])[1].tolist() == [True, False]
    assert len(reads) == 1
