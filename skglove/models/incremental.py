"""Training of the linear model on one part of the documents after another, for `partial_fit`.

Character n-grams and discriminant analysis are not used, as they need all documents.
"""

import copy
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import ComplementNB

from skglove.models.base import FitContext
from skglove.models.features import FeatureSpace, direction_vectors, standardization
from skglove.models.linear_models import (
    NAIVE_BAYES_SMOOTHING,
    LinearModel,
    naive_bayes_weights,
    stochastic_svm,
    svm_weights,
    weighted_sum,
)
from skglove.models.tfidf import Tfidf
from skglove.training.batches import LabelledSequences

# The ensemble weights of the support vector machine and of naive Bayes.
_WEIGHTS = np.array([2.0, 0.6])


class IncrementalTraining:
    """A support vector machine and naive Bayes, trained on one part of the documents after another.

    Parameters
    ----------
    context : FitContext
    state : dict, optional
        The result of `state`, to continue from. It is not changed.
    """

    def __init__(self, context: FitContext, state: dict[str, Any] | None = None) -> None:
        self._n_classes, self._random_state = context.head.n_classes, context.random_state
        self._directions = direction_vectors(context.input_dim, context.embedding_matrix)
        self._no_subwords = csr_matrix((context.input_dim, 0), dtype=np.float32)
        self._tfidf = Tfidf(context.input_dim)
        self._scaling: tuple[np.ndarray, np.ndarray] | None = None
        self._svm, self._bayes = stochastic_svm(1, None), ComplementNB(alpha=NAIVE_BAYES_SMOOTHING)
        if state is not None:
            self._tfidf = Tfidf(context.input_dim, state["document_counts"], state["n_documents"])
            self._scaling = state["scaling"]
            self._svm, self._bayes = copy.deepcopy((state["svm"], state["bayes"]))

    def train(self, data: LabelledSequences) -> tuple[LinearModel, FeatureSpace]:
        """Train for one epoch.

        Parameters
        ----------
        data : LabelledSequences

        Returns
        -------
        model : LinearModel
        space : FeatureSpace
            Of the features that `model` scores.
        """
        sequences, y = data.sequences[data.rows], data.y[data.rows]
        weights = data.weights[data.rows] / data.weights[data.rows].mean()
        self._tfidf = self._tfidf.observing(sequences)
        if self._scaling is None:
            no_offset = np.zeros(self._directions.shape[1], dtype=np.float32)
            unscaled = FeatureSpace(self._tfidf, self._no_subwords, self._directions, no_offset)
            self._scaling = standardization(unscaled.transform(sequences).means)
        scale, offset = self._scaling
        space = FeatureSpace(self._tfidf, self._no_subwords, self._directions * scale, offset)
        features, classes = space.transform(sequences), np.arange(self._n_classes)
        self._bayes.partial_fit(features.terms, y, classes, sample_weight=weights)
        alpha = stochastic_svm(self._tfidf.n_documents, None).alpha
        self._svm.set_params(alpha=alpha, random_state=self._random_state)
        self._svm.partial_fit(features.all, y, classes, sample_weight=weights)
        self._svm.set_params(random_state=None)  # the caller's generator must not be saved
        return self._merged(features.terms.shape[1]), space

    def _merged(self, n_terms: int) -> LinearModel:
        kernel, bias = svm_weights(self._svm)
        of_bayes = np.zeros_like(kernel)
        of_bayes[:n_terms] = naive_bayes_weights(self._bayes)
        models = LinearModel(kernel, bias), LinearModel(of_bayes, np.zeros_like(bias))
        return weighted_sum(models, _WEIGHTS)

    def state(self) -> dict[str, Any]:
        """Return what is required to continue."""
        return {
            "document_counts": self._tfidf.document_counts,
            "n_documents": self._tfidf.n_documents,
            "scaling": self._scaling,
            "svm": self._svm,
            "bayes": self._bayes,
        }
