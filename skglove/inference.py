"""The forward pass of the built-in networks in NumPy: prediction needs no TensorFlow."""

from collections.abc import Sequence

import numpy as np

from skglove.network import NetworkConfig
from skglove.sequences import Documents

# Small enough that a batch's intermediate arrays stay in the processor's caches, large enough for an efficient product.
PLACES_PER_BATCH = 1024


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
    n_first = 1 if config.architecture == "stacked" else len(config.kernel_sizes)
    features = _stacked if config.architecture == "stacked" else _parallel
    out_kernel, out_bias = layers.pop()
    words, numbers = np.unique(documents.ids, return_inverse=True)
    # What a kernel makes of a word depends on the word alone: each is multiplied once, and looked up wherever it stands.
    # Number 0 is padding; a trained embedding's row for it need not be zeros.
    vectors = np.vstack([np.zeros_like(embedding[:1]), embedding.take(words, axis=0)])
    tables = [vectors @ kernel for kernel, _ in layers[:n_first]]
    for table in tables:
        table[(len(table) - 1) // 2, 0] = -np.inf  # what a kernel makes of a padded place, whatever stands beside it
    scores = np.empty((len(documents), config.n_classes), dtype=np.float32)
    for rows, ids in documents.renumbered(numbers + 1).batches_by_length(PLACES_PER_BATCH, config.width_multiple):
        convolved = [_sum_of_places(table, ids) for table in tables]
        scores[rows] = features(convolved, ids == 0, layers, config) @ out_kernel + out_bias
    return scores


def _stacked(
    convolved: list[np.ndarray],
    padded: np.ndarray,
    layers: list[tuple[np.ndarray, np.ndarray]],
    config: NetworkConfig,
) -> np.ndarray:
    (_, first_bias), *convolutions, (kernel, bias) = layers
    x = _relu(convolved[0] + first_bias, padded)
    for conv_kernel, conv_bias in convolutions:
        x = x.reshape(len(x), -1, config.pool_size, x.shape[2]).max(axis=2)
        padded = padded[:, :: config.pool_size]  # a window whose first place is padded holds nothing else
        x = _relu(_convolve(x, conv_kernel) + conv_bias, padded)
    return np.maximum(x.max(axis=1) @ kernel + bias, 0)


def _parallel(
    convolved: list[np.ndarray],
    padded: np.ndarray,
    layers: list[tuple[np.ndarray, np.ndarray]],
    config: NetworkConfig,
) -> np.ndarray:
    pooled = []
    for x, (_, bias) in zip(convolved, layers, strict=True):
        # A maximum of ReLUs is the ReLU of the maximum, and the bias is the same everywhere.
        pooled.append(np.maximum(x.max(axis=1) + bias, 0))
    return np.concatenate(pooled, axis=1)


def _relu(x: np.ndarray, padded: np.ndarray) -> np.ndarray:
    x[padded] = 0
    return np.maximum(x, 0, out=x)


def _sum_of_places(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Convolve by adding up what each place of the kernel makes of the word that it sees.

    Parameters
    ----------
    table : ndarray of shape (size, n_words, filters), float32
    ids : ndarray of shape (batch, width), int

    Returns
    -------
    ndarray of shape (batch, width, filters), float32
    """
    size, width = len(table), ids.shape[1]
    before = (size - 1) // 2
    convolved = table[before].take(ids, axis=0)
    for place in range(size):
        shift = place - before  # this place of the kernel sees the word `shift` to the right
        if shift and abs(shift) < width:
            to, come = slice(max(0, -shift), width - max(0, shift)), slice(max(0, shift), width - max(0, -shift))
            convolved[:, to] += table[place].take(ids[:, come], axis=0)
    return convolved


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolve (batch, width, channels) with (size, channels, filters), zeros beyond both ends; Keras' ``padding="same"``."""
    size, channels, filters = kernel.shape
    batch, width, _ = x.shape
    wider = np.zeros((batch, width + size - 1, channels), dtype=x.dtype)
    wider[:, (size - 1) // 2 :][:, :width] = x
    # What the kernel sees at a place, side by side, is one row.
    rows = np.concatenate([wider[:, place : place + width] for place in range(size)], axis=2)
    return (rows.reshape(-1, size * channels) @ kernel.reshape(-1, filters)).reshape(batch, width, filters)
