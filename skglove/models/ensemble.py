"""WideAndDeep: an ensemble of a linear model and a network.

The network is trained without some held-out documents. A linear model trained on the same documents is used to learn the ensemble
weights on the held-out documents; the final linear model is then fitted on all documents.
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

# The default ensemble weights of the support vector machine, of naive Bayes and of the network.
_PRIOR_WEIGHTS = (*PART_WEIGHTS, 0.2)
# The minimum number of documents to hold some out, and the maximum number of held-out documents.
_FEWEST_TO_SPLIT, _MOST_HELD_OUT = 40, 2000


class WideAndDeep(Member):
    """Convolutions and a linear model of words, pairs of words and mean vectors, similar to Cheng et al. (2016).

    Both are trained separately, and their weighted scores are added. The ensemble weights are learned on documents held out of
    the network's training: ``validation_fraction`` of all, and at most 2,000 unless ``early_stopping`` is used. With fewer than
    40 documents, and in `partial_fit`, no documents are held out and fixed weights are used. The linear model is fitted by
    scikit-learn on all documents; parameters such as `optimizer` and `epochs` apply only to the network.

    Parameters
    ----------
    filters : int, default=128
        Filters of each convolution.
    kernel_sizes : sequence of int, default=(1, 2, 3)
        Widths of the convolutions, in words.
    maxlen : int or None, default=60
        The convolutions use only the first `maxlen` words of each text; None uses all. The linear model always uses all.
    embedding_dropout : float, default=0.3
        Dropout rate of the components of word vectors.
    dropout : float, default=0.5
        Dropout rate of the convolutions' features.

    Attributes
    ----------
    network_ : Parallel
    linear_ : Linear
    weights_ : ndarray of shape (3,), float64
        The ensemble weights of the support vector machine, of naive Bayes and of the network. The first two are already
        included in `linear_`.

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
        return self._fitted(
            history_=network.history_, network_=network, linear_=linear.merged(weights[:2].tolist()), weights_=weights
        )

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
                "partial_fit after fit continues to train only the convolutions; the linear model is not changed. To train both "
                "incrementally, do not call fit before partial_fit.",
                stacklevel=4,
            )
        return self._fitted(
            history_=network.history_,
            network_=network,
            linear_=linear,
            weights_=getattr(start, "weights_", np.array(_PRIOR_WEIGHTS)),
        )

    def untrained(self, context: FitContext) -> "WideAndDeep":
        network = self._network().untrained(context)
        return self._fitted(history_={}, network_=network, linear_=None, weights_=np.array(_PRIOR_WEIGHTS))

    def _weighted(self, score: Any) -> Any:
        """Return the weighted sum of `score` over the members; without a linear model, the score of the network."""
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
