"""WideAndDeep: a linear model and a network, trained side by side, whose weighted scores are added.

This page says what is held out, how the ensemble weights are learned, and what is fitted again on all documents.
"""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from skglove.models.base import FitContext, Member, Spans, new_spans
from skglove.models.linear import PART_WEIGHTS, Linear, LinearTraining
from skglove.models.parallel import Parallel
from skglove.models.weighting import learn_weights
from skglove.text.sequences import TokenSequences
from skglove.training.batches import LabelledSequences

# The weights of the linear model's two parts and of the network, unless held-out documents say more.
_PRIOR_WEIGHTS = (*PART_WEIGHTS, 0.2)
# The fewest documents of which some are held out, and the most that are held out.
_FEWEST_TO_SPLIT, _MOST_HELD_OUT = 40, 2000


class WideAndDeep(Member):
    """Convolutions beside a linear model on words, pairs of words and mean vectors, as in Cheng et al. (2016).

    Both are trained separately, and their scores are added. The ensemble weights are learned from documents held out of the
    network's training: ``validation_fraction`` of them, at most 2,000 unless ``early_stopping`` needs all. Of fewer than 40
    documents, and in `partial_fit`, none are held out and fixed weights are used. The linear model is fitted by scikit-learn,
    on all documents in the end and from the beginning by each `fit`; `optimizer`, `epochs` and the like concern the network
    only.

    Parameters
    ----------
    filters : int, default=128
        Filters of each convolution.
    kernel_sizes : sequence of int, default=(1, 2, 3)
        Widths of the convolutions, in words.
    maxlen : int or None, default=60
        The convolutions read no more than so many words from the beginning of each text; None lets them read all. The linear
        model always reads all.
    embedding_dropout : float, default=0.3
        Fraction of the numbers of word vectors that are dropped in training.
    dropout : float, default=0.5
        Fraction of the convolutions' features that are dropped in training.

    Attributes
    ----------
    network_ : Parallel
    linear_ : Linear
    weights_ : ndarray of shape (3,), float64
        The ensemble weights of the support vector machine, of naive Bayes and of the network. The first two are multiplied
        into `linear_` already.

    References
    ----------
    .. [1] H.-T. Cheng et al., "Wide & Deep Learning for Recommender Systems", DLRS 2016.
    """

    _parameter_constraints = Parallel._parameter_constraints

    def __init__(
        self,
        filters: int = 128,
        kernel_sizes: Sequence[int] = (1, 2, 3),
        *,
        maxlen: int | None = 60,
        embedding_dropout: float = 0.3,
        dropout: float = 0.5,
    ) -> None:
        self.filters = filters
        self.kernel_sizes = kernel_sizes
        self.maxlen = maxlen
        self.embedding_dropout = embedding_dropout
        self.dropout = dropout

    def _network(self) -> Parallel:
        return Parallel(**self.get_params(deep=False))

    def check_parameters(self) -> None:
        super().check_parameters()
        self._network().check_parameters()

    def fit(
        self,
        data: LabelledSequences,
        context: FitContext,
        *,
        validation: LabelledSequences | None = None,
        start: Member | None = None,
    ) -> "WideAndDeep":
        training, held_out = self._hold_out(data, context)
        network = self._network().fit(training, context, validation=held_out, start=getattr(start, "network_", None))
        linear = LinearTraining(context)
        linear.observe(data.sequences)
        features = linear.features(data.sequences)
        weights = np.array(_PRIOR_WEIGHTS)
        if held_out is not None:
            trial = linear.untrained()
            trial.train(features, training)
            rows = held_out.rows
            scores = [*trial.scores(features[rows]), network.logits(data.sequences[rows])]
            weights = learn_weights(scores, data.y[rows], _PRIOR_WEIGHTS)
            data = data.subset(np.concatenate([training.rows, rows]))
        linear.train(features, data)
        return self._fitted(network_=network, linear_=linear.merged(weights[:2].tolist()), weights_=weights)

    @staticmethod
    def _hold_out(data: LabelledSequences, context: FitContext) -> tuple[LabelledSequences, LabelledSequences | None]:
        options = context.options
        if options.early_stopping:
            return data.split(options.validation_fraction, context.random_state)
        if len(data) < _FEWEST_TO_SPLIT:
            return data, None
        return data.split(min(options.validation_fraction, _MOST_HELD_OUT / len(data)), context.random_state)

    def partial_fit(
        self, data: LabelledSequences, context: FitContext, *, start: Member | None = None
    ) -> "WideAndDeep":
        network = self._network().partial_fit(data, context, start=getattr(start, "network_", None))
        linear = getattr(start, "linear_", None)
        if linear is None or linear.training_state_ is not None:
            linear = Linear().partial_fit(data, context, start=linear)
        else:
            warnings.warn(
                "partial_fit after fit continues to train the convolutions; the linear model beside them stays as fit left it. "
                "To train both on chunks, begin with partial_fit.",
                stacklevel=4,
            )
        return self._fitted(
            network_=network, linear_=linear, weights_=getattr(start, "weights_", np.array(_PRIOR_WEIGHTS))
        )

    def untrained(self, context: FitContext) -> "WideAndDeep":
        network = self._network().untrained(context)
        return self._fitted(network_=network, linear_=None, weights_=np.array(_PRIOR_WEIGHTS))

    @property
    def history_(self) -> dict[str, list[float]]:
        """The network's."""
        return self.network_.history_

    def _weighted(self, score: Any) -> Any:
        """Return the weighted sum of what `score` returns for each member; a network alone counts in full."""
        if self.linear_ is None:
            return score(self.network_)
        return score(self.network_) * float(self.weights_[2]) + score(self.linear_)

    def logits(self, sequences: TokenSequences) -> np.ndarray:
        return self._weighted(lambda member: member.logits(sequences))

    def forward(self, ops: Any, ids: Any) -> Any:
        return self._weighted(lambda member: member.forward(ops, ids))

    def keras_logits(self, ids: Any) -> Any:
        return self._weighted(lambda member: member.keras_logits(ids))

    def contributions(self, ids: np.ndarray) -> tuple[Spans, np.ndarray]:
        if self.linear_ is None:
            return self.network_.contributions(ids)
        (deep_spans, deep_bias), (wide_spans, wide_bias) = (
            member.contributions(ids) for member in (self.network_, self.linear_)
        )
        total, weight = new_spans(self.network_.n_classes_), self.weights_[2]
        for span, added in wide_spans.items():
            total[span] += added
        for span, added in deep_spans.items():
            total[span] += weight * added
        return total, wide_bias + weight * deep_bias
