"""Adam that leaves the vectors of words that are not in the batch alone."""

import functools
from typing import Any

from skglove.backend import import_keras


def lazy_adam(**settings: Any) -> Any:
    """Return Keras' Adam, but for embeddings: only rows that occur in a batch, and their moments, are updated.

    A batch holds some thousand of perhaps a hundred thousand words. Keras' own step goes through all rows; here rows without a
    gradient keep still, as in TensorFlow Addons' ``LazyAdam``. The rows of a word that occurs twice are added in one order,
    so that the same batch always gives the same sum.

    Parameters
    ----------
    **settings
        For ``keras.optimizers.Adam``.

    Returns
    -------
    keras.optimizers.Adam
    """
    return _lazy_adam_class()(**settings)


@functools.cache
def _lazy_adam_class() -> Any:
    base: Any = import_keras().optimizers.Adam
    import tensorflow as tf

    class LazyAdam(base):
        takes_rows = True  # gradients of embeddings need not be made dense

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if not isinstance(gradient, tf.IndexedSlices):
                super().update_step(gradient, variable, learning_rate)
                return
            rows, gradient = _summed_rows(gradient)
            index = self._get_variable_index(variable)
            moments = self._momentums[index].value, self._velocities[index].value
            step = tf.cast(self.iterations + 1, gradient.dtype)
            updated = []
            for moment, new, decay in zip(moments, (gradient, gradient**2), (self.beta_1, self.beta_2), strict=True):
                old = tf.gather(moment, rows)
                value = old + (new - old) * (1 - decay)
                moment.scatter_update(tf.IndexedSlices(value, rows))
                updated.append(value / (1 - decay**step))
            change = learning_rate * updated[0] / (tf.sqrt(updated[1]) + self.epsilon)
            variable.value.scatter_sub(tf.IndexedSlices(change, rows))

    return LazyAdam


def _summed_rows(slices: Any) -> tuple[Any, Any]:
    """Return each row of a sparse gradient once, and the sum of what it got."""
    import tensorflow as tf

    order = tf.argsort(slices.indices, stable=True)
    rows = tf.gather(slices.indices, order)
    is_first = tf.concat([[True], rows[1:] != rows[:-1]], axis=0)
    segments = tf.cumsum(tf.cast(is_first, tf.int32)) - 1
    return tf.boolean_mask(rows, is_first), tf.math.segment_sum(tf.gather(slices.values, order), segments)
