"""One class against all others, with 8 texts of the class among 127.

Writes its section into the ``README.md`` beside it::

    python examples/benchmarks/rare.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``. Of each set, the largest classes are the rare class in turn.
"""

import argparse
from pathlib import Path

import contestants
import datasets
import numpy as np
import report
from sklearn.metrics import f1_score
from sklearn.svm import LinearSVC

N_RARE, N_OTHERS = 8, 119
CONTESTANTS = {
    "skglove": contestants.skglove,
    'skglove, class_weight="balanced"': lambda vectors, seed: contestants.skglove(
        vectors, seed, class_weight="balanced"
    ),
    **{
        name: contestants.CONTESTANTS[name]
        for name in (
            "TF-IDF + LinearSVC",
            "TF-IDF + calibrated LinearSVC",
            "TF-IDF and mean vectors + LinearSVC",
            "mean vectors + shrinkage LDA",
            "mean vectors + LogisticRegression",
        )
    },
    'TF-IDF + LinearSVC(class_weight="balanced")': lambda vectors, seed: contestants.tfidf(
        LinearSVC(class_weight="balanced", random_state=seed)
    ),
}


def tasks(data: Path | None, name: str, n_classes: int, n_test: int) -> list[datasets.Split]:
    """Return a split for each of the largest classes, whose labels are whether a text is of the class."""
    split = datasets.load(data, name, seed=0)
    classes, counts = np.unique(split.y_train, return_counts=True)
    found = []
    for label in classes[np.argsort(-counts, kind="stable")][:n_classes]:
        random_state = np.random.RandomState(0)
        rare, others = (
            random_state.permutation(np.flatnonzero((split.y_train == label) == is_rare)) for is_rare in (True, False)
        )
        rows = np.concatenate([rare[:N_RARE], others[:N_OTHERS]])
        test = random_state.permutation(len(split.test))[:n_test]
        found.append(
            datasets.Split(
                [split.train[row] for row in rows],
                split.y_train[rows] == label,
                [split.test[row] for row in test],
                split.y_test[test] == label,
            )
        )
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", default=["bbcnews", "newsgroups-bydate", "r8"])
    parser.add_argument("--classes", type=int, default=6, help="how many classes of each set")
    parser.add_argument("--test", type=int, default=3000, help="the most texts to test on")
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args()
    scores: dict[str, list[float]] = {contestant: [] for contestant in CONTESTANTS}
    means: dict[str, list[str]] = {contestant: [] for contestant in CONTESTANTS}
    for name in arguments.sets:
        splits = tasks(arguments.data, name, arguments.classes, arguments.test)
        for contestant, make in CONTESTANTS.items():
            some = []
            for split in splits:
                model = make(arguments.vectors, 0).fit(split.train, split.y_train)
                some.append(float(f1_score(split.y_test, model.predict(split.test), average="macro")))
            scores[contestant] += some
            means[contestant].append(f"{np.mean(some):.3f}")
            print(name, contestant, means[contestant][-1], flush=True)
    rows = [[contestant, *means[contestant], f"{np.mean(some):.3f}"] for contestant, some in scores.items()]
    about = f"""## A rare class

Made by `examples/benchmarks/rare.py --vectors {Path(arguments.vectors).name}` on {report.machine()} Macro-F1 on the
test texts after training on {N_RARE} texts of a class and {N_OTHERS} of others. Means over up to {arguments.classes} classes
of each set, and over all of them."""
    report.write(arguments.output, "Rare", f"{about}\n\n{report.table(['macro-F1', *arguments.sets, 'all'], rows)}")


if __name__ == "__main__":
    main()
