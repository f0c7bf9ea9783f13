"""Ensemble weights learned on held-out documents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from skglove.models.head import Head

_PENALTY = 0.3  # of the squared relative distance from the default weights, in units of the Brier score of one document
# The same of the squared differences between the intercepts and their mean. Of exclusive classes, for each class: the more there
# are, the fewer documents each of them has.
_LABELS_PENALTY, _CLASSES_PENALTY = 0.1, 0.05


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
    Each class or label has an intercept, too, with a penalty for its distance from the mean: models that were fitted on few
    documents of a class give it too low scores.

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
    n_models, n_intercepts = len(start), head.n_classes
    intercept_penalty = _CLASSES_PENALTY * n_intercepts if head.exclusive else _LABELS_PENALTY

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = parameters[:n_models], parameters[n_models:]
        losses, slopes = head.brier(np.tensordot(weights, stacked, 1) + intercept, y)
        value, slope = of_documents @ losses, of_documents[:, None] * slopes
        distance, difference = (weights - start) / start, intercept - intercept.mean()
        value += _PENALTY * (distance**2).sum() + intercept_penalty * (difference**2).sum()
        of_weights = np.tensordot(stacked, slope, 2) + 2 * _PENALTY * distance / start
        of_intercepts = slope.sum(axis=0) + 2 * intercept_penalty * difference
        return float(value), np.concatenate([of_weights, of_intercepts])

    bounds = [(0, None)] * n_models + [(None, None)] * n_intercepts
    found = minimize(loss, [*start, *np.zeros(n_intercepts)], jac=True, bounds=bounds, method="L-BFGS-B").x
    return EnsembleWeights(found[:n_models], found[n_models:])
