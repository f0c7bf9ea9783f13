"""Linear: a linear model on words, pairs of neighbouring words, and the mean of the word vectors.

A support vector machine and a naive Bayes classifier of scikit-learn are fitted separately. Their weighted sum, which is a linear
model again, is more accurate than either. Wang and Manning (2012), "Baselines and Bigrams", also combine the two.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import normalize

from skglove.models.base import FitContext, Member, Spans, new_spans
from skglove.models.tfidf import PAIR_COLUMNS, PAIR_WEIGHT, Tfidf, pair_columns, weigh, weigh_with
from skglove.text.sequences import TokenSequences
from skglove.training.backend import KerasOps, import_keras
from skglove.training.batches import LabelledSequences

# The default ensemble weights of the support vector machine and of naive Bayes.
PART_WEIGHTS = (2.0, 0.6)
_MEANS_NORM = 0.5  # of the mean vectors, on average; the norm of the tf-idf is 1
# Regularization strength of the support vector machine times the number of documents; corresponds to C=2 in LinearSVC.
_ALPHA = 0.5
# The number of epochs is increased for few documents, until training has seen _MIN_DOCUMENTS_SEEN documents.
_MIN_EPOCHS, _MIN_DOCUMENTS_SEEN = 5, 50_000
_SMOOTHING = 0.1


class Linear(Member):
    """A support vector machine and a naive Bayes classifier on words, pairs of words and mean vectors, merged into one.

    Attributes
    ----------
    idf_ : ndarray of shape (n_columns,), float32
        The inverse document frequency of each word and pair.
    kernel_ : ndarray of shape (n_columns, n_classes), float32
        The weights of words and pairs, for normalized tf-idf.
    word_kernel_ : ndarray of shape (n_ids, n_classes), float32, or None
        The weights of words by their vectors, for tf-idf normalized over words only.
    bias_ : ndarray of shape (n_classes,), float32
    training_state_ : dict or None
        The state of training, for `partial_fit`.
    """

    _parameter_constraints: dict[str, Any] = {}  # noqa: RUF012 - read as scikit-learn reads it

    def fit(
        self,
        data: LabelledSequences,
        context: FitContext,
        *,
        validation: LabelledSequences | None = None,
        start: Member | None = None,
    ) -> "Linear":
        training = LinearTraining(context)
        training.observe(data.sequences)
        training.train(training.features(data.sequences), data)
        return training.merged(PART_WEIGHTS)

    def partial_fit(self, data: LabelledSequences, context: FitContext, *, start: Member | None = None) -> "Linear":
        if start is not None and start.training_state_ is None:
            raise ValueError(
                "partial_fit cannot continue a linear model that was fitted with fit. Begin with partial_fit."
            )
        training = LinearTraining(context, None if start is None else start.training_state_)
        sequences = data.sequences[data.rows]
        training.observe(sequences)
        part = LabelledSequences(sequences, data.y[data.rows], data.weights[data.rows], np.arange(len(data)))
        training.train(training.features(sequences), part, epochs=1)
        return training.merged(PART_WEIGHTS, keep_state=True)

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
        words, pairs, words_norm, norm = weigh(sequences, self.idf_)
        total = words @ self.kernel_[:n_ids]
        total += pairs @ self.kernel_[n_ids:]
        scores = total / norm + self.bias_
        if self.word_kernel_ is not None:
            scores += words @ self.word_kernel_ / words_norm
        return scores

    def forward(self, ops: Any, ids: Any) -> Any:
        n_ids = len(self.idf_) - PAIR_COLUMNS
        words_kernel, pairs_kernel = np.split(self.kernel_, [n_ids])

        def scores(columns: Any, parts: Any, kernel: np.ndarray) -> Any:
            return ops.sum(parts * ops.take(kernel, columns, axis=0), axis=1)

        def norm(square: Any) -> Any:
            return ops.sqrt(ops.maximum(square, 1e-12))

        (words, words_parts, words_square), (pairs, pairs_parts, pairs_square) = weigh_with(ops, ids, self.idf_)
        total = scores(words, words_parts, words_kernel) + scores(pairs, pairs_parts, pairs_kernel)
        logits = total / norm(words_square + pairs_square) + self.bias_
        if self.word_kernel_ is None:
            return logits
        return logits + scores(words, words_parts, self.word_kernel_) / norm(words_square)

    def keras_logits(self, ids: Any) -> Any:
        # A nested model is one line of the summary.
        keras, ops = import_keras(), KerasOps()
        inner = keras.Input((None,), dtype="int32", name="linear_ids")
        return keras.Model(inner, self.forward(ops, inner), name="linear")(ids)

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        """Decompose the scores of one document: contributions of terms are divided evenly among their positions."""
        n_ids = len(self.idf_) - PAIR_COLUMNS
        spans = new_spans(len(self.bias_))
        columns = ids.astype(np.int64)
        pairs = n_ids + pair_columns(columns[:-1], columns[1:])
        words_tfidf, words_count = _tfidf_at(columns, self.idf_)
        pairs_tfidf, pairs_count = _tfidf_at(pairs, self.idf_)
        pairs_tfidf = PAIR_WEIGHT * pairs_tfidf
        # Each term counts once.
        words_square = (words_tfidf**2 / words_count).sum()
        square = words_square + (pairs_tfidf**2 / pairs_count).sum()
        norm, words_norm = (np.sqrt(value) if value > 0 else 1.0 for value in (square, words_square))
        for position, column in enumerate(columns):
            added = words_tfidf[position] / norm * self.kernel_[column]
            if self.word_kernel_ is not None:
                added = added + words_tfidf[position] / words_norm * self.word_kernel_[column]
            spans[position, position + 1] += added / words_count[position]
        for position, column in enumerate(pairs):
            spans[position, position + 2] += pairs_tfidf[position] / norm * self.kernel_[column] / pairs_count[position]
        return spans, self.bias_.astype(np.float64)


def _tfidf_at(columns: np.ndarray, idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the tf-idf and the count of the term at each position."""
    _, inverse, counts = np.unique(columns, return_inverse=True, return_counts=True)
    count = counts[inverse].astype(np.float64)
    return (1 + np.log(count)) * idf[columns], count


@dataclass(frozen=True)
class Features:
    """The features of documents for the two linear models.

    Parameters
    ----------
    terms : csr_matrix of shape (n_documents, n_columns), float32
        The tf-idf of words and pairs, in rows of norm 1.
    means : ndarray of shape (n_documents, dim), float32
        The mean of the word vectors, each word weighted by its tf-idf; dim is 0 without vectors.
    """

    terms: csr_matrix
    means: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "Features":
        return Features(self.terms[rows], self.means[rows])


class LinearTraining:
    """Training of the two linear models.

    Parameters
    ----------
    context : FitContext
    state : dict, optional
        The `training_state_` of a `Linear` to continue from. It is not changed.
    """

    def __init__(self, context: FitContext, state: dict[str, Any] | None = None) -> None:
        self._n_classes, self._random_state = context.head.n_classes, context.random_state
        self._vectors = _centred(context.input_dim, context.embedding_matrix)
        self._means_scale: float | None = None
        self._svm: Any = None
        self._bayes: Any = None
        self._tfidf = Tfidf(context.input_dim)
        if state is not None:
            self._tfidf = Tfidf(context.input_dim, state["document_counts"], state["n_documents"])
            self._means_scale = state["means_scale"]
            self._svm, self._bayes = copy.deepcopy((state["svm"], state["bayes"]))

    def observe(self, sequences: TokenSequences) -> None:
        """Count the document frequencies of words and pairs."""
        self._tfidf = self._tfidf.observing(sequences)

    def features(self, sequences: TokenSequences) -> Features:
        """Return the features of documents.

        Parameters
        ----------
        sequences : TokenSequences
        """
        words, pairs, words_norm, norm = weigh(sequences, self._tfidf.idf)
        terms = hstack([words, pairs], format="csr")
        terms.data /= np.repeat(norm[:, 0], np.diff(terms.indptr))
        means = words @ self._vectors / words_norm
        if self._means_scale is None:
            typical = float(np.sqrt((means**2).sum() / len(means)))
            self._means_scale = _MEANS_NORM / typical if typical else 1.0
        return Features(terms, means * np.float32(self._means_scale))

    def untrained(self) -> "LinearTraining":
        """Return an untrained copy with the same document frequencies."""
        other = copy.copy(self)
        other._svm = other._bayes = None
        return other

    def train(self, features: Features, data: LabelledSequences, epochs: int | None = None) -> None:
        """Train both linear models.

        Parameters
        ----------
        features : Features
            The features of all documents of `data.sequences`.
        data : LabelledSequences
        epochs : int, optional
            By default enough to converge approximately.
        """
        features, y, weights = features[data.rows], data.y[data.rows], data.weights[data.rows]
        if self._svm is None:
            self._svm = SGDClassifier(loss="hinge", average=True, tol=None, n_jobs=-1)
            self._bayes = ComplementNB(alpha=_SMOOTHING)
        self._svm.set_params(alpha=_ALPHA / max(len(y), self._tfidf.n_documents), random_state=self._random_state)
        classes = np.arange(self._n_classes)
        weights = weights / weights.mean()
        self._bayes.partial_fit(features.terms, y, classes, sample_weight=weights)
        columns = hstack([features.terms, csr_matrix(features.means)], format="csr")
        epochs = epochs or max(_MIN_EPOCHS, -(-_MIN_DOCUMENTS_SEEN // len(y)))
        if epochs > 1 and len(np.unique(y)) == self._n_classes:
            self._svm.set_params(max_iter=epochs).fit(columns, y, sample_weight=weights)
        else:
            for _ in range(epochs):
                self._svm.partial_fit(columns, y, classes, sample_weight=weights)
        self._svm.set_params(random_state=None)  # the caller's generator must not be saved

    def scores(self, features: Features) -> list[np.ndarray]:
        """Return the scores of each of the two models, (n_documents, n_classes) each."""
        kernel, bias = self._svm_weights()
        n_terms = features.terms.shape[1]
        return [
            features.terms @ kernel[:n_terms] + features.means @ kernel[n_terms:] + bias,
            features.terms @ self._bayes_weights(),
        ]

    def merged(self, part_weights: Sequence[float], *, keep_state: bool = False) -> Linear:
        """Merge both models into one linear model.

        Parameters
        ----------
        part_weights : sequence of two float
            The ensemble weights of the support vector machine and of naive Bayes.
        keep_state : bool, default=False
            Whether training can be continued.
        """
        kernel, bias = self._svm_weights()
        of_svm, of_bayes = part_weights
        n_terms = self._tfidf.n_ids + PAIR_COLUMNS
        word_kernel = self._vectors @ kernel[n_terms:] * (of_svm * (self._means_scale or 1.0))
        terms_kernel = of_svm * kernel[:n_terms] + of_bayes * self._bayes_weights()
        # Contiguous rows, since scipy would otherwise copy the whole matrix for each product.
        return Linear()._fitted(
            idf_=self._tfidf.idf,
            kernel_=np.ascontiguousarray(terms_kernel, dtype=np.float32),
            word_kernel_=np.ascontiguousarray(word_kernel, dtype=np.float32) if self._vectors.shape[1] else None,
            bias_=(of_svm * bias).astype(np.float32),
            training_state_=self._state() if keep_state else None,
        )

    def _state(self) -> dict[str, Any]:
        return {
            "document_counts": self._tfidf.document_counts,
            "n_documents": self._tfidf.n_documents,
            "means_scale": self._means_scale,
            "svm": self._svm,
            "bayes": self._bayes,
        }

    def _svm_weights(self) -> tuple[np.ndarray, np.ndarray]:
        kernel, bias = self._svm.coef_.T, self._svm.intercept_
        if self._n_classes == 2:  # scikit-learn has only a column for the second class
            kernel, bias = kernel * [-1, 1], bias * [-1, 1]
        return kernel.astype(np.float32), bias.astype(np.float32)

    def _bayes_weights(self) -> np.ndarray:
        kernel = self._bayes.feature_log_prob_.T
        kernel = kernel - kernel.mean(axis=1, keepdims=True)
        kernel[self._tfidf.document_counts == 0] = 0  # terms that do not occur
        return kernel.astype(np.float32)


def _centred(n_ids: int, embedding_matrix: np.ndarray | None) -> np.ndarray:
    """Return centered word vectors of norm 1; a matrix without columns if there are none."""
    if embedding_matrix is None:
        return np.zeros((n_ids, 0), dtype=np.float32)
    known = embedding_matrix.any(axis=1)
    vectors = np.zeros_like(embedding_matrix)
    if known.any():
        vectors[known] = normalize(embedding_matrix[known] - embedding_matrix[known].mean(axis=0))
    return vectors
