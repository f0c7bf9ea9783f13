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
        padded = ids == 0
        words = embedding.take(ids, axis=0)
        words[padded] = 0  # a trained embedding's row 0 need not be zeros
        scores[rows] = features(words, padded, layers, config) @ out_kernel + out_bias
    return scores


def _stacked(
    x: np.ndarray, padded: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]], config: NetworkConfig
) -> np.ndarray:
    *convolutions, (kernel, bias) = layers
    for i, (conv_kernel, conv_bias) in enumerate(convolutions):
        if i:
            x = x.reshape(len(x), -1, config.pool_size, x.shape[2]).max(axis=2)
            padded = padded[:, :: config.pool_size]  # a window whose first place is padded holds nothing else
        x = np.maximum(_convolve(x, conv_kernel) + conv_bias, 0)
        x[padded] = 0
    return np.maximum(x.max(axis=1) @ kernel + bias, 0)


def _parallel(
    x: np.ndarray, padded: np.ndarray, layers: list[tuple[np.ndarray, np.ndarray]], config: NetworkConfig
) -> np.ndarray:
    pooled = []
    for kernel, bias in layers:
        convolved = _convolve(x, kernel)
        convolved[padded] = -np.inf
        # A maximum of ReLUs is the ReLU of the maximum, and the bias is the same everywhere.
        pooled.append(np.maximum(convolved.max(axis=1) + bias, 0))
    return np.concatenate(pooled, axis=1)


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolve (batch, width, channels) with (size, channels, filters), zeros beyond both ends; Keras' ``padding="same"``."""
    size, channels, filters = kernel.shape
    batch, width, _ = x.shape
    if size > 1:  # the words that the kernel sees at a place, side by side
        wider = np.zeros((batch, width + size - 1, channels), dtype=x.dtype)
        wider[:, (size - 1) // 2 :][:, :width] = x
        x = np.concatenate([wider[:, place : place + width] for place in range(size)], axis=2)
    return (x.reshape(-1, size * channels) @ kernel.reshape(-1, filters)).reshape(batch, width, filters)
