"""Character n-grams of words, as in fastText (Bojanowski et al. 2017).

They are hashed into a fixed number of columns, all words at once, which is much faster than with Python's strings.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

_BITS = 22
SUBWORD_COLUMNS = 2**_BITS
# Odd constants of well-known 64-bit hash functions.
_MULTIPLY, _FINISH = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def subwords(words: Sequence[str], sizes: Sequence[int] = (3, 4, 5)) -> csr_matrix:
    """Find the character n-grams of words, with a space before and after each word.

    Parameters
    ----------
    words : sequence of str
    sizes : sequence of int, default=(3, 4, 5)
        Lengths of the n-grams.

    Returns
    -------
    csr_matrix of shape (n_words, SUBWORD_COLUMNS), float32
        Ones.

    References
    ----------
    .. [1] P. Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 2017.

    Examples
    --------
    >>> subwords(["cat", "cats"]).getnnz(axis=1).tolist()  # " ca", "cat", "at ", " cat", "cat ", " cat " of "cat"
    [6, 9]
    """
    text = "".join(f" {word} " for word in words)
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words)) + 2
    word = np.repeat(np.arange(len(words), dtype=np.int32), lengths)
    remaining = np.repeat(np.cumsum(lengths), lengths) - np.arange(len(characters))
    rows, columns = [], []
    for size in sizes:
        starts = np.flatnonzero(remaining >= size)
        rows.append(word[starts])
        columns.append(_hashes(characters, starts, size))
    where = np.concatenate(rows), np.concatenate(columns)
    found = csr_matrix((np.ones(len(where[0]), dtype=np.float32), where), shape=(len(words), SUBWORD_COLUMNS))
    found.data[:] = 1  # an n-gram that occurs twice in a word
    return found


def _hashes(characters: np.ndarray, starts: np.ndarray, size: int) -> np.ndarray:
    """Return the column of the n-gram at each start."""
    state = np.full(len(starts), size, dtype=np.uint64)
    for position in range(size):
        state = (state * _MULTIPLY) ^ characters[starts + position]
        state ^= state >> np.uint64(29)
    return ((state * _FINISH) >> np.uint64(64 - _BITS)).astype(np.int32)
