import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel
from skglove.dask import DaskTextClassifier
from skglove.pipeline import final_classifier, only_classifier, text_pipeline, vectorizer_and_classifier


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
        OneVsRestClassifier,
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


# Other meta-estimators


def searched(model):
    search = GridSearchCV(model, {})
    search.best_estimator_ = model
    return search


def on_a_cluster(pipeline):
    model = DaskTextClassifier(pipeline)
    model.estimator_ = pipeline
    return model


def of_pairs(wrap):
    """Return a function that wraps the classifier after the vectorizer."""
    return lambda p, X, y: of(p[0], wrap(p[1], p[0].transform(X), y))


def calibrated(model, X, y, **options):
    return CalibratedClassifierCV(FrozenEstimator(model), **options).fit(X, y)


def with_fixed_threshold(model, X, y):
    return FixedThresholdClassifier(model, threshold=0.7, pos_label="tools")  # fitted, as its estimator is


def with_tuned_threshold(model, X, y):
    return TunedThresholdClassifierCV(FrozenEstimator(model), cv=2).fit(X, y)


AROUND = {
    "frozen": lambda p, X, y: FrozenEstimator(p),
    "two frozen steps": lambda p, X, y: of(*map(FrozenEstimator, p)),
    "Dask": lambda p, X, y: on_a_cluster(p),
    "frozen search": lambda p, X, y: FrozenEstimator(searched(FrozenEstimator(p))),
}
ADJUSTED = {
    "fixed threshold": with_fixed_threshold,
    "tuned threshold": with_tuned_threshold,
    "calibration": calibrated,
    "calibrations of one model": lambda p, X, y: calibrated(p, X, y, ensemble=True, cv=2),
    "threshold of a calibration": lambda p, X, y: with_fixed_threshold(calibrated(p, X, y), X, y),
    "calibrated in a search": lambda p, X, y: searched(calibrated(p, X, y)),
    "calibrated after the vectorizer": of_pairs(calibrated),
    "threshold after the vectorizer": of_pairs(with_tuned_threshold),
    "nested pipelines": lambda p, X, y: with_tuned_threshold(of(of(of_pairs(calibrated)(p, X, y))), X, y),
}


@pytest.fixture(scope="module")
def held_out(corpus):
    return corpus[0][40:80], corpus[1][40:80]


@pytest.mark.parametrize("wrap", AROUND.values(), ids=AROUND)
def test_one_model_inside_a_meta_estimator_is_found(pipeline, held_out, wrap):
    found = vectorizer_and_classifier(wrap(pipeline, *held_out))
    assert [vars(step) for step in found] == [vars(step) for step in pipeline]


@pytest.mark.parametrize("wrap", ADJUSTED.values(), ids=ADJUSTED)
def test_one_model_is_found_with_its_adjustments(pipeline, held_out, wrap):
    wrapped = wrap(pipeline, *held_out)
    found = text_pipeline(wrapped)
    assert [vars(found.vectorizer), vars(found.classifier)] == [vars(step) for step in pipeline]
    again = found.with_steps(found.vectorizer, found.classifier)
    assert (again.predict_proba(held_out[0]) == wrapped.predict_proba(held_out[0])).all()
    assert (again.predict(held_out[0]) == wrapped.predict(held_out[0])).all()
    assert vars(final_classifier(wrapped)) is vars(pipeline[1])


def test_new_steps_replace_all_of_the_old_ones(pipeline, held_out):
    wrapped = calibrated(of(FunctionTransformer(shout), *pipeline), *held_out, ensemble=True, cv=2)
    before = wrapped.predict_proba(held_out[0])
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=1)
    classifier.fit(pipeline[0].transform(held_out[0]), held_out[1])
    again = text_pipeline(wrapped).with_steps(pipeline[0], classifier)
    inside = [again.estimator.estimator, *(each.estimator.estimator for each in again.calibrated_classifiers_)]
    assert [list(model) for model in inside] == [[pipeline[0], classifier]] * 3
    assert np.array_equal(wrapped.predict_proba(held_out[0]), before)


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (with_fixed_threshold, "threshold of the FixedThresholdClassifier.* its estimator, in its place"),
        (with_tuned_threshold, "threshold of the TunedThresholdClassifierCV.* its estimator_, in its place"),
        (calibrated, r"calibration of the CalibratedClassifierCV.* its calibrated_classifiers_\[0\].estimator"),
        (of_pairs(calibrated), "calibration of the CalibratedClassifierCV"),
    ],
)
def test_an_export_without_its_adjustments_is_refused(pipeline, held_out, wrap, message):
    with pytest.raises(ValueError, match=f"would lack the {message}"):
        vectorizer_and_classifier(wrap(pipeline, *held_out))


def test_several_models(corpus, vectors):
    classifier = ConvTextClassifier(Parallel(filters=2), epochs=1, random_state=0)
    wrapped = CalibratedClassifierCV(make_pipeline(GloveTextVectorizer(vectors), classifier), cv=2)
    wrapped.fit(corpus[0][:20], corpus[1][:20])
    for find in (text_pipeline, final_classifier):
        with pytest.raises(ValueError, match=r"averages 2 models.* such as its calibrated_classifiers_\[0\].estimator"):
            find(wrapped)
    assert text_pipeline(wrapped.calibrated_classifiers_[0].estimator).preparation == []


@pytest.mark.parametrize(
    "wrap",
    [
        CalibratedClassifierCV,
        TunedThresholdClassifierCV,
        lambda p: TunedThresholdClassifierCV(FrozenEstimator(p)),
        DaskTextClassifier,
        *(
            lambda p, wrap=wrap: wrap(make_pipeline(GloveTextVectorizer(), ConvTextClassifier()))
            for wrap in (FrozenEstimator, FixedThresholdClassifier, CalibratedClassifierCV)
        ),
        lambda p: of(p[0], CalibratedClassifierCV(ConvTextClassifier())),
    ],
    ids=range(8),
)
def test_unfitted_meta_estimators(pipeline, wrap):
    for find in (text_pipeline, vectorizer_and_classifier, final_classifier):
        with pytest.raises(NotFittedError):
            find(wrap(pipeline))


def test_a_classifier_alone(pipeline, held_out):
    X = pipeline[0].transform(held_out[0])
    for wrapped in (pipeline[1], FrozenEstimator(pipeline[1]), searched(pipeline[1])):
        assert vars(only_classifier(wrapped)) is vars(final_classifier(wrapped)) is vars(pipeline[1])
    with pytest.raises(ValueError, match="The export would lack the calibration"):
        only_classifier(calibrated(pipeline[1], X, held_out[1]))
    with pytest.raises(TypeError, match=r"Expected a ConvTextClassifier, such as pipeline\[-1\]"):
        only_classifier(pipeline)


def test_classes_are_those_of_the_outermost(pipeline, held_out):
    assert text_pipeline(pipeline).class_names.tolist() == ["animals", "tools"]
    encoded = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=1)
    encoded.fit(pipeline[0].transform(held_out[0]), (held_out[1] == "tools").astype(int))
    wrapped = calibrated(
        of(pipeline[0], encoded), *held_out, method="temperature"
    )  # as it encodes classes that are strings
    assert text_pipeline(wrapped).class_names.tolist() == ["animals", "tools"]


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
