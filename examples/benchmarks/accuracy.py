"""Accuracy, training time and prediction time of skglove and of alternatives.

Every fit runs in a new process, the contestants alternately on the same split, for each seed. The results are kept in
``accuracy.jsonl`` beside this file, so that a run that was interrupted can be continued. Tables of them are written into the
``README.md`` beside it, and charts::

    python examples/benchmarks/accuracy.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder with files ``NAME.jsonl.xz``, lines of {"text", "label", "split"}, and folders of class folders with a file a
text, such as the raw ``20_newsgroup``, or archives of them, ``NAME.tar.xz``. Without it, scikit-learn's `fetch_20newsgroups`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import charts
import datasets
import numpy as np
import report
from contestants import CONTESTANTS, ENCODERS
from memory import megabytes
from sklearn.metrics import f1_score

_BINS = 15  # of the calibration error
RESULTS = Path(__file__).with_name("accuracy.jsonl")
# The columns of the table in the project's README.
SUMMARY = ("skglove", "TF-IDF + LinearSVC", "TF-IDF with bigrams + LinearSVC")


def run_one(data: Path | None, name: str, size: int, contestant: str, seed: int, vectors: str) -> None:
    """Fit and score once; print the result."""
    how_many = {"n_train": size} if size > 0 else {"per_class": -size} if size < 0 else {}
    split = datasets.load(data, name, seed=seed, **how_many)
    model = CONTESTANTS[contestant](vectors, seed)  # first: some packages crash if TensorFlow is imported before them
    if any(word in contestant for word in ("skglove", "tutorial", "keras")):
        import tensorflow  # noqa: F401 - imports are not timed, for any contestant
    before = megabytes("VmHWM")
    start = time.perf_counter()
    model.fit(split.train, split.y_train)
    fitted = time.perf_counter()
    predicted = model.predict(split.test)
    seconds = time.perf_counter() - fitted
    memory = megabytes("VmHWM") - before
    # Of models that have them; computed after the memory was measured.
    proba = model.predict_proba(split.test) if hasattr(model, "predict_proba") else None
    result = {
        **scores(predicted, proba, model.classes_, split.y_test),
        "fit": fitted - start,
        "rate": len(split.test) / seconds,
        "memory": memory,
        "sizes": [len(split.train), len(split.test), len(set(split.y_train.tolist()))],
        "processor": report.processor(),
    }
    print("result:" + json.dumps(result))


def scores(predicted: np.ndarray, proba: np.ndarray | None, classes: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the accuracy and the macro-F1, and with probabilities the log loss and the calibration error."""
    of_labels = {
        "accuracy": float((predicted == y).mean()),
        "macro_f1": float(f1_score(y, predicted, average="macro")),
    }
    if proba is None:
        return of_labels
    proba = proba.astype(float)
    # A class without training texts has probability 0, and the logarithm is bounded.
    column = {label: i for i, label in enumerate(classes.tolist())}
    columns = np.array([column.get(label, -1) for label in y.tolist()])
    of_truth = np.where(columns >= 0, proba[np.arange(len(proba)), columns], 0)
    confidence, right = proba.max(axis=1), proba.argmax(axis=1) == columns
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    errors = [abs((right - confidence)[bins == i].sum()) for i in range(_BINS)]
    log_loss = float(-np.log(np.maximum(of_truth, 1e-7)).mean())
    return {**of_labels, "log_loss": log_loss, "calibration": sum(errors) / len(proba)}


def measure(arguments: argparse.Namespace, *what: str) -> dict | None:
    """Run `run_one` in a new process; if it fails, for example because a package is missing, print the error and return None."""
    command = [sys.executable, __file__, "--vectors", arguments.vectors, "--one", *what]
    if arguments.data:
        command += ["--data", str(arguments.data)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("result:")]
    if not lines:
        print(f"{what} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(lines[0].removeprefix("result:"))


class Results:
    """All results so far, in a file with one line per fit. A later line replaces an earlier one of the same fit."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.found: dict[tuple, dict] = {}
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                result = json.loads(line)
                self.found[result["set"], result["n_train"], result["contestant"], result["seed"]] = result

    def add(self, result: dict) -> None:
        """Add a result, and append it to the file."""
        self.found[result["set"], result["n_train"], result["contestant"], result["seed"]] = result
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(result) + "\n")

    def of(self, name: str, n_train: int) -> dict[str, list[dict]]:
        """Return the results on one set, by contestant."""
        by_contestant: dict[str, list[dict]] = {}
        for contestant in (*CONTESTANTS, *ENCODERS):
            some = [self.found[key] for key in self.found if key[:3] == (name, n_train, contestant)]
            if some:
                by_contestant[contestant] = some
        return by_contestant

    def processors(self) -> list[str]:
        """Return the processors on which the results were measured, in order of the first result."""
        return list(dict.fromkeys(result["processor"] for result in self.found.values()))

    def sets(self) -> list[tuple[str, int]]:
        """Return the names and sizes of the data sets with results: by decreasing size."""
        return sorted({key[:2] for key in self.found}, key=lambda key: (key[1] != 0, -key[1], key[0]))  # per class last


def _mean(some: list[dict]) -> float:
    return statistics.mean(result["accuracy"] for result in some)


def _cell(some: list[dict], key: str) -> str:
    values = [result[key] for result in some if key in result]
    return f"{statistics.mean(values):.3f}" if values else ""


def _table(name: str, by_contestant: dict[str, list[dict]], processors: list[str]) -> str:
    rows = []
    for contestant, some in by_contestant.items():
        others = [_cell(some, key) for key in ("macro_f1", "log_loss", "calibration")]
        spread = statistics.stdev(result["accuracy"] for result in some) if len(some) > 1 else float("nan")
        fit, rate, memory = (statistics.median(result[key] for result in some) for key in ("fit", "rate", "memory"))
        cells = [f"{_mean(some):.4f}", f"{spread:.4f}".replace("nan", ""), *others, f"{len(some)}"]
        on = ", ".join(sorted({f"{processors.index(result['processor']) + 1}" for result in some}))
        rows.append([contestant, *cells, f"{fit:.1f}", f"{rate:,.0f}", f"{memory:,.0f}", on])
    n, n_test, n_classes = next(iter(by_contestant.values()))[0]["sizes"]
    measures = [
        "accuracy",
        "spread",
        "macro-F1",
        "log loss",
        "calibration",
        "seeds",
        "fit, s",
        "texts/s",
        "MB",
        "machine",
    ]
    header = [f"{name}, {n:,} to train on", *measures]
    return f"{report.table(header, rows)}\n\n{n_test:,} to test on, {n_classes} classes."


def _summary(results: Results) -> str:
    rows = []
    for name, n_train in results.sets():
        by_contestant = results.of(name, n_train)
        if all(contestant in by_contestant for contestant in SUMMARY):
            n, _, n_classes = by_contestant[SUMMARY[0]][0]["sizes"]
            rows.append([name, f"{n_classes}", f"{n:,}", *(f"{_mean(by_contestant[one]):.3f}" for one in SUMMARY)])
    return report.table(["data set", "classes", "training texts", *SUMMARY], rows)


def write(results: Results, arguments: argparse.Namespace) -> None:
    """Write tables of all results."""
    processors = results.processors()
    machines = "; ".join(f"{i}: {processor}" for i, processor in enumerate(processors, start=1))
    about = f"""## Accuracy

Made by `examples/benchmarks/accuracy.py --vectors {Path(arguments.vectors).name}` with {report.versions()}.
Machines: {machines}.

Accuracy, macro-F1, log loss and calibration error (of the predicted class, in 15 bins) are means over the seeds, spread is the
standard deviation of the accuracy; a seed determines the split where none was published, which texts are drawn, and the model.
`fit` is the time from texts to model, with tokenizing and reading the vectors, but without imports. It, the texts predicted in a
second, and the memory of fitting and predicting, on top of imports and texts, are medians, to be compared on one machine only.
The settings are the same for all sets: the defaults, except for what the name says."""
    tables = [_table(name, results.of(name, n_train), processors) for name, n_train in results.sets()]
    pictures = [f"![{file.stem}]({file.name})" for file in charts.draw(results, arguments.output.parent)]
    report.write(arguments.output, "Accuracy", "\n\n".join([about, *pictures, *tables]))
    if arguments.summary:
        report.write(arguments.summary, "accuracy", _summary(results))


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", help="by default all")
    parser.add_argument(
        "--train-sizes", nargs="+", type=int, default=[0, 1000, 100, -10], help="0 is all, -10 is 10 a class"
    )
    parser.add_argument("--contestants", nargs="+", default=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seeds-of-few", type=int, default=5, help="with up to 100 training texts, or so many a class")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of earlier results, which are kept")
    parser.add_argument("--again", action="store_true", help="also measure what has a result already")
    parser.add_argument("--output", type=Path, default=report.README)
    parser.add_argument("--summary", type=Path, help="another file to write a short table into")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.one:
        name, n_train, contestant, seed = arguments.one
        run_one(arguments.data, name, int(n_train), contestant, int(seed), arguments.vectors)
        return

    results = Results(arguments.results)
    for n_train in arguments.train_sizes:
        for name in arguments.sets or datasets.names(arguments.data):
            if name == "bbcnews" and n_train == 0 and 1000 in arguments.train_sizes:
                continue  # it has only 1,000 training texts
            few = n_train and abs(n_train) <= 100
            for seed in range(arguments.seeds_of_few if few else arguments.seeds):
                for contestant in arguments.contestants:
                    if (name, n_train, contestant, seed) in results.found and not arguments.again:
                        continue
                    result = measure(arguments, name, str(n_train), contestant, str(seed))
                    if result is not None:
                        key = {"set": name, "n_train": n_train, "contestant": contestant, "seed": seed}
                        results.add({**key, **result})
                        print(key, result, flush=True)
            write(results, arguments)


if __name__ == "__main__":
    main()
