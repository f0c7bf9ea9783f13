"""Linear: a linear model on words, pairs of neighbouring words, character n-grams, and the mean of the word vectors.

Three models of `skglove.models.linear_models` are fitted separately. Their weighted sum is a linear model again, with one weight
for each word and pair and class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from skglove.models.base import FitContext, Member, Spans
from skglove.models.directions import Directions
from skglove.models.feature_space import FeatureSpace
from skglove.models.incremental import IncrementalTraining
from skglove.models.linear_models import Labels, LinearModel, fit_models, weighted_sum
from skglove.models.tfidf import PAIR_COLUMNS, PAIR_WEIGHT, Tfidf, pair_columns, weigh, weigh_with
from skglove.models.weighting import EnsembleWeights, learn_weights
from skglove.text.sequences import TokenSequences
from skglove.training.backend import KerasOps, import_keras
from skglove.training.batches import LabelledSequences

# The default ensemble weights of the support vector machine, of naive Bayes and of discriminant analysis.
PRIOR_WEIGHTS = (1.0, 0.22, 0.1)
# Up to this number of documents, ensemble weights are learned by cross-validation with so many folds.
_MOST_TO_FOLD, _FOLDS = 2000, 5
# Models that were fitted without a smaller fraction of the documents are not fitted again with them.
_LEAST_TO_REFIT = 0.05


class Linear(Member):
    """A linear model on words, pairs of words, character n-grams and mean vectors.

    Attributes
    ----------
    idf_ : ndarray of shape (n_columns,), float32
        The inverse document frequency of each word and pair.
    kernel_ : ndarray of shape (n_columns, n_classes), float32
        The weights of words and pairs, for normalized tf-idf.
    word_kernel_ : ndarray of shape (n_ids, n_classes), float32, or None
        The weights of words by their n-grams and vectors, for smoothed and normalized tf-idf.
    bias_ : ndarray of shape (n_classes,), float32
    training_state_ : dict or None
        The state of training, for `partial_fit`.
    """

    __module__ = "skglove.models"  # the name in saved models

    _parameter_constraints: dict[str, Any] = {}  # noqa: RUF012 - read as scikit-learn reads it

    def fit(
        self,
        data: LabelledSequences,
        context: FitContext,
        *,
        validation: LabelledSequences | None = None,
        start: Member | None = None,
    ) -> "Linear":
        training = LinearTraining(data, context)
        if validation is None and len(data) > _MOST_TO_FOLD:
            _, validation = data.split(context.options.validation_fraction, context.random_state)
        learned = training.learn_weights(None if validation is None else validation.rows)
        return training.merged(training.fit_all(learned), learned.ensemble)

    def partial_fit(self, data: LabelledSequences, context: FitContext, *, start: Member | None = None) -> "Linear":
        if start is not None and start.training_state_ is None:
            raise ValueError(
                "partial_fit cannot continue a linear model that was fitted with fit. Begin with partial_fit."
            )
        training = IncrementalTraining(data, context, None if start is None else start.training_state_)
        training.train()
        training.learn_weights()
        return merged(training.models, training.ensemble, training.space, training.state())

    def untrained(self, context: FitContext) -> "Linear":
        n_columns, n_classes = context.input_dim + PAIR_COLUMNS, context.head.n_classes
        return self._fitted(
            idf_=np.ones(n_columns, dtype=np.float32),
            kernel_=np.zeros((n_columns, n_classes), dtype=np.float32),
            word_kernel_=None,
            bias_=context.head.initial_bias(context.class_priors),
            training_state_=None,
        )

    def logits(self, sequences: TokenSequences) -> np.ndarray:
        n_ids = len(self.idf_) - PAIR_COLUMNS
        found = weigh(sequences, self.idf_)
        total = found.words @ self.kernel_[:n_ids]
        total += found.pairs @ self.kernel_[n_ids:]
        scores = total / found.norm + self.bias_
        if self.word_kernel_ is not None:
            scores += found.smoothed @ self.word_kernel_ / found.smoothed_norm
        return scores

    def forward(self, ops: Any, ids: Any) -> Any:
        n_ids = len(self.idf_) - PAIR_COLUMNS

        def score(terms: tuple[Any, Any, Any], kernel: np.ndarray) -> Any:
            columns, parts, _ = terms
            return ops.sum(parts * ops.take(kernel, columns, axis=0), axis=1)

        def norm(square: Any) -> Any:
            return ops.sqrt(ops.maximum(square, 1e-12))

        words, pairs, smoothed = weigh_with(ops, ids, self.idf_)
        words_kernel, pairs_kernel = np.split(self.kernel_, [n_ids])
        total = score(words, words_kernel) + score(pairs, pairs_kernel)
        logits = total / norm(words[2] + pairs[2]) + self.bias_
        if self.word_kernel_ is None:
            return logits
        return logits + score(smoothed, self.word_kernel_) / norm(smoothed[2])

    def keras_logits(self, ids: Any) -> Any:
        # A nested model is one line of the summary.
        keras, ops = import_keras(), KerasOps()
        inner = keras.Input((None,), dtype="int32", name="linear_ids")
        return keras.Model(inner, self.forward(ops, inner), name="linear")(ids)

    def _of_first_ids(self, n_ids: int) -> dict[str, Any]:
        of_pairs = len(self.idf_) - PAIR_COLUMNS
        word_kernel = None if self.word_kernel_ is None else self.word_kernel_[:n_ids]
        return {
            "idf_": np.concatenate([self.idf_[:n_ids], self.idf_[of_pairs:]]),
            "kernel_": np.concatenate([self.kernel_[:n_ids], self.kernel_[of_pairs:]]),
            "word_kernel_": word_kernel,
            "training_state_": None,
        }

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        """Decompose the scores of one document: contributions of terms are divided evenly among their positions."""
        n_ids = len(self.idf_) - PAIR_COLUMNS
        columns = ids.astype(np.int64)
        pairs = n_ids + pair_columns(columns[:-1], columns[1:])
        words_tfidf, words_count = _tfidf_at(columns, self.idf_)
        pairs_tfidf, pairs_count = _tfidf_at(pairs, self.idf_)
        pairs_tfidf = PAIR_WEIGHT * pairs_tfidf
        smoothed = words_tfidf / np.sqrt(self.idf_[columns])
        # Each term counts once.
        squares = [(part**2 / words_count).sum() for part in (words_tfidf, smoothed)]
        square = squares[0] + (pairs_tfidf**2 / pairs_count).sum()
        norm, smoothed_norm = (np.sqrt(value) if value > 0 else 1.0 for value in (square, squares[1]))
        added = (words_tfidf / norm)[:, None] * self.kernel_[columns]
        if self.word_kernel_ is not None:
            added = added + (smoothed / smoothed_norm)[:, None] * self.word_kernel_[columns]
        pairs_added = (pairs_tfidf / norm)[:, None] * self.kernel_[pairs]
        spans = {
            **_spans(added / words_count[:, None], 1),
            **_spans(pairs_added / pairs_count[:, None], 2),
        }
        return spans, self.bias_.astype(np.float64)


def _spans(added: np.ndarray, width: int) -> Spans:
    """Return the contribution at each position as that of the `width` words from there on."""
    return {(start, start + width): values for start, values in enumerate(added)}


def _tfidf_at(columns: np.ndarray, idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the tf-idf and the count of the term at each position."""
    _, inverse, counts = np.unique(columns, return_inverse=True, return_counts=True)
    count = counts[inverse].astype(np.float64)
    return (1 + np.log(count)) * idf[columns], count


def default_weights(n_classes: int) -> EnsembleWeights:
    """Return the ensemble weights if none can be learned."""
    return EnsembleWeights(np.array(PRIOR_WEIGHTS), np.zeros(n_classes))


def merged(
    models: Sequence[LinearModel], ensemble: EnsembleWeights, space: FeatureSpace, state: dict[str, Any] | None = None
) -> Linear:
    """Return the weighted sum of linear models of features as a `Linear`.

    Parameters
    ----------
    models : sequence of LinearModel
    ensemble : EnsembleWeights
        Of the models, and possibly of others after them.
    space : FeatureSpace
    state : dict, optional
        The state of training.
    """
    total = weighted_sum(models, ensemble.weights[: len(models)])
    kernel, word_kernel, bias = space.fold(total.kernel)
    # Contiguous rows, since scipy would otherwise copy the whole matrix for each product.
    return Linear()._fitted(
        idf_=space.idf,
        kernel_=np.ascontiguousarray(kernel),
        word_kernel_=None if word_kernel is None else np.ascontiguousarray(word_kernel, dtype=np.float32),
        bias_=(total.bias + ensemble.intercept + bias).astype(np.float32),
        training_state_=state,
    )


@dataclass(frozen=True)
class LinearWeights:
    """Ensemble weights, and the combined scores of documents by models that were fitted without them.

    Parameters
    ----------
    ensemble : EnsembleWeights
    rows : ndarray of shape (n_documents,), int
        The documents.
    scores : ndarray of shape (n_documents, n_classes), float64
    models : list of LinearModel or None
        The models themselves, if they were fitted on nearly all documents.
    """

    ensemble: EnsembleWeights
    rows: np.ndarray
    scores: np.ndarray
    models: list[LinearModel] | None = None

    def scores_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the scores of some of the documents.

        Parameters
        ----------
        rows : ndarray of int
        """
        order = np.argsort(self.rows)
        return self.scores[order[np.searchsorted(self.rows, rows, sorter=order)]]


class LinearTraining:
    """Training on all documents at once.

    Parameters
    ----------
    data : LabelledSequences
        Features are learned from all of `data.sequences`, as they do not depend on the classes.
    context : FitContext
    """

    def __init__(self, data: LabelledSequences, context: FitContext) -> None:
        tfidf = Tfidf(context.input_dim).observing(data.sequences)
        directions = Directions(context.input_dim, context.embedding_matrix)
        self._space, self._features = FeatureSpace.learn(data.sequences, tfidf, directions, context.words)
        self._labels = Labels(data.y, data.weights, context.head)
        self._rows = data.rows
        self._random_state = context.random_state
        self._seed = context.seed

    def fit(self, rows: np.ndarray) -> list[LinearModel]:
        """Fit all models on some documents.

        Parameters
        ----------
        rows : ndarray of int
        """
        return fit_models(self._features[rows], self._labels[rows], self._seed)

    def learn_weights(self, held_out: np.ndarray | None) -> "LinearWeights":
        """Learn the ensemble weights of the models on documents that they were not fitted on.

        Parameters
        ----------
        held_out : ndarray of int or None
            The documents to use if there are too many for cross-validation. If None, or if there is only one document, default
            weights are returned.
        """
        parts = self._folds() if len(self._rows) <= _MOST_TO_FOLD else [] if held_out is None else [held_out]
        if not parts:
            no_scores = np.zeros((0, self._labels.n_classes))
            return LinearWeights(default_weights(self._labels.n_classes), np.array([], dtype=int), no_scores)
        models: list[LinearModel] = []
        scores_of_parts = []
        for part in parts:  # one at a time, since the models of many classes are large
            models = self.fit(np.setdiff1d(self._rows, part, assume_unique=True))
            scores_of_parts.append([model.scores(self._features[part]) for model in models])
        rows = np.concatenate(parts)
        scores = [np.concatenate(of_model) for of_model in zip(*scores_of_parts, strict=True)]
        labels = self._labels[rows]
        ensemble = learn_weights(scores, labels.y, PRIOR_WEIGHTS, labels.head, labels.weights)
        return LinearWeights(ensemble, rows, ensemble.combine(scores), models if self._are_few(rows) else None)

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

    def fit_all(self, learned: LinearWeights) -> list[LinearModel]:
        """Fit all models on all documents, unless they were fitted on nearly all of them.

        Parameters
        ----------
        learned : LinearWeights
            The result of `learn_weights`.
        """
        return learned.models or self.fit(self._rows)

    def merged(self, models: Sequence[LinearModel], ensemble: EnsembleWeights) -> Linear:
        """Merge models into one.

        Parameters
        ----------
        models : sequence of LinearModel
        ensemble : EnsembleWeights
        """
        return merged(models, ensemble, self._space)
