import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skglove.models.linear import features
from skglove.models.linear.features import Features, StreamedFeatures


@pytest.fixture
def X(make_documents):
    return make_documents(80, longest=12)


def compute(documents):
    """Return features from which the documents can be recognized."""
    terms = np.stack([documents.lengths, [ids.sum() for ids in documents]], axis=1)
    return Features(csr_matrix(terms.astype(np.float32)), documents.lengths[:, None].astype(np.float32) / 2)


@pytest.fixture
def streamed(X):
    return StreamedFeatures(X, compute, (2, 1), np.arange(len(X)))


def test_rows_and_columns(X):
    some = compute(X)
    rows = np.array([5, 2, 5])
    expected = np.hstack([some.terms.toarray(), some.means])[rows]
    assert np.array_equal(some[rows].all.toarray(), expected)
    assert np.array_equal(some.means_of(rows), some.means[rows])
    assert len(some[rows]) == 3
    assert some.sizes == (2, 1)


def test_features_in_memory_are_one_part(X):
    some = compute(X)
    [(indices, part)] = some.parts()
    assert part is some
    assert np.array_equal(indices, np.arange(80))


@pytest.mark.parametrize("words_at_once", [1, 30, 10_000])
@pytest.mark.parametrize(
    "rows", [slice(None), np.random.RandomState(0).permutation(80), [7, 7, 0] * 20], ids=["all", "shuffled", "few"]
)
def test_parts_are_the_features_of_all_rows_in_their_order(X, streamed, rows, words_at_once, monkeypatch):
    monkeypatch.setattr(features, "_WORDS_AT_ONCE", words_at_once)
    parts = list(streamed[np.arange(80)[rows]].parts())
    expected = compute(X[rows])
    assert np.array_equal(np.concatenate([indices for indices, _ in parts]), np.arange(len(expected)))
    assert np.array_equal(np.vstack([part.all.toarray() for _, part in parts]), expected.all.toarray())
    assert (len(parts) > 1) == (words_at_once < 10_000)
    if words_at_once == 30:
        assert max(part.terms[:, 0].sum() for _, part in parts if len(part) > 1) <= 30 + 12


def test_rows_of_rows_and_means(X, streamed):
    some = streamed[np.array([9, 3, 4])]
    assert len(some) == 3
    assert np.array_equal(some[np.array([2, 0])].means_of(np.array([1])), compute(X[[9]]).means)
