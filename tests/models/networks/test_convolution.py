import numpy as np

from skglove import ops
from skglove.models.networks.convolution import convolved_batches, transposed


def test_words_that_are_multiplied_once_are_convolved_as_documents_are(make_documents, embedding_matrix):
    rng = np.random.RandomState(0)
    X, kernels = make_documents(), [rng.normal(size=(size, 9, 4)).astype(np.float32) for size in (1, 2, 5)]
    seen = []
    for rows, padded, convolved in convolved_batches(X, embedding_matrix, kernels, 200, 3):
        words = embedding_matrix[X.batch(rows, 3)]
        assert np.array_equal(padded, X.batch(rows, 3) == 0)
        for got, kernel in zip(convolved, kernels, strict=True):
            expected = ops.conv(words, kernel)
            np.testing.assert_allclose(got[~padded], expected[~padded], atol=1e-5)
            assert (got[padded] == -np.inf).all()
        seen.extend(rows)
    assert sorted(seen) == list(range(len(X)))


def test_transposed_is_the_adjoint_of_conv():
    rng = np.random.RandomState(0)
    for size in (1, 2, 5):
        kernel, x, slope = rng.normal(size=(size, 3, 4)), rng.normal(size=(1, 7, 3)), rng.normal(size=(1, 7, 4))
        np.testing.assert_allclose((ops.conv(x, kernel) * slope).sum(), (x * transposed(slope, kernel)).sum())
