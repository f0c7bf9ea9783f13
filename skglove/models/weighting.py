"""Ensemble weights learned on held-out documents."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

_PENALTY = 0.3  # of the squared relative distance from the default weights, in units of the Brier score of one document


def learn_weights(scores: Sequence[np.ndarray], y: np.ndarray, prior: Sequence[float]) -> np.ndarray:
    """Learn the weights of models whose weighted scores are added.

    They minimize the Brier score (Brier 1950) of the softmax of the sum, plus a penalty for the distance from `prior`, which
    matters if there are few documents. Unlike the log loss, the Brier score is robust to a few misclassified documents.

    Parameters
    ----------
    scores : sequence of ndarray of shape (n_documents, n_classes)
        The scores of each model.
    y : ndarray of shape (n_documents,), int
        The index of each document's class.
    prior : sequence of float
        The default weights, all positive.

    Returns
    -------
    ndarray of shape (n_models,), float64
        Non-negative weights.
    """
    stacked = np.stack(scores).astype(np.float64)
    start = np.asarray(prior, dtype=np.float64)
    truth = np.eye(stacked.shape[2])[y]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        proba = softmax(np.tensordot(weights, stacked, 1), axis=1)
        error = proba - truth
        # The chain rule for the squared error and the softmax.
        slope = 2 * proba * (error - (error * proba).sum(axis=1, keepdims=True))
        distance = (weights - start) / start
        value = (error**2).sum() + _PENALTY * (distance**2).sum()
        return float(value), np.tensordot(stacked, slope, 2) + 2 * _PENALTY * distance / start

    return minimize(loss, start, jac=True, bounds=[(0, None)] * len(start), method="L-BFGS-B").x
