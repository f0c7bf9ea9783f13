"""Several labels per document: y is an indicator matrix."""

import pickle

import joblib
import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from skglove import (
    ConvTextClassifier,
    GloveTextVectorizer,
    Parallel,
    Stacked,
    WideAndDeep,
    compress,
    explain,
    explain_model,
)
from skglove.export import to_keras, to_onnx
from skglove.saving import dump, load

WORDS = {"cats": "cat purr meow", "dogs": "dog bark leash", "tools": "saw drill hammer"}
FILLER = "the a of and with on".split()


def make_documents(n=240, seed=0):
    """Return texts with words of none to all of three topics, and an indicator matrix."""
    rng = np.random.RandomState(seed)
    Y = (rng.uniform(size=(n, 3)) < [0.5, 0.3, 0.2]).astype(int)
    texts = []
    for row in Y:
        words = [rng.choice(words.split()) for words, has in zip(WORDS.values(), row, strict=True) if has]
        words += list(rng.choice(FILLER, size=rng.randint(2, 5)))
        texts.append(" ".join(rng.permutation(words)))
    return texts, Y


def small(architecture=None, **parameters):
    settings = {"epochs": 8, "batch_size": 16, "random_state": 0, **parameters}
    return make_pipeline(
        GloveTextVectorizer(None), ConvTextClassifier(architecture or WideAndDeep(filters=8), **settings)
    )


@pytest.fixture(scope="module")
def documents():
    return make_documents()


@pytest.fixture(scope="module")
def fitted(documents):
    return small(validation_fraction=0.2).fit(*documents)


@pytest.mark.parametrize("architecture", [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=16)])
def test_each_architecture_predicts_sets_of_labels(documents, architecture):
    texts, Y = documents
    pipeline = small(architecture, epochs=20).fit(texts, Y)
    others, truth = make_documents(100, seed=1)
    predicted, proba = pipeline.predict(others), pipeline.predict_proba(others)
    assert predicted.shape == proba.shape == pipeline.decision_function(others).shape == (100, 3)
    assert f1_score(truth, predicted, average="micro") > 0.9
    np.testing.assert_allclose(proba, 1 / (1 + np.exp(-pipeline.decision_function(others))), rtol=1e-5)
    np.testing.assert_allclose(pipeline.predict_log_proba(others), np.log(proba), atol=1e-4)
    assert np.array_equal(predicted, proba > pipeline[-1].thresholds_)
    assert pipeline[-1].classes_.tolist() == [0, 1, 2]
    assert predicted.dtype == int


def test_sparse_and_dense_targets_give_the_same_model(documents, fitted):
    texts, Y = documents
    labels = [[name for name, has in zip(WORDS, row, strict=True) if has] for row in Y]
    binarized = MultiLabelBinarizer(classes=list(WORDS), sparse_output=True).fit_transform(labels)
    again = small(validation_fraction=0.2).fit(texts, sp.csr_array(binarized))
    assert np.array_equal(again.predict_proba(texts), fitted.predict_proba(texts))


def test_thresholds_are_learned_on_held_out_documents(documents):
    texts, Y = documents
    noisy = Y ^ (np.random.RandomState(0).uniform(size=Y.shape) < [0.1, 0.2, 0.3])
    thresholds = small(validation_fraction=0.2).fit(texts, noisy)[-1].thresholds_
    assert thresholds.shape == (3,)
    assert ((thresholds > 0.2) & (thresholds <= 0.5)).all()
    assert len(set(thresholds.tolist())) > 1
    # A network alone holds nothing out unless it stops early.
    assert small(Parallel(filters=4), epochs=1).fit(texts, noisy)[-1].thresholds_.tolist() == [0.5] * 3
    early = small(Parallel(filters=4), epochs=2, early_stopping=True).fit(texts, noisy)[-1]
    assert early.thresholds_.tolist() != [0.5] * 3
    assert "val_loss" in early.history_


def test_one_label_a_document_has_no_thresholds(documents):
    texts, Y = documents
    assert small(epochs=1).fit(texts, Y[:, 0])[-1].thresholds_ is None


def test_documents_without_labels_and_labels_without_documents(documents):
    texts, Y = documents
    with_empty = np.column_stack([Y, np.zeros(len(Y), dtype=int), np.ones(len(Y), dtype=int)])
    pipeline = small().fit(texts, with_empty)
    predicted = pipeline.predict(texts)
    assert not predicted[:, 3].any()
    assert predicted[:, 4].all()
    assert not (pipeline.predict_proba(["the a of"])[0, :4] > 0.5).any()


@pytest.mark.parametrize("architecture", [WideAndDeep(filters=8), Parallel(filters=8)], ids=["wide", "parallel"])
def test_a_class_weight_raises_the_probability_of_its_label(documents, architecture):
    texts, Y = documents
    Y = Y ^ (np.random.RandomState(1).uniform(size=Y.shape) < 0.2)  # otherwise they would be certain with any weights

    def mean_probabilities(class_weight):
        classifier = small(architecture, class_weight=class_weight, validation_fraction=0.2).fit(texts, Y)
        return classifier.predict_proba(texts).mean(axis=0)

    plain = mean_probabilities(None)
    for class_weight in ({2: 20.0}, {0: 1, 2: 20.0}):
        change = mean_probabilities(class_weight) - plain
        assert change[2] > max(0.05, *np.abs(change[:2]))
    change = mean_probabilities("balanced") - plain
    assert change[2] > change[0]  # the rarer label


@pytest.mark.parametrize(
    ("weight", "message"),
    [(-1.0, "non-negative finite numbers"), (0.0, "not be 0 for a label"), (np.inf, "non-negative finite numbers")],
    ids=str,
)
def test_class_weights_of_labels_are_checked(documents, weight, message):
    with pytest.raises(ValueError, match=message):
        small(class_weight={0: weight}).fit(*documents)


def test_documents_of_weight_0_are_ignored(documents):
    texts, Y = documents
    weights = (np.arange(len(Y)) < 150).astype(float)
    X = GloveTextVectorizer(None).fit_transform(texts)
    classifier = small()[-1]
    weighted = classifier.fit(X, Y, sample_weight=weights).predict_proba(X)
    assert np.array_equal(weighted, classifier.fit(X[:150], Y[:150]).predict_proba(X))


def test_partial_fit(documents):
    texts, Y = documents
    X = GloveTextVectorizer(None).fit_transform(texts)
    classifier = small()[-1]
    for _ in range(8):
        for start in (0, 120):
            classifier.partial_fit(X[start : start + 120], Y[start : start + 120])
    assert f1_score(Y, classifier.predict(X), average="micro") > 0.95
    again = pickle.loads(pickle.dumps(classifier)).partial_fit(X, Y)
    assert np.array_equal(again.predict_proba(X), classifier.partial_fit(X, Y).predict_proba(X))
    with pytest.raises(ValueError, match=r"y has 2 columns, but y of the first call has the labels \[0, 1, 2\]"):
        classifier.partial_fit(X, Y[:, :2])
    with pytest.raises(ValueError, match="began with several labels per document"):
        classifier.partial_fit(X, Y[:, :2].sum(axis=1))


def test_partial_fit_learns_thresholds(documents):
    texts, Y = documents
    Y = Y.copy()
    Y[::3] = 0  # labels that cannot be seen in the texts are uncertain
    X = GloveTextVectorizer(None).fit_transform(texts)
    for fraction, has_enough in [(0.4, True), (0.05, False)]:
        classifier = small(validation_fraction=fraction)[-1]
        for _ in range(3):
            classifier.partial_fit(X, Y)
        assert (classifier.thresholds_ < 0.5).all() == has_enough
        assert (classifier.thresholds_ == 0.5).all() != has_enough


def test_other_targets_are_refused(documents):
    texts, Y = documents
    with pytest.raises(ValueError, match="MultiLabelBinarizer"):
        small().fit(texts, Y + np.arange(len(Y))[:, None] % 3)
    with pytest.raises(ValueError, match="At least 2 classes are needed"):
        small().fit(texts, np.zeros(len(Y)))
    with pytest.warns(DataConversionWarning):
        small(epochs=1).fit(texts, Y[:, :1])


def test_training_continues_only_with_the_same_labels(documents):
    texts, Y = documents
    X = GloveTextVectorizer(None).fit_transform(texts)
    classifier = small(warm_start=True, epochs=1)[-1].fit(X, Y)
    classifier.fit(X, Y)
    with pytest.raises(ValueError, match="warm_start"):
        classifier.fit(X, Y[:, :2])
    with pytest.raises(ValueError, match="began with several labels per document"):
        classifier.fit(X, Y.sum(axis=1) % 3)


def test_explanations_are_of_labels(fitted):
    explanation = explain(fitted, "the cat and a drill")
    assert explanation.classes.tolist() == [0, 1, 2]
    np.testing.assert_allclose(explanation.probabilities, fitted.predict_proba([explanation.text])[0], atol=1e-5)
    assert explanation.top(0, 1)[0][0] == "cat"
    assert explanation.top(2, 1)[0][0] == "drill"


def test_files_hold_several_labels(documents, fitted, tmp_path):
    texts = documents[0][:20]
    expected = fitted.predict(texts)
    joblib.dump(fitted, tmp_path / "model.joblib")
    assert np.array_equal(joblib.load(tmp_path / "model.joblib").predict(texts), expected)
    dump(fitted, tmp_path / "model.skops")
    assert np.array_equal(load(tmp_path / "model.skops").predict(texts), expected)


@pytest.mark.parametrize("architecture", [WideAndDeep(filters=4), Stacked(filters=4)])
def test_exports_give_the_same_probabilities(documents, tmp_path, architecture):
    texts, Y = documents
    pipeline = small(architecture, epochs=2).fit(texts, Y)
    expected = pipeline.predict_proba(texts)
    np.testing.assert_allclose(to_keras(pipeline)(np.array(texts)), expected, atol=1e-5)
    to_onnx(pipeline[-1], tmp_path / "model.onnx")
    ids = pipeline[0].transform(texts).padded().astype(np.int64)
    label, found = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"ids": ids})
    assert np.array_equal(label, pipeline.predict(texts))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_searches_and_folds(documents):
    texts, Y = documents
    assert cross_val_score(small(), texts, Y, cv=3, scoring="f1_micro").min() > 0.8
    search = GridSearchCV(small(), {"convtextclassifier__epochs": [1, 8]}, cv=2, scoring="f1_macro").fit(texts, Y)
    assert search.predict(texts).shape == Y.shape


def test_a_function_as_architecture(documents):
    def averaging(words, n_classes):
        import keras

        return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))

    texts, Y = documents
    pipeline = small(averaging, epochs=30, learning_rate=0.02).fit(texts, Y)
    assert f1_score(Y, pipeline.predict(texts), average="micro") > 0.9


def test_no_document_has_a_word():
    X = np.zeros((3, 4), dtype=int)
    with pytest.warns(UserWarning, match="No document contains a word"):
        classifier = small()[-1].fit(X, np.array([[1, 0], [0, 0], [1, 0]]))
    np.testing.assert_allclose(classifier.predict_proba(X)[0], [2 / 3, 0], atol=1e-5)


@pytest.mark.parametrize(
    "change", [lambda Y: 2 * Y - 1, lambda Y: Y + 1, lambda Y: 2 * Y], ids=["-1, 1", "1, 2", "0, 2"]
)
def test_a_matrix_of_other_numbers_is_refused(documents, change):
    texts, Y = documents
    with pytest.raises(ValueError, match="Expected an indicator matrix of zeros and ones"):
        small().fit(texts, change(Y))


def test_thresholds_are_kept_when_training_continues(documents):
    texts, Y = documents
    noisy = Y ^ (np.random.RandomState(0).uniform(size=Y.shape) < [0.1, 0.2, 0.3])
    X = GloveTextVectorizer(None).fit_transform(texts)
    classifier = small(validation_fraction=0.2, epochs=1)[-1].fit(X, noisy)
    before = classifier.thresholds_
    with pytest.warns(UserWarning, match="the linear model is not changed"):
        classifier.partial_fit(X, noisy)
    assert np.array_equal(classifier.thresholds_, before)


def test_documents_of_little_weight_count_little(documents):
    """Also in the intercepts and thresholds, which are learned on held-out documents."""
    texts, Y = documents
    X = GloveTextVectorizer(None).fit_transform([*texts, *texts])
    all_labels = np.r_[Y, np.ones_like(Y)]
    classifier = small(validation_fraction=0.3, epochs=2)[-1]
    weights = np.r_[np.ones(len(Y)), np.full(len(Y), 1e-9)]
    means = classifier.fit(X, all_labels, sample_weight=weights).predict_proba(X).mean(axis=0)
    np.testing.assert_allclose(means, Y.mean(axis=0), atol=0.1)


def test_one_sparse_column_is_a_vector_of_classes(documents):
    texts, Y = documents
    X = GloveTextVectorizer(None).fit_transform(texts)
    with pytest.warns(DataConversionWarning):
        classifier = small(epochs=1)[-1].fit(X, sp.csr_array(Y[:, :1]))
    assert classifier.predict(X).shape == (len(Y),)


# Names of labels


@pytest.mark.parametrize(
    "to_table",
    [
        lambda Y: pd.DataFrame(Y, columns=list(WORDS)),
        lambda Y: pd.DataFrame(Y, columns=list(WORDS), dtype=bool, index=np.arange(len(Y))[::-1]),
        lambda Y: pl.DataFrame(dict(zip(WORDS, Y.T, strict=True))),
    ],
    ids=["pandas", "pandas bool", "polars"],
)
def test_columns_of_a_table_are_the_names_of_labels(documents, to_table):
    texts, Y = documents
    pipeline = small(Parallel(filters=2), epochs=1).fit(texts, to_table(Y))
    assert pipeline[-1].label_names_.tolist() == list(WORDS)
    assert pipeline[-1].label_names_.dtype.kind == "U"
    assert pipeline.classes_.tolist() == [0, 1, 2]
    plain = small(Parallel(filters=2), epochs=1).fit(texts, Y)
    assert np.array_equal(pipeline.predict_proba(texts), plain.predict_proba(texts))
    for explained in (explain(pipeline, "a cat"), explain_model(pipeline), explain_model(pipeline, texts[:3])):
        assert explained.classes.tolist() == list(WORDS)
    assert explain_model(pipeline).top("tools", 3) == explain_model(plain).top(2, 3)
    assert compress(pipeline)[-1].label_names_.tolist() == list(WORDS)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ([2, 1, 0], ["2", "1", "0"]),
        ([10, 20, 30], ["10", "20", "30"]),
        (pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]), ["('a', 1)", "('a', 2)", "('b', 1)"]),
        ([False, True, 2], None),
    ],
)
def test_numbers_of_columns_are_names_unless_they_are_the_indices(documents, columns, expected):
    texts, Y = documents
    X, classifier = GloveTextVectorizer(None).fit_transform(texts[:40]), small(Parallel(filters=2), epochs=1)[-1]
    names = classifier.fit(X, pd.DataFrame(Y[:40], columns=columns)).label_names_
    assert (None if names is None else names.tolist()) == expected


def test_scores_are_of_labels_in_the_order_of_training(documents):
    texts, Y = documents
    names = pd.DataFrame(Y, columns=list(WORDS))
    pipeline = small(Parallel(filters=2), epochs=1).fit(texts, names)
    assert pipeline.score(texts, names) == pipeline.score(texts, Y)
    with pytest.raises(ValueError, match=r"The columns of y are \['tools', 'dogs', 'cats'\], but training began with"):
        pipeline.score(texts, names.iloc[:, ::-1])


def test_without_names_there_are_none(documents):
    texts, Y = documents
    X, classifier = GloveTextVectorizer(None).fit_transform(texts[:40]), small(Parallel(filters=2), epochs=1)[-1]
    numbered, names = pd.DataFrame(Y[:40]), pd.DataFrame(Y[:40], columns=list(WORDS))
    assert classifier.fit(X, names).label_names_ is not None
    assert classifier.fit(X, numbered).label_names_ is None
    with pytest.warns(DataConversionWarning):
        assert classifier.fit(X, names[["cats"]]).label_names_ is None
    assert classifier.fit(X, names["cats"]).label_names_ is None
    del classifier.__dict__["label_names_"]  # as before there were names
    assert pickle.loads(pickle.dumps(classifier)).label_names_ is None


@pytest.mark.parametrize("continue_", [ConvTextClassifier.partial_fit, ConvTextClassifier.fit])
def test_labels_keep_their_names_and_order_when_training_continues(documents, continue_):
    texts, Y = documents
    X = GloveTextVectorizer(None).fit_transform(texts[:40])
    names = pd.DataFrame(Y[:40], columns=list(WORDS))
    classifier = small(Parallel(filters=2), epochs=1, warm_start=True)[-1]
    for y in (names, names, Y[:40]):
        assert continue_(classifier, X, y).label_names_.tolist() == list(WORDS)
    before = classifier.predict_proba(X)
    for other in (names[["dogs", "cats", "tools"]], names.rename(columns={"tools": "tool"}), names[["cats", "dogs"]]):
        with pytest.raises(ValueError, match=r"but training began with \['cats', 'dogs', 'tools'\]"):
            continue_(classifier, X, other)
    assert np.array_equal(classifier.predict_proba(X), before)
    assert classifier.label_names_.tolist() == list(WORDS)


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        (["cats", "dogs", 3], TypeError, r"The columns of y are \['cats', 'dogs', 3\]"),
        (["cats", "dogs", "cats"], ValueError, r"Several columns of y are named \['cats'\]"),
    ],
)
def test_names_of_labels_are_checked(documents, columns, error, message):
    texts, Y = documents
    with pytest.raises(error, match=message):
        small().fit(texts, pd.DataFrame(Y, columns=columns))
