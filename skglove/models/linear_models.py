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
from scipy.sparse import csr_matrix
from sklearn.covariance import ledoit_wolf
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from skglove.models.averaged_svm import CONSTANT, SVM_C, AveragedSvm, both_classes, stochastic_svm
from skglove.models.features import Features, StreamedFeatures
from skglove.models.head import Head, Sigmoid, Softmax

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
# The covariance is that of so many documents at most.
_MOST_FOR_COVARIANCE = 50_000
# The mean variance within classes is at least this, relative to that of all documents: with one document per class, it is 0.
_SMALLEST_VARIANCE = 0.1
# Of labels: the smallest prior, and the largest fraction of the variance that the difference of two centers can have.
_SMALLEST_PRIOR, _MOST_EXPLAINED = 1e-3, 0.95

AnyFeatures = Features | StreamedFeatures


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

    def scores(self, features: AnyFeatures) -> np.ndarray:
        """Score documents: ndarray of shape (n_documents, n_classes), float32."""
        of_terms, of_means = np.split(self.kernel, features.sizes[:1])
        parts = [part.terms @ of_terms + part.means @ of_means for _, part in features.parts()]
        return np.concatenate(parts) + self.bias


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


def support_vector_machine(features: AnyFeatures, labels: Labels, seed: int) -> LinearModel:
    """Fit a linear support vector machine for each class against all others.

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
    seed : int
    """
    return next(support_vector_machines(features, [labels], seed))


def support_vector_machines(features: AnyFeatures, problems: Sequence[Labels], seed: int) -> Iterator[LinearModel]:
    """Yield a `support_vector_machine` for each of several labels of the same documents.

    Parameters
    ----------
    features : Features or StreamedFeatures
    problems : sequence of Labels
    seed : int
    """
    if isinstance(features, StreamedFeatures):
        yield from _svms_in_parts(features, problems, seed)
        return
    for labels in problems:
        present, weights = np.unique(labels.y), None
        columns, found = features.occurring
        if len(present) > 1:
            svm = _new_svm(len(labels.y), len(present), seed)
            with warnings.catch_warnings():  # see `stochastic_svm`
                svm.fit(found, labels.y, sample_weight=labels.weights / labels.weights.mean())
            weights = both_classes(svm.coef_.T, svm.intercept_)
        yield _svm_model(weights, present, columns, sum(features.sizes), labels.n_classes)


def _svms_in_parts(features: StreamedFeatures, problems: Sequence[Labels], seed: int) -> Iterator[LinearModel]:
    """Train all support vector machines at once, so that features are computed once an epoch."""
    order = np.random.RandomState(seed).permutation(len(features))  # as documents may be sorted by class
    shuffled, classes = features[order], [np.unique(labels.y) for labels in problems]
    svms = [AveragedSvm(present) if len(present) > 1 else None for present in classes]
    for _ in range(_MIN_EPOCHS):
        for positions, part in shuffled.parts():
            rows, found = order[positions], part.with_constant(CONSTANT)
            for svm, labels in zip(svms, problems, strict=True):
                if svm is not None:
                    weights = labels.weights[rows] / labels.weights.mean()
                    svm.train(found, labels.y[rows], weights, n_documents=len(order), random_state=seed)
    columns = np.arange(sum(features.sizes))
    for svm, labels, present in zip(svms, problems, classes, strict=True):
        weights_of_present = None if svm is None else svm.weights()
        yield _svm_model(weights_of_present, present, columns, len(columns), labels.n_classes)


def _svm_model(
    weights: tuple[np.ndarray, np.ndarray] | None,
    present: np.ndarray,
    columns: np.ndarray,
    n_features: int,
    n_classes: int,
) -> LinearModel:
    """Return the model of the weights and the bias of some columns and some classes; None stands for a single class."""
    kernel = np.zeros((n_features, n_classes), dtype=np.float32)
    bias = np.full(n_classes, -1, dtype=np.float32)  # of classes without documents
    bias[present] = 1
    if weights is not None:
        kernel[np.ix_(columns, present)], bias[present] = weights
    return LinearModel(kernel, bias)


def _new_svm(n_documents: int, n_classes: int, seed: int) -> LinearSVC | SGDClassifier:
    if n_documents < _FEWEST_FOR_DESCENT or n_documents * n_classes <= _MOST_FOR_LIBLINEAR:
        tolerance = float(np.clip(_TOLERANCE * n_documents, *_TOLERANCE_BOUNDS))
        return LinearSVC(C=SVM_C, loss="hinge", tol=tolerance, random_state=seed)
    epochs = max(_MIN_EPOCHS, -(-_MIN_DOCUMENTS_SEEN // n_documents))
    return stochastic_svm(n_documents, seed).set_params(max_iter=epochs)


def naive_bayes(features: AnyFeatures, labels: Labels, seed: int) -> LinearModel:
    """Fit complement naive Bayes (Rennie et al. 2003) on terms.

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
    seed : int
        Not used.
    """
    bayes, classes = ComplementNB(alpha=NAIVE_BAYES_SMOOTHING), np.arange(labels.n_classes)
    weights = labels.weights / labels.weights.mean()
    for rows, part in features.parts():
        bayes.partial_fit(part.terms, labels.y[rows], classes, sample_weight=weights[rows])
    n_terms, dim = features.sizes
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    kernel[:n_terms] = naive_bayes_weights(bayes)
    return LinearModel(kernel, np.zeros(labels.n_classes, dtype=np.float32))


def naive_bayes_weights(bayes: ComplementNB) -> np.ndarray:
    """Return the weights of terms, (n_terms, n_classes), of mean 0 over the classes and 0 for terms that do not occur."""
    kernel = bayes.feature_log_prob_.T
    kernel = kernel - kernel.mean(axis=1, keepdims=True)
    kernel[bayes.feature_all_ == 0] = 0
    return kernel.astype(np.float32)


def naive_bayes_of_labels(features: AnyFeatures, labels: Labels) -> LinearModel:
    """Fit `naive_bayes` for each label, of documents without it and with it: from counts, as the terms of most are few.

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
        without, with_label = (
            np.log(smoothed / smoothed.sum()) for smoothed in np.array(counts) / mean + NAIVE_BAYES_SMOOTHING
        )
        kernel[:n_terms, i] = np.where(of_all > 0, with_label - without, 0)  # terms that do not occur say nothing
    return LinearModel(kernel, np.zeros(labels.n_classes, dtype=np.float32))


def discriminant_analysis(features: AnyFeatures, labels: Labels, seed: int) -> LinearModel:
    """Fit linear discriminant analysis on means of word vectors.

    The covariance is common to all classes and shrunk as by Ledoit and Wolf (2004), so classes may have a single document, which
    scikit-learn's `LinearDiscriminantAnalysis` does not allow.

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
    seed : int
        For the sample of documents whose covariance is computed, if there are many.
    """
    weights = labels.weights / labels.weights.mean()
    n_terms, dim = features.sizes
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals = np.bincount(labels.y, weights, minlength=labels.n_classes)
    priors = np.maximum(totals / totals.sum(), 0.1 / labels.n_classes)
    if not dim:
        return LinearModel(kernel, np.log(priors).astype(np.float32))
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
    return LinearModel(kernel, (np.log(priors) - 0.5 * squares).astype(np.float32))


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


def discriminants_of_labels(features: AnyFeatures, labels: Labels, seed: int) -> LinearModel:
    """Fit `discriminant_analysis` for each label at once, of documents without it and with it.

    All labels share the covariance of all documents, from which that within the two classes differs only in the direction between
    their centers (Sherman and Morrison 1950).

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
        Of several labels.
    seed : int
        As for `discriminant_analysis`.
    """
    head, weights = cast(Sigmoid, labels.head), labels.weights / labels.weights.mean()
    n_terms, dim = features.sizes
    kernel = np.zeros((n_terms + dim, labels.n_classes), dtype=np.float32)
    totals = weights @ labels.y
    positive, negative = totals * head.positive_weights, (weights.sum() - totals) * head.negative_weights
    priors = np.clip(positive / (positive + negative), _SMALLEST_PRIOR, 1 - _SMALLEST_PRIOR)
    log_odds = np.log(priors / (1 - priors))
    if not dim:
        return LinearModel(kernel, log_odds.astype(np.float32))
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
    return LinearModel(kernel, bias.astype(np.float32))


Fit = Callable[[AnyFeatures, Labels, int], LinearModel]

MODELS: tuple[Fit, ...] = (
    support_vector_machine,
    naive_bayes,
    discriminant_analysis,
)


def fit_models(features: AnyFeatures, labels: Labels, seed: int) -> list[LinearModel]:
    """Fit all of `MODELS`; for several labels a document, one of each for every label.

    Parameters
    ----------
    features : Features or StreamedFeatures
    labels : Labels
    seed : int
    """
    if isinstance(labels.head, Sigmoid):
        svm = of_labels(support_vector_machines(features, list(labels.of_each_label()), seed))
        return [svm, naive_bayes_of_labels(features, labels), discriminants_of_labels(features, labels, seed)]
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
