"""The wide part of a network: a linear model on words, pairs of neighbouring words, and the mean of the word vectors.

Two linear models are fitted side by side by scikit-learn, a support vector machine and a naive Bayes classifier, since they err
in different places; a mixture of both is a linear model again, and that is what scores. The idea of a linear model beside a
deep network is that of Cheng et al. (2016), "Wide & Deep Learning for Recommender Systems"; that of crossing naive Bayes and
support vector machines is Wang and Manning's (2012), "Baselines and Bigrams".
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import normalize

from skglove.averaging import smooth_idf
from skglove.saving import plain_arrays
from skglove.sequences import Documents

# Pairs of words share this many columns (the hashing trick), so that their number never needs to be known.
PAIR_COLUMNS, PAIR_FACTORS = 2**17, (7919, 104729)
# How much a pair counts beside a word, and the vectors' length beside that of the words and pairs, which is 1.
PAIR_WEIGHT, _VECTOR_WEIGHT = 0.5, 0.5
# The support vector machine's regularization is this over the number of documents: LinearSVC with C=2.
_ALPHA = 0.5
# Passes over the documents: at least so many, and more over few documents, until so many documents have been looked at.
_MIN_EPOCHS, _MIN_LOOKS = 5, 50_000
_SMOOTHING = 0.1


def pair_columns(first: Any, second: Any) -> Any:
    """Return the column of each pair of words; plain arithmetic, for arrays and tensors of 64-bit integers alike.

    Parameters
    ----------
    first, second : array or tensor of int64
        Word ids.
    """
    return (first * PAIR_FACTORS[0] + second * PAIR_FACTORS[1]) % PAIR_COLUMNS


@dataclass(frozen=True)
class Features:
    """What the linear models see of some documents.

    Parameters
    ----------
    terms : csr_matrix of shape (n_documents, n_ids + PAIR_COLUMNS), float32
        The tf-idf of words and pairs, in rows of length 1.
    means : ndarray of shape (n_documents, dim), float32
        The mean of the word vectors, each word weighted by its tf-idf; dim is 0 without vectors.
    """

    terms: csr_matrix
    means: np.ndarray

    def of(self, rows: np.ndarray) -> "Features":
        """Return those of some of the documents.

        Parameters
        ----------
        rows : ndarray of int
        """
        return Features(self.terms[rows], self.means[rows])


class WideWeights:
    """A fitted wide part: arrays, and how to score with them.

    Parameters
    ----------
    idf : ndarray of shape (n_ids + PAIR_COLUMNS,), float32
        The inverse document frequency of each word and pair.
    kernel : ndarray of shape (n_ids + PAIR_COLUMNS, n_classes), float32
        What each of them, its tf-idf normalized, adds to the score of each class.
    word_kernel : ndarray of shape (n_ids, n_classes), float32, or None
        What each word adds through its vector: the tf-idf of the words alone normalized.
    bias : ndarray of shape (n_classes,), float32
    """

    def __init__(self, idf: np.ndarray, kernel: np.ndarray, word_kernel: np.ndarray | None, bias: np.ndarray) -> None:
        self.idf, self.kernel, self.word_kernel, self.bias = idf, kernel, word_kernel, bias

    def __getstate__(self) -> dict[str, Any]:
        return plain_arrays(self.__dict__)

    def logits(self, documents: Documents) -> np.ndarray:
        """Score documents.

        Parameters
        ----------
        documents : Documents

        Returns
        -------
        ndarray of shape (n_documents, n_classes), float32
        """
        n_ids = len(self.idf) - PAIR_COLUMNS
        words, pairs, words_length, length = _tfidf(documents, self.idf)
        total = words @ self.kernel[:n_ids]
        total += pairs @ self.kernel[n_ids:]
        scores = total / length + self.bias
        if self.word_kernel is not None:
            scores += words @ self.word_kernel / words_length
        return scores


class WideModel:
    """The wide part in training.

    Parameters
    ----------
    n_ids : int
        Number of word ids, 0 included.
    n_classes : int
    embedding_matrix : ndarray of shape (n_ids, dim) or None
        Pre-trained vectors; rows of zeros are words without one.
    random_state : RandomState
    """

    def __init__(
        self, n_ids: int, n_classes: int, embedding_matrix: np.ndarray | None, random_state: np.random.RandomState
    ) -> None:
        self.n_ids, self.n_classes, self.random_state = n_ids, n_classes, random_state
        self.document_counts = np.zeros(n_ids + PAIR_COLUMNS, dtype=np.int64)
        self.n_documents = 0
        self.vectors: Any = None
        self.hold_vectors(embedding_matrix)
        self._vectors_scale: float | None = None
        self._machine: Any = None
        self._bayes: Any = None

    def hold_vectors(self, embedding_matrix: np.ndarray | None) -> None:
        """Take the word vectors, unless they are here already: a pickle has none, for what is trained on brings them.

        Parameters
        ----------
        embedding_matrix : ndarray of shape (n_ids, dim) or None
            As at first.
        """
        if self.vectors is None:
            none = np.zeros((self.n_ids, 0), dtype=np.float32)
            self.vectors = none if embedding_matrix is None else _centred(embedding_matrix)

    def observe(self, documents: Documents) -> None:
        """Count in how many documents each word and pair occurs, for its inverse document frequency.

        Parameters
        ----------
        documents : Documents
        """
        for counts, first in zip(_term_counts(documents, self.n_ids), (0, self.n_ids), strict=True):
            self.document_counts[first : first + counts.shape[1]] += np.bincount(
                counts.indices, minlength=counts.shape[1]
            )
        self.n_documents += len(documents)

    def features(self, documents: Documents) -> Features:
        """Return what the linear models see of documents.

        Parameters
        ----------
        documents : Documents
        """
        words, pairs, words_length, length = _tfidf(documents, self._idf())
        terms = hstack([words, pairs], format="csr")
        terms.data /= np.repeat(length[:, 0], np.diff(terms.indptr))
        means = words @ self.vectors / words_length
        if self._vectors_scale is None:
            typical = float(np.sqrt((means**2).sum() / len(means)))
            self._vectors_scale = _VECTOR_WEIGHT / typical if typical else 1.0
        return Features(terms, means * np.float32(self._vectors_scale))

    def untrained(self) -> "WideModel":
        """Return another model with the same document frequencies, to be trained on other documents."""
        other = copy.copy(self)
        other._machine = other._bayes = None
        return other

    def train(self, features: Features, y: np.ndarray, weights: np.ndarray, epochs: int | None = None) -> None:
        """Train both linear models, going on from where they are.

        Parameters
        ----------
        features : Features
        y : ndarray of shape (n_documents,), int
            The position of each document's class.
        weights : ndarray of shape (n_documents,), float
        epochs : int, optional
            By default as many as lead near the optimum.
        """
        if self._machine is None:
            self._machine = SGDClassifier(
                loss="hinge", average=True, tol=None, random_state=self.random_state, n_jobs=-1
            )
            self._bayes = ComplementNB(alpha=_SMOOTHING)
        self._machine.set_params(alpha=_ALPHA / max(len(y), self.n_documents))
        classes = np.arange(self.n_classes)
        weights = weights / weights.mean()
        self._bayes.partial_fit(features.terms, y, classes, sample_weight=weights)
        columns = hstack([features.terms, csr_matrix(features.means)], format="csr")
        epochs = epochs or max(_MIN_EPOCHS, -(-_MIN_LOOKS // len(y)))
        if epochs > 1 and len(np.unique(y)) == self.n_classes:
            self._machine.set_params(max_iter=epochs).fit(columns, y, sample_weight=weights)
        else:
            for _ in range(epochs):
                self._machine.partial_fit(columns, y, classes, sample_weight=weights)

    def scores(self, features: Features) -> list[np.ndarray]:
        """Return what each of the two linear models says, (n_documents, n_classes) each.

        Parameters
        ----------
        features : Features
        """
        kernel, bias = self._machine_weights()
        n_terms = features.terms.shape[1]
        return [
            features.terms @ kernel[:n_terms] + features.means @ kernel[n_terms:] + bias,
            features.terms @ self._bayes_weights(),
        ]

    def weights(self, machine_share: float, bayes_share: float) -> WideWeights:
        """Merge both models into one.

        Parameters
        ----------
        machine_share, bayes_share : float
            What each model's scores are multiplied with.
        """
        kernel, bias = self._machine_weights()
        n_terms = self.n_ids + PAIR_COLUMNS
        word_kernel = self.vectors @ kernel[n_terms:] * (machine_share * (self._vectors_scale or 1.0))
        merged = machine_share * kernel[:n_terms] + bayes_share * self._bayes_weights()
        # Row after row in memory, as scoring reads them: scipy would copy the whole matrix for each product otherwise.
        return WideWeights(
            self._idf(),
            np.ascontiguousarray(merged, dtype=np.float32),
            np.ascontiguousarray(word_kernel, dtype=np.float32) if self.vectors.shape[1] else None,
            (machine_share * bias).astype(np.float32),
        )

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__, vectors=None)

    def _idf(self) -> np.ndarray:
        return smooth_idf(self.document_counts, self.n_documents).astype(np.float32)

    def _machine_weights(self) -> tuple[np.ndarray, np.ndarray]:
        kernel, bias = self._machine.coef_.T, self._machine.intercept_
        if self.n_classes == 2:  # scikit-learn has one column then, for the second class
            kernel, bias = kernel * [-1, 1], bias * [-1, 1]
        return kernel.astype(np.float32), bias.astype(np.float32)

    def _bayes_weights(self) -> np.ndarray:
        kernel = self._bayes.feature_log_prob_.T
        kernel = kernel - kernel.mean(axis=1, keepdims=True)
        kernel[self.document_counts == 0] = 0  # words that no document holds say nothing
        return kernel.astype(np.float32)


def _centred(embedding_matrix: np.ndarray) -> np.ndarray:
    """Return vectors of length 1 that point away from the mean of all."""
    known = embedding_matrix.any(axis=1)
    vectors = np.zeros_like(embedding_matrix)
    if known.any():
        vectors[known] = normalize(embedding_matrix[known] - embedding_matrix[known].mean(axis=0))
    return vectors


def _term_counts(documents: Documents, n_ids: int) -> tuple[csr_matrix, csr_matrix]:
    """Return how often each word, and each pair of neighbours, occurs in each document: 1 + log of it."""
    ids = documents.ids.astype(np.int64)
    last = np.cumsum(documents.lengths)[documents.lengths > 0] - 1
    columns = np.delete(pair_columns(ids[:-1], ids[1:]), last[:-1]) if len(ids) else ids
    return (
        _log_counts(ids, documents.lengths, n_ids),
        _log_counts(columns, np.maximum(documents.lengths - 1, 0), PAIR_COLUMNS),
    )


def _log_counts(columns: np.ndarray, lengths: np.ndarray, n_columns: int) -> csr_matrix:
    ends = np.concatenate([[0], np.cumsum(lengths)])
    counts = csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(lengths), n_columns))
    counts.sum_duplicates()
    counts.data = 1 + np.log(counts.data)
    return counts


def _tfidf(documents: Documents, idf: np.ndarray) -> tuple[csr_matrix, csr_matrix, np.ndarray, np.ndarray]:
    """Return the tf-idf of words and of pairs, and the lengths (n_documents, 1) of the rows of words, and of both together."""
    n_ids = len(idf) - PAIR_COLUMNS
    words, pairs = _term_counts(documents, n_ids)
    words.data *= idf[words.indices]
    pairs.data *= PAIR_WEIGHT * idf[n_ids + pairs.indices]
    squares = _squares(words)
    lengths = [np.sqrt(np.where(square > 0, square, 1)) for square in (squares, squares + _squares(pairs))]
    return words, pairs, lengths[0], lengths[1]


def _squares(rows: csr_matrix) -> np.ndarray:
    """Return the sum of the squares of each row, (n_rows, 1)."""
    squares = np.zeros((rows.shape[0], 1), dtype=np.float32)
    filled = np.flatnonzero(np.diff(rows.indptr))
    if len(filled):
        squares[filled, 0] = np.add.reduceat(rows.data**2, rows.indptr[filled])
    return squares
