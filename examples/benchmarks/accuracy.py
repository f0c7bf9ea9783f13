"""How often each classifier is right, what its fit costs, how fast it predicts: skglove, and what one would use instead.

Every fit runs in a process of its own, the contestants in turn on the same split, for each seed. Writes its tables into the
``README.md`` beside it::

    python examples/benchmarks/accuracy.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder with files ``NAME.jsonl.xz``, lines of {"text", "label", "split"}, and folders of class folders with a file a
text, such as the raw ``20_newsgroup``. Without it, scikit-learn's `fetch_20newsgroups`.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import datasets
import report
from contestants import CONTESTANTS

DEFAULTS = "skglove"


def run_one(data: Path | None, name: str, n_train: int | None, contestant: str, seed: int, vectors: str) -> None:
    """Fit and score once; print the result."""
    if "skglove" in contestant or "tutorial" in contestant:
        import tensorflow  # noqa: F401 - imports are not counted, for anyone
    split = datasets.load(data, name, seed=seed, n_train=n_train)
    model = CONTESTANTS[contestant](vectors, seed)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    model.fit(split.train, split.y_train)
    fitted = time.perf_counter()
    predicted = model.predict(split.test)
    seconds = time.perf_counter() - fitted
    result = {
        "accuracy": float((predicted == split.y_test).mean()),
        "fit": fitted - start,
        "rate": len(split.test) / seconds,
        "memory": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "sizes": [len(split.train), len(split.test), len(set(split.y_train.tolist()))],
    }
    print("result:" + json.dumps(result))


def measure(arguments: argparse.Namespace, *what: str) -> dict | None:
    """Run `run_one` in a process of its own; None if a package is missing or it failed, which is said."""
    command = [sys.executable, __file__, "--vectors", arguments.vectors, "--one", *what]
    if arguments.data:
        command += ["--data", str(arguments.data)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("result:")]
    if not lines:
        print(f"{what} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(lines[0].removeprefix("result:"))


def _cells(results: list[dict]) -> list[str]:
    def middle(key: str) -> float:
        return statistics.median(result[key] for result in results)

    accuracies = [result["accuracy"] for result in results]
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    return [
        f"{statistics.mean(accuracies):.4f}",
        f"{spread:.4f}",
        f"{middle('fit'):.1f}",
        f"{middle('rate'):,.0f}",
        f"{middle('memory'):,.0f}",
    ]


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", help="by default all")
    parser.add_argument("--train-sizes", nargs="+", type=int, default=[0, 1000, 100], help="0 is all")
    parser.add_argument("--contestants", nargs="+", default=list(CONTESTANTS), metavar="NAME")
    parser.add_argument("--small-contestants", nargs="+", metavar="NAME", help="those of the sizes other than 0")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=report.README)
    parser.add_argument("--section", default="Accuracy", help="heading of the part of the README")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.one:
        name, n_train, contestant, seed = arguments.one
        run_one(arguments.data, name, int(n_train) or None, contestant, int(seed), arguments.vectors)
        return

    parts = []
    for n_train in arguments.train_sizes:
        for name in arguments.sets or datasets.names(arguments.data):
            if name == "bbcnews" and n_train == 0 and 1000 in arguments.train_sizes:
                continue  # has 1,000 anyway
            contestants = arguments.contestants
            if n_train and arguments.small_contestants:
                contestants = arguments.small_contestants
            found: dict[str, list[dict]] = {contestant: [] for contestant in contestants}
            for seed in range(arguments.seeds):
                for contestant in contestants:
                    result = measure(arguments, name, str(n_train), contestant, str(seed))
                    if result is not None:
                        found[contestant].append(result)
                        print(name, n_train or "all", contestant, seed, result, flush=True)
            results = {contestant: some for contestant, some in found.items() if some}
            if not results:
                continue
            n, n_test, n_classes = next(iter(results.values()))[0]["sizes"]
            header = [f"{name}, {n:,} to train on", "accuracy", "spread", "fit, s", "texts/s", "MB"]
            rows = [[contestant, *_cells(some)] for contestant, some in results.items()]
            parts.append(f"{report.table(header, rows)}\n\n{n_test:,} to test on, {n_classes} classes.")
            _write(arguments, parts)


def _write(arguments: argparse.Namespace, parts: list[str]) -> None:
    about = f"""## {arguments.section}

Made by `examples/benchmarks/accuracy.py --vectors {Path(arguments.vectors).name}` on {report.machine()}

Seeds: {arguments.seeds}. Their mean, and the standard deviation as spread; a seed sets the split where none was published, the
examples drawn, and the model. `fit` is from texts to model, tokenizing and reading the vectors (cached after the first time)
included and imports not; it, the texts predicted in a second and the memory that fitting and predicting took on top of imports
and texts are medians. The settings are the same for all sets: the defaults."""
    report.write(arguments.output, arguments.section, "\n\n".join([about, *parts]))


if __name__ == "__main__":
    main()
