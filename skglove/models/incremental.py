"""Training of the linear model on one part of the documents after another, for `partial_fit`.

Character n-grams are chosen, and features are scaled, by the first part. There is no discriminant analysis, which does not make
this sum more accurate.
"""

import copy
import warnings
from typing import Any, cast

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB

from skglove.models.base import FitContext
from skglove.models.feature_space import FeatureSpace, direction_vectors
from skglove.models.features import Features
from skglove.models.head import Sigmoid
from skglove.models.linear_models import (
    NAIVE_BAYES_SMOOTHING,
    Labels,
    LinearModel,
    naive_bayes_weights,
    of_labels,
    stochastic_svm,
    svm_weights,
    weighted_sum,
)
from skglove.models.tfidf import Tfidf
from skglove.training.batches import LabelledSequences

# The ensemble weights of the support vector machine and of naive Bayes.
WEIGHTS = np.array([2.0, 0.6])


class IncrementalTraining:
    """A support vector machine and naive Bayes, trained on one part of the documents after another.

    Parameters
    ----------
    context : FitContext
    state : dict, optional
        The result of `state`, to continue from. It is not changed.
    """

    def __init__(self, context: FitContext, state: dict[str, Any] | None = None) -> None:
        self._head, self._random_state = context.head, context.random_state
        self._words = context.words
        self._directions = direction_vectors(context.input_dim, context.embedding_matrix)
        self._tfidf = Tfidf(context.input_dim)
        # Learned from the first part.
        self._subwords: csr_matrix | None = None
        self._scaling: tuple[np.ndarray, np.ndarray]
        n_problems = context.head.n_classes if isinstance(context.head, Sigmoid) else 1
        self._svms = [stochastic_svm(1, None) for _ in range(n_problems)]
        self._bayes = [ComplementNB(alpha=NAIVE_BAYES_SMOOTHING) for _ in range(n_problems)]
        if state is not None:
            self._tfidf = Tfidf(context.input_dim, state["document_counts"], state["n_documents"])
            *arrays, n_subwords = state["subwords"]
            self._subwords = csr_matrix(tuple(arrays), shape=(context.input_dim, n_subwords))
            self._scaling = state["scaling"]
            self._svms, self._bayes = copy.deepcopy((state["svms"], state["bayes"]))

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
        sequences = data.sequences[data.rows]
        labels = Labels(data.y[data.rows], data.weights[data.rows] / data.weights[data.rows].mean(), self._head)
        self._tfidf = self._tfidf.observing(sequences)
        if self._subwords is None:
            first, _ = FeatureSpace.learn(sequences, self._tfidf, self._directions, self._words)
            self._subwords, self._scaling = first.subword_features, first.scaling
        space = FeatureSpace(self._tfidf, self._directions, self._subwords, self._scaling)
        features = space.transform(sequences)
        problems = labels.of_each_label() if isinstance(self._head, Sigmoid) else [labels]
        models = [
            self._train_one(features, problem, svm, bayes)
            for problem, svm, bayes in zip(problems, self._svms, self._bayes, strict=True)
        ]
        return of_labels(models) if isinstance(self._head, Sigmoid) else models[0], space

    def _train_one(self, features: Features, labels: Labels, svm: SGDClassifier, bayes: ComplementNB) -> LinearModel:
        classes, n_terms = np.arange(labels.n_classes), features.terms.shape[1]
        bayes.partial_fit(features.terms, labels.y, classes, sample_weight=labels.weights)
        svm.set_params(alpha=stochastic_svm(self._tfidf.n_documents, None).alpha, random_state=self._random_state)
        with warnings.catch_warnings():  # see `stochastic_svm`
            svm.partial_fit(features.all, labels.y, classes, sample_weight=labels.weights)
        svm.set_params(random_state=None)  # the caller's generator must not be saved
        kernel, bias = svm_weights(svm)
        of_bayes = np.zeros_like(kernel)
        of_bayes[:n_terms] = naive_bayes_weights(bayes)
        return weighted_sum([LinearModel(kernel, bias), LinearModel(of_bayes, np.zeros_like(bias))], WEIGHTS)

    def state(self) -> dict[str, Any]:
        """Return what is required to continue, after `train`: arrays, numbers and models of scikit-learn, which can be saved."""
        subwords = cast(csr_matrix, self._subwords)
        return {
            "document_counts": self._tfidf.document_counts,
            "n_documents": self._tfidf.n_documents,
            "subwords": (subwords.data, subwords.indices, subwords.indptr, subwords.shape[1]),
            "scaling": self._scaling,
            "svms": self._svms,
            "bayes": self._bayes,
        }
