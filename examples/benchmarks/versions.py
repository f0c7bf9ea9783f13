"""Comparison of two installed versions of skglove: training, prediction, start-up time and memory.

The versions run alternately, and each measurement in a new process. Tables are written into the file ``versions.md`` beside
this one::

    python examples/benchmarks/versions.py --pythons OLD/bin/python NEW/bin/python --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``. `--measure` selects tables; the other ones remain in the file as they are. The workers
use only what all versions have: the two classes with their defaults, `fit`, `predict` and joblib.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import datasets
import joblib
import report
from memory import megabytes
from turns import seconds

SENTENCE = "The striker scored twice in the last minutes of the cup final, and the coach praised his whole team."
START = f"import joblib; print(joblib.load('model.joblib').predict([{SENTENCE!r}]))"
MEASURES = ("fit-long", "fit-short", "predict", "start", "memory")

# What is measured, by the name of its row in a table.
Results = dict[str, float]


def cache_vectors(vectors: str) -> Results:
    """Read the vectors once, to fill the cache."""
    from skglove import GloveTextVectorizer

    GloveTextVectorizer(vectors).fit([SENTENCE])
    return {}


def fit(vectors: str, data: str, save: str = "") -> Results:
    """Time the default fit."""
    import tensorflow  # noqa: F401 - imports are not timed
    from sklearn.pipeline import make_pipeline

    from skglove import ConvTextClassifier, GloveTextVectorizer

    pipeline = make_pipeline(GloveTextVectorizer(vectors), ConvTextClassifier(random_state=0))
    texts, labels = joblib.load(data)
    took = seconds(lambda: pipeline.fit(texts, labels))
    if save:
        joblib.dump(pipeline, save)
    return {f"fit on {len(texts):,} texts, s": took}


def predict(texts: str, n_calls: str) -> Results:
    """Time the prediction of one text (median of many calls) and of many texts."""
    pipeline, many = joblib.load("model.joblib"), joblib.load(texts)
    pipeline.predict(many[:100])  # to warm up
    one = statistics.median(seconds(lambda: pipeline.predict([SENTENCE])) for _ in range(int(n_calls)))
    return {"one text, ms": 1e3 * one, f"{len(many):,} texts, s": seconds(lambda: pipeline.predict(many))}


def memory(vectors: str, texts: str) -> Results:
    """Measure the memory of the vectorizer, without the texts."""
    from skglove import GloveTextVectorizer

    many = joblib.load(texts)
    before = megabytes("VmRSS")
    GloveTextVectorizer(vectors).fit_transform(many)
    return {f"GloveTextVectorizer.fit_transform on {len(many):,} texts, peak MB": megabytes("VmHWM") - before}


WORKERS: dict[str, Callable[..., Results]] = {
    worker.__name__: worker for worker in (cache_vectors, fit, predict, memory)
}


class Version:
    """An installed version of skglove.

    Parameters
    ----------
    python : str
        The interpreter of its environment.
    folder : Path
        Where it works, and keeps its cache: one version may not be able to read that of the other.
    """

    def __init__(self, python: str, folder: Path) -> None:
        folder.mkdir()
        self._python, self._folder = os.path.abspath(python), folder  # a symbolic link must not be resolved
        self._environment = {**os.environ, "SKGLOVE_HOME": str(folder / "cache")}
        self._environment.pop("PYTHONPATH", None)  # might lead to another version

    def _run(self, *arguments: str) -> str:
        command = [self._python, *arguments]
        done = subprocess.run(command, cwd=self._folder, env=self._environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{command} failed:\n{done.stderr}")
        return done.stdout

    def work(self, worker: str, *arguments: str) -> Results:
        """Run a worker in a new process."""
        return json.loads(self._run(__file__, "--work", worker, *arguments).rsplit("result:", 1)[1])

    def start(self) -> Results:
        """Time a new process that loads its pipeline and classifies one text."""
        return {"new process, load, classify one text, s": seconds(lambda: self._run("-c", START))}


def take_turns(versions: list[Version], measure: Callable[[Version], Results], rounds: int) -> list[list[str]]:
    """Measure, and return the rows of a table: medians, and the median of the ratios."""
    results = [[measure(version) for version in versions] for _ in range(rounds)]
    print(*results, sep="\n", flush=True)
    rows = []
    for name in results[0][0]:
        pairs = [(old[name], new[name]) for old, new in results]
        medians = (f"{statistics.median(values):.4g}" for values in zip(*pairs, strict=True))
        rows.append([name, *medians, f"{statistics.median(new / old for old, new in pairs):.2f}"])
    return rows


def compare(options: argparse.Namespace, folder: Path) -> None:
    """Measure, and write the tables."""
    vectors = os.path.abspath(options.vectors) if os.path.exists(options.vectors) else options.vectors
    versions = [Version(python, folder / name) for python, name in zip(options.pythons, ("old", "new"), strict=True)]
    long, short = (
        datasets.load(options.data, name, seed=0, n_train=options.train) for name in (options.long, options.short)
    )
    files = {
        "long": (long.train, long.y_train),
        "short": (short.train, short.y_train),
        "many": list(islice(cycle(long.test + long.train), options.texts)),
        "most": list(islice(cycle(short.train), options.most)),
    }
    for name, content in files.items():
        joblib.dump(content, folder / name)
    for version in versions:
        version.work("cache_vectors", vectors)
        if {"predict", "start"} & set(options.measure):
            version.work("fit", vectors, "../long", "model.joblib")

    measures: dict[str, Callable[[Version], Results]] = {
        "fit-long": lambda version: version.work("fit", vectors, "../long"),
        "fit-short": lambda version: version.work("fit", vectors, "../short"),
        "predict": lambda version: version.work("predict", "../many", str(options.calls)),
        "start": Version.start,
        "memory": lambda version: version.work("memory", vectors, "../most"),
    }
    for measure in options.measure:
        rows = take_turns(versions, measures[measure], options.rounds)
        data = options.short if measure in ("fit-short", "memory") else options.long
        report.write(options.output, measure, report.table([data, *options.names, "ratio"], rows))


def main(argv: list[str] | None = None) -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pythons", nargs=2, metavar=("OLD", "NEW"), help="the interpreters of two environments")
    parser.add_argument("--names", nargs=2, metavar=("OLD", "NEW"), default=["old", "new"], help="for the tables")
    parser.add_argument("--data", type=Path, help="folder of data sets; by default fetch_20newsgroups")
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--long", default="20_newsgroup", help="a set of long texts, to fit and predict")
    parser.add_argument("--short", default="mr", help="a set of short texts, to fit and to measure the memory with")
    parser.add_argument("--measure", nargs="+", choices=MEASURES, default=MEASURES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train", type=int, help="train on only so many texts")
    parser.add_argument("--texts", type=int, default=10_000, help="how many texts to predict at once")
    parser.add_argument("--calls", type=int, default=300, help="how often to predict one text")
    parser.add_argument("--most", type=int, default=200_000, help="how many texts to measure the memory with")
    parser.add_argument("--output", type=Path, default=report.README.with_name("versions.md"))
    parser.add_argument("--work", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.work:
        worker, *arguments = options.work
        print("result:" + json.dumps(WORKERS[worker](*arguments)))
        return
    if not options.pythons:
        parser.error("--pythons is required")
    old, new = options.names
    about = f"""## Versions

Made by `examples/benchmarks/versions.py --vectors {Path(options.vectors).name}` on {report.machine()}

Medians of {options.rounds} rounds, the versions taking turns; "ratio" is the median of the ratios of {new} to {old}."""
    report.write(options.output, "Versions", about)
    with tempfile.TemporaryDirectory() as folder:
        compare(options, Path(folder))


if __name__ == "__main__":
    main()
