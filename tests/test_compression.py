import pickle

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from skglove import (
    ConvTextClassifier,
    GloveTextVectorizer,
    Parallel,
    Stacked,
    WideAndDeep,
    compress,
    dump,
    explain,
    export,
    load,
)

ARCHITECTURES = [WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4, dense_units=4)]


def make(vectors, architecture=ARCHITECTURES[0], **parameters):
    classifier = ConvTextClassifier(architecture, epochs=3, batch_size=16, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, **parameters), classifier)


@pytest.fixture(scope="module")
def few(corpus):
    # Many rare words, which say nothing.
    return [f"{text} rare{i} uncommon{i // 2}" for i, text in enumerate(corpus[0][:160])], corpus[1][:160]


@pytest.fixture(scope="module")
def pipeline(few, vectors):
    return make(vectors).fit(*few)


def size(model):
    return len(pickle.dumps(model))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
@pytest.mark.parametrize("trainable", [True, False])
def test_the_copy_of_all_words_scores_nearly_the_same(few, vectors, architecture, trainable):
    pipeline = make(vectors, architecture).set_params(convtextclassifier__trainable=trainable).fit(*few)
    small = compress(pipeline)
    difference = small.predict_proba(few[0]) - pipeline.predict_proba(few[0])
    assert 0 < np.abs(difference).max() < 0.02
    assert size(small) < 0.55 * size(pipeline)


def test_the_pipeline_is_not_changed(few, pipeline):
    before = pickle.dumps(pipeline)
    compress(pipeline, num_words=20)
    assert pickle.dumps(pipeline) == before


@pytest.mark.parametrize("save", ["pickle", "skops"])
def test_saving_loses_nothing(few, pipeline, tmp_path, save):
    small = compress(pipeline, num_words=100)
    if save == "skops":
        dump(small, tmp_path / "model.skops")
        copy = load(tmp_path / "model.skops")
    else:
        copy = pickle.loads(pickle.dumps(small))
    np.testing.assert_array_equal(copy.predict_proba(few[0]), small.predict_proba(few[0]))
    assert pickle.dumps(pickle.loads(pickle.dumps(copy))) == pickle.dumps(pickle.loads(pickle.dumps(small)))


@pytest.mark.parametrize(
    "parameters", [{}, {"oov_token": "<OOV>"}, {"handle_unknown": "nearest"}, {"use_idf": True}], ids=str
)
def test_dropped_words_are_unknown(few, vectors, parameters):
    pipeline = make(vectors, **parameters).fit(*few)
    small = compress(pipeline, num_words=30)
    vectorizer, classifier = small
    assert list(vectorizer.vocabulary_.items()) == list(pipeline[0].vocabulary_.items())[:30]
    assert set(vectorizer.word_counts_) == set(vectorizer.vocabulary_) - {"<OOV>"}
    assert classifier.input_dim_ == 31
    known = " ".join(word for word in few[0][0].split() if word in vectorizer.vocabulary_)
    dropped = "zzz " + known
    if "oov_token" in parameters:
        assert vectorizer.transform([dropped]).tolist()[0][0] == 1
    else:
        np.testing.assert_array_equal(small.predict_proba([dropped]), small.predict_proba([known]))


def test_max_size_is_the_size_of_the_largest_copy_within(pipeline):
    n_words = len(pipeline[0].vocabulary_)
    largest = size(compress(pipeline))
    smallest = size(compress(pipeline, num_words=1))
    limit = (largest + smallest) // 2
    small = compress(pipeline, max_size=limit)
    kept = len(small[0].vocabulary_)
    assert 1 < kept < n_words
    assert size(small) <= limit < size(compress(pipeline, num_words=kept + 1))
    assert len(compress(pipeline, max_size=largest)[0].vocabulary_) == n_words
    with pytest.raises(
        ValueError, match=rf"takes {smallest} bytes with a single word; max_size={smallest - 1} is too small"
    ):
        compress(pipeline, max_size=smallest - 1)


def test_tolerance_is_that_of_the_accuracy(few, pipeline):
    score = pipeline.score(*few)
    sizes = []
    for tolerance in (0.0, 0.2):
        small = compress(pipeline, tolerance=tolerance, X=iter(few[0]), y=few[1])
        assert small.score(*few) >= score - tolerance
        sizes.append(len(small[0].vocabulary_))
    assert sizes[1] < sizes[0] < len(pipeline[0].vocabulary_)
    assert compress(pipeline, num_words=sizes[1] // 2).score(*few) < score - 0.2


def test_a_search(few, vectors):
    search = GridSearchCV(make(vectors), {"convtextclassifier__epochs": [1, 2]}, cv=2).fit(*few)
    assert compress(search).score(*few) == pytest.approx(search.score(*few), abs=0.02)


def test_explanations_and_exports(few, pipeline, tmp_path):
    small = compress(pipeline, num_words=50)
    texts = few[0][:3]
    logits = explain(small, texts[0]).logits
    np.testing.assert_allclose(logits[1] - logits[0], small.decision_function(texts)[0], rtol=1e-4)
    keras_model = export.to_keras(small)
    import tensorflow as tf

    np.testing.assert_allclose(
        keras_model.predict(tf.constant(texts), verbose=0), small.predict_proba(texts), atol=1e-5
    )
    export.to_onnx(small[1], tmp_path / "small.onnx")


@pytest.mark.parametrize("has_vectors", [True, False])
def test_training_does_not_continue(few, vectors, has_vectors):
    vectorizer, classifier = compress(make(vectors if has_vectors else None).fit(*few))
    X = vectorizer.transform(few[0])
    message = "sequences with pre-trained vectors" if has_vectors else "cannot continue with a compressed model"
    with pytest.raises(ValueError, match=message):
        classifier.partial_fit(X, few[1])
    with pytest.raises(ValueError, match=message):
        classifier.set_params(warm_start=True).fit(X, few[1])


@pytest.mark.filterwarnings("ignore:.* words have a vector")
def test_the_number_of_words_with_vectors(few, vectors):
    some = {word: vectors[word] for word in list(vectors)[::2]}
    vectorizer, _ = compress(make(some).fit(*few), num_words=10)
    assert vectorizer.n_words_found_ == len(vectorizer.vocabulary_.keys() & some.keys())


def average(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


def test_an_architecture_given_as_a_function(few, vectors):
    pipeline = make(vectors, average).fit(*few)
    small = pickle.loads(pickle.dumps(compress(pipeline, num_words=300)))
    np.testing.assert_allclose(small.predict_proba(few[0]), pipeline.predict_proba(few[0]), atol=0.02)


def test_names_of_steps(few, vectors):
    pipeline = Pipeline([("words", GloveTextVectorizer(vectors)), ("net", make(vectors)[1])]).fit(*few)
    assert list(compress(pipeline).named_steps) == ["words", "net"]


def test_documents_without_words(vectors, few):
    vectorizer = GloveTextVectorizer(vectors).fit(few[0])
    with pytest.warns(UserWarning, match="No document contains a word"):
        classifier = make(vectors)[1].fit(vectorizer.transform(["unknown", ""]), ["a", "b"])
    assert compress(make_pipeline(vectorizer, classifier)).predict(["cat"])[0] in ("a", "b")


def test_several_limits_are_refused(few, pipeline):
    with pytest.raises(ValueError, match=r"Only one of num_words, .* may be given; got num_words and max_size"):
        compress(pipeline, num_words=3, max_size=10_000)
    for arguments in ({"tolerance": 0.1}, {"X": few[0], "y": few[1]}):
        with pytest.raises(ValueError, match="tolerance, X and y belong together"):
            compress(pipeline, **arguments)


# Meta-estimators


def test_a_threshold_and_a_calibration_are_kept(few, pipeline):
    high = np.quantile(pipeline.predict_proba(few[0])[:, 1], 0.8)
    rare = FixedThresholdClassifier(pipeline, threshold=float(high), pos_label="tools")
    calibrated = CalibratedClassifierCV(FrozenEstimator(pipeline)).fit(*few)
    inside = make_pipeline(pipeline[0], CalibratedClassifierCV(FrozenEstimator(pipeline[1])))
    inside[1].fit(pipeline[0].transform(few[0]), few[1])
    for model in (rare, calibrated, inside):
        before = pickle.dumps(model)
        small = compress(model)
        assert type(small) is type(model)
        assert pickle.dumps(model) == before
        assert size(small) < 0.6 * size(model)
        np.testing.assert_allclose(small.predict_proba(few[0]), model.predict_proba(few[0]), atol=0.05)
        assert np.mean(small.predict(few[0]) == model.predict(few[0])) > 0.95
    assert not np.array_equal(rare.predict(few[0]), pipeline.predict(few[0]))


def test_tolerance_is_that_of_the_threshold(few, pipeline):
    never = FixedThresholdClassifier(pipeline, threshold=2.0, pos_label="tools")
    small = compress(never, tolerance=0.0, X=few[0], y=few[1])
    assert len(small.estimator[0].vocabulary_) == 1  # any words predict one class alike
    assert small.score(*few) == never.score(*few) == 0.5


def test_names_of_nested_steps(pipeline):
    nested = Pipeline([("nothing", "passthrough"), ("model", Pipeline(pipeline.steps))])
    assert list(compress(nested).named_steps) == ["model"]
    assert list(compress(nested)["model"].named_steps) == list(pipeline.named_steps)
