"""Fast convolutions of word vectors in NumPy.

Each distinct word of the documents is multiplied by the kernel once, and the products are looked up for all its occurrences.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from skglove.text.sequences import TokenSequences


def convolved_batches(
    sequences: TokenSequences,
    embedding: np.ndarray,
    kernels: Sequence[np.ndarray],
    max_positions: int,
    multiple: int,
) -> Iterator[tuple[np.ndarray, np.ndarray, list[np.ndarray]]]:
    """Compute convolutions of documents with several kernels, batch by batch.

    Parameters
    ----------
    sequences : TokenSequences
    embedding : ndarray of shape (n_ids, dim), float32
    kernels : sequence of ndarray of shape (size, dim, filters), float32
    max_positions, multiple : int
        See `TokenSequences.batches_by_length`.

    Yields
    ------
    rows : ndarray of int
        The indices of the documents.
    padded : ndarray of shape (batch, width), bool
        True at padded positions.
    convolved : list of ndarray of shape (batch, width, filters), float32
        Without bias; -inf at padded positions.
    """
    words, numbers = np.unique(sequences.ids, return_inverse=True)
    # Number 0 is padding; the row that a trained embedding has for it need not be zeros.
    vectors = np.vstack([np.zeros_like(embedding[:1]), embedding.take(words, axis=0)])
    tables = [vectors @ kernel for kernel in kernels]
    for table in tables:
        table[(len(table) - 1) // 2, 0] = -np.inf  # also if words are next to a padded position
    renumbered = sequences.with_ids(numbers + 1)
    for rows, ids in renumbered.batches_by_length(max_positions, multiple):
        yield rows, ids == 0, [_sum_of_positions(table, ids) for table in tables]


def _sum_of_positions(table: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Sum the products (size, n_words, filters) of all kernel positions for ids (batch, width)."""
    size, width = len(table), ids.shape[1]
    before = (size - 1) // 2
    convolved = table[before].take(ids, axis=0)
    for position in range(size):
        shift = position - before  # the kernel position is applied to the word `shift` to the right
        if shift and abs(shift) < width:
            to, source = slice(max(0, -shift), width - max(0, shift)), slice(max(0, shift), width - max(0, -shift))
            convolved[:, to] += table[position].take(ids[:, source], axis=0)
    return convolved


def transposed(slope: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Backpropagate a derivative from the output to the input of a convolution.

    Parameters
    ----------
    slope : ndarray of shape (n, width, filters)
    kernel : ndarray of shape (size, channels, filters)

    Returns
    -------
    ndarray of shape (n, width, channels)
    """
    before, width = (len(kernel) - 1) // 2, slope.shape[1]
    padded = np.zeros((len(slope), width + len(kernel) - 1, kernel.shape[1]))
    for position, weights in enumerate(kernel):
        padded[:, position : position + width] += slope @ weights.T
    return padded[:, before : before + width]
