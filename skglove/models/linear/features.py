"""The features of documents for linear models, in memory or computed in parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, hstack

from skglove.text.sequences import TokenSequences

# The number of words of a part; a document counts as some more for the components of its mean.
_WORDS_AT_ONCE, _COMPONENTS_PER_WORD = 500_000, 4
# So the bias learns at a hundredth of the rate of other weights, as in scikit-learn with sparse features.
CONSTANT = 0.1


@dataclass(frozen=True)
class Features:
    """The features of documents.

    Parameters
    ----------
    terms : csr_matrix of shape (n_documents, n_terms), float32
        Of words, pairs of words and character n-grams; not negative.
    means : ndarray of shape (n_documents, dim), float32
        The standardized means of the word vectors; dim is 0 without vectors.
    """

    terms: csr_matrix
    means: np.ndarray

    def __len__(self) -> int:
        return self.terms.shape[0]

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of terms and of components of means."""
        return self.terms.shape[1], self.means.shape[1]

    def parts(self) -> "Iterator[tuple[np.ndarray, Features]]":
        """Yield everything at once: the indices of the documents, and the features."""
        yield np.arange(len(self)), self

    def means_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the means of some documents."""
        return self.means[rows]

    def __getitem__(self, rows: np.ndarray) -> "Features":
        return Features(self.terms[rows], self.means[rows])

    @cached_property
    def all(self) -> csr_matrix:
        """Terms and means: csr_matrix of shape (n_documents, n_terms + dim), float32."""
        return hstack([self.terms, csr_matrix(self.means)], format="csr")

    @cached_property
    def with_constant(self) -> csr_matrix:
        """Terms, means, and a last column that is `CONSTANT` in all documents, whose weight is a bias."""
        constant = np.full((len(self), 1), CONSTANT, dtype=np.float32)
        return hstack([self.terms, csr_matrix(self.means), csr_matrix(constant)], format="csr")

    @cached_property
    def occurring(self) -> tuple[np.ndarray, csr_matrix]:
        """The columns of `all` that are not zero in every document, and the first; and their values.

        Most pairs of words do not occur. scikit-learn needs at least one column.
        """
        occurs = np.zeros(self.all.shape[1], dtype=bool)
        occurs[self.all.indices] = occurs[0] = True
        columns = np.flatnonzero(occurs)
        return columns, self.all[:, columns]


@dataclass(frozen=True)
class StreamedFeatures:
    """The features of documents, computed in parts whenever they are needed.

    Parameters
    ----------
    sequences : TokenSequences
    transform : callable
        From `TokenSequences` to `Features`.
    sizes : tuple of int
        The numbers of terms and of components of means.
    rows : ndarray of int
        Which of the documents, in which order.
    """

    sequences: TokenSequences
    transform: Callable[[TokenSequences], Features]
    sizes: tuple[int, int]
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: np.ndarray) -> "StreamedFeatures":
        return replace(self, rows=self.rows[rows])

    def parts(self) -> Iterator[tuple[np.ndarray, Features]]:
        """Yield indices of documents and their features, of a limited number of words at once."""
        sizes = self.sequences.lengths[self.rows] + self.sizes[1] // _COMPONENTS_PER_WORD
        numbers = np.cumsum(sizes) // _WORDS_AT_ONCE
        starts = np.flatnonzero(np.diff(numbers, prepend=-1))
        for indices in np.split(np.arange(len(self)), starts[1:]):
            yield indices, self.transform(self.sequences[self.rows[indices]])

    def means_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the means of some documents."""
        return np.concatenate([part.means for _, part in self[rows].parts()])
