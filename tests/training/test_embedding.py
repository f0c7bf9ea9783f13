import numpy as np
import pytest

from skglove._keras import import_keras
from skglove.training.embedding import LazyEmbedding, rows_as_input

RATE = 0.01


@pytest.fixture
def start():
    return np.random.RandomState(0).normal(size=(6, 3)).astype(np.float32)


@pytest.fixture
def lazy(start):
    keras = import_keras()
    layer = keras.layers.Embedding(6, 3)
    layer.build()
    layer.set_weights([start])
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build([])
    return LazyEmbedding(layer, optimizer), layer, optimizer


def step(lazy, optimizer, ids, gradient):
    import tensorflow as tf

    lazy.update(tf.constant(ids), tf.constant(gradient), tf.constant(RATE))
    optimizer.iterations.assign_add(1)


def test_rows_of_a_batch_are_updated_as_in_keras(start, lazy):
    keras = import_keras()
    ours, layer, optimizer = lazy
    theirs, variable = keras.optimizers.Adam(RATE), keras.Variable(start)
    theirs.build([variable])
    rng = np.random.RandomState(1)
    for _ in range(3):
        ids, gradient = [[4, 1], [4, 2]], rng.normal(size=(2, 2, 3)).astype(np.float32)
        dense = np.zeros_like(start)
        np.add.at(dense, np.ravel(ids), gradient.reshape(4, 3))
        theirs.apply([dense], [variable])
        step(ours, optimizer, ids, gradient)
    np.testing.assert_allclose(layer.get_weights()[0], variable.numpy(), atol=1e-6)


def test_other_rows_do_not_change(start, lazy):
    ours, layer, optimizer = lazy
    for ids in ([[1]], [[2]], [[2]]):
        step(ours, optimizer, ids, np.ones((1, 1, 3), dtype=np.float32))
    got = layer.get_weights()[0]
    assert (got != start).any(axis=1).tolist() == [False, True, True, False, False, False]
    # The first step moved row 1 by the learning rate, and its momentum no further.
    np.testing.assert_allclose(got[1], start[1] - RATE, atol=1e-6)


def test_rows_as_input_gives_the_output_of_the_network():
    keras = import_keras()
    ids = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(6, 3, name="embedding")(ids)
    mask = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(ids, 0), "float32"), -1)
    network = keras.Model(ids, keras.layers.Dense(2)(keras.ops.sum(words * mask, axis=1)))
    batch = np.array([[1, 2, 0], [5, 0, 0]], dtype=np.int32)
    rows = network.get_layer("embedding")(batch)
    behind = rows_as_input(network)
    np.testing.assert_allclose(behind([keras.ops.convert_to_tensor(batch), rows]), network(batch), rtol=1e-6)
    assert all(weight.path != "embedding/embeddings" for weight in behind.weights)
