import numpy as np
import pytest

from skglove import ConvTextClassifier, Parallel, WideAndDeep
from skglove.models.ensemble import _PRIOR_WEIGHTS


def test_scores_are_the_weighted_sum_of_the_members(fit, make_documents):
    member, X = fit(WideAndDeep(filters=8)).architecture_, make_documents(seed=1)
    expected = member.linear_.logits(X) + member.weights_[2] * member.network_.logits(X)
    np.testing.assert_allclose(member.logits(X), expected, rtol=1e-5)


def test_weights_are_learned_from_held_out_documents(fit):
    learned = fit(WideAndDeep(filters=8)).architecture_.weights_
    assert learned.shape == (3,)
    assert (learned >= 0).all()
    assert not np.array_equal(learned, _PRIOR_WEIGHTS)


def test_of_few_documents_none_are_held_out(sequences, corpus):
    classifier = ConvTextClassifier(WideAndDeep(filters=8), epochs=1).fit(sequences[:39], corpus[1][:39])
    assert np.array_equal(classifier.architecture_.weights_, _PRIOR_WEIGHTS)
    assert "val_loss" not in classifier.history_


def test_the_linear_model_is_fitted_on_all_documents_in_the_end(sequences, corpus):
    labels = corpus[1][:60].copy()
    labels[7] = "rare"  # in one document, wherever that goes
    member = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, random_state=0).fit(sequences[:60], labels)
    scores = member.architecture_.linear_.logits(sequences[7:8])[0]
    assert member.classes_[scores.argmax()] == "rare"


def test_the_network_is_that_of_parallel(sequences, corpus):
    settings = {"epochs": 1, "early_stopping": True, "random_state": 0}
    both = ConvTextClassifier(WideAndDeep(filters=8), **settings).fit(sequences, corpus[1])
    alone = ConvTextClassifier(Parallel(filters=8, maxlen=60), **settings).fit(sequences, corpus[1])
    for name, arrays in alone.architecture_.weights_.items():
        for array, other in zip(arrays, both.architecture_.network_.weights_[name], strict=True):
            assert np.array_equal(array, other)
    assert both.history_ == alone.history_


def test_partial_fit_after_fit_leaves_the_linear_model(sequences, corpus):
    classifier = ConvTextClassifier(WideAndDeep(filters=8), epochs=1).fit(sequences, corpus[1])
    before = classifier.architecture_
    with pytest.warns(UserWarning, match="the linear model is not changed"):
        classifier.partial_fit(sequences, corpus[1])
    assert classifier.architecture_.linear_ is before.linear_
    kernels = [member.network_.weights_["conv_0"][0] for member in (before, classifier.architecture_)]
    assert not np.array_equal(*kernels)


def test_partial_fit_trains_both(sequences, corpus):
    classifier = ConvTextClassifier(WideAndDeep(filters=8))
    members = [
        classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"]).architecture_ for _ in range(2)
    ]
    assert not np.array_equal(*(member.linear_.kernel_ for member in members))
    assert not np.array_equal(*(member.network_.weights_["conv_0"][0] for member in members))
