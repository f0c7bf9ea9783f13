"""Complement naive Bayes (Rennie et al. 2003) on terms."""

from typing import Any, cast

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import ComplementNB

from skglove.data.head import Sigmoid
from skglove.models.linear.features import Features
from skglove.models.linear.model import AnyFeatures, FeatureWeights, InParts, Labels, Learner

SMOOTHING = 0.1


class NaiveBayes(Learner):
    """Naive Bayes of the classes, or of each of several labels."""

    prior_weight = 0.22
    prior_weight_in_parts, weight_of_few_in_parts = 0.4, 0.1

    def fit(self, features: AnyFeatures, labels: Labels, seed: int) -> FeatureWeights:
        """Count the terms of each class or label."""
        return (_of_labels if isinstance(labels.head, Sigmoid) else _of_classes)(features, labels)

    def in_parts(self, classes: np.ndarray, state: Any = None) -> "NaiveBayesInParts":
        """Return a model that counts in parts."""
        return NaiveBayesInParts(classes, state)


def _of_classes(features: AnyFeatures, labels: Labels) -> FeatureWeights:
    bayes, classes = ComplementNB(alpha=SMOOTHING), np.arange(labels.n_classes)
    weights = labels.weights / labels.weights.mean()
    for rows, part in features.parts():
        bayes.partial_fit(part.terms, labels.y[rows], classes, sample_weight=weights[rows])
    return _weights(bayes, sum(features.sizes))


def _weights(bayes: ComplementNB, n_features: int) -> FeatureWeights:
    """Return weights of mean 0 over the classes; those of terms that do not occur, and of other features, are 0."""
    of_terms = bayes.feature_log_prob_.T
    of_terms = of_terms - of_terms.mean(axis=1, keepdims=True)
    of_terms[bayes.feature_all_ == 0] = 0
    kernel = np.zeros((n_features, of_terms.shape[1]), dtype=np.float32)
    kernel[: len(of_terms)] = of_terms
    return FeatureWeights(kernel, np.zeros(of_terms.shape[1], dtype=np.float32))


def _of_labels(features: AnyFeatures, labels: Labels) -> FeatureWeights:
    """Fit a model for each label, of documents without it and with it: from counts, as the terms of most are few.

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
        Of several labels.
    """
    n_terms, dim = features.sizes
    head, weights = cast(Sigmoid, labels.head), labels.weights
    of_all, of_labels = np.zeros(n_terms), csr_matrix((n_terms, labels.n_classes))
    for rows, part in features.parts():
        of_all += part.terms.T @ weights[rows]
        of_labels += part.terms.T @ csr_matrix(weights[rows, None] * labels.y[rows])
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals, columns = weights @ labels.y, of_labels.tocsc()
    for i, (negative, positive) in enumerate(zip(head.negative_weights, head.positive_weights, strict=True)):
        mean = (negative * (weights.sum() - totals[i]) + positive * totals[i]) / len(weights)
        of_label = columns[:, [i]].toarray()[:, 0]
        counts = [negative * np.maximum(of_all - of_label, 0), positive * of_label]
        without, with_label = (np.log(smoothed / smoothed.sum()) for smoothed in np.array(counts) / mean + SMOOTHING)
        kernel[:n_terms, i] = np.where(of_all > 0, with_label - without, 0)  # terms that do not occur say nothing
    return FeatureWeights(kernel, np.zeros(labels.n_classes, dtype=np.float32))


class NaiveBayesInParts(InParts):
    """Naive Bayes that counts the terms of one part of the documents after another.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,), int
    state : ndarray of shape (n_classes, n_terms), float64, optional
        The counts until now.
    """

    def __init__(self, classes: np.ndarray, state: np.ndarray | None = None) -> None:
        self._classes, self._bayes = classes, ComplementNB()
        if state is not None:
            self._bayes.feature_count_, self._bayes.class_count_ = state.copy(), np.zeros(len(state))  # not used
            self._bayes.classes_, self._bayes.n_features_in_ = classes, state.shape[1]

    def train(
        self, features: Features, labels: Labels, n_passes: float, n_distinct: int, random_state: np.random.RandomState
    ) -> FeatureWeights:
        """Add the counts of a part; smoothing is multiplied with `n_passes`, as the counts are larger with each pass."""
        self._bayes.set_params(alpha=SMOOTHING * n_passes)
        self._bayes.partial_fit(features.terms, labels.y, self._classes, sample_weight=labels.weights)
        return _weights(self._bayes, sum(features.sizes))

    def state(self) -> np.ndarray:
        """Return the counts."""
        return self._bayes.feature_count_
