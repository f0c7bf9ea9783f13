import copy
import gzip
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from skglove import GloveTextVectorizer, TokenSequences, WordVectors

TEXTS = ["The cat sat.", "A dog, the dog!", "the mat"]
VECTORS = {"the": [1.0, 2.0], "dog": [3.0, 4.0], "unused": [5.0, 6.0]}


@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        tuple(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pd.Series(TEXTS, index=[7, 8, 9]),
        pd.Series(TEXTS, dtype="string"),
        pl.Series(TEXTS),
        dict.fromkeys(TEXTS).keys(),
    ],
    ids=lambda texts: type(texts).__name__,
)
def test_any_iterable_of_texts(texts):
    expected = GloveTextVectorizer(VECTORS, maxlen=5).fit_transform(TEXTS)
    assert np.array_equal(GloveTextVectorizer(VECTORS, maxlen=5).fit_transform(texts), expected)


def test_generators_are_read_once():
    expected = GloveTextVectorizer(VECTORS, maxlen=5).fit_transform(TEXTS)
    assert np.array_equal(GloveTextVectorizer(VECTORS, maxlen=5).fit_transform(text for text in TEXTS), expected)
    fitted = GloveTextVectorizer(VECTORS, maxlen=5).fit(text for text in TEXTS)
    assert np.array_equal(fitted.transform(iter(TEXTS)), expected)


def test_fitted_attributes():
    vectorizer = GloveTextVectorizer(VECTORS, num_words=4, extra_words=0).fit(TEXTS)
    assert vectorizer.vocabulary_ == {"the": 1, "dog": 2, "cat": 3}
    assert vectorizer.word_counts_ == {"the": 3, "cat": 1, "sat": 1, "a": 1, "dog": 2, "mat": 1}
    assert vectorizer.embedding_matrix_.dtype == np.float32
    assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [1, 2], [3, 4], [0, 0]]
    assert vectorizer.n_words_found_ == 2
    assert vectorizer.maxlen_ == 1000


def test_extra_words_are_known_by_their_vectors_alone():
    vectors = {
        "the": [1.0, 2.0],
        ",": [0.0, 9.0],
        "sat": [7.0, 8.0],
        "Hen": [1.0, 1.0],
        "hen": [3.0, 4.0],
        "far": [5.0, 6.0],
    }
    vectorizer = GloveTextVectorizer(vectors, num_words=4, extra_words=5).fit(TEXTS)
    # "sat" is a word of the texts, if not one that is kept; no text can hold "," or "Hen"; "far" is too far down.
    assert vectorizer.vocabulary_ == {"the": 1, "dog": 2, "cat": 3, "hen": 4}
    assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [1, 2], [0, 0], [0, 0], [3, 4]]
    assert vectorizer.n_words_found_ == 1
    assert vectorizer.transform(["the far hen sat"])[0, -2:].tolist() == [1, 4]
    assert GloveTextVectorizer(vectors, oov_token="hen").fit(TEXTS).vocabulary_["hen"] == 1


def test_extra_words_of_every_source(tmp_path):
    (tmp_path / "vectors.txt").write_text("3 2\nthe 1 2\nhen 3 4\nfar 5 6\n")
    with gzip.open(tmp_path / "vectors.txt.gz", "wt") as file:
        file.write("the 1 2\nhen 3 4\nfar 5 6\n")
    given = {"the": [1.0, 2.0], "hen": [3.0, 4.0], "far": [5.0, 6.0]}
    own = WordVectors(list(given), list(given.values()))
    for source in (tmp_path / "vectors.txt", str(tmp_path / "vectors.txt.gz"), given, own, own.to_gensim()):
        vectorizer = GloveTextVectorizer(source, extra_words=2).fit(["the cat"])
        assert vectorizer.vocabulary_ == {"the": 1, "cat": 2, "hen": 3}
        assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [1, 2], [0, 0], [3, 4]]


def test_maxlen_none_is_the_longest_training_text():
    vectorizer = GloveTextVectorizer(VECTORS, maxlen=None).fit(["a, b!", "the cat -- sat there"])
    assert vectorizer.maxlen_ == 4
    assert vectorizer.transform(["the"]).shape == (1, 4)
    assert len(vectorizer.get_feature_names_out()) == 4


def test_transform_gives_sequences_with_the_vectors():
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    X = vectorizer.transform(["the dog", "of nobody"])
    assert isinstance(X, TokenSequences)
    assert X.shape == (2, 1000)
    assert X.dtype == np.int32
    assert X[0, -2:].tolist() == [1, 2]
    assert not X[1].any()
    assert X.embedding_matrix is vectorizer.embedding_matrix_


class GensimLike:
    key_to_index = {"the": 1, "dog": 0}  # noqa: RUF012
    vectors = np.array([[3.0, 4.0], [1.0, 2.0]])


def test_sources_of_vectors(tmp_path):
    file = tmp_path / "vectors.txt"
    file.write_text("the 1 2\ndog 3 4\nunused 5 6\n")
    expected = GloveTextVectorizer(VECTORS, extra_words=0).fit(TEXTS).embedding_matrix_
    for source in (str(file), file, GensimLike(), WordVectors(list(VECTORS), np.array(list(VECTORS.values())))):
        assert np.array_equal(GloveTextVectorizer(source, extra_words=0).fit(TEXTS).embedding_matrix_, expected)


def test_without_vectors():
    vectorizer = GloveTextVectorizer(embeddings=None).fit(TEXTS)
    assert vectorizer.embedding_matrix_ is None
    assert vectorizer.n_words_found_ == 0
    assert vectorizer.transform(TEXTS).input_dim == len(vectorizer.vocabulary_) + 1


def test_oov_token_stands_for_unknown_words():
    vectorizer = GloveTextVectorizer(VECTORS, oov_token="<OOV>", num_words=4, maxlen=3).fit(TEXTS)
    assert vectorizer.vocabulary_ == {"<OOV>": 1, "the": 2, "dog": 3, "unused": 4}
    assert vectorizer.transform(["the grey dog"]).tolist() == [[2, 1, 3]]


def test_inverse_transform():
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    assert vectorizer.inverse_transform(vectorizer.transform(["The dog, unknown: CAT", ""])) == ["the dog cat", ""]
    assert vectorizer.inverse_transform(np.zeros((0, 3), dtype=int)) == []
    with pytest.raises(ValueError, match="id 99"):
        vectorizer.inverse_transform([[1, 99]])


def test_feature_names_out():
    names = GloveTextVectorizer(VECTORS, maxlen=3).fit(TEXTS).get_feature_names_out()
    with pytest.raises(NotFittedError):
        GloveTextVectorizer(VECTORS).get_feature_names_out()
    assert names.tolist() == ["glovetextvectorizer0", "glovetextvectorizer1", "glovetextvectorizer2"]


def test_set_output_where_nothing_is_lost():
    frame = (
        GloveTextVectorizer(None, maxlen=3)
        .set_output(transform="pandas")
        .fit_transform(pd.Series(TEXTS, index=[7, 8, 9]))
    )
    assert isinstance(frame, pd.DataFrame)
    assert frame.shape == (3, 3)
    assert isinstance(GloveTextVectorizer(None).set_output(transform="polars").fit_transform(TEXTS), pl.DataFrame)


def test_set_output_that_would_lose_the_vectors_is_an_error():
    with pytest.raises(ValueError, match="cannot carry the word vectors"):
        GloveTextVectorizer(VECTORS).set_output(transform="pandas").fit_transform(TEXTS)
    with (
        sklearn.config_context(transform_output="pandas"),
        pytest.raises(ValueError, match="cannot carry the word vectors"),
    ):
        GloveTextVectorizer(VECTORS).fit(TEXTS).transform(TEXTS)


def test_mean_of_vectors():
    vectorizer = GloveTextVectorizer(VECTORS, maxlen=1, output="mean")
    means = vectorizer.fit_transform([*TEXTS, "nobody knows", ""])
    assert type(means) is np.ndarray
    assert means.dtype == np.float32
    np.testing.assert_allclose(means, [[1, 2], [(3 + 1 + 3) / 3, (4 + 2 + 4) / 3], [1, 2], [0, 0], [0, 0]], rtol=1e-6)
    assert len(vectorizer.get_feature_names_out()) == 2
    frame = vectorizer.set_output(transform="pandas").transform(TEXTS)
    assert list(frame.columns) == ["glovetextvectorizer0", "glovetextvectorizer1"]


def test_mean_weighted_by_idf_is_that_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [*TEXTS, "the unused dog"]
    vectorizer = GloveTextVectorizer(VECTORS, output="mean", use_idf=True).fit(iter(texts))
    theirs = TfidfVectorizer(norm=None, vocabulary=list(VECTORS)).fit(texts)
    assert vectorizer.idf_[[vectorizer.vocabulary_[word] for word in VECTORS]] == pytest.approx(theirs.idf_)
    weights = theirs.transform(texts).toarray()
    expected = weights @ np.array(list(VECTORS.values())) / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(vectorizer.transform(texts), expected, rtol=1e-6)


@pytest.mark.parametrize("copied", [lambda v: pickle.loads(pickle.dumps(v)), copy.deepcopy])
def test_copies_are_equal(copied):
    fitted = GloveTextVectorizer(VECTORS, maxlen=4).fit(TEXTS)
    assert np.array_equal(copied(fitted).transform(TEXTS), fitted.transform(TEXTS))
    assert np.array_equal(copied(fitted).embedding_matrix_, fitted.embedding_matrix_)
    assert clone(fitted).get_params() == fitted.get_params()


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("one text", ValueError, r"Got one str.*pass a list"),
        (b"one text", ValueError, "Got one bytes"),
        (["a", None], TypeError, "position 1.*None"),
        (["a", "b", float("nan")], TypeError, "position 2.*nan"),
        (["a", b"b"], TypeError, "position 1.*bytes.*Decode"),
        ([3, "b"], TypeError, "position 0.*int"),
        ([["a", "b"]], TypeError, "position 0.*list"),
        (pd.Series(["a", pd.NA]), TypeError, "position 1"),
        (iter(["a", None]), TypeError, "position 1"),
        (pd.DataFrame({"text": ["a"]}), ValueError, "one-dimensional.*one column"),
        (np.array([["a"]]), ValueError, "one-dimensional.*one column"),
        ({"a": 1}, ValueError, "one-dimensional"),
        (3, TypeError, "iterable"),
        ([], ValueError, "no texts"),
        (iter([]), ValueError, "no texts"),
        (["", " ", "!?"], ValueError, "no words"),
    ],
    ids=str,
)
def test_bad_texts(texts, error, message):
    with pytest.raises(error, match=message):
        GloveTextVectorizer(VECTORS).fit(texts)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"maxlen": 0}, "'maxlen'"),
        ({"maxlen": 2.5}, "'maxlen'"),
        ({"num_words": -1}, "'num_words'"),
        ({"num_words": 1}, "'num_words'"),
        ({"padding": "left"}, "'padding'.*'left'"),
        ({"truncating": None}, "'truncating'"),
        ({"lower": "yes"}, "'lower'"),
        ({"filters": None}, "'filters'"),
        ({"split": ""}, "split"),
        ({"oov_token": 1}, "'oov_token'"),
        ({"output": "sum"}, "'output'"),
        ({"output": "mean", "embeddings": None}, "embeddings cannot be None"),
        ({"oov_token": "cat"}, "oov_token='cat' is also a word"),
    ],
    ids=str,
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        GloveTextVectorizer(**{"embeddings": VECTORS, **parameters}).fit(TEXTS)


@pytest.mark.parametrize("embeddings", ["glove.6B.100", "no/such/file.txt", {}, 3, object()], ids=str)
def test_bad_embeddings_are_found_before_the_texts_are_read(embeddings):
    def texts():
        raise AssertionError("read too early")
        yield

    with pytest.raises((ValueError, TypeError, FileNotFoundError)):
        GloveTextVectorizer(embeddings).fit(texts())
    with pytest.raises((ValueError, TypeError, FileNotFoundError)):
        GloveTextVectorizer(embeddings).fit_transform(texts())


def test_a_fit_that_fails_leaves_the_last_one(tmp_path):
    broken = tmp_path / "vectors.txt"
    broken.write_text("the 1 2\ndog 3\n")
    vectorizer = GloveTextVectorizer(VECTORS, maxlen=3).fit(TEXTS)
    expected = vectorizer.transform(TEXTS)
    with pytest.raises(ValueError, match="line 2"):
        vectorizer.set_params(embeddings=broken).fit(["another dog"])
    assert np.array_equal(vectorizer.transform(TEXTS), expected)
    with pytest.raises(ValueError, match="line 2"):
        (unfitted := GloveTextVectorizer(broken)).fit(TEXTS)
    with pytest.raises(NotFittedError):
        unfitted.transform(TEXTS)


def test_transform_before_fit():
    with pytest.raises(NotFittedError):
        GloveTextVectorizer(VECTORS).transform(TEXTS)
    with pytest.raises(ValueError, match="no texts"):
        GloveTextVectorizer(VECTORS).fit(TEXTS).transform([])
