"""Prediction where services do it: in threads, forks and worker processes, with bounded memory."""

import os
import subprocess
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_info

from skglove import ConvTextClassifier, GloveTextVectorizer, TokenSequences

ARCHITECTURES = ["wide_and_deep", "parallel", "stacked"]


def small(**parameters):
    return ConvTextClassifier(**{"filters": 8, "dense_units": 8, "epochs": 1, "random_state": 0, **parameters})


@pytest.fixture(scope="module", params=ARCHITECTURES)
def pipeline(request, corpus, vectors):
    texts, labels = corpus
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=50), small(architecture=request.param)).fit(texts, labels)


def test_threads_answer_as_one_does(pipeline, corpus):
    expected = pipeline.predict_proba(corpus[0])
    with ThreadPoolExecutor(8) as pool:
        assert all(np.array_equal(expected, got) for got in pool.map(pipeline.predict_proba, [corpus[0]] * 32))


def test_worker_processes_answer_as_one_does(pipeline, corpus):
    expected = pipeline.predict_proba(corpus[0])
    halves = corpus[0][:100], corpus[0][100:]
    answers = joblib.Parallel(n_jobs=2)(joblib.delayed(pipeline.predict_proba)(half) for half in halves)
    np.testing.assert_allclose(np.vstack(answers), expected, atol=1e-6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forks_answer_as_their_parent_does(tmp_path, pipeline, corpus):
    joblib.dump((pipeline, corpus[0]), tmp_path / "model")
    code = f"""if True:
        import joblib, numpy, os, sys
        model, texts = joblib.load({str(tmp_path / "model")!r}, mmap_mode="r")  # the weights are shared
        expected = model.predict_proba(texts)
        children = []
        for _ in range(3):
            children.append(os.fork())
            if not children[-1]:
                same = numpy.array_equal(model.predict_proba(texts), expected)
                os._exit(0 if same else 1)
        sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_number_of_threads_is_left_alone(pipeline, corpus):
    before = threadpool_info()
    pipeline.predict(corpus[0])
    assert threadpool_info() == before


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_memory_does_not_grow_with_the_number_of_documents(sequences, corpus, architecture):
    classifier = small(architecture=architecture).fit(sequences, corpus[1])

    def peak(n_documents):
        X = TokenSequences(np.resize(sequences, (n_documents, 50)), sequences.embedding_matrix)
        tracemalloc.start()
        classifier.predict(X)
        largest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return largest

    few, many = peak(10_000), peak(40_000)
    assert many - few < 30_000 * 40  # the scores and little else; the documents have 200 bytes each
