"""Formats of saved models: what has changed since each earlier one.

A new format is one more function in `MIGRATIONS`, and models of the format before in ``tests/saved``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# The names of types in files of format 2, which named private modules. `skglove.models` has aliases of those that have moved.
FORMER_NAMES = (
    "skglove.classifier.ConvTextClassifier",
    "skglove.models.custom.Custom",
    "skglove.models.ensemble.WideAndDeep",
    "skglove.models.linear.Linear",
    "skglove.models.parallel.Parallel",
    "skglove.models.stacked.Stacked",
    "skglove.vectorizer.GloveTextVectorizer",
    "skglove.vectors.wordvectors.WordVectors",
)


def _from_format_2(state: dict[str, Any]) -> dict[str, Any]:
    """Class priors were not kept, ensemble weights had no names, and `partial_fit` continued from models of scikit-learn."""
    if "architecture_" in state:
        state["class_prior_"] = None
    weights = getattr(state.get("architecture_"), "weights_", None)
    if isinstance(weights, np.ndarray):
        names = "svm", "naive_bayes", "discriminant", "network"
        state["architecture_"].weights_ = dict(zip(names, weights.tolist(), strict=True))
    linear: Any = getattr(state.get("architecture_"), "linear_", state.get("architecture_"))
    training = getattr(linear, "training_state_", None)
    if training is not None and "models" in training:
        linear.training_state_ = training | {"models": [_as_arrays(*models) for models in training["models"]]}
    return state


def _as_arrays(svms: Sequence[Any], bayes: Sequence[Any]) -> dict[str, list[Any]]:
    of_svms = []
    for svm in svms:
        # The bias is now the weight of a feature of value .1.
        pairs = (svm._standard_coef, svm._standard_intercept), (svm._average_coef, svm._average_intercept)
        weights, averages = (
            np.column_stack([np.atleast_2d(weights), intercepts / 0.1]).astype(weights.dtype)
            for weights, intercepts in pairs
        )
        of_svms.append({"weights": weights, "averages": averages, "n_steps": float(svm.t_)})
    return {"svm": of_svms, "naive_bayes": [one.feature_count_ for one in bayes]}


# How the state of an estimator, a dict that may be changed, becomes one of the next format.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {2: _from_format_2}


def current_format() -> int:
    """Return the format that is written."""
    return max(MIGRATIONS) + 1


def migrated(state: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the state of an estimator, of a format in `MIGRATIONS` or the current one, as a state of the current format."""
    while number < current_format():
        state, number = MIGRATIONS[number](state), number + 1
    return state
