"""How much to trust each of several models: ensemble weights learned from documents that none of them was trained on."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax


def learn_weights(scores: Sequence[np.ndarray], y: np.ndarray, prior: Sequence[float]) -> np.ndarray:
    """Find the weights of models whose weighted scores are added up.

    They minimize the Brier score (Brier 1950) of the softmax of the sum, with a penalty for leaving `prior`, worth about one
    document, that decides where there are few. Unlike the log loss, it is not ruled by a few hopeless documents.

    Parameters
    ----------
    scores : sequence of ndarray of shape (n_documents, n_classes)
        One array for each model.
    y : ndarray of shape (n_documents,), int
        The index of each document's class.
    prior : sequence of float
        The weights to start from, all above 0.

    Returns
    -------
    ndarray of shape (n_models,), float64
        None is below 0.
    """
    stacked = np.stack(scores).astype(np.float64)
    start = np.asarray(prior, dtype=np.float64)
    truth = np.eye(stacked.shape[2])[y]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        proba = softmax(np.tensordot(weights, stacked, 1), axis=1)
        error = proba - truth
        # The derivative of the softmax, applied to that of the squared error.
        slope = 2 * proba * (error - (error * proba).sum(axis=1, keepdims=True))
        distance = (weights - start) / start
        value = (error**2).sum() + (distance**2).sum()
        return float(value), np.tensordot(stacked, slope, 2) + 2 * distance / start

    return minimize(loss, start, jac=True, bounds=[(0, None)] * len(start), method="L-BFGS-B").x
