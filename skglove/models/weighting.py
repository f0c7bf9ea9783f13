"""Ensemble weights learned on held-out documents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from skglove.models.head import Head

_PENALTY = 0.3  # of the squared relative distance from the default weights, in units of the Brier score of one document
# The same of the square of the slope of the intercepts by rarity, and of the squared differences between intercepts and their
# mean. Those of exclusive classes cost more the more there are, since each has fewer documents.
_RARITY_PENALTY, _LABELS_PENALTY, _CLASSES_PENALTY = 0.3, 0.1, 0.2


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
    Each class or label has an intercept, too, with a penalty for its distance from the mean. Models that were fitted on few
    documents of a class give it too low scores, so those of exclusive classes are also, with a small penalty, a multiple of the
    logarithm of their frequency.

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
    n_models, n_classes = len(start), head.n_classes
    rarity = _rarity(y, of_documents, n_classes) if head.exclusive else np.zeros(n_classes)
    penalty = _CLASSES_PENALTY * n_classes if head.exclusive else _LABELS_PENALTY

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, slope, intercept = np.split(parameters, [n_models, n_models + 1])
        losses, gradient = head.brier(np.tensordot(weights, stacked, 1) + slope * rarity + intercept, y)
        value, gradient = of_documents @ losses, of_documents[:, None] * gradient
        distance, difference, of_class = (weights - start) / start, intercept - intercept.mean(), gradient.sum(axis=0)
        value += _PENALTY * (distance**2).sum() + _RARITY_PENALTY * slope[0] ** 2 + penalty * (difference**2).sum()
        of_weights = np.tensordot(stacked, gradient, 2) + 2 * _PENALTY * distance / start
        of_slope = of_class @ rarity + 2 * _RARITY_PENALTY * slope
        return float(value), np.concatenate([of_weights, of_slope, of_class + 2 * penalty * difference])

    bounds = [(0, None)] * n_models + [(None, None)] * (1 + n_classes)
    found = minimize(loss, [*start, *np.zeros(1 + n_classes)], jac=True, bounds=bounds, method="L-BFGS-B").x
    weights, slope, intercept = np.split(found, [n_models, n_models + 1])
    return EnsembleWeights(weights, slope * rarity + intercept)


def _rarity(y: np.ndarray, weights: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the negative logarithm of the frequency of each class, minus the mean."""
    logarithms = -np.log(np.maximum(np.bincount(y, weights, n_classes), 0.5))
    return logarithms - logarithms.mean()
