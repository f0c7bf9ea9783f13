"""
Dask: texts on a cluster
========================

``DaskTextClassifier`` takes Dask's collections in place of lists. Texts stay on the workers, which split and count
their words. The model is the same as in one process. The cluster of this example consists of threads.
"""

import dask.dataframe as dd
import numpy as np
import pandas as pd
from dask.distributed import Client
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer
from skglove.dask import DaskTextClassifier

client = Client(processes=False, dashboard_address=":0", n_workers=2, threads_per_worker=1)

# %%
# A table in four partitions. On a real cluster it would be read there, for example by ``dd.read_parquet``.

rng = np.random.RandomState(0)
SUBJECTS = {
    "sports": ["the striker", "a young team", "the coach", "the champion", "the referee"],
    "business": ["the bank", "an airline", "the company", "its investors", "the oil firm"],
}
VERBS = {
    "sports": ["scored late", "won the final", "lost the match", "played well", "missed the season"],
    "business": ["cut its forecast", "raised prices", "sold shares", "reported a profit", "issued bonds"],
}
labels = rng.choice(["sports", "business"], 400)
texts = [f"{rng.choice(SUBJECTS[label])} {rng.choice(VERBS[label])}" for label in labels]
table = dd.from_pandas(pd.DataFrame({"text": texts, "label": labels}), npartitions=4)
table

# %%
# Fit
# ---
#
# The process that calls ``fit`` collects the ids of the words, 4 bytes each, and trains.

pipe = make_pipeline(
    GloveTextVectorizer("glove.6B.50d", extra_words=10_000), ConvTextClassifier(epochs=1, random_state=0)
)
model = DaskTextClassifier(pipe, client=client).fit(table["text"], table["label"])

# %%
# Predict
# -------
#
# Predictions are lazy, and run on the workers, part by part:

predicted = model.predict(table["text"])
predicted

# %%

predicted.value_counts().compute()

# %%
# The same model
# --------------
#
# ``to_local`` returns a pipeline that does not need Dask. It has the same scores as one that was fitted without.

local = model.to_local()
in_one_process = pipe.fit(texts, labels)
bool(np.array_equal(local.predict_proba(texts), in_one_process.predict_proba(texts)))

# %%

client.close()

# %%
# :doc:`../clusters` says how to use real clusters, and how searches, Spark and Ray are used.
