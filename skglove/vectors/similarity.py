"""Cosine similarities between rows of a matrix, and nearest words."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

Query = str | np.ndarray | tuple[str | np.ndarray, float]

_BLOCK_ROWS = 1 << 14
_SUGGESTED_WORDS = 20_000


def row_norms(rows: np.ndarray) -> np.ndarray:
    """Compute the Euclidean norm of each row in float32, block by block to save memory."""
    norms = np.empty(len(rows), np.float32)
    for i in range(0, len(rows), _BLOCK_ROWS):
        block = rows[i : i + _BLOCK_ROWS]
        np.sqrt(np.einsum("ij,ij->i", block, block), out=norms[i : i + _BLOCK_ROWS])
    return norms


def normalized(vector: np.ndarray) -> np.ndarray:
    """Scale a vector to norm 1; a zero vector stays as it is."""
    norm = np.linalg.norm(vector)
    return vector / norm if norm > 0 else vector


def cosine_similarities(rows: np.ndarray, norms: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Compute the cosine similarity of each row with a vector.

    Parameters
    ----------
    rows : ndarray of float32 of shape (n, dim)
    norms : ndarray of float32 of shape (n,)
        The norms of the rows.
    vector : ndarray of float32 of shape (dim,)

    Returns
    -------
    ndarray of float32 of shape (n,)
        0 where either of the two is a zero vector.
    """
    scores = rows @ normalized(vector)
    return np.divide(scores, norms, out=scores, where=norms > 0)


def nearest(scores: np.ndarray, n: int, exclude: Collection[int] = ()) -> list[int]:
    """Return the indices of the n highest scores in descending order, without some indices.

    Examples
    --------
    >>> nearest(np.array([0.1, 0.9, 0.5, 0.7]), 2, exclude=[1])
    [3, 2]
    """
    first = len(scores) - n - len(exclude)
    best = np.argpartition(scores, first)[first:] if first > 0 else np.arange(len(scores))
    ordered = best[np.argsort(-scores[best], kind="stable")].tolist()
    return [i for i in ordered if i not in exclude][:n]


def weighted_mean(vectors: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Sum weighted vectors and divide by the sum of the absolute weights, unless it is 0."""
    total = np.zeros(len(vectors[0]), np.float32)
    for vector, weight in zip(vectors, weights, strict=True):
        total += np.float32(weight) * vector
    divisor = np.float32(np.abs(weights).sum())
    return total / divisor if divisor else total


def odd_one_out(words: Sequence[str], rows: np.ndarray) -> str:
    """Return the word whose normalized row is least similar to the mean of all; of equals, the first alphabetically."""
    units = np.stack([normalized(row) for row in rows])
    scores = units @ normalized(units.mean(axis=0))
    return min(zip(scores.tolist(), words, strict=True))[1]


def weighted_items(
    positive: Query | Sequence[Query] | None, negative: Query | Sequence[Query] | None
) -> list[tuple[str | np.ndarray, float]]:
    """Convert the arguments of ``most_similar`` to one list of words or vectors with weights.

    Examples
    --------
    >>> weighted_items(["king", ("woman", 0.5)], "man")
    [('king', 1.0), ('woman', 0.5), ('man', -1.0)]
    """
    items = [
        item if isinstance(item, tuple) else (item, weight)
        for query, weight in ((positive, 1.0), (negative, -1.0))
        for item in _as_list(query)
    ]
    if not items:
        raise ValueError("Expected words or vectors to find the neighbors of, got neither positive nor negative ones.")
    return items


def _as_list(query: Any) -> list[Any]:
    if query is None:
        return []
    if isinstance(query, (str, tuple)) or (isinstance(query, np.ndarray) and query.ndim == 1):
        return [query]
    return list(query)


def unknown_word(word: str, words: Sequence[str], known: Collection[str]) -> str:
    """Compose the message that a word has no vector, with a suggestion.

    Parameters
    ----------
    word : str
    words : sequence of str
        All words; the suggestion is one of the first.
    known : collection of str
        The same words, for fast lookup.
    """
    if word.lower() in known:
        return f"{word!r} has no vector, but {word.lower()!r} has; the words of these vectors are in lower case."
    similar = difflib.get_close_matches(word, words[:_SUGGESTED_WORDS], n=1, cutoff=0.8)
    hint = f" Did you mean {similar[0]!r}?" if similar else ""
    return f"{word!r} is not among the {len(words):,} words.{hint} Use 'word in vectors' to test for a word."
