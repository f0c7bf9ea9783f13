"""What leaves skglove answers as it does: each file is read by a new process that has not seen the model."""

import subprocess
import sys

import joblib
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer
from skglove.export import to_keras, to_onnx

ARCHITECTURES = ["wide_and_deep", "parallel", "stacked"]
ODD = ["", "the the the cat", "unheard unseen", "Hammer,drill;SAW\tcat\n" * 30, "the\u00a0cat", "CAT'S ÇA İ ΑΣ"]


def masked(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.LSTM(4)(words))


def make(corpus, vectors, architecture="wide_and_deep", **parameters):
    texts, labels = corpus
    classifier = ConvTextClassifier(architecture, filters=8, dense_units=8, epochs=2, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, **{"maxlen": 30, **parameters}), classifier).fit(texts, labels)


@pytest.fixture(scope="module", params=[*ARCHITECTURES, masked], ids=str)
def pipeline(request, corpus, vectors):
    return make(corpus, vectors, request.param)


def answers_of_a_new_process(folder, code, texts):
    joblib.dump(texts, folder / "given")
    code = f"""if True:
        import sys, joblib, numpy
        given = joblib.load("given")
        {code}
        numpy.save("answers.npy", numpy.asarray(answers))
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.load(folder / "answers.npy")


def test_keras_and_saved_models(tmp_path, pipeline, corpus):
    texts = corpus[0][:40] + ODD
    expected = pipeline.predict_proba(texts)
    pipeline[-1].to_keras().save(tmp_path / "ids.keras")
    whole = to_keras(pipeline)
    whole.save(tmp_path / "texts.keras")
    whole.export(tmp_path / "saved_model", verbose=False)
    ids = np.asarray(pipeline[0].transform(texts))
    code = """
        import keras, tensorflow as tf
        from_ids = keras.models.load_model("ids.keras")(given[1])
        loaded = tf.saved_model.load("saved_model")
        from_texts = loaded.serve(tf.constant(given[0]))
        assert "skglove" not in sys.modules
        from skglove.export import load_keras
        answers = [from_ids, from_texts, load_keras("texts.keras")(tf.constant(given[0]))]
    """
    for answers in answers_of_a_new_process(tmp_path, code.strip(), (texts, ids)):
        np.testing.assert_allclose(answers, expected, atol=1e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_onnx(tmp_path, corpus, vectors, architecture, n_classes):
    labels = np.array(["a", "b", "c"])[np.arange(len(corpus[0])) % n_classes]
    pipeline = make((corpus[0], labels), vectors, architecture)
    texts = corpus[0][:40] + ODD
    expected = pipeline.predict_proba(texts)
    to_onnx(pipeline[-1], tmp_path / "model.onnx")
    ids = np.asarray(pipeline[0].transform(texts))
    code = """
        import onnxruntime
        session = onnxruntime.InferenceSession("model.onnx")
        answers = session.run(["probabilities"], {"ids": given})[0]
        assert not {"skglove", "tensorflow"} & sys.modules.keys()
    """
    np.testing.assert_allclose(answers_of_a_new_process(tmp_path, code.strip(), ids), expected, atol=1e-5)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    torn = np.zeros((len(ids), 2 * ids.shape[1]), dtype=np.int32)
    torn[:, ::2] = ids
    for padded in (torn, np.pad(ids, ((0, 0), (0, 41))), ids[:1, -len(texts[0].split()) :]):
        (answers,) = session.run(None, {"ids": padded})
        np.testing.assert_allclose(answers, expected[: len(padded)], atol=1e-5)


def test_the_keras_model_goes_its_own_way(corpus, vectors):
    pipeline = make(corpus, vectors)
    X = pipeline[0].transform(corpus[0])
    expected = pipeline[1].predict_proba(X)
    model = pipeline[1].to_keras()
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    assert np.array_equal(pipeline[1].predict_proba(X), expected)
    np.testing.assert_allclose(pipeline[1].model_(np.asarray(X)), expected, atol=1e-5)


PARAMETERS = [
    {},
    {"lower": False},
    {"truncating": "post"},
    {"oov_token": "<unknown>"},
    {"filters": ""},
    {"filters": "a-z^]\\[", "split": "e"},
    {"filters": "\\ \n", "split": "\\"},
    {"split": "th", "filters": "aeiou"},
    {"num_words": 5, "extra_words": 0},
]


@pytest.mark.parametrize("parameters", PARAMETERS, ids=str)
def test_words_are_split_as_the_vectorizer_splits_them(corpus, vectors, parameters):
    import tensorflow as tf

    pipeline = make((corpus[0][:60], corpus[1][:60]), vectors, "parallel", **{"maxlen": 7, **parameters})
    words = to_keras(pipeline).get_layer("word_ids")
    known = st.sampled_from(list(pipeline[0].vocabulary_))
    odd = st.text(st.characters(exclude_categories=["Cs", "Cn"], max_codepoint=0x2C00), max_size=5)
    texts = st.lists(
        st.lists(known | odd | st.sampled_from([" ", ", ", "th", "\\", "-"]), max_size=12).map("".join), min_size=1
    )

    @settings(max_examples=60, deadline=None)
    @given(texts)
    def check(given_texts):
        # numpy's strings end at NUL, and tensors are made from those
        given_texts = [text.replace("\0", "") for text in given_texts]
        expected = [row[row > 0].tolist() for row in np.asarray(pipeline[0].transform(given_texts))]
        got = [row[row > 0].tolist() for row in words(tf.constant(given_texts)).numpy()]
        assert got == expected

    check()


def test_words_that_a_plain_matrix_did_not_bring():
    # "zebra" is cut off whenever training meets it, and plain matrices do not say how many ids there are.
    vectorizer = GloveTextVectorizer(None, maxlen=3)
    texts = ["the cat dog", "the saw file"] * 5 + ["zebra the cat dog", "saw the file"]
    plain_ids = np.asarray(vectorizer.fit_transform(texts))
    classifier = ConvTextClassifier(filters=4, epochs=1, random_state=0).fit(plain_ids, ["a", "b"] * 6)
    pipeline = Pipeline([("vectorizer", vectorizer), ("classifier", classifier)])
    texts = ["zebra the cat", "the zebra cat", "zebra"]
    assert vectorizer.vocabulary_["zebra"] >= classifier.network_.config.input_dim
    np.testing.assert_allclose(to_keras(pipeline)(np.array(texts)), pipeline.predict_proba(texts), atol=1e-5)


def test_what_cannot_leave(tmp_path, corpus, vectors):
    pipeline = make(corpus, vectors, masked)
    with pytest.raises(ValueError, match="Only the built-in architectures"):
        to_onnx(pipeline[-1], tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
    with pytest.raises(TypeError, match="such as pipeline"):
        to_onnx(pipeline, tmp_path / "model.onnx")
    with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier"):
        to_keras(pipeline[-1])
    pipeline[0].fit(["one two three cat"])
    with pytest.raises(ValueError, match="X comes from another vectorizer"):
        to_keras(pipeline)
    for unfitted in (
        lambda: to_keras(make_pipeline(GloveTextVectorizer(None), ConvTextClassifier())),
        lambda: to_onnx(ConvTextClassifier(), tmp_path / "model.onnx"),
        lambda: ConvTextClassifier().to_keras(),
    ):
        with pytest.raises(NotFittedError):
            unfitted()


def test_without_onnx(tmp_path, corpus, vectors, monkeypatch):
    pipeline = make(corpus, vectors, "parallel")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[onnx\]'"):
        to_onnx(pipeline[-1], tmp_path / "model.onnx")
