"""Training of the linear models, on all documents at once or on one part after another, and their ensemble weights.

In parts, character n-grams are chosen, and features are scaled, by the first one.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from scipy.sparse import csr_matrix

from skglove.data.head import Head, Sigmoid
from skglove.data.held_out import FEWEST_HELD_OUT, HeldOut
from skglove.data.labelled import LabelledSequences
from skglove.models.base import FitContext, Member
from skglove.models.linear.directions import Directions
from skglove.models.linear.feature_space import FeatureSpace
from skglove.models.linear.features import Features
from skglove.models.linear.learners import LEARNERS
from skglove.models.linear.model import FeatureWeights, InParts, Labels, of_labels
from skglove.models.linear.tfidf import Tfidf
from skglove.models.weighting import EnsembleWeights, learn_weights

# Up to this number of documents, ensemble weights are learned by cross-validation with so many folds.
_MOST_TO_FOLD, _FOLDS = 2000, 5
# Models that were fitted without a smaller fraction of the documents are not fitted again with them.
_LEAST_TO_REFIT = 0.05
# Of a network beside the models: the prior of its learned ensemble weight, and its weight of few documents.
_PRIOR_OF_NETWORK, _NETWORK_OF_FEW = 0.3, 0.1


@dataclass(frozen=True)
class LearnedWeights:
    """Ensemble weights, and the combined scores of documents by models that were fitted without them.

    Parameters
    ----------
    ensemble : EnsembleWeights
    rows : ndarray of shape (n_documents,), int
        The documents.
    scores : ndarray of shape (n_documents, n_classes), float64
    models : list of FeatureWeights or None
        The models themselves, if they were fitted on nearly all documents.
    """

    ensemble: EnsembleWeights
    rows: np.ndarray
    scores: np.ndarray
    models: list[FeatureWeights] | None = None

    def scores_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of some of the documents.

        Parameters
        ----------
        rows : ndarray of int
        """
        order = np.argsort(self.rows)
        return self.scores[order[np.searchsorted(self.rows, rows, sorter=order)]]


class Training:
    """Training on all documents at once.

    Parameters
    ----------
    data : LabelledSequences
        Features are learned from all of `data.sequences`, as they do not depend on the classes.
    context : FitContext

    Attributes
    ----------
    space : FeatureSpace
        Of the features that the models score.
    """

    def __init__(self, data: LabelledSequences, context: FitContext) -> None:
        tfidf = Tfidf(context.input_dim).observing(data.sequences)
        directions = Directions(context.input_dim, context.embedding_matrix)
        self.space, self._features = FeatureSpace.learn(data.sequences, tfidf, directions, context.words)
        self._labels = Labels(data.y, data.weights, context.head)
        self._rows = data.rows
        self._random_state = context.random_state
        self._seed = context.seed

    @property
    def has_many_documents(self) -> bool:
        """Whether ensemble weights are learned on held-out documents, as there are too many for cross-validation."""
        return len(self._rows) > _MOST_TO_FOLD

    def fit(self, rows: np.ndarray) -> list[FeatureWeights]:
        """Fit all models on some documents.

        Parameters
        ----------
        rows : ndarray of int
        """
        features, labels = self._features[rows], self._labels[rows]
        return [learner.fit(features, labels, self._seed) for learner in LEARNERS.values()]

    def learn_weights(self, held_out: np.ndarray | None) -> "LearnedWeights":
        """Learn the ensemble weights of the models on documents that they were not fitted on.

        Parameters
        ----------
        held_out : ndarray of int or None
            The documents to use if there are too many for cross-validation. If None, or if there is only one document, default
            weights are returned.
        """
        prior = [learner.prior_weight for learner in LEARNERS.values()]
        parts = self._folds() if not self.has_many_documents else [] if held_out is None else [held_out]
        if not parts:
            no_scores = np.zeros((0, self._labels.n_classes))
            return LearnedWeights(
                EnsembleWeights(np.array(prior), no_scores.sum(axis=0)), np.array([], dtype=int), no_scores
            )
        models: list[FeatureWeights] = []
        scores_of_parts = []
        for part in parts:  # one at a time, since the models of many classes are large
            models = self.fit(np.setdiff1d(self._rows, part, assume_unique=True))
            scores_of_parts.append([model.scores(self._features[part]) for model in models])
        rows = np.concatenate(parts)
        scores = [np.concatenate(of_model) for of_model in zip(*scores_of_parts, strict=True)]
        labels = self._labels[rows]
        ensemble = learn_weights(scores, labels.y, prior, labels.head, labels.weights)
        return LearnedWeights(ensemble, rows, ensemble.combine(scores), models if self._are_few(rows) else None)

    def _are_few(self, held_out: np.ndarray) -> bool:
        """Return whether models lack little without some documents: neither many of them, nor all of a class or label."""
        y, rest = self._labels.y, np.setdiff1d(self._rows, held_out, assume_unique=True)
        if y.ndim == 1:
            is_lost = np.setdiff1d(y[held_out], y[rest])
        else:
            is_lost = np.flatnonzero(y[held_out].any(axis=0) & ~y[rest].any(axis=0))
        return len(held_out) < _LEAST_TO_REFIT * len(self._rows) and not len(is_lost)

    def _folds(self) -> list[np.ndarray]:
        """Split the documents into folds, stratified by class; classes may be smaller than the number of folds.

        Documents of several labels are stratified by their first one; argmax is the first column with a 1.
        """
        shuffled = self._random_state.permutation(self._rows)
        y = self._labels.y[shuffled]
        by_class = shuffled[np.argsort(y if y.ndim == 1 else y.argmax(axis=1), kind="stable")]
        n_folds = min(_FOLDS, len(by_class))
        return [by_class[start::_FOLDS] for start in range(n_folds)] if n_folds > 1 else []

    def fit_all(self, learned: LearnedWeights) -> list[FeatureWeights]:
        """Fit all models on all documents, unless they were fitted on nearly all of them.

        Parameters
        ----------
        learned : LearnedWeights
            The result of `learn_weights`.
        """
        return learned.models or self.fit(self._rows)


class _Models:
    """The models that are trained in parts, by name, or each of them for each of several labels.

    Parameters
    ----------
    head : Head
    state : dict of str to list, optional
        The result of `state` after the last part. It is not changed.
    """

    def __init__(self, head: Head, state: dict[str, list[Any]] | None = None) -> None:
        self._head = head
        n_problems, n_classes = (head.n_classes, 2) if isinstance(head, Sigmoid) else (1, head.n_classes)
        classes = np.arange(n_classes)
        self._models: dict[str, list[InParts]] = {}
        for name, learner in LEARNERS.items():
            of_problems = [learner.in_parts(classes, one) for one in (state or {}).get(name, [None] * n_problems)]
            if None not in of_problems:
                self._models[name] = cast(list[InParts], of_problems)

    @property
    def names(self) -> list[str]:
        """The names of the models."""
        return list(self._models)

    def train(self, features: Features, labels: Labels, *arguments: Any) -> list[FeatureWeights]:
        """Train all models for one epoch; the other arguments are those of `InParts.train`."""
        if not isinstance(self._head, Sigmoid):
            return [model.train(features, labels, *arguments) for (model,) in self._models.values()]
        problems = list(labels.of_each_label())
        return [
            of_labels(model.train(features, one, *arguments) for model, one in zip(models, problems, strict=True))
            for models in self._models.values()
        ]

    def state(self) -> dict[str, list[Any]]:
        """Return what is required to continue."""
        return {name: [model.state() for model in models] for name, models in self._models.items()}


class TrainingInParts:
    """The models of `LEARNERS` that can be trained on one part of the documents after another.

    Ensemble weights are learned on held-out documents. All models are trained twice: without them, to learn the weights, and on
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
    models : list of FeatureWeights
        The trained models, once `train` was called.
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
        self.models: list[FeatureWeights] = []
        self._models_of_training: list[FeatureWeights] = []  # none if all documents are held out

    def _begin(self, data: LabelledSequences, context: FitContext, directions: Directions) -> HeldOut:
        sequences = data.sequences[data.rows]
        self._tfidf = Tfidf(context.input_dim).observing(sequences)
        self.space, _ = FeatureSpace.learn(sequences, self._tfidf, directions, context.words)
        self._of_training, self._of_all = _Models(self._head), _Models(self._head)
        of_few = np.array([*(LEARNERS[name].weight_of_few_in_parts for name in self._of_all.names), _NETWORK_OF_FEW])
        n_classes = 2 if isinstance(self._head, Sigmoid) else self._head.n_classes
        self.ensemble = EnsembleWeights(np.log(n_classes) * of_few, np.zeros(self._head.n_classes))
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

    @property
    def weights(self) -> dict[str, float]:
        """The ensemble weights by name, the network's last."""
        return dict(zip([*self._of_all.names, "network"], self.ensemble.weights.tolist(), strict=False))

    def train(self) -> None:
        """Train for one epoch."""
        rows = np.union1d(self.training.rows, self._all.rows)
        features = self.space.transform(self.training.sequences[rows])
        weights = self.training.weights[rows]
        labels = Labels(self.training.y[rows], weights / weights.mean(), self._head)
        n_passes = self._tfidf.n_documents / self._n_distinct

        def trained(models: _Models, part: LabelledSequences) -> list[FeatureWeights]:
            positions = np.searchsorted(rows, part.rows)
            n_distinct = round(self._n_distinct)
            return models.train(features[positions], labels[positions], n_passes, n_distinct, self._random_state)

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
        of_models = [LEARNERS[name].prior_weight_in_parts for name in self._of_all.names]
        y, weights, prior = held_out.y, held_out.weights, [*of_models, _PRIOR_OF_NETWORK][: len(scores)]
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
