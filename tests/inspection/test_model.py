import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skglove import (
    ConvTextClassifier,
    GloveTextVectorizer,
    ModelExplanation,
    Parallel,
    Stacked,
    WideAndDeep,
    explain,
    explain_model,
)

TEXTS = ["The cat and the dog, the cat!", "hammer", "", "unheard", "the saw of the cat " * 12, "the dog"]


def relative(contributions):
    return contributions - contributions.mean(axis=-1, keepdims=True)


def by_text(pipeline, texts):
    """Return a list of the contributions to each text for each n-gram, from the explanations of the texts."""
    found = {}
    for i, text in enumerate(texts):
        for ngram in explain(pipeline, text).ngrams:
            of_texts = found.setdefault(ngram.text, {})
            of_texts[i] = of_texts.get(i, 0) + ngram.contributions
    return {text: list(of_texts.values()) for text, of_texts in found.items()}


def as_dict(explanation):
    return dict(zip(explanation.ngrams, explanation.contributions, strict=True))


# Of texts


@pytest.mark.parametrize(
    "architecture",
    [WideAndDeep(filters=4), Parallel(filters=4, kernel_sizes=(2, 3)), Stacked(filters=4, dense_units=4)],
    ids=str,
)
@pytest.mark.parametrize("aggregation", ["sum", "mean"])
def test_contributions_are_those_of_the_explanations(fit, corpus, vectors, architecture, aggregation):
    labels = np.array(["a", "b", "c"])[np.arange(60) % 3]
    pipeline = fit(corpus[0][:60], labels, vectors, architecture)
    expected = by_text(pipeline, TEXTS)
    explanation = explain_model(pipeline, TEXTS, aggregation=aggregation)
    assert explanation.ngrams == list(expected)
    assert explanation.n_texts.tolist() == [len(contributions) for contributions in expected.values()]
    totals = [getattr(np, aggregation)(contributions, axis=0) for contributions in expected.values()]
    np.testing.assert_allclose(explanation.contributions, relative(np.array(totals)), rtol=1e-6, atol=1e-9)


def test_more_ngrams_than_the_arrays_begin_with(wide_and_deep, corpus):
    texts = corpus[0]
    explanation = explain_model(wide_and_deep, texts)
    assert len(explanation.ngrams) > 1024
    expected = by_text(wide_and_deep, texts)
    totals = np.array([np.sum(contributions, axis=0) for contributions in expected.values()])
    np.testing.assert_allclose(explanation.contributions, relative(totals), rtol=1e-6, atol=1e-9)
    assert explanation.n_texts.tolist() == [len(contributions) for contributions in expected.values()]


def test_an_ngram_counts_once_in_each_text(wide_and_deep):
    explanation = explain_model(wide_and_deep, ["cat cat cat", "cat dog"])
    assert dict(zip(explanation.ngrams, explanation.n_texts.tolist(), strict=True))["cat"] == 2


def test_rare_ngrams_are_left_out(wide_and_deep):
    explanation = explain_model(wide_and_deep, ["the cat", "the dog", "the cow"], min_texts=3)
    assert explanation.ngrams == ["the"]
    assert explanation.n_texts.tolist() == [3]


def test_no_ngram_may_be_left(wide_and_deep):
    explanation = explain_model(wide_and_deep, ["the cat"], min_texts=2)
    assert explanation.contributions.shape == (0, 2)
    assert explanation.top("tools") == []
    assert str(explanation) == "animals   tools"
    assert "<table" not in explanation._repr_html_()


def test_unknown_words_are_counted_as_the_token_for_them(fit, corpus, vectors):
    member, some = Parallel(filters=2, kernel_sizes=(1,)), {"oov_token": "<?>", "extra_words": 0}
    pipeline = fit(corpus[0][:40], corpus[1][:40], vectors, member, num_words=20, **some)
    assert explain_model(pipeline, ["unheard", "unseen"]).ngrams == ["<?>"]
    pipeline = fit(corpus[0][:40], corpus[1][:40], vectors, member, **some)  # without unknown words in training
    assert explain_model(pipeline, ["unheard", "unseen"]).ngrams == []


def test_words_that_the_classifier_does_not_know_are_left_out():
    vectorizer = GloveTextVectorizer(None, maxlen=3)
    texts = ["the cat dog", "the saw file"] * 5 + ["zebra the cat dog", "saw the file"]
    plain_ids = vectorizer.fit_transform(texts).padded()
    classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0).fit(plain_ids, ["a", "b"] * 6)
    pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
    assert "zebra" in vectorizer.vocabulary_
    assert set(explain_model(pipeline, ["zebra", "the cat"]).ngrams) == {"the", "cat", "the cat"}
    assert set(explain_model(pipeline).ngrams) == {"the", "cat", "dog", "saw", "file"}


def test_texts_are_prepared(wide_and_deep):
    pipeline = Pipeline([("join", FunctionTransformer(lambda X: X["a"] + " " + X["b"])), *wide_and_deep.steps])
    explanation = explain_model(pipeline, pd.DataFrame({"a": ["cat"], "b": ["dog"]}))
    assert as_dict(explanation).keys() == as_dict(explain_model(wide_and_deep, ["cat dog"])).keys()


def test_a_search_is_explained_by_its_best_estimator(corpus, vectors):
    pipeline = make_pipeline(
        GloveTextVectorizer(vectors), ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0)
    )
    search = GridSearchCV(pipeline, {"glovetextvectorizer__maxlen": [10]}, cv=2).fit(corpus[0][:40], corpus[1][:40])
    expected = explain_model(search.best_estimator_)
    np.testing.assert_array_equal(explain_model(search).contributions, expected.contributions)


# Of the model alone


def test_words_are_those_of_the_vocabulary(wide_and_deep):
    explanation = explain_model(wide_and_deep)
    assert explanation.ngrams == list(wide_and_deep[0].vocabulary_)
    assert (explanation.n_texts == 1).all()


def scores_without_priors(pipeline, texts):
    return pipeline[-1].architecture_.logits(pipeline[0].transform(texts))


@pytest.mark.parametrize("architecture", [WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4)], ids=str)
def test_contributions_of_words_are_their_scores_minus_the_bias(fit, corpus, vectors, architecture):
    pipeline = fit(corpus[0][:60], np.array(["a", "b", "c"])[np.arange(60) % 3], vectors, architecture)
    explanation = explain_model(pipeline)
    scores = scores_without_priors(pipeline, [*explanation.ngrams, ""])
    np.testing.assert_allclose(explanation.contributions, relative(scores[:-1] - scores[-1:]), atol=1e-5)


def test_contributions_of_the_linear_model_are_its_weights(fit, corpus, vectors):
    pipeline = fit(*corpus, vectors, WideAndDeep(filters=4))
    member = pipeline[-1].architecture_
    pipeline[-1].architecture_ = member.linear_
    n_ids = len(pipeline[0].vocabulary_) + 1
    weights = (member.linear_.kernel_[:n_ids] + member.linear_.word_kernel_)[1:]
    np.testing.assert_allclose(explain_model(pipeline).contributions, relative(weights), atol=1e-5)


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


def test_an_architecture_given_as_a_function(fit, corpus, vectors):
    pipeline = fit(corpus[0][:40], corpus[1][:40], vectors, of_my_own)
    explanation = explain_model(pipeline)
    scores = scores_without_priors(pipeline, [*explanation.ngrams, ""])
    np.testing.assert_allclose(explanation.contributions, relative(scores[:-1] - scores[-1:]), atol=1e-5)
    with pytest.raises(ValueError, match="An architecture given as a function cannot be explained"):
        explain_model(pipeline, ["the cat"])


# What it shows


def make_model_explanation():
    contributions = np.array([[1.0, -0.5, -0.5], [-2.0, 1.5, 0.5], [0.0, 0.0, 0.0], [0.25, -0.75, 0.5]])
    return ModelExplanation(np.array([10, 20, 30]), ["w", "x y", "zero", "<i>"], contributions, np.array([4, 3, 2, 1]))


def test_top_is_in_descending_order():
    assert make_model_explanation().top(10, None) == [("w", 1.0), ("<i>", 0.25), ("zero", 0.0), ("x y", -2.0)]
    assert make_model_explanation().top(10, 1) == [("w", 1.0)]


def test_for_and_against():
    explanation = make_model_explanation()
    assert explanation.for_and_against(20) == ([("x y", 1.5)], [("<i>", -0.75), ("w", -0.5)])
    assert explanation.for_and_against(20, 1) == ([("x y", 1.5)], [("<i>", -0.75)])


@pytest.mark.parametrize("ask", [ModelExplanation.top, ModelExplanation.for_and_against])
def test_an_unknown_class(ask):
    with pytest.raises(ValueError, match=r"class_ must be one of \[10, 20, 30\]; got 40"):
        ask(make_model_explanation(), 40)


def test_frame():
    frame = make_model_explanation().to_frame()
    assert frame.columns.tolist() == ["class", "ngram", "contribution", "n_texts"]
    assert frame[frame["class"] == 20].to_numpy().tolist() == [
        [20, "x y", 1.5, 3],
        [20, "w", -0.5, 4],
        [20, "<i>", -0.75, 1],
    ]


@pytest.mark.parametrize(("n_words", "n_rows"), [(1, 6), (None, 9)])
def test_frame_of_some_words(n_words, n_rows):
    assert len(make_model_explanation().to_frame(n_words)) == n_rows


def test_frame_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="to_frame requires pandas"):
        make_model_explanation().to_frame()


def test_text_is_a_table():
    assert str(make_model_explanation()).splitlines() == [
        "10              20              30",
        "   +1.00  w        +1.50  x y      +0.50  x y",
        "   +0.25  <i>      -0.50  w        +0.50  <i>",
        "   -2.00  x y      -0.75  <i>      -0.50  w",
    ]
    assert repr(make_model_explanation()) == str(make_model_explanation())


def many_classes():
    return ModelExplanation(np.arange(25), ["w"], np.ones((1, 25)), np.array([1]))


def test_text_of_many_classes():
    *blocks, last = str(many_classes()).split("\n\n")
    assert [len(block.splitlines()[0].split()) for block in blocks] == [4] * 5
    assert last == "5 more classes are not shown; `top` and `to_frame` have them."


def test_html_of_many_classes():
    page = many_classes()._repr_html_()
    assert page.count("<details") == page.count("<table") == 20
    assert "5 more classes are not shown" in page


def test_html_is_escaped():
    explanation = make_model_explanation()
    page = ModelExplanation(
        np.array(["<b>", "c", "d"]), explanation.ngrams, explanation.contributions, explanation.n_texts
    )._repr_html_()
    assert "<i>" not in page
    assert "&lt;i&gt;" in page
    assert "<b>&lt;b&gt;</b>" in page


def test_html_has_the_strongest_ngrams_of_each_class():
    page = make_model_explanation()._repr_html_()
    assert page.count("<details open>") == 3
    assert page.count("<tr>") == 9
    assert page.count("0.50)") == 1  # the strongest colour


# What cannot be explained


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"aggregation": "median"}, "'aggregation' parameter"), ({"min_texts": 0}, "'min_texts' parameter")],
)
def test_wrong_parameters(wide_and_deep, wrong, message):
    with pytest.raises(ValueError, match=message):
        explain_model(wide_and_deep, ["the cat"], **wrong)


def test_one_text(wide_and_deep):
    with pytest.raises(ValueError, match="For a single text, pass a list"):
        explain_model(wide_and_deep, "the cat")


def test_no_texts(wide_and_deep):
    with pytest.raises(ValueError, match="Got no texts"):
        explain_model(wide_and_deep, [])


def test_an_unfitted_pipeline(vectors):
    with pytest.raises(NotFittedError):
        explain_model(make_pipeline(GloveTextVectorizer(vectors), ConvTextClassifier()))


def test_contributions_that_do_not_add_up_are_an_error(wide_and_deep, monkeypatch):
    member = type(wide_and_deep[-1].architecture_)
    monkeypatch.setattr(member, "contributions", lambda self, ids: ({}, np.array([100.0, 0.0])))
    with pytest.raises(ValueError, match=r"add up to .*100.*, not to its logits"):
        explain_model(wide_and_deep, ["the cat"])
