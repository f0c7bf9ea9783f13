"""Class priors: the scores of a document that says nothing about its class.

A score is a sum: the logits of the priors, and what each word and pair of words says. Training may find other scores for
documents without a word, of which there are few to learn from, so they are set to the priors.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skglove.data.head import Head
from skglove.text.sequences import TokenSequences

# Classes without documents until now, as in `partial_fit`, get logits that are finite.
_SMALLEST = 1e-6


@dataclass(frozen=True)
class Priors:
    """The class priors, and the documents that get them.

    Parameters
    ----------
    logits : ndarray of shape (n_classes,), float32
    silent_ids : ndarray of int32
        Ids that occur in no training document and have no vector, increasing. Documents without other ids say nothing.
    n_ids : int
        Number of word ids, including 0.

    """

    logits: np.ndarray
    silent_ids: np.ndarray
    n_ids: int

    @classmethod
    def of(cls, probabilities: np.ndarray, head: Head, silent_ids: np.ndarray, n_ids: int) -> "Priors":
        """Make them of the probability of each class, which may be 0."""
        logits = head.initial_bias(np.clip(probabilities, _SMALLEST, 1 - _SMALLEST))
        return cls(logits, silent_ids[silent_ids < n_ids], n_ids)  # compressed models know fewer ids

    def forward(self, ops: Any, ids: Any, logits: Any) -> Any:
        """Replace the logits of documents that say nothing, with any array library.

        Parameters
        ----------
        ops : module or object
            The functions of `skglove.ops`.
        ids : array or tensor of shape (batch, width), int32
        logits : array or tensor of shape (batch, n_classes)

        Returns
        -------
        array or tensor of shape (batch, n_classes)
        """
        if len(self.silent_ids):
            speak = np.ones((self.n_ids, 1), dtype=np.float32)
            speak[0] = speak[self.silent_ids] = 0
            speaks = ops.max(ops.take(speak, ids, axis=0), axis=1)
        else:
            speaks = ops.expand_dims(ops.max(ops.cast(ops.not_equal(ids, 0), "float32"), axis=1), 1)
        return logits * speaks + (1.0 - speaks) * self.logits


def are_silent(sequences: TokenSequences, silent_ids: np.ndarray) -> np.ndarray:
    """Return whether documents say nothing.

    Parameters
    ----------
    sequences : TokenSequences
    silent_ids : ndarray of int32
        See `Priors`.

    Returns
    -------
    ndarray of shape (n_documents,), bool

    Examples
    --------
    >>> are_silent(TokenSequences([1, 3, 3], [0, 2, 3, 3]), np.array([3])).tolist()
    [False, True, True]
    """
    speaking = sequences.keep(~np.isin(sequences.ids, silent_ids)) if len(silent_ids) else sequences
    return speaking.lengths == 0
