"""The models that `Linear` combines, fitted by scikit-learn: a support vector machine, naive Bayes and discriminant analysis.

All are linear in `Features`, so a weighted sum of them is a linear model, too. It is more accurate than each of them: the support
vector machine needs many documents, and the two others, which make assumptions, fewer. Wang and Manning (2012), "Baselines and
Bigrams", combine the first two.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from skglove.models.features import Features
from skglove.models.head import Head, Sigmoid, Softmax

# The inverse of the regularization strength of the support vector machine.
SVM_C = 2.0
# The tolerance of liblinear is the number of documents times this, within bounds: an approximate solution for many documents is
# as accurate.
_TOLERANCE, _TOLERANCE_BOUNDS = 1e-4, (0.1, 1.0)
# With more documents and more documents times classes, stochastic gradient descent is faster. It needs many documents to be as
# accurate; on few, it takes many more passes than liblinear.
_FEWEST_FOR_DESCENT, _MOST_FOR_LIBLINEAR = 2000, 100_000
_MIN_EPOCHS, _MIN_DOCUMENTS_SEEN = 5, 50_000
NAIVE_BAYES_SMOOTHING = 0.1
# Added to the covariance of discriminant analysis, relative to the mean variance, so that it is never singular.
_RIDGE = 1e-6
# The mean variance within classes is at least this, relative to that of all documents: with one document per class, it is 0.
_SMALLEST_VARIANCE = 0.1
# Of labels: the smallest prior, and the largest fraction of the variance that the difference of two centers can have.
_SMALLEST_PRIOR, _MOST_EXPLAINED = 1e-3, 0.95


@dataclass(frozen=True)
class LinearModel:
    """The weights of features.

    Parameters
    ----------
    kernel : ndarray of shape (n_terms + dim, n_classes), float32
    bias : ndarray of shape (n_classes,), float32
    """

    kernel: np.ndarray
    bias: np.ndarray

    def scores(self, features: Features) -> np.ndarray:
        """Score documents: ndarray of shape (n_documents, n_classes), float32."""
        of_terms, of_means = np.split(self.kernel, [features.terms.shape[1]])
        return features.terms @ of_terms + features.means @ of_means + self.bias


@dataclass(frozen=True)
class Labels:
    """The classes and weights of documents.

    Parameters
    ----------
    y : ndarray of shape (n_documents, ...), int
        See `Head`.
    weights : ndarray of shape (n_documents,), float64
    head : Head
    """

    y: np.ndarray
    weights: np.ndarray
    head: Head

    @property
    def n_classes(self) -> int:
        """Number of classes or labels."""
        return self.head.n_classes

    def __getitem__(self, rows: np.ndarray) -> "Labels":
        return Labels(self.y[rows], self.weights[rows], self.head)

    def of_each_label(self) -> "Iterator[Labels]":
        """Yield two classes for each of several labels: documents without the label, and documents with it."""
        head = cast(Sigmoid, self.head)
        for y, *of_class in zip(self.y.T, head.negative_weights, head.positive_weights, strict=True):
            yield Labels(y, self.weights * np.array(of_class)[y], Softmax(2))


def support_vector_machine(features: Features, labels: Labels, seed: int) -> LinearModel:
    """Fit a linear support vector machine for each class against all others.

    Parameters
    ----------
    features : Features
    labels : Labels
    seed : int
    """
    present, y = np.unique(labels.y, return_inverse=True)
    n_features = features.terms.shape[1] + features.means.shape[1]
    kernel = np.zeros((n_features, labels.n_classes), dtype=np.float32)
    bias = np.full(labels.n_classes, -1, dtype=np.float32)  # of classes without documents
    bias[present] = 1
    if len(present) > 1:
        svm, (columns, found) = _new_svm(len(y), len(present), seed), features.occurring
        with warnings.catch_warnings():  # see `stochastic_svm`
            svm.fit(found, y, sample_weight=labels.weights / labels.weights.mean())
        kernel[np.ix_(columns, present)], bias[present] = svm_weights(svm)
    return LinearModel(kernel, bias)


def _new_svm(n_documents: int, n_classes: int, seed: int) -> LinearSVC | SGDClassifier:
    if n_documents < _FEWEST_FOR_DESCENT or n_documents * n_classes <= _MOST_FOR_LIBLINEAR:
        tolerance = float(np.clip(_TOLERANCE * n_documents, *_TOLERANCE_BOUNDS))
        return LinearSVC(C=SVM_C, loss="hinge", tol=tolerance, random_state=seed)
    epochs = max(_MIN_EPOCHS, -(-_MIN_DOCUMENTS_SEEN // n_documents))
    return stochastic_svm(n_documents, seed).set_params(max_iter=epochs)


def stochastic_svm(n_documents: int, seed: int | None) -> SGDClassifier:
    """Return a support vector machine that is trained by averaged stochastic gradient descent (Bottou 2010).

    It must be fitted within `warnings.catch_warnings`: scikit-learn trains each class in a thread that sets the warning filters
    and restores them, and threads that overlap can leave them changed.

    Parameters
    ----------
    n_documents : int
        The number of documents in all, on which the strength of regularization depends.
    seed : int or None
    """
    return SGDClassifier(
        loss="hinge", alpha=1 / (SVM_C * n_documents), average=True, tol=None, n_jobs=-1, random_state=seed
    )


def svm_weights(svm: LinearSVC | SGDClassifier) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (n_features, n_classes) and the bias (n_classes,) of a fitted support vector machine, float32."""
    kernel, bias = svm.coef_.T, svm.intercept_
    if len(svm.classes_) == 2:  # scikit-learn has only a column for the second class
        kernel, bias = kernel * [-1, 1], bias * [-1, 1]
    return kernel.astype(np.float32), bias.astype(np.float32)


def naive_bayes(features: Features, labels: Labels, seed: int) -> LinearModel:
    """Fit complement naive Bayes (Rennie et al. 2003) on terms.

    Parameters
    ----------
    features : Features
    labels : Labels
    seed : int
        Not used.
    """
    bayes = ComplementNB(alpha=NAIVE_BAYES_SMOOTHING)
    classes = np.arange(labels.n_classes)
    bayes.partial_fit(features.terms, labels.y, classes, sample_weight=labels.weights / labels.weights.mean())
    kernel = np.zeros((features.terms.shape[1] + features.means.shape[1], labels.n_classes), dtype=np.float32)
    kernel[: features.terms.shape[1]] = naive_bayes_weights(bayes)
    return LinearModel(kernel, np.zeros(labels.n_classes, dtype=np.float32))


def naive_bayes_weights(bayes: ComplementNB) -> np.ndarray:
    """Return the weights of terms, (n_terms, n_classes), of mean 0 over the classes and 0 for terms that do not occur."""
    kernel = bayes.feature_log_prob_.T
    kernel = kernel - kernel.mean(axis=1, keepdims=True)
    kernel[bayes.feature_all_ == 0] = 0
    return kernel.astype(np.float32)


def naive_bayes_of_labels(features: Features, labels: Labels) -> LinearModel:
    """Fit `naive_bayes` for each label, of documents without it and with it: from counts, as the terms of most are few.

    Parameters
    ----------
    features : Features
    labels : Labels
        Of several labels.
    """
    n_terms, dim = features.terms.shape[1], features.means.shape[1]
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    for i, one in enumerate(labels.of_each_label()):
        weights = one.weights / one.weights.mean()
        counts = [features.terms.T @ (weights * (one.y == class_)) + NAIVE_BAYES_SMOOTHING for class_ in (0, 1)]
        without, with_label = (np.log(count / count.sum()) for count in counts)
        # Terms that do not occur say nothing.
        kernel[:n_terms, i] = np.where(np.add(*counts) > 2 * NAIVE_BAYES_SMOOTHING, with_label - without, 0)
    return LinearModel(kernel, np.zeros(labels.n_classes, dtype=np.float32))


def discriminant_analysis(features: Features, labels: Labels, seed: int) -> LinearModel:
    """Fit linear discriminant analysis on means of word vectors.

    The covariance is common to all classes and shrunk as by Ledoit and Wolf (2004), so classes may have a single document, which
    scikit-learn's `LinearDiscriminantAnalysis` does not allow.

    Parameters
    ----------
    features : Features
    labels : Labels
    seed : int
        Not used.
    """
    means, weights = features.means.astype(np.float64), labels.weights / labels.weights.mean()
    n_terms, dim = features.terms.shape[1], means.shape[1]
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals = np.bincount(labels.y, weights, minlength=labels.n_classes)
    priors = np.maximum(totals / totals.sum(), 0.1 / labels.n_classes)
    if not dim:
        return LinearModel(kernel, np.log(priors).astype(np.float32))
    of_class = (labels.y == np.arange(labels.n_classes)[:, None]) * weights
    centers = of_class @ means / np.where(totals > 0, totals, 1)[:, None]
    residuals = (means - centers[labels.y]) * np.sqrt(weights)[:, None]
    covariance = _shrunk_covariance(residuals, (weights @ means**2).mean() / len(means))
    coefficients = np.linalg.solve(covariance, centers.T)
    kernel[n_terms:] = coefficients
    squares = (centers.T * coefficients).sum(axis=0)
    squares[totals == 0] = squares.max()  # or classes without documents would be predicted for documents near the mean
    return LinearModel(kernel, (np.log(priors) - 0.5 * squares).astype(np.float32))


def _shrunk_covariance(residuals: np.ndarray, variance_of_all: float) -> np.ndarray:
    n_documents, dim = residuals.shape
    # scikit-learn warns of a single document.
    covariance = ledoit_wolf(residuals, assume_centered=True)[0] if n_documents > 1 else np.zeros((dim, dim))
    variance = np.trace(covariance) / dim
    ridge = max(_RIDGE * variance, _SMALLEST_VARIANCE * variance_of_all - variance, _RIDGE**2)
    return covariance + ridge * np.eye(dim)


def discriminants_of_labels(features: Features, labels: Labels) -> LinearModel:
    """Fit `discriminant_analysis` for each label at once, of documents without it and with it.

    All labels share the covariance of all documents, from which that within the two classes differs only in the direction between
    their centers (Sherman and Morrison 1950).

    Parameters
    ----------
    features : Features
    labels : Labels
        Of several labels.
    """
    head = cast(Sigmoid, labels.head)
    means, weights = features.means.astype(np.float64), labels.weights / labels.weights.mean()
    n_terms, dim = features.terms.shape[1], means.shape[1]
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals = weights @ labels.y
    positive, negative = totals * head.positive_weights, (weights.sum() - totals) * head.negative_weights
    priors = np.clip(positive / (positive + negative), _SMALLEST_PRIOR, 1 - _SMALLEST_PRIOR)
    log_odds = np.log(priors / (1 - priors))
    if not dim:
        return LinearModel(kernel, log_odds.astype(np.float32))
    middle = weights @ means / len(means)
    residuals = (means - middle) * np.sqrt(weights)[:, None]
    covariance = _shrunk_covariance(residuals, (weights @ means**2).mean() / len(means))
    share = totals / weights.sum()
    occurs = (share > 0) & (share < 1)
    of_label = (weights[:, None] * labels.y).T @ means / np.where(totals > 0, totals, 1)[:, None]
    of_others = (middle - share[:, None] * of_label) / np.where(share < 1, 1 - share, 1)[:, None]
    difference = (of_label - of_others) * occurs[:, None]
    coefficients = np.linalg.solve(covariance, difference.T)
    explained = share * (1 - share) * (difference.T * coefficients).sum(axis=0)
    coefficients /= 1 - np.minimum(explained, _MOST_EXPLAINED)
    kernel[n_terms:] = coefficients
    bias = log_odds - ((of_label + of_others).T * coefficients).sum(axis=0) / 2
    return LinearModel(kernel, bias.astype(np.float32))


Fit = Callable[[Features, Labels, int], LinearModel]

MODELS: tuple[Fit, ...] = (
    support_vector_machine,
    naive_bayes,
    discriminant_analysis,
)


def fit_models(features: Features, labels: Labels, seed: int) -> list[LinearModel]:
    """Fit all of `MODELS`; for several labels a document, one of each for every label.

    Parameters
    ----------
    features : Features
    labels : Labels
    seed : int
    """
    if isinstance(labels.head, Sigmoid):
        svm = of_labels(support_vector_machine(features, one, seed) for one in labels.of_each_label())
        return [svm, naive_bayes_of_labels(features, labels), discriminants_of_labels(features, labels)]
    return [fit(features, labels, seed) for fit in MODELS]


def of_labels(models: Iterable[LinearModel]) -> LinearModel:
    """Join models of two classes into one whose scores are the differences between the second class and the first.

    Parameters
    ----------
    models : iterable of LinearModel
        One for each label.
    """
    pairs = [(model.kernel[:, 1] - model.kernel[:, 0], model.bias[1] - model.bias[0]) for model in models]
    kernels, bias = zip(*pairs, strict=True)
    return LinearModel(np.stack(kernels, axis=1), np.array(bias, dtype=np.float32))


def weighted_sum(models: Sequence[LinearModel], weights: np.ndarray) -> LinearModel:
    """Add linear models.

    Parameters
    ----------
    models : sequence of LinearModel
    weights : ndarray of shape (n_models,), float64
    """
    kernel = sum(np.float32(weight) * model.kernel for model, weight in zip(models, weights, strict=True))
    bias = sum(np.float32(weight) * model.bias for model, weight in zip(models, weights, strict=True))
    return LinearModel(np.asarray(kernel), np.asarray(bias))
