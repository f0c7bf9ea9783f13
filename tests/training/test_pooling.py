import numpy as np

from skglove._keras import import_keras
from skglove.training.pooling import mark_padding, max_pooled_convolution

LENGTHS = [0, 1, 3, 6]


def networks(size):
    """Return ours and the same in ordinary layers, with equal weights."""
    keras = import_keras()
    words, mask = keras.Input((None, 5)), keras.Input((None, 1))
    ours = keras.Model([words, mask], max_pooled_convolution(4, size)(mark_padding(words, mask)))
    convolved = keras.layers.Conv1D(4, size, padding="same", activation="relu")(words)
    theirs = keras.Model([words, mask], keras.layers.GlobalMaxPooling1D()(convolved * mask))
    rng = np.random.RandomState(size)
    weights = [rng.normal(size=weight.shape).astype(np.float32) for weight in theirs.get_weights()]
    for network in (ours, theirs):
        network.set_weights(weights)
    mask = (np.arange(6) < np.array(LENGTHS)[:, None]).astype(np.float32)[..., None]
    return ours, theirs, [rng.normal(size=(4, 6, 5)).astype(np.float32) * mask, mask]


def test_it_computes_what_three_layers_do():
    for size in (1, 2, 3, 5):
        ours, theirs, batch = networks(size)
        np.testing.assert_allclose(ours(batch), theirs(batch), atol=1e-5)


def test_gradients_are_those_of_three_layers():
    import tensorflow as tf

    for size in (1, 2, 3):
        found = []
        *both, batch = networks(size)
        words, mask = (tf.constant(part) for part in batch)
        for network in both:
            with tf.GradientTape() as tape:
                tape.watch(words)
                loss = tf.reduce_sum(network([words, mask]) ** 2)
            found.append(tape.gradient(loss, [words, *network.trainable_variables]))
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_a_document_without_words_has_the_value_0():
    ours, _, batch = networks(3)
    assert not np.asarray(ours(batch))[0].any()
