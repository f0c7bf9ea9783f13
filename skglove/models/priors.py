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

    Examples
    --------
    >>> priors = Priors(np.zeros(2, dtype=np.float32), np.array([3], dtype=np.int32), 4)
    >>> priors.apply(TokenSequences([1, 3, 3], [0, 2, 3, 3]), np.ones((3, 2), dtype=np.float32)).tolist()
    [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    """

    logits: np.ndarray
    silent_ids: np.ndarray
    n_ids: int

    @classmethod
    def of(cls, probabilities: np.ndarray, head: Head, silent_ids: np.ndarray, n_ids: int) -> "Priors":
        """Make them of the probability of each class, which may be 0."""
        logits = head.initial_bias(np.clip(probabilities, _SMALLEST, 1 - _SMALLEST))
        return cls(logits, silent_ids[silent_ids < n_ids], n_ids)  # compressed models know fewer ids

    def are_all(self, ids: np.ndarray) -> bool:
        """Return whether the priors are all that is known of a document."""
        return bool(np.isin(ids, self.silent_ids).all())

    def apply(self, sequences: TokenSequences, logits: np.ndarray) -> np.ndarray:
        """Return logits with those of documents that say nothing replaced.

        Parameters
        ----------
        sequences : TokenSequences
        logits : ndarray of shape (n_documents, n_classes), float32
            Changed in place.
        """
        speaking = sequences.keep(~np.isin(sequences.ids, self.silent_ids)) if len(self.silent_ids) else sequences
        logits[speaking.lengths == 0] = self.logits
        return logits

    def forward(self, ops: Any, ids: Any, logits: Any) -> Any:
        """Do the same with any array library.

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
