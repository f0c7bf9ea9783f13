"""Prediction in threads and worker processes, during a refit, and with bounded memory."""

import pickle
import tempfile
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_info

from skglove import (
    ConvTextClassifier,
    GloveTextVectorizer,
    Parallel,
    Stacked,
    TrainingHistoryDisplay,
    WideAndDeep,
    explain,
    explain_model,
    predict_iter,
)
from skglove.export import to_onnx
from skglove.transaction import transaction

TEXT = "the cat and a hammer with it"
ARCHITECTURES = [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=8, dense_units=8)]


@pytest.fixture(scope="module", params=ARCHITECTURES, ids=lambda a: type(a).__name__)
def pipeline(request, corpus, vectors):
    classifier = ConvTextClassifier(request.param, epochs=1, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=50), classifier).fit(*corpus)


@pytest.mark.parametrize(
    "predict",
    [
        lambda pipeline, documents: pipeline.predict(documents),
        lambda pipeline, documents: pipeline.predict_proba(iter(documents)),
        lambda pipeline, documents: list(predict_iter(pipeline, documents, batch_size=1)),
        lambda pipeline, documents: explain(pipeline, documents[1]),
        lambda pipeline, documents: clone(pipeline).fit(iter(documents), ["a", "b"]),
    ],
    ids=["predict", "predict_proba", "predict_iter", "explain", "fit"],
)
def test_lists_of_texts_are_refused_alike(pipeline, predict):
    with pytest.raises(TypeError, match=r"is a list of texts instead of words: \['the cat and a hammer with it'\]"):
        predict(pipeline, [["cat"], [TEXT]])


def test_threads_give_the_same_answers(pipeline, corpus):
    expected = pipeline.predict_proba(corpus[0])
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(expected, got) for got in pool.map(pipeline.predict_proba, [corpus[0]] * 32))


def test_worker_processes_give_the_same_answers(pipeline, corpus):
    expected = pipeline.predict_proba(corpus[0])
    halves = corpus[0][:100], corpus[0][100:]
    answers = joblib.Parallel(n_jobs=2)(joblib.delayed(pipeline.predict_proba)(half) for half in halves)
    np.testing.assert_allclose(np.vstack(answers), expected, atol=1e-6)


def test_a_model_mapped_into_memory_gives_the_same_answers(pipeline, corpus, tmp_path):
    joblib.dump(pipeline, tmp_path / "model")
    mapped = joblib.load(tmp_path / "model", mmap_mode="r")
    assert isinstance(mapped[0].embedding_matrix_, np.memmap)
    assert np.array_equal(mapped.predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))
    # Training goes on from arrays that cannot be written to.
    X = mapped[0].transform(corpus[0])
    assert mapped[1].set_params(architecture="parallel").fit(X, corpus[1]).score(X, corpus[1]) > 0.9


def test_the_number_of_threads_is_not_changed(pipeline, corpus):
    before = threadpool_info()
    pipeline.predict(corpus[0])
    assert threadpool_info() == before


def test_memory_does_not_grow_with_the_number_of_documents(pipeline, sequences):
    def peak(n_documents):
        rows = np.resize(np.arange(len(sequences)), n_documents)
        X = sequences[rows]
        X = X.with_ids(np.random.RandomState(0).permutation(X.ids))  # as documents are scored once
        tracemalloc.start()
        pipeline[1].predict(X)
        largest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return largest

    few, many = peak(10_000), peak(40_000)
    assert many - few < 30_000 * 40  # the scores and little else; the documents have about 60 bytes each


def explained(pipeline, X):
    explanation = explain(pipeline, TEXT)
    return explanation.classes, explanation.probabilities, explanation.top(explanation.classes[0])


def exported(pipeline, X):
    with tempfile.TemporaryDirectory() as folder:
        to_onnx(pipeline[1], f"{folder}/model.onnx")
        return Path(f"{folder}/model.onnx").read_bytes()


CLASSIFIER_READERS = {
    "predict": lambda pipeline, X: pipeline[1].predict(X),
    "predict_proba": lambda pipeline, X: pipeline[1].predict_proba(X),
    "predict_log_proba": lambda pipeline, X: pipeline[1].predict_log_proba(X),
    "decision_function": lambda pipeline, X: pipeline[1].decision_function(X),
    "to_keras": lambda pipeline, X: pipeline[1].to_keras()(X.padded()).numpy(),
    "to_onnx": exported,
    "pickle": lambda pipeline, X: pickle.loads(pickle.dumps(pipeline[1])).predict_proba(X),
    "explain": explained,
    "explain_model": lambda pipeline, X: vars(explain_model(pipeline)),
    "TrainingHistoryDisplay": lambda pipeline, X: TrainingHistoryDisplay.from_estimator(pipeline).history,
}


def transformed(vectorizer):
    X = vectorizer.transform([TEXT])
    return X.tolist(), X.embedding_matrix


VECTORIZER_READERS = {
    "transform": transformed,
    "inverse_transform": lambda vectorizer: vectorizer.inverse_transform([[1, 2, 3]]),
    "word_counts_": lambda vectorizer: vectorizer.word_counts_,
    "pickle": lambda vectorizer: transformed(pickle.loads(pickle.dumps(vectorizer))),
}


def refitted_at(moment, estimator, later, read, monkeypatch):
    """Let another thread end a fit when a method reads its n-th fitted attribute; return the result and the number of reads."""
    count = 0

    def refit():
        with transaction(estimator) as draft:
            draft.__dict__ = dict(vars(later))

    def get(self, name):
        nonlocal count
        if name.endswith("_") and not name.endswith("__"):
            count += 1
            if count == moment:
                with ThreadPoolExecutor(1) as pool:
                    pool.submit(refit).result()
        return object.__getattribute__(self, name)

    with monkeypatch.context() as patched:
        patched.setattr(type(estimator), "__getattribute__", get, raising=False)
        result = joblib.hash(read())
    return result, count


def one_of_two_models(estimator, later, read, monkeypatch):
    """Check that a method gives the same with a refit at any moment as before or after it."""
    before, state = joblib.hash(read()), dict(vars(estimator))
    _, n_reads = refitted_at(0, estimator, later, read, monkeypatch)
    assert n_reads > 0
    for moment in range(1, n_reads + 1):
        result, _ = refitted_at(moment, estimator, later, read, monkeypatch)
        after = joblib.hash(read())
        estimator.__dict__ = dict(state)
        assert before != after
        assert result in (before, after)


@pytest.fixture(scope="module")
def two_models(corpus, vectors):
    vectorizer = GloveTextVectorizer(vectors).fit(corpus[0])
    X, labels = vectorizer.transform(corpus[0]), np.arange(200)[:, None] % [2, 3, 4] == 0
    classifiers = [ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0) for _ in range(2)]
    old, new = (classifier.fit(X, y) for classifier, y in zip(classifiers, (corpus[1], labels), strict=True))
    return make_pipeline(vectorizer, old), new


@pytest.mark.parametrize("name", CLASSIFIER_READERS)
def test_a_classifier_fitted_again_by_another_thread(two_models, sequences, name, monkeypatch):
    """What a method reads is of the old model or of the new one, never a mixture."""
    if name == "TrainingHistoryDisplay":
        pytest.importorskip("matplotlib").use("agg")
    pipeline, new = two_models
    one_of_two_models(pipeline[1], new, lambda: CLASSIFIER_READERS[name](pipeline, sequences[:30]), monkeypatch)


@pytest.mark.parametrize("parameters", [{}, {"handle_unknown": "nearest"}], ids=str)
@pytest.mark.parametrize("name", VECTORIZER_READERS)
def test_a_vectorizer_fitted_again_by_another_thread(corpus, vectors, name, parameters, monkeypatch):
    old, new = (GloveTextVectorizer(vectors, **parameters).fit(corpus[0][start:]) for start in (0, 190))
    one_of_two_models(old, new, lambda: VECTORIZER_READERS[name](old), monkeypatch)


@pytest.fixture(scope="module")
def fitted(corpus, vectors):
    classifier = ConvTextClassifier(Parallel(filters=8), epochs=2, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors), classifier).fit(*corpus)


class TestPredictIter:
    @pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function"])
    @pytest.mark.parametrize("batch_size", [1, 70, 1000])
    def test_it_yields_the_predictions_in_order(self, fitted, corpus, method, batch_size):
        found = list(predict_iter(fitted, iter(corpus[0]), method=method, batch_size=batch_size))
        expected = getattr(fitted, method)(corpus[0])
        if method == "predict":
            assert found == expected.tolist()
        else:  # a matrix product of fewer rows may round differently
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    def test_it_reads_no_further_than_asked(self, fitted, corpus):
        read = []
        texts = (read.append(text) or text for text in corpus[0])
        predictions = predict_iter(fitted, texts, batch_size=10)
        assert not read
        assert next(predictions) == fitted.predict(corpus[0][:1])[0]
        assert len(read) == 10
        assert len(list(predictions)) == len(corpus[0]) - 1

    @pytest.mark.parametrize("kind", [list, np.array, pd.Series, pa.array])
    def test_texts_of_any_kind(self, fitted, corpus, kind):
        assert list(predict_iter(fitted, kind(corpus[0]), batch_size=30)) == fitted.predict(corpus[0]).tolist()

    def test_no_texts_have_no_predictions(self, fitted):
        assert list(predict_iter(fitted, [])) == []

    def test_other_estimators(self, corpus):
        estimator = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(*corpus)
        assert list(predict_iter(estimator, iter(corpus[0]), batch_size=7)) == estimator.predict(corpus[0]).tolist()

    def test_errors_are_raised_early_with_the_position_among_all(self, fitted, corpus):
        with pytest.raises(ValueError, match="The 'method' parameter of predict_iter must be"):
            predict_iter(fitted, [], method="transform")
        with pytest.raises(NotFittedError):
            predict_iter(clone(fitted), [])
        with pytest.raises(AttributeError, match="predict_proba"):
            predict_iter(make_pipeline(TfidfVectorizer(), LinearSVC()).fit(*corpus), [], method="predict_proba")
        with pytest.raises(ValueError, match="Got one str; expected an iterable of texts"):
            predict_iter(fitted, "text")
        with pytest.raises(ValueError, match="Expected a one-dimensional sequence"):
            predict_iter(fitted, np.array("text"))
        predictions = predict_iter(fitted, iter([*corpus[0][:25], None]), batch_size=10)
        with pytest.raises(TypeError, match="The text at position 25 is not a str but None"):
            list(predictions)

    def test_the_progress_bar_counts_texts(self, fitted, corpus, capsys):
        list(predict_iter(fitted, corpus[0], batch_size=50, verbose=1))
        assert "predict: 100%" in capsys.readouterr().err
        list(predict_iter(fitted, iter(corpus[0]), verbose=1))
        assert "predict: 200text" in capsys.readouterr().err
        list(predict_iter(fitted, corpus[0]))
        assert not capsys.readouterr().err

    def test_memory_does_not_grow_with_the_number_of_texts(self, fitted, corpus):
        def peak(n_texts):
            tracemalloc.start()
            texts = (corpus[0][i % len(corpus[0])] for i in range(n_texts))
            for _ in predict_iter(fitted, texts, batch_size=100):
                pass
            _, highest = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return highest

        peak(500)
        assert peak(8000) < 1.2 * peak(500)
