import gzip
import zipfile
from pathlib import PurePosixPath
from types import SimpleNamespace

import numpy as np
import pytest

from skglove import GloveTextVectorizer
from skglove.vectors import WordVectors
from skglove.vectors.sources.protocol import VectorSource
from skglove.vectors.sources.sources import read_source, vector_source

VECTORS = {"the": [1.0, 2.0], "hen": [3.0, 4.0], "far": [5.0, 6.0]}
TEXT = b"the 1 2\nhen 3 4\nfar 5 6\n"


class Lengths:
    """A source that knows any word without a blank."""

    def check(self):
        pass

    def head(self, n):
        return ["the"][:n]

    def lookup(self, words):
        return np.array([[len(word)] for word in words]), np.array([" " not in word for word in words])


@pytest.fixture(
    params=["path", "str", "gzip", "zip member", "converted", "mapping", "WordVectors", "gensim", "gensim model"]
)
def given(request, tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_bytes(gzip.compress(TEXT) if request.param == "gzip" else TEXT)
    if request.param == "zip member":
        with zipfile.ZipFile(tmp_path / "vectors.zip", "w") as archive:
            archive.write(path, "vectors.txt")
            archive.writestr("other.txt", "other 1 2\n")
        return f"{tmp_path}/vectors.zip#vectors.txt"
    own = WordVectors(list(VECTORS), list(VECTORS.values()))
    if request.param == "converted":
        WordVectors.load(path)
    if request.param in ("path", "str", "gzip", "converted"):
        return str(path) if request.param == "str" else path
    if request.param.startswith("gensim"):
        pytest.importorskip("gensim")
        keyed_vectors = own.to_gensim()
        return SimpleNamespace(wv=keyed_vectors) if request.param == "gensim model" else keyed_vectors
    return own if request.param == "WordVectors" else VECTORS


def test_every_source(given):
    source = vector_source(given)
    assert isinstance(source, VectorSource)
    assert source.check() is None
    assert source.head(2) == ["the", "hen"]
    assert source.head(10) == list(VECTORS)
    rows, found = source.lookup(["far", "cow", "the", "far"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[5, 6], [0, 0], [1, 2], [5, 6]]
    assert found.tolist() == [True, False, True, True]
    assert source.lookup([])[0].shape == (0, 2)
    assert source.lookup(["cow"])[0].tolist() == [[0, 0]]
    assert WordVectors.load(given).index_to_key == list(VECTORS)
    assert vector_source(source) is source


def test_user_defined_source():
    source = Lengths()
    assert vector_source(source) is source
    vectors = WordVectors.load(source, vocabulary=["four", "two words", "a"])
    assert vectors.index_to_key == ["four", "a"]
    assert vectors.vectors.tolist() == [[4], [1]]
    assert vectors.vectors.dtype == np.float32
    with pytest.raises(ValueError, match="Lengths cannot list its words; pass a vocabulary"):
        WordVectors.load(source)
    with pytest.raises(TypeError, match="Expected word vectors"):
        vector_source(Lengths)


def test_spacy():
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    for i, word in enumerate(["cat", "dog", "car"]):
        nlp.vocab.set_vector(word, np.full(4, i + 1, np.float32))
    source = vector_source(nlp)
    source.check()
    assert source.head(2) == []
    words, rows = read_source(source, None)
    assert sorted(zip(words, rows[:, 0].tolist(), strict=True)) == [("car", 3), ("cat", 1), ("dog", 2)]
    for given in (nlp, nlp.vocab.vectors):
        rows, found = vector_source(given).lookup(["car", "bird"])
        assert rows.tolist() == [[3, 3, 3, 3], [0, 0, 0, 0]]
        assert found.tolist() == [True, False]


def test_spacy_without_words():
    spacy = pytest.importorskip("spacy")
    vectors = spacy.vectors.Vectors(shape=(1, 2), keys=[5])
    vectors.strings = None
    with pytest.raises(ValueError, match="hashes instead of words"):
        read_source(vector_source(vectors), None)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("glove.6B.100", ValueError, r"'glove\.6B\.100', and no such file\. Did you mean 'glove\.6B\.100d'"),
        ("nonsense", ValueError, r"Known names are glove\.6B\.50d, "),
        ("no/such/file", FileNotFoundError, r"There is no file /.*/no/such/file;"),
        ("vectors.txt", FileNotFoundError, r"There is no file /.*/vectors\.txt;"),
        ("vectors.zip#member.txt", FileNotFoundError, r"There is no file /.*/vectors\.zip;"),
        ("x" * 5000, (FileNotFoundError, ValueError), r"There (is no file|are no word vectors named) 'x{200}'"),
        ("~nouser/x", FileNotFoundError, r"There is no file '~nouser/x' \(Could not determine home directory"),
        (
            "https://example.org/v.zip",
            ValueError,
            r"not read from a URL: 'https://example\.org/v\.zip'\. Download the file",
        ),
        ("http://example.org", ValueError, "not read from a URL"),
        ("file:///v.txt", ValueError, r"not read from a URL: 'file:///v\.txt'\. Download .* pass its path"),
        (PurePosixPath("https://example.org/v.txt"), ValueError, "not read from a URL"),
        ("https://x/glove.6B.zip?download=true", ValueError, r"Pass their name 'glove\.6B\.50d' or 'glove\.6B\.100d'"),
        ("{tmp}", IsADirectoryError, "is a folder"),
        ("{tmp}/empty.txt", ValueError, "is empty"),
        (3, TypeError, r"got builtins\.int"),
        (None, TypeError, r"got builtins\.NoneType"),
        ({"a"}, TypeError, r"got builtins\.set"),
        (["a"], ValueError, "no word vectors named 'a'"),
        ([], ValueError, "at least one source of word vectors"),
        ([VECTORS, 3], TypeError, r"got builtins\.int"),
    ],
)
def test_invalid_source(source, error, message, tmp_path):
    (tmp_path / "empty.txt").touch()
    if isinstance(source, str):
        source = source.replace("{tmp}", str(tmp_path))
    with pytest.raises(error, match=message):
        vector_source(source).check()
    with pytest.raises(error, match=message):
        WordVectors.load(source)


@pytest.mark.parametrize(
    ("mapping", "error", "message"),
    [
        ({}, ValueError, "got an empty one"),
        ({1: [2]}, TypeError, "the key 1 is not a str"),
        ({"a": [1, 2], "b": [1]}, ValueError, r"Expected 2 numbers for each word, got shape \(1,\) for 'b'"),
        ({"a": ["x", "y"]}, ValueError, "Expected numbers for 'a'"),
    ],
)
def test_invalid_mapping(mapping, error, message):
    with pytest.raises(error, match=message):
        WordVectors.load(mapping)


def test_invalid_tables():
    table = SimpleNamespace(key_to_index={"a": 0, "b": 2}, vectors=[[1.0], [2.0]])
    with pytest.raises(ValueError, match="Expected indices of 2 rows, got 0 to 2"):
        vector_source(table).lookup(["a", "b"])
    table.vectors = ["x"]
    with pytest.raises(ValueError, match="matrix of numbers"):
        vector_source(table).check()


class Table(Lengths):
    """A source with a table of vectors."""

    def __init__(self, table):
        self.table = table

    def lookup(self, words):
        return np.array([self.table.get(word, [0, 0]) for word in words]), [word in self.table for word in words]


def given_as(kind, table):
    """Return an object with the vectors of a table."""
    if kind == "attributes":
        return SimpleNamespace(key_to_index={word: i for i, word in enumerate(table)}, vectors=list(table.values()))
    if kind == "gensim":
        keyed_vectors = pytest.importorskip("gensim.models").KeyedVectors(2)
        with np.errstate(over="ignore"):
            keyed_vectors.add_vectors(list(table), list(table.values()))
        return keyed_vectors
    if kind == "spaCy":
        nlp = pytest.importorskip("spacy").blank("en")
        for word, row in table.items():
            with np.errstate(over="ignore"):
                nlp.vocab.set_vector(word, np.array(row, np.float32))
        return nlp
    if kind == "fastText":
        words = list(table)
        return SimpleNamespace(
            get_words=lambda on_unicode_error: words, get_word_vector=table.get, get_dimension=lambda: 2
        )
    return {"mapping": table, "own": Table(table), "list": [{"fine": [1.0]}, table]}[kind]


@pytest.mark.parametrize("number", [np.nan, -np.inf, 1e300])
@pytest.mark.parametrize("kind", ["mapping", "attributes", "gensim", "spaCy", "fastText", "own", "list"])
def test_numbers_that_are_not_finite(kind, number):
    given = given_as(kind, {"fine": [1.0, 2.0], "broken": [3.0, number]})
    message = r"finite float32 numbers, got nan, infinity or a number beyond ±3\.4e38 in the vector of 'broken'"
    loads = [
        lambda: WordVectors.load(given, vocabulary=["fine", "broken"]),
        lambda: GloveTextVectorizer(given).fit(["fine broken"]),
        lambda: WordVectors.load(given),
    ]
    for load in loads[: 2 if kind in ("own", "list") else 3]:
        with pytest.raises(ValueError, match=message):
            load()
    assert WordVectors.load(given, vocabulary=["fine"]).index_to_key == ["fine"]


class NoDimension(Lengths):
    def lookup(self, words):
        return np.empty((len(words), 0)), np.ones(len(words), bool)


@pytest.mark.parametrize("kind", ["mapping", "table", "gensim", "spaCy", "own", "list"])
def test_vectors_of_no_dimension(kind):
    words = ["the", "", "naïve"]
    table = {word: [] for word in words}
    if kind == "gensim":
        given = pytest.importorskip("gensim.models").KeyedVectors(0, count=0)
        given.key_to_index, given.vectors = {word: i for i, word in enumerate(words)}, np.empty((3, 0), np.float32)
    elif kind == "spaCy":
        given = pytest.importorskip("spacy").blank("en")
    else:
        attributes = SimpleNamespace(key_to_index={word: i for i, word in enumerate(words)}, vectors=np.empty((3, 0)))
        given = {"mapping": table, "table": attributes, "own": NoDimension(), "list": [VECTORS, table]}[kind]
    message = "Expected vectors of at least one dimension, got"
    if kind != "own":
        with pytest.raises(ValueError, match=message):
            vector_source(given).check()
    for load in (lambda: WordVectors.load(given, vocabulary=words), lambda: GloveTextVectorizer(given).fit(words)):
        with pytest.raises(ValueError, match=message):
            load()
    with pytest.raises(ValueError, match=message):
        WordVectors(words, np.empty((3, 0)))


@pytest.mark.parametrize("given", ["glove.840B.300d", "glove-wiki-gigaword-300", VECTORS, Lengths()])
def test_check_downloads_nothing(given, home):
    assert vector_source(given).check() is None
    assert not home.exists()


def test_check_reads_first_lines(tmp_path, home):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\n" * 1000 + "broken\n")
    assert vector_source(path).check() is None
    assert not home.exists()


def test_file_takes_precedence_over_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glove.6B.100d").write_text("a 1 2\n")
    assert WordVectors.load("glove.6B.100d").index_to_key == ["a"]
