"""The base class of all members of a model, and the settings of a fit."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skglove._keras import KerasOps, import_keras
from skglove._sklearn import validate_parameters
from skglove.data.head import Head
from skglove.data.labelled import LabelledSequences
from skglove.models.priors import Priors
from skglove.models.quantization import pack, rounded, transform_arrays, unpack_all
from skglove.saving.state import PlainState
from skglove.text.sequences import TokenSequences
from skglove.training.trainer import TrainingOptions

_ONE_COLUMN = [[0, 0], [0, 1]]
# The contributions of n-grams to the score of each class, by the start and the end (exclusive) of their positions.
Spans = dict[tuple[int, int], np.ndarray]


@dataclass(frozen=True)
class FitContext:
    """The settings of a fit.

    Parameters
    ----------
    head : Head
        The output function and the loss.
    input_dim : int
        Number of word ids, including 0.
    embedding_dim : int
        Dimension of the word vectors.
    embedding_matrix : ndarray of shape (input_dim, embedding_dim), float32, or None
        Pre-trained vectors; zeros for words without a vector.
    words : list of str or None
        The spelling of each id, "" for 0, if it is known.
    trainable : bool
        Whether the word vectors are updated.
    class_priors : ndarray of shape (n_classes,), float64
    seed : int
        For initial weights and dropout.
    random_state : RandomState
        For everything else that is random.
    options : TrainingOptions
        For networks.
    begin_epoch : callable, optional
        Called at the beginning of each epoch of `fit` with a function that returns the member as it has been trained so far. It
        returns a function that is called at the end of the epoch and returns whether to stop.
    """

    head: Head
    input_dim: int
    embedding_dim: int
    embedding_matrix: np.ndarray | None
    words: list[str] | None
    trainable: bool
    class_priors: np.ndarray
    seed: int
    random_state: np.random.RandomState
    options: TrainingOptions
    begin_epoch: "Callable[[Callable[[], Member]], Callable[[], bool]] | None" = None


class Member(PlainState, BaseEstimator, ABC):
    """A model that scores documents.

    It has parameters, a forward pass in arrays, contributions of words to the scores, and weights, which are saved as arrays.
    Fitting returns a new, fitted member with the same parameters, and does not change the old one.
    """

    _parameter_constraints: dict[str, Any]
    # Parameters that may change when training continues: the weights do not depend on them.
    free_parameters: tuple[str, ...] = ("embedding_dropout", "dropout")
    history_: dict[str, list[float]] = {}  # noqa: RUF012 - for members that are not trained in epochs
    thresholds_: np.ndarray | None = None  # of labels, if documents were held out
    is_compressed_: bool = False

    def check_parameters(self) -> None:
        """Raise a ValueError if a parameter is invalid."""
        validate_parameters(self)

    @abstractmethod
    def fit(
        self,
        data: LabelledSequences,
        context: FitContext,
        *,
        validation: LabelledSequences | None = None,
        start: "Member | None" = None,
    ) -> "Member":
        """Return a fitted member.

        Parameters
        ----------
        data : LabelledSequences
        context : FitContext
        validation : LabelledSequences, optional
            Held-out documents for the validation loss and early stopping.
        start : Member, optional
            A fitted member to start from, of the same class and with parameters that `checked_start` accepts.
        """

    @abstractmethod
    def partial_fit(self, data: LabelledSequences, context: FitContext, *, start: "Member | None" = None) -> "Member":
        """Return a member that was trained for one more epoch on some documents.

        Parameters
        ----------
        data : LabelledSequences
        context : FitContext
        start : Member, optional
            The result of the last call.
        """

    @abstractmethod
    def untrained(self, context: FitContext) -> "Member":
        """Return a member that scores every document by the class priors."""

    @abstractmethod
    def logits(self, sequences: TokenSequences) -> np.ndarray:
        """Score documents.

        Returns
        -------
        ndarray of shape (n_documents, n_classes), float32
        """

    @abstractmethod
    def forward(self, ops: Any, ids: Any) -> Any:
        """Score documents with any array library.

        Parameters
        ----------
        ops : module or object
            The functions of `skglove.ops`.
        ids : array or tensor of shape (batch, width), int
            Padded with zeros at the end.

        Returns
        -------
        array or tensor of shape (batch, n_classes)
        """

    @abstractmethod
    def keras_logits(self, ids: Any) -> Any:
        """Add the member to a Keras graph, with copies of its weights.

        Parameters
        ----------
        ids : KerasTensor of shape (batch, width), int32
            As for `forward`.

        Returns
        -------
        KerasTensor of shape (batch, n_classes)
        """

    def to_keras(self, head: Head, priors: Priors | None, known_ids: np.ndarray | None = None) -> Any:
        """Return the member as a Keras model.

        Parameters
        ----------
        head : Head
        priors : Priors or None
        known_ids : ndarray of int32, optional
            The id of each row of the embedding, if it is not that row.

        Returns
        -------
        keras.Model
            From ids (batch, width), padded with 0 on any side, to probabilities (batch, n_classes).
        """
        keras = import_keras()
        ids = keras.Input((None,), dtype="int32", name="ids")
        # A nested model is one line of the summary.
        inner = keras.Input((None,), dtype="int32", name="unaligned_ids")
        numbers = ids if known_ids is None else _renumbered(ids, known_ids)
        # One more column, so that the width is never 0.
        aligned = keras.Model(inner, left_aligned(keras.ops, keras.ops.pad(inner, _ONE_COLUMN)), name="align")(numbers)
        logits = self.keras_logits(aligned)
        if priors is not None:
            scores = keras.Input(logits.shape[1:], name="scores")
            with_priors = keras.Model([inner, scores], priors.forward(KerasOps(), inner, scores), name="class_priors")
            logits = with_priors([aligned, logits])
        return keras.Model(ids, head.keras_output()(logits), name="classifier")

    @abstractmethod
    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        """Decompose the scores of one document.

        Parameters
        ----------
        ids : ndarray of shape (n_words,), int
            Its words, without padding.

        Returns
        -------
        spans : dict of (int, int) to ndarray of shape (n_classes,), float64
            The contributions of words to the score of each class, by start and end (exclusive).
        bias : ndarray of shape (n_classes,), float64
            The remainder. Together with all of `spans` it adds up to the logits.
        """

    def compressed(self, n_ids: int) -> "Member":
        """Return a fitted member of fewer ids, and with numbers that take fewer bytes in files.

        Parameters
        ----------
        n_ids : int
            Ids from there on are no longer known.
        """
        attributes = {**vars(self), **self._of_first_ids(n_ids), "is_compressed_": True}
        return self._fitted(**transform_arrays(attributes, rounded))

    @abstractmethod
    def _of_first_ids(self, n_ids: int) -> dict[str, Any]:
        """Return the fitted attributes of a member that knows only the ids below `n_ids`."""

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return transform_arrays(state, pack) if self.is_compressed_ else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(unpack_all(state) if state.get("is_compressed_") else state)

    def checked_start(self, start: Any) -> Any:
        """Return a fitted member after checking that training can start from it.

        Parameters
        ----------
        start : Member
            Fitted.

        Raises
        ------
        ValueError
            If parameters other than dropout rates have changed, or `start` is compressed.
        """
        if start.is_compressed_:
            raise ValueError(
                "Training cannot continue with a compressed model. Continue with the model that was compressed."
            )
        if type(self) is not type(start) or self._shape_parameters() != start._shape_parameters():
            raise ValueError(
                f"Training cannot continue with another architecture: it was {start}, and is now {self}. Only dropout rates may "
                "change. Reset the architecture, or fit a clone."
            )
        return start

    def _shape_parameters(self) -> dict[str, Any]:
        parameters = self.get_params(deep=False).items()
        return {
            name: tuple(value) if isinstance(value, list | np.ndarray) else value
            for name, value in parameters
            if name not in self.free_parameters
        }

    def _fitted(self, **attributes: Any) -> Any:
        """Return a new member with these parameters and fitted attributes."""
        # The parameters are shared, not copied: functions are compared by identity when training continues.
        fitted = type(self)(**self.get_params(deep=False))
        fitted.__dict__.update(attributes)
        return fitted


def new_spans(n_classes: int) -> Spans:
    """Return contributions that default to zeros."""
    return defaultdict(lambda: np.zeros(n_classes))


def _renumbered(ids: Any, known_ids: np.ndarray) -> Any:
    """Replace each id by its position among the known ones, or 0, in Keras."""
    keras = import_keras()
    # Its result is 0 for padding, 1 for unknown ids, and then counts the known ones.
    numbers = keras.layers.IntegerLookup(vocabulary=known_ids[1:], mask_token=0, name="known_ids")(ids)
    return keras.ops.cast(keras.ops.maximum(numbers - 1, 0), "int32")


def left_aligned(ops: Any, ids: Any) -> Any:
    """Move the padding of each document to its end.

    Parameters
    ----------
    ops : module or object
        The functions of `skglove.ops`.
    ids : array or tensor of shape (batch, width), int32
        Padded with zeros at any position.

    Returns
    -------
    array or tensor of shape (batch, width), int32
    """
    # Sort by index, with padding after all words.
    positions = ops.cumsum(ops.ones_like(ids), axis=1)
    ranks = positions + ops.cast(ops.equal(ids, 0), "int32") * 2**30
    return ops.take_along_axis(ids, ops.argsort(ranks, axis=1), axis=1)
