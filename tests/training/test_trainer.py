"""Training of networks, through the classifier."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone

from skglove import ConvTextClassifier, Parallel, Stacked
from skglove._keras import import_keras
from skglove.training.trainer import TrainingOptions

SMALL = {"epochs": 10, "batch_size": 16, "learning_rate": 0.003, "random_state": 0}


def small(architecture=None, **parameters):
    return ConvTextClassifier(architecture or Parallel(filters=8), **{**SMALL, **parameters})


def test_early_stopping_keeps_the_best_weights(sequences, corpus):
    labels = np.random.RandomState(0).permutation(corpus[1])  # nothing to learn, so the first epochs are the best
    steady = {"early_stopping": True, "learning_rate": 0.01, "learning_rate_schedule": "constant"}
    classifier = small(n_iter_no_change=2, epochs=40, **steady).fit(sequences, labels)
    losses = classifier.history_["val_loss"]
    assert classifier.n_iter_ == len(losses) == int(np.argmin(losses)) + 3 < 40
    again = small(epochs=classifier.n_iter_ - 2, n_iter_no_change=40, **steady).fit(sequences, labels)
    assert np.array_equal(again.predict_proba(sequences), classifier.predict_proba(sequences))


def test_callbacks_and_optimizers_are_those_of_keras(sequences, corpus):
    keras = import_keras()
    seen = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"])))
    optimizer = keras.optimizers.SGD(0.1)
    classifier = small(callbacks=[callback], optimizer=optimizer, epochs=3).fit(sequences, corpus[1])
    assert seen == list(enumerate(classifier.history_["loss"]))
    assert callback.model is None
    assert not optimizer.built


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # Keras leaves it open after an error
@pytest.mark.parametrize("fails", [False, True], ids=["success", "error"])
def test_callbacks_can_be_copied_after_a_fit(sequences, corpus, tmp_path, fails):
    keras = import_keras()

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            self.losses, self.network, self.lines = [logs["loss"]], self.model, (line for line in ["not copied"])
            if fails:
                raise RuntimeError("no space left")

    recorder, logger = Recorder(), keras.callbacks.CSVLogger(tmp_path / "log.csv")
    classifier = small(callbacks=[logger, recorder], epochs=1)
    if fails:
        with pytest.raises(RuntimeError, match="no space left"):
            classifier.fit(sequences, corpus[1])
    else:
        assert classifier.fit(sequences, corpus[1]).history_["loss"] == recorder.losses
    copied = clone(classifier).callbacks[1]
    assert copied.losses == recorder.losses
    assert (copied.model, copied.network, copied.lines) == (None, None, None)
    assert (tmp_path / "log.csv").read_text().count("\n") == 2
    clone(classifier).set_params(callbacks=[logger]).fit(sequences, corpus[1])


def test_a_callback_can_save_the_network(sequences, corpus, tmp_path):
    keras = import_keras()
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "network.keras")
    classifier = small(Stacked(filters=2), callbacks=[checkpoint], epochs=1, dtype_policy="float32")
    classifier.fit(sequences, corpus[1])
    network = keras.models.load_model(tmp_path / "network.keras", compile=False)
    np.testing.assert_allclose(
        keras.ops.softmax(network(sequences.padded(50, "post"))), classifier.predict_proba(sequences), atol=1e-5
    )


def test_what_users_gave_to_their_callbacks_stays(sequences, corpus):
    callback = import_keras().callbacks.Callback()
    callback.lines = given = (line for line in ["not copied"])
    small(callbacks=[callback], epochs=1).fit(sequences, corpus[1])
    assert callback.lines is given


def test_a_callback_can_stop_the_training(sequences, corpus):
    stop = import_keras().callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", True)
    )
    assert small(callbacks=[stop]).fit(sequences, corpus[1]).n_iter_ == 1


def test_verbose_shows_one_bar(sequences, corpus, capfd):
    small(epochs=2).fit(sequences, corpus[1])
    assert capfd.readouterr() == ("", "")
    small(epochs=2, early_stopping=True, verbose=1).fit(sequences, corpus[1])
    out, err = capfd.readouterr()
    assert out == ""
    last = err.strip().split("\r")[-1]
    assert "24/24" in last
    assert "epoch=2/2" in last
    assert "val_accuracy=" in last
    assert err.count("\n") == 1


def test_a_changed_optimizer_counts_in_partial_fit(sequences, corpus):
    classifier = small().partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    for changed in (classifier, pickle.loads(pickle.dumps(classifier))):
        before = changed.architecture_.weights_["conv_0"][0]
        changed.set_params(optimizer="sgd", learning_rate=1e-12).partial_fit(sequences, corpus[1])
        np.testing.assert_allclose(changed.architecture_.weights_["conv_0"][0], before, atol=1e-9)


def test_the_rate_of_partial_fit_is_the_mean_of_the_schedule(sequences, corpus):
    keras = import_keras()

    class Record(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    rates = []
    classifier = small(epochs=20, batch_size=20, callbacks=[Record()])
    classifier.fit(sequences, corpus[1])
    mean, rates = np.mean(rates), []
    other = small(batch_size=20, callbacks=[Record()])
    for _ in range(3):
        other.partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    np.testing.assert_allclose(rates, mean, rtol=0.01)
    rates.clear()
    other.set_params(learning_rate_schedule="constant").partial_fit(sequences, corpus[1])
    np.testing.assert_allclose(rates, 0.003, rtol=1e-6)


def test_a_callback_that_sets_the_learning_rate_replaces_the_schedule(sequences, corpus):
    keras = import_keras()
    rates = []
    callbacks = [
        keras.callbacks.LearningRateScheduler(lambda epoch: 1e-5 * (epoch + 1)),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs["learning_rate"])),
    ]
    small(epochs=2, callbacks=callbacks).fit(sequences, corpus[1])
    assert rates == pytest.approx([1e-5, 2e-5])
    with pytest.raises(TypeError, match=r"must be Keras callbacks.*got 3"):
        small(callbacks=[3]).fit(sequences, corpus[1])


def test_the_learning_rate_rises_and_falls(sequences, corpus):
    rates = []
    watch = import_keras().callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: rates.append(float(watch.model.optimizer.learning_rate))
    )
    small(callbacks=[watch]).fit(sequences, corpus[1])
    assert len(rates) == 130
    assert rates[0] < 0.001
    assert max(rates) == pytest.approx(0.003)
    assert rates[-1] < 0.0001


def test_a_diverging_training_is_an_error(sequences, corpus):
    def divided_by_zero(words, n_classes):
        import keras

        return keras.layers.Dense(n_classes)(keras.ops.max(words, axis=1) / 0.0)

    with pytest.raises(ValueError, match="loss became nan in epoch 1"):
        small(architecture=divided_by_zero).fit(sequences, corpus[1])


def test_few_documents_get_small_batches():
    parameters = ConvTextClassifier().get_params(deep=False)
    sizes = [TrainingOptions.from_parameters(parameters).resolve_batch_size(n) for n in (10, 500, 1000, 10**6)]
    assert sizes == [16, 16, 32, 64]
    assert TrainingOptions.from_parameters({**parameters, "batch_size": 7}).resolve_batch_size(10) == 7


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "nadam", "lion"])
def test_other_optimizers_train_the_embedding_too(sequences, corpus, optimizer):
    weights = small(optimizer=optimizer, epochs=1).fit(sequences, corpus[1]).architecture_.weights_
    assert not np.array_equal(weights["embedding"][0], sequences.embedding_matrix)


def test_an_optimizer_with_clipping_is_applied_as_a_whole(sequences, corpus):
    """Clipping is not part of update_step."""
    clipped = import_keras().optimizers.SGD(0.1, clipvalue=1e-12)
    started, trained = (small(optimizer=clipped, epochs=epochs).fit(sequences, corpus[1]) for epochs in (1, 2))
    kernels = [classifier.architecture_.weights_["conv_0"][0] for classifier in (started, trained)]
    np.testing.assert_allclose(*kernels, atol=1e-7)


@pytest.mark.filterwarnings("ignore:partial_fit after fit")
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("rate", [1e20, 1e39], ids=["scores overflow", "weights overflow"])
@pytest.mark.parametrize("architecture", [None, "wide_and_deep", Stacked(filters=4)], ids=str)
def test_a_last_step_that_diverges(sequences, architecture, rate, method):
    y = np.arange(200) % 3
    one_step = {"epochs": 1, "batch_size": 200, "learning_rate_schedule": "constant"}
    classifier = small(architecture, **one_step).fit(sequences, y)
    before = classifier.predict_proba(sequences)
    classifier.set_params(optimizer=import_keras().optimizers.SGD(rate))
    with pytest.raises(ValueError, match="after the last step are infinite or NaN: training diverged"):
        getattr(classifier, method)(sequences, y)
    assert np.array_equal(classifier.predict_proba(sequences), before)


def test_training_and_conversion_raise_no_warning(sequences, corpus):
    new = small(epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        new.fit(sequences, corpus[1]).to_keras()
        for _ in range(2):
            clone(new).partial_fit(sequences, corpus[1], classes=["animals", "tools"]).to_keras()
