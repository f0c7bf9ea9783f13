"""Ensemble weights learned on held-out documents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from skglove.data.head import Head

_PENALTY = 0.3  # of the squared relative distance from the default weights, in units of the Brier score of one document
# The same of the squared factor of the intercepts of classes, and of the squared differences between the intercepts of labels and
# their mean.
_RARITY_PENALTY, _LABELS_PENALTY = 0.3, 0.1


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
    There are intercepts, too. Models that were fitted on few documents of a class give it too low scores, so those of exclusive
    classes increase with their rarity, with a penalty for the factor. Each label has an intercept of its own, with a penalty for
    its distance from the mean.

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
    basis = _rarity(y, of_documents, n_classes)[None] if head.exclusive else np.eye(n_classes)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, factors = parameters[:n_models], parameters[n_models:]
        losses, slopes = head.brier(np.tensordot(weights, stacked, 1) + factors @ basis, y)
        value, slopes = of_documents @ losses, of_documents[:, None] * slopes
        distance = (weights - start) / start
        difference, penalty = (
            (factors, _RARITY_PENALTY) if head.exclusive else (factors - factors.mean(), _LABELS_PENALTY)
        )
        value += _PENALTY * (distance**2).sum() + penalty * (difference**2).sum()
        of_weights = np.tensordot(stacked, slopes, 2) + 2 * _PENALTY * distance / start
        return float(value), np.concatenate([of_weights, basis @ slopes.sum(axis=0) + 2 * penalty * difference])

    bounds = [(0, None)] * n_models + [(0 if head.exclusive else None, None)] * len(basis)
    found = minimize(loss, [*start, *np.zeros(len(basis))], jac=True, bounds=bounds, method="L-BFGS-B").x
    return EnsembleWeights(found[:n_models], found[n_models:] @ basis)


def _rarity(y: np.ndarray, weights: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the negative logarithm of the frequency of each class, minus the mean."""
    counts = np.bincount(y, weights, n_classes)
    counts[counts == 0] = counts.max()  # nothing is known of these classes, so they are not favoured
    logarithms = -np.log(counts)
    return logarithms - logarithms.mean()
