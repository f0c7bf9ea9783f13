from dataclasses import replace

import numpy as np
import pytest

from skglove import TokenSequences, ops
from skglove.data.head import Sigmoid
from skglove.models.linear import LEARNERS, Linear
from skglove.models.linear import training as module
from skglove.models.linear.directions import Directions
from skglove.models.linear.feature_space import FeatureSpace
from skglove.models.linear.model import FeatureWeights
from skglove.models.linear.tfidf import PAIR_COLUMNS, Tfidf
from skglove.models.linear.training import Training
from skglove.models.weighting import EnsembleWeights


@pytest.fixture(scope="module")
def X(make_documents):
    return make_documents(80, longest=12)


PRIOR_WEIGHTS = [learner.prior_weight for learner in LEARNERS.values()]


@pytest.fixture(scope="module")
def y(X):
    """Return 2 for documents with word 7, 1 for others with word 8, and 0 for the rest."""
    return np.array([2 if 7 in document else int(8 in document) for document in X])


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("has_words", [True, False])
@pytest.mark.parametrize("has_vectors", [True, False])
def test_folding_changes_no_score(X, make_documents, embedding_matrix, words, has_vectors, has_words, n_classes):
    directions = Directions(30, embedding_matrix if has_vectors else None)
    space, features = FeatureSpace.learn(X, Tfidf(30).observing(X), directions, words if has_words else None)
    rng, shape = np.random.RandomState(0), (features.all.shape[1], n_classes)
    model = FeatureWeights(rng.normal(size=shape).astype(np.float32), np.arange(n_classes, dtype=np.float32))
    member = Linear.folded([model], EnsembleWeights(np.ones(1), np.zeros(n_classes)), space)
    assert (member.word_kernel_ is not None) == (has_vectors or has_words)
    for documents in (X, make_documents(seed=1)):
        expected = model.scores(space.transform(documents))
        assert np.ptp(expected) > 1
        np.testing.assert_allclose(member.logits(documents), expected, atol=1e-4)
        np.testing.assert_allclose(member.forward(ops, documents.padded(padding="post")), expected, atol=1e-4)
    for ids, logits in zip(X, member.logits(X), strict=True):
        spans, bias = member.contributions(ids)
        np.testing.assert_allclose(sum(spans.values(), bias), logits, atol=1e-4)


def test_the_merged_model_scores_as_its_parts(X, y, embedding_matrix, words, make_context, label):
    training = Training(label(X, y), make_context(embedding_matrix, words))
    models = training.fit(np.arange(80))
    weights = np.array([2, 0.5, 0.1])
    alone = [Linear.folded(models, EnsembleWeights(unit, np.zeros(3)), training.space).logits(X) for unit in np.eye(3)]
    intercept = np.array([1.0, 2.0, 3.0])
    merged = Linear.folded(models, EnsembleWeights(weights, intercept), training.space).logits(X)
    np.testing.assert_allclose(merged, np.tensordot(weights, alone, 1) + intercept, atol=1e-4)


def test_a_word_is_learned(X, embedding_matrix, words, make_documents, make_context, label):
    def has_seven(documents):
        return np.array([7 in document for document in documents]).astype(int)

    member = Linear().fit(label(X, has_seven(X)), make_context(embedding_matrix, words, n_classes=2))
    new = make_documents(80, longest=12, seed=1)
    assert (member.logits(new).argmax(axis=1) == has_seven(new)).mean() > 0.9


def test_a_word_never_seen_is_known_by_its_spelling(words, make_context, label):
    ids = {word: i for i, word in enumerate(words)}
    seen = ["walk", "walks", "walked", "talk", "talks", "talked"]
    X = TokenSequences([ids[word] for word in seen * 3], np.arange(19), input_dim=30)
    new = TokenSequences([ids["walking"], ids["talking"]], [0, 1, 2])
    data = label(X, [0, 0, 0, 1, 1, 1] * 3)
    spelled = Linear().fit(data, make_context(words=words, n_classes=2)).logits(new)
    assert spelled.argmax(axis=1).tolist() == [0, 1]
    assert np.ptp(spelled, axis=1).min() > 0.1
    alike = Linear().fit(data, make_context(n_classes=2)).logits(new)
    assert np.array_equal(alike[0], alike[1])


def test_a_word_never_seen_is_known_by_its_vector(embedding_matrix, make_context, label):
    seen = TokenSequences.from_matrix([[1, 2], [3, 4]] * 10)
    matrix = embedding_matrix.copy()
    matrix[28], matrix[29] = matrix[1] + matrix[2], matrix[3] + matrix[4]
    member = Linear().fit(label(seen, [0, 1] * 10), make_context(matrix, n_classes=2))
    assert member.logits(TokenSequences([28, 29], [0, 1, 2])).argmax(axis=1).tolist() == [0, 1]


def test_embeddings_without_known_words_change_nothing(X, y, make_context, label):
    none, zeros = (
        Linear().fit(label(X, y), make_context(matrix)) for matrix in (None, np.zeros((30, 9), dtype=np.float32))
    )
    assert none.word_kernel_ is None
    np.testing.assert_allclose(none.logits(X), zeros.logits(X), atol=1e-6)


def test_documents_without_words_get_the_bias(X, y, embedding_matrix, words, make_context, label):
    member = Linear().fit(label(X, y), make_context(embedding_matrix, words))
    np.testing.assert_array_equal(member.logits(X[:1])[0], member.bias_)
    assert np.isfinite(member.bias_).all()


def test_folds_cover_each_document_once_and_all_classes(X, make_context, label):
    y = np.r_[np.zeros(40), np.ones(20), np.full(19, 2), 0].astype(int)
    weights = np.r_[np.ones(70), np.zeros(10)]
    folds = Training(label(X, y, weights), make_context())._folds()
    assert sorted(np.concatenate(folds)) == list(range(70))
    for fold in folds:
        assert np.bincount(y[fold], minlength=3).tolist() == [8, 4, 2]


def test_weights_are_learned_from_documents_not_fitted_on(X, make_context, label):
    y = np.random.RandomState(0).randint(2, size=80)
    training = Training(label(X, y), make_context(n_classes=2))
    learned = training.learn_weights(None)
    assert sorted(learned.rows) == list(range(80))
    assert learned.ensemble.weights.shape == (3,)
    assert (learned.ensemble.weights >= 0).all()
    assert not np.array_equal(learned.ensemble.weights, PRIOR_WEIGHTS)
    fitted = Linear.folded(
        training.fit(np.arange(80)), EnsembleWeights(np.array(PRIOR_WEIGHTS), np.zeros(2)), training.space
    )
    assert (fitted.logits(X).argmax(axis=1) == y).mean() > 0.9
    assert (learned.scores.argmax(axis=1) == y[learned.rows]).mean() < 0.7  # no better than chance


def test_of_many_documents_some_are_held_out(X, y, embedding_matrix, words, make_context, label, monkeypatch):
    monkeypatch.setattr(module, "_MOST_TO_FOLD", 79)
    training = Training(label(X, y), make_context(embedding_matrix, words))
    held_out = np.arange(3, 23)
    learned = training.learn_weights(held_out)
    assert np.array_equal(learned.rows, held_out)
    without = Linear.folded(training.fit(np.setdiff1d(np.arange(80), held_out)), learned.ensemble, training.space)
    np.testing.assert_allclose(learned.scores, without.logits(X[held_out]), atol=1e-4)
    assert training.learn_weights(None).ensemble.weights.tolist() == PRIOR_WEIGHTS


@pytest.mark.parametrize("n_held_out", [3, 4])
def test_models_of_nearly_all_documents_are_not_fitted_again(X, y, make_context, label, monkeypatch, n_held_out):
    monkeypatch.setattr(module, "_MOST_TO_FOLD", 79)
    training = Training(label(X, y), make_context())
    learned = training.learn_weights(np.arange(n_held_out))
    fitted = training.fit_all(learned)
    assert (learned.models is fitted) == (n_held_out == 3)  # of 80


@pytest.mark.parametrize("several_labels", [False, True])
def test_models_are_fitted_again_with_the_only_document_of_a_class(X, make_context, label, monkeypatch, several_labels):
    monkeypatch.setattr(module, "_MOST_TO_FOLD", 79)
    y = np.arange(80) % 2
    y[1] = 2
    context = make_context()
    if several_labels:
        y = np.eye(3, dtype=int)[y]
        context = replace(context, head=Sigmoid((1.0,) * 3, (1.0,) * 3))
    training = Training(label(X, y), context)
    for held_out, is_refitted in ([0, 1, 2], True), ([2, 3, 4], False):
        learned = training.learn_weights(np.array(held_out))
        assert (learned.models is None) == is_refitted


def test_fit_holds_out_documents_if_there_are_many(X, y, make_context, label, monkeypatch):
    monkeypatch.setattr(module, "_MOST_TO_FOLD", 79)
    held_out = []
    learn_weights = Training.learn_weights
    monkeypatch.setattr(
        Training, "learn_weights", lambda self, rows: held_out.append(rows) or learn_weights(self, rows)
    )
    Linear().fit(label(X, y), make_context())
    Linear().fit(label(X, y), make_context(), validation=label(X, y).subset(np.arange(9)))
    assert len(held_out[0]) == 8
    assert held_out[1].tolist() == list(range(9))


@pytest.mark.parametrize("n_documents", [1, 2, 3, 6])
def test_few_documents(X, embedding_matrix, words, make_context, label, n_documents):
    few = X[1 : n_documents + 1]
    context = make_context(embedding_matrix, words)
    context = replace(context, options=replace(context.options, validation_fraction=0.9))
    logits = Linear().fit(label(few, np.arange(n_documents) % 3), context).logits(X)
    assert np.isfinite(logits).all()
    assert abs(logits).max() < 1000


def test_documents_of_weight_zero_have_no_class(X, y, embedding_matrix, make_context, label):
    weights = np.where(np.arange(80) < 60, 1.0, 0.0)
    one, same = (
        Linear().fit(label(X, other, weights), make_context(embedding_matrix)) for other in (y, np.where(weights, y, 0))
    )
    assert np.array_equal(one.kernel_, same.kernel_)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_the_same_seed_gives_the_same_model(X, y, embedding_matrix, words, make_context, label, method):
    one, same, other = (
        getattr(Linear(), method)(label(X, y), make_context(embedding_matrix, words, seed=seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.kernel_, same.kernel_)
    assert np.array_equal(one.word_kernel_, same.word_kernel_)
    assert not np.array_equal(one.kernel_, other.kernel_)


def test_untrained_scores_are_the_class_priors(X, make_context):
    logits = Linear().untrained(make_context()).logits(X)
    np.testing.assert_allclose(np.exp(logits), 1 / 3, rtol=1e-6)


def test_a_term_counts_once_however_often_it_occurs(X, y, embedding_matrix, words, make_context, label):
    member = Linear().fit(label(X, y), make_context(embedding_matrix, words))
    spans, _ = member.contributions(np.array([4, 4, 4]))
    np.testing.assert_allclose(spans[0, 1], spans[2, 3])
    np.testing.assert_allclose(spans[0, 2], spans[1, 3])
    assert set(spans) == {(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)}


def test_weights_have_one_row_for_each_word_and_pair(X, y, embedding_matrix, words, make_context, label):
    member = Linear().fit(label(X, y), make_context(embedding_matrix, words))
    assert member.kernel_.shape == (30 + PAIR_COLUMNS, 3)
    assert member.word_kernel_.shape == (30, 3)
    assert member.kernel_.flags.c_contiguous
    assert member.word_kernel_.flags.c_contiguous
    assert {array.dtype for array in (member.kernel_, member.word_kernel_, member.bias_, member.idf_)} == {
        np.dtype("f4")
    }


def test_partial_fit_does_not_continue_a_finished_fit(X, y, make_context, label):
    fitted = Linear().fit(label(X, y), make_context())
    with pytest.raises(ValueError, match="cannot continue a linear model that was fitted with fit"):
        Linear().partial_fit(label(X, y), make_context(), start=fitted)
