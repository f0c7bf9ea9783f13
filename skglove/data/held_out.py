"""Documents that are held out of training, from one part of the documents after another.

A hash of its words decides whether a document is held out, so that it is in every pass over the documents. If too many are, those
with the largest hashes are trained on from then on; the others are still a random sample (Cohen and Kaplan, "Summarizing data
using bottom-k sketches", 2007). The first documents, while there are too few to hold out some, are trained on and remembered; of
the next ones, up to half are held out, until these are a sufficient part of all.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skglove.data.labelled import LabelledSequences
from skglove.text.sequences import TokenSequences

# Weights that are learned on fewer held-out documents are worse than default ones; so few are not held out.
FEWEST_HELD_OUT, MOST_HELD_OUT = 40, 2000
_FIRST_BOUND = 0.5


@dataclass(frozen=True)
class HeldOut:
    """The documents that are held out until now, each different one once.

    Parameters
    ----------
    documents : LabelledSequences or None
    hashes : ndarray of shape (n_documents,), float64
        From 0 to 1, increasing.
    bound : float
        Documents of smaller hashes are held out.
    first : ndarray of shape (n_first,), float64
        The hashes, increasing, of the documents before any were held out. They are never held out.
    fraction : float
        How many of all documents are held out, at most 2,000.

    Examples
    --------
    >>> import numpy as np
    >>> from skglove import TokenSequences
    >>> y = np.zeros(500, dtype=int)
    >>> X = TokenSequences(np.arange(1, 501), np.arange(501))
    >>> training, held_out = HeldOut.none(0.1).divide(LabelledSequences(X, y, np.ones(500), np.arange(500)))
    >>> len(training), len(held_out)
    (449, 51)
    >>> training, held_out = held_out.divide(LabelledSequences(X[:50], y[:50], np.ones(50), np.arange(50)))
    >>> len(training), len(held_out)
    (44, 51)
    """

    documents: LabelledSequences | None
    hashes: np.ndarray
    bound: float
    first: np.ndarray
    fraction: float

    @classmethod
    def none(cls, fraction: float) -> "HeldOut":
        """Return an empty sample.

        Parameters
        ----------
        fraction : float
        """
        return cls(None, np.zeros(0), max(fraction, _FIRST_BOUND), np.zeros(0), fraction)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "HeldOut":
        """Return the sample of a `state`."""
        lengths, y = state["lengths"], state["y"]
        sequences = TokenSequences.from_lengths(state["ids"], lengths)
        documents = LabelledSequences(sequences, y, state["weights"], np.arange(len(y))) if len(y) else None
        return cls(documents, state["hashes"], state["bound"], state["first"], state["fraction"])

    def state(self) -> dict[str, Any]:
        """Return arrays and numbers, which can be saved."""
        state = {name: getattr(self, name) for name in ("hashes", "bound", "first", "fraction")}
        if self.documents is None:
            return state | dict.fromkeys(("ids", "lengths", "y", "weights"), np.zeros(0, dtype=np.int32))
        sequences, y, weights = self.documents.sequences, self.documents.y, self.documents.weights
        return state | {"ids": sequences.ids, "lengths": sequences.lengths, "y": y, "weights": weights}

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def n_distinct(self) -> float:
        """An estimate of the number of different documents until now, held out or not."""
        return self._estimate(len(self))

    def _estimate(self, n_below_bound: int) -> float:
        return len(self.first) + n_below_bound / self.bound

    def divide(self, data: LabelledSequences) -> "tuple[LabelledSequences, HeldOut]":
        """Hold out some of the next documents, if there are enough until now, and others with a word.

        Parameters
        ----------
        data : LabelledSequences

        Returns
        -------
        training : LabelledSequences
            The other documents of `data`, and those that are no longer held out. The arrays begin with those of `data`. There
            may be none, if others were before.
        held_out : HeldOut
        """
        hashes = np.array([_hash(document) for document in data.sequences[data.rows]])
        chosen = (hashes < self.bound) & ~np.isin(hashes, self.first)
        if not len(self):
            first, training = np.union1d(self.first, hashes), data.rows[~chosen]
            has_begun = len(self.first) or data.sequences.lengths[training].any()
            if len(first) * self.fraction < FEWEST_HELD_OUT or not has_begun:
                return data, replace(self, first=first)
        if not chosen.any():
            return data, self
        pool, before = data, np.zeros(0, dtype=int)
        if self.documents is not None:
            pool, before = _joined(data, self.documents), len(data.y) + np.arange(len(self))
        rows = np.concatenate([data.rows[chosen], before])
        smallest, positions = np.unique(np.concatenate([hashes[chosen], self.hashes]), return_index=True)
        most = min(MOST_HELD_OUT, math.ceil(self.fraction * self._estimate(len(smallest))))
        kept, released = np.split(rows[positions], [most])
        bound = float(smallest[most]) if len(released) else self.bound
        held_out = HeldOut(_copied(pool, kept), smallest[:most], bound, self.first, self.fraction)
        return pool.subset(np.concatenate([data.rows[~chosen], released])), held_out


def _hash(document: np.ndarray) -> float:
    return int.from_bytes(hashlib.blake2b(document.tobytes(), digest_size=8).digest(), "little") / 2**64


def _joined(first: LabelledSequences, second: LabelledSequences) -> LabelledSequences:
    """Return the documents of both, without vectors, which training has elsewhere."""
    ids, lengths, y, weights = (
        np.concatenate(arrays)
        for arrays in [
            (first.sequences.ids, second.sequences.ids),
            (first.sequences.lengths, second.sequences.lengths),
            (first.y, second.y),
            (first.weights, second.weights),
        ]
    )
    return LabelledSequences(TokenSequences.from_lengths(ids, lengths), y, weights, np.arange(len(y)))


def _copied(data: LabelledSequences, rows: np.ndarray) -> LabelledSequences:
    sequences = data.sequences[rows]
    alone = TokenSequences.from_lengths(sequences.ids, sequences.lengths)
    return LabelledSequences(alone, data.y[rows], data.weights[rows], np.arange(len(rows)))
