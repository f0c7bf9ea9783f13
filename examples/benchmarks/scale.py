"""Time and memory as texts grow in number, from a list, a generator and a Parquet file.

Every fit runs in a new process. The texts are made of halves of those of a data set, joined at random. Writes its table into the
``README.md`` beside it::

    python examples/benchmarks/scale.py --data DATA --vectors glove.6B.100d.txt --set mr

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import report
from contestants import skglove
from memory import megabytes

from skglove import predict_iter

SOURCES = ("list", "generator", "Parquet")
_AT_ONCE = 10_000  # rows of Parquet


class Texts:
    """Texts made of random halves.

    Parameters
    ----------
    data : Path or None
    name : str
        The data set.
    size : int
        The number of texts.
    """

    def __init__(self, data: Path | None, name: str, size: int) -> None:
        split = datasets.load(data, name, seed=0)
        self._words = [text.split() for text in split.train]
        self._chosen = np.random.RandomState(0).randint(len(split.train), size=(size, 2))
        self.y = split.y_train[self._chosen[:, 0]]
        lengths = np.array([len(words) for words in self._words])
        of_first, of_second = lengths[self._chosen].T
        self.n_words = int((of_first // 2 + of_second - of_second // 2).sum())

    def __iter__(self) -> Iterator[str]:
        for row in self._chosen:
            first, second = (self._words[i] for i in row)
            yield " ".join(first[: len(first) // 2] + second[len(second) // 2 :])


def write_parquet(texts: Texts, file: Path) -> None:
    """Write texts to a Parquet file, a part of them at a time."""
    remaining = iter(texts)
    with pq.ParquetWriter(file, pa.schema([("text", pa.string())])) as writer:
        while part := list(islice(remaining, _AT_ONCE)):
            writer.write_table(pa.table({"text": part}))


def read_parquet(file: Path) -> Iterator[str]:
    """Read the texts of a Parquet file, a part of them at a time."""
    for batch in pq.ParquetFile(file).iter_batches(_AT_ONCE, columns=["text"]):
        yield from batch["text"].to_pylist()


def run_one(arguments: argparse.Namespace, name: str, size: int, source: str) -> None:
    """Fit and predict once; print the result."""
    import tensorflow  # noqa: F401 - imports are neither timed nor counted

    texts = Texts(arguments.data, name, size)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "texts.parquet")
        if source == "Parquet":
            write_parquet(texts, file)
        kept = list(texts) if source == "list" else None

        def read() -> Iterable[str]:
            return kept if kept is not None else iter(texts) if source == "generator" else read_parquet(file)

        model = skglove(arguments.vectors, 0, **({"epochs": arguments.epochs} if arguments.epochs else {}))
        before, start = megabytes("VmRSS"), time.perf_counter()
        model.fit(read(), texts.y)
        fitted, of_fit = time.perf_counter(), megabytes("VmHWM") - before
        hits = sum(label == truth for label, truth in zip(predict_iter(model, read()), texts.y, strict=True))
        result = {
            "words": texts.n_words,
            "fit": fitted - start,
            "predict": time.perf_counter() - fitted,
            "fit_memory": of_fit,
            "memory": megabytes("VmHWM") - before,
            "accuracy": hits / size,
        }
    print("result:" + json.dumps(result))


def measure(arguments: argparse.Namespace, name: str, size: int, source: str) -> list[str]:
    """Run `run_one` in a new process, and return a row of the table."""
    command = [sys.executable, __file__, "--vectors", arguments.vectors, "--one", name, str(size), source]
    command += ["--data", str(arguments.data)] if arguments.data else []
    command += ["--epochs", str(arguments.epochs)] if arguments.epochs else []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name}, {size}, {source} failed:\n{done.stderr}")
    result = json.loads(done.stdout.rsplit("result:", 1)[1])
    fit, predict = result["fit"], result["predict"]
    return [
        name,
        source,
        f"{size:,}",
        f"{arguments.epochs or 'default'}",
        f"{fit:.0f}",
        f"{1e3 * fit / size:.3f}",
        f"{1e3 * predict / size:.3f}",
        f"{result['fit_memory']:,.0f}",
        f"{result['memory']:,.0f}",
        f"{4 * result['words'] / 1e6:,.0f}",
    ]


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--set", default="fetch_20newsgroups")
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--sources", nargs="+", choices=SOURCES, default=SOURCES)
    parser.add_argument("--epochs", type=int, help="of the network; the default of skglove by default")
    parser.add_argument("--results", type=Path, default=report.README.with_name("scale.jsonl"), help="rows so far")
    parser.add_argument("--output", type=Path, default=report.README)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.one:
        name, size, source = arguments.one
        run_one(arguments, name, int(size), source)
        return
    rows = (
        [json.loads(line) for line in arguments.results.read_text().splitlines()] if arguments.results.exists() else []
    )
    for size in arguments.sizes:
        for source in arguments.sources:
            row = measure(arguments, arguments.set, size, source)
            rows = [other for other in rows if other[:4] != row[:4]] + [row]
            print(row, flush=True)
            arguments.results.write_text("".join(json.dumps(row) + "\n" for row in rows))
    header = [
        "texts of",
        "from",
        "number",
        "epochs",
        "fit, s",
        "ms per text",
        "predict, ms per text",
        "MB to fit",
        "and to predict",
    ]
    about = f"""## Millions of texts

Made by `examples/benchmarks/scale.py --vectors {Path(arguments.vectors).name}` on {report.machine()}

The texts are made of halves of those of a data set, joined at random. Memory is the peak on top of imports and of the list of
texts; the last column is that of one copy of the word ids, which is part of it. "epochs" are those of the network."""
    report.write(arguments.output, "Scale", f"{about}\n\n{report.table([*header, 'MB of ids'], rows)}")


if __name__ == "__main__":
    main()
