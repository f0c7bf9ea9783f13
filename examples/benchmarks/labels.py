"""Several labels per text: skglove beside one LinearSVC a label.

Writes a section of the ``README.md`` beside it::

    python examples/benchmarks/labels.py --data DATA --vectors glove.6B.100d.txt --sets reuters-90

DATA is a folder with files ``NAME.jsonl.xz``, lines of {"text", "labels", "split"}.
"""

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import datasets
import report
from contestants import skglove, tfidf
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

CONTESTANTS = {
    "skglove": skglove,
    "TF-IDF + a LinearSVC a label": lambda vectors, seed: tfidf(OneVsRestClassifier(LinearSVC(random_state=seed))),
}


def run_one(make: Any, split: datasets.Split, vectors: str, seed: int) -> dict[str, float]:
    """Fit and score once."""
    start = time.perf_counter()
    model = make(vectors, seed).fit(split.train, split.y_train)
    fit = time.perf_counter() - start
    predicted = model.predict(split.test)
    micro, macro = (
        f1_score(split.y_test, predicted, average=average, zero_division=0) for average in ("micro", "macro")
    )
    return {
        "micro-F1": float(micro),
        "macro-F1": float(macro),
        "whole sets right": float((predicted == split.y_test).all(axis=1).mean()),
        "fit, s": fit,
    }


def measure(arguments: argparse.Namespace, name: str) -> str:
    """Return the table of one data set."""
    split = datasets.load_labels(arguments.data, name)
    run_one(skglove, split.first(200), arguments.vectors, 0)  # imports and caches are not timed
    found: dict[str, list[dict[str, float]]] = {contestant: [] for contestant in CONTESTANTS}
    for seed in range(arguments.seeds):
        for contestant, make in CONTESTANTS.items():
            found[contestant].append(run_one(make, split, arguments.vectors, seed))
            print(name, contestant, seed, found[contestant][-1], flush=True)
    rows = []
    for contestant, some in found.items():
        means = [f"{statistics.mean(one[key] for one in some):.3f}" for key in list(some[0])[:3]]
        rows.append([contestant, *means, f"{statistics.median(one['fit, s'] for one in some):.1f}"])
    n_labels, of_each = split.y_train.shape[1], split.y_train.sum() / len(split.train)
    about = (
        f"{len(split.train):,} to train on, {len(split.test):,} to test on, {n_labels} labels, {of_each:.2f} a text."
    )
    return f"{report.table([name, *some[0]], rows)}\n\n{about}"


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of data sets")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", default=["reuters-90"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args(argv)
    tables = [measure(arguments, name) for name in arguments.sets]
    about = f"""## Several labels per text

Made by `examples/benchmarks/labels.py --vectors {Path(arguments.vectors).name}` on {report.machine()} Means of
{arguments.seeds} seeds, and medians of the seconds; the defaults for all sets."""
    report.write(arguments.output, "Labels", "\n\n".join([about, *tables]))


if __name__ == "__main__":
    main()
