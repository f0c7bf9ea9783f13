import copy
import json
import re
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, WideAndDeep, ops
from skglove.export import onnx as exporting
from skglove.export import to_onnx

ODD = ["", "the the the cat", "unheard unseen", "Hammer,drill;SAW\tcat\n" * 30, "the\u00a0cat", "CAT'S ÇA İ ΑΣ"]
ARCHITECTURES = [
    WideAndDeep(filters=8),
    WideAndDeep(filters=8, maxlen=5),
    Parallel(filters=8, kernel_sizes=(2, 5)),
    Stacked(filters=8, dense_units=8),
    Stacked(filters=8, dense_units=8, n_conv_layers=2, pool_size=2, kernel_size=4),
]


def fit(corpus, vectors, architecture):
    classifier = ConvTextClassifier(architecture, epochs=1, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=30), classifier).fit(*corpus)


@pytest.fixture(scope="module")
def texts(corpus):
    return corpus[0][:40] + ODD


@pytest.fixture(scope="module", params=ARCHITECTURES, ids=str)
def pipeline(request, corpus, vectors):
    labels = np.array(["a", "b", "c"])[np.arange(len(corpus[0])) % 3]
    return fit((corpus[0], labels), vectors, request.param)


def session_of(classifier, folder):
    to_onnx(classifier, folder / "model.onnx")
    return onnxruntime.InferenceSession(folder / "model.onnx")


@pytest.fixture(scope="module")
def session(pipeline, tmp_path_factory):
    return session_of(pipeline[-1], tmp_path_factory.mktemp("onnx"))


def answers(session, ids):
    return session.run(["probabilities"], {"ids": ids.astype(np.int64)})[0]


def torn(X):
    """Return a matrix with padding between all words."""
    ids = np.zeros((len(X), 2 * X.shape[1]), dtype=np.int64)
    ids[:, ::2] = X.padded()
    return ids


@pytest.mark.parametrize(
    "matrix",
    [
        lambda X: X.padded(),
        lambda X: X.padded(padding="post"),
        lambda X: X.padded(70, "post"),
        lambda X: X.padded(int(X.lengths.max())),
        torn,
    ],
    ids=["pre", "post", "wider", "as wide as the longest text", "between words"],
)
def test_probabilities_are_the_same_whatever_the_padding(pipeline, session, texts, matrix):
    X = pipeline[0].transform(texts)
    np.testing.assert_allclose(answers(session, matrix(X)), pipeline[1].predict_proba(X), atol=1e-5)


def test_the_reference_evaluator_gives_the_same(pipeline, texts, tmp_path):
    X = pipeline[0].transform(texts[-8:])
    to_onnx(pipeline[-1], tmp_path / "model.onnx")
    wide = ReferenceEvaluator(str(tmp_path / "model.onnx"))
    np.testing.assert_allclose(answers(wide, X.padded(130)), pipeline[1].predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("width", [1, 2, 7, 26])
def test_probabilities_of_one_text_of_any_width(pipeline, session, width):
    X = pipeline[0].transform(["cat hammer the the saw " * 6])[:1].cut(width)
    np.testing.assert_allclose(answers(session, X.padded(width)), pipeline[1].predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("width", [1, 30])
def test_probabilities_of_no_known_word(pipeline, session, width):
    expected = pipeline.predict_proba([""])
    np.testing.assert_allclose(answers(session, np.zeros((1, width))), expected, atol=1e-5)


def test_input_and_outputs_have_the_documented_names_and_types(session):
    described = [(each.name, each.type, each.shape) for each in session.get_inputs() + session.get_outputs()]
    assert described == [
        ("ids", "tensor(int64)", ["batch", "width"]),
        ("label", "tensor(string)", ["batch"]),
        ("probabilities", "tensor(float)", ["batch", 3]),
    ]


# Labels, in two runtimes

RUNTIMES = {
    "onnxruntime": lambda file: onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]),
    "reference": lambda file: ReferenceEvaluator(str(file)),
}
CLASSES = {
    "str": ["ham", "eggs", "Spam \u00e9\n\U0001f600"],
    "object": np.array(["ham", "eggs", "sp\0am"], dtype=object),
    "int": [-3, 2**40, 7],
    "uint8": np.array([3, 200, 7], dtype=np.uint8),
    "bool": [True, False, True],
    "float": [2.0, -1.0, 5.0],
    "large": np.array([2**63 + 1, 3, 7], dtype=np.uint64),
    "indicators": [[1, 0, 1], [0, 1, 0], [1, 1, 0]],
}
AS_TEXT = {"large"}  # beyond int64


@pytest.fixture(scope="module", params=RUNTIMES)
def runtime(request):
    return RUNTIMES[request.param]


@pytest.fixture(scope="module", params=CLASSES)
def labelled(request, vectors, tmp_path_factory):
    """Return a pipeline of all texts with three classes, and its file."""
    y = np.asarray(CLASSES[request.param])[np.arange(48) % 3]
    texts = ["the cat purrs", "a hammer and a saw", "file unheard"] * 16
    pipeline = make_pipeline(
        GloveTextVectorizer(vectors, oov_token="<unknown>"),
        ConvTextClassifier(Parallel(filters=4), epochs=20, learning_rate=0.02, random_state=0),
    ).fit(texts, y)
    file = tmp_path_factory.mktemp("labelled") / "model.onnx"
    to_onnx(pipeline[-1], file)
    return pipeline, file, request.param


def test_labels_are_those_of_predict(labelled, runtime):
    pipeline, file, kind = labelled
    texts = ["the saw", "cat cat", "", "file", "unheard of"]
    expected = pipeline.predict(texts)
    ids = pipeline[0].transform(texts).padded(100).astype(np.int64)
    label, probabilities = runtime(file).run(None, {"ids": ids})
    assert len(np.unique(label, axis=0)) > 1
    assert label.tolist() == (expected.astype(str) if kind in AS_TEXT else expected).tolist()
    assert label.dtype == (object if expected.dtype.kind in "UO" or kind in AS_TEXT else np.int64)
    np.testing.assert_allclose(probabilities, pipeline.predict_proba(texts), atol=1e-5)


def test_the_file_says_what_it_is(labelled):
    pipeline, file, _ = labelled
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    said = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(said.pop("classes")) == pipeline.classes_.tolist()
    assert said == {"skglove_version": skglove.__version__, "vocabulary_size": str(len(pipeline[0].vocabulary_))}
    assert (model.producer_name, model.producer_version) == ("skglove", skglove.__version__)


def test_labels_are_those_above_the_thresholds(parallel, runtime, tmp_path):
    classifier = copy.copy(parallel[-1])
    classifier.thresholds_ = np.full(2, 0.5)  # as of several labels
    X = parallel[0].transform(["cat saw"])
    classifier.thresholds_ = classifier.predict_proba(X)[0].astype(float) + np.array([0.01, -0.01])
    to_onnx(classifier, tmp_path / "model.onnx")
    label, _ = runtime(tmp_path / "model.onnx").run(None, {"ids": X.padded().astype(np.int64)})
    assert label.tolist() == classifier.predict(X).tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"classes_": np.array(["2026-01-31", "2026-02-01"], dtype="datetime64[D]")}, ["2026-01-31", "2026-02-01"]),
        ({"label_names_": np.array(["a", "b"]), "thresholds_": np.full(2, 0.5)}, ["a", "b"]),
    ],
    ids=["dates", "names of labels"],
)
def test_names_that_are_no_classes(parallel, tmp_path, changed, expected):
    classifier = copy.copy(parallel[-1])
    vars(classifier).update(changed)
    to_onnx(classifier, tmp_path / "model.onnx")
    said = {entry.key: entry.value for entry in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(said["classes"]) == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("\ud800", "contains a lone surrogate, which UTF-8"),
        ("caf\udce9", "contains a lone surrogate, which UTF-8"),
        ("tail\0", "ends in a NUL character, which NumPy"),
    ],
    ids=ascii,
)
def test_names_that_are_no_strings_elsewhere(parallel, tmp_path, name, reason):
    classifier = copy.copy(parallel[-1])
    classifier.classes_ = np.array(["a", name], dtype=object)
    with pytest.raises(ValueError, match=f"{re.escape(f'The class {name!r} {reason}')} .* Rename it in y"):
        to_onnx(classifier, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("far", [-1, -3, 2**31, 2**32 + 1, -(2**32) + 1])
def test_ids_that_predict_refuses(parallel, runtime, tmp_path, far):
    to_onnx(parallel[-1], tmp_path / "model.onnx")
    with pytest.raises((IndexError, InvalidArgument), match="out of"):
        runtime(tmp_path / "model.onnx").run(None, {"ids": np.array([[1, far, 2]])})


def test_texts_without_words(parallel, runtime, tmp_path):
    to_onnx(parallel[-1], tmp_path / "model.onnx")
    _, found = runtime(tmp_path / "model.onnx").run(None, {"ids": np.zeros((2, 0), dtype=np.int64)})
    np.testing.assert_allclose(found, [parallel[-1].class_prior_] * 2, rtol=1e-5)


def test_ids_larger_than_in_a_plain_matrix_are_left_out(runtime, tmp_path):
    ids = np.random.RandomState(0).randint(0, 9, (20, 6))
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0).fit(ids, ["a", "b"] * 10)
    to_onnx(classifier, tmp_path / "model.onnx")
    new = np.array([[1, 99, 2, 0, 3, 9], [9, 10, 11, 12, 2**31 - 1, 9]])
    label, probabilities = runtime(tmp_path / "model.onnx").run(None, {"ids": new})
    assert label.tolist() == classifier.predict(new).tolist()
    np.testing.assert_allclose(probabilities, classifier.predict_proba(new), atol=1e-5)
    far = np.array([[1, 2**32 + 1, 2, 0, 3, 0]])
    expected = classifier.predict_proba(np.where(far > 9, 0, far))
    np.testing.assert_allclose(runtime(tmp_path / "model.onnx").run(None, {"ids": far})[1], expected, atol=1e-5)


@pytest.mark.parametrize(
    "architecture", [WideAndDeep(filters=4), Parallel(filters=4), Stacked(filters=4, dense_units=4)], ids=str
)
def test_two_classes_without_vectors(corpus, texts, architecture, tmp_path):
    pipeline = fit(corpus, None, architecture)
    X = pipeline[0].transform(texts)
    session = session_of(pipeline[1], tmp_path)
    np.testing.assert_allclose(answers(session, X.padded()), pipeline[1].predict_proba(X), atol=1e-5)


@pytest.fixture(scope="module")
def parallel(corpus, vectors):
    return fit(corpus, vectors, Parallel(filters=4))


def test_the_file_is_a_valid_model_of_opset_17(parallel, tmp_path):
    to_onnx(parallel[-1], tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 17)]


def test_an_existing_file_is_replaced(parallel, tmp_path):
    (tmp_path / "model.onnx").write_text("old")
    session_of(parallel[-1], tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


def test_a_classifier_trained_on_a_plain_matrix(tmp_path):
    ids = np.random.RandomState(0).randint(0, 9, (20, 6)).astype(np.int32)
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0).fit(ids, ["a", "b"] * 10)
    np.testing.assert_allclose(answers(session_of(classifier, tmp_path), ids), classifier.predict_proba(ids), atol=1e-5)


# The recorder

RNG = np.random.RandomState(0)
X, KERNEL = (RNG.normal(size=size).astype(np.float32) for size in [(2, 6, 3), (4, 3, 5)])
FUNCTIONS = {
    "argsort": lambda ops, x: ops.cast(ops.argsort(x, axis=1), "float32"),
    "cast": lambda ops, x: ops.cast(ops.cast(x * 3, "int32"), "float32"),
    "concatenate": lambda ops, x: ops.concatenate([x, x * 2], axis=1),
    "conv": lambda ops, x: ops.conv(x, KERNEL, padding="same"),
    "cumsum": lambda ops, x: ops.cumsum(x, axis=1),
    "equal": lambda ops, x: ops.cast(ops.equal(ops.relu(x), 0), "float32"),
    "expand_dims": lambda ops, x: ops.expand_dims(x, 2),
    "log": lambda ops, x: ops.log(x * x + 1),
    "matmul": lambda ops, x: ops.matmul(x, np.arange(6, dtype=np.float32).reshape(3, 2)),
    "max": lambda ops, x: ops.max(x, axis=1),
    "max_pool": lambda ops, x: ops.max_pool(x, 4),
    "maximum": lambda ops, x: ops.maximum(x, 0.25),
    "not_equal": lambda ops, x: ops.cast(ops.not_equal(ops.relu(x), 0), "float32"),
    "ones_like": lambda ops, x: ops.ones_like(x),
    "pad": lambda ops, x: ops.pad(x, [[0, 0], [1, 2], [0, 0]]),
    "relu": lambda ops, x: ops.relu(x),
    "sigmoid": lambda ops, x: ops.sigmoid(x),
    "softmax": lambda ops, x: ops.softmax(x, axis=-1),
    "sqrt": lambda ops, x: ops.sqrt(x * x),
    "sum": lambda ops, x: ops.sum(x, axis=1),
    "take": lambda ops, x: ops.take(np.eye(7, dtype=np.float32), ops.cast(x * x, "int32") % 7, axis=0),
    "take_along_axis": lambda ops, x: ops.take_along_axis(x, ops.argsort(x, axis=1), axis=1),
    "take_along_axis of the first": lambda ops, x: ops.take_along_axis(x, ops.argsort(x, axis=0)[:1], axis=0),
    "take_along_axis of the last": lambda ops, x: ops.take_along_axis(x, ops.argsort(x, axis=-1)[:, :, :2], axis=-1),
    "take_along_axis from the end": lambda ops, x: ops.take_along_axis(x, ops.argsort(x, axis=1) - 6, axis=-2),
    "arithmetic": lambda ops, x: 1 - (2 + x * 3 - 4) / 5 + (-1) * x,
    "arithmetic of tensors": lambda ops, x: (x + x) * x - x / (x * x + 1),
    "slices": lambda ops, x: x[:, 1:-1, :2],
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_recorder_writes_what_numpy_computes(name):
    recorder = exporting.Recorder()
    recorder.output(FUNCTIONS[name](recorder, recorder.input("x", "float32")), "result", ["batch", 1])
    # Nothing is said about the number of dimensions here.
    model = recorder.model()
    for described in (model.graph.input[0], model.graph.output[0]):
        described.type.tensor_type.ClearField("shape")
    for session in (onnxruntime.InferenceSession(model.SerializeToString()), ReferenceEvaluator(model)):
        np.testing.assert_allclose(session.run(None, {"x": X})[0], FUNCTIONS[name](ops, X), rtol=1e-5, atol=1e-6)


def test_the_recorder_has_all_functions():
    assert set(ops.__all__) <= set(dir(exporting.Recorder))
    assert set(ops.__all__) <= set(FUNCTIONS)


# What cannot be written


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalAveragePooling1D()(words))


def test_a_custom_architecture(corpus, vectors, tmp_path):
    pipeline = fit((corpus[0][:40], corpus[1][:40]), vectors, of_my_own)
    with pytest.raises(ValueError, match="cannot be written as ONNX"):
        to_onnx(pipeline[-1], tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_meta_estimators_of_a_classifier(parallel, corpus, tmp_path):
    ids = parallel[0].transform(corpus[0][:9])
    to_onnx(FrozenEstimator(parallel[-1]), tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(["probabilities"], {"ids": ids.padded().astype(np.int64)})
    np.testing.assert_allclose(found, parallel[-1].predict_proba(ids), atol=1e-5)
    with pytest.raises(ValueError, match="would lack the threshold of the FixedThresholdClassifier"):
        to_onnx(FixedThresholdClassifier(parallel[-1]), tmp_path / "other.onnx")
    assert not (tmp_path / "other.onnx").exists()


def test_what_is_no_classifier(parallel, tmp_path):
    with pytest.raises(TypeError, match=r"Expected a ConvTextClassifier, such as pipeline\[-1\]"):
        to_onnx(parallel, tmp_path / "model.onnx")


def test_what_is_not_fitted(tmp_path):
    with pytest.raises(NotFittedError):
        to_onnx(ConvTextClassifier(), tmp_path / "model.onnx")


def test_without_onnx(parallel, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[onnx\]'"):
        to_onnx(parallel[-1], tmp_path / "model.onnx")


def run(function, x):
    """Run a function of a tensor in ONNX."""
    recorder = exporting.Recorder()
    recorder.output(function(recorder, recorder.input("x", str(x.dtype))), "y", ["batch", 1])
    return ReferenceEvaluator(recorder.model()).run(None, {"x": x})[0]


@pytest.mark.parametrize(
    "function",
    [
        lambda ops, x: x[:, ::2],
        lambda ops, x: x[1:, 1:-1],
        lambda ops, x: 1.0 / x,
        lambda ops, x: -x + 2.0,
        lambda ops, x: 2.0 - x,
        lambda ops, x: ops.cast(x, "int32") / 4,
        lambda ops, x: ops.cast(x, "int64") % 3,
    ],
    ids=["step", "slice", "1 / x", "-x", "2 - x", "int / int", "%"],
)
def test_operators_and_slices_are_those_of_numpy(function):
    x = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    np.testing.assert_allclose(run(function, x), function(ops, x), rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [lambda ops, x: x[:, 0], lambda ops, x: x[::-1], lambda ops, x: ops.cast(x, "int32") * 0.1],
    ids=range(3),
)
def test_what_onnx_would_get_wrong_is_refused(function):
    with pytest.raises(TypeError):
        run(function, np.ones((3, 4), dtype=np.float32))
