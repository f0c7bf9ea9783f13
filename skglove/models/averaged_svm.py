"""A support vector machine that is trained on one part of the documents after another, and whose state is arrays."""

import warnings
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier

from skglove._sklearn import restore_averaged_sgd, state_of_averaged_sgd

# The inverse of the regularization strength of support vector machines.
SVM_C = 2.0
# The bias is the weight of a feature of this value, so it learns at a hundredth of the rate of other weights, as in scikit-learn
# with sparse features.
CONSTANT = 0.1


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


class AveragedSvm:
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
        self,
        features: csr_matrix,
        y: np.ndarray,
        weights: np.ndarray,
        *,
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
