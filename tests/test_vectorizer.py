import copy
import itertools
import pickle
from collections import Counter
from unicodedata import normalize

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from skglove import GloveTextVectorizer, TokenSequences, WordVectors
from skglove._keras import import_keras
from skglove.text.documents import chunks
from skglove.text.keras import KERAS_FILTERS

TEXTS = ["The cat sat.", "A dog, the dog!", "the mat"]
VECTORS = {"the": [1.0, 2.0], "dog": [3.0, 4.0], "unused": [5.0, 6.0]}

# Words of few letters, so that they repeat; besides any letter what lowers to two characters, blanks that are no separators,
# filtered characters and combining marks.
ODD_LETTERS = list("aAbB  \t\n\r\v\f\x85\xa0\u2003\u3000İıßẞΣςé\u0301!#'-_<>")
LETTERS = st.one_of(st.sampled_from("abc   "), st.characters(codec="utf-8"), st.sampled_from(ODD_LETTERS))
ODD_TEXTS = pytest.mark.filterwarnings("ignore:.* contain white space")
MANY_TEXTS = st.lists(st.text(LETTERS, max_size=60), min_size=1, max_size=8)
TOKENIZATION = st.fixed_dictionaries(
    {
        "num_words": st.sampled_from([None, 2, 3, 10, 1000]),
        "lower": st.booleans(),
        "filters": st.sampled_from([KERAS_FILTERS, "", "abc", "ß\r"]),
        "split": st.sampled_from([" ", "a", "ab", "\t"]),
        "oov_token": st.sampled_from([None, "<OUT OF VOCABULARY\x00>"]),
    }
)
LENGTHS = st.fixed_dictionaries(
    {
        "maxlen": st.integers(1, 12),
        "padding": st.sampled_from(["pre", "post"]),
        "truncating": st.sampled_from(["pre", "post"]),
    }
)


def reference_words(text, *, lower, filters, split):
    text = text.lower() if lower else text
    text = "".join(split if character in filters else character for character in text)
    return [word for word in text.split(split) if word]


def reference_sequences(fit_on, texts, *, num_words, oov_token, maxlen, truncating, **how):
    """Return the sequences of Keras' Tokenizer and pad_sequences, by their rules, without the padding."""
    counts = Counter(word for text in fit_on for word in reference_words(text, **how))
    # Sorting is stable, so ties go to the word seen first.
    words = ([] if oov_token is None else [oov_token]) + sorted(counts, key=lambda word: -counts[word])
    vocabulary = {word: i for i, word in enumerate(words[: None if num_words is None else num_words - 1], start=1)}
    unknown = None if oov_token is None else 1
    found = [[vocabulary.get(word, unknown) for word in reference_words(text, **how)] for text in texts]
    found = [[id_ for id_ in ids if id_ is not None] for ids in found]
    if maxlen is None:
        return found
    return [ids[-maxlen:] if truncating == "pre" else ids[:maxlen] for ids in found]


# Ids


@ODD_TEXTS
@settings(max_examples=200, deadline=None)
@given(texts=MANY_TEXTS, tokenization=TOKENIZATION, lengths=LENGTHS, cuts=st.booleans())
def test_fit_transform_follows_the_rules(texts, tokenization, lengths, cuts):
    lengths["maxlen"] = lengths["maxlen"] if cuts else None
    how = {name: tokenization[name] for name in ("lower", "filters", "split")}
    assume(any(reference_words(text, **how) for text in texts))
    X = GloveTextVectorizer(None, **tokenization, **lengths).fit_transform(texts)
    lengths.pop("padding")
    assert X.tolist() == reference_sequences(texts, texts, **tokenization, **lengths)


@ODD_TEXTS
@settings(max_examples=200, deadline=None)
@given(fit_on=MANY_TEXTS, texts=MANY_TEXTS, tokenization=TOKENIZATION, lengths=LENGTHS)
def test_ids_of_other_texts_follow_the_rules(fit_on, texts, tokenization, lengths):
    how = {name: tokenization[name] for name in ("lower", "filters", "split")}
    assume(any(reference_words(text, **how) for text in fit_on))
    X = GloveTextVectorizer(None, **tokenization, **lengths).fit(fit_on).transform(texts)
    lengths.pop("padding")
    assert X.tolist() == reference_sequences(fit_on, texts, **tokenization, **lengths)


@ODD_TEXTS
@settings(max_examples=100, deadline=None)
@given(fit_on=MANY_TEXTS, texts=MANY_TEXTS, tokenization=TOKENIZATION, lengths=LENGTHS)
def test_padded_matrices_equal_those_of_keras(fit_on, texts, tokenization, lengths):
    import_keras()
    from tensorflow.keras.preprocessing.sequence import pad_sequences
    from tensorflow.keras.preprocessing.text import Tokenizer as KerasTokenizer

    how = {name: tokenization[name] for name in ("lower", "filters", "split")}
    assume(any(reference_words(text, **how) for text in fit_on))
    theirs = KerasTokenizer(**tokenization)
    theirs.fit_on_texts(fit_on)
    vectorizer = GloveTextVectorizer(None, **tokenization, **lengths).fit(fit_on)
    assert np.array_equal(
        vectorizer.transform(texts).padded(), pad_sequences(theirs.texts_to_sequences(texts), **lengths)
    )


@ODD_TEXTS
@settings(max_examples=100, deadline=None)
@given(texts=MANY_TEXTS, tokenization=TOKENIZATION)
def test_word_counts_are_in_order_of_first_appearance(texts, tokenization):
    how = {name: tokenization[name] for name in ("lower", "filters", "split")}
    counts = Counter(word for text in texts for word in reference_words(text, **how))
    assume(counts)
    assert list(GloveTextVectorizer(None, **tokenization).fit(texts).word_counts_.items()) == list(counts.items())


@pytest.fixture(scope="module")
def many_texts():
    """Return texts of several chunks, in the last of which there are new words, and one word becomes the most frequent."""
    rng = np.random.RandomState(0)
    words = [f"w{i}" for i in range(300)]
    texts = [" ".join(rng.choice(words[: 50 + i // 40], rng.randint(0, 7))) for i in range(9_000)]
    texts[-1] = " ".join(["w299"] * 2_000)
    assert len(list(chunks(texts))) > 2
    return texts


PARAMETERS = [
    {},
    {"num_words": 20},
    {"num_words": 20, "oov_token": "<OOV>"},
    {"maxlen": 3, "truncating": "post"},
    {"maxlen": None},
    {"use_idf": True},
    {"output": "mean"},
    {"output": "mean", "use_idf": True, "num_words": 20},
    {"output": "mean", "use_idf": True, "oov_token": "<OOV>", "extra_words": 0},
]


def as_array(X):
    return X if isinstance(X, np.ndarray) else X.padded()


@pytest.fixture(scope="module")
def many_vectors():
    return {f"w{i}": [i / 100, 1.0, -i / 50] for i in range(0, 400, 3)}


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_fit_transform_of_many_texts_is_fit_and_transform(many_texts, many_vectors, parameters):
    vectorizer = GloveTextVectorizer(many_vectors, **parameters)
    X = vectorizer.fit_transform(many_texts)
    assert np.array_equal(as_array(X), as_array(vectorizer.transform(many_texts)))


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_fit_transform_learns_what_fit_learns(many_texts, many_vectors, parameters):
    first = GloveTextVectorizer(many_vectors, **parameters).fit(many_texts)
    second = GloveTextVectorizer(many_vectors, **parameters)
    second.fit_transform(many_texts)
    assert list(first.vocabulary_.items()) == list(second.vocabulary_.items())
    assert first.word_counts_ == second.word_counts_
    assert np.array_equal(first.embedding_matrix_, second.embedding_matrix_)
    assert not first.use_idf or np.array_equal(first.idf_, second.idf_)


def test_ids_of_many_texts_follow_the_rules(many_texts):
    rules = {"num_words": 150, "oov_token": None, "maxlen": 4, "truncating": "pre"}
    X = GloveTextVectorizer(None, **rules).fit_transform(many_texts)
    how = {"lower": True, "filters": KERAS_FILTERS, "split": " "}
    assert X.tolist() == reference_sequences(many_texts, many_texts, **rules, **how)


def test_fit_transform_reads_a_generator_once(many_texts):
    X = GloveTextVectorizer(None).fit_transform(text for text in many_texts)
    assert X.tolist() == GloveTextVectorizer(None).fit(many_texts).transform(many_texts).tolist()


def test_fit_and_transform_read_a_generator_once(many_texts):
    vectorizer = GloveTextVectorizer(None).fit(text for text in many_texts)
    assert len(vectorizer.transform(iter(many_texts))) == len(many_texts)


def test_fit_transform_splits_each_text_once(monkeypatch):
    from skglove.text.tokenizer import Tokenizer

    split, pieces = [], Tokenizer.pieces
    monkeypatch.setattr(Tokenizer, "pieces", lambda self, text: split.append(text) or pieces(self, text))
    GloveTextVectorizer(None).fit_transform(TEXTS)
    assert split == TEXTS


@pytest.mark.parametrize(
    "texts",
    [np.array(TEXTS), pd.Series(TEXTS, index=[7, 8, 9]), pl.Series(TEXTS)],
    ids=lambda texts: type(texts).__name__,
)
def test_texts_of_other_types(texts):
    expected = GloveTextVectorizer(None).fit_transform(TEXTS)
    assert GloveTextVectorizer(None).fit_transform(texts).tolist() == expected.tolist()


def test_maxlen_none_cuts_nothing():
    vectorizer = GloveTextVectorizer(VECTORS, maxlen=None).fit(["a, b!", "the cat -- sat there"])
    assert vectorizer.transform(["the cat " * 700]).lengths.tolist() == [1400]


def test_default_maxlen_is_1000():
    assert GloveTextVectorizer(VECTORS).fit_transform(["the " * 1400]).lengths.tolist() == [1000]


def test_oov_token_stands_for_unknown_words():
    vectorizer = GloveTextVectorizer(VECTORS, oov_token="<OOV>", num_words=4).fit(TEXTS)
    assert vectorizer.vocabulary_ == {"<OOV>": 1, "the": 2, "dog": 3, "unused": 4}
    assert vectorizer.transform(["the grey dog"]).tolist() == [[2, 1, 3]]


# What fit learns


@pytest.fixture(scope="module")
def fitted():
    return GloveTextVectorizer(VECTORS, num_words=4, extra_words=0).fit(TEXTS)


def test_vocabulary_numbers_the_most_frequent_words(fitted):
    assert fitted.vocabulary_ == {"the": 1, "dog": 2, "cat": 3}


def test_word_counts_hold_words_that_are_not_kept(fitted):
    assert fitted.word_counts_ == {"the": 3, "cat": 1, "sat": 1, "a": 1, "dog": 2, "mat": 1}


def test_embedding_matrix_has_zeros_for_padding_and_words_without_vector(fitted):
    assert fitted.embedding_matrix_.dtype == np.float32
    assert fitted.embedding_matrix_.tolist() == [[0, 0], [1, 2], [3, 4], [0, 0]]


def test_n_words_found_counts_words_with_a_vector(fitted):
    assert fitted.n_words_found_ == 2


def test_a_vector_of_the_empty_word_is_not_that_of_padding():
    assert not GloveTextVectorizer({"": [1.0], "the": [2.0]}).fit(TEXTS).embedding_matrix_[0].any()


def test_without_embeddings_there_are_no_vectors():
    vectorizer = GloveTextVectorizer(embeddings=None).fit(TEXTS)
    assert vectorizer.embedding_matrix_ is None
    assert vectorizer.n_words_found_ == 0


@pytest.mark.parametrize("source", ["a path", "a str", "WordVectors", "an object"])
def test_sources_of_vectors(tmp_path, source):
    class Source:
        def check(self):
            pass

        def head(self, n_words):
            return list(VECTORS)[:n_words]

        def lookup(self, words):
            found = np.array([word in VECTORS for word in words])
            return np.array([VECTORS.get(word, [0, 0]) for word in words], dtype=np.float32), found

    file = tmp_path / "vectors.txt"
    file.write_text("".join(f"{word} {first} {second}\n" for word, (first, second) in VECTORS.items()))
    own = WordVectors(list(VECTORS), list(VECTORS.values()))
    sources = {"a path": file, "a str": str(file), "WordVectors": own, "an object": Source()}
    vectorizer = GloveTextVectorizer(sources[source]).fit(["the cat"])
    assert vectorizer.vocabulary_ == {"the": 1, "cat": 2, "dog": 3, "unused": 4}
    assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [1, 2], [0, 0], [3, 4], [5, 6]]


def test_joined_sources():
    vectorizer = GloveTextVectorizer([VECTORS, {"cat": [2.0], "the": [2.0]}], extra_words=0).fit(["the cat", "the dog"])
    length = (5**0.5 + 5) / 2  # the mean of those of "the" and "dog"
    expected = [[0, 0, 0], [1, 2, length], [0, 0, length], [3, 4, 0]]
    np.testing.assert_allclose(vectorizer.embedding_matrix_, expected, rtol=1e-6)
    assert vectorizer.n_words_found_ == 3


def test_extra_words_of_one_source_have_vectors_of_another():
    vectorizer = GloveTextVectorizer([{"the": [1.0], "hen": [1.0]}, {"hen": [3.0]}]).fit(["the"])
    assert vectorizer.vocabulary_ == {"the": 1, "hen": 2}
    assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [1, 0], [1, 1]]


@pytest.mark.parametrize("output", ["sequences", "mean"])
def test_principal_components(many_texts, many_vectors, output):
    vectorizer = GloveTextVectorizer(many_vectors, n_components=1, output=output).fit(many_texts)
    assert vectorizer.embedding_matrix_.shape == (len(vectorizer.vocabulary_) + 1, 1)
    known = [word in many_vectors for word in vectorizer.vocabulary_]
    assert vectorizer.embedding_matrix_[1:, 0].astype(bool).tolist() == known
    # all vectors are on one line, along which their distances are kept
    first, second = (vectorizer.embedding_matrix_[vectorizer.vocabulary_[word], 0] for word in ("w0", "w30"))
    expected = np.linalg.norm(np.subtract(many_vectors["w0"], many_vectors["w30"]))
    assert abs(first - second) == pytest.approx(expected, rel=1e-4)
    if output == "mean":
        assert vectorizer.transform(many_texts[:10]).shape == (10, 1)
        assert vectorizer.get_feature_names_out().tolist() == ["glovetextvectorizer0"]


def test_more_components_than_dimensions():
    with pytest.raises(ValueError, match="n_components=3, but the vectors have 2 dimensions"):
        GloveTextVectorizer(VECTORS, n_components=3).fit(TEXTS)


RUSSIAN = ["Кошка сидит на ковре", "а собака спит под столом у окна"]


@pytest.mark.parametrize("oov_token", [None, "<OOV>"])
def test_a_warning_if_hardly_a_word_has_a_vector(fit, oov_token):
    message = "^0 of 11 words have a vector in the dict: another language, or another tokenizer"
    with pytest.warns(UserWarning, match=message) as caught:
        fit(GloveTextVectorizer(VECTORS, oov_token=oov_token), RUSSIAN)
    assert len(caught) == 1


@pytest.mark.parametrize("method", ["fit", "fit_transform"])
@pytest.mark.parametrize(
    ("parameters", "documents", "message"),
    [
        ({"embeddings": VECTORS}, RUSSIAN, "another language"),
        ({"tokenizer": "glove", "split": "_"}, TEXTS, "have no effect"),
    ],
    ids=["few words found", "filters"],
)
def test_warnings_are_of_the_line_that_fits(method, parameters, documents, message):
    with pytest.warns(UserWarning, match=message) as caught:
        getattr(GloveTextVectorizer(**{"embeddings": None, **parameters}), method)(documents)
    assert caught[0].filename == __file__


def test_extra_words_do_not_count_against_the_warning():
    with pytest.warns(UserWarning, match="0 of 11 words"):
        assert len(GloveTextVectorizer(VECTORS).fit(RUSSIAN).vocabulary_) == 14


def test_no_word_of_the_texts_is_kept():
    vectorizer = GloveTextVectorizer(VECTORS, oov_token="<OOV>", num_words=2).fit(["кошка"])
    assert list(vectorizer.vocabulary_)[:1] == ["<OOV>"]


EXTRA = {"the": [1, 2], ",": [0, 9], "sat": [7, 8], "Hen": [1, 1], "hen": [3, 4], "far": [5, 6]}


@pytest.fixture(scope="module")
def with_extra_words():
    return GloveTextVectorizer(EXTRA, num_words=4, extra_words=5).fit(TEXTS)


def test_extra_words_come_after_all_others(with_extra_words):
    # "sat" is a word of the texts, if not one that is kept; no text can hold "," or "Hen"; "far" is the sixth word.
    assert with_extra_words.vocabulary_ == {"the": 1, "dog": 2, "cat": 3, "hen": 4}


def test_extra_words_have_their_vectors(with_extra_words):
    assert with_extra_words.embedding_matrix_.tolist() == [[0, 0], [1, 2], [0, 0], [0, 0], [3, 4]]


def test_extra_words_are_not_counted_as_found(with_extra_words):
    assert with_extra_words.n_words_found_ == 1


def test_extra_words_are_known_in_new_texts(with_extra_words):
    assert with_extra_words.transform(["the far hen sat"]).tolist() == [[1, 4]]


def test_extra_words_do_not_repeat_the_oov_token():
    assert GloveTextVectorizer(EXTRA, oov_token="hen").fit(TEXTS).vocabulary_["hen"] == 1


# Sequences


def test_sequences_carry_the_vectors():
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    X = vectorizer.transform(["the dog", "of nobody"])
    assert isinstance(X, TokenSequences)
    assert X.tolist() == [[1, 2], []]
    assert X.embedding_matrix is vectorizer.embedding_matrix_
    assert X.vocabulary is vectorizer.vocabulary_


def test_sequences_know_the_number_of_ids_without_vectors():
    vectorizer = GloveTextVectorizer(None).fit(TEXTS)
    assert vectorizer.transform(TEXTS).input_dim == len(vectorizer.vocabulary_) + 1


def test_sequences_pad_as_the_parameters_say():
    X = GloveTextVectorizer(None, maxlen=4, padding="post").fit_transform(["the cat"])
    assert X.padded().tolist() == [[1, 2, 0, 0]]


@pytest.mark.parametrize("name", ["get_feature_names_out", "set_output"])
def test_sequences_have_no_columns(name):
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    assert not hasattr(vectorizer, name)
    with pytest.raises(AttributeError, match=r'^Sequences of word ids have no columns.* Set output="mean"'):
        getattr(vectorizer, name)
    assert hasattr(vectorizer.set_params(output="mean"), name)


def test_a_pipeline_and_columns_say_that_sequences_have_none():
    pipeline = Pipeline([("words", GloveTextVectorizer(VECTORS))])
    columns = ColumnTransformer([("words", GloveTextVectorizer(VECTORS), "text")])
    for estimator, X in ((pipeline, TEXTS), (columns, pd.DataFrame({"text": TEXTS}))):
        with pytest.raises(ValueError, match="`set_output` is not available"):
            estimator.fit(X).set_output(transform="pandas")
        with pytest.raises(AttributeError, match=r"words.* does not provide get_feature_names_out"):
            estimator.get_feature_names_out()


@pytest.mark.parametrize("embeddings", [VECTORS, None], ids=["vectors", "no vectors"])
@pytest.mark.parametrize("library", ["default", "pandas", "polars"])
def test_a_global_output_container_leaves_sequences_alone(library, embeddings):
    with sklearn.config_context(transform_output=library):
        vectorizer = GloveTextVectorizer(embeddings)
        for X in (vectorizer.fit_transform(TEXTS), vectorizer.transform(TEXTS)):
            assert isinstance(X, TokenSequences)


@pytest.mark.parametrize("given", ["sequences", "matrix", "list"])
def test_inverse_transform_joins_the_words_that_were_kept(given):
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    X = vectorizer.transform(["The dog, unknown: CAT", ""])
    X = {"sequences": X, "matrix": X.padded(), "list": X.padded().tolist()}[given]
    assert vectorizer.inverse_transform(X) == ["the dog cat", ""]


def test_inverse_transform_of_nothing():
    assert GloveTextVectorizer(VECTORS).fit(TEXTS).inverse_transform(np.zeros((0, 3), dtype=int)) == []


def test_inverse_transform_joins_by_the_separator():
    vectorizer = GloveTextVectorizer(None, split="|").fit(["a b|c"])
    assert vectorizer.inverse_transform([[2, 1]]) == ["c|a b"]


def test_inverse_transform_of_an_unknown_id():
    with pytest.raises(ValueError, match="X contains id 99; the ids of this vocabulary are 1 to 7"):
        GloveTextVectorizer(VECTORS).fit(TEXTS).inverse_transform([[1, 99]])


# Means


MEAN_TEXTS = [*TEXTS, "nobody knows", ""]


@pytest.fixture(scope="module")
def means():
    return GloveTextVectorizer(VECTORS, output="mean", maxlen=1).fit(MEAN_TEXTS)


def test_means_are_those_of_all_words_with_a_vector(means):
    expected = [[1, 2], [(3 + 1 + 3) / 3, (4 + 2 + 4) / 3], [1, 2], [0, 0], [0, 0]]
    np.testing.assert_allclose(means.transform(MEAN_TEXTS), expected, rtol=1e-6)


def test_means_are_an_ordinary_array(means):
    X = means.transform(TEXTS)
    assert type(X) is np.ndarray
    assert X.dtype == np.float32


def test_means_have_names(means):
    assert means.get_feature_names_out().tolist() == ["glovetextvectorizer0", "glovetextvectorizer1"]


def test_names_of_an_unfitted_vectorizer():
    with pytest.raises(NotFittedError):
        GloveTextVectorizer(VECTORS, output="mean").get_feature_names_out()


@pytest.mark.parametrize(("library", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_means_as_a_data_frame(library, frame):
    vectorizer = GloveTextVectorizer(VECTORS, output="mean").set_output(transform=library)
    X = vectorizer.fit_transform(TEXTS)
    assert isinstance(X, frame)
    assert list(X.columns) == ["glovetextvectorizer0", "glovetextvectorizer1"]


def test_a_global_output_container_holds_for_means():
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(GloveTextVectorizer(VECTORS, output="mean").fit_transform(TEXTS), pd.DataFrame)


@pytest.fixture(scope="module")
def weighted():
    texts = [*TEXTS, "the unused dog"]
    return texts, GloveTextVectorizer(VECTORS, output="mean", use_idf=True).fit(iter(texts))


@pytest.fixture(scope="module")
def tfidf(weighted):
    return TfidfVectorizer(norm=None, vocabulary=list(VECTORS)).fit(weighted[0])


def test_idf_is_that_of_scikit_learn(weighted, tfidf):
    _, vectorizer = weighted
    assert vectorizer.idf_[[vectorizer.vocabulary_[word] for word in VECTORS]] == pytest.approx(tfidf.idf_)


def test_idf_has_a_number_for_each_id(weighted):
    _, vectorizer = weighted
    assert len(vectorizer.idf_) == len(vectorizer.embedding_matrix_)
    assert vectorizer.idf_[0] == 1


def test_idf_of_extra_words_is_that_of_words_in_no_text():
    vectorizer = GloveTextVectorizer(VECTORS, output="mean", use_idf=True).fit(TEXTS)
    assert vectorizer.idf_[vectorizer.vocabulary_["unused"]] == pytest.approx(np.log(4 / 1) + 1)


def test_means_are_weighted_by_idf(weighted, tfidf):
    texts, vectorizer = weighted
    weights = tfidf.transform(texts).toarray()
    expected = weights @ np.array(list(VECTORS.values())) / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(vectorizer.transform(texts), expected, rtol=1e-6)


def test_without_use_idf_there_is_no_idf():
    assert not hasattr(GloveTextVectorizer(VECTORS, output="mean").fit(TEXTS), "idf_")


# As an estimator


@pytest.mark.parametrize("copied", [lambda v: pickle.loads(pickle.dumps(v)), copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("output", ["sequences", "mean"])
def test_copies_make_the_same_of_texts(copied, output):
    fitted = GloveTextVectorizer(VECTORS, maxlen=4, output=output).fit(TEXTS)
    assert np.array_equal(as_array(copied(fitted).transform(TEXTS)), as_array(fitted.transform(TEXTS)))


def test_clones_have_the_same_parameters_and_are_not_fitted(fitted):
    assert clone(fitted).get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        clone(fitted).transform(TEXTS)


def test_transform_before_fit():
    with pytest.raises(NotFittedError):
        GloveTextVectorizer(VECTORS).transform(TEXTS)


def test_word_counts_before_fit():
    assert not hasattr(GloveTextVectorizer(VECTORS), "word_counts_")


def test_a_second_fit_forgets_the_first():
    vectorizer = GloveTextVectorizer(VECTORS, output="mean", use_idf=True).fit(TEXTS)
    assert vectorizer.word_counts_["the"] == 3
    vectorizer.set_params(use_idf=False).fit(["one the"])
    assert vectorizer.word_counts_ == {"one": 1, "the": 1}
    assert not hasattr(vectorizer, "idf_")


METHODS = {
    "fit": lambda vectorizer, texts: vectorizer.fit(texts),
    "fit_transform": lambda vectorizer, texts: vectorizer.fit_transform(texts),
}


@pytest.fixture(params=METHODS)
def fit(request):
    return METHODS[request.param]


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        ("one text", ValueError, r"Got one str.*pass a list"),
        (["a", None], TypeError, r"position 1 .*None"),
        ([], ValueError, "no texts"),
        (["", " ", "!?"], ValueError, "The texts contain no words"),
    ],
    ids=str,
)
def test_bad_texts(fit, texts, error, message):
    with pytest.raises(error, match=message):
        fit(GloveTextVectorizer(VECTORS), texts)


@pytest.mark.parametrize(("texts", "error"), [("one text", ValueError), (["a", None], TypeError), ([], ValueError)])
def test_bad_texts_to_transform(fitted, texts, error):
    with pytest.raises(error):
        fitted.transform(texts)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"maxlen": 0}, "'maxlen'"),
        ({"maxlen": 2.5}, "'maxlen'"),
        ({"num_words": -1}, "'num_words'"),
        ({"num_words": 1}, "'num_words'"),
        ({"extra_words": -1}, "'extra_words'"),
        ({"padding": "left"}, "'padding'.*'left'"),
        ({"truncating": None}, "'truncating'"),
        ({"lower": "yes"}, "'lower'"),
        ({"filters": None}, "'filters'"),
        ({"tokenizer": "spacy"}, "'tokenizer'"),
        ({"tokenizer": 3}, "'tokenizer'"),
        ({"split": ""}, "split must not be empty"),
        ({"oov_token": 1}, "'oov_token'"),
        ({"output": "sum"}, "'output'"),
        ({"use_idf": "yes"}, "'use_idf'"),
        ({"n_components": 0}, "'n_components'"),
        ({"n_components": 1.5}, "'n_components'"),
        ({"n_components": 2, "embeddings": None}, "n_components=2 requires word vectors"),
        ({"embeddings": []}, "at least one source of word vectors"),
        ({"output": "mean", "embeddings": None}, "output='mean' requires word vectors"),
        ({"oov_token": "cat"}, "oov_token='cat' is also a word"),
    ],
    ids=str,
)
def test_bad_parameters(fit, parameters, message):
    with pytest.raises(ValueError, match=message):
        fit(GloveTextVectorizer(**{"embeddings": VECTORS, **parameters}), TEXTS)


@pytest.mark.parametrize(
    "embeddings", ["glove.6B.100", "no/such/file.txt", {}, 3, object()], ids=lambda given: f"{given!r:.8}"
)
def test_bad_embeddings_are_found_before_the_texts_are_read(fit, embeddings):
    texts = iter(TEXTS)
    with pytest.raises((ValueError, TypeError, FileNotFoundError)):
        fit(GloveTextVectorizer(embeddings), texts)
    assert next(texts) == TEXTS[0]


def test_a_fit_that_fails_leaves_the_last_one(fit):
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    expected = vectorizer.transform(TEXTS).tolist()
    with pytest.raises(TypeError):
        fit(vectorizer, ["another dog", None])
    assert vectorizer.transform(TEXTS).tolist() == expected


def test_a_lookup_that_fails_leaves_the_last_fit(fit, tmp_path):
    broken = tmp_path / "vectors.txt"
    broken.write_text("the 1 2\ndog 3\n")
    vectorizer = GloveTextVectorizer(VECTORS).fit(TEXTS)
    expected = vectorizer.transform(TEXTS).tolist()
    with pytest.raises(ValueError, match="line 2"):
        fit(vectorizer.set_params(embeddings=broken), ["another dog"])
    assert vectorizer.transform(TEXTS).tolist() == expected


def test_a_first_fit_that_fails_leaves_nothing(fit):
    vectorizer = GloveTextVectorizer(VECTORS)
    with pytest.raises(TypeError):
        fit(vectorizer, itertools.chain(TEXTS, [None]))
    with pytest.raises(NotFittedError):
        vectorizer.transform(TEXTS)


# Tokenizers


def cut_at_blanks(text):
    return text.split()


TOKENIZERS = ["keras", "glove", "characters", cut_at_blanks]
QUOTED = ["Don\u2019t panic\u2014it\u2019s the cat.", "It isn't a dog, is it?", "a\u00a0dog"]


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        ("keras", "don\u2019t panic\u2014it\u2019s the cat"),
        (None, "don\u2019t panic\u2014it\u2019s the cat"),
        ("glove", "do n't panic it 's the cat"),
        (cut_at_blanks, "don\u2019t panic\u2014it\u2019s the cat."),
    ],
)
def test_words_are_those_of_the_tokenizer(tokenizer, words):
    vectorizer = GloveTextVectorizer(None, tokenizer=tokenizer).fit(QUOTED)
    assert vectorizer.inverse_transform(vectorizer.transform(QUOTED[:1])) == [words]


def test_characters_and_pairs():
    vectorizer = GloveTextVectorizer(None, tokenizer="characters").fit(["我爱猫", "猫"])
    assert vectorizer.vocabulary_ == {"猫": 1, "我": 2, "我爱": 3, "爱": 4, "爱猫": 5}
    assert vectorizer.transform(["爱我猫"]).tolist() == [[4, 2, 1]]


@pytest.mark.filterwarnings("ignore:.* words have a vector")  # few characters do
@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("output", ["sequences", "mean"])
def test_fit_transform_is_fit_and_transform_with_any_tokenizer(tokenizer, output):
    vectorizer = GloveTextVectorizer({**VECTORS, "a": [7.0, 8.0]}, tokenizer=tokenizer, output=output)
    X = as_array(vectorizer.fit_transform(QUOTED))
    assert X.any()
    assert np.array_equal(X, as_array(vectorizer.transform(QUOTED)))
    assert np.array_equal(X, as_array(clone(vectorizer).fit(QUOTED).transform(QUOTED)))
    assert np.array_equal(X, as_array(pickle.loads(pickle.dumps(vectorizer)).transform(QUOTED)))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_lists_of_words_are_not_split(tokenizer):
    vectorizer = GloveTextVectorizer(None, tokenizer=tokenizer)
    X = vectorizer.fit_transform([["The", "cat", "don't,"], ("the", "New York"), []])
    assert vectorizer.vocabulary_ == {"the": 1, "cat": 2, "don't,": 3, "new york": 4}
    assert X.tolist() == [[1, 2, 3], [1, 4], []]


def test_lists_of_words_keep_their_case_without_lower():
    assert list(GloveTextVectorizer(None, lower=False).fit([["The", "the"]]).vocabulary_) == ["The", "the"]


@given(st.lists(st.lists(st.text(max_size=3), max_size=6), min_size=1, max_size=4), st.booleans())
def test_ids_of_lists_of_words_are_those_of_keras(documents, lower):
    import_keras()
    from tensorflow.keras.preprocessing.text import Tokenizer as KerasTokenizer

    # Keras counts empty words.
    documents = [[word for word in document if word] for document in documents]
    assume(any(documents))
    assume(all(not document or any(word.split() in ([], [word]) for word in document) for document in documents))
    theirs = KerasTokenizer(lower=lower)
    theirs.fit_on_texts(documents)
    X = GloveTextVectorizer(None, num_words=None, lower=lower).fit_transform(documents)
    assert X.tolist() == theirs.texts_to_sequences(documents)


def test_many_lists_of_words_are_counted_like_many_texts(many_texts):
    from_texts = GloveTextVectorizer(None, use_idf=True).fit(many_texts)
    from_lists = GloveTextVectorizer(None, use_idf=True).fit(text.split() for text in many_texts)
    assert from_lists.vocabulary_ == from_texts.vocabulary_
    assert np.array_equal(from_lists.idf_, from_texts.idf_)


@pytest.mark.filterwarnings("ignore:0 of .* words have a vector")
def test_extra_words_are_those_that_the_tokenizer_can_return():
    vectors = {"the": [1], "n't": [2], ",": [3], "well-known": [4], "Hen": [5], "don't": [6]}

    def extra(documents, **parameters):
        vectorizer = GloveTextVectorizer(vectors, **parameters).fit(documents)
        return [word for word in vectorizer.vocabulary_ if word != "the"]

    assert extra(["the"]) == ["n't", "don't"]
    assert extra(["the"], tokenizer="glove") == ["n't", "well-known"]
    assert extra(["the"], tokenizer="characters") == ["t", "th", "h", "he", "e", ","]
    assert extra(["the"], tokenizer=cut_at_blanks) == ["n't", ",", "well-known", "don't"]
    assert extra([["the"]]) == ["n't", ",", "well-known", "don't"]
    assert extra(["the", ["the"]], lower=False) == ["n't", ",", "well-known", "Hen", "don't"]


@pytest.mark.parametrize("tokenizer", ["glove", "characters", cut_at_blanks])
@pytest.mark.parametrize("parameters", [{"filters": "!"}, {"split": "|"}], ids=str)
def test_parameters_of_keras_have_no_effect_on_other_tokenizers(tokenizer, parameters):
    vectorizer = GloveTextVectorizer(None, tokenizer=tokenizer, **parameters)
    with pytest.warns(UserWarning, match="filters and split have no effect with tokenizer="):
        vectorizer.fit(QUOTED)
    expected = GloveTextVectorizer(None, tokenizer=tokenizer).fit(QUOTED)
    assert vectorizer.vocabulary_ == expected.vocabulary_
    assert vectorizer.inverse_transform([[1, 2]]) == expected.inverse_transform([[1, 2]])


@pytest.mark.parametrize("method", ["fit", "fit_transform", "transform"])
def test_lists_of_texts_are_refused(method):
    vectorizer = GloveTextVectorizer(None).fit(TEXTS)
    before = vectorizer.vocabulary_
    with pytest.raises(TypeError, match=r"position 1 is a list of texts instead of words: \['The cat sat\.'\]"):
        getattr(vectorizer, method)(document for document in [["cat"], ["The cat sat."]])
    assert vectorizer.vocabulary_ is before


@pytest.mark.filterwarnings("ignore:0 of .* words have a vector")
def test_the_tokenizer_of_a_search():
    from sklearn.dummy import DummyClassifier
    from sklearn.model_selection import GridSearchCV

    pipeline = Pipeline([("vect", GloveTextVectorizer(VECTORS, output="mean")), ("clf", DummyClassifier())])
    search = GridSearchCV(pipeline, {"vect__tokenizer": TOKENIZERS}, cv=2, error_score="raise")
    search.fit([["the", "dog"], "the dog", ("a", "cat"), "a cat"], [0, 1, 0, 1])
    assert search.best_params_["vect__tokenizer"] in TOKENIZERS


def test_a_tokenizer_that_returns_no_words(fit):
    with pytest.raises(TypeError, match="must return a list of str"):
        fit(GloveTextVectorizer(None, tokenizer=str.lower), TEXTS)


MISSPELLED = {"elephant": [1.0, 0.0], "elephants": [1.0, 0.1], "hammer": [0.0, 1.0]}


@pytest.mark.parametrize("oov_token", [None, "<OOV>"])
@pytest.mark.parametrize("output", ["sequences", "mean"])
def test_unknown_words_can_be_replaced_by_the_nearest(oov_token, output):
    settings = {"oov_token": oov_token, "output": output}
    texts, altered = ["an elephant, a hammer", "hammer"], ["An elefant xyz", "hammmer"]
    vectorizer = GloveTextVectorizer(MISSPELLED, handle_unknown="nearest", **settings).fit(texts)
    plain = GloveTextVectorizer(MISSPELLED, **settings).fit(texts)
    got, wanted = vectorizer.transform(altered), plain.transform(["an elephant xyz", "hammer"])
    if output == "mean":
        np.testing.assert_array_equal(got, wanted)
    else:
        assert got.tolist() == wanted.tolist()
    # nothing else changes
    assert vectorizer.vocabulary_ == plain.vocabulary_
    assert vectorizer.transform(["xyz"]).tolist() == plain.transform(["xyz"]).tolist()


@pytest.mark.parametrize("oov_token", [None, "<OOV>"])
def test_rare_words_are_replaced_in_fit_transform_as_in_transform(oov_token):
    texts = ["elephant elephant hammer", "hammmer elephant elefant", "qqq hammer"]
    vectorizer = GloveTextVectorizer(
        None, num_words=3 + (oov_token is not None), handle_unknown="nearest", oov_token=oov_token
    )
    got = vectorizer.fit_transform(texts).tolist()
    elephant, hammer = vectorizer.vocabulary_["elephant"], vectorizer.vocabulary_["hammer"]
    unknown = [] if oov_token is None else [1]
    assert got == [[elephant] * 2 + [hammer], [hammer, elephant, elephant], [*unknown, hammer]]
    assert got == vectorizer.transform(texts).tolist()


def test_the_index_of_similar_words_is_not_pickled():
    vectorizer = GloveTextVectorizer(None, handle_unknown="nearest").fit(TEXTS)
    size = len(pickle.dumps(vectorizer))
    expected = vectorizer.transform(["catt"]).tolist()
    assert len(pickle.dumps(vectorizer)) == size
    assert pickle.loads(pickle.dumps(vectorizer)).transform(["catt"]).tolist() == expected
    assert vectorizer.fit(["dogs"]).transform(["catt"]).tolist() == [[]]


GLUED = ["l\u2019eau de\u00a0vie", "fin\r", "cafe\u0301 \U0001f600cool\u2026"]


@pytest.mark.filterwarnings("ignore:.* contain white space")
def test_ids_of_glued_words_are_those_of_keras():
    from tensorflow.keras.preprocessing.text import Tokenizer as KerasTokenizer

    theirs = KerasTokenizer()
    theirs.fit_on_texts(GLUED * 4)
    vectorizer = GloveTextVectorizer({"caf\u00e9": [1]}).fit(GLUED * 4)
    # Vectors bring no second form of a word.
    assert vectorizer.vocabulary_ == theirs.word_index
    assert vectorizer.embedding_matrix_[vectorizer.vocabulary_["cafe\u0301"]] == 1


def test_many_glued_words_raise_one_warning(fit):
    texts = GLUED * 2000  # of several chunks
    with pytest.warns(UserWarning, match=r"10,000 of 10,000 words, such as .* contain white space") as caught:
        fit(GloveTextVectorizer(None), texts)
    assert len(caught) == 1
    vectorizer = GloveTextVectorizer(None).fit(["a clean text"])
    with pytest.warns(UserWarning, match=r"10,000 of 10,000 words, such as .* Fit with tokenizer='glove'") as caught:
        vectorizer.transform(texts)
    assert len(caught) == 1
    vectorizer.transform(GLUED)
    for tokenizer in ("glove", "characters", cut_at_blanks):
        fit(GloveTextVectorizer(None, tokenizer=tokenizer), texts)
    fit(GloveTextVectorizer(None), [["word", *text.split(" ")] for text in texts])


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("of_vectors", ["NFC", "NFD"])
def test_vectors_of_accents_do_not_depend_on_the_form(form, of_vectors):
    vectors = {normalize(of_vectors, word): [i, 1] for i, word in enumerate(["\u00fcber", "b\u00e4ume", "caf\u00e9"])}
    vectorizer = GloveTextVectorizer(vectors, tokenizer="glove").fit([normalize(form, "\u00dcber B\u00e4ume")])
    assert list(vectorizer.vocabulary_) == ["\u00fcber", "b\u00e4ume", "caf\u00e9"]
    assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [0, 1], [1, 1], [2, 1]]
    assert vectorizer.transform([normalize(form, "caf\u00e9")]).tolist() == [[3]]
    vectorizer.set_params(tokenizer="keras").fit([normalize(form, "\u00dcber B\u00e4ume")])
    assert [normalize("NFC", word) for word in vectorizer.vocabulary_] == ["\u00fcber", "b\u00e4ume", "caf\u00e9"]
    assert vectorizer.embedding_matrix_.tolist() == [[0, 0], [0, 1], [1, 1], [2, 1]]


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("output", ["sequences", "mean"])
def test_coverage(tokenizer, output):
    vectorizer = GloveTextVectorizer(VECTORS, tokenizer=tokenizer, output=output, maxlen=1, oov_token="<OOV>")
    vectorizer.fit([["the", "dog"], ["the", "cat"]])
    documents = [["The", "cat", "barks", "loudly"], ["unknown"], [], ["the"] * 3, ["<OOV>", "cat"], ["the", "", "oops"]]
    shares = vectorizer.coverage(documents)
    assert (shares.dtype, shares.shape) == (np.float64, (6,))
    assert shares.tolist() == [0.5, 0, 0, 1, 0.5, 0.5]


@pytest.mark.filterwarnings("ignore:0 of .* words have a vector")
@pytest.mark.parametrize(
    ("tokenizer", "expected"), [("keras", [0.5, 0, 1]), ("glove", [2 / 3, 0, 1]), ("characters", [0.6, 0, 1])]
)
def test_coverage_of_texts(tokenizer, expected):
    vectorizer = GloveTextVectorizer(None, tokenizer=tokenizer, oov_token="<OOV>").fit(["a do", "b, don't."])
    texts = {"characters": ["dow", "", "do"]}.get(tokenizer, ["do doesn't", " ", "a"])
    for documents in (texts, np.array(texts)[:, None], pd.DataFrame({"text": texts}), iter(texts)):
        assert vectorizer.coverage(documents).tolist() == pytest.approx(expected)


def test_the_oov_token_itself_is_not_known():
    vectorizer = GloveTextVectorizer(None, lower=False, oov_token="<OOV>").fit([["the", "cat"]])
    assert vectorizer.coverage([["<OOV>", "cat"], ["<OOV>"]]).tolist() == [0.5, 0]


def test_coverage_of_many_texts(fitted):
    assert fitted.coverage(["the dog", "ox"] * 5000).tolist() == [1, 0] * 5000


def test_coverage_counts_words_that_are_replaced_by_the_nearest():
    vectorizer = GloveTextVectorizer(None, handle_unknown="nearest").fit(["the address is hidden"])
    assert vectorizer.coverage(["the adress changed"]).tolist() == pytest.approx([2 / 3])


@pytest.mark.parametrize(("texts", "error"), [("one text", ValueError), (["a", None], TypeError), ([], ValueError)])
def test_coverage_of_bad_texts(fitted, texts, error):
    with pytest.raises(error):
        fitted.coverage(texts)


def test_coverage_before_fit():
    with pytest.raises(NotFittedError):
        GloveTextVectorizer().coverage(["a"])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_lone_surrogates_are_characters(tokenizer, fit, tmp_path):
    file = tmp_path / "vectors.txt"
    file.write_text("a 1 2\nb 3 4\n", encoding="utf-8")
    vectorizer = GloveTextVectorizer(file, tokenizer=tokenizer)
    fit(vectorizer, ["a \ud800", "b \ud800 \udfff"])
    assert {"a", "b", "\ud800"} <= vectorizer.vocabulary_.keys()
    assert vectorizer.n_words_found_ == 2
    again = pickle.loads(pickle.dumps(vectorizer))
    for X in (vectorizer.transform(["\ud800 a"]), again.transform(["\ud800 a"])):
        assert X.tolist() == [[vectorizer.vocabulary_["\ud800"], vectorizer.vocabulary_["a"]]]


@pytest.mark.parametrize(("output", "embeddings"), [("sequences", None), ("sequences", VECTORS), ("mean", VECTORS)])
def test_all_attributes_can_be_listed(output, embeddings):
    # dir() of scikit-learn's estimators reads every attribute, and MLflow calls it.
    vectorizer = GloveTextVectorizer(embeddings, output=output)
    assert "fit" in dir(vectorizer)
    assert "vocabulary_" in dir(vectorizer.fit(["the cat", "", "a saw"]))
    assert hasattr(vectorizer, "_n_features_out") is (embeddings is not None)
