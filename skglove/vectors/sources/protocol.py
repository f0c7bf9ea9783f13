"""VectorSource: the three methods by which word vectors are looked up, wherever they come from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, compress
from typing import Protocol, runtime_checkable

import numpy as np

from skglove.vectors.forms import LooksUpForms, other_forms
from skglove.vectors.sources.objects import as_matrix, check_finite


@runtime_checkable
class VectorSource(Protocol):
    """Anything that maps words to vectors.

    An object with these three methods can be used wherever word vectors are expected. It need not have a list of words:
    a subword model or an encoder can compute vectors on demand.

    Examples
    --------
    >>> import numpy as np
    >>> class Lengths:
    ...     def check(self):
    ...         pass
    ...
    ...     def head(self, n):
    ...         return []
    ...
    ...     def lookup(self, words):
    ...         rows = np.array([[len(word)] for word in words], np.float32).reshape(-1, 1)
    ...         return rows, np.ones(len(words), bool)
    >>> isinstance(Lengths(), VectorSource)
    True
    """

    def check(self) -> None:
        """Raise the error that `lookup` would raise for a missing or broken file, or an unusable object.

        It reads the first lines of a file at most, and downloads nothing.
        """

    def head(self, n: int) -> list[str]:
        """Return the first n words, which are the most frequent ones in published vectors.

        The list is shorter if there are fewer words, and empty if the source has no order. Vectors
        that are not in the cache are downloaded.
        """

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Look up the vectors of words.

        Parameters
        ----------
        words : sequence of str
            One call with many words is faster than many calls.

        Returns
        -------
        rows : ndarray of float32 of shape (len(words), dim)
            Zeros where a word was not found.
        found : ndarray of bool of shape (len(words),)
        """


def lookup(source: VectorSource, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Look words up in any source, and check what it returns.

    A word with accents that is not found has the vector of its composed form (NFC), or else of its decomposed form (NFD).

    Parameters
    ----------
    source : VectorSource
    words : sequence of str

    Returns
    -------
    rows : ndarray of float32 of shape (len(words), dim)
    found : ndarray of bool of shape (len(words),)

    Raises
    ------
    ValueError
        If the source returns something of another shape, or numbers that are not finite.
    """
    rows, found = _checked(source, words)
    if isinstance(source, LooksUpForms):
        return rows, found
    missing = np.flatnonzero(~found).tolist()
    forms = other_forms(words[i] for i in missing)
    asked = list(dict.fromkeys(chain.from_iterable(forms.values())))
    if not asked:
        return rows, found
    other_rows, are_found = _checked(source, asked)
    listed = dict(zip(compress(asked, are_found), other_rows[are_found], strict=True))
    rows, found = rows.copy(), found.copy()  # they may belong to the source
    for i in missing:
        for form in forms.get(words[i], []):
            if not found[i] and form in listed:
                rows[i], found[i] = listed[form], True
    return rows, found


def _checked(source: VectorSource, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    given, found = source.lookup(words)
    rows, found = as_matrix(given), np.asarray(found, bool)
    if rows.shape[0] != len(words) or found.shape != (len(words),):
        raise ValueError(
            f"{type(source).__qualname__}.lookup must return a row and a bool for each of {len(words):,} words; it returned "
            f"shapes {rows.shape} and {found.shape}."
        )
    check_finite(words, rows)
    return rows, found
