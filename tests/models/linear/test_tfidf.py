"""Tf-idf against scikit-learn's of the same words."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from skglove import TokenSequences, ops
from skglove.models.linear.tfidf import PAIR_COLUMNS, PAIR_WEIGHT, Tfidf, pair_columns, weigh, weigh_with


@pytest.fixture(scope="module")
def X():
    """Return documents of every length from none to 30 words of 40."""
    rng = np.random.RandomState(0)
    lengths = np.r_[0, 1, 30, rng.randint(1, 31, 77)]
    return TokenSequences(rng.randint(1, 41, lengths.sum()), np.r_[0, np.cumsum(lengths)])


def test_words_and_pairs_are_weighed_as_scikit_learn_does(X):
    texts = [" ".join(f"w{i}" for i in ids) for ids in X]
    found = weigh(X, Tfidf(41).observing(X).idf)
    parts = []
    for n, terms in ((1, found.words), (2, found.pairs)):
        theirs = TfidfVectorizer(sublinear_tf=True, norm=None, ngram_range=(n, n)).fit(texts)
        expected = np.zeros((len(X), 41 if n == 1 else PAIR_COLUMNS), dtype=np.float32)
        weights = theirs.transform(texts).toarray()
        for term, column in theirs.vocabulary_.items():
            ids = [int(word[1:]) for word in term.split()]
            ours = ids[0] if n == 1 else pair_columns(*ids)
            assert not expected[:, ours].any()  # no two pairs of so few words share a column
            expected[:, ours] = weights[:, column] * (1 if n == 1 else PAIR_WEIGHT)
        np.testing.assert_allclose(terms.toarray(), expected, atol=1e-5)
        parts.append(expected)
    length = np.linalg.norm(np.hstack(parts), axis=1)
    np.testing.assert_allclose(found.norm[:, 0], np.where(length > 0, length, 1), rtol=1e-5)


def test_smoothed_tf_idf_has_the_root_of_the_inverse_document_frequency(X):
    idf = Tfidf(41).observing(X).idf
    found = weigh(X, idf)
    expected = found.words.toarray() / np.sqrt(idf[:41])
    np.testing.assert_allclose(found.smoothed.toarray(), expected, rtol=1e-5)
    length = np.linalg.norm(expected, axis=1)
    np.testing.assert_allclose(found.smoothed_norm[:, 0], np.where(length > 0, length, 1), rtol=1e-5)


def test_counts_of_chunks_add_up(X):
    at_once, in_chunks = Tfidf(41).observing(X), Tfidf(41).observing(X[:30]).observing(X[30:])
    assert np.array_equal(at_once.document_counts, in_chunks.document_counts)
    assert at_once.n_documents == in_chunks.n_documents == 80


def test_observing_changes_nothing(X):
    before = Tfidf(41)
    before.observing(X)
    assert before.n_documents == 0
    assert not before.document_counts.any()


def test_the_parts_of_all_positions_add_up_to_the_tf_idf_of_their_terms(X):
    idf = Tfidf(41).observing(X).idf
    found = weigh(X, idf)
    expected = found.words, found.pairs, found.smoothed
    for terms, (columns, parts, square) in zip(expected, weigh_with(ops, X.padded(padding="post"), idf), strict=True):
        totals = np.zeros(terms.shape)
        np.add.at(totals, (np.arange(len(X))[:, None], columns), parts[:, :, 0])
        np.testing.assert_allclose(totals, terms.toarray(), atol=1e-5)
        np.testing.assert_allclose(square[:, 0], (terms.toarray() ** 2).sum(axis=1), rtol=1e-4)
