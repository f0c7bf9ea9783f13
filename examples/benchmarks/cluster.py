"""Fits on a Dask cluster of two processes, and of one whose processes are killed, compared with fits in one process.

Writes its table into the ``README.md`` beside it::

    python examples/benchmarks/cluster.py --data DATA --vectors glove.6B.100d.txt --sets mr r8

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import os
import signal
import threading
import time
from functools import partial
from pathlib import Path

import dask.bag as db
import datasets
import joblib
import memory
import numpy as np
import report
from contestants import skglove
from dask.distributed import Client, LocalCluster
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from turns import seconds

from skglove import ConvTextClassifier, GloveTextVectorizer
from skglove.dask import DaskTextClassifier

PARTITIONS = 8


def new_cluster() -> LocalCluster:
    """Return a cluster of two worker processes."""
    return LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")


def are_equal(local: Pipeline, other: Pipeline, texts: list[str]) -> bool:
    """Return whether two pipelines have the same vocabulary and the same probabilities."""
    same = np.array_equal(local.predict_proba(texts), other.predict_proba(texts))
    return same and list(local[0].vocabulary_.items()) == list(other[0].vocabulary_.items())


def compare(client: Client, arguments: argparse.Namespace, name: str) -> list[str]:
    """Return the row of one set."""
    scores, times, equal = [], [], []
    for seed in range(arguments.seeds):
        split = datasets.load(arguments.data, name, seed=seed, n_train=arguments.train)
        local = skglove(arguments.vectors, seed)
        model = DaskTextClassifier(clone(local), client=client)
        texts, y = (db.from_sequence(list(items), npartitions=PARTITIONS) for items in (split.train, split.y_train))
        times.append([seconds(partial(local.fit, split.train, split.y_train)), seconds(partial(model.fit, texts, y))])
        test = db.from_sequence(split.test, npartitions=PARTITIONS)
        predicted = np.array(model.predict(test).compute())
        scores.append([local.score(split.test, split.y_test), (predicted == split.y_test).mean()])
        equal.append(are_equal(local, model.to_local(), split.test))
    fit, accuracy = np.median(times, axis=0), np.mean(scores, axis=0)
    return [name, *(f"{value:.4f}" for value in accuracy), f"{sum(equal)} of {len(equal)}", *(f"{s:.1f}" for s in fit)]


def search(client: Client, arguments: argparse.Namespace, name: str) -> bool:
    """Return whether a search on the cluster has the scores of one process."""
    split = datasets.load(arguments.data, name, seed=0, n_train=min(300, arguments.train or 300))
    grid = GridSearchCV(
        skglove(arguments.vectors, 0), {"convtextclassifier__trainable": [True, False]}, cv=2, refit=False
    )
    expected = clone(grid).fit(split.train, split.y_train).cv_results_["mean_test_score"]
    with client.as_current(), joblib.parallel_config("dask"):
        found = grid.fit(split.train, split.y_train).cv_results_["mean_test_score"]
    return np.array_equal(found, expected)


def begin_fits() -> float:
    """Fit a small model, so that all modules are there; return the resident memory from which a peak is then measured."""
    ConvTextClassifier(epochs=1, random_state=0).fit(np.array([[1, 2], [3, 4]] * 32), [0, 1] * 32)
    return memory.begin_peak()


def memory_of_search(arguments: argparse.Namespace, name: str) -> str:
    """Search on sequences with all vectors of the file; compare the peaks of a single process and of workers."""
    split = datasets.load(arguments.data, name, seed=0, n_train=arguments.train)
    X = GloveTextVectorizer(arguments.vectors, maxlen=None, extra_words=10**7).fit_transform(split.train)
    grid = GridSearchCV(
        ConvTextClassifier(epochs=1, random_state=0), {"learning_rate": [0.001, 0.002]}, cv=2, refit=False
    )
    before = begin_fits()
    grid.fit(X, split.y_train)
    alone = memory.megabytes("VmHWM") - before
    with new_cluster() as cluster, Client(cluster) as client, joblib.parallel_config("dask"):
        before_of_worker = client.run(begin_fits)
        received = client.scatter(X, broadcast=True)
        with_vectors = client.run(memory.megabytes, "VmRSS")
        del received
        grid.fit(X, split.y_train)
        peaks = client.run(memory.megabytes, "VmHWM")
    copies, added = (
        " and ".join(f"{values[worker] - before_of_worker[worker]:.0f}" for worker in values)
        for values in (with_vectors, peaks)
    )
    return (
        f"`GridSearchCV` of the classifier on the sequences of {name}, with the vectors of {len(X.embedding_matrix):,} words "
        f"({X.embedding_matrix.nbytes / 1e6:.0f} MB), {len(np.unique(X.ids)):,} of them in the texts: two workers receive "
        f"them once each, with the vocabulary {copies} MB, and their peak is {added} MB above the memory before. In one "
        f"process, where the vectors are already, the peak is {alone:.0f} MB higher."
    )


def slowly(text: str) -> str:
    """Return the text, after a while."""
    time.sleep(0.002)
    return text


def kill(arguments: argparse.Namespace, name: str) -> list[str]:
    """Kill a worker at different moments of a fit; count the fits with the same result, and those that failed."""
    split = datasets.load(arguments.data, name, seed=0, n_train=min(1000, arguments.train or 1000))
    local = skglove(arguments.vectors, 0, epochs=1).fit(split.train, split.y_train)
    same, errors, different = 0, [], 0
    for delay in np.linspace(0.05, arguments.last_kill, arguments.kills):
        with new_cluster() as cluster, Client(cluster) as client:
            workers = list(client.run(os.getpid).values())
            texts = db.from_sequence(split.train, npartitions=PARTITIONS).map(slowly)
            model = DaskTextClassifier(clone(local), client=client)
            killer = threading.Timer(delay, os.kill, [workers[0], signal.SIGKILL])
            killer.start()
            try:
                model.fit(texts, split.y_train)
                same += are_equal(local, model.to_local(), split.test)
                different += not are_equal(local, model.to_local(), split.test)
            except Exception as error:
                errors.append(type(error).__name__)
            killer.join()
    return [f"{same}", f"{different}", f"{len(errors)} {' '.join(sorted(set(errors)))}".strip()]


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", default=["fetch_20newsgroups"])
    parser.add_argument("--train", type=int, help="train on only so many texts")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--last-kill", type=float, default=5, help="seconds after the beginning of the fit")
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args(argv)
    with new_cluster() as cluster, Client(cluster) as client:
        client.run(__import__, "skglove.dask")  # imports are not timed
        rows = [compare(client, arguments, name) for name in arguments.sets]
        print(rows, flush=True)
        searches = [search(client, arguments, name) for name in arguments.sets]
    header = ["", "accuracy", "with Dask", "equal models", "fit, s", "with Dask, s"]
    killed = kill(arguments, arguments.sets[0])
    peaks = memory_of_search(arguments, arguments.sets[-1])
    about = f"""## A cluster

Made by `examples/benchmarks/cluster.py --vectors {Path(arguments.vectors).name}` on {report.machine()}

`DaskTextClassifier` with two worker processes, and `Pipeline.fit` in one process. The network is trained in the process that
calls `fit` in both. Means and medians of {arguments.seeds} seeds; models are equal if their vocabularies and all probabilities of
the test texts are."""
    after = (
        f"`GridSearchCV` with joblib's backend for Dask has the scores of `n_jobs=1` on {sum(searches)} of {len(searches)} sets. "
        f"{arguments.kills} fits with a worker killed within {arguments.last_kill:.0f} s: {killed[0]} equal models, "
        f"{killed[1]} others, {killed[2]} errors.\n\n{peaks}"
    )
    report.write(arguments.output, "Cluster", f"{about}\n\n{report.table(header, rows)}\n\n{after}")


if __name__ == "__main__":
    main()
