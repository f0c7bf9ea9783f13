"""WideAndDeep: an ensemble of a linear model and a network.

The weights of the linear models are learned first, on documents that they were not fitted on. Then the weight of the network is
learned on documents held out of its training, where both score. The final linear model is fitted on all documents, unless the
held-out ones are very few of them.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from skglove.data.head import Head
from skglove.data.held_out import FEWEST_HELD_OUT, MOST_HELD_OUT
from skglove.data.labelled import LabelledSequences
from skglove.models.base import FitContext, Member, Spans, new_spans
from skglove.models.linear import LEARNERS, Linear
from skglove.models.linear.training import LearnedWeights, Training, TrainingInParts
from skglove.models.networks.parallel import Parallel
from skglove.models.weighting import EnsembleWeights, learn_weights
from skglove.text.sequences import TokenSequences
from skglove.warn import warn

# The default scale of the linear model, and the default ensemble weight of the network. Where documents are too few to learn it,
# the network is less accurate, too.
_PRIOR_SCALE, _PRIOR_NETWORK, _NETWORK_OF_FEW = 0.9, 0.3, 0.1


class WideAndDeep(Member):
    """Convolutions and a linear model, similar to Cheng et al. (2016).

    The linear model sees words, pairs of words, character n-grams and mean vectors. It is the weighted sum of a support vector
    machine, naive Bayes and linear discriminant analysis, which are fitted by scikit-learn; parameters such as `optimizer` and
    `epochs` apply only to the network. Its scores and those of the network, which is trained separately, are added.

    The ensemble weights are learned: up to 2,000 documents, those of the linear models by cross-validation in 5 folds; that of
    the network, and all of them with more documents, on documents held out of the network's training. These are
    ``validation_fraction`` of all, and at most 2,000 unless ``early_stopping`` is used. If that is fewer than 40, none are held
    out and the network has a fixed weight. In `partial_fit`, the linear model is simpler; all weights are learned on held-out
    documents of all calls, and fixed until there are 40. The first documents, too few to hold out 40, are all trained on.

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
    weights_ : dict of str to float
        The ensemble weights: "svm", "naive_bayes", "discriminant" (not in `partial_fit`), and "network". All but the last are
        already included in `linear_`.

    References
    ----------
    .. [1] H.-T. Cheng et al., "Wide & Deep Learning for Recommender Systems", DLRS 2016.
    """

    __module__ = "skglove.models"  # the name in saved models

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
        network = self._network().fit(
            training,
            self._context_of_network(context),
            validation=held_out,
            start=getattr(start, "network_", None),
        )
        linear = Training(data, context)
        learned = linear.learn_weights(None if held_out is None else held_out.rows)
        total, thresholds = _combine(learned, network, data, held_out, context.head)
        scale, network_weight = total.weights
        of_linear = EnsembleWeights(
            scale * learned.ensemble.weights, scale * learned.ensemble.intercept + total.intercept
        )
        return self._fitted(
            history_=network.history_,
            thresholds_=thresholds,
            network_=network,
            linear_=Linear.folded(linear.fit_all(learned), of_linear, linear.space),
            weights_={**dict(zip(LEARNERS, of_linear.weights.tolist(), strict=True)), "network": float(network_weight)},
        )

    @staticmethod
    def _hold_out(data: LabelledSequences, context: FitContext) -> tuple[LabelledSequences, LabelledSequences | None]:
        options = context.options
        if options.early_stopping:
            return data.split(options.validation_fraction, context.random_state)
        n_held_out = min(options.validation_fraction * len(data), MOST_HELD_OUT)
        if n_held_out < FEWEST_HELD_OUT:
            return data, None
        return data.split(n_held_out / len(data), context.random_state)

    def partial_fit(
        self, data: LabelledSequences, context: FitContext, *, start: Member | None = None
    ) -> "WideAndDeep":
        linear = getattr(start, "linear_", None)
        last_network: Member | None = getattr(start, "network_", None)
        if start is not None and linear is not None and linear.training_state_ is None:
            warn(
                "partial_fit after fit continues to train only the convolutions; the linear model is not changed. To train both "
                "incrementally, do not call fit before partial_fit."
            )
            continued = self._network().partial_fit(data, context, start=last_network)
            return self._continued(continued, linear, start.weights_, start.thresholds_)
        training = TrainingInParts(data, context, getattr(linear, "training_state_", None))
        network = last_network
        if network is None or len(training.training):
            network = self._network().partial_fit(training.training, context, start=last_network)
        training.train()
        training.learn_weights(network)
        linear = Linear.folded(training.models, training.ensemble, training.space, training.state())
        return self._continued(network, linear, training.weights, training.thresholds)

    def _continued(
        self, network: Member, linear: Member, weights: dict[str, float], thresholds: np.ndarray | None
    ) -> "WideAndDeep":
        return self._fitted(
            history_=network.history_, thresholds_=thresholds, network_=network, linear_=linear, weights_=weights
        )

    def untrained(self, context: FitContext) -> "WideAndDeep":
        return self._with_network_alone(self._network().untrained(context))

    def _with_network_alone(self, network: Member) -> "WideAndDeep":
        return self._fitted(history_={}, network_=network, linear_=None, weights_={"network": 1.0})

    def _context_of_network(self, context: FitContext) -> FitContext:
        """Return the settings with a `begin_epoch` of the network, which is trained before the linear model."""
        begin = context.begin_epoch
        if begin is None:
            return context
        return replace(context, begin_epoch=lambda network: begin(lambda: self._with_network_alone(network())))

    def _weighted(self, score: Any) -> Any:
        """Return the weighted sum of `score` over the members; without a linear model, the score of the network."""
        if self.linear_ is None:
            return score(self.network_)
        return score(self.network_) * self.weights_["network"] + score(self.linear_)

    def _of_first_ids(self, n_ids: int) -> dict[str, Any]:
        members = {"network_": self.network_, "linear_": self.linear_}
        return {name: None if member is None else member.compressed(n_ids) for name, member in members.items()}

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
        total, weight = new_spans(self.network_.n_classes_), self.weights_["network"]
        total.update(wide_spans)
        for span, added in deep_spans.items():
            total[span] += weight * added
        return total, wide_bias + weight * deep_bias


def _combine(
    learned: LearnedWeights, network: Member, data: LabelledSequences, held_out: LabelledSequences | None, head: Head
) -> tuple[EnsembleWeights, np.ndarray | None]:
    """Return the scale of the linear scores and the weight of the network, and the thresholds of labels."""
    if held_out is None:
        total = EnsembleWeights(np.array([_PRIOR_SCALE, _NETWORK_OF_FEW]), np.zeros(head.n_classes))
        rows, combined = learned.rows, _PRIOR_SCALE * learned.scores
        return total, head.learn_thresholds(combined, data.y[rows], data.weights[rows])
    y, weights = data.y[held_out.rows], data.weights[held_out.rows]
    scores = [learned.scores_of(held_out.rows), network.logits(data.sequences[held_out.rows])]
    total = learn_weights(scores, y, (_PRIOR_SCALE, _PRIOR_NETWORK), head, weights)
    return total, head.learn_thresholds(total.combine(scores), y, weights)
