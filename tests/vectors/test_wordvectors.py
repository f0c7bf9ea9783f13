import pickle

import numpy as np
import pytest

from skglove.vectors import WordVectors


def test_conversion_to_and_from_gensim(pair):
    ours, theirs = pair
    back = ours.to_gensim()
    assert back.index_to_key == theirs.index_to_key
    np.testing.assert_array_equal(back.vectors, theirs.vectors)
    again = WordVectors.from_gensim(theirs)
    assert again.index_to_key == ours.index_to_key
    assert np.shares_memory(again.vectors, theirs.vectors)
    part = WordVectors.from_gensim(theirs, vocabulary=["w9", "nothing", "w3"])
    assert part.index_to_key == ["w3", "w9"]
    np.testing.assert_array_equal(part.vectors, ours[["w3", "w9"]])


def test_getitem_and_properties():
    vectors = WordVectors(["b", "a"], np.array([[1, 2], [3, 4]]))
    assert "a" in vectors
    assert "c" not in vectors
    assert list(vectors) == ["b", "a"]
    assert len(vectors) == 2
    assert vectors.dim == vectors.vector_size == 2
    assert vectors.key_to_index == {"b": 0, "a": 1}
    assert vectors[["a", "b", "a"]].tolist() == [[3, 4], [1, 2], [3, 4]]
    assert vectors[[]].shape == (0, 2)
    vectors["a"][:] = 0
    assert vectors["a"].tolist() == [3, 4], "a copy is returned"
    with pytest.raises(KeyError, match=r"'A' has no vector, but 'a' has"):
        vectors["A"]
    with pytest.raises(KeyError, match=r"'zz' is not among the 2 words"):
        vectors[["a", "zz"]]
    with pytest.raises(TypeError, match="Expected a word or a list of words"):
        vectors[{}, 1]


def test_embedding_matrix():
    vectors = WordVectors(["b", "a"], [[1, 2], [3, 4]])
    matrix = vectors.embedding_matrix(["a", "?", "b"])
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[0, 0], [3, 4], [0, 0], [1, 2]]
    assert vectors.embedding_matrix([]).tolist() == [[0, 0]]
    with pytest.raises(TypeError, match="collection of words"):
        vectors.embedding_matrix("a")


def test_pickle_contains_rows(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\n")
    vectors = WordVectors.load(path)
    vectors.similarity("a", "b")
    copy = pickle.loads(pickle.dumps(vectors))
    assert type(copy.vectors) is np.ndarray
    assert copy.index_to_key == vectors.index_to_key
    np.testing.assert_array_equal(copy.vectors, vectors.vectors)
    assert copy.most_similar("a") == vectors.most_similar("a")


def test_queries_copy_mapped_rows_into_memory(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\n")
    vectors = WordVectors.load(path)
    assert isinstance(vectors.vectors, np.memmap)
    answers = [vectors.most_similar("a") for _ in range(5)]
    assert answers == [answers[0]] * 5
    assert not isinstance(vectors._rows_in_memory(), np.memmap)


@pytest.mark.parametrize(
    ("words", "rows", "error", "message"),
    [
        (["a"], [[1], [2]], ValueError, "got 1 words and 2 rows"),
        (["a", "b", "a"], [[1], [2], [3]], ValueError, "'a' is repeated"),
        (["a"], [1.0], ValueError, r"shape \(n_words, dim\), got shape \(1,\)"),
        (["a"], [["x"]], ValueError, "matrix of numbers"),
        (["a", "b"], [[1, 2], [3, np.nan]], ValueError, "Expected finite float32 numbers, .* in the vector of 'b'"),
        (["a", "b"], [[1, 2], [3, 1e300]], ValueError, "Expected finite float32 numbers, .* in the vector of 'b'"),
        (["a", "b"], [[1, 2], [3]], ValueError, "matrix of numbers"),
        (["a", 5], [[1], [2]], TypeError, "got 5 of type int"),
        ("ab", [[1], [2]], TypeError, "got one str"),
    ],
)
def test_invalid_arguments(words, rows, error, message):
    with pytest.raises(error, match=message):
        WordVectors(words, rows)


def test_load_from_word_vectors():
    vectors = WordVectors(["b", "a", "c"], [[1, 2], [3, 4], [5, 6]])
    assert WordVectors.load(vectors) is vectors
    part = WordVectors.load(vectors, vocabulary={"c", "x", "b"})
    assert part.index_to_key == ["b", "c"]
    assert part.vectors.tolist() == [[1, 2], [5, 6]]


def test_available():
    assert WordVectors.available()["glove.840B.300d"].cased


@pytest.mark.parametrize("vocabulary", ["word", b"word", [1, 2], ["a", None]])
def test_invalid_vocabulary(vocabulary):
    with pytest.raises(TypeError, match=r"Expected (words of type str|a collection of words)"):
        WordVectors.load({"a": [1]}, vocabulary=vocabulary)


def test_vocabulary_of_subclasses_of_str():
    words = np.array(["a", "b"])
    assert WordVectors.load({"a": [1], "b": [2]}, vocabulary=words).index_to_key == ["a", "b"]
