"""TokenSequences: ragged sequences of word ids with their word vectors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

_NOT_A_MATRIX = (
    "TokenSequences are sequences of word ids, not a matrix of features. {problem} Pass them to ConvTextClassifier, "
    "apply meta-estimators to the whole pipeline (SelfTrainingClassifier and others that need numbers take the ids as in "
    "https://skglove.readthedocs.io/en/stable/guide/ecosystem.html#meta-estimators-that-need-numbers), call padded() for Keras' "
    "matrix of ids, or use GloveTextVectorizer(output='mean') for features."
)


_QUESTIONS = (np.shape, np.ndim)


class TokenSequences:
    """Ragged sequences of word ids, one per document, with their matrix of word vectors.

    A `Pipeline` passes only X from one step to the next, so X includes the word vectors. Documents are selected like rows of an
    array, by slices, integers or masks; the selections share one matrix of vectors. There is no padding: the ids of all documents
    are in one flat array.

    Parameters
    ----------
    ids : array-like of int
        The word ids of all documents, one document after the other. 0 is reserved for padding and not allowed.
    offsets : array-like of shape (n_documents + 1,), int
        Where each document begins in `ids`, and where the last one ends.
    embedding_matrix : ndarray of shape (n_ids, dim), float32, optional
        The vector of each id; row 0 belongs to padding. None without pre-trained vectors.
    input_dim : int, optional
        Number of ids, 0 included (Keras' name in ``Embedding``). By default the rows of `embedding_matrix`.
    maxlen : int, optional
        The width of the matrix that `padded` makes; by default the length of the longest document.
    padding : {"pre", "post"}, default="pre"
        The side on which `padded` fills with zeros.
    vocabulary : dict of str to int, optional
        The id of each word. `ConvTextClassifier` learns from the spelling of words if it is given.

    Attributes
    ----------
    ids : ndarray of int32
    offsets : ndarray of shape (n_documents + 1,), int64

    Raises
    ------
    ValueError
        If the ids are not positive integers of 32 bits, or the offsets do not match them.

    Notes
    -----
    ``np.asarray`` raises an error, since an array would not contain the vectors, and its ids would be taken for features.
    `padded` returns the matrix of ids.

    Examples
    --------
    >>> import numpy as np
    >>> from skglove import TokenSequences
    >>> X = TokenSequences([1, 2, 1], [0, 1, 3], embedding_matrix=np.eye(3, dtype=np.float32))
    >>> X
    <TokenSequences: 2 documents, 3 word ids, vectors of dimension 3>
    >>> X[[1]].tolist()
    [[2, 1]]
    >>> X.padded()
    array([[0, 1],
           [2, 1]], dtype=int32)
    """

    __module__ = "skglove"  # the name in saved models

    ndim = 2
    dtype = np.dtype(np.int32)
    __array_ufunc__ = None  # no arithmetic

    def __init__(
        self,
        ids: Any,
        offsets: Any,
        *,
        embedding_matrix: np.ndarray | None = None,
        input_dim: int | None = None,
        maxlen: int | None = None,
        padding: str = "pre",
        vocabulary: Mapping[str, int] | None = None,
    ) -> None:
        _check_side("padding", padding)
        ids, offsets = _as_ids(ids), np.asarray(offsets, dtype=np.int64)
        if embedding_matrix is not None:
            embedding_matrix = np.asarray(embedding_matrix, dtype=np.float32)
            if embedding_matrix.ndim != 2:
                raise ValueError(f"embedding_matrix must be of shape (n_ids, dim); got shape {embedding_matrix.shape}.")
            input_dim = len(embedding_matrix) if input_dim is None else input_dim
        if ids.ndim != 1 or (ids <= 0).any():
            raise ValueError("ids must be a one-dimensional array of word ids from 1 up; 0 is reserved for padding.")
        ends = offsets[[0, -1]].tolist() if offsets.ndim == 1 and len(offsets) else None
        if ends != [0, len(ids)] or (np.diff(offsets) < 0).any():
            raise ValueError(
                f"offsets must be non-decreasing, of length n_documents + 1, from 0 to the number of ids, {len(ids)}."
            )
        self.ids, self.offsets = ids, offsets
        self.embedding_matrix, self.input_dim = embedding_matrix, input_dim
        self.maxlen, self.padding, self.vocabulary = maxlen, padding, vocabulary

    @classmethod
    def from_matrix(cls, matrix: Any, **options: Any) -> "TokenSequences":
        """Make sequences from a padded matrix, such as Keras' ``pad_sequences`` returns.

        Parameters
        ----------
        matrix : array-like of shape (n_documents, width), int
            Zeros at any position are padding.
        **options
            As for the class: `embedding_matrix`, `input_dim`, `maxlen`, `padding`, `vocabulary`.

        Examples
        --------
        >>> TokenSequences.from_matrix([[0, 1], [2, 1]]).tolist()
        [[1], [2, 1]]
        """
        matrix = _as_ids(matrix)
        if matrix.ndim != 2:
            raise ValueError(f"Expected a matrix of shape (n_documents, width), got shape {matrix.shape}.")
        present = matrix != 0
        return cls(matrix[present], _offsets(np.count_nonzero(present, axis=1)), **options)

    @classmethod
    def from_lengths(cls, ids: np.ndarray, lengths: np.ndarray, **options: Any) -> "TokenSequences":
        """Make sequences without validating the ids.

        Parameters
        ----------
        ids : ndarray of int32
            The ids of all documents. Zeros are dropped.
        lengths : ndarray of shape (n_documents,), int
            How many of `ids` belong to each document, zeros included.
        **options
            As for the class: `embedding_matrix`, `input_dim`, `maxlen`, `padding`, `vocabulary`.
        """
        new = object.__new__(cls)
        defaults = {"embedding_matrix": None, "input_dim": None, "maxlen": None, "padding": "pre", "vocabulary": None}
        new.__dict__.update(defaults | options, ids=ids, offsets=_offsets(lengths))
        if new.input_dim is None and new.embedding_matrix is not None:
            new.input_dim = len(new.embedding_matrix)
        return new.keep(ids != 0)

    @classmethod
    def concatenate(cls, parts: "Sequence[TokenSequences]") -> "TokenSequences":
        """Join sequences of one vocabulary, one after the other.

        Parameters
        ----------
        parts : sequence of TokenSequences

        Raises
        ------
        ValueError
            If they carry different vectors, so that their ids mean different words.
        """
        first, *others = parts
        if not others:
            return first
        for part in others:
            matrices: list[Any] = [part.embedding_matrix, first.embedding_matrix]
            same = matrices[0] is matrices[1] or np.array_equal(*matrices)
            # Equal matrices belong to equal vocabularies; without them, the words have to be compared.
            if matrices[0] is None and None not in (part.vocabulary, first.vocabulary):
                same = part.vocabulary is first.vocabulary or part.vocabulary == first.vocabulary
            if part.input_dim != first.input_dim or not same:
                raise ValueError(
                    "These TokenSequences carry different embedding matrices or vocabularies, so their ids mean different words. "
                    "Make all of them with one fitted GloveTextVectorizer."
                )
        lengths = np.concatenate([part.lengths for part in parts])
        return first._with(np.concatenate([part.ids for part in parts]), _offsets(lengths))

    def _with(self, ids: np.ndarray, offsets: np.ndarray) -> "TokenSequences":
        """Return other documents of the same vocabulary, without checking what is known to be right."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, ids=ids, offsets=offsets)
        return new

    def with_ids(self, ids: np.ndarray) -> "TokenSequences":
        """Return documents of the same lengths with other ids.

        Parameters
        ----------
        ids : ndarray of int
            One for each word of each document, as in `ids`, from 1 up. Not checked.
        """
        return self._with(ids, self.offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __sizeof__(self) -> int:
        # Of the arrays, too: joblib's backend for Dask sends large arguments to each worker once, and others with each task.
        arrays = [self.ids, self.offsets, self.embedding_matrix]
        return object.__sizeof__(self) + sum(array.nbytes for array in arrays if array is not None)

    @property
    def lengths(self) -> np.ndarray:
        """How many words each document has: ndarray of shape (n_documents,), int64."""
        return self.offsets[1:] - self.offsets[:-1]

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of `padded`."""
        return len(self), self.maxlen or int(self.lengths.max(initial=0))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            key, *rest = key
            if any(part is not Ellipsis and part != slice(None) for part in rest):
                raise TypeError(_NOT_A_MATRIX.format(problem="Only whole documents can be selected, not columns."))
        if isinstance(key, slice) and key.step in (None, 1):
            start, stop, _ = key.indices(len(self))
            offsets = self.offsets[start : max(start, stop) + 1]
            return self._with(self.ids[offsets[0] : offsets[-1]], offsets - offsets[0])
        rows = np.arange(len(self))[key]
        if rows.ndim > 1:
            raise IndexError(f"Documents have one index; got {rows.ndim}.")
        if rows.ndim == 0:
            return self.ids[self.offsets[rows] : self.offsets[rows + 1]]
        return self._take(rows, self.lengths[rows])

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(np.split(self.ids, self.offsets[1:-1])) if len(self) else iter(())

    def _take(self, rows: np.ndarray, lengths: np.ndarray, skip: np.ndarray | int = 0) -> "TokenSequences":
        return self._with(self.ids[self._positions(rows, lengths, skip)], _offsets(lengths))

    def _positions(self, rows: np.ndarray, lengths: np.ndarray, skip: np.ndarray | int = 0) -> np.ndarray:
        """Return the positions in `ids` of so many words of each document, after the first `skip` of them."""
        starts = self.offsets[rows] + skip
        return np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())

    def cut(self, maxlen: int, truncating: str = "post") -> "TokenSequences":
        """Return all documents with at most `maxlen` words each.

        Parameters
        ----------
        maxlen : int
        truncating : {"pre", "post"}, default="post"
            The side on which long documents are truncated.
        """
        _check_side("truncating", truncating)
        if maxlen < 0:
            raise ValueError(f"maxlen must be at least 0; got {maxlen}.")
        lengths = self.lengths
        kept = np.minimum(lengths, maxlen)
        if lengths.max(initial=0) <= maxlen:
            return self
        return self._take(np.arange(len(self)), kept, lengths - kept if truncating == "pre" else 0)

    def keep(self, kept: np.ndarray) -> "TokenSequences":
        """Return the documents without some of their words.

        Parameters
        ----------
        kept : ndarray of bool
            For each word of each document whether it is kept.
        """
        if kept.all():
            return self
        # How many words are kept up to each one: where a document ends, that is its new end.
        return self._with(self.ids[kept], np.concatenate([[0], np.cumsum(kept)])[self.offsets])

    def distinct(self) -> "tuple[TokenSequences, np.ndarray]":
        """Return each different document once, in an order that does not depend on theirs.

        Returns
        -------
        documents : TokenSequences
        positions : ndarray of shape (n_documents,), int
            The index in `documents` of each document.

        Examples
        --------
        >>> documents, positions = TokenSequences([2, 1, 2, 2], [0, 1, 3, 4]).distinct()
        >>> documents.tolist(), positions
        ([[1, 2], [2]], array([1, 0, 1]))
        """
        content, ends = self.ids.tobytes(), (self.offsets * self.ids.itemsize).tolist()
        keys = np.array([content[start:end] for start, end in pairwise(ends)], dtype=object)
        _, first, positions = np.unique(keys, return_index=True, return_inverse=True)
        return self[first], positions

    def padded(self, maxlen: int | None = None, padding: str | None = None) -> np.ndarray:
        """Return the matrix that Keras' ``pad_sequences`` makes of the ids.

        Parameters
        ----------
        maxlen : int, optional
            Its width; by default that of `shape`. Longer documents are truncated at the beginning.
        padding : {"pre", "post"}, optional
            The side on which zeros are added; by default the one set when the sequences were made.

        Returns
        -------
        ndarray of shape (n_documents, maxlen), int32
        """
        padding = self.padding if padding is None else padding
        _check_side("padding", padding)
        width = self.shape[1] if maxlen is None else maxlen
        documents = self.cut(width, "pre")
        columns, lengths = np.arange(width), documents.lengths[:, None]
        matrix = np.zeros((len(self), width), dtype=np.int32)
        matrix[columns >= width - lengths if padding == "pre" else columns < lengths] = documents.ids
        return matrix

    def batch(self, rows: np.ndarray, multiple: int = 1) -> np.ndarray:
        """Return some documents as one matrix, padded at the end and as wide as the longest of them.

        Parameters
        ----------
        rows : ndarray of int
            Which documents.
        multiple : int, default=1
            The width is rounded up to a multiple of this, and never 0.

        Returns
        -------
        ndarray of shape (len(rows), width), int32
        """
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        width = max(1, -(-int(lengths.max()) // multiple)) * multiple
        batch = np.zeros((len(rows), width), dtype=np.int32)
        batch[np.arange(width) < lengths[:, None]] = self.ids[self._positions(rows, lengths)]
        return batch

    def batches_by_length(self, max_positions: int, multiple: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all documents, those of similar length together, as (their indices, `batch`).

        Parameters
        ----------
        max_positions : int
            No matrix is larger, unless one document alone is.
        multiple : int
            As for `batch`.
        """
        order = np.argsort(self.lengths, kind="stable")
        widths = np.maximum(1, -(-self.lengths[order] // multiple)) * multiple
        start = 0
        while start < len(order):
            # Widths rise, so the last document of a batch sets its width.
            candidates = widths[start : start + max_positions]
            sizes = candidates * np.arange(1, len(candidates) + 1)
            stop = start + max(1, int(np.searchsorted(sizes, max_positions, side="right")))
            yield order[start:stop], self.batch(order[start:stop], multiple)
            start = stop

    def tolist(self) -> list[list[int]]:
        """Return the ids of each document as a list."""
        return [document.tolist() for document in self]

    def __repr__(self) -> str:
        matrix = self.embedding_matrix
        vectors = "no vectors" if matrix is None else f"vectors of dimension {matrix.shape[1]}"
        return f"<{type(self).__name__}: {len(self):,} documents, {len(self.ids):,} word ids, {vectors}>"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError(_NOT_A_MATRIX.format(problem="An array would not contain their word vectors."))

    def __array_function__(self, func: Callable, types: Any, args: Any, kwargs: Any) -> Any:
        """Concatenate sequences of one vocabulary; other NumPy functions raise an error.

        A matrix of ids beside other columns, as a FeatureUnion makes it, would be read as a longer text.
        """
        if func in _QUESTIONS:
            return getattr(self, func.__name__)
        parts = list(args[0]) if func in (np.concatenate, np.vstack, np.hstack) and not kwargs.get("axis") else []
        if parts and len(args) == 1 and all(isinstance(part, TokenSequences) for part in parts):
            if len(parts) == 1:
                return parts[0]
            if func is not np.hstack:
                return self.concatenate(parts)
        raise TypeError(_NOT_A_MATRIX.format(problem=f"numpy.{func.__name__} cannot be applied to them."))


def _check_side(name: str, side: str) -> None:
    if side not in ("pre", "post"):
        raise ValueError(f"{name} must be 'pre' or 'post'; got {side!r}.")


def _as_ids(values: Any) -> np.ndarray:
    given = np.asarray(values)
    if given.size and given.dtype.kind not in "biuf":
        raise ValueError(
            f"Word ids must be whole numbers; got values of type {given.dtype}. Texts need a GloveTextVectorizer."
        )
    ids = given.astype(np.int32, copy=False) if given.size else np.zeros(given.shape, dtype=np.int32)
    if not np.array_equal(ids, given):
        raise ValueError(f"Word ids must be whole numbers of at most 32 bits; got values of type {given.dtype}.")
    return ids


def _offsets(lengths: np.ndarray) -> np.ndarray:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
