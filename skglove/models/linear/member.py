"""Linear: a linear model on words, pairs of neighbouring words, character n-grams, and the mean of the word vectors.

The models of `LEARNERS` are fitted separately. Their weighted sum is a linear model again, with one weight for each word and pair
and class.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skglove._keras import KerasOps, import_keras
from skglove.data.labelled import LabelledSequences
from skglove.models.base import FitContext, Member, Spans
from skglove.models.linear.feature_space import FeatureSpace
from skglove.models.linear.model import FeatureWeights, weighted_sum
from skglove.models.linear.tfidf import PAIR_COLUMNS, PAIR_WEIGHT, pair_columns, weigh, weigh_with
from skglove.models.linear.training import Training, TrainingInParts
from skglove.models.weighting import EnsembleWeights
from skglove.text.sequences import TokenSequences


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
        training = Training(data, context)
        if validation is None and training.has_many_documents:
            _, validation = data.split(context.options.validation_fraction, context.random_state)
        learned = training.learn_weights(None if validation is None else validation.rows)
        return Linear.folded(training.fit_all(learned), learned.ensemble, training.space)

    def partial_fit(self, data: LabelledSequences, context: FitContext, *, start: Member | None = None) -> "Linear":
        if start is not None and start.training_state_ is None:
            raise ValueError(
                "partial_fit cannot continue a linear model that was fitted with fit. Begin with partial_fit."
            )
        training = TrainingInParts(data, context, None if start is None else start.training_state_)
        training.train()
        training.learn_weights()
        return Linear.folded(training.models, training.ensemble, training.space, training.state())

    def untrained(self, context: FitContext) -> "Linear":
        n_columns, n_classes = context.input_dim + PAIR_COLUMNS, context.head.n_classes
        return self._fitted(
            idf_=np.ones(n_columns, dtype=np.float32),
            kernel_=np.zeros((n_columns, n_classes), dtype=np.float32),
            word_kernel_=None,
            bias_=context.head.initial_bias(context.class_priors),
            training_state_=None,
        )

    @classmethod
    def folded(
        cls,
        models: Sequence[FeatureWeights],
        ensemble: EnsembleWeights,
        space: FeatureSpace,
        state: dict[str, Any] | None = None,
    ) -> "Linear":
        """Return the weighted sum of models of features, with weights of words and pairs.

        Parameters
        ----------
        models : sequence of FeatureWeights
        ensemble : EnsembleWeights
            Of the models, and possibly of others after them.
        space : FeatureSpace
        state : dict, optional
            The state of training.
        """
        total = weighted_sum(models, ensemble.weights[: len(models)])
        kernel, word_kernel, bias = space.fold(total.kernel)
        # Contiguous rows, since scipy would otherwise copy the whole matrix for each product.
        return cls()._fitted(
            idf_=space.idf,
            kernel_=np.ascontiguousarray(kernel),
            word_kernel_=None if word_kernel is None else np.ascontiguousarray(word_kernel, dtype=np.float32),
            bias_=(total.bias + ensemble.intercept + bias).astype(np.float32),
            training_state_=state,
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
