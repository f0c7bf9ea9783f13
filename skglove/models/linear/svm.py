"""Support vector machines: fitted at once, or trained by averaged stochastic gradient descent in parts."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier
from sklearn.svm import LinearSVC

from skglove._sklearn import restore_averaged_sgd, state_of_averaged_sgd
from skglove.data.head import Sigmoid
from skglove.models.linear.features import CONSTANT, Features, StreamedFeatures
from skglove.models.linear.model import AnyFeatures, FeatureWeights, InParts, Labels, Learner, of_labels

# The inverse of the regularization strength.
SVM_C = 2.0
# The tolerance of liblinear is the number of documents times this, within bounds: an approximate solution for many documents is
# as accurate.
_TOLERANCE, _TOLERANCE_BOUNDS = 1e-4, (0.1, 1.0)
# With more documents and more documents times classes, stochastic gradient descent is faster. It needs many documents to be as
# accurate; on few, it takes many more passes than liblinear.
_FEWEST_FOR_DESCENT, _MOST_FOR_LIBLINEAR = 2000, 100_000
_MIN_EPOCHS, _MIN_DOCUMENTS_SEEN = 5, 50_000


class SupportVectorMachine(Learner):
    """A linear support vector machine for each class against all others."""

    prior_weight = 1.0
    prior_weight_in_parts, weight_of_few_in_parts = 1.0, 1.0

    def fit(self, features: AnyFeatures, labels: Labels, seed: int) -> FeatureWeights:
        """Fit one machine, or one for each of several labels."""
        if isinstance(labels.head, Sigmoid):
            return of_labels(support_vector_machines(features, list(labels.of_each_label()), seed))
        return next(support_vector_machines(features, [labels], seed))

    def in_parts(self, classes: np.ndarray, state: Any = None) -> "AveragedSvm":
        """Return a machine that is trained in parts."""
        return AveragedSvm(classes, state)


def support_vector_machines(features: AnyFeatures, problems: Sequence[Labels], seed: int) -> Iterator[FeatureWeights]:
    """Yield a machine for each of several labels of the same documents.

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


def _svms_in_parts(features: StreamedFeatures, problems: Sequence[Labels], seed: int) -> Iterator[FeatureWeights]:
    """Train all support vector machines at once, so that features are computed once an epoch."""
    order = np.random.RandomState(seed).permutation(len(features))  # as documents may be sorted by class
    shuffled, classes = features[order], [np.unique(labels.y) for labels in problems]
    svms = [AveragedSvm(present) if len(present) > 1 else None for present in classes]
    for _ in range(_MIN_EPOCHS):
        for positions, part in shuffled.parts():
            rows, found = order[positions], part.with_constant
            for svm, labels in zip(svms, problems, strict=True):
                if svm is not None:
                    weights = labels.weights[rows] / labels.weights.mean()
                    svm.update(found, labels.y[rows], weights, len(order), seed)
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
) -> FeatureWeights:
    """Return the model of the weights and the bias of some columns and some classes; None stands for a single class."""
    kernel = np.zeros((n_features, n_classes), dtype=np.float32)
    bias = np.full(n_classes, -1, dtype=np.float32)  # of classes without documents
    bias[present] = 1
    if weights is not None:
        kernel[np.ix_(columns, present)], bias[present] = weights
    return FeatureWeights(kernel, bias)


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


def both_classes(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (n_features, n_classes) and bias (n_classes,) of float32; scikit-learn has a column less for two classes."""
    if len(bias) == 1:
        kernel, bias = kernel * [-1, 1], bias * [-1, 1]
    return kernel.astype(np.float32), bias.astype(np.float32)


class AveragedSvm(InParts):
    """A support vector machine, trained by averaged stochastic gradient descent on one part after another.

    All weights are averaged over the steps of all parts. scikit-learn does not do that with the intercepts of several calls of
    ``SGDClassifier.partial_fit``: their mean is overwritten, or they begin again at 0. Thus the bias is a weight here.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,), int
        At least two.
    state : dict, optional
        The result of `state` after the last part. It is not changed.
    """

    def __init__(self, classes: np.ndarray, state: dict[str, Any] | None = None) -> None:
        self._classes = classes
        self._svm = stochastic_svm(1, None).set_params(fit_intercept=False)
        if state is not None:
            restore_averaged_sgd(self._svm, classes, state)

    def train(
        self, features: Features, labels: Labels, n_passes: float, n_distinct: int, random_state: np.random.RandomState
    ) -> FeatureWeights:
        """Train for one epoch on a part."""
        self.update(features.with_constant, labels.y, labels.weights, n_distinct, random_state)
        return FeatureWeights(*self.weights())

    def update(
        self,
        features: csr_matrix,
        y: np.ndarray,
        weights: np.ndarray,
        n_documents: int,
        random_state: np.random.RandomState | int,
    ) -> None:
        """Train for one epoch on a part.

        Parameters
        ----------
        features : csr_matrix of shape (n_samples, n_features + 1), float32
            The last one is `CONSTANT` in all documents.
        y : ndarray of shape (n_samples,), int
        weights : ndarray of shape (n_samples,), float64
        n_documents : int
            As for `stochastic_svm`.
        random_state : RandomState or int
            For the order of documents.
        """
        alpha = stochastic_svm(n_documents, None).alpha
        self._svm.set_params(alpha=alpha, random_state=random_state)
        with warnings.catch_warnings():  # see `stochastic_svm`
            self._svm.partial_fit(features, y, self._classes, sample_weight=weights)

    def weights(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean weights (n_features, n_classes) and the mean bias (n_classes,), float32."""
        kernel, bias = np.split(self._svm.coef_.T, [-1])
        return both_classes(kernel, CONSTANT * bias[0])

    def state(self) -> dict[str, Any]:
        """Return what is required to continue: arrays and a number."""
        return state_of_averaged_sgd(self._svm)
