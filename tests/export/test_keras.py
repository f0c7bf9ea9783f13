import copy
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, TokenSequences, WideAndDeep
from skglove._keras import import_keras
from skglove.export import load_keras, to_keras

ODD = [
    "",
    "the the the cat",
    "unheard unseen",
    "Hammer,drill;SAW\tcat\n" * 30,
    "the\u00a0cat",
    "CAT'S ÇA İ ΑΣ",
    "the\0SAW\0CAT",
]
WITHOUT_KNOWN_WORDS = [[""], ["", "unheard of"], ["?!", " "]]


def lstm(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.LSTM(4)(words))


ARCHITECTURES = [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=8, dense_units=8)]


def fit(corpus, vectors, architecture, **parameters):
    classifier = ConvTextClassifier(architecture, epochs=1, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, **{"maxlen": 30, **parameters}), classifier).fit(*corpus)


@pytest.fixture(scope="module", params=[*ARCHITECTURES, lstm], ids=["wide_and_deep", "parallel", "stacked", "custom"])
def pipeline(request, corpus, vectors):
    return fit(corpus, vectors, request.param)


@pytest.fixture(scope="module")
def texts(corpus):
    return corpus[0][:40] + ODD


@pytest.fixture(scope="module")
def text_model(pipeline):
    return to_keras(pipeline)


@pytest.fixture(scope="module")
def from_keras_file(text_model, tmp_path_factory):
    file = tmp_path_factory.mktemp("keras") / "texts.keras"
    text_model.save(file)
    return load_keras(file)


@pytest.fixture(scope="module")
def saved_model(text_model, tmp_path_factory):
    import tensorflow as tf

    folder = str(tmp_path_factory.mktemp("saved_model"))
    text_model.export(folder, verbose=False)
    return tf.saved_model.load(folder)


def answers(model, texts):
    import tensorflow as tf

    return model(tf.constant(texts)).numpy()


def test_a_model_of_texts_gives_the_same_probabilities(pipeline, text_model, texts):
    np.testing.assert_allclose(answers(text_model, texts), pipeline.predict_proba(texts), atol=1e-5)


def test_a_loaded_file_gives_the_same_probabilities(pipeline, from_keras_file, texts):
    np.testing.assert_allclose(answers(from_keras_file, texts), pipeline.predict_proba(texts), atol=1e-5)


def test_a_saved_model_gives_the_same_probabilities(pipeline, saved_model, texts):
    np.testing.assert_allclose(answers(saved_model.serve, texts), pipeline.predict_proba(texts), atol=1e-5)


@pytest.mark.parametrize("unknown", WITHOUT_KNOWN_WORDS, ids=str)
class TestBatchesWithoutAnyKnownWord:
    def test_in_keras(self, pipeline, text_model, unknown):
        np.testing.assert_allclose(answers(text_model, unknown), pipeline.predict_proba(unknown), atol=1e-5)

    def test_in_a_loaded_file(self, pipeline, from_keras_file, unknown):
        np.testing.assert_allclose(answers(from_keras_file, unknown), pipeline.predict_proba(unknown), atol=1e-5)

    def test_in_a_saved_model(self, pipeline, saved_model, unknown):
        np.testing.assert_allclose(answers(saved_model.serve, unknown), pipeline.predict_proba(unknown), atol=1e-5)

    def test_in_predict(self, pipeline, text_model, unknown):
        import tensorflow as tf

        predicted = text_model.predict(tf.constant(unknown), verbose=0)
        np.testing.assert_allclose(predicted, pipeline.predict_proba(unknown), atol=1e-5)


def test_a_model_of_ids_is_read_by_keras_alone(pipeline, texts, tmp_path):
    pipeline[-1].to_keras().save(tmp_path / "ids.keras")
    loaded = import_keras().models.load_model(tmp_path / "ids.keras")
    ids = pipeline[0].transform(texts).padded()
    np.testing.assert_allclose(loaded(ids), pipeline.predict_proba(texts), atol=1e-5)


@pytest.mark.parametrize("padded", [lambda X: X.padded(50, "post"), lambda X: X.padded(50, "pre")], ids=["post", "pre"])
def test_a_model_of_ids_takes_padding_on_any_side(pipeline, texts, padded):
    ids = padded(pipeline[0].transform(texts))
    np.testing.assert_allclose(pipeline[-1].to_keras()(ids), pipeline.predict_proba(texts), atol=1e-5)


def test_weights_of_the_keras_model_are_copies(pipeline, texts):
    expected = pipeline.predict_proba(texts)
    model = pipeline[-1].to_keras()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    assert np.array_equal(pipeline.predict_proba(texts), expected)
    ids = pipeline[0].transform(texts).padded()
    np.testing.assert_allclose(pipeline[-1].to_keras()(ids), expected, atol=1e-5)


PARAMETERS = [
    {},
    {"lower": False},
    {"truncating": "post"},
    {"maxlen": None},
    {"oov_token": "<unknown>"},
    {"filters": ""},
    {"filters": "a-z^]\\[", "split": "e"},
    {"filters": "\\ \n", "split": "\\"},
    {"split": "th", "filters": "aeiou"},
    {"num_words": 5, "extra_words": 0},
    {"tokenizer": "glove"},
    {"tokenizer": "glove", "lower": False},
    {"tokenizer": "characters", "maxlen": None},
    {"tokenizer": "characters", "oov_token": "<unknown>"},
]


@pytest.mark.filterwarnings("ignore:.* words have a vector")  # parts of words have none
@pytest.mark.filterwarnings("ignore:.* contain white space")
@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_words_are_split_as_the_vectorizer_splits_them(corpus, vectors, parameters):
    import tensorflow as tf

    texts, labels = corpus
    pipeline = fit((texts[:32], labels[:32]), vectors, Parallel(filters=2), **{"maxlen": 7, **parameters})
    words = to_keras(pipeline).get_layer("word_ids")
    known = st.sampled_from(list(pipeline[0].vocabulary_))
    odd = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=5)
    pieces = st.lists(
        known
        | odd
        | st.sampled_from([" ", ", ", "th", "\\", "-", "'", "n't", "'s", "'em", "\u2019VE", "\u2011", "\u00ad", "❤"]),
        max_size=12,
    )

    @settings(max_examples=25, deadline=None)
    @given(st.lists(pieces.map("".join), min_size=1, max_size=5))
    def check(given_texts):
        ids = words(tf.constant(given_texts)).numpy()
        assert TokenSequences.from_matrix(ids).tolist() == pipeline[0].transform(given_texts).tolist()

    check()


def test_the_tokenizer_of_a_loaded_file(corpus, vectors, tmp_path):
    pipeline = fit((corpus[0][:32], corpus[1][:32]), vectors, Parallel(filters=2), tokenizer="glove")
    texts = ["The cat\u2019s hammer isn't here\u2014the dog", *corpus[0][:5]]
    to_keras(pipeline).save(tmp_path / "texts.keras")
    loaded = load_keras(tmp_path / "texts.keras")
    np.testing.assert_allclose(answers(loaded, texts), pipeline.predict_proba(texts), atol=1e-5)


@pytest.mark.filterwarnings("ignore:.* contain white space")
@pytest.mark.parametrize(("tokenizer", "n_words"), [("glove", 2), ("characters", 16), ("keras", 0)])
def test_accents_are_composed_as_the_vectorizer_composes_them(tokenizer, n_words, tmp_path):
    import tensorflow as tf

    texts = ["\u00dcber B\u00e4ume", "cafe\u0301 olé", "\u1ebf a\u0323\u0302"] * 8
    pipeline = make_pipeline(
        GloveTextVectorizer(None, tokenizer=tokenizer),
        ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0),
    )
    pipeline.fit(texts, ["a", "b", "c"] * 8)
    new = ["U\u0308ber ba\u0308ume", "caf\u00e9 ole\u0301", "e\u0302\u0301 \u1ead e\u0301", "x\u0301", ""]
    to_keras(pipeline).save(tmp_path / "texts.keras")
    for model in (to_keras(pipeline), load_keras(tmp_path / "texts.keras")):
        ids = model.get_layer("word_ids")(tf.constant(new)).numpy()
        assert TokenSequences.from_matrix(ids).tolist() == pipeline[0].transform(new).tolist()
    assert len(pipeline[0].transform(new[:1]).tolist()[0]) == n_words


def cut_at_blanks(text):
    return text.split()


def test_a_tokenizer_that_is_a_function(corpus, vectors):
    pipeline = fit((corpus[0][:32], corpus[1][:32]), vectors, Parallel(filters=2), tokenizer=cut_at_blanks)
    with pytest.raises(
        ValueError, match=r"cut_at_blanks.* is a Python function, which cannot run in TensorFlow\. Export"
    ):
        to_keras(pipeline)


def test_words_that_a_plain_matrix_did_not_bring():
    # "zebra" is cut off whenever training meets it, and plain matrices do not say how many ids there are.
    vectorizer = GloveTextVectorizer(None, maxlen=3)
    texts = ["the cat dog", "the saw file"] * 5 + ["zebra the cat dog", "saw the file"]
    plain_ids = vectorizer.fit_transform(texts).padded()
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0).fit(plain_ids, ["a", "b"] * 6)
    assert vectorizer.vocabulary_["zebra"] >= classifier.input_dim_
    pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
    texts = ["zebra the cat", "the zebra cat", "zebra"]
    np.testing.assert_allclose(answers(to_keras(pipeline), texts), pipeline.predict_proba(texts), atol=1e-5)


@pytest.fixture(scope="module")
def parallel(corpus, vectors):
    return fit(corpus, vectors, Parallel(filters=4))


@pytest.mark.parametrize(
    "pick",
    [lambda p: p[-1], lambda p: p[0], lambda p: make_pipeline(FunctionTransformer(), *p), lambda p: p[:1]],
    ids=range(4),
)
def test_what_is_no_pipeline_of_the_two(parallel, pick):
    with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier"):
        to_keras(pick(parallel))


def best_estimator_of(pipeline):
    search = GridSearchCV(pipeline, {})
    search.best_estimator_ = pipeline  # as a fit would set it
    return search


@pytest.mark.parametrize("wrap", [make_pipeline, best_estimator_of], ids=["nested pipeline", "search"])
def test_the_pipeline_in_another_estimator(parallel, wrap):
    texts = ["the cat", "the saw"]
    np.testing.assert_allclose(answers(to_keras(wrap(parallel)), texts), parallel.predict_proba(texts), atol=1e-5)


def test_a_vectorizer_that_was_fitted_again(parallel):
    vectorizer = GloveTextVectorizer(None).fit(["one two three cat"])
    with pytest.raises(ValueError, match="X comes from another vectorizer"):
        to_keras(Pipeline([("vectorizer", vectorizer), ("classifier", parallel[-1])]))


def test_a_vectorizer_of_means(parallel, corpus, vectors):
    vectorizer = GloveTextVectorizer(vectors, output="mean").fit(corpus[0])
    with pytest.raises(ValueError, match=r"Expected a vectorizer with output='sequences', got output='mean'"):
        to_keras(Pipeline([("vectorizer", vectorizer), ("classifier", parallel[-1])]))


@pytest.mark.parametrize(
    "export",
    [
        lambda: to_keras(make_pipeline(GloveTextVectorizer(None), ConvTextClassifier())),
        lambda: ConvTextClassifier().to_keras(),
    ],
    ids=["pipeline", "classifier"],
)
def test_what_is_not_fitted(export):
    with pytest.raises(NotFittedError):
        export()


def test_replacing_unknown_words_cannot_be_exported(corpus, vectors):
    pipeline = fit(corpus, vectors, Parallel(filters=8), handle_unknown="nearest")
    with pytest.raises(ValueError, match="handle_unknown='nearest' cannot be exported"):
        to_keras(pipeline)
    pipeline.set_params(glovetextvectorizer__handle_unknown="ignore")
    np.testing.assert_allclose(
        to_keras(pipeline).predict(np.array(["the cat"], object), verbose=0),
        pipeline.predict_proba(["the cat"]),
        atol=1e-6,
    )


UNICODE = [
    ({}, "\ud800x", "The word '\\ud800x' contains a lone surrogate"),
    ({"tokenizer": "characters"}, "\udce9", "The word '\\udce9' contains a lone surrogate"),
    ({"oov_token": "\udfff"}, "x", "The word '\\udfff' contains a lone surrogate"),
    ({"filters": "!\ud800"}, "x", "An expression of filters or split, '"),
    ({"split": "\ud800"}, "x", "An expression of filters or split, '\\ud800' contains a lone surrogate"),
]


@pytest.mark.parametrize(("parameters", "word", "message"), UNICODE, ids=ascii)
def test_lone_surrogates_are_named(parallel, corpus, parameters, word, message):
    vectorizer = GloveTextVectorizer(None, extra_words=0, **parameters).fit([*corpus[0][:5], f"the {word}"])
    classifier = copy.copy(parallel[-1])
    classifier._fingerprint_, classifier.input_dim_ = None, vectorizer.transform([""]).input_dim
    with pytest.raises(ValueError, match=re.escape(message)):
        to_keras(make_pipeline(vectorizer, classifier))


@pytest.mark.parametrize("parameters", [{}, {"split": "\0"}, {"filters": "!\0"}], ids=ascii)
def test_nul_characters(corpus, parameters):
    texts = ["a\0b cat\0 dog", "\0 saw a\0b", "cat\0cat saw"] * 4
    pipeline = fit((texts, ["a", "b", "c"] * 4), None, Parallel(filters=2), **parameters)
    ids = to_keras(pipeline).get_layer("word_ids")(np.array(texts)).numpy()
    assert TokenSequences.from_matrix(ids).tolist() == pipeline[0].transform(texts).tolist()
