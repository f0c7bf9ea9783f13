"""Size and accuracy of compressed models.

Writes its table into the ``README.md`` beside it::

    python examples/benchmarks/compression.py --data DATA --vectors glove.6B.100d.txt --sets 20_newsgroup bbcnews

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import json
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import datasets
import joblib
import report
from contestants import skglove

from skglove import compress

PARTS = (1, 2, 4, 8, 16)  # of the words
# What a new process runs, to measure the memory of a model and of predictions.
LOAD = """
import sys, joblib, skglove
from memory import megabytes
before = megabytes("VmRSS")
model = joblib.load(sys.argv[1])
model.predict([open(sys.argv[2]).read()])
print(megabytes("VmHWM") - before)
"""


def row(name: str, model: object, split: datasets.Split, folder: Path) -> list[str]:
    """Return the accuracy, the sizes of files and the memory of one model."""
    file, text = folder / "model.joblib", folder / "text.txt"
    joblib.dump(model, file)
    size = file.stat().st_size
    text.write_text(split.test[0])
    done = subprocess.run(
        [sys.executable, "-c", LOAD, file, text], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    joblib.dump(model, file, compress=3)
    accuracy = model.score(split.test, split.y_test)
    return [
        name,
        f"{len(model[0].vocabulary_):,}",
        f"{accuracy:.4f}",
        f"{size / 1e6:.1f}",
        f"{file.stat().st_size / 1e6:.1f}",
        f"{float(done.stdout):.0f}",
    ]


def measure(arguments: argparse.Namespace, name: str) -> str:
    """Return the table of one set."""
    split = datasets.load(arguments.data, name, seed=0, n_train=arguments.train)
    pipeline = skglove(arguments.vectors, 0).fit(split.train, split.y_train)
    n_words, size = len(pipeline[0].vocabulary_), len(pickle.dumps(pipeline))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        rows = [row("as fitted", pipeline, split, folder)]
        print(json.dumps(rows[-1]), flush=True)
        small = {f"compress(num_words={n_words // part})": {"num_words": n_words // part} for part in PARTS}
        limits = {f"compress(max_size={size // 10})": {"max_size": size // 10}} | {
            f"compress(max_size={limit})": {"max_size": limit} for limit in arguments.max_sizes
        }
        for label, options in (small | limits).items():
            try:
                rows.append(row(label, compress(pipeline, **options), split, folder))
                print(json.dumps(rows[-1]), flush=True)
            except ValueError as error:  # too small a limit
                print(error, flush=True)
    header = [
        f"{name}, {len(split.train):,} to train on",
        "words",
        "accuracy",
        "MB",
        "MB, compress=3",
        "MB of memory",
    ]
    return report.table(header, rows)


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", default=["bbcnews"])
    parser.add_argument("--train", type=int, help="train on only so many texts")
    parser.add_argument("--max-sizes", nargs="+", type=int, default=[3_000_000])
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args(argv)
    tables = [measure(arguments, name) for name in arguments.sets]
    about = f"""## Compressed models

Made by `examples/benchmarks/compression.py --vectors {Path(arguments.vectors).name}` on {report.machine()}

Test accuracy, sizes of files of `joblib.dump`, the memory that a new process takes to load one and classify a text, on top of
imports."""
    report.write(arguments.output, "Compressed", "\n\n".join([about, *tables]))


if __name__ == "__main__":
    main()
