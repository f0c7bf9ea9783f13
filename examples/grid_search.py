"""GridSearchCV over a parameter of the network and one of the vectorizer: train the vectors or not, keep how many words."""

import argparse

from quickstart import load_articles
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=600, help="how many articles to search on")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--n-jobs", type=int, default=2)
    arguments = parser.parse_args(argv)

    texts, labels = load_articles()
    train, test, y_train, y_test = train_test_split(
        texts, labels, train_size=arguments.articles, stratify=labels, random_state=0
    )
    pipeline = Pipeline(
        [
            ("vect", GloveTextVectorizer(embeddings="glove.6B.50d", maxlen=400)),
            ("clf", ConvTextClassifier(epochs=arguments.epochs, batch_size=32, random_state=0)),
        ]
    )
    grid = {"vect__num_words": [500, 20_000], "clf__trainable": [False, True]}
    search = GridSearchCV(pipeline, grid, cv=3, n_jobs=arguments.n_jobs).fit(train, y_train)

    print(f"{len(train)} articles, 3-fold cross-validation, {arguments.n_jobs} jobs\n")
    print("num_words  trainable  accuracy  seconds a fit")
    results = search.cv_results_
    for i, parameters in enumerate(results["params"]):
        print(
            f"{parameters['vect__num_words']:9,}  {parameters['clf__trainable']!s:9}  "
            f"{results['mean_test_score'][i]:.3f}     {results['mean_fit_time'][i]:.1f}"
        )
    print(f"\nBest: {search.best_params_}")
    print(f"Accuracy on the other {len(test)} articles, refitted on all {len(train)}: {search.score(test, y_test):.3f}")


if __name__ == "__main__":
    main()
