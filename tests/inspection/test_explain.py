import html
import re
import unicodedata

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, WideAndDeep, explain
from skglove.inspection.rendering import without_overlaps

ARCHITECTURES = [
    WideAndDeep(filters=8),
    WideAndDeep(filters=8, maxlen=5),
    Parallel(filters=8, kernel_sizes=(2, 4, 7)),
    Parallel(filters=8, maxlen=5),
    Stacked(filters=8, dense_units=8),
    Stacked(filters=8, dense_units=8, n_conv_layers=2, pool_size=3, kernel_size=4),
    Stacked(filters=8, dense_units=8, n_conv_layers=1),
]
TEXTS = [
    "The cat and the dog, the cat!",
    "hammer",
    "",
    "nothing known here",
    "The saw, unheard, of the cat unseen " * 30,
    "drill " * 12,
]


@pytest.fixture(scope="module", params=ARCHITECTURES, ids=str)
def pipeline(request, fit, corpus, vectors):
    return fit(*corpus, vectors, request.param)


def assert_adds_up(pipeline, text):
    explanation = explain(pipeline, text)
    total = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
    np.testing.assert_allclose(total, explanation.logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(explanation.probabilities, pipeline.predict_proba([text])[0], atol=1e-6)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
class TestOfAnyText:
    def test_contributions_of_ngrams_add_up_to_the_logits(self, pipeline, text):
        explanation = explain(pipeline, text)
        total = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
        np.testing.assert_allclose(total, explanation.logits, rtol=1e-4, atol=1e-4)

    def test_contributions_of_words_add_up_to_the_logits(self, pipeline, text):
        explanation = explain(pipeline, text)
        total = explanation.word_contributions.sum(axis=0) + explanation.bias
        np.testing.assert_allclose(total, explanation.logits, rtol=1e-4, atol=1e-4)

    def test_probabilities_are_those_of_the_pipeline(self, pipeline, text):
        np.testing.assert_allclose(explain(pipeline, text).probabilities, pipeline.predict_proba([text])[0], atol=1e-6)

    def test_ngrams_name_their_words(self, pipeline, text):
        explanation = explain(pipeline, text)
        for ngram in explanation.ngrams:
            assert ngram.text == " ".join(explanation.words[i] for i in ngram.words)


@pytest.mark.parametrize(
    "parameters",
    [{"oov_token": "<unknown>"}, {"truncating": "post"}, {"maxlen": None}, {"maxlen": 1}, {"vectors": None}],
    ids=str,
)
@pytest.mark.parametrize("architecture", [WideAndDeep(filters=4), Stacked(filters=4, dense_units=4)], ids=str)
def test_three_classes_add_up_whatever_the_vectorizer_does(fit, corpus, vectors, architecture, parameters):
    labels = np.array(["a", "b", "c"])[np.arange(60) % 3]
    pipeline = fit(corpus[0][:60], labels, **{"vectors": vectors, "architecture": architecture, **parameters})
    for text in TEXTS:
        assert_adds_up(pipeline, text)


@pytest.fixture(scope="module")
def explanation(wide_and_deep):
    return explain(wide_and_deep, "Take the hammer to the cat, unheard of.")


def test_words_are_those_of_the_tokenizer(explanation):
    assert explanation.words == "take the hammer to the cat unheard of".split()


def test_spans_lead_to_the_words(explanation):
    found = [explanation.text[start:stop].lower() for start, stop in explanation.spans]
    assert found == explanation.words


@pytest.mark.parametrize(("class_", "other", "word"), [("tools", "animals", "hammer"), ("animals", "tools", "cat")])
class TestWordsOfAClass:
    def test_add_most_to_it(self, explanation, class_, other, word):
        added = explanation.word_contributions[:, explanation.classes.tolist().index(class_)]
        assert explanation.words[added.argmax()] == word

    def test_are_first_at_the_top(self, explanation, class_, other, word):
        assert word in explanation.top(class_, 1)[0][0]

    def test_are_last_of_the_other_class(self, explanation, class_, other, word):
        assert word in explanation.top(other, None)[-1][0]


def test_unknown_words_add_nothing(explanation):
    assert not explanation.word_contributions[explanation.words.index("unheard")].any()


def test_words_that_are_cut_off_add_nothing(wide_and_deep):
    explanation = explain(wide_and_deep, "cat " + "the " * 60)
    assert not explanation.word_contributions[:21].any()
    assert explanation.word_contributions[21:].any(axis=1).all()


def test_unknown_words_do_not_come_between_others(wide_and_deep):
    explanation = explain(wide_and_deep, "the unheard cat")
    assert (0, 2) in [ngram.words for ngram in explanation.ngrams]


def test_words_that_a_plain_matrix_did_not_bring_add_nothing():
    # "zebra" is cut off whenever training meets it, and plain matrices do not say how many ids there are.
    vectorizer = GloveTextVectorizer(None, maxlen=3)
    texts = ["the cat dog", "the saw file"] * 5 + ["zebra the cat dog", "saw the file"]
    plain_ids = vectorizer.fit_transform(texts).padded()
    classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0).fit(plain_ids, ["a", "b"] * 6)
    pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
    assert_adds_up(pipeline, "zebra the cat")
    explanation = explain(pipeline, "zebra the cat")
    assert not explanation.word_contributions[0].any()
    assert explanation.word_contributions[1:].any()


# Tokenizers


def cut_at_blanks(text):
    return text.split()


def stems(text):
    return [word.strip(".,")[:3] + ("" if word in ("the", "cat") else "*") for word in text.split()]


@pytest.fixture(scope="module", params=["glove", "characters", cut_at_blanks, stems])
def of_tokenizer(request, fit, corpus):
    texts = [f"{text}, it isn't" for text in corpus[0][:60]]
    return fit(texts, corpus[1][:60], None, WideAndDeep(filters=4), tokenizer=request.param)


@pytest.mark.parametrize("text", ["The cat\u2019s hammer isn't here, the cat", "", "the cat", "unheard"])
def test_contributions_add_up_with_any_tokenizer(of_tokenizer, text):
    assert_adds_up(of_tokenizer, text)
    shown = explain(of_tokenizer, text)._repr_html_()
    assert html.escape(text) in re.sub("<[^>]*>", "", shown)  # each character is there once


def test_lists_of_words_are_explained(of_tokenizer, wide_and_deep):
    assert_adds_up(of_tokenizer, ["the", "Cat", "hammer"])
    explanation = explain(wide_and_deep, ("the", "Cat", "", "hammer"))
    assert explanation.words == ["the", "cat", "hammer"]
    assert [explanation.text[start:stop] for start, stop in explanation.spans] == ["the", "Cat", "hammer"]
    assert np.array_equal(explanation.logits, explain(wide_and_deep, "the cat hammer").logits)


def test_words_that_a_tokenizer_changed_have_no_span():
    vectorizer = GloveTextVectorizer(None, tokenizer=stems)
    pipeline = make_pipeline(vectorizer, ConvTextClassifier(WideAndDeep(filters=2), epochs=1, random_state=0))
    explanation = explain(pipeline.fit(["the cat", "the hammer"] * 4, [0, 1] * 4), "the hammer cat")
    assert explanation.words == ["the", "ham*", "cat"]
    assert explanation.spans == [(0, 3), (3, 3), (11, 14)]


def test_the_value_of_overlapping_words_is_divided():
    assert list(without_overlaps([(0, 1), (0, 2), (1, 2), (3, 4), (4, 4)], [1.0, 4.0, 2.0, 5.0, 7.0])) == [
        (0, 1, 3.0),
        (1, 2, 4.0),
        (3, 4, 5.0),
    ]


# Steps before the vectorizer, and searches


def without_digits(texts):
    return [text.replace("3", "") for text in texts]


def joined(table):
    return table["title"] + " " + table["text"]


TABLE = pd.DataFrame({"title": ["A dog!"], "text": ["The cat and the saw"]})


def assert_is_of(explanation, pipeline, X, text):
    np.testing.assert_allclose(explanation.probabilities, pipeline.predict_proba(X)[0], atol=1e-6)
    assert explanation.text == text


def test_texts_are_prepared(wide_and_deep):
    pipeline = Pipeline([("digits", FunctionTransformer(without_digits)), *wide_and_deep.steps])
    assert_is_of(explain(pipeline, "the c3at"), pipeline, ["the c3at"], "the cat")


def test_a_text_is_made_of_a_table(wide_and_deep):
    pipeline = Pipeline([("join", FunctionTransformer(joined)), *wide_and_deep.steps])
    assert_is_of(explain(pipeline, TABLE), pipeline, TABLE, "A dog! The cat and the saw")


@pytest.fixture(scope="module")
def of_a_column(corpus, vectors):
    table = pd.DataFrame({"n": np.arange(60), "text": corpus[0][:60]})
    vectorizer = ColumnTransformer([("text", GloveTextVectorizer(vectors), "text")])
    classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0)
    return make_pipeline(vectorizer, classifier).fit(table, corpus[1][:60])


@pytest.mark.parametrize("to_table", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def test_the_column_of_a_table_is_selected(of_a_column, to_table):
    table = to_table({"n": [1], "text": ["The cat and the saw"]})
    assert_is_of(explain(of_a_column, table), of_a_column, table, "The cat and the saw")


def test_a_text_of_the_column(of_a_column):
    explanation = explain(of_a_column, "The cat and the saw")
    assert_is_of(explanation, of_a_column, TABLE.assign(n=1), "The cat and the saw")


def test_a_search_is_explained_by_its_best_estimator(corpus, vectors):
    pipeline = make_pipeline(
        GloveTextVectorizer(vectors), ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0)
    )
    search = GridSearchCV(pipeline, {"glovetextvectorizer__maxlen": [10]}, cv=2).fit(corpus[0][:40], corpus[1][:40])
    assert_is_of(explain(search, "the cat"), search, ["the cat"], "the cat")


# Thresholds and calibrations


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_the_predicted_class_is_that_of_the_threshold(wide_and_deep, threshold):
    with_threshold = FixedThresholdClassifier(wide_and_deep, threshold=threshold, pos_label="tools")
    for text in ("the cat", "the saw", ""):
        explanation = explain(with_threshold, text)
        expected = "tools" if wide_and_deep.predict_proba([text])[0, 1] >= threshold else "animals"
        assert explanation.predicted == with_threshold.predict([text])[0] == expected
        assert_is_of(explanation, wide_and_deep, [text], text)
        first = str(explanation).splitlines()[0].split("   ")[0]
        assert first.startswith(explanation.predicted)
        assert first.endswith("(predicted)") == (explanation.predicted != wide_and_deep.predict([text])[0])


@pytest.mark.parametrize("method", ["sigmoid", "temperature"])
def test_probabilities_are_calibrated(wide_and_deep, corpus, method):
    words = {"cat": "pets", "saw": "tools", "cow": "farm"}
    texts = [f"{text} {word}" for text in corpus[0][:9] for word in words]
    y = np.array([*words.values()] * 9)
    three = make_pipeline(*wide_and_deep[:1], ConvTextClassifier(Parallel(filters=4), random_state=0))
    three[1].fit(three[0].transform(texts), y if method == "sigmoid" else np.unique(y, return_inverse=True)[1])
    calibrated = CalibratedClassifierCV(FrozenEstimator(three), method=method).fit(texts, y)
    explanation = explain(calibrated, "the cow")
    assert explanation.classes.tolist() == ["farm", "pets", "tools"]
    np.testing.assert_allclose(explanation.probabilities, calibrated.predict_proba(["the cow"])[0], rtol=1e-6)
    assert not np.allclose(explanation.probabilities, three.predict_proba(["the cow"])[0], atol=0.01)
    assert explanation.predicted == calibrated.predict(["the cow"])[0]
    assert explanation.top("farm", None) == explain(three, "the cow").top(three.classes_[0], None)


def test_the_adjusted_text_is_the_prepared_one(wide_and_deep):
    table = pd.DataFrame({"a": ["the"], "b": ["saw"]})
    joined = Pipeline([("join", FunctionTransformer(lambda X: X["a"] + " " + X["b"])), *wide_and_deep.steps])
    explanation = explain(FixedThresholdClassifier(joined, threshold=0.0, pos_label="animals"), table)
    assert (explanation.text, explanation.predicted) == ("the saw", "animals")


# What cannot be explained


def test_a_meta_estimator(wide_and_deep):
    with pytest.raises(TypeError, match="Of other meta-estimators, pass a pipeline that they have fitted"):
        explain(OneVsRestClassifier(wide_and_deep), "the cat")


def test_a_table_of_several_rows(of_a_column):
    with pytest.raises(TypeError, match="text must be a str, a list of words, or a table of one row"):
        explain(of_a_column, pd.DataFrame({"n": [1, 2], "text": ["the cat", "the dog"]}))


def test_a_table_for_a_pipeline_of_texts(wide_and_deep):
    with pytest.raises(ValueError, match=r"one column of texts, got DataFrame of shape \(1, 2\)"):
        explain(wide_and_deep, TABLE)


def test_a_preparation_that_does_not_return_texts(wide_and_deep):
    pipeline = Pipeline(
        [("length", FunctionTransformer(lambda texts: [len(text) for text in texts])), *wide_and_deep.steps]
    )
    with pytest.raises(TypeError, match="The text at position 0 is not a str but 7"):
        explain(pipeline, "the cat")


def test_a_preparation_that_splits_texts(wide_and_deep):
    pipeline = Pipeline([("split", FunctionTransformer(lambda texts: texts[0].split())), *wide_and_deep.steps])
    with pytest.raises(ValueError, match="made 2 texts of one"):
        explain(pipeline, "the cat")


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


def test_a_custom_architecture(fit, corpus, vectors):
    pipeline = fit(corpus[0][:40], corpus[1][:40], vectors, of_my_own)
    with pytest.raises(ValueError, match="An architecture given as a function cannot be explained"):
        explain(pipeline, "the cat")


def test_a_classifier_alone(wide_and_deep):
    with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier"):
        explain(wide_and_deep[-1], "the cat")


def test_several_texts(wide_and_deep):
    with pytest.raises(TypeError, match=r"list of texts instead of words: \['the cat', 'a dog'\]"):
        explain(wide_and_deep, ["the cat", "a dog"])


@pytest.mark.parametrize("text", [None, 3, ["the", None], {"the"}], ids=str)
def test_what_is_neither_a_text_nor_words(wide_and_deep, text):
    with pytest.raises(TypeError, match=r"text must be a str, a list of words, or a table of one row .*; got"):
        explain(wide_and_deep, text)


def test_an_unfitted_pipeline(vectors):
    with pytest.raises(NotFittedError):
        explain(make_pipeline(GloveTextVectorizer(vectors), ConvTextClassifier()), "the cat")


def test_a_vectorizer_that_was_fitted_again(wide_and_deep):
    vectorizer = GloveTextVectorizer(None).fit(["one two three cat"])
    with pytest.raises(ValueError, match="X comes from another vectorizer"):
        explain(Pipeline([("vectorizer", vectorizer), ("classifier", wide_and_deep[-1])]), "the cat")


def test_contributions_that_do_not_add_up_are_an_error(pipeline, monkeypatch):
    member = type(pipeline[-1].architecture_)
    monkeypatch.setattr(member, "contributions", lambda self, ids: ({}, np.array([100.0, 0.0])))
    with pytest.raises(ValueError, match=r"add up to .*100.*, not to its logits"):
        explain(pipeline, "the cat")


def test_misspelled_words_count_as_those_that_they_stand_for(fit, corpus, vectors):
    pipeline = fit(*corpus, vectors, Parallel(filters=8)).set_params(glovetextvectorizer__handle_unknown="nearest")
    text = "the hammmer and the dogg"
    assert_adds_up(pipeline, text)
    assert {"hammmer", "dogg"} <= {word for ngram in explain(pipeline, text).ngrams for word in ngram.text.split()}


@pytest.mark.parametrize("tokenizer", ["keras", "glove", "characters", str.split])
def test_explanations_of_lone_surrogates(tokenizer):
    texts = ["good \ud800 day", "bad night", "so \ud800x", ""] * 3
    pipeline = make_pipeline(
        GloveTextVectorizer(None, tokenizer=tokenizer),
        ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0),
    )
    pipeline.fit(texts, ["a", "b", "c", "b"] * 3)
    assert pipeline.predict_proba(["\ud800", "\udfff"]).shape == (2, 3)
    explanation = explain(pipeline, "a \ud800 day")
    assert any("\ud800" in ngram.text for ngram in explanation.ngrams)
    assert str(explanation).encode()
    assert explanation._repr_html_().encode()


def test_explanations_of_decomposed_accents_are_of_the_text_as_it_is():
    pipeline = make_pipeline(
        GloveTextVectorizer(None, tokenizer="glove"), ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0)
    )
    pipeline.fit(["caf\u00e9", "b\u00e4ume", "\u00fcber"] * 3, ["a", "b", "c"] * 3)
    text = "Ba\u0308ume U\u0308BER, cafe\u0301!"
    explanation = explain(pipeline, text)
    assert explanation.text == text
    assert [text[start:end] for start, end in explanation.spans] == ["Ba\u0308ume", "U\u0308BER", "cafe\u0301"]
    composed = explain(pipeline, unicodedata.normalize("NFC", text))
    assert np.allclose(explanation.word_contributions, composed.word_contributions)
