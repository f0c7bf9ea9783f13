"""An embedding of which only the rows of a batch are read and updated.

A batch contains only a small part of the vocabulary, but Keras' Adam updates all rows of an embedding in every step. Here, rows
without a gradient do not change, as in TensorFlow Addons' ``LazyAdam``.
"""

from typing import Any

from skglove._keras import import_keras


class LazyEmbedding:
    """The weights of an Embedding layer, updated row by row with Adam.

    Parameters
    ----------
    layer : keras.layers.Embedding
        Built; its weights are updated in place.
    optimizer : keras.optimizers.Adam
        Provides the settings of Adam and the number of steps.
    """

    def __init__(self, layer: Any, optimizer: Any) -> None:
        import tensorflow as tf

        self._weights, self._optimizer = layer.embeddings.value, optimizer
        self.moments = [tf.Variable(tf.zeros_like(self._weights), trainable=False) for _ in range(2)]

    def read(self, ids: Any) -> Any:
        """Return the rows of a batch, (batch, width, dim)."""
        import tensorflow as tf

        return tf.gather(self._weights, ids)

    def update(self, ids: Any, gradient: Any, learning_rate: Any) -> None:
        """Perform a step of Adam for the rows of a batch.

        Parameters
        ----------
        ids : tensor of shape (batch, width), int32
        gradient : tensor of shape (batch, width, dim)
            With respect to what `read` returned.
        learning_rate : tensor
        """
        import tensorflow as tf

        adam = self._optimizer
        rows, gradient = _sum_by_row(ids, gradient)
        step = tf.cast(adam.iterations + 1, gradient.dtype)
        unbiased = []
        for moment, new, decay in zip(self.moments, (gradient, gradient**2), (adam.beta_1, adam.beta_2), strict=True):
            old = tf.gather(moment, rows)
            value = old + (new - old) * (1 - decay)
            moment.scatter_update(tf.IndexedSlices(value, rows))
            unbiased.append(value / (1 - decay**step))
        change = learning_rate * unbiased[0] / (tf.sqrt(unbiased[1]) + adam.epsilon)
        self._weights.scatter_sub(tf.IndexedSlices(change, rows))


def _sum_by_row(ids: Any, gradient: Any) -> tuple[Any, Any]:
    """Return the distinct rows of a batch and the sums of their gradients, in a deterministic order."""
    import tensorflow as tf

    ids, gradient = tf.reshape(ids, [-1]), tf.reshape(gradient, [-1, gradient.shape[-1]])
    order = tf.argsort(ids, stable=True)
    rows = tf.gather(ids, order)
    is_first = tf.concat([[True], rows[1:] != rows[:-1]], axis=0)
    segments = tf.cumsum(tf.cast(is_first, tf.int32)) - 1
    return tf.boolean_mask(rows, is_first), tf.math.segment_sum(tf.gather(gradient, order), segments)


def rows_as_input(network: Any) -> Any:
    """Return a model with the rows of the embedding as its second input, instead of the embedding.

    Parameters
    ----------
    network : keras.Model
        From ids to anything, with a layer named "embedding".

    Returns
    -------
    keras.Model
        Shares the layers of `network`.
    """
    ids, history = network.input, network.input._keras_history
    model = import_keras().Model([ids, network.get_layer("embedding").output], network.output)
    ids._keras_history = history  # Keras has changed it, and could not save `network` any more
    return model
