import warnings

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier

from skglove.models import Linear
from skglove.models.incremental import IncrementalTraining
from skglove.models.linear import folded


@pytest.fixture(scope="module")
def X(make_documents):
    return make_documents(90, longest=12)


@pytest.fixture(scope="module")
def y(X):
    """Return 2 for documents with word 7, 1 for others with word 8, and 0 for the rest."""
    return np.array([2 if 7 in document else int(8 in document) for document in X])


def accuracy(member, X, y):
    return (member.logits(X).argmax(axis=1) == y).mean()


@pytest.mark.parametrize("has_vectors", [True, False])
def test_folding_changes_no_score(X, y, embedding_matrix, make_context, label, has_vectors):
    training = IncrementalTraining(make_context(embedding_matrix if has_vectors else None))
    for rows in (slice(50), slice(50, 90)):
        model, space = training.train(label(X[rows], y[rows]))
    expected = model.scores(space.transform(X))
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(folded(model, space).logits(X), expected, atol=1e-4)


def test_epochs_improve_the_model(X, y, embedding_matrix, make_context, label):
    context, member, found = make_context(embedding_matrix), None, []
    for _ in range(10):
        member = Linear().partial_fit(label(X, y), context, start=member)
        found.append(accuracy(member, X, y))
    assert found[-1] > 0.9
    assert found[-1] > found[0]


def test_warning_filters_that_threads_leave_are_removed(X, y, make_context, label, monkeypatch):
    def partial_fit(self, *args, **kwargs):
        warnings.simplefilter("ignore")
        return partial_fit_of_sklearn(self, *args, **kwargs)

    partial_fit_of_sklearn, before = SGDClassifier.partial_fit, list(warnings.filters)
    monkeypatch.setattr(SGDClassifier, "partial_fit", partial_fit)
    Linear().partial_fit(label(X, y), make_context())
    assert list(warnings.filters) == before


def test_a_class_may_come_later(X, y, embedding_matrix, make_context, label):
    context = make_context(embedding_matrix)
    parts = [np.flatnonzero(y < 2), np.flatnonzero(y == 2)]
    member = Linear().partial_fit(label(X[parts[0]], y[parts[0]]), context)
    assert np.isfinite(member.logits(X)).all()
    assert (member.logits(X).argmax(axis=1) < 2).all()
    for part in parts[::-1] * 5:
        member = Linear().partial_fit(label(X[part], y[part]), context, start=member)
    assert (member.logits(X[parts[1]]).argmax(axis=1) == 2).mean() > 0.8


def test_the_old_member_is_not_changed(X, y, embedding_matrix, make_context, label):
    context = make_context(embedding_matrix)
    first = Linear().partial_fit(label(X, y), context)
    kernel, state = first.kernel_.copy(), first.training_state_
    svm, counts, bayes = (
        state["svms"][0].coef_.copy(),
        state["document_counts"].copy(),
        state["bayes"][0].feature_all_.copy(),
    )
    second = Linear().partial_fit(label(X, y), context, start=first)
    assert np.array_equal(first.kernel_, kernel)
    assert np.array_equal(state["svms"][0].coef_, svm)
    assert np.array_equal(state["document_counts"], counts)
    assert np.array_equal(state["bayes"][0].feature_all_, bayes)
    assert not np.array_equal(second.kernel_, kernel)
    assert second.training_state_["n_documents"] == 180


def test_training_continues_where_it_stopped(X, y, embedding_matrix, make_context, label):
    at_once = IncrementalTraining(make_context(embedding_matrix))
    at_once.train(label(X[:50], y[:50]))
    expected, _ = at_once.train(label(X[50:], y[50:]))
    context = make_context(embedding_matrix)
    before = IncrementalTraining(context)
    before.train(label(X[:50], y[:50]))
    found, _ = IncrementalTraining(context, before.state()).train(label(X[50:], y[50:]))
    assert np.array_equal(found.kernel, expected.kernel)
    assert np.array_equal(found.bias, expected.bias)


def test_n_grams_are_those_of_the_first_part(X, y, words, make_context, label):
    context = make_context(words=words)
    training = IncrementalTraining(context)
    _, first = training.train(label(X[:50], y[:50]))
    _, second = training.train(label(X[50:], y[50:]))
    _, other = IncrementalTraining(context).train(label(X[50:], y[50:]))
    assert first.subword_features.nnz
    assert (first.subword_features != second.subword_features).nnz == 0
    assert first.subword_features.shape != other.subword_features.shape


def test_means_are_scaled_as_in_the_first_part(X, y, embedding_matrix, make_context, label):
    training = IncrementalTraining(make_context(embedding_matrix))
    _, first = training.train(label(X[:50], y[:50]))
    means = first.transform(X[:50]).means
    np.testing.assert_allclose(means.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(means.std(axis=0), 0.5 / 3, atol=1e-5)
    _, second = training.train(label(X[50:], y[50:]))
    kernel = np.ones((len(first.idf) + 9, 1))
    for array, same in zip(first.fold(kernel), second.fold(kernel), strict=True):
        assert np.array_equal(array, same)


def test_equal_documents_in_the_beginning(X, y, embedding_matrix, make_context, label):
    context = make_context(embedding_matrix)
    first = Linear().partial_fit(label(X[np.full(7, 5)], np.arange(7) % 2), context)
    second = Linear().partial_fit(label(X, y), context, start=first)
    assert abs(second.logits(X)).max() < 1000


def test_the_generator_of_the_caller_is_not_kept(X, y, make_context, label):
    state = Linear().partial_fit(label(X, y), make_context()).training_state_
    assert state["svms"][0].random_state is None


def test_documents_of_weight_zero_are_not_used(X, y, embedding_matrix, make_context, label):
    weights = np.where(np.arange(90) < 50, 2.0, 0.0)
    one = Linear().partial_fit(label(X, y, weights), make_context(embedding_matrix))
    same = Linear().partial_fit(label(X[:50], y[:50]), make_context(embedding_matrix))
    assert np.array_equal(one.kernel_, same.kernel_)
