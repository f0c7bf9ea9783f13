import numpy as np
import pytest

from skglove.vectors import WordVectors, similarity


def assert_same(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([score for _, score in ours], [score for _, score in theirs], atol=1e-6)


@pytest.mark.parametrize(
    "query",
    [
        {"positive": "w1"},
        {"positive": ["w1", "w2"], "negative": ["w3"]},
        {"positive": ["w1"], "topn": 1},
        {"positive": ["w1"], "topn": 4999},
        {"positive": ["w1"], "topn": 100_000},
        {"positive": ["w1", "w2"], "restrict_vocab": 100},
        {"positive": [("w1", 2.0), ("w2", -0.5)], "negative": [("w9", 0.1)]},
        {"negative": "w1"},
        {"positive": np.arange(20, dtype=np.float32)},
        {"positive": [np.arange(20, dtype=np.float32), "w8"]},
    ],
)
def test_most_similar_as_gensim(pair, query):
    ours, theirs = pair
    assert_same(ours.most_similar(**query), theirs.most_similar(**query))


def test_most_similar_of_all_words_as_gensim(pair):
    ours, theirs = pair
    np.testing.assert_allclose(ours.most_similar("w5", topn=None), theirs.most_similar("w5", topn=None), atol=1e-6)
    assert ours.most_similar("w5", topn=0) == []


def test_many_queries_as_gensim(pair):
    ours, theirs = pair
    for i in range(200):
        assert_same(
            ours.most_similar([f"w{i}", f"w{2 * i}"], [f"w{3 * i}"]),
            theirs.most_similar([f"w{i}", f"w{2 * i}"], [f"w{3 * i}"]),
        )


def test_similarities_as_gensim(pair):
    ours, theirs = pair
    assert ours.similarity("w1", "w2") == pytest.approx(theirs.similarity("w1", "w2"), abs=1e-6)
    np.testing.assert_allclose(ours.distances("w1"), theirs.distances("w1"), atol=1e-6)
    np.testing.assert_allclose(ours.distances("w1", ["w2", "w3"]), theirs.distances("w1", ["w2", "w3"]), atol=1e-6)
    vector = np.ones(20, np.float32)
    np.testing.assert_allclose(ours.distances(vector, ["w2"]), theirs.distances(vector, ["w2"]), atol=1e-6)
    for i in range(50):
        words = [f"w{(i * 7 + j * j) % 5000}" for j in range(6)]
        assert ours.doesnt_match(words) == theirs.doesnt_match(words)
        expected = theirs.n_similarity(words[:2], words[2:])
        assert ours.n_similarity(words[:2], words[2:]) == pytest.approx(expected, abs=1e-6)


def test_zero_vectors():
    vectors = WordVectors(["a", "zero", "b"], [[1, 0], [0, 0], [-1, 0]])
    assert vectors.most_similar("a") == [("zero", 0.0), ("b", -1.0)]
    assert vectors.similarity("a", "zero") == 0
    assert vectors.distances("zero").tolist() == [1, 1, 1]


def test_doesnt_match_skips_unknown_words():
    vectors = WordVectors(["a", "b", "c"], [[1, 0], [1, 0.1], [0, 1]])
    with pytest.warns(UserWarning, match="skipped: 'z'"):
        assert vectors.doesnt_match(["a", "b", "c", "z"]) == "c"
    with pytest.warns(UserWarning, match="skipped"), pytest.raises(ValueError, match="at least one"):
        vectors.doesnt_match(["z"])


@pytest.mark.parametrize(
    ("query", "error"), [({}, ValueError), ({"positive": ["?"]}, KeyError), ({"positive": np.ones(3)}, ValueError)]
)
def test_invalid_queries(pair, query, error):
    with pytest.raises(error):
        pair[0].most_similar(**query)
    with pytest.raises(ValueError, match="Expected two lists of words"):
        pair[0].n_similarity(["w1"], [])


def test_nearest():
    scores = np.array([0.5, 0.9, 0.4, 0.7, 0.1])
    assert similarity.nearest(scores, 3) == [1, 3, 0]
    assert similarity.nearest(scores, 2, exclude=[1, 3]) == [0, 2]
    assert similarity.nearest(scores, 10) == [1, 3, 0, 2, 4]


def test_row_norms_in_blocks(monkeypatch):
    monkeypatch.setattr(similarity, "_BLOCK_ROWS", 3)
    rows = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    np.testing.assert_allclose(similarity.row_norms(rows), np.linalg.norm(rows, axis=1), rtol=1e-6)
