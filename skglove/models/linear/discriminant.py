"""Linear discriminant analysis on means of word vectors.

The covariance is shrunk as by Ledoit and Wolf (2004), and common to all classes, which may have a single document: scikit-learn's
`LinearDiscriminantAnalysis` does not allow that.
"""

from collections.abc import Callable
from typing import cast

import numpy as np
from sklearn.covariance import ledoit_wolf

from skglove.data.head import Sigmoid
from skglove.models.linear.model import AnyFeatures, FeatureWeights, Labels, Learner

# Added to the covariance, relative to the mean variance, so that it is never singular.
_RIDGE = 1e-6
# The covariance is that of so many documents at most.
_MOST_FOR_COVARIANCE = 50_000
# The mean variance within classes is at least this, relative to that of all documents: with one document per class, it is 0.
_SMALLEST_VARIANCE = 0.1
# Of labels: the smallest prior, and the largest fraction of the variance that the difference of two centers can have.
_SMALLEST_PRIOR, _MOST_EXPLAINED = 1e-3, 0.95


class DiscriminantAnalysis(Learner):
    """Discriminant analysis of the classes, or of each of several labels. In parts, it does not make the sum more accurate."""

    prior_weight = 0.1

    def fit(self, features: AnyFeatures, labels: Labels, seed: int) -> FeatureWeights:
        """Compute the centers and the covariance; the seed is for the sample of documents for the latter, if there are many."""
        return (_of_labels if isinstance(labels.head, Sigmoid) else _of_classes)(features, labels, seed)


def _of_classes(features: AnyFeatures, labels: Labels, seed: int) -> FeatureWeights:
    weights = labels.weights / labels.weights.mean()
    n_terms, dim = features.sizes
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals = np.bincount(labels.y, weights, minlength=labels.n_classes)
    priors = np.maximum(totals / totals.sum(), 0.1 / labels.n_classes)
    if not dim:
        return FeatureWeights(kernel, np.log(priors).astype(np.float32))
    classes = np.arange(labels.n_classes)[:, None]
    sums = _sums_of_means(features, lambda rows: (labels.y[rows] == classes) * weights[rows])
    centers = sums / np.where(totals > 0, totals, 1)[:, None]
    rows, means = _sample_of_means(features, seed)
    residuals = (means - centers[labels.y[rows]]) * np.sqrt(weights[rows])[:, None]
    covariance = _shrunk_covariance(residuals, (weights[rows] @ means**2).mean() / len(means))
    coefficients = np.linalg.solve(covariance, centers.T)
    kernel[n_terms:] = coefficients
    squares = (centers.T * coefficients).sum(axis=0)
    squares[totals == 0] = squares.max()  # or classes without documents would be predicted for documents near the mean
    return FeatureWeights(kernel, (np.log(priors) - 0.5 * squares).astype(np.float32))


def _sums_of_means(features: AnyFeatures, weigh: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the sums of the means, (n_sums, dim), float64; `weigh` returns the weights of documents, (n_sums, n_documents)."""
    return np.sum([weigh(rows) @ part.means.astype(np.float64) for rows, part in features.parts()], axis=0)


def _sample_of_means(features: AnyFeatures, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices and the means, float64, of all documents, or of a random part of very many."""
    rows = np.arange(len(features))
    if len(rows) > _MOST_FOR_COVARIANCE:
        rows = np.random.RandomState(seed).choice(rows, _MOST_FOR_COVARIANCE, replace=False)
    return rows, features.means_of(rows).astype(np.float64)


def _shrunk_covariance(residuals: np.ndarray, variance_of_all: float) -> np.ndarray:
    n_documents, dim = residuals.shape
    # scikit-learn warns of a single document.
    covariance = ledoit_wolf(residuals, assume_centered=True)[0] if n_documents > 1 else np.zeros((dim, dim))
    variance = np.trace(covariance) / dim
    ridge = max(_RIDGE * variance, _SMALLEST_VARIANCE * variance_of_all - variance, _RIDGE**2)
    return covariance + ridge * np.eye(dim)


def _of_labels(features: AnyFeatures, labels: Labels, seed: int) -> FeatureWeights:
    """Fit a model for each label at once, of documents without it and with it.

    All labels share the covariance of all documents, from which that within the two classes differs only in the direction between
    their centers (Sherman and Morrison 1950).

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
        Of several labels.
    seed : int
    """
    head, weights = cast(Sigmoid, labels.head), labels.weights / labels.weights.mean()
    n_terms, dim = features.sizes
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals = weights @ labels.y
    positive, negative = totals * head.positive_weights, (weights.sum() - totals) * head.negative_weights
    priors = np.clip(positive / (positive + negative), _SMALLEST_PRIOR, 1 - _SMALLEST_PRIOR)
    log_odds = np.log(priors / (1 - priors))
    if not dim:
        return FeatureWeights(kernel, log_odds.astype(np.float32))
    sums = _sums_of_means(features, lambda rows: np.vstack([weights[rows], (weights[rows, None] * labels.y[rows]).T]))
    middle, of_label = sums[0] / len(weights), sums[1:] / np.where(totals > 0, totals, 1)[:, None]
    rows, means = _sample_of_means(features, seed)
    residuals = (means - middle) * np.sqrt(weights[rows])[:, None]
    covariance = _shrunk_covariance(residuals, (weights[rows] @ means**2).mean() / len(means))
    share = totals / weights.sum()
    occurs = (share > 0) & (share < 1)
    of_others = (middle - share[:, None] * of_label) / np.where(share < 1, 1 - share, 1)[:, None]
    difference = (of_label - of_others) * occurs[:, None]
    coefficients = np.linalg.solve(covariance, difference.T)
    explained = share * (1 - share) * (difference.T * coefficients).sum(axis=0)
    coefficients /= 1 - np.minimum(explained, _MOST_EXPLAINED)
    kernel[n_terms:] = coefficients
    bias = log_odds - ((of_label + of_others).T * coefficients).sum(axis=0) / 2
    return FeatureWeights(kernel, bias.astype(np.float32))
