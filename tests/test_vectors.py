import gzip
import zipfile

import numpy as np
import pytest

from skglove import WordVectors

TEXT = "the 1 2 -3\n. . . 4 5 6\nthe 7 7 7\nœuf 0.5 1e-2 7"
WORDS = ["the", ". . .", "œuf"]
MATRIX = [[1, 2, -3], [4, 5, 6], [0.5, 0.01, 7]]


def write(folder, suffix, text=TEXT):
    path = folder / f"vectors{suffix}"
    data = text if isinstance(text, bytes) else text.encode()
    if suffix == ".gz":
        path.write_bytes(gzip.compress(data))
    elif suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.md", "not this one")
            archive.writestr("folder/vectors.txt", data)
    else:
        path.write_bytes(data)
    return path


@pytest.mark.parametrize("suffix", [".txt", ".gz", ".zip", ""])
@pytest.mark.parametrize("text", [TEXT, TEXT + "\n", TEXT.replace("\n", "\r\n"), "3 3\n" + TEXT], ids=repr)
def test_text_files(tmp_path, suffix, text):
    vectors = WordVectors.load(write(tmp_path, suffix, text))
    assert vectors.index_to_key == WORDS
    np.testing.assert_allclose(vectors.vectors, np.float32(MATRIX))


def test_only_the_vocabulary_is_kept(tmp_path):
    vectors = WordVectors.load(write(tmp_path, ".txt"), vocabulary=["œuf", "unknown", "the"])
    assert vectors.index_to_key == ["the", "œuf"]
    assert (
        vectors.embedding_matrix(["unknown", "œuf", "the"]).tolist()
        == np.float32([[0, 0, 0], [0, 0, 0], MATRIX[2], MATRIX[0]]).tolist()
    )
    assert WordVectors.load(write(tmp_path, ".txt"), vocabulary=[]).vectors.shape == (0, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("word\n", "line 1: no numbers"),
        ("a 1 2\nb 1\n", "line 2: expected a word and 2 numbers"),
        ("a 1 2\n\nb 1 2\n", "line 2: expected a word and 2 numbers"),
        ("a 1 2\nb 1 x\n", "line 2: expected 2 numbers"),
        (b"a 1 2\nb\xff 1 2\n", "line 2: not UTF-8"),
    ],
    ids=repr,
)
def test_broken_files_are_named_with_the_line(tmp_path, text, message):
    path = write(tmp_path, ".txt", text)
    with pytest.raises(ValueError, match=message) as caught:
        WordVectors.load(path)
    assert str(path) in str(caught.value)


def test_unknown_sources(tmp_path):
    with pytest.raises(ValueError, match=r"'glove.6B.100'.*Did you mean 'glove.6B.100d'.*Known names: glove.6B.50d, "):
        WordVectors.load("glove.6B.100")
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "missing.txt")):
        WordVectors.load(tmp_path / "missing.txt")
    with pytest.raises(TypeError, match=r"Cannot get word vectors from 3 \(int\)"):
        WordVectors.load(3)
    with pytest.raises(ValueError, match="different lengths"):
        WordVectors.load({"a": [1, 2], "b": [1]})


@pytest.fixture(scope="module")
def glove():
    return WordVectors.load("glove.6B.50d")


def test_the_installed_glove(glove):
    assert len(glove) == 400_000
    assert glove.dim == 50
    some = WordVectors.load("glove.6B.50d", vocabulary=["kitchen", "office", "qqqqqqqq"])
    assert sorted(some) == ["kitchen", "office"]
    assert np.array_equal(some["office"], glove["office"])


def test_the_arithmetic_of_the_tutorial(glove):
    nearest = glove.most_similar(positive=["kitchen", "work"], negative=["dinner"], topn=5)
    assert "office" in [word for word, _ in nearest]


def test_answers_are_those_of_gensim(glove):
    from gensim.models import KeyedVectors

    theirs = KeyedVectors(50)
    theirs.add_vectors(glove.index_to_key[:20_000], glove.vectors[:20_000])
    ours = WordVectors.load(theirs)
    for question in (
        {"positive": ["kitchen", "work"], "negative": ["dinner"]},
        {"positive": ["king", "woman"], "negative": "man", "topn": 3},
        {"positive": "france"},
    ):
        words, scores = zip(*ours.most_similar(**question), strict=True)
        expected_words, expected_scores = zip(*theirs.most_similar(**question), strict=True)
        assert words == expected_words
        np.testing.assert_allclose(scores, expected_scores, atol=1e-6)
    assert ours.similarity("king", "queen") == pytest.approx(theirs.similarity("king", "queen"), abs=1e-6)


def test_asking_for_words_without_a_vector():
    vectors = WordVectors(["a", "b"], [[1, 0], [0, 1]])
    assert "a" in vectors
    assert "c" not in vectors
    assert vectors[["b", "a"]].tolist() == [[0, 1], [1, 0]]
    with pytest.raises(KeyError, match="'c' has no vector"):
        vectors["c"]
    with pytest.raises(ValueError, match="at least one word"):
        vectors.most_similar()
    with pytest.raises(ValueError, match="one row a word"):
        WordVectors(["a"], [[1], [2]])
    with pytest.raises(ValueError, match="twice"):
        WordVectors(["a", "a"], [[1], [2]])
