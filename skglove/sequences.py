"""Documents as ids of words: the padded matrix that travels through a pipeline, and the same without its padding."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np


class TokenSequences(np.ndarray):
    """An integer matrix (n_samples, maxlen) of word ids that brings its word vectors along.

    scikit-learn's `Pipeline` hands nothing but X from one step to the next, so X itself carries the matrix of vectors that its
    ids point into. Slices, fancy indexing, copies, views, pickles and joblib dumps keep it; slices and copies share one matrix.

    Parameters
    ----------
    ids : array-like of shape (n_samples, maxlen)
        Word ids; 0 is padding. They are not copied if they are an int32 array already.
    embedding_matrix : ndarray of shape (n_ids, dim), float32, optional
        The vector of each id; row 0 belongs to the padding. None if nothing is pre-trained.
    input_dim : int, optional
        How many ids there are, 0 included (Keras' name in ``Embedding``). By default the rows of `embedding_matrix`.

    Examples
    --------
    >>> import numpy as np
    >>> from skglove import TokenSequences
    >>> X = TokenSequences([[0, 1], [2, 1]], embedding_matrix=np.eye(3, dtype=np.float32))
    >>> X[[1]]
    TokenSequences([[2, 1]], dtype=int32)
    >>> X[[1]].embedding_matrix is X.embedding_matrix
    True
    """

    # Above plain arrays, so that what numpy joins of both kinds is of this one.
    __array_priority__ = 1.0

    embedding_matrix: np.ndarray | None
    input_dim: int | None

    def __new__(  # noqa: D102 - documented in the class
        cls, ids: Any, embedding_matrix: np.ndarray | None = None, input_dim: int | None = None
    ) -> "TokenSequences":
        given = np.asarray(ids)
        array = given.astype(np.int32, copy=False)
        if not np.array_equal(array, given):
            raise ValueError(f"Word ids must be whole numbers of at most 32 bits; got values of type {given.dtype}.")
        if embedding_matrix is not None:
            embedding_matrix = np.asarray(embedding_matrix, dtype=np.float32)
            if embedding_matrix.ndim != 2:
                raise ValueError(f"embedding_matrix must be of shape (n_ids, dim); got shape {embedding_matrix.shape}.")
        self = array.view(cls)
        self.embedding_matrix = embedding_matrix
        self.input_dim = len(embedding_matrix) if input_dim is None and embedding_matrix is not None else input_dim
        return self

    def __array_finalize__(self, obj: Any) -> None:
        self.embedding_matrix = getattr(obj, "embedding_matrix", None)
        self.input_dim = getattr(obj, "input_dim", None)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        result = super().__array_function__(func, types, args, kwargs)
        # numpy makes the result of concatenate, vstack and the like from no array in particular, so nothing was handed on.
        if (
            isinstance(result, TokenSequences)
            and result.input_dim is None
            and args
            and isinstance(args[0], list | tuple)
        ):
            _hand_on([part for part in args[0] if isinstance(part, TokenSequences)], result)
        return result

    def __reduce__(self) -> tuple:
        rebuild, arguments, state = cast(tuple, super().__reduce__())
        return rebuild, arguments, (state, self.embedding_matrix, self.input_dim)

    def __setstate__(self, state: Any) -> None:
        array_state, self.embedding_matrix, self.input_dim = state
        super().__setstate__(array_state)


def _hand_on(parts: list[TokenSequences], whole: TokenSequences) -> None:
    """Give `whole` the vectors that all its parts share."""
    first = parts[0]
    for part in parts[1:]:
        matrices: list[Any] = [part.embedding_matrix, first.embedding_matrix]
        if part.input_dim != first.input_dim or not (matrices[0] is matrices[1] or np.array_equal(*matrices)):
            raise ValueError(
                "These TokenSequences carry different embedding matrices, so their ids mean different words. "
                "Make all of them with one fitted GloveTextVectorizer."
            )
    whole.embedding_matrix, whole.input_dim = first.embedding_matrix, first.input_dim


class Documents:
    """Word ids without any padding: one flat array, and where each document begins.

    A zero is padding wherever it stands in the matrix, so a document is its other ids, in order. What is computed from
    `Documents` cannot depend on how wide its matrix was or on which side it was padded.

    Parameters
    ----------
    matrix : ndarray of shape (n_documents, maxlen), int
    """

    def __init__(self, matrix: np.ndarray) -> None:
        matrix = np.asarray(matrix)
        present = matrix != 0
        self._hold(matrix[present], np.count_nonzero(present, axis=1))

    def _hold(self, ids: np.ndarray, lengths: np.ndarray) -> None:
        self.ids, self.lengths = ids, lengths
        self._ends = np.cumsum(lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, rows: Any) -> "Documents":
        """Return some of the documents: a slice of them, or an array of positions."""
        return self._first_words(np.arange(len(self))[rows], None)

    def cropped(self, maxlen: int) -> "Documents":
        """Return all documents, each without what comes after its first `maxlen` words.

        Parameters
        ----------
        maxlen : int
        """
        return self if self.lengths.max(initial=0) <= maxlen else self._first_words(np.arange(len(self)), maxlen)

    def renumbered(self, ids: np.ndarray) -> "Documents":
        """Return documents of the same lengths with other ids.

        Parameters
        ----------
        ids : ndarray of int
            One for each word of each document, as in `ids`.
        """
        new = object.__new__(Documents)
        new._hold(ids, self.lengths)
        return new

    def _first_words(self, rows: np.ndarray, maxlen: int | None) -> "Documents":
        lengths = self.lengths[rows] if maxlen is None else np.minimum(self.lengths[rows], maxlen)
        new = object.__new__(Documents)
        new._hold(self.ids[self._places(rows, lengths)], lengths)
        return new

    def _places(self, rows: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return where in `ids` the first words of some documents are, so many of each, one document after the other."""
        starts = self._ends[rows] - self.lengths[rows]
        return np.repeat(starts - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())

    def padded(self, rows: np.ndarray, multiple: int = 1) -> np.ndarray:
        """Return some documents as one matrix, each from the first column on, as wide as the longest of them.

        Parameters
        ----------
        rows : ndarray of int
            Which documents.
        multiple : int
            The width is rounded up to a multiple of this, and never 0.

        Returns
        -------
        ndarray of shape (len(rows), width), int32
        """
        lengths = self.lengths[rows]
        width = max(1, -(-int(lengths.max()) // multiple)) * multiple
        batch = np.zeros((len(rows), width), dtype=np.int32)
        batch[np.arange(width) < lengths[:, None]] = self.ids[self._places(rows, lengths)]
        return batch

    def batches_by_length(self, max_places: int, multiple: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield all documents, like lengths together, as (their positions, `padded` matrix).

        Parameters
        ----------
        max_places : int
            A batch has at most this many places, padding included, unless one document alone has more.
        multiple : int
            As in `padded`.
        """
        order = np.argsort(self.lengths, kind="stable")
        widths = np.maximum(1, -(-self.lengths[order] // multiple)) * multiple
        start = 0
        while start < len(order):
            # Widths rise, so the last document of a batch sets its width.
            candidates = widths[start : start + max_places]
            places = candidates * np.arange(1, len(candidates) + 1)
            stop = start + max(1, int(np.searchsorted(places, max_places, side="right")))
            yield order[start:stop], self.padded(order[start:stop], multiple)
            start = stop
