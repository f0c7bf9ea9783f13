"""What word vectors are asked: neighbours, similarities, the odd one out. gensim's names and meanings."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from skglove.vectors.wordvectors import WordVectors

Array = np.ndarray[Any, Any]
Query = str | Array | tuple[str | Array, float]
_BLOCK = 1 << 14


def row_norms(rows: Array) -> Array:
    """Length of each row, without a second matrix as big as the first."""
    result = np.empty(len(rows), np.float32)
    for i in range(0, len(rows), _BLOCK):
        result[i : i + _BLOCK] = np.linalg.norm(rows[i : i + _BLOCK], axis=1)
    return result


def missing(vectors: WordVectors, word: str) -> str:
    """Say that a word has no vector, and which it may be spelt like."""
    if word.lower() in vectors:
        return f"{word!r} has no vector, but {word.lower()!r} has: these words are in lower case."
    sample = vectors.index_to_key[:20_000]
    near = difflib.get_close_matches(word, sample, n=1, cutoff=0.8)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{word!r} is not among the {len(vectors):,} words.{hint} Test with 'word in vectors'."


def most_similar(
    vectors: WordVectors, positive: Any, negative: Any, topn: int | None, restrict_vocab: int | None
) -> Any:
    """See `WordVectors.most_similar`."""
    if topn is not None and topn < 1:
        return []
    weighted = [(item, 1.0) for item in _as_list(positive)] + [(item, -1.0) for item in _as_list(negative)]
    if not weighted:
        raise ValueError("Expected words or vectors to find the neighbours of, got neither positive nor negative.")
    items = [item if isinstance(item, tuple) else (item, weight) for item, weight in weighted]
    mean = _unit(_mean(vectors, [item for item, _ in items], [weight for _, weight in items], normalize=True))
    scores = vectors.resident()[:restrict_vocab] @ mean
    _divide(scores, vectors.norms[:restrict_vocab])
    if topn is None:
        return scores
    asked = {vectors.key_to_index[item] for item, _ in items if isinstance(item, str)}
    best = nearest(scores, topn + len(asked))
    return [(vectors.index_to_key[i], float(scores[i])) for i in best.tolist() if i not in asked][:topn]


def nearest(scores: Array, n: int) -> Array:
    """Return the places of the n highest scores, highest first."""
    if n >= len(scores):
        return np.argsort(-scores, kind="stable")
    best = np.argpartition(scores, len(scores) - n)[len(scores) - n :]
    return best[np.argsort(-scores[best], kind="stable")]


def similarity(vectors: WordVectors, w1: str, w2: str) -> float:
    """See `WordVectors.similarity`."""
    return float(_unit(vectors[w1]) @ _unit(vectors[w2]))


def distances(vectors: WordVectors, word_or_vector: str | Array, other_words: Sequence[str]) -> Array:
    """See `WordVectors.distances`."""
    vector = _vector(vectors, word_or_vector)
    if isinstance(other_words, str):
        raise TypeError(f"Expected a sequence of other words, got one str: {other_words!r}.")
    rows, norms = vectors.vectors, None
    if len(other_words):
        rows = vectors[other_words]
        norms = row_norms(rows)
    else:
        norms = vectors.norms
    scores = rows @ vector
    _divide(scores, norms * np.linalg.norm(vector))
    return np.asarray(1 - scores, np.float32)


def doesnt_match(vectors: WordVectors, words: Sequence[str]) -> str:
    """See `WordVectors.doesnt_match`."""
    if isinstance(words, str):
        words = words.split()
    known = [word for word in words if word in vectors]
    if len(known) < len(words):
        unknown = [word for word in words if word not in vectors]
        warnings.warn(f"Words without vectors are left out: {', '.join(map(repr, unknown))}.", stacklevel=3)
    if not known:
        raise ValueError("Expected words of which at least one has a vector, got none.")
    units = np.stack([_unit(vectors[word]) for word in known])
    scores = units @ _unit(units.mean(axis=0))
    # gensim sorts (similarity, word) pairs: of equals, the first in the alphabet
    return min(zip(scores.tolist(), known, strict=True))[1]


def n_similarity(vectors: WordVectors, ws1: Sequence[str], ws2: Sequence[str]) -> float:
    """See `WordVectors.n_similarity`."""
    means = []
    for words in (ws1, ws2):
        if isinstance(words, str) or not len(words):
            raise ValueError(f"Expected two lists of words, got {words!r}.")
        means.append(_unit(_mean(vectors, list(words), [1.0] * len(words), normalize=False)))
    return float(means[0] @ means[1])


def _divide(scores: Array, lengths: Array) -> None:
    """Divide in place; a vector of length zero is like nothing."""
    if lengths.all():
        scores /= lengths
    else:
        np.divide(scores, lengths, out=scores, where=lengths > 0)


def _mean(vectors: WordVectors, items: list[Any], weights: list[float], normalize: bool) -> Array:
    total = np.zeros(vectors.dim, np.float32)
    for item, weight in zip(items, weights, strict=True):
        vector = _vector(vectors, item)
        total += np.float32(weight) * (_unit(vector) if normalize and isinstance(item, str) else vector)
    heft = float(np.abs(weights).sum())
    return total / np.float32(heft) if heft else total


def _vector(vectors: WordVectors, item: Any) -> Array:
    if isinstance(item, str):
        return vectors[item]
    vector = np.asarray(item, np.float32)
    if vector.shape != (vectors.dim,):
        raise ValueError(f"Expected a word, or a vector of shape ({vectors.dim},), got shape {vector.shape}.")
    return vector


def _unit(vector: Array) -> Array:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _as_list(items: Any) -> list[Any]:
    if items is None:
        return []
    if isinstance(items, (str, tuple)) or (isinstance(items, np.ndarray) and items.ndim == 1):
        return [items]
    return list(items)
