"""How the features of documents are computed: words and pairs of words, character n-grams, and means of word vectors.

All features of a document are sums over its words and pairs, so a linear model of them has one weight per word and pair, and
prediction does not need the n-grams and the vectors. Words that do not occur in the training texts get weights, too, if they have
a vector or share n-grams with words that do.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack, vstack
from sklearn.preprocessing import normalize

from skglove.models.linear.directions import Directions
from skglove.models.linear.features import Features, StreamedFeatures
from skglove.models.linear.tfidf import Tfidf, weigh
from skglove.text.averaging import smooth_idf
from skglove.text.sequences import TokenSequences
from skglove.text.subwords import SUBWORD_COLUMNS, subwords

# The norm of the features of a document: of n-grams and of standardized means, on average. That of words and pairs is 1.
_SUBWORDS_NORM, _MEANS_NORM = 0.7, 0.5
# N-grams in fewer documents, or in more than this times the square root of the number of documents, are not used.
_FEWEST_DOCUMENTS, _MOST_DOCUMENTS = 2, 3
_ROWS_AT_ONCE = 10_000
# Smaller standard deviations of means, of vectors of norm 1 at most, are rounding errors.
_SMALLEST_DEVIATION = 1e-5
# Features of documents that take more bytes are not kept, but computed in parts each time: so many a word, and for each
# component of the mean of each document.
MOST_BYTES_KEPT = 400_000_000
_BYTES_OF_WORD, _BYTES_OF_COMPONENT = 75, 20


class FeatureSpace:
    """How features are computed from sequences.

    Parameters
    ----------
    tfidf : Tfidf
        The document frequencies of words and pairs.
    directions : Directions
    subword_features : csr_matrix of shape (n_ids, n_subwords), float32
        The character n-grams of each word.
    scaling : tuple of (scale, offset), ndarray of shape (dim,), float32
        What `Moments.standardization` returns.

    Attributes
    ----------
    idf : ndarray of shape (n_columns,), float32
    """

    def __init__(
        self, tfidf: Tfidf, directions: Directions, subword_features: csr_matrix, scaling: tuple[np.ndarray, np.ndarray]
    ) -> None:
        self.idf, self.subword_features, self.scaling = tfidf.idf, subword_features, scaling
        self._directions = directions

    @classmethod
    def learn(
        cls, sequences: TokenSequences, tfidf: Tfidf, directions: Directions, words: Sequence[str] | None
    ) -> "tuple[FeatureSpace, Features | StreamedFeatures]":
        """Choose n-grams and learn the scale of all features; return the features of the documents, too.

        Parameters
        ----------
        sequences : TokenSequences
            The training documents.
        tfidf : Tfidf
        directions : Directions
        words : sequence of str or None
            The spelling of each id; without it, no n-grams are used.
        """
        dim = directions.dim
        unscaled = cls(
            tfidf, directions, _choose_subwords(words, tfidf), (np.ones(dim, np.float32), np.zeros(dim, np.float32))
        )
        size = _BYTES_OF_WORD * len(sequences.ids) + _BYTES_OF_COMPONENT * len(sequences) * dim
        is_kept = size <= MOST_BYTES_KEPT
        features = unscaled.transform(sequences) if is_kept else unscaled.stream(sequences)
        moments = Moments(dim)
        squares = 0.0  # of n-grams
        for _, part in features.parts():
            moments.add(part.means)
            squares += float((part.terms.data[part.terms.indices >= len(unscaled.idf)] ** 2).sum())
        scale, offset = moments.standardization()
        factor = np.float32(_SUBWORDS_NORM / (np.sqrt(squares / len(features)) or 1.0))
        space = cls(tfidf, directions, unscaled.subword_features * factor, (scale, offset))
        if not isinstance(features, Features):
            return space, space.stream(sequences)
        features.terms.data[features.terms.indices >= len(unscaled.idf)] *= factor
        return space, Features(features.terms, features.means * scale - offset)

    def stream(self, sequences: TokenSequences) -> StreamedFeatures:
        """Return the features of documents, to be computed in parts.

        Parameters
        ----------
        sequences : TokenSequences
        """
        sizes = len(self.idf) + self.subword_features.shape[1], self._directions.dim
        return StreamedFeatures(sequences, self.transform, sizes, np.arange(len(sequences)))

    def transform(self, sequences: TokenSequences) -> Features:
        """Return the features of documents.

        Parameters
        ----------
        sequences : TokenSequences
        """
        found = weigh(sequences, self.idf)
        terms = [diags(1 / found.norm[:, 0]) @ part for part in (found.words, found.pairs)]
        weights = diags(1 / found.smoothed_norm[:, 0]) @ found.smoothed
        terms = hstack([*terms, weights @ self.subword_features], format="csr", dtype=np.float32)
        scale, offset = self.scaling
        return Features(terms, self._directions.means(weights) * scale - offset)

    def fold(self, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
        """Turn the weights of all features into weights of words and pairs.

        Parameters
        ----------
        kernel : ndarray of shape (n_terms + dim, n_classes), float32

        Returns
        -------
        kernel : ndarray of shape (n_ids + PAIR_COLUMNS, n_classes), float32
            For normalized tf-idf.
        word_kernel : ndarray of shape (n_ids, n_classes), float32, or None
            For the smoothed tf-idf of words. None if there are neither n-grams nor vectors.
        bias : ndarray of shape (n_classes,), float32
        """
        n_columns, n_subwords = len(self.idf), self.subword_features.shape[1]
        direct, of_subwords, of_means = np.split(kernel, [n_columns, n_columns + n_subwords])
        scale, offset = self.scaling
        word_kernel = None
        if len(of_subwords) or len(of_means):
            word_kernel = self.subword_features @ of_subwords + self._directions.scores(scale[:, None] * of_means)
        return direct, word_kernel, -(offset @ of_means)


class Moments:
    """The mean and the deviation of means of word vectors, from one part of the documents after another.

    Parameters
    ----------
    dim : int
    """

    def __init__(self, dim: int) -> None:
        self._n, self._sum, self._squares = 0, np.zeros(dim), np.zeros(dim)

    def add(self, means: np.ndarray) -> None:
        """Observe more documents.

        Parameters
        ----------
        means : ndarray of shape (n_documents, dim), float32
        """
        values = means.astype(np.float64)
        self._n += len(values)
        self._sum += values.sum(axis=0)
        self._squares += (values**2).sum(axis=0)

    def standardization(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the factors and the offset that standardize the means.

        Returns
        -------
        scale, offset : ndarray of shape (dim,), float32
        """
        mean = self._sum / self._n
        deviation = np.sqrt(np.maximum(self._squares / self._n - mean**2, 0))
        scale = _MEANS_NORM / np.sqrt(max(1, len(mean))) / np.where(deviation > _SMALLEST_DEVIATION, deviation, 1)
        return scale.astype(np.float32), (mean * scale).astype(np.float32)


def _choose_subwords(words: Sequence[str] | None, tfidf: Tfidf) -> csr_matrix:
    """Return the n-grams of each word that are neither too rare nor too frequent, in rows of norm 1."""
    n_ids = tfidf.n_ids
    if words is None:
        return csr_matrix((n_ids, 0), dtype=np.float32)
    occur = np.flatnonzero(tfidf.document_counts[:n_ids])
    found = subwords([words[i] for i in occur.tolist()])
    # An upper bound of the number of documents, since a document may have several words with the same n-gram.
    in_words = np.repeat(tfidf.document_counts[occur], np.diff(found.indptr))
    counts = np.minimum(np.bincount(found.indices, in_words, minlength=SUBWORD_COLUMNS), tfidf.n_documents)
    used = (counts >= _FEWEST_DOCUMENTS) & (counts <= _MOST_DOCUMENTS * np.sqrt(tfidf.n_documents))
    if not used.any():
        return csr_matrix((n_ids, 0), dtype=np.float32)
    number, weights = np.cumsum(used) - 1, smooth_idf(counts[used], tfidf.n_documents).astype(np.float32)
    parts = []
    for start in range(0, n_ids, _ROWS_AT_ONCE):  # as words have many n-grams that are not used
        found = subwords(words[start : start + _ROWS_AT_ONCE])
        kept = used[found.indices]
        columns = number[found.indices[kept]]
        offsets = np.concatenate([[0], np.cumsum(kept)])[found.indptr]
        parts.append(csr_matrix((weights[columns], columns, offsets), shape=(found.shape[0], len(weights))))
    return normalize(vstack(parts, format="csr"), copy=False)
