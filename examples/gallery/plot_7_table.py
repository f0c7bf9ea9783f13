"""
A DataFrame with texts and numbers
==================================

Tickets have a text, an age and a number of earlier tickets. Which of them are urgent depends on all three. This
example compares text alone, numbers alone, and both.
"""

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skglove import GloveTextVectorizer

rng = np.random.RandomState(0)
URGENT = [
    "server is down",
    "customers cannot pay",
    "data were lost",
    "the site is unreachable",
    "login fails for everyone",
]
CALM = [
    "a typo on the page",
    "please change the colour",
    "how do I export a report",
    "add a new user",
    "rename a folder",
]
ENDS = ["since this morning", "in the shop", "for our team", "thanks", "on the phone app"]

rows = []
for _ in range(300):
    serious = rng.rand() < 0.5
    text = f"{rng.choice(URGENT if serious else CALM)} {rng.choice(ENDS)}"
    days, earlier = rng.exponential(3), rng.poisson(3 if rng.rand() < 0.5 else 0)
    score = 2.5 * serious + 0.5 * days + 0.6 * earlier - 3.5
    rows.append({"text": text, "days": days, "earlier": earlier, "urgent": bool(score + rng.normal() > 0)})
table = pd.DataFrame(rows)
table.head()

# %%
# ``output="mean"`` makes features of texts: the mean of their word vectors. A `ColumnTransformer` puts them beside the
# numbers.

text = ("text", GloveTextVectorizer("glove.6B.50d", output="mean", extra_words=5_000), "text")
numbers = ("numbers", StandardScaler(), ["days", "earlier"])
columns = {"text": [text], "numbers": [numbers], "text and numbers": [text, numbers]}
classifiers = {
    "logistic regression": LogisticRegression(max_iter=1000),
    "gradient boosting": HistGradientBoostingClassifier(max_iter=20),
}

accuracy = pd.DataFrame(index=columns, columns=classifiers, dtype=float)
for chosen, transformers in columns.items():
    for name, classifier in classifiers.items():
        model = make_pipeline(ColumnTransformer(transformers), classifier)
        accuracy.loc[chosen, name] = cross_val_score(model, table, table["urgent"], cv=3).mean()
accuracy.round(2)

# %%

ax = accuracy.plot.bar(rot=0, figsize=(6.5, 3.2), ylim=(0.5, 1), ylabel="accuracy, 3 folds")
_ = ax.legend(loc="upper left")

# %%
# The fitted model is one pipeline, from tables to classes. Its diagram:

model = make_pipeline(ColumnTransformer([text, numbers]), LogisticRegression(max_iter=1000))
model.fit(table, table["urgent"])

# %%
# To use a `ConvTextClassifier` beside numbers, stack its probabilities: see :doc:`../guide/tables`.
