"""GridSearchCV over a parameter of the vectorizer, the number of words, and one of the network, the number of filters.

The parameters of an architecture can be searched if it is given as an object: `WideAndDeep()` instead of "wide_and_deep".
"""

import argparse

from quickstart import load_articles
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, WideAndDeep

GRID = {"vect__num_words": [500, 20_000], "clf__architecture__filters": [16, 128]}


def print_results(search: GridSearchCV) -> None:
    """Print the mean accuracy and the mean time of each combination."""
    results = search.cv_results_
    columns = results["params"], results["mean_test_score"], results["mean_fit_time"]
    print("num_words  filters  accuracy  seconds a fit")
    for parameters, accuracy, seconds in zip(*columns, strict=True):
        num_words, filters = (parameters[name] for name in GRID)
        print(f"{num_words:9,}  {filters:7}  {accuracy:8.3f}  {seconds:13.1f}")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=600, help="number of articles for the search")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--folds", type=int, default=3, help="number of cross-validation folds")
    parser.add_argument("--n-jobs", type=int, default=2)
    arguments = parser.parse_args(argv)

    texts, labels = load_articles()
    train, test, y_train, y_test = train_test_split(
        texts, labels, train_size=arguments.articles, stratify=labels, random_state=0
    )
    pipeline = Pipeline(
        [
            ("vect", GloveTextVectorizer(embeddings="glove.6B.50d", maxlen=400)),
            ("clf", ConvTextClassifier(WideAndDeep(), epochs=arguments.epochs, random_state=0)),
        ]
    )
    search = GridSearchCV(pipeline, GRID, cv=arguments.folds, n_jobs=arguments.n_jobs).fit(train, y_train)

    print(f"{len(train)} articles, {arguments.folds}-fold cross-validation, {arguments.n_jobs} jobs\n")
    print_results(search)
    print(f"\nBest: {search.best_params_}")
    print(f"Accuracy on the other {len(test)} articles, refitted on all {len(train)}: {search.score(test, y_test):.3f}")


if __name__ == "__main__":
    main()
