import gc
import threading
import weakref
from unittest import mock

import numpy as np
import pytest

from skglove import ConvTextClassifier, Parallel, Stacked, WideAndDeep
from skglove._keras import import_keras
from skglove.training import reuse
from skglove.training.steps import Steps


class OfUser(Parallel):
    """An architecture that is not one of skglove's."""


@pytest.fixture(autouse=True)
def _nothing_kept():
    reuse._kept.clear()


@pytest.fixture
def traced():
    """Return a list of the functions that are traced."""
    names, trace = [], Steps._trace

    def traced(self, step):
        names.append(step.__name__)
        return trace(self, step)

    with mock.patch.object(Steps, "_trace", traced):
        yield names


def small(architecture=None, **parameters):
    parameters = {"epochs": 2, "random_state": 0, "dtype_policy": "float32", **parameters}
    return ConvTextClassifier(architecture or Parallel(filters=8), **parameters)


@pytest.mark.parametrize(
    "architecture",
    [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=8)],
    ids=["wide", "parallel", "stacked"],
)
@pytest.mark.parametrize("parameters", [{}, {"trainable": False}, {"optimizer": "sgd"}], ids=str)
def test_a_second_fit_traces_nothing_and_gives_the_same_model(sequences, corpus, traced, architecture, parameters):
    X, y = sequences, corpus[1]
    first = small(architecture, **parameters).fit(X, y)
    n_traced = len(traced)
    small(architecture, **parameters, random_state=1).fit(X[:150], y[:150])
    again = small(architecture, **parameters).fit(X, y)
    assert n_traced > 0
    assert len(traced) == n_traced
    assert np.array_equal(first.predict_proba(X), again.predict_proba(X))


def test_partial_fit_traces_once(sequences, corpus, traced):
    def train():
        classifier = small(WideAndDeep(filters=8))
        for start in range(0, 200, 50):
            part = slice(start, start + 50)
            classifier.partial_fit(sequences[part], corpus[1][part], classes=["animals", "tools"])
        return classifier.predict_proba(sequences)

    first = train()
    assert traced == ["_update"]
    assert np.array_equal(first, train())


@pytest.mark.parametrize(
    "changed",
    [
        {"architecture": Parallel(filters=9)},
        {"architecture": Parallel(filters=8, dropout=0.1)},
        {"architecture": Stacked(filters=8)},
        {"architecture": OfUser(filters=8)},
        {"optimizer": "sgd"},
        {"trainable": False},
        {"dtype_policy": "mixed_bfloat16"},
    ],
    ids=["filters", "dropout", "architecture", "class", "optimizer", "trainable", "dtype_policy"],
)
def test_other_networks_are_traced_anew(sequences, corpus, traced, changed):
    small().fit(sequences, corpus[1])
    expected = small(**changed).fit(sequences, corpus[1])
    assert traced == ["_update"] * 2
    reuse._kept.clear()
    assert np.array_equal(
        small(**changed).fit(sequences, corpus[1]).predict_proba(sequences), expected.predict_proba(sequences)
    )


def test_parameters_that_are_no_part_of_a_trace(sequences, corpus, traced):
    small().fit(sequences, corpus[1])
    changed = {"learning_rate": 0.02, "epochs": 3, "batch_size": 50, "learning_rate_schedule": "constant"}
    reused = small(**changed).fit(sequences, corpus[1])
    assert traced == ["_update"]
    reuse._kept.clear()
    assert np.array_equal(
        small(**changed).fit(sequences, corpus[1]).predict_proba(sequences), reused.predict_proba(sequences)
    )


def test_networks_that_others_may_keep_are_not_reused(sequences, corpus, traced):
    seen = import_keras().callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    for parameters in ({"callbacks": [seen]}, {"architecture": OfUser(filters=8)}):
        small(**parameters).fit(sequences, corpus[1])
        assert not reuse._kept


def test_steps_that_failed_are_not_kept(sequences, corpus):
    small().fit(sequences, corpus[1])
    with mock.patch.object(Steps, "update", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        small().fit(sequences, corpus[1])
    assert not reuse._kept


def test_large_networks_are_not_kept(sequences, corpus, monkeypatch):
    monkeypatch.setattr(reuse, "_MOST_BYTES", 1000)
    small().fit(sequences, corpus[1])
    assert not reuse._kept


@pytest.mark.parametrize("parameters", [{}, {"classes": ["animals", "tools"]}])
def test_very_large_networks_are_freed(sequences, corpus, monkeypatch, parameters):
    monkeypatch.setattr(reuse, "_MOST_LEFT", 1000)
    networks, init = [], Steps.__init__

    def new_steps(self, network, *args, **kwargs):
        networks.append(weakref.ref(network))
        init(self, network, *args, **kwargs)

    monkeypatch.setattr(Steps, "__init__", new_steps)
    gc.disable()
    try:
        fit = small().partial_fit if parameters else small().fit
        fit(sequences, corpus[1], **parameters)
    finally:
        gc.enable()
    assert [network() for network in networks] == [None]


def test_one_network_is_kept(sequences, corpus):
    for filters in (8, 9):
        small(Parallel(filters=filters)).fit(sequences, corpus[1])
    assert len(reuse._kept) == 1


def test_threads_do_not_share_steps(sequences, corpus):
    expected = [small(random_state=seed).fit(sequences, corpus[1]).predict_proba(sequences) for seed in range(4)]
    found = [None] * 4

    def fit(seed):
        found[seed] = small(random_state=seed).fit(sequences, corpus[1]).predict_proba(sequences)

    threads = [threading.Thread(target=fit, args=[seed]) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, wanted in zip(found, expected, strict=True):
        assert np.array_equal(got, wanted)


def test_the_weights_of_labels_are_part_of_a_trace(sequences, corpus, traced):
    Y = np.stack([corpus[1] == "animals", np.arange(200) % 3 == 0], axis=1).astype(int)
    small().fit(sequences, Y)
    weighted = small(class_weight={1: 5.0}).fit(sequences, Y)
    assert traced == ["_update"] * 2
    reuse._kept.clear()
    again = small(class_weight={1: 5.0}).fit(sequences, Y)
    assert np.array_equal(again.predict_proba(sequences), weighted.predict_proba(sequences))
