"""Progress bars in processes without stderr, such as services and pythonw."""

import os
import sys

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from skglove import ConvTextClassifier, Parallel, predict_iter
from skglove.progress import progress_bar
from skglove.vectors import EncoderVectors


class Lengths:
    def encode(self, texts):
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def fit():
    ids, y = [[1, 2], [3, 4], [5, 6]] * 6, ["a", "b", "c"] * 6
    return ConvTextClassifier(Parallel(filters=2), epochs=2, random_state=0, verbose=1).fit(ids, y).history_


def predict():
    model = DummyClassifier(strategy="constant", constant="b").fit(["x"] * 3, ["a", "b", "c"])
    return list(predict_iter(model, ["x", "", "y"], verbose=1))


def encode():
    return EncoderVectors(Lengths(), verbose=True).lookup(["a", "bb"])[0].tolist()


def closed():
    with open(os.devnull, "w") as stream:
        return stream


@pytest.mark.parametrize("stderr", [None, closed()], ids=["None", "closed"])
@pytest.mark.parametrize("work", [fit, predict, encode])
def test_without_stderr_nothing_is_shown(work, stderr, monkeypatch):
    expected = work()
    monkeypatch.setattr(sys, "stderr", stderr)  # here, since pytest sets it again after fixtures
    assert work() == expected


def test_a_bar_is_shown_on_stderr_alone(capsys):
    for shown in (False, True):
        with progress_bar(2, shown=shown, unit="text", desc="predict") as bar:
            bar.update(2)
        printed = capsys.readouterr()
        assert not printed.out
        assert ("predict: 100%" in printed.err) is shown
