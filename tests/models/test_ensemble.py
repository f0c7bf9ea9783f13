import numpy as np
import pytest

from skglove import ConvTextClassifier, Parallel, WideAndDeep
from skglove.models import ensemble
from skglove.models.ensemble import _NETWORK_OF_FEW, _PRIOR_SCALE
from skglove.models.linear import LEARNERS, training
from skglove.models.weighting import EnsembleWeights


def test_scores_are_the_weighted_sum_of_the_members(fit, make_documents):
    member, X = fit(WideAndDeep(filters=8)).architecture_, make_documents(seed=1)
    expected = member.linear_.logits(X) + member.weights_["network"] * member.network_.logits(X)
    np.testing.assert_allclose(member.logits(X), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("n_documents", [80, 78])
def test_of_few_documents_none_are_held_out(sequences, corpus, n_documents):
    classifier = ConvTextClassifier(WideAndDeep(filters=8), epochs=1, validation_fraction=0.5, random_state=0)
    classifier.fit(sequences[:n_documents], corpus[1][:n_documents])
    weights = classifier.architecture_.weights_
    assert list(weights) == [*LEARNERS, "network"]
    assert min(weights.values()) >= 0
    for name, learner in LEARNERS.items():
        assert weights[name] != _PRIOR_SCALE * learner.prior_weight  # learned by cross-validation
    assert (weights["network"] == _NETWORK_OF_FEW) == (n_documents < 80)
    assert ("val_loss" in classifier.history_) == (n_documents == 80)


@pytest.mark.parametrize("most_to_fold", [50, 200])
def test_the_weights_are_learned_on_documents_held_out_of_both(sequences, corpus, monkeypatch, most_to_fold):
    monkeypatch.setattr(training, "_MOST_TO_FOLD", most_to_fold)
    monkeypatch.setattr(training, "learn_weights", lambda *_: EnsembleWeights(np.array([1, 0.22, 0.1]), np.zeros(2)))
    given = []
    monkeypatch.setattr(
        ensemble,
        "learn_weights",
        lambda scores, y, *_: given.append((scores, y)) or EnsembleWeights(np.array([2.0, 0.0]), np.zeros(2)),
    )
    noise = np.random.RandomState(0).randint(2, size=200)
    settings = {"epochs": 1, "validation_fraction": 0.3, "random_state": 0}
    member = ConvTextClassifier(WideAndDeep(filters=4), **settings).fit(sequences, noise).architecture_
    ((of_linear, of_network), y), *others = given
    assert not others
    assert of_linear.shape == of_network.shape == (60, 2)
    assert (of_linear.argmax(axis=1) == y).mean() < 0.7  # no better than chance
    assert (member.linear_.logits(sequences).argmax(axis=1) == noise).mean() > 0.9  # fitted on all
    assert member.weights_["network"] == 0
    np.testing.assert_allclose(member.logits(sequences), member.linear_.logits(sequences))


def test_the_scale_of_the_linear_model_is_learned(sequences, corpus, monkeypatch):
    scaled = []
    for scale in (1.0, 3.0):
        monkeypatch.setattr(
            ensemble, "learn_weights", lambda *_, scale=scale: EnsembleWeights(np.array([scale, 0.5]), np.zeros(2))
        )
        classifier = ConvTextClassifier(WideAndDeep(filters=4), epochs=1, validation_fraction=0.5, random_state=0)
        scaled.append(classifier.fit(sequences, corpus[1]).architecture_)
    for name in LEARNERS:
        assert scaled[1].weights_[name] == pytest.approx(3 * scaled[0].weights_[name])
    np.testing.assert_allclose(scaled[1].linear_.logits(sequences), 3 * scaled[0].linear_.logits(sequences), rtol=1e-4)


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
    classifier = ConvTextClassifier(WideAndDeep(filters=8), validation_fraction=0.5)
    members = [
        classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"]).architecture_ for _ in range(2)
    ]
    assert not np.array_equal(*(member.linear_.kernel_ for member in members))
    assert not np.array_equal(*(member.network_.weights_["conv_0"][0] for member in members))
    assert list(members[1].weights_) == ["svm", "naive_bayes", "network"]
    states = [member.training_state_ for member in (members[1].linear_, members[1].network_)]
    n_held_out = len(states[0]["held_out"]["hashes"])
    assert n_held_out > 5
    assert states[0]["n_documents"] == 2 * len(sequences)
    assert states[1]["n_documents"] == 2 * (len(sequences) - n_held_out)


def test_partial_fit_learns_the_weights_of_all_members(sequences, corpus):
    classifier = ConvTextClassifier(WideAndDeep(filters=8), validation_fraction=0.5, random_state=0)
    member = classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"]).architecture_
    network, learned = member.weights_["network"], member.linear_.training_state_["ensemble"][0]
    assert list(member.weights_.values()) == learned.tolist()
    for fixed in ([1.0, 0.4, 0.3], np.log(2) * np.array([1.0, 0.1, 0.1])):
        assert not np.isclose(learned, fixed).any()
    expected = member.linear_.logits(sequences) + network * member.network_.logits(sequences)
    np.testing.assert_allclose(member.logits(sequences), expected, rtol=1e-5, atol=1e-5)


def test_partial_fit_trains_no_network_on_held_out_documents_alone(sequences, corpus):
    classifier, y = ConvTextClassifier(WideAndDeep(filters=8), validation_fraction=0.5, random_state=0), corpus[1]
    first = classifier.partial_fit(sequences, y, classes=["animals", "tools"]).architecture_
    held_out = first.linear_.training_state_["held_out"]
    chosen = {part.tobytes() for part in np.split(held_out["ids"], np.cumsum(held_out["lengths"])[:-1])}
    networks = []
    for i, document in enumerate(sequences[:20]):
        before, member = classifier.architecture_, classifier.partial_fit(sequences[[i]], y[[i]]).architecture_
        networks.append(member.network_ is before.network_)
        assert networks[-1] == (document.tobytes() in chosen)
    assert len(set(networks)) == 2
