import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import StandardScaler, normalize

from skglove import TokenSequences
from skglove.models.linear import feature_space
from skglove.models.linear.directions import Directions
from skglove.models.linear.feature_space import FeatureSpace, Moments
from skglove.models.linear.features import StreamedFeatures
from skglove.models.linear.tfidf import PAIR_COLUMNS, Tfidf, weigh

N_COLUMNS = 30 + PAIR_COLUMNS


@pytest.fixture(scope="module")
def X(make_documents):
    return make_documents(80, longest=12)


def learn(X, embedding_matrix=None, words=None):
    return FeatureSpace.learn(X, Tfidf(30).observing(X), Directions(30, embedding_matrix), words)


def test_words_and_pairs_have_norm_one(X, words):
    _, features = learn(X, words=words)
    norms = np.linalg.norm(features.terms[:, :N_COLUMNS].toarray(), axis=1)
    np.testing.assert_allclose(norms, X.lengths > 0, rtol=1e-5)


def test_mean_vectors_are_standardized_without_their_main_components(X, embedding_matrix):
    _, features = learn(X, embedding_matrix)
    known = embedding_matrix.any(axis=1)
    directions = normalize(embedding_matrix[known] - embedding_matrix[known].mean(axis=0))
    left, sizes, right = np.linalg.svd(directions, full_matrices=False)
    vectors = np.zeros(embedding_matrix.shape)
    vectors[known] = left[:, 2:] * sizes[2:] @ right[2:]
    means = normalize(weigh(X, Tfidf(30).observing(X).idf).smoothed) @ vectors
    np.testing.assert_allclose(features.means, StandardScaler().fit_transform(means) * 0.5 / 3, atol=1e-5)


def test_rare_and_frequent_n_grams_are_not_used(X, words):
    _, features = learn(X, words=words)
    n_grams = CountVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit_transform(words)
    counts = np.minimum((n_grams > 0).T @ Tfidf(30).observing(X).document_counts[:30], 80)
    used = (counts >= 2) & (counts <= 3 * np.sqrt(80))
    assert 0 < used.sum() < len(used)
    assert features.terms.shape[1] - N_COLUMNS == used.sum()


def test_n_grams_have_a_norm_of_0_7_on_average(X, words):
    _, features = learn(X, words=words)
    n_grams = features.terms[:, N_COLUMNS:].toarray()
    assert np.sqrt((n_grams**2).sum(axis=1).mean()) == pytest.approx(0.7, rel=1e-5)
    assert not n_grams[0].any()  # no words


def test_n_grams_may_all_be_too_rare(words):
    _, features = learn(TokenSequences([1, 13], [0, 1, 2], input_dim=30), words=words)  # walk, jump
    assert features.terms.shape == (2, N_COLUMNS)


def test_words_of_the_same_stem_share_n_grams(words):
    documents = TokenSequences([1, 2, 7, 8], [0, 1, 2, 3, 4], input_dim=30)  # walk, walks, talk, talks
    n_grams = learn(documents, words=words)[1].terms[:, N_COLUMNS:].toarray()
    similarity = n_grams @ n_grams.T
    assert similarity[0, 1] > 2 * similarity[0, 3] > 0


@pytest.mark.parametrize("has_words", [True, False])
@pytest.mark.parametrize("has_vectors", [True, False])
def test_the_features_learned_from_are_those_of_the_documents(X, embedding_matrix, words, has_vectors, has_words):
    space, features = learn(X, embedding_matrix if has_vectors else None, words if has_words else None)
    again = space.transform(X)
    np.testing.assert_allclose(again.terms.toarray(), features.terms.toarray(), atol=1e-6)
    np.testing.assert_allclose(again.means, features.means, atol=1e-6)
    assert features.means.shape == (80, 9 if has_vectors else 0)
    assert (features.terms.shape[1] > N_COLUMNS) == has_words
    assert {features.terms.dtype, features.means.dtype} == {np.dtype(np.float32)}


def test_embeddings_without_known_words(X):
    space, features = learn(X, np.zeros((30, 9), dtype=np.float32))
    assert not features.means.any()
    assert not space.transform(X[:2]).means.any()


def test_rounding_errors_are_not_scaled_up():
    plane = np.random.RandomState(0).normal(size=(30, 2)) @ np.random.RandomState(1).normal(size=(2, 9))
    directions = Directions(30, plane.astype(np.float32))  # nothing is left of two components but errors
    for means in (directions.scores(np.eye(9, dtype=np.float32)), np.full((7, 1), 0.1, dtype=np.float32)):
        moments = Moments(means.shape[1])
        moments.add(means)
        assert moments.standardization()[0].max() < 1


def test_moments_of_parts_are_those_of_all():
    means = np.random.RandomState(0).normal(3, 0.2, size=(20, 4)).astype(np.float32)
    moments = Moments(4)
    for part in np.split(means, [3, 4]):
        moments.add(part)
    scale, offset = moments.standardization()
    np.testing.assert_allclose(means * scale - offset, StandardScaler().fit_transform(means) * 0.25, atol=1e-4)


def test_features_of_many_words_are_computed_in_parts(X, embedding_matrix, words, monkeypatch):
    _, kept = learn(X, embedding_matrix, words)
    monkeypatch.setattr(feature_space, "MOST_BYTES_KEPT", 75 * len(X.ids) + 20 * 9 * len(X) - 1)
    space, streamed = learn(X, embedding_matrix, words)
    assert isinstance(streamed, StreamedFeatures)
    assert streamed.sizes == kept.sizes
    np.testing.assert_allclose(space.transform(X).all.toarray(), kept.all.toarray(), atol=1e-6)
    np.testing.assert_allclose(next(streamed.parts())[1].all.toarray(), kept.all.toarray(), atol=1e-6)
