"""Ensemble weights learned on held-out documents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from skglove.models.head import Head

_PENALTY = 0.3  # of the squared relative distance from the default weights, in units of the Brier score of one document
# The same of the squared differences between the intercepts of labels and their mean.
_INTERCEPT_PENALTY = 0.1


@dataclass(frozen=True)
class EnsembleWeights:
    """How the scores of models are combined.

    Parameters
    ----------
    weights : ndarray of shape (n_models,), float64
    intercept : ndarray of shape (n_classes,), float64
        Is added to the weighted sum.
    """

    weights: np.ndarray
    intercept: np.ndarray

    def combine(self, scores: Sequence[np.ndarray]) -> np.ndarray:
        """Return the combined scores, (n_documents, n_classes)."""
        return np.tensordot(self.weights, np.stack(scores), 1) + self.intercept


def learn_weights(
    scores: Sequence[np.ndarray], y: np.ndarray, prior: Sequence[float], head: Head, document_weights: np.ndarray
) -> EnsembleWeights:
    """Learn the weights of models whose weighted scores are added.

    They minimize the Brier score (Brier 1950) of the probabilities of the sum, plus a penalty for the distance from `prior`,
    which matters if there are few documents. Unlike the log loss, the Brier score is robust to a few misclassified documents.
    Labels that are not exclusive have an intercept each, too, with a penalty for its distance from the mean.

    Parameters
    ----------
    scores : sequence of ndarray of shape (n_documents, n_classes)
        The scores of each model.
    y : ndarray of shape (n_documents, ...), int
        See `Head`.
    prior : sequence of float
        The default weights, all positive.
    head : Head
    document_weights : ndarray of shape (n_documents,)

    Returns
    -------
    EnsembleWeights
        The weights are not negative.
    """
    stacked = np.stack(scores).astype(np.float64)
    start = np.asarray(prior, dtype=np.float64)
    of_documents = document_weights / document_weights.mean()
    n_models, n_intercepts = len(start), 0 if head.exclusive else head.n_classes

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = parameters[:n_models], parameters[n_models:]
        logits = np.tensordot(weights, stacked, 1)
        losses, slopes = head.brier(logits + intercept if n_intercepts else logits, y)
        value, slope = of_documents @ losses, of_documents[:, None] * slopes
        distance = (weights - start) / start
        of_weights = np.tensordot(stacked, slope, 2) + 2 * _PENALTY * distance / start
        value += _PENALTY * (distance**2).sum()
        if not n_intercepts:
            return float(value), of_weights
        difference = intercept - intercept.mean()
        value += _INTERCEPT_PENALTY * (difference**2).sum()
        return float(value), np.concatenate([of_weights, slope.sum(axis=0) + 2 * _INTERCEPT_PENALTY * difference])

    bounds = [(0, None)] * n_models + [(None, None)] * n_intercepts
    found = minimize(loss, [*start, *np.zeros(n_intercepts)], jac=True, bounds=bounds, method="L-BFGS-B").x
    intercept = found[n_models:] if n_intercepts else np.zeros(stacked.shape[2])
    return EnsembleWeights(found[:n_models], intercept)
