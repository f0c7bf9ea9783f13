import pickle
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import ComplementNB

from skglove.models import Linear
from skglove.models.linear import training as module
from skglove.models.linear.model import weighted_sum
from skglove.models.linear.training import TrainingInParts


@pytest.fixture(scope="module")
def X(make_documents):
    return make_documents(90, longest=12)


@pytest.fixture(scope="module")
def y(X):
    """Return 2 for documents with word 7, 1 for others with word 8, and 0 for the rest."""
    return np.array([2 if 7 in document else int(8 in document) for document in X])


def trained(data, context, state=None):
    in_parts = TrainingInParts(data, context, state)
    in_parts.train()
    return in_parts


def accuracy(member, X, y):
    return (member.logits(X).argmax(axis=1) == y).mean()


@pytest.mark.parametrize("has_vectors", [True, False])
def test_folding_changes_no_score(X, y, embedding_matrix, make_context, label, has_vectors):
    context, state = make_context(embedding_matrix if has_vectors else None), None
    for rows in (slice(50), slice(50, 90)):
        training = trained(label(X[rows], y[rows]), context, state)
        state = training.state()
    expected = weighted_sum(training.models, training.ensemble.weights[:2]).scores(training.space.transform(X))
    assert np.ptp(expected) > 1
    found = Linear.folded(training.models, training.ensemble, training.space)
    np.testing.assert_allclose(found.logits(X), expected, atol=1e-4)


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
    arrays = [state["document_counts"]]
    for models in state["models"]:
        (svm,), counts = models["svm"], models["naive_bayes"]
        arrays += [svm["weights"], svm["averages"], *counts]
    before = [array.copy() for array in arrays]
    second = Linear().partial_fit(label(X, y), context, start=first)
    assert np.array_equal(first.kernel_, kernel)
    for array, same in zip(arrays, before, strict=True):
        assert np.array_equal(array, same)
    assert not np.array_equal(second.kernel_, kernel)
    assert second.training_state_["n_documents"] == 180


def test_n_grams_are_those_of_the_first_part(X, y, words, make_context, label):
    context = make_context(words=words)
    first = trained(label(X[:50], y[:50]), context)
    second = trained(label(X[50:], y[50:]), context, first.state())
    other = trained(label(X[50:], y[50:]), context)
    n_grams = [training.space.subword_features for training in (first, second, other)]
    assert n_grams[0].nnz
    assert (n_grams[0] != n_grams[1]).nnz == 0
    assert n_grams[0].shape != n_grams[2].shape


def test_means_are_scaled_as_in_the_first_part(X, y, embedding_matrix, make_context, label):
    context = make_context(embedding_matrix)
    first = trained(label(X[:50], y[:50]), context)
    means = first.space.transform(X[:50]).means
    np.testing.assert_allclose(means.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(means.std(axis=0), 0.5 / 3, atol=1e-5)
    second = trained(label(X[50:], y[50:]), context, first.state())
    kernel = np.ones((len(first.space.idf) + 9, 1))
    for array, same in zip(first.space.fold(kernel), second.space.fold(kernel), strict=True):
        assert np.array_equal(array, same)


def test_equal_documents_in_the_beginning(X, y, embedding_matrix, make_context, label):
    context = make_context(embedding_matrix)
    first = Linear().partial_fit(label(X[np.full(7, 5)], np.arange(7) % 2), context)
    second = Linear().partial_fit(label(X, y), context, start=first)
    assert abs(second.logits(X)).max() < 1000


def leaves(state):
    """Return what nested containers hold."""
    if isinstance(state, dict):
        state = list(state.values())
    if isinstance(state, list | tuple):
        return [leaf for item in state for leaf in leaves(item)]
    return [state]


def test_the_state_is_arrays_and_numbers(X, y, make_context, label):
    state = Linear().partial_fit(label(X, y), make_context()).training_state_
    assert {type(leaf) for leaf in leaves(state)} <= {np.ndarray, int, float, type(None)}


def test_documents_of_weight_zero_are_not_used(X, y, embedding_matrix, make_context, label):
    weights = np.where(np.arange(90) < 50, 2.0, 0.0)
    one = Linear().partial_fit(label(X, y, weights), make_context(embedding_matrix))
    same = Linear().partial_fit(label(X[:50], y[:50]), make_context(embedding_matrix))
    assert np.array_equal(one.kernel_, same.kernel_)


@pytest.fixture(scope="module")
def many(make_documents):
    """Return documents, enough to hold out some of them, and their classes."""
    documents = make_documents(600, longest=12, seed=1)
    return documents, np.array([int(7 in document) for document in documents])


def held_out_rows(X, state):
    ids, lengths = state["held_out"]["ids"], state["held_out"]["lengths"]
    chosen = {part.tobytes() for part in np.split(ids, np.cumsum(lengths)[:-1])}
    return np.array([document.tobytes() in chosen for document in X])


def test_models_whose_weights_are_learned_have_not_seen_the_held_out_documents(
    many, embedding_matrix, make_context, label
):
    X, y = many
    of_true = trained(label(X, y), make_context(embedding_matrix))
    is_held_out = held_out_rows(X, of_true.state())
    assert 40 < is_held_out.sum() < 90
    false = np.where(is_held_out, 1 - y, y)
    of_false = trained(label(X, false), make_context(embedding_matrix))
    for one, other in zip(of_true._models_of_training, of_false._models_of_training, strict=True):
        assert np.array_equal(one.kernel, other.kernel)
    for one, other in zip(of_true.models, of_false.models, strict=True):
        assert not np.array_equal(one.kernel, other.kernel)  # of all documents
    for training in (of_true, of_false):
        training.learn_weights()
    assert of_true.ensemble.weights[0] > 1
    assert of_false.ensemble.weights[0] < 0.1


def test_a_network_gets_a_weight_according_to_its_scores(many, make_context, label):
    X, y = many
    of_truth = SimpleNamespace(logits=lambda documents: np.eye(3)[[int(7 in document) for document in documents]] * 3)
    of_noise = SimpleNamespace(logits=lambda documents: np.random.RandomState(0).normal(0, 3, size=(len(documents), 3)))
    weights = []
    for network in (of_truth, of_noise):
        training = trained(label(X, y), make_context())
        training.learn_weights(network)
        weights.append(training.ensemble.weights)
    assert weights[0].shape == (3,)
    assert weights[0][2] > 0.35 > 0.25 > weights[1][2]


def test_several_passes_do_not_weaken_regularization(many, make_context, label, monkeypatch):
    def partial_fit(self, *args, **kwargs):
        used[type(self)] = self.alpha
        return originals[type(self)](self, *args, **kwargs)

    used, originals = {}, {kind: kind.partial_fit for kind in (SGDClassifier, ComplementNB)}
    for kind in originals:
        monkeypatch.setattr(kind, "partial_fit", partial_fit)
    X, y = many
    state, context = None, make_context()
    for _ in range(4):
        training = trained(label(X, y), context, state)
        state = training.state()
    assert state["n_documents"] == 4 * 600
    assert 1 / (2 * 800) < used[SGDClassifier] < 1 / (2 * 450)
    assert 0.1 * 4 * 0.75 < used[ComplementNB] < 0.1 * 4 * 1.3


def test_few_documents_are_all_trained_on_and_teach_no_weights(X, y, make_context, label):
    training = trained(label(X, y), make_context())
    assert len(training.training) == 90
    before = training.ensemble
    training.learn_weights()
    assert training.ensemble is before
    np.testing.assert_allclose(before.weights, np.log(3) * np.array([1, 0.1, 0.1]))


def test_documents_that_are_all_held_out_change_only_the_models_of_all(many, make_context, label):
    X, y = many
    first = trained(label(X, y), make_context())
    rows = np.flatnonzero(held_out_rows(X, first.state()))
    second = trained(label(X[rows], y[rows]), make_context(), first.state())
    assert len(second.training) == 0
    for one, other in zip(first.models, second.models, strict=True):
        assert not np.array_equal(one.kernel, other.kernel)
    before, after = (leaves(training.state()["models"][0]) for training in (first, second))
    assert all(map(np.array_equal, before, after))
    second.learn_weights()
    assert second.ensemble.weights.tolist() == first.ensemble.weights.tolist()


def test_weights_are_learned_again_after_as_many_documents_as_are_held_out(many, make_context, label, monkeypatch):
    X, y = many
    sizes, learn = [], module.learn_weights
    monkeypatch.setattr(
        module, "learn_weights", lambda scores, y, *rest: sizes.append(len(y)) or learn(scores, y, *rest)
    )
    member, context = None, make_context()
    for rows in np.split(np.arange(600), [500, 530, 580]):
        member = Linear().partial_fit(label(X[rows], y[rows]), context, start=member)
    assert len(sizes) == 2
    assert 40 <= sizes[0] < sizes[1] < len(member.training_state_["held_out"]["hashes"])


def test_training_continues_with_learned_weights(many, embedding_matrix, make_context, label):
    X, y = many
    members = [Linear().partial_fit(label(X[:550], y[:550]), make_context(embedding_matrix)) for _ in range(2)]
    members[1] = pickle.loads(pickle.dumps(members[1]))
    one, other = (
        Linear().partial_fit(label(X[550:], y[550:]), make_context(embedding_matrix), start=member)
        for member in members
    )
    assert one.training_state_["n_learned"] == 550
    for name in ("kernel_", "word_kernel_", "bias_"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
