"""Prediction in threads and worker processes, during a refit, and with bounded memory."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_info

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, WideAndDeep

ARCHITECTURES = [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=8, dense_units=8)]


@pytest.fixture(scope="module", params=ARCHITECTURES, ids=lambda a: type(a).__name__)
def pipeline(request, corpus, vectors):
    classifier = ConvTextClassifier(request.param, epochs=1, random_state=0)
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=50), classifier).fit(*corpus)


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
        tracemalloc.start()
        pipeline[1].predict(X)
        largest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return largest

    few, many = peak(10_000), peak(40_000)
    assert many - few < 30_000 * 40  # the scores and little else; the documents have about 60 bytes each


def test_predictions_during_a_refit_are_those_of_one_model(sequences, corpus):
    """The old model or the new one, never a mixture."""
    upper = np.char.upper(corpus[1])
    classifier = ConvTextClassifier(Parallel(filters=4), epochs=1, random_state=0).fit(sequences, corpus[1])
    with ThreadPoolExecutor(2) as pool:
        refits = pool.submit(lambda: [classifier.fit(sequences, y) for y in (upper, corpus[1]) * 3])
        seen = [set(classifier.predict(sequences)) for _ in range(5)]
        while not refits.done():
            seen.append(set(classifier.predict(sequences)))
        refits.result()
    assert all(labels <= {"animals", "tools"} or labels <= {"ANIMALS", "TOOLS"} for labels in seen)
