import numpy as np
import pytest

from skglove.backend import import_keras
from skglove.optimizer import lazy_adam

RATE = 0.01


@pytest.fixture
def start():
    return np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32)


def variables(start, *optimizers):
    keras = import_keras()
    made = []
    for optimizer in optimizers:
        made.append(keras.Variable(start))
        optimizer.build([made[-1]])
    return made


def sparse(values, rows):
    import tensorflow as tf

    return tf.IndexedSlices(tf.constant(values), tf.constant(rows), tf.constant([6, 3]))


def test_rows_of_a_batch_get_what_keras_gives_them(start):
    import tensorflow as tf

    rng = np.random.RandomState(1)
    theirs, ours = import_keras().optimizers.Adam(RATE), lazy_adam(learning_rate=RATE)
    expected, got = variables(start, theirs, ours)
    for _ in range(3):
        gradient = sparse(rng.normal(size=(4, 3)).astype(np.float32), [4, 1, 4, 2])
        theirs.apply([tf.convert_to_tensor(gradient)], [expected])
        ours.update_step(gradient, got, tf.constant(RATE))
        ours.iterations.assign_add(1)
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), atol=1e-6)


def test_other_rows_keep_still(start):
    import tensorflow as tf

    ours = lazy_adam(learning_rate=RATE)
    (got,) = variables(start, ours)
    for rows in ([1], [2], [2]):
        ours.update_step(sparse(np.ones((1, 3), np.float32), rows), got, tf.constant(RATE))
        ours.iterations.assign_add(1)
    moved = np.asarray(got) != start
    assert moved.any(axis=1).tolist() == [False, True, True, False, False, False]
    # The first step moved row 1 by the learning rate, and its momentum no further.
    np.testing.assert_allclose(np.asarray(got)[1], start[1] - RATE, atol=1e-6)
