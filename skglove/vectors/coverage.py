"""A warning if hardly a word of the texts has a vector."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from skglove.warn import warn

# In sentences of 60 languages (those of spaCy's examples), GloVe 6B knows all words of English, more than 11% of the words
# of any language in Latin script, since its corpus quotes names and phrases, and less than 10% in other scripts
# (Bulgarian and Serbian excepted). There, single letters and numbers can make up 26% of the occurrences. With a wrong
# tokenizer, words contain punctuation or are whole sentences. Of noisy English texts, most words may be misspelled, but
# not most occurrences.
FEW_WORDS = 0.1  # of less than ten words: none
FEW_OCCURRENCES = 0.5


def warn_if_hardly_found(found: np.ndarray, counts: np.ndarray, embeddings: Any) -> None:
    """Warn if less than a tenth of the words and less than half of their occurrences have vectors, of few words if none has.

    Parameters
    ----------
    found : ndarray of bool of shape (n_words,)
        Whether each word of the texts has a vector.
    counts : ndarray of int of shape (n_words,)
        The number of its occurrences.
    embeddings : object
        The vectors as the user gave them, to name them.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn_if_hardly_found(np.zeros(2113, bool), np.ones(2113), "glove.6B.100d")
    >>> print(caught[0].message)
    0 of 2,113 words have a vector in glove.6B.100d: another language, or another tokenizer?
    """
    n_found, n_occurrences = np.count_nonzero(found), counts[found].sum()
    if n_found < FEW_WORDS * len(found) and n_occurrences < FEW_OCCURRENCES * counts.sum():
        warn(
            f"{n_found:,} of {len(found):,} words have a vector in {_name(embeddings)}: "
            "another language, or another tokenizer?"
        )


def _name(embeddings: Any) -> str:
    if isinstance(embeddings, (str, os.PathLike)):
        return os.fsdecode(embeddings)
    if isinstance(embeddings, (list, tuple)):
        return " and ".join(map(_name, embeddings))
    return f"the {type(embeddings).__name__}"
