"""Word ids with large gaps, renumbered by those that occur, so that an embedding has no rows for the gaps."""

import numpy as np

from skglove.text.sequences import TokenSequences


def known_ids(sequences: TokenSequences) -> np.ndarray:
    """Return the ids that occur, increasing, and 0 first: ndarray of int32."""
    return np.union1d([0], sequences.ids).astype(np.int32)


def renumber(sequences: TokenSequences, known: np.ndarray) -> TokenSequences:
    """Replace each id by its position among the known ones; others are left out.

    Parameters
    ----------
    sequences : TokenSequences
    known : ndarray of int32
        The result of `known_ids`.

    Examples
    --------
    >>> known = known_ids(TokenSequences([9, 4_000_000], [0, 2]))
    >>> renumber(TokenSequences([4_000_000, 8, 9], [0, 3]), known).tolist()
    [[2, 1]]
    """
    found = np.minimum(np.searchsorted(known, sequences.ids), len(known) - 1)
    numbers = np.where(known[found] == sequences.ids, found, 0).astype(np.int32)
    return sequences.with_ids(numbers).keep(numbers != 0)
