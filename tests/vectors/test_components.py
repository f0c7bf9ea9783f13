import numpy as np
import pytest
from sklearn.decomposition import PCA

from skglove.vectors.components import principal_components


@pytest.fixture
def rows():
    random = np.random.RandomState(0)
    rows = (random.randn(200, 3) @ random.randn(3, 10) + 0.1 * random.randn(200, 10) + 5).astype(np.float32)
    rows[[3, 50]] = 0
    return rows


def test_projections_are_those_of_pca(rows):
    known = rows.any(axis=1)
    projected = principal_components(rows, 3)
    assert projected.dtype == np.float32
    expected = PCA(3, svd_solver="full").fit_transform(rows[known].astype(np.float64))
    np.testing.assert_allclose(np.abs(projected[known]), np.abs(expected), atol=1e-3)
    np.testing.assert_allclose(projected[known].mean(axis=0), 0, atol=1e-3)


def test_words_without_a_vector_keep_zeros(rows):
    assert not principal_components(rows, 3)[[3, 50]].any()


def test_the_same_vectors_have_the_same_projections(rows):
    assert np.array_equal(principal_components(rows, 3), principal_components(rows.copy(), 3))


@pytest.mark.parametrize("length", [1e38, 1e30, 1e10, 1e-10, 1e-30])
def test_long_and_short_vectors(rows, length):
    """Their squares are infinite or zero in float32."""
    rows /= np.abs(rows).max()
    known = rows.any(axis=1)
    expected = PCA(3, svd_solver="full").fit_transform(rows[known].astype(np.float64))
    projected = principal_components(rows * np.float32(length), 3)
    assert not projected[~known].any()
    np.testing.assert_allclose(np.abs(projected[known] / np.float32(length)), np.abs(expected), atol=1e-4)


def test_scaling_changes_nothing(rows):
    known = rows.any(axis=1)
    assert np.array_equal(
        principal_components(rows, 3)[known], PCA(3, svd_solver="covariance_eigh").fit_transform(rows[known])
    )


def test_components_that_exceed_float32():
    rows = np.array([[3e38] * 20, [-3e38] * 20, [3e38] * 20], np.float32)
    with pytest.raises(ValueError, match="n_components=1, but the vectors are so long that components exceed float32"):
        principal_components(rows, 1)


def test_equal_vectors():
    assert principal_components(np.ones((4, 3), np.float32), 2).tolist() == [[0, 0]] * 4


@pytest.mark.parametrize(
    ("n_words", "n_components", "message"),
    [(200, 11, "the vectors have 10 dimensions"), (9, 8, "8 words have a vector"), (4, 3, "3 words")],
)
def test_too_many_components(rows, n_words, n_components, message):
    with pytest.raises(ValueError, match=f"n_components={n_components}, but {message}") as caught:
        principal_components(rows[:n_words], n_components)
    assert "or None" in str(caught.value)
