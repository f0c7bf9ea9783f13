"""Training time, compared with the tutorial's script and wrappers of Keras and torch.

Contestants run alternately, several times; medians are reported, also of ratios. Writes its tables into the ``README.md``
beside it::

    python examples/benchmarks/training.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import datasets
import numpy as np
import report
from contestants import skglove, tutorial_network
from sklearn.pipeline import Pipeline
from turns import rows_of, seconds, take_turns
from wrappers import BATCH_SIZE, FILTERS, LEARNING_RATE, WIDTHS, wrapped

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel
from skglove.models.linear.training import Training
from skglove.text.vocabulary import WordCounts
from skglove.training.trainer import Trainer

PARTS = ("time", "tutorial", "wrappers", "chunks")
CONTESTANTS = ("keras.wrappers.SKLearnClassifier", "skorch", "skglove")


def against_the_tutorial(data: Path | None, name: str, vectors: str, rounds: int) -> str:
    """Time an epoch of the tutorial's network, in its script and in skglove, and compare the accuracy after more epochs."""
    split = datasets.load(data, name, seed=0)
    vectorizer = GloveTextVectorizer(vectors, num_words=20_000, extra_words=0)
    X, test = vectorizer.fit_transform(split.train), vectorizer.transform(split.test)
    classes, positions = np.unique(split.y_train, return_inverse=True)
    targets, plain = np.eye(len(classes), dtype=np.float32)[positions], X.padded()

    def script(epochs: int) -> Any:
        network = tutorial_network(X.embedding_matrix, len(classes))
        network.fit(plain, targets, batch_size=128, epochs=epochs, verbose=0)
        return network

    def ours(epochs: int) -> ConvTextClassifier:
        settings: dict[str, Any] = {"epochs": epochs, "batch_size": 128, "trainable": False}
        return ConvTextClassifier("stacked", **settings, random_state=0).fit(X, split.y_train)

    times = take_turns({"the tutorial's script": lambda: script(1), "skglove": lambda: ours(1)}, rounds)
    scores = []
    for epochs in (2, 5):
        found = classes[script(epochs).predict(test.padded(), batch_size=128, verbose=0).argmax(axis=1)]
        scores.append(
            [f"{epochs}", f"{(found == split.y_test).mean():.3f}", f"{ours(epochs).score(test, split.y_test):.3f}"]
        )
    return "\n\n".join(
        [
            f"### The tutorial's network, {name}, {len(split.train):,} texts",
            report.table(["one epoch, with a new network", "s", "times ours"], rows_of(times)),
            report.table(["epochs", "accuracy of the script", "of skglove"], scores),
        ]
    )


def fit_wrapped(data: Path | None, name: str, vectors: str, contestant: str, epochs: int) -> None:
    """Print how many seconds it takes to train parallel convolutions, after a small fit to warm up."""
    split = datasets.load(data, name, seed=0)
    X = GloveTextVectorizer(vectors, maxlen=None, extra_words=0).fit_transform(split.train)
    positions = np.unique(split.y_train, return_inverse=True)[1]
    model: Any
    if contestant == "skglove":
        network = Parallel(filters=FILTERS, kernel_sizes=WIDTHS, embedding_dropout=0)
        settings = {"epochs": epochs, "batch_size": BATCH_SIZE, "learning_rate": LEARNING_RATE}
        model = ConvTextClassifier(network, trainable=False, random_state=0, **settings)
        ids: Any = X
    else:
        model = wrapped(contestant, X.embedding_matrix, len(np.unique(positions)), epochs)
        ids = X.padded().astype(np.int64)
    few = np.arange(0, len(ids), max(1, len(ids) // 300))
    model.fit(ids[few], positions[few])
    print(f"took {seconds(lambda: model.fit(ids, positions))}")


def against_wrappers(arguments: argparse.Namespace, name: str, epochs: int) -> str:
    """Time Keras' wrapper, skorch if it is installed, and skglove alternately, each in a new process.

    On some systems TensorFlow and torch do not work in one process.
    """
    contestants = [name for name in CONTESTANTS if name != "skorch" or find_spec("skorch")]
    times: dict[str, list[float]] = {contestant: [] for contestant in contestants}
    for _ in range(arguments.rounds):
        for contestant, taken in times.items():
            command = [sys.executable, __file__, "--vectors", arguments.vectors]
            command += ["--wrapped", name, contestant, str(epochs)]
            command += ["--data", str(arguments.data)] if arguments.data else []
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{contestant} failed:\n{done.stderr}")
            taken.append(float(done.stdout.rsplit("took ", 1)[1]))
            print(name, contestant, f"{taken[-1]:.2f} s", flush=True)
    X = GloveTextVectorizer(None, maxlen=None).fit_transform(datasets.load(arguments.data, name, seed=0).train)
    lengths = X.lengths
    return "\n\n".join(
        [
            f"### Parallel convolutions, {name}, {len(X):,} texts of {lengths.mean():.0f} words, the longest of {lengths.max()}",
            report.table([f"epochs: {epochs}, with a new network", "s", "times ours"], rows_of(times)),
        ]
    )


def in_chunks(data: Path | None, names: list[str], vectors: str, n_chunks: int, passes: int, n_seeds: int) -> str:
    """Compare several passes of `partial_fit` over chunks of the texts with `fit`."""
    rows = []
    for name in names:
        scores = np.zeros((n_seeds, 2))
        for seed in range(n_seeds):
            split = datasets.load(data, name, seed=seed)
            vectorizer = GloveTextVectorizer(vectors)
            X, test = vectorizer.fit_transform(split.train), vectorizer.transform(split.test)
            whole, chunked = (ConvTextClassifier(random_state=seed) for _ in range(2))
            scores[seed, 0] = whole.fit(X, split.y_train).score(test, split.y_test)
            chunks = np.array_split(np.random.RandomState(seed).permutation(len(split.train)), n_chunks)
            for chunk in chunks * passes:
                chunked.partial_fit(X[chunk], split.y_train[chunk], classes=np.unique(split.y_train))
            scores[seed, 1] = chunked.score(test, split.y_test)
        rows.append([name, *(f"{mean:.4f}" for mean in scores.mean(axis=0))])
        print(rows[-1], flush=True)
    header = [f"accuracy, {n_seeds} seeds", "fit", f"partial_fit, {n_chunks} chunks, {passes} passes"]
    return f"### Training in chunks\n\nOn {report.machine()}\n\n{report.table(header, rows)}"


class Stopwatch:
    """Sums the seconds spent in each stage, without nested stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within = [0.0]  # the seconds of the stages called so far, for each running stage

    def timed(self, function: Callable, stage: str) -> Callable:
        """Wrap a function, to time it as part of a stage."""

        def run(*args: Any, **kwargs: Any) -> Any:
            self._within.append(0.0)
            start = time.perf_counter()
            result = function(*args, **kwargs)
            took = time.perf_counter() - start
            self.seconds[stage] = self.seconds.get(stage, 0) + took - self._within.pop()
            self._within[-1] += took
            return result

        return run


TRAINING = "the network: training"
STAGES = [
    (WordCounts, "add", "the vectorizer: splitting and counting words"),
    (GloveTextVectorizer, "fit_transform", "the vectorizer: vocabulary, vectors and ids"),
    (Trainer, "fit", TRAINING),
    (Parallel, "fit", "the network: building it"),
    (Parallel, "logits", "the network: scores of held-out texts"),
    (Training, "__init__", "the linear model: features"),
    (Training, "learn_weights", "the linear model: weights of its parts"),
    (Training, "fit", "the linear model: training"),
]


def where_the_time_goes(data: Path | None, name: str, vectors: str) -> str:
    """Time the stages of the default fit."""
    import tensorflow  # noqa: F401 - imports are not timed

    split = datasets.load(data, name, seed=0)
    pipeline, stopwatch = skglove(vectors, 0), Stopwatch()
    with ExitStack() as patches:
        for owner, method, stage in STAGES:
            timed = stopwatch.timed(getattr(owner, method), stage)
            patches.enter_context(patch.object(owner, method, timed))
        total = seconds(lambda: pipeline.fit(split.train, split.y_train))
    spent = stopwatch.seconds
    rows = [[stage, f"{took:.1f}"] for stage, took in spent.items()]
    rows += [["everything else", f"{total - sum(spent.values()):.1f}"], ["total", f"{total:.1f}"]]
    title = f"### Where the time goes: the default fit, {name}, {len(split.train):,} texts"
    return "\n\n".join([title, report.table(["stage", "s"], rows), efficiency(pipeline, split.train, spent[TRAINING])])


def efficiency(pipeline: Pipeline, texts: list[str], took: float) -> str:
    """Compare the training time of the network with the time of its multiplications at the processor's peak rate."""
    vectorizer, classifier = pipeline
    network = classifier.architecture_.network_
    n_words = vectorizer.transform(texts).cut(network.maxlen).lengths.sum() * (1 - classifier.validation_fraction)
    multiplications = n_words * sum(network.kernel_sizes) * network.filters * classifier.embedding_dim_
    # Three products: forward pass, gradient of the kernels, gradient of the word vectors; two operations for each weight.
    operations = 3 * 2 * multiplications * classifier.epochs
    a, b = (np.random.default_rng(0).normal(size=shape).astype(np.float32) for shape in [(4000, 1000), (1000, 4000)])
    rate = 2 * 4000 * 1000 * 4000 / min(seconds(lambda: a @ b) for _ in range(5))
    return (
        f"The multiplications and additions of the convolutions, {operations / 1e12:.2f} TFLOP, would take "
        f"{operations / rate:.1f} s at the {rate / 1e9:.0f} GFLOP/s of a large matrix product on this machine: "
        f"{operations / rate / took:.0%} of the time that training the network took."
    )


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--long", default="fetch_20newsgroups", help="a set of long texts")
    parser.add_argument("--short", nargs="+", default=["fetch_20newsgroups"], help="sets of short texts")
    parser.add_argument("--output", type=Path, default=report.README)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 5], help="of the convolutions in wrappers")
    parser.add_argument("--chunks", type=int, default=10, help="for partial_fit")
    parser.add_argument("--passes", type=int, default=5, help="of partial_fit")
    parser.add_argument("--seeds", type=int, default=3, help="of partial_fit")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what to measure")
    parser.add_argument("--wrapped", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    data, vectors, rounds = arguments.data, arguments.vectors, arguments.rounds
    if arguments.wrapped:
        name, contestant, epochs = arguments.wrapped
        fit_wrapped(data, name, vectors, contestant, int(epochs))
        return
    about = f"""## Training

Made by `examples/benchmarks/training.py --vectors {Path(vectors).name}` on {report.machine()}

Medians of {rounds} rounds, the contestants taking turns, after a warm-up that is not counted."""
    report.write(arguments.output, "Training", about)
    steps: dict[str, Callable[[], str]] = {
        "time": lambda: where_the_time_goes(data, arguments.long, vectors),
        "tutorial": lambda: against_the_tutorial(data, arguments.long, vectors, rounds),
        **{
            f"wrappers, {name}, {epochs}": lambda name=name, epochs=epochs: against_wrappers(arguments, name, epochs)
            for name in arguments.short
            for epochs in arguments.epochs
        },
        "chunks": lambda: in_chunks(
            data, arguments.short, vectors, arguments.chunks, arguments.passes, arguments.seeds
        ),
    }
    for part, step in steps.items():
        if part.partition(",")[0] in arguments.parts:
            report.write(arguments.output, f"Training: {part}", step())


if __name__ == "__main__":
    main()
