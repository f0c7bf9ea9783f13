import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel
from skglove.pipeline import text_pipeline, vectorizer_and_classifier


@pytest.fixture(scope="module")
def pipeline(corpus, vectors):
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors), classifier).fit(corpus[0][:40], corpus[1][:40])


def of(*steps):
    return Pipeline([(f"step{i}", step) for i, step in enumerate(steps)])


def test_the_two_steps_are_returned(pipeline):
    vectorizer, classifier = vectorizer_and_classifier(pipeline)
    assert vars(vectorizer) is vars(pipeline[0])
    assert vars(classifier) is vars(pipeline[1])


@pytest.mark.parametrize("nothing", [None, "passthrough"])
def test_steps_that_do_nothing_are_left_out(pipeline, nothing):
    vectorizer, classifier = pipeline
    found = vectorizer_and_classifier(of(nothing, vectorizer, nothing, classifier))
    assert [vars(step) for step in found] == [vars(vectorizer), vars(classifier)]


@pytest.mark.parametrize(
    "make",
    [
        lambda p: p[1],
        lambda p: list(p),
        lambda p: of(p[0]),
        lambda p: of(p[1], p[0]),
        lambda p: of(p[0], p[0], p[1]),
        lambda p: of(p[0], FunctionTransformer(), p[1]),
        lambda p: of(LogisticRegression(), p[0], p[1]),
        lambda p: of(FeatureUnion([("vectorizer", p[0])]), p[1]),
        lambda p: of(p[0], LogisticRegression()),
        lambda p: CalibratedClassifierCV(p),
        lambda p: None,
    ],
    ids=[
        "classifier",
        "list",
        "vectorizer",
        "reversed",
        "two vectorizers",
        "a step between",
        "a classifier before",
        "union",
        "another classifier",
        "meta-estimator",
        "None",
    ],
)
def test_anything_else_is_refused(pipeline, make):
    with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier"):
        vectorizer_and_classifier(make(pipeline))


@pytest.mark.parametrize("nest", [lambda p: of(p), lambda p: of(of(p[0]), of(p[1])), lambda p: of(of(of(p)))])
def test_pipelines_may_be_nested(pipeline, nest):
    found = vectorizer_and_classifier(nest(pipeline))
    assert [vars(step) for step in found] == [vars(step) for step in pipeline]


# Searches


@pytest.fixture(scope="module")
def search(pipeline, corpus):
    return GridSearchCV(pipeline, {"glovetextvectorizer__maxlen": [10]}, cv=2).fit(corpus[0][:40], corpus[1][:40])


@pytest.mark.parametrize("make", [lambda s: s, of], ids=["alone", "in a pipeline"])
def test_of_a_search_the_best_estimator_is_taken(search, make):
    found = vectorizer_and_classifier(make(search))
    assert [vars(step) for step in found] == [vars(step) for step in search.best_estimator_]


def test_searches_of_other_packages_are_known_by_their_best_estimator(pipeline):
    class Search:
        best_estimator_ = pipeline

    assert vars(vectorizer_and_classifier(Search())[1]) is vars(pipeline[1])


def test_an_unfitted_search(pipeline):
    with pytest.raises(NotFittedError):
        vectorizer_and_classifier(RandomizedSearchCV(pipeline, {}))


def test_a_search_without_refit(pipeline, corpus):
    search = GridSearchCV(pipeline, {"glovetextvectorizer__maxlen": [10]}, cv=2, refit=False)
    search.fit(corpus[0][:40], corpus[1][:40])
    with pytest.raises(
        ValueError, match=r"no best_estimator_, as it was fitted with refit=False\. Fit it with refit=True"
    ):
        vectorizer_and_classifier(search)


# Steps before the vectorizer


def shout(texts):
    return [text.upper() for text in texts]


def exclaim(texts):
    return [text + "!" for text in texts]


def test_steps_are_applied_in_order(pipeline):
    found = text_pipeline(of(FunctionTransformer(exclaim), of(FunctionTransformer(shout), pipeline[0]), pipeline[1]))
    assert found.texts(["the cat"]) == ["THE CAT!"]
    assert vars(found.vectorizer) is vars(pipeline[0])


def test_texts_without_steps_are_returned(pipeline):
    assert text_pipeline(pipeline).texts(np.array(["the cat", "a dog"])) == ["the cat", "a dog"]


def test_texts_are_checked(pipeline):
    with pytest.raises(TypeError, match="The text at position 1 is not a str but None"):
        text_pipeline(pipeline).texts(["the cat", None])


def test_steps_before_the_vectorizer_are_refused_where_they_cannot_be_used(pipeline):
    with pytest.raises(
        TypeError, match=r"got \[FunctionTransformer\(.* before the vectorizer. Pass a Pipeline of the fitted"
    ):
        vectorizer_and_classifier(of(FunctionTransformer(shout), *pipeline))


TABLE = {"n": [1, 2, 3, 4], "text": ["the cat", "a dog", "the saw", "a drill"]}


def with_columns(*transformers, table=TABLE, **options):
    columns = ColumnTransformer(list(transformers), **options)
    classifier = ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0)
    return of(columns, classifier).fit(table, ["a", "a", "b", "b"])


@pytest.mark.parametrize("to_table", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
@pytest.mark.parametrize(
    "vectorizer",
    [GloveTextVectorizer(None), make_pipeline(FunctionTransformer(exclaim), GloveTextVectorizer(None, filters=""))],
    ids=["vectorizer", "pipeline"],
)
def test_a_column_is_selected(to_table, vectorizer):
    pipeline = with_columns(("text", vectorizer, "text"), ("n", "drop", ["n"]), table=to_table(TABLE))
    found = text_pipeline(pipeline)
    expected = exclaim(TABLE["text"]) if isinstance(vectorizer, Pipeline) else TABLE["text"]
    assert found.texts(to_table(TABLE)) == expected
    assert found.texts(TABLE["text"]) == expected


def test_a_column_of_an_array_is_selected():
    table = np.array(list(zip(*TABLE.values(), strict=True)), dtype=object)
    pipeline = with_columns(("text", GloveTextVectorizer(None), 1), table=table)
    assert text_pipeline(pipeline).texts(table) == TABLE["text"]


def test_columns_before_other_steps_are_transformed_as_a_whole():
    columns = ColumnTransformer([("text", "passthrough", ["text"])]).set_output(transform="pandas")
    pipeline = of(
        columns,
        FunctionTransformer(lambda table: table["text__text"]),
        GloveTextVectorizer(None),
        ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0),
    ).fit(pd.DataFrame(TABLE), ["a", "a", "b", "b"])
    assert text_pipeline(pipeline).texts(pd.DataFrame(TABLE)) == TABLE["text"]


def test_the_selection_of_a_column_is_named_where_it_cannot_be_used():
    pipeline = with_columns(("text", GloveTextVectorizer(None), "text"), table=pd.DataFrame(TABLE))
    with pytest.raises(TypeError, match=r"got \[ColumnTransformer of column 'text'\] before the vectorizer"):
        vectorizer_and_classifier(pipeline)


def test_unfitted_columns(pipeline):
    with pytest.raises(NotFittedError):
        text_pipeline(of(ColumnTransformer([("text", GloveTextVectorizer(None), "text")]), pipeline[1]))


# Fitted parts


@pytest.mark.parametrize("unfitted", [0, 1])
def test_both_steps_have_to_be_fitted(pipeline, unfitted):
    steps = list(pipeline)
    steps[unfitted] = [GloveTextVectorizer(None), ConvTextClassifier()][unfitted]
    with pytest.raises(NotFittedError):
        vectorizer_and_classifier(of(*steps))


def test_a_vectorizer_of_means_is_refused(pipeline):
    vectorizer = GloveTextVectorizer({"cat": [1.0]}, output="mean").fit(["the cat"])
    with pytest.raises(ValueError, match=r"Expected a vectorizer with output='sequences', got output='mean'"):
        vectorizer_and_classifier(of(vectorizer, pipeline[1]))


def test_a_vectorizer_of_other_words_is_refused(pipeline):
    vectorizer = GloveTextVectorizer(None).fit(["one two three cat"])
    with pytest.raises(ValueError, match="X comes from another vectorizer"):
        vectorizer_and_classifier(of(vectorizer, pipeline[1]))
