"""What holds for every architecture."""

import copy

import numpy as np
import pytest
from sklearn.base import clone

from skglove import ConvTextClassifier, Parallel, Stacked, TokenSequences, WideAndDeep, ops
from skglove._keras import KerasOps, import_keras
from skglove.export.onnx import Recorder
from skglove.models import ARCHITECTURES, Custom, Linear, as_member
from skglove.models.base import left_aligned


def lstm(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.LSTM(8)(words))


def masked_mean(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


IN_ARRAYS = [
    WideAndDeep(filters=8),
    WideAndDeep(filters=8, maxlen=7),
    Linear(),
    Parallel(filters=8),
    Parallel(filters=6, kernel_sizes=(1, 2, 7), maxlen=20),
    Stacked(filters=8, dense_units=8),
    Stacked(filters=8, dense_units=8, n_conv_layers=1, kernel_size=2),
    Stacked(filters=8, dense_units=8, n_conv_layers=2, pool_size=3, kernel_size=4),
]


@pytest.fixture(scope="module", params=IN_ARRAYS, ids=str)
def in_arrays(request, fit):
    return fit(request.param)


@pytest.fixture(scope="module", params=[*IN_ARRAYS, lstm, masked_mean], ids=lambda a: getattr(a, "__name__", str(a)))
def classifier(request, fit):
    return fit(request.param)


def test_the_fast_path_is_the_plain_forward_pass(in_arrays, make_documents):
    member, X = in_arrays.architecture_, make_documents(seed=1)
    np.testing.assert_allclose(member.logits(X), member.forward(ops, X.padded(padding="post")), atol=1e-5)


def test_keras_ops_run_the_same_forward_pass(in_arrays, make_documents):
    member, X = in_arrays.architecture_, make_documents(seed=1)
    keras = import_keras()
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, member.forward(KerasOps(), ids))
    np.testing.assert_allclose(member.logits(X), model(X.padded(padding="post")), atol=1e-5)


def test_onnx_records_the_same_forward_pass(in_arrays, make_documents):
    from onnx.reference import ReferenceEvaluator

    member, X = in_arrays.architecture_, make_documents(n_documents=5, seed=1)
    recorder = Recorder()
    recorder.output(member.forward(recorder, recorder.input("ids", "int32")), "logits", ["batch", 2])
    (logits,) = ReferenceEvaluator(recorder.model()).run(None, {"ids": X.padded(padding="post")})
    np.testing.assert_allclose(member.logits(X), logits, atol=1e-5)


def test_the_keras_model_has_the_same_scores(classifier, make_documents):
    model, X = classifier.to_keras(), make_documents(seed=1)
    matrix = X.padded()
    apart = np.zeros((len(X), 2 * matrix.shape[1]), dtype=np.int32)
    apart[:, ::2] = matrix  # padding between the words
    for ids in (matrix, np.pad(matrix, ((0, 0), (0, 31))), apart):
        np.testing.assert_allclose(classifier.predict_proba(X), model(ids), atol=1e-5)


def test_padding_changes_no_score(classifier, make_documents):
    X = make_documents(seed=1)
    expected, matrix = classifier.predict_proba(X), X.padded()
    for wider in (np.pad(matrix, ((0, 0), (130, 0))), np.pad(matrix, ((0, 0), (0, 1)))):
        np.testing.assert_allclose(classifier.predict_proba(wider), expected, atol=1e-5)


def test_neighbours_change_no_score(classifier, make_documents):
    X = make_documents(n_documents=20, seed=1)
    expected = classifier.predict_proba(X)
    alone = np.vstack([classifier.predict_proba(X[[i]]) for i in range(len(X))])
    np.testing.assert_allclose(alone, expected, atol=1e-5)


def test_order_changes_no_bit(classifier, make_documents):
    X = make_documents(n_documents=20, seed=1)
    order = np.random.RandomState(0).choice(len(X), 30)  # with duplicates
    expected = classifier.predict_proba(X[order])
    for i in range(5):
        new = np.random.RandomState(i).permutation(len(order))
        np.testing.assert_array_equal(classifier.predict_proba(X[order[new]]), expected[new])


def test_a_document_without_words_gets_probabilities(classifier):
    probabilities = classifier.predict_proba(np.zeros((2, 3), dtype=int))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_words_change_scores(classifier, make_documents):
    assert np.ptp(classifier.predict_proba(make_documents(seed=1))[:, 0]) > 0.005


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("architecture", IN_ARRAYS, ids=str)
def test_contributions_add_up_to_the_logits(fit, make_documents, architecture, n_classes):
    member = fit(architecture, n_classes, epochs=1).architecture_
    X = make_documents(n_documents=8, seed=1)
    for ids, logits in zip(X, member.logits(X), strict=True):
        spans, bias = member.contributions(ids)
        np.testing.assert_allclose(sum(spans.values(), bias), logits, atol=1e-4)
        assert all(0 <= start < stop <= len(ids) for start, stop in spans)


def test_fitting_leaves_the_parameters_object_as_it_was(fit):
    architecture = Parallel(filters=8)
    before = dict(vars(architecture))
    fitted = fit(architecture).architecture_
    assert vars(architecture) == before
    assert fitted is not architecture
    assert fitted.get_params() == architecture.get_params()


def test_parameters_of_an_architecture_can_be_searched_and_cloned():
    classifier = ConvTextClassifier(architecture=Parallel(filters=64))
    assert clone(classifier).set_params(architecture__filters=3).architecture.filters == 3
    assert classifier.architecture.filters == 64


def test_names_mean_objects_at_their_defaults():
    for name, kind in ARCHITECTURES.items():
        assert type(as_member(name)) is kind
        assert as_member(name).get_params() == kind().get_params()
    assert isinstance(as_member(lstm), Custom)


@pytest.mark.parametrize("architecture", [Parallel, WideAndDeep])
def test_a_class_is_no_architecture(architecture):
    with pytest.raises(TypeError, match=rf"Call it: {architecture.__name__}\(\)"):
        as_member(architecture)


def test_left_aligned_moves_words_before_padding():
    ids = np.array([[0, 3, 0, 1], [0, 0, 0, 0], [2, 0, 1, 1]])
    assert left_aligned(ops, ids).tolist() == [[3, 1, 0, 0], [0, 0, 0, 0], [2, 1, 1, 0]]


def test_training_continues_only_with_the_same_architecture(fit):
    start = fit(Parallel(filters=8)).architecture_
    assert Parallel(filters=8, dropout=0.1, kernel_sizes=[1, 2, 3]).checked_start(start) is start
    for other in (Parallel(filters=9), Stacked(filters=8)):
        with pytest.raises(ValueError, match="Training cannot continue with another architecture"):
            other.checked_start(start)


@pytest.mark.parametrize("architecture", [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=8)], ids=str)
def test_copies_score_alike(fit, make_documents, architecture):
    member, X = fit(architecture).architecture_, make_documents(seed=1)
    assert np.array_equal(copy.deepcopy(member).logits(X), member.logits(X))


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        (Parallel(filters=0), "'filters' parameter of Parallel"),
        (Parallel(kernel_sizes=()), "kernel_sizes must be positive integers"),
        (Parallel(kernel_sizes=(3, 0)), "kernel_sizes must be positive integers"),
        (Parallel(maxlen=0), "'maxlen' parameter of Parallel"),
        (Parallel(dropout=1.0), "'dropout' parameter of Parallel"),
        (WideAndDeep(kernel_sizes=(0,)), "kernel_sizes must be positive integers"),
        (WideAndDeep(embedding_dropout=-0.1), "'embedding_dropout' parameter of WideAndDeep"),
        (Stacked(kernel_size=2.5), "'kernel_size' parameter of Stacked"),
        (Stacked(pool_size=0), "'pool_size' parameter of Stacked"),
        (Stacked(n_conv_layers=0), "'n_conv_layers' parameter of Stacked"),
        (Stacked(n_conv_layers=8), "pool_size=5 and n_conv_layers=8 pool 78125 positions into one"),
        (Stacked(dense_units=-1), "'dense_units' parameter of Stacked"),
    ],
    ids=str,
)
def test_bad_parameters(fit, architecture, message):
    with pytest.raises(ValueError, match=message):
        fit(architecture)


def test_plain_matrices_bring_no_vectors(fit, make_documents):
    X = TokenSequences.from_matrix(make_documents().padded())
    classifier = ConvTextClassifier(Parallel(filters=4), embedding_dim=5, epochs=1).fit(X, np.arange(len(X)) % 2)
    assert classifier.architecture_.weights_["embedding"][0].shape == (30, 5)
