"""Training of the linear model on one part of the documents after another, for `partial_fit`.

Character n-grams are chosen, and features are scaled, by the first part. There is no discriminant analysis, which does not make
this sum more accurate.
"""

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import ComplementNB

from skglove.models.averaged_svm import CONSTANT, AveragedSvm
from skglove.models.base import FitContext, Member
from skglove.models.directions import Directions
from skglove.models.feature_space import FeatureSpace
from skglove.models.features import Features
from skglove.models.head import Head, Sigmoid
from skglove.models.linear_models import (
    NAIVE_BAYES_SMOOTHING,
    Labels,
    LinearModel,
    naive_bayes_weights,
    of_labels,
)
from skglove.models.tfidf import Tfidf
from skglove.models.weighting import EnsembleWeights, learn_weights
from skglove.training.batches import LabelledSequences
from skglove.training.held_out import FEWEST_HELD_OUT, HeldOut

# Ensemble weights of the support vector machine, of naive Bayes, and of a network beside them: the prior of learned weights, and
# those of few documents, before any are learned. The latter are multiplied with the logarithm of the number of classes, since the
# score of the most probable class must exceed the sum of more others.
_PRIOR_WEIGHTS, _WEIGHTS_OF_FEW = (1.0, 0.4, 0.3), (1.0, 0.1, 0.1)


class _Models:
    """A support vector machine and naive Bayes that are trained in parts, or both for each of several labels.

    Parameters
    ----------
    head : Head
    state : dict, optional
        The result of `state` after the last part. It is not changed.
    """

    def __init__(self, head: Head, state: dict[str, list[Any]] | None = None) -> None:
        self._head = head
        n_problems, n_classes = (head.n_classes, 2) if isinstance(head, Sigmoid) else (1, head.n_classes)
        self._classes = np.arange(n_classes)
        of_svms, of_bayes = (state["svm"], state["naive_bayes"]) if state else ([None] * n_problems,) * 2
        self._svms = [AveragedSvm(self._classes, one) for one in of_svms]
        self._bayes = [self._naive_bayes(one) for one in of_bayes]

    def _naive_bayes(self, counts: np.ndarray | None) -> ComplementNB:
        bayes = ComplementNB()
        if counts is not None:
            bayes.feature_count_, bayes.class_count_ = counts.copy(), np.zeros(len(counts))  # the latter is not used
            bayes.classes_, bayes.n_features_in_ = self._classes, counts.shape[1]
        return bayes

    def _problems(self, labels: Labels) -> Iterable[Labels]:
        return labels.of_each_label() if isinstance(self._head, Sigmoid) else [labels]

    def _joined(self, models: list[LinearModel]) -> LinearModel:
        return of_labels(models) if isinstance(self._head, Sigmoid) else models[0]

    def train_svm(
        self, features: Features, labels: Labels, n_distinct: int, random_state: np.random.RandomState
    ) -> LinearModel:
        """Train the support vector machine for one epoch; `n_distinct` documents in all determine the regularization."""
        found, models = features.with_constant(CONSTANT), []
        for svm, problem in zip(self._svms, self._problems(labels), strict=True):
            svm.train(found, problem.y, problem.weights, n_documents=n_distinct, random_state=random_state)
            models.append(LinearModel(*svm.weights()))
        return self._joined(models)

    def train_bayes(self, features: Features, labels: Labels, n_passes: float) -> LinearModel:
        """Train naive Bayes; smoothing is multiplied with `n_passes`, as the counts are larger with each pass."""
        models = []
        for bayes, problem in zip(self._bayes, self._problems(labels), strict=True):
            bayes.set_params(alpha=NAIVE_BAYES_SMOOTHING * n_passes)
            bayes.partial_fit(features.terms, problem.y, self._classes, sample_weight=problem.weights)
            kernel = np.zeros((sum(features.sizes), problem.n_classes), dtype=np.float32)
            kernel[: features.sizes[0]] = naive_bayes_weights(bayes)
            models.append(LinearModel(kernel, np.zeros(problem.n_classes, dtype=np.float32)))
        return self._joined(models)

    def state(self) -> dict[str, list[Any]]:
        """Return what is required to continue, of each problem, after both were trained: arrays and numbers."""
        counts = [getattr(bayes, "feature_count_", None) for bayes in self._bayes]
        return {"svm": [svm.state() for svm in self._svms], "naive_bayes": counts}


class IncrementalTraining:
    """A support vector machine and naive Bayes, trained on one part of the documents after another.

    Ensemble weights are learned on held-out documents. Both models are trained twice: without them, to learn the weights, and on
    all documents.

    Parameters
    ----------
    data : LabelledSequences
        The next part.
    context : FitContext
    state : dict, optional
        The result of `state` after the last part. It is not changed.

    Attributes
    ----------
    training : LabelledSequences
        The documents to train on: `data` without those that are held out.
    space : FeatureSpace
        Of the features that `models` score.
    models : list of LinearModel
        The support vector machine and naive Bayes, once `train` was called.
    ensemble : EnsembleWeights
        Of `models` and a network.
    thresholds : ndarray of shape (n_labels,), or None
        Of labels, once weights were learned.
    """

    def __init__(self, data: LabelledSequences, context: FitContext, state: dict[str, Any] | None = None) -> None:
        self._head, self._random_state = context.head, context.random_state
        directions = Directions(context.input_dim, context.embedding_matrix)
        held_out = self._begin(data, context, directions) if state is None else self._resume(data, directions, state)
        self.training, self._held_out = held_out.divide(data)
        self._all = self.training.subset(data.rows)
        self._n_distinct = min(self._tfidf.n_documents, self._held_out.n_distinct)
        self.models: list[LinearModel] = []
        self._models_of_training: list[LinearModel] = []  # none if all documents are held out

    def _begin(self, data: LabelledSequences, context: FitContext, directions: Directions) -> HeldOut:
        sequences = data.sequences[data.rows]
        self._tfidf = Tfidf(context.input_dim).observing(sequences)
        self.space, _ = FeatureSpace.learn(sequences, self._tfidf, directions, context.words)
        self._of_training, self._of_all = _Models(self._head), _Models(self._head)
        weights = np.log(2 if isinstance(self._head, Sigmoid) else self._head.n_classes) * np.array(_WEIGHTS_OF_FEW)
        self.ensemble = EnsembleWeights(weights, np.zeros(self._head.n_classes))
        self.thresholds: np.ndarray | None = None
        self._n_learned = 0
        return HeldOut.none(context.options.validation_fraction)

    def _resume(self, data: LabelledSequences, directions: Directions, state: dict[str, Any]) -> HeldOut:
        n_ids, counts, n_documents = directions.n_ids, state["document_counts"], state["n_documents"]
        self._tfidf = Tfidf(n_ids, counts, n_documents).observing(data.sequences[data.rows])
        *arrays, n_subwords = state["subwords"]
        subwords = csr_matrix(tuple(arrays), shape=(n_ids, n_subwords))
        self.space = FeatureSpace(self._tfidf, directions, subwords, state["scaling"])
        self._of_training, self._of_all = (_Models(self._head, models) for models in state["models"])
        self.ensemble = EnsembleWeights(*state["ensemble"])
        self.thresholds, self._n_learned = state["thresholds"], state["n_learned"]
        return HeldOut.from_state(state["held_out"])

    def train(self) -> None:
        """Train for one epoch."""
        rows = np.union1d(self.training.rows, self._all.rows)
        features = self.space.transform(self.training.sequences[rows])
        weights = self.training.weights[rows]
        labels = Labels(self.training.y[rows], weights / weights.mean(), self._head)
        n_passes = self._tfidf.n_documents / self._n_distinct

        def trained(models: _Models, part: LabelledSequences) -> list[LinearModel]:
            positions = np.searchsorted(rows, part.rows)
            svm = models.train_svm(features[positions], labels[positions], round(self._n_distinct), self._random_state)
            return [svm, models.train_bayes(features[positions], labels[positions], n_passes)]

        if len(self.training):
            self._models_of_training = trained(self._of_training, self.training)
        self.models = trained(self._of_all, self._all)

    def learn_weights(self, network: Member | None = None) -> None:
        """Learn the ensemble weights, after `train`, if there are enough held-out documents and as many new ones.

        With each of many small parts, learning weights would take most of the time. There must be documents to train on, too.

        Parameters
        ----------
        network : Member, optional
            Another model, fitted on the documents of `training`.
        """
        n_documents, n_held_out = self._tfidf.n_documents, len(self._held_out)
        are_due = FEWEST_HELD_OUT <= n_held_out <= n_documents - self._n_learned
        if not are_due or not self._models_of_training:
            return
        held_out = cast(LabelledSequences, self._held_out.documents)
        features = self.space.transform(held_out.sequences)
        scores = [model.scores(features) for model in self._models_of_training]
        if network is not None:
            scores.append(network.logits(held_out.sequences))
        y, weights, prior = held_out.y, held_out.weights, _PRIOR_WEIGHTS[: len(scores)]
        self.ensemble, self._n_learned = learn_weights(scores, y, prior, self._head, weights), n_documents
        self.thresholds = self._head.learn_thresholds(self.ensemble.combine(scores), y, weights)

    def state(self) -> dict[str, Any]:
        """Return what is required to continue, after `train`: arrays and numbers."""
        subwords = self.space.subword_features
        return {
            "document_counts": self._tfidf.document_counts,
            "n_documents": self._tfidf.n_documents,
            "subwords": (subwords.data, subwords.indices, subwords.indptr, subwords.shape[1]),
            "scaling": self.space.scaling,
            "models": [models.state() for models in (self._of_training, self._of_all)],
            "ensemble": (self.ensemble.weights, self.ensemble.intercept),
            "thresholds": self.thresholds,
            "n_learned": self._n_learned,
            "held_out": self._held_out.state(),
        }
