"""Accuracy on misspelled texts: a tenth of the letters of the test texts are replaced by random ones.

The classifiers are trained on the texts as they are. Writes its section into the ``README.md`` beside it::

    python examples/benchmarks/misspelled.py --data DATA --vectors glove.6B.100d.txt

DATA is a folder as in ``accuracy.py``.
"""

import argparse
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import report
from contestants import skglove, tfidf
from sklearn.svm import LinearSVC

from skglove.text.keras import KerasTokenizer

RATES = 0, 0.1


def misspelled(texts: list[str], rate: float, seed: int = 0) -> list[str]:
    """Replace letters by random lower-case letters, with a probability of `rate` each."""
    random_state = np.random.RandomState(seed)
    changed = []
    for text in texts:
        characters = np.array(list(text), dtype="U1")
        drawn = random_state.rand(len(characters)) < rate
        drawn &= np.fromiter(map(str.isalpha, text), bool, len(characters))
        characters[drawn] = random_state.choice(list(string.ascii_lowercase), drawn.sum())
        changed.append("".join(characters))
    return changed


def subword_vectors(texts: list[str], seed: int) -> Any:
    """Train gensim's FastText on texts: a source with a vector for every word."""
    from gensim.models import FastText

    words = list(map(KerasTokenizer().words, texts))
    return FastText(words, vector_size=100, min_count=1, sg=1, epochs=5, seed=seed, workers=1).wv


def fitted(split: datasets.Split, vectors: str, seed: int) -> Iterator[tuple[str, Any]]:
    """Yield the classifiers by name."""
    words = tfidf(LinearSVC(random_state=seed))
    characters = tfidf(LinearSVC(random_state=seed), analyzer="char_wb", ngram_range=(3, 5))
    yield "TF-IDF + LinearSVC", words.fit(split.train, split.y_train)
    yield "TF-IDF of character n-grams + LinearSVC", characters.fit(split.train, split.y_train)
    of_subwords = subword_vectors(split.train, seed)
    for name, source in {"skglove": vectors, "skglove, GloVe and sub-words": [vectors, of_subwords]}.items():
        model = skglove(source, seed).fit(split.train, split.y_train)
        yield name, model
        # Only predictions depend on it.
        yield f'{name}, handle_unknown="nearest"', model.set_params(glovetextvectorizer__handle_unknown="nearest")


def compare(data: Path | None, names: list[str], vectors: str, seeds: int) -> str:
    """Return a table of accuracy by data set and rate."""
    columns = [(name, rate) for name in names for rate in RATES]
    found: dict[str, dict[tuple[str, float], list[float]]] = {}
    for name in names:
        for seed in range(seeds):
            split = datasets.load(data, name, seed=seed, n_train=None)
            for contestant, model in fitted(split, vectors, seed):
                for rate in RATES:
                    accuracy = model.score(misspelled(split.test, rate, seed), split.y_test)
                    found.setdefault(contestant, {}).setdefault((name, rate), []).append(accuracy)
                    print(name, seed, contestant, rate, f"{accuracy:.4f}", flush=True)
    header = ["accuracy", *(name if rate == 0 else f"{name}, misspelled" for name, rate in columns)]
    rows = [[contestant, *(f"{np.mean(of[column]):.3f}" for column in columns)] for contestant, of in found.items()]
    return report.table(header, rows)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--vectors", default="glove.6B.100d", help="a name or a file of word vectors")
    parser.add_argument("--sets", nargs="+", default=["bbcnews", "mr", "r8", "sst2"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=report.README)
    arguments = parser.parse_args()
    table = compare(arguments.data, arguments.sets, arguments.vectors, arguments.seeds)
    about = f"""## Misspelled texts

Made by `examples/benchmarks/misspelled.py --vectors {Path(arguments.vectors).name}` on {report.machine()} Means of
{arguments.seeds} seeds, all training texts. A tenth of the letters of the test texts are replaced by random ones: a third of
the words are then unknown. "Sub-words" are vectors of gensim's FastText, trained on the training texts."""
    report.write(arguments.output, "Misspelled", f"{about}\n\n{table}")


if __name__ == "__main__":
    main()
