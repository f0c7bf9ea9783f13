"""What training costs: against the tutorial's script, against Keras' and torch's own wrappers, and as texts grow in number.

Contestants take turns, several times; the medians of the ratios are reported. Writes its tables into the
``README.md`` beside it::

    python examples/benchmarks/training.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import report
from contestants import skglove, tutorial_network
from memory import megabytes
from sklearn.pipeline import make_pipeline
from turns import rows_of, seconds, take_turns
from wrappers import BATCH_SIZE, FILTERS, WIDTHS, wrapped

from skglove import ConvTextClassifier, GloveTextVectorizer
from skglove.sequences import Documents


def against_the_tutorial(data: Path | None, name: str, vectors: str, rounds: int) -> str:
    """Train the tutorial's network for an epoch: as its script does, and as we do."""
    split = datasets.load(data, name, seed=0)
    vectorizer = GloveTextVectorizer(vectors, num_words=20_000, extra_words=0)
    X, test = vectorizer.fit_transform(split.train), vectorizer.transform(split.test)
    classes, positions = np.unique(split.y_train, return_inverse=True)
    targets, plain = np.eye(len(classes), dtype=np.float32)[positions], np.asarray(X)

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
        found = classes[script(epochs).predict(np.asarray(test), batch_size=128, verbose=0).argmax(axis=1)]
        scores.append(
            [f"{epochs}", f"{(found == split.y_test).mean():.3f}", f"{ours(epochs).score(test, split.y_test):.3f}"]
        )
    return "\n\n".join(
        [
            f"### The tutorial's network, {name}, {len(split.train):,} texts",
            report.table(["one epoch, network built anew", "s", "times ours"], rows_of(times)),
            report.table(["epochs", "accuracy of the script", "of skglove"], scores),
        ]
    )


PARTS = ("time", "tutorial", "wrappers", "chunks", "growth")
CONTESTANTS = ("keras.wrappers.SKLearnClassifier", "skorch", "skglove")


def fit_wrapped(data: Path | None, name: str, vectors: str, contestant: str, epochs: int) -> None:
    """Train parallel convolutions after a small fit to warm up; print the seconds."""
    split = datasets.load(data, name, seed=0)
    X = GloveTextVectorizer(vectors, maxlen=None, extra_words=0).fit_transform(split.train)
    positions = np.unique(split.y_train, return_inverse=True)[1]
    plain, matrix = np.asarray(X), X.embedding_matrix
    model: Any
    if contestant == "skglove":
        settings: dict[str, Any] = {
            "filters": FILTERS,
            "kernel_sizes": WIDTHS,
            "batch_size": BATCH_SIZE,
            "epochs": epochs,
        }
        model = ConvTextClassifier("parallel", **settings, trainable=False, embedding_dropout=0, random_state=0)
        plain = X
    else:
        model, plain = wrapped(contestant, matrix, len(np.unique(positions)), epochs), plain.astype(np.int64)
    few = np.arange(0, len(plain), max(1, len(plain) // 300))
    model.fit(plain[few], positions[few])
    print(f"took {seconds(lambda: model.fit(plain, positions))}")


def against_wrappers(arguments: argparse.Namespace, name: str, epochs: int) -> str:
    """Let Keras' wrapper, skorch if it is installed, and us train in turn, each in a process of its own.

    TensorFlow and torch do not live in one process everywhere.
    """
    times: dict[str, list[float]] = {
        contestant: [] for contestant in CONTESTANTS if contestant != "skorch" or find_spec("skorch")
    }
    for _ in range(arguments.rounds):
        for contestant, taken in times.items():
            command = [
                sys.executable,
                __file__,
                "--vectors",
                arguments.vectors,
                "--wrapped",
                name,
                contestant,
                f"{epochs}",
            ]
            command += ["--data", str(arguments.data)] if arguments.data else []
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{contestant} failed:\n{done.stderr}")
            taken.append(float(done.stdout.rsplit("took ", 1)[1]))
            print(name, contestant, f"{taken[-1]:.2f} s", flush=True)
    X = GloveTextVectorizer(None, maxlen=None).fit_transform(datasets.load(arguments.data, name, seed=0).train)
    lengths = np.count_nonzero(X, axis=1)
    return "\n\n".join(
        [
            f"### Parallel convolutions, {name}, {len(X):,} texts of {lengths.mean():.0f} words, one of {lengths.max()}",
            report.table([f"epochs: {epochs}, network built anew", "s", "times ours"], rows_of(times)),
        ]
    )


def as_texts_grow(data: Path | None, name: str, vectors: str, sizes: list[int]) -> str:
    """Fit the defaults on more and more texts: halves of a set's texts, joined at random."""
    split = datasets.load(data, name, seed=0)
    random_state = np.random.RandomState(0)
    rows = []
    for size in sizes:
        chosen = random_state.randint(len(split.train), size=(size, 2))
        halves = [text.split() for text in split.train]
        texts = [" ".join(halves[a][: len(halves[a]) // 2] + halves[b][len(halves[b]) // 2 :]) for a, b in chosen]
        y = split.y_train[chosen[:, 0]]
        model = make_pipeline(GloveTextVectorizer(vectors, maxlen=None), ConvTextClassifier(random_state=0))
        took = seconds(lambda model=model, texts=texts, y=y: model.fit(texts, y))
        predicting = seconds(lambda model=model, texts=texts: model.predict(texts))
        peak = megabytes("VmHWM")
        rows.append(
            [f"{size:,}", f"{took:.1f}", f"{1e3 * took / size:.2f}", f"{1e3 * predicting / size:.3f}", f"{peak:,.0f}"]
        )
        print(rows[-1], flush=True)
    header = ["texts", "fit, s", "ms a text", "predict, ms a text", "peak MB, all in all"]
    return f"### As texts grow in number\n\nTexts made of halves of those of {name}.\n\n{report.table(header, rows)}"


def in_chunks(data: Path | None, names: list[str], vectors: str, passes: int) -> str:
    """Compare `partial_fit` over 10 chunks, so many passes, with `fit`."""
    rows = []
    for name in names:
        split = datasets.load(data, name, seed=0)
        vectorizer = GloveTextVectorizer(vectors)
        X, test = vectorizer.fit_transform(split.train), vectorizer.transform(split.test)
        whole = ConvTextClassifier(random_state=0).fit(X, split.y_train).score(test, split.y_test)
        chunked = ConvTextClassifier(random_state=0)
        chunks = np.array_split(np.random.RandomState(0).permutation(len(split.train)), 10)
        for _ in range(passes):
            for chunk in chunks:
                chunked.partial_fit(X[chunk], split.y_train[chunk], classes=np.unique(split.y_train))
        rows.append([name, f"{whole:.4f}", f"{chunked.score(test, split.y_test):.4f}"])
        print(rows[-1], flush=True)
    header = ["set", "accuracy of fit", f"of partial_fit, 10 chunks, {passes} passes"]
    return f"### In chunks\n\n{report.table(header, rows)}"


def where_the_time_goes(data: Path | None, name: str, vectors: str) -> str:
    """Time the stages of the default fit, and compare the convolutions with what the processor can multiply."""
    import skglove.model as model
    from skglove.wide import WideModel

    split = datasets.load(data, name, seed=0)
    spent: dict[str, float] = {}

    def watch(owner: Any, method: str, stage: str) -> None:
        inner = getattr(owner, method)

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            result = inner(*args, **kwargs)
            spent[stage] = spent.get(stage, 0) + time.perf_counter() - start
            return result

        setattr(owner, method, timed)

    watch(GloveTextVectorizer, "fit_transform", "words to ids, and their vectors")
    watch(model, "train", "the convolutions: training")
    watch(model.TrainedNetwork, "_deep_logits", "the convolutions: held-out scores")
    watch(WideModel, "observe", "the linear model: tf-idf")
    watch(WideModel, "features", "the linear model: tf-idf")
    watch(WideModel, "train", "the linear model: training, twice")
    pipeline = skglove(vectors, 0)
    total = seconds(lambda: pipeline.fit(split.train, split.y_train))
    rows = [[stage, f"{took:.1f}"] for stage, took in spent.items()]
    rows += [["all else", f"{total - sum(spent.values()):.1f}"], ["all", f"{total:.1f}"]]

    classifier = pipeline[-1]
    lengths = Documents(np.asarray(pipeline[0].transform(split.train))).cropped(classifier.conv_maxlen).lengths
    taps = sum(classifier.kernel_sizes) * classifier.filters * classifier.network_.config.embedding_dim
    # Two operations each: forward, for the gradient of the kernels, and for that of the words' vectors.
    needed = 3 * 2 * taps * lengths.sum() * 0.9 * classifier.epochs
    a = np.random.default_rng(0).normal(size=(4000, 1000)).astype(np.float32)
    b = np.random.default_rng(0).normal(size=(1000, 4000)).astype(np.float32)
    rate = 2 * 4000 * 1000 * 4000 / min(seconds(lambda: a @ b) for _ in range(5))
    share = needed / rate / spent["the convolutions: training"]
    return "\n\n".join(
        [
            f"### Where the time goes: the default fit, {name}, {len(split.train):,} texts",
            report.table(["stage", "s"], rows),
            f"The convolutions' multiply-adds, {needed / 1e12:.2f} TFLOP, would take {needed / rate:.1f} s at the "
            f"{rate / 1e9:.0f} GFLOP/s of a large matrix product here: {share:.0%} of the time they took.",
        ]
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
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--epochs", type=int, nargs="+", default=[1, 5], help="of the convolutions in wrappers")
    parser.add_argument("--passes", type=int, default=5, help="of partial_fit")
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

Medians of {rounds} rounds, the contestants taking turns; what warms up is not counted."""
    report.write(arguments.output, "Training", about)
    steps: dict[str, Callable[[], str]] = {
        "time": lambda: where_the_time_goes(data, arguments.long, vectors),
        "tutorial": lambda: against_the_tutorial(data, arguments.long, vectors, rounds),
        **{
            f"wrappers, {name}, {epochs}": lambda name=name, epochs=epochs: against_wrappers(arguments, name, epochs)
            for name in arguments.short
            for epochs in arguments.epochs
        },
        "chunks": lambda: in_chunks(data, arguments.short, vectors, arguments.passes),
        "growth": lambda: as_texts_grow(data, arguments.short[-1], vectors, arguments.sizes),
    }
    for part, step in steps.items():
        if part.partition(",")[0] in arguments.parts:
            report.write(arguments.output, f"Training: {part}", step())


if __name__ == "__main__":
    main()
