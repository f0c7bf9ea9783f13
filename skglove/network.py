"""The networks, in Keras: ids of words in, a score for each class out.

A document's scores do not depend on its padding or on the other documents of its batch: documents begin at the first place
of a batch, padding embeds to zeros, and what a convolution writes at padded places is set to zero before anything reads it.
All activations under a maximum are ReLUs, so those zeros never exceed what a document itself brings.
"""

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from skglove.backend import import_keras
from skglove.wide import PAIR_WEIGHT, WideWeights, pair_columns

ARCHITECTURES = ("wide_and_deep", "parallel", "stacked")
# Dropout of those architectures that have it unless told otherwise: of the words' numbers, and of the features at the end.
_DROPOUT = {"embedding_dropout": 0.3, "dropout": 0.5}


@dataclass(frozen=True)
class NetworkConfig:
    """The settings that a network is built from; plain values, so that it can be built again in another process.

    The fields are the parameters of `ConvTextClassifier` of the same names, and the sizes that the data set:
    `input_dim` ids, `embedding_dim` numbers for each, `n_classes` classes.
    """

    architecture: str | Callable
    input_dim: int
    embedding_dim: int
    n_classes: int
    trainable: bool
    filters: int
    kernel_size: int
    kernel_sizes: tuple[int, ...]
    pool_size: int
    n_conv_layers: int
    dense_units: int
    conv_maxlen: int | None
    embedding_dropout: float
    dropout: float

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any], **sizes: Any) -> "NetworkConfig":
        """Pick the network's settings out of a classifier's parameters.

        Parameters
        ----------
        parameters : dict
            Those of `ConvTextClassifier`.
        **sizes
            Fields that take the place of parameters or are none.

        Returns
        -------
        NetworkConfig
        """
        values: dict[str, Any] = {field.name: parameters.get(field.name) for field in fields(cls)} | sizes
        values["kernel_sizes"] = tuple(values["kernel_sizes"])
        for name, rate in _DROPOUT.items():
            if values[name] is None:
                values[name] = rate if values["architecture"] in ("wide_and_deep", "parallel") else 0.0
        if values["architecture"] != "wide_and_deep":
            values["conv_maxlen"] = None
        return cls(**values)

    @property
    def width_multiple(self) -> int:
        """What the width of a batch must be a multiple of, so that every pooling window is a whole one."""
        return self.pool_size ** (self.n_conv_layers - 1) if self.architecture == "stacked" else 1


def build_network(config: NetworkConfig, seed: int) -> Any:
    """Build the network that Keras trains: left-aligned ids in, logits out. Of "wide_and_deep" it is the deep part.

    Parameters
    ----------
    config : NetworkConfig
    seed : int
        The source of all initial weights and of dropout. Nothing is drawn from a global generator.

    Returns
    -------
    keras.Model
        From ids (batch, width) to logits (batch, n_classes). `width` must be a multiple of ``config.width_multiple``.
    """
    keras = import_keras()
    seeds = iter(np.random.SeedSequence(seed).generate_state(64).tolist())
    ids = keras.Input((None,), dtype="int32", name="ids")
    mask = keras.ops.expand_dims(keras.ops.cast(keras.ops.not_equal(ids, 0), "float32"), -1)
    words = keras.layers.Embedding(
        config.input_dim,
        config.embedding_dim,
        embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=next(seeds)),
        trainable=config.trainable,
        name="embedding",
    )(ids)
    if config.embedding_dropout:
        words = keras.layers.Dropout(config.embedding_dropout, seed=next(seeds), name="embedding_dropout")(words)
    words = words * mask
    if config.architecture == "stacked":
        features = _stacked(keras, words, mask, config, seeds)
    elif config.architecture in ARCHITECTURES:
        features = _parallel(keras, words, mask, config, seeds)
    else:
        return keras.Model(ids, _user_built(keras, words, ids, config, seed), name="network")
    if config.dropout:
        features = keras.layers.Dropout(config.dropout, seed=next(seeds), name="dropout")(features)
    logits = _dense(keras, config.n_classes, None, "logits", seeds)(features)
    return keras.Model(ids, logits, name="network")


def _stacked(keras: Any, x: Any, mask: Any, config: NetworkConfig, seeds: Iterator[int]) -> Any:
    """Convolutions one upon the other with pooling between them, as in the Keras tutorial of 2016."""
    for i in range(config.n_conv_layers):
        if i:
            x = keras.layers.MaxPooling1D(config.pool_size, data_format="channels_last", name=f"pool_{i - 1}")(x)
            mask = keras.layers.MaxPooling1D(config.pool_size, data_format="channels_last", name=f"pool_mask_{i - 1}")(
                mask
            )
        x = _conv(keras, config.filters, config.kernel_size, f"conv_{i}", seeds)(x) * mask
    x = keras.layers.GlobalMaxPooling1D(data_format="channels_last", name="global_pool")(x)
    return _dense(keras, config.dense_units, "relu", "dense", seeds)(x)


def _parallel(keras: Any, x: Any, mask: Any, config: NetworkConfig, seeds: Iterator[int]) -> Any:
    """Convolutions of several widths side by side, the maximum of each filter taken over the text (Kim 2014)."""
    pooled = [
        keras.layers.GlobalMaxPooling1D(data_format="channels_last", name=f"global_pool_{i}")(
            _conv(keras, config.filters, size, f"conv_{i}", seeds)(x) * mask
        )
        for i, size in enumerate(config.kernel_sizes)
    ]
    return keras.layers.Concatenate(name="concatenate")(pooled) if len(pooled) > 1 else pooled[0]


def _user_built(keras: Any, words: Any, ids: Any, config: NetworkConfig, seed: int) -> Any:
    """Let the user's callable go on from the word vectors, which carry a Keras mask of the padded places."""
    # The first place is never masked, not even of a document without words: layers that average would divide by 0.
    shown = keras.ops.concatenate([keras.ops.ones_like(ids[:, :1]), ids[:, 1:]], axis=1)
    keras.src.backend.set_keras_mask(words, keras.ops.not_equal(shown, 0))
    with _seeded_keras(seed):
        logits = config.architecture(words, config.n_classes)  # type: ignore[operator]
    shape = getattr(logits, "shape", None)
    if shape is None or tuple(shape) != (None, config.n_classes):
        raise ValueError(
            f"architecture must return a Keras tensor of shape (None, {config.n_classes}), one score a class; "
            f"{config.architecture!r} returned {type(logits).__name__} of shape {shape}."
        )
    return logits


@contextlib.contextmanager
def _seeded_keras(seed: int) -> Iterator[None]:
    """Make Keras layers without a seed of their own repeatable: they draw it from Python's generator, given back as it was."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _conv(keras: Any, filters: int, size: int, name: str, seeds: Iterator[int]) -> Any:
    return keras.layers.Conv1D(
        filters,
        size,
        padding="same",
        activation="relu",
        data_format="channels_last",
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        name=name,
    )


def _dense(keras: Any, units: int, activation: str | None, name: str, seeds: Iterator[int]) -> Any:
    return keras.layers.Dense(
        units, activation=activation, kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)), name=name
    )


def with_probabilities(network: Any, config: NetworkConfig, wide: WideWeights | None, deep_share: float) -> Any:
    """Wrap a network for general use: ids padded on any side, of any width, in; probabilities out.

    Parameters
    ----------
    network : keras.Model
        From `build_network`; the new model shares its weights.
    config : NetworkConfig
    wide : WideWeights or None
        The wide part beside it, if there is one.
    deep_share : float
        What the network's logits are multiplied with before those of the wide part are added.

    Returns
    -------
    keras.Model
        From ids (batch, width) to probabilities (batch, n_classes).
    """
    keras = import_keras()
    ids = keras.Input((None,), dtype="int32", name="ids")
    # Words keep their order and come before all padding: each place is ranked by where it stands, padding after everything.
    places = keras.ops.cumsum(keras.ops.ones_like(ids), axis=1)
    places = places + 2**30 * keras.ops.cast(keras.ops.equal(ids, 0), "int32")
    aligned = keras.ops.take_along_axis(ids, keras.ops.argsort(places, axis=1), axis=1)
    cropped = aligned[:, : config.conv_maxlen] if config.conv_maxlen else aligned
    logits = network(keras.ops.pad(cropped, [[0, 0], [0, config.width_multiple - 1]]))
    if wide is not None:
        logits = logits * deep_share + _wide(keras, aligned, wide, config.input_dim)
    return keras.Model(ids, keras.layers.Softmax(name="probabilities")(logits), name="classifier")


def _wide(keras: Any, ids: Any, wide: WideWeights, n_ids: int) -> Any:
    """Score with the wide part as `WideWeights.logits` does, by looking each word and each pair up in tables."""

    def look_up(name: str, columns: Any, table: np.ndarray) -> Any:
        table = table.reshape(len(table), -1)
        constant = keras.initializers.Zeros()
        layer = keras.layers.Embedding(*table.shape, embeddings_initializer=constant, trainable=False, name=name)
        found = layer(columns)
        layer.set_weights([table])
        return found

    def weigh(name: str, columns: Any, present: Any, idf: np.ndarray) -> tuple[Any, Any]:
        """Return each place's part of its term's tf-idf, and the sum of the squares of all terms' tf-idf."""
        present = keras.ops.cast(present, "float32")
        same = keras.ops.equal(keras.ops.expand_dims(columns, 2), keras.ops.expand_dims(columns, 1))
        count = keras.ops.sum(keras.ops.cast(same, "float32") * keras.ops.expand_dims(present, 1), axis=2)
        count = keras.ops.maximum(count, 1.0)
        whole = (1.0 + keras.ops.log(count)) * look_up(f"{name}_idf", columns, idf)[:, :, 0] * present
        part = whole / count
        return keras.ops.expand_dims(part, -1), keras.ops.sum(part * whole, axis=1, keepdims=True)

    words_idf, pairs_idf = np.split(wide.idf, [n_ids])
    words_kernel, pairs_kernel = np.split(wide.kernel, [n_ids])
    columns = keras.ops.cast(ids, "int64")
    after = keras.ops.pad(columns, [[0, 0], [0, 1]])[:, 1:]
    pairs = pair_columns(columns, after)
    words_part, words_square = weigh("words", ids, keras.ops.not_equal(ids, 0), words_idf)
    pairs_part, pairs_square = weigh("pairs", pairs, keras.ops.not_equal(after, 0), PAIR_WEIGHT * pairs_idf)
    total = keras.ops.sum(words_part * look_up("words_kernel", ids, words_kernel), axis=1)
    total = total + keras.ops.sum(pairs_part * look_up("pairs_kernel", pairs, pairs_kernel), axis=1)
    logits = total / keras.ops.sqrt(keras.ops.maximum(words_square + pairs_square, 1e-12))
    if wide.word_kernel is not None:
        means = keras.ops.sum(words_part * look_up("vectors_kernel", ids, wide.word_kernel), axis=1)
        logits = logits + means / keras.ops.sqrt(keras.ops.maximum(words_square, 1e-12))
    return logits + wide.bias
