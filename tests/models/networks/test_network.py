"""The base class of the architectures: one defined here, outside the package, does all that the built-in ones do."""

import dataclasses

import joblib
import numpy as np
import onnxruntime
import pytest
import skops.io
from sklearn.pipeline import make_pipeline

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, TokenSequences, explain
from skglove._keras import import_keras
from skglove.export import load_keras, to_keras, to_onnx
from skglove.models import Network
from skglove.models.base import new_spans


class MeanNetwork(Network):
    """Scores the mean of the word vectors, each put through a dense layer."""

    _parameter_constraints = {}  # noqa: RUF012

    def __init__(self, units=8, embedding_dropout=0.1, dropout=0.0):
        self.units = units
        self.embedding_dropout = embedding_dropout
        self.dropout = dropout

    def keras_features(self, words, mask, seeds):
        keras = import_keras()
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        hidden = keras.layers.Dense(self.units, use_bias=False, kernel_initializer=start, name="hidden")(words)
        return keras.ops.sum(hidden, axis=1) / keras.ops.maximum(keras.ops.sum(mask, axis=1), 1.0)

    def features(self, ops, words, mask):
        (kernel,) = self.weights_["hidden"]
        return ops.sum(ops.matmul(words, kernel), axis=1) / ops.maximum(ops.sum(mask, axis=1), 1.0)

    def contributions(self, ids):
        kernel, bias = self.weights_["logits"]
        spans = new_spans(len(bias))
        for i, vector in enumerate(self.weights_["embedding"][0][ids]):
            spans[i, i + 1] += vector @ self.weights_["hidden"][0] @ kernel / len(ids)
        return spans, bias


@pytest.fixture(scope="module")
def pipeline(corpus, vectors):
    classifier = ConvTextClassifier(MeanNetwork(), epochs=15, batch_size=16, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=30), classifier).fit(*corpus)


def test_it_learns(pipeline, corpus):
    assert pipeline.score(*corpus) > 0.9


def test_it_is_explained(pipeline, corpus):
    explanation = explain(pipeline, corpus[0][0])
    total = sum((ngram.contributions for ngram in explanation.ngrams), explanation.bias)
    np.testing.assert_allclose(total, explanation.logits, atol=1e-5)


def test_it_is_pickled(pipeline, corpus, tmp_path):
    joblib.dump(pipeline, tmp_path / "model")
    assert np.array_equal(joblib.load(tmp_path / "model").predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


def test_it_is_saved_without_pickle_if_its_author_trusts_it(pipeline, corpus, tmp_path):
    file = tmp_path / "model.skops"
    with pytest.raises(TypeError, match="MeanNetwork"):
        skglove.dump(pipeline, file)
    skglove.dump(pipeline, file, trusted=[MeanNetwork])
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException, match="MeanNetwork"):
        skglove.load(file)
    loaded = skglove.load(file, trusted=[MeanNetwork])
    assert np.array_equal(loaded.predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


def test_it_is_exported_to_keras(pipeline, corpus, tmp_path):
    to_keras(pipeline).save(tmp_path / "model.keras")
    answers = load_keras(tmp_path / "model.keras")(np.array(corpus[0]))
    np.testing.assert_allclose(answers, pipeline.predict_proba(corpus[0]), atol=1e-5)


def test_it_is_exported_to_onnx(pipeline, corpus, tmp_path):
    to_onnx(pipeline[-1], tmp_path / "model.onnx")
    ids = pipeline[0].transform(corpus[0]).padded().astype(np.int64)
    label, answers = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"ids": ids})
    assert np.array_equal(label, pipeline.predict(corpus[0]))
    np.testing.assert_allclose(answers, pipeline.predict_proba(corpus[0]), atol=1e-5)


def test_training_can_continue(pipeline, corpus):
    X = pipeline[0].transform(corpus[0])
    classifier = ConvTextClassifier(MeanNetwork(), random_state=0, batch_size=16)
    losses = [classifier.partial_fit(X, corpus[1], classes=["animals", "tools"]).history_["loss"][-1] for _ in range(3)]
    assert losses[2] < losses[0]


def test_without_contributions_the_error_says_so(pipeline, monkeypatch):
    monkeypatch.delattr(MeanNetwork, "contributions")
    with pytest.raises(ValueError, match="MeanNetwork does not define `contributions`"):
        explain(pipeline, "the cat")


def test_vectors_that_are_trained_start_standardized(make_context):
    n_ids, dim = make_context().input_dim, make_context().embedding_dim
    matrix = np.random.RandomState(0).normal(5, np.arange(1, dim + 1), size=(n_ids, dim)).astype(np.float32)
    matrix[:2] = 0
    context = make_context(embedding_matrix=matrix)
    start = Parallel(filters=2).untrained(context).weights_["embedding"][0]
    assert not start[:2].any()
    np.testing.assert_allclose(start[2:].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(start[2:].std(axis=0), 0.4, rtol=1e-4)
    frozen = dataclasses.replace(context, trainable=False)
    assert Parallel(filters=2).untrained(frozen).weights_["embedding"][0] is matrix
    assert np.array_equal(MeanNetwork().untrained(context).weights_["embedding"][0], matrix)


@pytest.mark.parametrize("architecture", [Parallel(filters=2), MeanNetwork()])
@pytest.mark.parametrize("n_words", [12, 16])  # some of the vectors, or all
def test_training_changes_neither_the_given_vectors_nor_the_last_model(architecture, n_words):
    matrix = np.random.RandomState(0).normal(size=(17, 20)).astype(np.float32)  # too few words to standardize
    before = matrix.copy()
    X = TokenSequences(np.arange(160) % n_words + 1, np.arange(0, 161, 4), embedding_matrix=matrix)
    classifier = ConvTextClassifier(architecture, epochs=1, warm_start=True, random_state=0)
    first = classifier.fit(X, np.arange(40) % 2).architecture_.weights_["embedding"][0]
    kept = first.copy()
    second = classifier.fit(X, np.arange(40) % 2).architecture_.weights_["embedding"][0]
    assert np.array_equal(matrix, before)
    assert np.array_equal(first, kept)
    for trained, start in ((first, matrix), (second, first)):
        assert (trained != start)[1 : n_words + 1].any(axis=1).all()
        assert np.array_equal(trained[n_words + 1 :], start[n_words + 1 :])


def test_weights_after_partial_fit_are_means_over_all_steps(sequences, corpus):
    classifier = ConvTextClassifier(Parallel(filters=8), batch_size=200, dtype_policy="float32", random_state=0)
    means, last = [], []
    for _ in range(3):  # of one step each
        network = classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"]).architecture_
        means.append([array for arrays in network.weights_.values() for array in arrays])
        last.append(network.training_state_["arrays"][: len(means[-1])])
    for after_1, after_2, after_3, mean in zip(*last, means[-1], strict=True):
        np.testing.assert_allclose(mean, (after_1 + 8 * after_2 + 27 * after_3) / 36, atol=1e-6)
        assert abs(after_3 - mean).max() > 1e-4
