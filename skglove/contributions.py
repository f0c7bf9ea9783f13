"""What each word and n-gram of a document adds to its scores: the forward pass of `skglove.inference`, taken apart.

Of parallel convolutions the maximum over the text names the place that each filter chose, so what the filter adds belongs to the
words that it saw there. The stacked network is linear as long as the same places win and the same units are active: each word
gets its vector times the gradient. The linear model is a sum as it stands.
"""

from collections import defaultdict
from typing import Any

import numpy as np

from skglove.model import TrainedNetwork
from skglove.network import ARCHITECTURES, NetworkConfig
from skglove.wide import PAIR_COLUMNS, PAIR_WEIGHT, WideWeights, pair_columns

# First place and last but one of some neighbouring words, and what they add to the score of each class.
Spans = dict[tuple[int, int], np.ndarray]


def contributions(network: TrainedNetwork, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
    """Take the scores of one document apart.

    Parameters
    ----------
    network : TrainedNetwork
    ids : ndarray of shape (n_words,), int
        The words, no padding among them.

    Returns
    -------
    spans : dict of (int, int) to ndarray of shape (n_classes,), float64
        What the words from one place up to another, that not included, add to the score of each class.
    bias : ndarray of shape (n_classes,), float64
        What belongs to no word. Together with all of `spans` it is the logits.

    Raises
    ------
    ValueError
        If the architecture is the user's own.
    """
    config = network.config
    if config.architecture not in ARCHITECTURES:
        raise ValueError(
            f"Only the built-in architectures {ARCHITECTURES} can be taken apart; this network is {config.architecture!r}. "
            "For one of your own, take gradients through `model_`."
        )
    share = 1.0 if network.wide is None else network.shares[2]
    spans: Spans = defaultdict(lambda: np.zeros(config.n_classes))
    weights = [np.asarray(weight, dtype=np.float64) for weight in network.weights[1:]]
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    read = ids[: config.conv_maxlen]
    vectors = np.asarray(network.weights[0][read], dtype=np.float64)
    take_apart = _stacked if config.architecture == "stacked" else _parallel
    bias = share * take_apart(vectors, layers, config, spans, share)
    if network.wide is not None:
        _wide(ids, network.wide, spans)
        bias = bias + network.wide.bias
    return dict(spans), bias


def _parallel(vectors: np.ndarray, layers: list, config: NetworkConfig, spans: Spans, share: float) -> np.ndarray:
    *convolutions, (out_kernel, out_bias) = layers
    if not len(vectors):
        return out_bias
    for i, (kernel, bias) in enumerate(convolutions):
        convolved = _convolve(vectors, kernel)
        chosen = convolved.argmax(axis=0)
        values = np.maximum(convolved.max(axis=0) + bias, 0)
        added = share * values[:, None] * out_kernel[i * config.filters : (i + 1) * config.filters]
        before = (len(kernel) - 1) // 2
        for place in np.unique(chosen[values > 0]).tolist():
            span = max(0, place - before), min(len(vectors), place - before + len(kernel))
            spans[span] += added[chosen == place].sum(axis=0)
    return out_bias


def _stacked(vectors: np.ndarray, layers: list, config: NetworkConfig, spans: Spans, share: float) -> np.ndarray:
    *convolutions, (kernel, bias), (out_kernel, out_bias) = layers
    width = max(1, -(-len(vectors) // config.width_multiple)) * config.width_multiple
    x = np.zeros((width, vectors.shape[1]))
    x[: len(vectors)] = vectors
    present = np.arange(width) < len(vectors)
    steps: list[tuple[Any, ...]] = []  # what the way back needs to know of each layer
    for i, (conv_kernel, conv_bias) in enumerate(convolutions):
        winners = None
        if i:
            windows = x.reshape(-1, config.pool_size, x.shape[1])
            winners, x = windows.argmax(axis=1), windows.max(axis=1)
            present = present[:: config.pool_size]
        x = np.maximum(_convolve(x, conv_kernel) + conv_bias, 0) * present[:, None]
        steps.append((conv_kernel, winners, x > 0))
    hidden = x.max(axis=0) @ kernel + bias
    logits = np.maximum(hidden, 0) @ out_kernel + out_bias
    slope = np.zeros((len(out_bias), *x.shape))  # of each class's score with regard to x
    slope[:, x.argmax(axis=0), np.arange(x.shape[1])] = (out_kernel * (hidden > 0)[:, None]).T @ kernel.T
    for conv_kernel, winners, active in reversed(steps):
        slope = _back_through_convolution(slope * active, conv_kernel)
        if winners is not None:
            routed = np.zeros((len(slope), len(winners), config.pool_size, slope.shape[2]))
            np.put_along_axis(routed, winners[None, :, None], slope[:, :, None], axis=2)
            slope = routed.reshape(len(slope), -1, slope.shape[2])
    added = np.einsum("cwd,wd->wc", slope[:, : len(vectors)], vectors)
    for place, values in enumerate(added):
        spans[place, place + 1] += share * values
    return logits - added.sum(axis=0)


def _convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolve (width, channels) with (size, channels, filters), zeros beyond both ends."""
    padded = np.pad(x, [((len(kernel) - 1) // 2, len(kernel) // 2), (0, 0)])
    return sum(padded[place : place + len(x)] @ weights for place, weights in enumerate(kernel))


def _back_through_convolution(slope: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Turn (n_classes, width, filters) into (n_classes, width, channels): what `_convolve` read instead of what it wrote."""
    before, width = (len(kernel) - 1) // 2, slope.shape[1]
    padded = np.zeros((len(slope), width + len(kernel) - 1, kernel.shape[1]))
    for place, weights in enumerate(kernel):
        padded[:, place : place + width] += slope @ weights.T
    return padded[:, before : before + width]


def _wide(ids: np.ndarray, wide: WideWeights, spans: Spans) -> None:
    """Share each term's part of the score evenly among the places where it occurs."""
    n_ids = len(wide.idf) - PAIR_COLUMNS
    columns = ids.astype(np.int64)
    pairs = n_ids + pair_columns(columns[:-1], columns[1:])
    words_tfidf, words_count = _tfidf(columns, wide.idf)
    pairs_tfidf, pairs_count = _tfidf(pairs, wide.idf)
    pairs_tfidf = PAIR_WEIGHT * pairs_tfidf
    # Each term once: its square, divided by the number of places that it stands at.
    words_square = (words_tfidf**2 / words_count).sum()
    square = words_square + (pairs_tfidf**2 / pairs_count).sum()
    length, words_length = (np.sqrt(value) if value > 0 else 1.0 for value in (square, words_square))
    for place, column in enumerate(columns):
        added = words_tfidf[place] / length * wide.kernel[column]
        if wide.word_kernel is not None:
            added = added + words_tfidf[place] / words_length * wide.word_kernel[column]
        spans[place, place + 1] += added / words_count[place]
    for place, column in enumerate(pairs):
        spans[place, place + 2] += pairs_tfidf[place] / length * wide.kernel[column] / pairs_count[place]


def _tfidf(columns: np.ndarray, idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each place the tf-idf of the term that stands there, and how often that occurs."""
    _, inverse, counts = np.unique(columns, return_inverse=True, return_counts=True)
    count = counts[inverse].astype(np.float64)
    return (1 + np.log(count)) * idf[columns], count
