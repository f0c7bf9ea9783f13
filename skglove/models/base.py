"""What every member of a model has in common, and what it is told when it is fitted."""

from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone

from skglove._sklearn import validate_parameters
from skglove.models.head import Softmax
from skglove.saving import PlainState
from skglove.text.sequences import TokenSequences
from skglove.training.backend import import_keras
from skglove.training.batches import LabelledSequences
from skglove.training.trainer import TrainingOptions

# The first word and the one after the last of some neighbouring words, and what they add to the score of each class.
Spans = dict[tuple[int, int], np.ndarray]


@dataclass(frozen=True)
class FitContext:
    """What a member needs to know besides the documents.

    Parameters
    ----------
    head : Softmax
        What the scores mean: how many there are, and which loss they are trained with.
    input_dim : int
        Number of word ids, 0 included.
    embedding_dim : int
        Dimension of the word vectors.
    embedding_matrix : ndarray of shape (input_dim, embedding_dim), float32, or None
        Pre-trained vectors; rows of zeros are words without one.
    trainable : bool
        Whether the word vectors are trained, too.
    class_priors : ndarray of shape (n_classes,), float64
    seed : int
        Of initial weights and dropout.
    random_state : RandomState
        Of everything else that is random.
    options : TrainingOptions
        Of networks.
    """

    head: Softmax
    input_dim: int
    embedding_dim: int
    embedding_matrix: np.ndarray | None
    trainable: bool
    class_priors: np.ndarray
    seed: int
    random_state: np.random.RandomState
    options: TrainingOptions


class Member(PlainState, BaseEstimator, ABC):
    """Scores documents.

    A member owns everything about itself: its parameters, how it is fitted, its forward pass in arrays, what each word adds to
    its scores, and its arrays, which are what is saved. Fitting changes nothing: it returns a new, fitted member with the same
    parameters.
    """

    _parameter_constraints: dict[str, Any]

    def check_parameters(self) -> None:
        """Make sure that all parameters have values that make sense.

        Raises
        ------
        ValueError
            Naming the parameter, what was expected and what came.
        """
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
            Held-out documents to report the loss on, and to stop early by.
        start : Member, optional
            A fitted member to start from, of the same class and with parameters that `checked_start` accepts.

        Returns
        -------
        Member
        """

    @abstractmethod
    def partial_fit(self, data: LabelledSequences, context: FitContext, *, start: "Member | None" = None) -> "Member":
        """Return a member that has been trained for one pass over some documents.

        Parameters
        ----------
        data : LabelledSequences
        context : FitContext
        start : Member, optional
            What the last call returned.

        Returns
        -------
        Member
        """

    @abstractmethod
    def untrained(self, context: FitContext) -> "Member":
        """Return a member that scores every document by the class priors.

        Parameters
        ----------
        context : FitContext
        """

    @abstractmethod
    def logits(self, sequences: TokenSequences) -> np.ndarray:
        """Score documents.

        Parameters
        ----------
        sequences : TokenSequences

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
            Zeros are padding and come after all words.

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

    def to_keras(self, head: Softmax) -> Any:
        """Return the member as a Keras model.

        Parameters
        ----------
        head : Softmax

        Returns
        -------
        keras.Model
            From ids (batch, width), padded with 0 on any side, to probabilities (batch, n_classes).
        """
        keras = import_keras()
        ids = keras.Input((None,), dtype="int32", name="ids")
        # A model of its own, which is one line of the summary.
        inner = keras.Input((None,), dtype="int32", name="unaligned_ids")
        aligned = keras.Model(inner, left_aligned(keras.ops, inner), name="align")(ids)
        probabilities = keras.layers.Softmax(name="probabilities")(self.keras_logits(aligned))
        return keras.Model(ids, probabilities, name="classifier")

    @abstractmethod
    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        """Take the scores of one document apart.

        Parameters
        ----------
        ids : ndarray of shape (n_words,), int
            Its words, no padding among them.

        Returns
        -------
        spans : dict of (int, int) to ndarray of shape (n_classes,), float64
            What the words from one position up to another, that not included, add to the score of each class.
        bias : ndarray of shape (n_classes,), float64
            What belongs to no word. Together with all of `spans` it is the logits.
        """

    def checked_start(self, start: Any) -> Any:
        """Return a fitted member, having made sure that training can go on from it with the present parameters.

        Parameters
        ----------
        start : Member
            Fitted.

        Returns
        -------
        Member

        Raises
        ------
        ValueError
            If a parameter has changed that the shape of the weights depends on.
        """
        if type(self) is not type(start) or self._shape_parameters() != start._shape_parameters():
            raise ValueError(
                "Training cannot go on with another architecture: the rates of dropout may change, nothing else. "
                f"It began with {start}; now it is {self}. Set it back, or start again with a clone."
            )
        return start

    def _shape_parameters(self) -> dict[str, Any]:
        parameters = self.get_params(deep=False).items()
        return {name: tuple(v) if isinstance(v, list) else v for name, v in parameters if "dropout" not in name}

    def _fitted(self, **attributes: Any) -> Any:
        """Return a new member with these parameters and fitted attributes."""
        fitted = clone(self, safe=False)
        fitted.__dict__.update(attributes)
        return fitted


def new_spans(n_classes: int) -> Spans:
    """Return spans that begin at 0.

    Parameters
    ----------
    n_classes : int
    """
    return defaultdict(lambda: np.zeros(n_classes))


def left_aligned(ops: Any, ids: Any) -> Any:
    """Move the words of each document before all of its padding.

    Parameters
    ----------
    ops : module or object
        The functions of `skglove.ops`.
    ids : array or tensor of shape (batch, width), int32
        With zeros anywhere.

    Returns
    -------
    array or tensor of shape (batch, width), int32
    """
    # Each position is ranked by its index, padding after everything else.
    positions = ops.cumsum(ops.ones_like(ids), axis=1)
    ranks = positions + ops.cast(ops.equal(ids, 0), "int32") * 2**30
    return ops.take_along_axis(ids, ops.argsort(ranks, axis=1), axis=1)
