import numpy as np
import pytest
from scipy.sparse import random as random_matrix
from sklearn.preprocessing import normalize

from skglove.models.linear.directions import Directions


def vectors_of(directions):
    return directions.scores(np.eye(directions.dim, dtype=np.float32))


def test_directions_are_without_mean_and_main_components(embedding_matrix):
    known = embedding_matrix.any(axis=1)
    expected = normalize(embedding_matrix[known] - embedding_matrix[known].mean(axis=0))
    left, sizes, right = np.linalg.svd(expected, full_matrices=False)
    found = vectors_of(Directions(30, embedding_matrix))
    np.testing.assert_allclose(found[known], left[:, 2:] * sizes[2:] @ right[2:], atol=1e-6)


def test_words_without_a_vector_have_no_direction(embedding_matrix):
    directions = vectors_of(Directions(30, embedding_matrix))
    assert np.flatnonzero(~directions.any(axis=1)).tolist() == [0, 5]
    assert (np.linalg.norm(directions, axis=1) <= 1 + 1e-6).all()


def test_means_are_those_of_the_directions(embedding_matrix):
    directions = Directions(30, embedding_matrix)
    weights = random_matrix(7, 30, 0.3, format="csr", dtype=np.float32, random_state=0)
    found = directions.means(weights)
    np.testing.assert_allclose(found, weights @ vectors_of(directions), atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_vectors_of_few_dimensions_are_not_removed_completely(embedding_matrix, dim):
    assert vectors_of(Directions(30, embedding_matrix[:, :dim])).any()


def test_vectors_that_differ_by_rounding_errors_have_no_direction():
    rng = np.random.RandomState(0)
    vectors = np.tile(rng.normal(size=9).astype(np.float32), (30, 1))
    assert not vectors_of(Directions(30, vectors)).any()
    differ = rng.rand(30, 9) < 0.5
    vectors[differ] = np.nextafter(vectors[differ], np.float32(np.inf))
    assert not vectors_of(Directions(30, vectors)).any()


def test_the_vectors_are_not_copied():
    vectors = np.random.RandomState(0).normal(size=(50_000, 20)).astype(np.float32)
    directions = Directions(len(vectors), vectors)
    arrays = [value for value in vars(directions).values() if isinstance(value, np.ndarray) and value is not vectors]
    assert sum(array.nbytes for array in arrays) < vectors.nbytes / 10
