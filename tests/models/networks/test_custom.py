import pickle
import random

import numpy as np
import pytest

from skglove.export import to_onnx


def lstm(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.LSTM(8)(words))


def test_a_function_is_repeatable_and_leaves_the_generator_alone(fit, make_documents):
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first, second = fit(lstm), fit(lstm)
    first.to_keras()
    assert random.random() == expected
    assert np.array_equal(first.predict_proba(make_documents()), second.predict_proba(make_documents()))


def test_a_pickle_holds_no_keras_model(fit, make_documents):
    classifier = fit(lstm)
    expected = classifier.predict_proba(make_documents())
    assert classifier.architecture_._scorer is not None
    loaded = pickle.loads(pickle.dumps(classifier))
    assert loaded.architecture_._scorer is None
    np.testing.assert_allclose(loaded.predict_proba(make_documents()), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda words, n_classes: words, r"shape \(None, 2\).*\(None, None, 9\)"),
        (lambda words, n_classes: None, "NoneType"),
    ],
)
def test_a_function_must_return_one_score_a_class(fit, function, message):
    with pytest.raises(ValueError, match=rf"architecture must return .*{message}"):
        fit(function)


def test_what_only_keras_can_do(fit, tmp_path):
    classifier = fit(lstm, epochs=1)
    with pytest.raises(ValueError, match="cannot be explained"):
        classifier.architecture_.contributions(np.array([1, 2]))
    with pytest.raises(ValueError, match="cannot be written as ONNX"):
        to_onnx(classifier, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())
