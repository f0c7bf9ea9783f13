import numpy as np

from skglove.training.weight_average import WeightAverage


def test_weights_after_step_t_count_t_cubed_times(monkeypatch):
    monkeypatch.setattr("skglove.training.weight_average._STEPS_BETWEEN", 1)
    weights = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    average, step = WeightAverage([np.full(3, 9, dtype=np.float32)]), iter(range(20))
    for _ in range(4):  # each an epoch of 5 steps
        callback = average.callback(lambda: [weights[next(step)].copy()])
        for _ in range(5):
            callback.on_train_batch_end(0)
        callback.on_epoch_end(0)
    np.testing.assert_allclose(average.mean[0], np.average(weights, axis=0, weights=np.arange(1, 21) ** 3), rtol=1e-5)
    assert average.n_steps == 20


def test_weights_that_are_read_after_some_steps_count_for_all_of_them():
    average = WeightAverage([np.full(2, 9, dtype=np.float32)])
    average.add([np.zeros(2, dtype=np.float32)], 3)
    average.add([np.ones(2, dtype=np.float32)], 2)
    np.testing.assert_allclose(average.mean[0], (4**3 + 5**3) / (np.arange(1, 6) ** 3).sum())


def test_weights_are_read_every_64_steps_and_at_the_end():
    n_read = 0

    def weights():
        nonlocal n_read
        n_read += 1
        return [np.ones(1, dtype=np.float32)]

    callback = WeightAverage(weights()).callback(weights)
    for _ in range(130):
        callback.on_train_batch_end(0)
    callback.on_epoch_end(0)
    assert n_read == 1 + 3
