import pickle

import numpy as np
import pytest

from skglove.vectors import WordVectors


@pytest.fixture(scope="module")
def pair():
    """Ours and gensim's, of the same 5,000 random vectors with some structure."""
    gensim = pytest.importorskip("gensim.models")
    random = np.random.default_rng(0)
    rows = (random.normal(0, 1, (5000, 20)) + 2 * random.normal(0, 1, (50, 20))[random.integers(0, 50, 5000)]).astype(
        "f4"
    )
    words = [f"w{i}" for i in range(5000)]
    theirs = gensim.KeyedVectors(20)
    theirs.add_vectors(words, rows)
    return WordVectors(words, rows), theirs


def same(ours, theirs):
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
    same(ours.most_similar(**query), theirs.most_similar(**query))


def test_most_similar_of_everything_as_gensim(pair):
    ours, theirs = pair
    np.testing.assert_allclose(ours.most_similar("w5", topn=None), theirs.most_similar("w5", topn=None), atol=1e-6)
    assert ours.most_similar("w5", topn=0) == []


def test_many_queries_as_gensim(pair):
    ours, theirs = pair
    for i in range(200):
        same(
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


QUESTIONS = """: capitals of some kind
w1 w2 w3 w4
W5 w6 w7 w8
w1 w2 w3 unknown
: none
unknown w1 w2 w3
: more
"""


@pytest.mark.parametrize("dummy4unknown", [False, True])
@pytest.mark.parametrize("case_insensitive", [True, False])
def test_analogies_as_gensim(pair, tmp_path, case_insensitive, dummy4unknown):
    """On questions of which some are answered right: their fourth word is gensim's answer."""
    ours, theirs = pair
    path = tmp_path / "questions.txt"
    lines = []
    for i in range(150):
        a, b, c = f"w{i}", f"w{i + 1000}", f"w{i + 2000}"
        answer = theirs.most_similar([b, c], [a], topn=1, restrict_vocab=4000)[0][0] if i % 3 else f"w{i + 7}"
        lines.append(f"{a} {b.upper() if i % 5 == 0 else b} {c} {answer}\n")
    path.write_text(QUESTIONS + "".join(lines) + "not a question\n")
    options = {"restrict_vocab": 4000, "case_insensitive": case_insensitive, "dummy4unknown": dummy4unknown}
    score, sections = ours.evaluate_word_analogies(path, **options)
    expected, expected_sections = theirs.evaluate_word_analogies(str(path), **options)
    assert 0.3 < score < 0.9
    assert score == expected
    assert [s["section"] for s in sections] == ["capitals of some kind", "none", "more", "Total accuracy"]
    for section, other in zip(sections, expected_sections, strict=True):
        assert {key: section[key] for key in ("section", "correct", "incorrect")} == other
    assert sections[-1]["accuracy"] == score
    assert sections[0]["accuracy"] == 0


def test_analogies_without_use(pair, tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text("w1 w2 w3 w4\n")
    with pytest.raises(ValueError, match="line 1: expected a section"):
        pair[0].evaluate_word_analogies(path)
    path.write_text(": family\nking man queen woman\n")
    with pytest.raises(ValueError, match="None of the 1 questions"):
        pair[0].evaluate_word_analogies(path)


def test_gensim_there_and_back(pair):
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


def test_spacy():
    spacy = pytest.importorskip("spacy")
    nlp = spacy.blank("en")
    for i, word in enumerate(["cat", "dog", "car"]):
        nlp.vocab.set_vector(word, np.full(4, i + 1, np.float32))
    whole = WordVectors.load(nlp)
    assert sorted(whole) == ["car", "cat", "dog"]
    assert whole["dog"].tolist() == [2, 2, 2, 2]
    part = WordVectors.load(nlp.vocab.vectors, vocabulary=["car", "bird"])
    assert part.index_to_key == ["car"]
    assert part["car"].tolist() == [3, 3, 3, 3]


def test_mapping():
    vectors = WordVectors.load({"a": [1, 2], "b": (3, 4.5)})
    assert vectors.vectors.dtype == np.float32
    assert vectors["b"].tolist() == [3, 4.5]
    assert WordVectors.load({"a": [1, 2], "b": [3, 4]}, vocabulary=["c", "b"]).index_to_key == ["b"]
    assert WordVectors.load(vectors) is vectors
    assert WordVectors.load(vectors, vocabulary={"b", "x"}).index_to_key == ["b"]


def test_lookups():
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
    assert vectors["a"].tolist() == [3, 4], "a copy is handed out"
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
    with pytest.raises(TypeError, match="many words"):
        vectors.embedding_matrix("a")


def test_pickle_holds_rows_and_not_the_map(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\n")
    vectors = WordVectors.load(path)
    vectors.similarity("a", "b")
    copy = pickle.loads(pickle.dumps(vectors))
    assert type(copy.vectors) is np.ndarray
    assert copy.index_to_key == vectors.index_to_key
    np.testing.assert_array_equal(copy.vectors, vectors.vectors)
    assert copy.most_similar("a") == vectors.most_similar("a")


def test_zero_vectors_are_like_nothing():
    vectors = WordVectors(["a", "zero", "b"], [[1, 0], [0, 0], [-1, 0]])
    assert vectors.most_similar("a") == [("zero", 0.0), ("b", -1.0)]
    assert vectors.similarity("a", "zero") == 0
    assert vectors.distances("zero").tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("words", "rows", "error", "message"),
    [
        (["a"], [[1], [2]], ValueError, "got 1 words and 2 rows"),
        (["a", "b", "a"], [[1], [2], [3]], ValueError, "'a' comes again"),
        (["a"], [1.0], ValueError, r"shape \(words, dim\), got shape \(1,\)"),
        (["a"], [["x"]], ValueError, "matrix of numbers"),
        (["a", "b"], [[1, 2], [3]], ValueError, "matrix of numbers"),
        (["a", 5], [[1], [2]], TypeError, "got 5 of type int"),
        ("ab", [[1], [2]], TypeError, "got one str"),
    ],
)
def test_wrong_parts(words, rows, error, message):
    with pytest.raises(error, match=message):
        WordVectors(words, rows)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("glove.6B.100", ValueError, r"'glove\.6B\.100', and there is no such file\. Did you mean 'glove\.6B\.100d'"),
        ("nonsense", ValueError, r"Known are glove\.6B\.50d, "),
        ("no/such/file", FileNotFoundError, r"There is no file /.*/no/such/file\."),
        ("vectors.txt", FileNotFoundError, r"There is no file /.*/vectors\.txt\."),
        ("vectors.zip#member.txt", FileNotFoundError, r"There is no file /.*/vectors\.zip\."),
        ("{tmp}", IsADirectoryError, "is a folder"),
        ("{tmp}/empty.txt", ValueError, "is empty"),
        (3, TypeError, r"got builtins\.int"),
        (None, TypeError, r"got builtins\.NoneType"),
        (["a"], TypeError, r"got builtins\.list"),
    ],
)
def test_unusable_source(source, error, message, tmp_path):
    (tmp_path / "empty.txt").touch()
    if isinstance(source, str):
        source = source.replace("{tmp}", str(tmp_path))
    with pytest.raises(error, match=message):
        WordVectors.check_source(source)
    with pytest.raises(error, match=message):
        WordVectors.load(source)


@pytest.mark.parametrize(
    ("mapping", "error", "message"),
    [
        ({}, ValueError, "got an empty one"),
        ({1: [2]}, TypeError, "the key 1 is a int"),
        ({"a": [1, 2], "b": [1]}, ValueError, r"Expected 2 numbers for each word, got shape \(1,\) for 'b'"),
        ({"a": ["x", "y"]}, ValueError, "Expected numbers for 'a'"),
    ],
)
def test_unusable_mapping(mapping, error, message):
    with pytest.raises(error, match=message):
        WordVectors.load(mapping)


def test_check_source_reads_and_fetches_nothing(tmp_path, home, pair):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\n" * 100_000 + "broken\n")
    for source in (path, str(path), "glove.840B.300d", "glove-wiki-gigaword-300", {"a": [1]}, *pair):
        assert WordVectors.check_source(source) is None
    assert not home.exists()


def test_a_file_comes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glove.6B.100d").write_text("a 1 2\n")
    assert WordVectors.load("glove.6B.100d").index_to_key == ["a"]


@pytest.mark.parametrize("vocabulary", ["word", b"word", [1, 2], ["a", None]])
def test_wrong_vocabulary(vocabulary):
    with pytest.raises(TypeError, match="Expected a vocabulary"):
        WordVectors.load({"a": [1]}, vocabulary=vocabulary)


def test_vocabulary_of_subclasses_of_str():
    words = np.array(["a", "b"])
    assert WordVectors.load({"a": [1], "b": [2]}, vocabulary=words).index_to_key == ["a", "b"]


def test_doesnt_match_leaves_out_unknown_words():
    vectors = WordVectors(["a", "b", "c"], [[1, 0], [1, 0.1], [0, 1]])
    with pytest.warns(UserWarning, match="left out: 'z'"):
        assert vectors.doesnt_match(["a", "b", "c", "z"]) == "c"
    with pytest.warns(UserWarning, match="left out"), pytest.raises(ValueError, match="at least one"):
        vectors.doesnt_match(["z"])


@pytest.mark.parametrize(
    ("query", "error"), [({}, ValueError), ({"positive": ["?"]}, KeyError), ({"positive": np.ones(3)}, ValueError)]
)
def test_wrong_queries(pair, query, error):
    with pytest.raises(error):
        pair[0].most_similar(**query)
    with pytest.raises(ValueError, match="Expected two lists of words"):
        pair[0].n_similarity(["w1"], [])


def test_plot(pair):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    vectors = pair[0]
    ax = vectors.plot(["w1", "w2"], pairs=[("w3", "w4")])
    texts = [text.get_text() for text in ax.texts]
    assert texts == ["w1", "w2", "w3", "w4", ""]
    assert len(ax.collections[0].get_offsets()) == 4
    assert vectors.plot(["w1", "w2"], ax=ax) is ax
    with pytest.raises(KeyError, match="not among"):
        vectors.plot(["w1", "nowhere"])
    with pytest.raises(ValueError, match="two words or more"):
        vectors.plot(["w1"])
    with pytest.raises(ValueError, match="pairs of two words"):
        vectors.plot(pairs=["w1"])
    matplotlib.pyplot.close("all")
