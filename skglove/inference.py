"""The forward pass of the built-in networks in NumPy: prediction needs no TensorFlow."""

from collections.abc import Sequence

import numpy as np

from skglove.network import NetworkConfig
from skglove.sequences import Documents

# Small enough that a batch's intermediate arrays stay in the processor's caches, large enough for an efficient product.
PLACES_PER_BATCH = 8192


def logits(config: NetworkConfig, weights: Sequence[np.ndarray], documents: Documents) -> np.ndarray:
    """Score documents.

    Parameters
    ----------
    config : NetworkConfig
    weights : sequence of ndarray
        In the order of the Keras network: the embedding, then kernel and bias of each layer.
    documents : Documents

    Returns
    -------
    ndarray of shape (n_documents, n_classes), float32
    """
    embedding, layers = weights[0], [(weights[i], weights[i + 1]) for i in range(1, len(weights), 2)]
    features = _stacked if config.architecture == "stacked" else _parallel
    out_kernel, out_bias = layers.pop()
    scores = np.empty((len(documents), config.n_classes), dtype=np.float32)
    for rows, ids in documents.batches_by_length(PLACES_PER_BATCH, config.width_multiple):
        mask = (ids != 0)[:, :, None]
        words = embedding[ids] * mask  # a trained embedding's row 0 need not be zeros
        scores[rows] = features(words, mask, layers, config) @ out_kernel + out_bias
    return scores


def _stacked(
    x: np.ndarray, mask: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]], config: NetworkConfig
) -> np.ndarray:
    *convolutions, (kernel, bias) = layers
    for i, convolution in enumerate(convolutions):
        if i:
            x, mask = _max_pool(x, config.pool_size), _max_pool(mask, config.pool_size)
        x = _conv_relu(x, *convolution) * mask
    return np.maximum(x.max(axis=1) @ kernel + bias, 0)


def _parallel(
    x: np.ndarray, mask: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]], config: NetworkConfig
) -> np.ndarray:
    return np.concatenate([(_conv_relu(x, *layer) * mask).max(axis=1) for layer in layers], axis=1)


def _conv_relu(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Convolve (batch, width, channels) with (size, channels, filters), zeros beyond both ends; Keras' ``padding="same"``."""
    size, channels, filters = kernel.shape
    batch, width, _ = x.shape
    # One matrix product for all places of the kernel, then one shifted sum for each of them.
    products = x.reshape(-1, channels) @ kernel.transpose(1, 0, 2).reshape(channels, size * filters)
    products = products.reshape(batch, width, size, filters)
    out = np.broadcast_to(bias, (batch, width, filters)).copy()
    for place in range(size):
        shift = place - (size - 1) // 2  # this place of the kernel reads `shift` words to the right
        to, come = slice(max(0, -shift), width - max(0, shift)), slice(max(0, shift), width - max(0, -shift))
        if abs(shift) < width:
            out[:, to] += products[:, come, place]
    return np.maximum(out, 0, out=out)


def _max_pool(x: np.ndarray, size: int) -> np.ndarray:
    batch, width, channels = x.shape
    return x.reshape(batch, width // size, size, channels).max(axis=2)
