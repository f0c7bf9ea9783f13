import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from skglove import TokenSequences
from skglove.text.averaging import mean_vectors, smooth_idf

MATRIX = np.array([[0, 0], [1, 2], [3, 4], [0, 0]], dtype=np.float32)  # the last word has no vector


def sequences(documents):
    lengths = np.array([len(document) for document in documents])
    return TokenSequences.from_lengths(
        np.array([id_ for document in documents for id_ in document], dtype=np.int32), lengths, embedding_matrix=MATRIX
    )


def test_smooth_idf_is_that_of_scikit_learn():
    counts = np.array([[1, 0, 2], [1, 0, 0], [3, 1, 0], [1, 0, 0]])
    ours = smooth_idf(np.count_nonzero(counts, axis=0), len(counts))
    np.testing.assert_allclose(ours, TfidfTransformer(smooth_idf=True).fit(counts).idf_)


@pytest.mark.parametrize(
    ("document", "mean"),
    [([1], [1, 2]), ([1, 2], [2, 3]), ([1, 1, 1, 2], [1.5, 2.5]), ([3, 1], [1, 2]), ([3], [0, 0]), ([], [0, 0])],
    ids=["one word", "two words", "repeated", "beside a word without vector", "without vectors", "empty"],
)
def test_mean_of_the_word_vectors(document, mean):
    np.testing.assert_allclose(mean_vectors(sequences([document]), np.ones(4)), [mean])


def test_means_are_weighted():
    means = mean_vectors(sequences([[1, 2]]), np.array([9.0, 3.0, 1.0, 9.0]))
    np.testing.assert_allclose(means, [[(3 * 1 + 3) / 4, (3 * 2 + 4) / 4]])


def test_words_without_a_vector_do_not_count_whatever_their_weight():
    means = mean_vectors(sequences([[1, 2, 3]]), np.array([1.0, 3.0, 1.0, 100.0]))
    np.testing.assert_allclose(means, [[1.5, 2.5]])


def test_a_document_does_not_depend_on_the_others():
    documents = [[1, 2], [], [2, 3, 3], [1]]
    together = mean_vectors(sequences(documents), np.array([1.0, 2.0, 3.0, 4.0]))
    alone = [mean_vectors(sequences([document]), np.array([1.0, 2.0, 3.0, 4.0]))[0] for document in documents]
    assert np.array_equal(together, alone)


def test_means_are_an_ordinary_array():
    means = mean_vectors(sequences([[1], [2]]), np.ones(4))
    assert type(means) is np.ndarray
    assert (means.dtype, means.shape) == (np.float32, (2, 2))
