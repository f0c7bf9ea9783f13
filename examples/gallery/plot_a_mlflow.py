"""
MLflow: runs, and models without pickle
=======================================

MLflow logs a pipeline of skglove like any other of scikit-learn: parameters, scores, and the model as a file of skops, which is
loaded without executing code. ``pip install mlflow`` or, without the web interface, ``mlflow-skinny``.
"""

import os
import tempfile
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer
from skglove.saving import TRUSTED

# Runs are stored in a folder here. By default, and with a server, they are in a database.
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
folder = tempfile.TemporaryDirectory()
mlflow.set_tracking_uri(Path(folder.name).as_uri())
mlflow.set_experiment("headlines")

# %%
# Texts of two classes, made of a few phrases:

rng = np.random.RandomState(0)
SUBJECTS = {
    "sports": ["the striker", "a young team", "the coach"],
    "business": ["the bank", "an airline", "the company"],
}
VERBS = {
    "sports": ["scored late", "won the final", "lost the match"],
    "business": ["cut its forecast", "sold shares", "issued bonds"],
}
labels = rng.choice(["sports", "business"], 60)
texts = [f"{rng.choice(SUBJECTS[label])} {rng.choice(VERBS[label])}" for label in labels]
train, test, y_train, y_test = train_test_split(texts, labels, random_state=0)

# %%
# A run for each setting
# ----------------------
#
# ``skops_trusted_types`` names the types of skglove, which MLflow cannot know. ``input_example`` is a list of texts, from which
# MLflow infers the signature: a column without a name. The requirements are given, since MLflow would otherwise load the model in
# a new process to find them.

pipe = make_pipeline(
    GloveTextVectorizer("glove.6B.50d", extra_words=10_000), ConvTextClassifier(epochs=1, random_state=0)
)
for trainable in (False, True):
    with mlflow.start_run(run_name=f"trainable={trainable}"):
        pipe.set_params(convtextclassifier__trainable=trainable)
        mlflow.log_params({name: value for name, value in pipe.get_params().items() if name.endswith("__trainable")})
        mlflow.log_metric("accuracy", pipe.fit(train, y_train).score(test, y_test))
        logged = mlflow.sklearn.log_model(
            pipe,
            name="model",
            input_example=test[:2],
            skops_trusted_types=list(TRUSTED),
            pip_requirements=["skglove[skops]"],
        )

mlflow.search_runs()[["tags.mlflow.runName", "params.convtextclassifier__trainable", "metrics.accuracy"]]

# %%
# Loading
# -------

loaded = mlflow.sklearn.load_model(logged.model_uri)
loaded.predict(["the goalkeeper won the cup", "investors sold bonds"])

# %%
# As a function, which is what MLflow's servers call, it takes lists, Series and tables of one column. If ``input_example`` was a
# table, MLflow would require the name of its column, and refuse lists.

served = mlflow.pyfunc.load_model(logged.model_uri)
new = ["the goalkeeper won the cup", "investors sold bonds"]
[served.predict(some).tolist() for some in (new, pd.Series(new), pd.DataFrame({"text": new}))]

# %%
# Everything at once
# ------------------
#
# ``autolog`` logs the parameters, the scores on the training data and the model of each fit. Fitted on a list of texts, the model
# takes lists, Series and tables, too. It would be saved with cloudpickle; ``log_models=False`` leaves that to ``log_model``.

mlflow.sklearn.autolog(log_models=False, silent=True)
with mlflow.start_run() as run:
    pipe.fit(train, y_train)
    mlflow.sklearn.log_model(
        pipe,
        name="model",
        input_example=test[:2],
        skops_trusted_types=list(TRUSTED),
        pip_requirements=["skglove[skops]"],
    )
mlflow.get_run(run.info.run_id).data.metrics

# %%

mlflow.sklearn.autolog(disable=True)
folder.cleanup()

# %%
# :doc:`../guide/saving` says which types are trusted, and what to do with those of others.
