"""Fitting and prediction on a cluster of two worker processes."""

import os
import pickle
import signal
import threading
import time
from enum import Enum

import dask
import dask.array as da
import dask.bag as db
import dask.dataframe as dd
import joblib
import numpy as np
import pandas as pd
import pytest
from dask.distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, WideAndDeep
from skglove.dask import DaskTextClassifier

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def client():
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


def make(vectors, **parameters):
    vectorizer = GloveTextVectorizer(vectors, **parameters)
    return make_pipeline(vectorizer, ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0))


def as_series(items):
    return dd.from_pandas(pd.Series(list(items), index=[f"row {i:03}" for i in range(len(items))]), npartitions=3)


def as_frame(items):
    return as_series(items).to_frame("column")


def as_bag(items):
    return db.from_sequence(list(items), npartitions=3)


def as_array(items):
    return da.from_array(np.array(items), chunks=70)


def as_column(items):
    return da.from_array(np.array(items)[:, None], chunks=(70, 1))


COLLECTIONS = [as_series, as_frame, as_bag, as_array, as_column]
each_collection = pytest.mark.parametrize("collect", COLLECTIONS, ids=lambda collect: collect.__name__)


@pytest.fixture(scope="module")
def few(corpus):
    # Words are as frequent as others, so that their order shows which text comes first.
    return [f"{text} word{i % 50}" for i, text in enumerate(corpus[0][:160])], np.array(corpus[1][:160])


@pytest.fixture(scope="module")
def local(few, vectors):
    return make(vectors).fit(*few)


def test_there_must_be_a_client(few, vectors):  # before there is one
    with pytest.raises(ValueError, match="There is no Dask client"):
        DaskTextClassifier(make(vectors)).fit(as_bag(few[0]), few[1])


@each_collection
def test_the_model_is_that_of_one_process(client, few, vectors, local, collect):
    texts, y = few
    model = DaskTextClassifier(make(vectors), client=client).fit(collect(texts), collect(y))
    assert model.to_local()[0].vocabulary_ == local[0].vocabulary_
    np.testing.assert_array_equal(model.to_local().predict_proba(texts), local.predict_proba(texts))
    lazy = model.predict(collect(texts))
    assert type(lazy) is type(({as_frame: as_series}.get(collect, collect))(["text"]))
    assert np.asarray(lazy.compute()).tolist() == local.predict(texts).tolist()
    proba = model.predict_proba(collect(texts))
    np.testing.assert_array_equal(np.asarray(proba.compute(), dtype=np.float32), local.predict_proba(texts))
    assert model.score(collect(texts), collect(y)) == local.score(texts, y)
    if collect in (as_series, as_frame):
        assert list(proba.columns) == list(model.classes_) == list(local.classes_)
        assert (
            proba.compute().index.tolist() == lazy.compute().index.tolist() == collect(texts).compute().index.tolist()
        )


def test_parts_without_texts(client, few, vectors, local):
    texts, y = as_series(few[0]), as_series(few[1])
    nothing = dd.from_pandas(pd.Series([], dtype=object), npartitions=1)
    model = DaskTextClassifier(make(vectors), client=client)
    model.fit(dd.concat([nothing, texts]), dd.concat([nothing, y]))
    assert model.to_local()[0].vocabulary_ == local[0].vocabulary_
    some = as_array(few[0])[da.from_array(np.arange(160) >= 80, chunks=70)]
    assert model.predict(some).compute().tolist() == local.predict(few[0][80:]).tolist()
    assert model.predict_proba(some).compute().shape == (80, 2)
    with_nothing = db.from_delayed([*as_bag(few[0]).to_delayed(), *db.from_sequence([], npartitions=1).to_delayed()])
    assert list(model.predict(with_nothing).compute()) == local.predict(few[0]).tolist()


@pytest.mark.parametrize(
    "parameters",
    [
        {"use_idf": True, "num_words": 40},
        {"oov_token": "<OOV>", "num_words": 30, "maxlen": 4},
        {"handle_unknown": "nearest"},
    ],
    ids=str,
)
def test_parameters_of_the_vectorizer(client, few, vectors, parameters):
    expected = make(vectors, **parameters).fit(*few)
    found = DaskTextClassifier(make(vectors, **parameters), client=client).fit(as_bag(few[0]), few[1]).to_local()
    np.testing.assert_array_equal(found.predict_proba(few[0]), expected.predict_proba(few[0]))
    assert found[0].word_counts_ == expected[0].word_counts_
    if "use_idf" in parameters:
        np.testing.assert_array_equal(found[0].idf_, expected[0].idf_)


def test_lists_of_words_and_several_labels(client, few, vectors):
    documents, Y = (
        [text.split() for text in few[0]],
        np.eye(len(set(few[1])), dtype=int)[np.unique(few[1], return_inverse=True)[1]],
    )
    expected = make(vectors).fit(documents, Y)
    model = DaskTextClassifier(make(vectors), client=client).fit(as_bag(documents), as_bag(Y))
    assert np.array_equal(np.stack(model.predict(as_bag(documents)).compute()), expected.predict(documents))
    texts = as_series(few[0])
    predicted = model.predict(texts).compute()
    assert predicted.columns.tolist() == list(range(Y.shape[1]))
    assert np.array_equal(predicted, expected.predict(few[0]))


def test_columns_of_a_frame_are_the_names_of_labels(client, few, vectors):
    texts = as_series(few[0])
    Y = pd.get_dummies(pd.Series(few[1], index=texts.index.compute()))
    model = DaskTextClassifier(make(vectors), client=client).fit(texts, dd.from_pandas(Y, npartitions=3))
    expected = make(vectors).fit(few[0], Y)
    assert model.to_local()[-1].label_names_.tolist() == expected[-1].label_names_.tolist() == ["animals", "tools"]
    np.testing.assert_array_equal(model.to_local().predict_proba(few[0]), expected.predict_proba(few[0]))


def test_the_fitted_pipeline_and_copies_need_no_client(client, few, vectors, local):
    model = DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), as_bag(few[1]))
    copy = pickle.loads(pickle.dumps(model))
    assert copy.client is None
    assert copy.to_local().predict(few[0]).tolist() == local.predict(few[0]).tolist()
    assert not hasattr(clone(copy), "estimator_")
    assert list(copy.predict(as_bag(few[0])).compute()) == local.predict(few[0]).tolist()  # by the current client


def test_predictions_as_a_file(client, few, vectors, local, tmp_path):
    model = DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), few[1])
    model.predict(as_series(few[0])).to_frame("label").to_parquet(tmp_path / "labels")
    assert pd.read_parquet(tmp_path / "labels")["label"].tolist() == local.predict(few[0]).tolist()


def test_clones_share_the_client(client, vectors):
    model = DaskTextClassifier(make(vectors), client=client)
    copy = clone(model)
    assert copy.client is client
    assert copy.estimator is not model.estimator
    assert copy.get_params()["estimator__convtextclassifier__epochs"] == 1


def test_labels_in_partitions_without_any(client, few, vectors):
    nothing = db.from_sequence([], npartitions=1)
    numbers = (few[1] == "tools").astype(int)
    model = DaskTextClassifier(make(vectors), client=client)
    model.fit(db.concat([nothing, as_bag(few[0])]), db.concat([nothing, as_bag(numbers.tolist())]))
    assert model.classes_.tolist() == [0, 1]
    assert model.classes_.dtype.kind == "i"


def test_labels_of_any_type(client, few, vectors):
    texts, places = as_bag(few[0]), np.unique(few[1], return_inverse=True)[1]
    model = DaskTextClassifier(make(vectors), client=client)
    y = dd.from_pandas(pd.Series(places, dtype="Int64"), npartitions=3)
    model.fit(as_series(few[0]), y)
    assert model.classes_.tolist() == np.unique(places).tolist()
    assert model.classes_.dtype == model.predict(as_series(few[0])).dtype == np.int64
    assert model.score(as_series(few[0]), y) == (model.predict(as_series(few[0])).compute() == places).mean()
    Topic = Enum("Topic", {"ANIMALS": "animals", "TOOLS": "tools"}, type=str)
    members = [Topic(label) for label in few[1]]
    for labels in (members, as_bag(members)):
        model.fit(texts, labels)
        assert model.classes_.tolist() == sorted(set(few[1]))
        assert model.score(texts, labels) == np.mean(np.array(model.predict(texts).compute()) == few[1])


class TestErrors:
    @pytest.mark.parametrize("collect", [list, as_bag])
    @pytest.mark.parametrize(
        ("label", "message"),
        [(float("nan"), "is missing"), (("a", "b"), "collections of labels")],
        ids=["nan", "tuple"],
    )
    def test_labels(self, client, few, vectors, collect, label, message):
        labels = [*few[1][:3].tolist(), label, *few[1][4:].tolist()]
        with pytest.raises(ValueError, match=message):
            DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), collect(labels))

    def test_partitions_with_labels_of_several_types(self, client, few, vectors):
        labels = [1 if i < 60 else label for i, label in enumerate(few[1])]
        with pytest.raises(ValueError, match="y contains labels of several types: 1 at position 0"):
            DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), as_bag(labels))

    @pytest.mark.parametrize("steps", ["glovetextvectorizer__num_words", "convtextclassifier__epochs"])
    def test_parameters_are_checked_before_texts_are_read(self, client, few, vectors, steps):
        never = as_bag(few[0]).map(lambda text: 1 / 0)
        pipeline = make(vectors).set_params(**{steps: -1})
        with pytest.raises(ValueError, match=steps.split("__")[1]):
            DaskTextClassifier(pipeline, client=client).fit(never, few[1])

    def test_no_labels(self, client, few, vectors):
        with pytest.raises(ValueError, match="requires y, the labels of the texts; got None"):
            DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), None)

    def test_a_delayed_y(self, client, few, vectors):
        with pytest.raises(TypeError, match="y must be a dask Series, DataFrame, Bag or Array; got Delayed"):
            DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), dask.delayed(few[1]))

    def test_other_estimators(self, client, few, vectors):
        for estimator in (make(vectors)[:1], make(vectors)[0], make(vectors, output="mean")):
            with pytest.raises(TypeError, match="Expected a Pipeline of a GloveTextVectorizer"):
                DaskTextClassifier(estimator, client=client).fit(as_bag(few[0]), few[1])

    def test_what_is_no_collection(self, client, few, vectors):
        with pytest.raises(TypeError, match="X must be a dask Series, DataFrame, Bag or Array; got list"):
            DaskTextClassifier(make(vectors), client=client).fit(*few)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (None, "The text at position 47 is not a str but None"),
            (["the cat"], r"The document at position 47 is a list of texts instead of words: \['the cat'\]"),
        ],
        ids=str,
    )
    def test_the_partition_and_position_of_what_is_no_text(self, client, few, vectors, wrong, message):
        texts = as_bag([*few[0][:100], wrong, *few[0][101:]])
        with pytest.raises(TypeError, match=f"Partition 1 of X: {message}"):
            DaskTextClassifier(make(vectors), client=client).fit(texts, few[1])

    def test_a_failed_fit_changes_nothing(self, client, few, vectors, local):
        model = DaskTextClassifier(make(vectors), client=client).fit(as_bag(few[0]), few[1])
        with pytest.raises(
            ValueError, match=r"differ in length, or in partitions: X has \[53, 53, 53, 1\] texts, and y \[34, 34, 32\]"
        ):
            model.fit(as_bag(few[0]), as_bag(few[1][:100]))
        assert model.to_local().predict(few[0]).tolist() == local.predict(few[0]).tolist()


def slow(text):
    time.sleep(0.01)
    return text


@pytest.mark.parametrize("delay", [0.1, 0.5, 1.0])
def test_a_lost_worker_changes_nothing(client, few, vectors, local, delay):
    """One of two workers is killed while texts are read, or while the classifier is trained."""
    client.wait_for_workers(2)
    workers = list(client.run(os.getpid).values())
    killer = threading.Timer(delay, os.kill, [workers[0], signal.SIGKILL])
    killer.start()
    texts = db.from_sequence(few[0], npartitions=8).map(slow)
    model = DaskTextClassifier(make(vectors), client=client).fit(texts, few[1])
    killer.join()
    client.wait_for_workers(2)
    assert model.to_local()[0].vocabulary_ == local[0].vocabulary_
    np.testing.assert_array_equal(model.to_local().predict_proba(few[0]), local.predict_proba(few[0]))
    assert list(model.predict(texts).compute()) == local.predict(few[0]).tolist()


def test_searches_have_the_scores_of_one_process(client, few, vectors):
    texts, y = few
    grid = {"convtextclassifier__trainable": [True, False]}
    search = GridSearchCV(make(vectors), grid, cv=2)
    expected = clone(search).fit(texts, y).cv_results_["mean_test_score"]
    with joblib.parallel_config("dask"):
        found = clone(search).fit(texts, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(found, expected)


def test_searches_of_the_classifier_on_sequences(client, few, vectors):
    texts, y = few
    X = GloveTextVectorizer(vectors).fit_transform(texts)
    search = GridSearchCV(make(vectors)[1], {"trainable": [True, False]}, cv=2)
    expected = clone(search).fit(X, y).cv_results_["mean_test_score"]
    with joblib.parallel_config("dask"):
        found = clone(search).fit(X, y).cv_results_["mean_test_score"]
    np.testing.assert_array_equal(found, expected)
