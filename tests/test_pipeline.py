import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel
from skglove.pipeline import vectorizer_and_classifier


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
        lambda p: of(p),
        lambda p: of(p[0], LogisticRegression()),
        lambda p: None,
    ],
    ids=["classifier", "list", "vectorizer", "reversed", "three steps", "nested", "another classifier", "None"],
)
def test_anything_else_is_refused(pipeline, make):
    with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier"):
        vectorizer_and_classifier(make(pipeline))


def test_the_error_says_what_to_take_of_a_search(pipeline):
    with pytest.raises(TypeError, match="For a search, pass its best_estimator_"):
        vectorizer_and_classifier(GridSearchCV(pipeline, {}))


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
