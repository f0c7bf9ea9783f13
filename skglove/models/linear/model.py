"""The models that `Linear` combines, and how each of them is fitted.

All are linear in `Features`, so a weighted sum of them is a linear model, too. It is more accurate than each of them: the support
vector machine needs many documents, and naive Bayes and discriminant analysis, which make assumptions, fewer. Wang and Manning
(2012), "Baselines and Bigrams", combine the first two.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from skglove.data.head import Head, Sigmoid, Softmax
from skglove.models.linear.features import Features, StreamedFeatures

AnyFeatures = Features | StreamedFeatures


@dataclass(frozen=True)
class FeatureWeights:
    """The weights of features.

    Parameters
    ----------
    kernel : ndarray of shape (n_terms + dim, n_classes), float32
    bias : ndarray of shape (n_classes,), float32
    """

    kernel: np.ndarray
    bias: np.ndarray

    def scores(self, features: AnyFeatures) -> np.ndarray:
        """Score documents: ndarray of shape (n_documents, n_classes), float32."""
        of_terms, of_means = np.split(self.kernel, features.sizes[:1])
        parts = [part.terms @ of_terms + part.means @ of_means for _, part in features.parts()]
        return np.concatenate(parts) + self.bias


@dataclass(frozen=True)
class Labels:
    """The classes and weights of documents.

    Parameters
    ----------
    y : ndarray of shape (n_documents, ...), int
        See `Head`.
    weights : ndarray of shape (n_documents,), float64
    head : Head
    """

    y: np.ndarray
    weights: np.ndarray
    head: Head

    @property
    def n_classes(self) -> int:
        """Number of classes or labels."""
        return self.head.n_classes

    def __getitem__(self, rows: np.ndarray) -> "Labels":
        return Labels(self.y[rows], self.weights[rows], self.head)

    def of_each_label(self) -> "Iterator[Labels]":
        """Yield two classes for each of several labels: documents without the label, and documents with it."""
        head = cast(Sigmoid, self.head)
        for y, *of_class in zip(self.y.T, head.negative_weights, head.positive_weights, strict=True):
            yield Labels(y, self.weights * np.array(of_class)[y], Softmax(2))


class Learner(ABC):
    """How one of the models is fitted; see `skglove.models.linear.LEARNERS`.

    Attributes
    ----------
    prior_weight : float
        Its ensemble weight unless one is learned, and that from which learned ones keep near.
    prior_weight_in_parts, weight_of_few_in_parts : float
        The same in `partial_fit`, and the weight while there are too few documents to learn one, relative to the logarithm of the
        number of classes, since the score of the most probable class must exceed the sum of more others.
    """

    prior_weight: float
    prior_weight_in_parts: float = 0.0
    weight_of_few_in_parts: float = 0.0

    @abstractmethod
    def fit(self, features: AnyFeatures, labels: Labels, seed: int) -> FeatureWeights:
        """Fit the model to documents of one class each, or to several labels, of which each is a problem of its own.

        Parameters
        ----------
        features : Features or StreamedFeatures
        labels : Labels
        seed : int
        """

    def in_parts(self, classes: np.ndarray, state: Any = None) -> "InParts | None":
        """Return a model of some classes to be trained on one part of the documents after another.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,), int
        state : object, optional
            What `InParts.state` returned after the last part. It is not changed.

        Returns
        -------
        InParts or None
            None if it has no part in `partial_fit`.
        """
        return None


class InParts(ABC):
    """A model that is trained on one part of the documents after another."""

    @abstractmethod
    def train(
        self, features: Features, labels: Labels, n_passes: float, n_distinct: int, random_state: np.random.RandomState
    ) -> FeatureWeights:
        """Train for one epoch on a part.

        Parameters
        ----------
        features : Features
        labels : Labels
            Of one class per document.
        n_passes : float
            How often each document has been seen until now, on average.
        n_distinct : int
            The number of different documents until now.
        random_state : RandomState
        """

    @abstractmethod
    def state(self) -> Any:
        """Return what is required to continue: arrays and numbers, also in lists and dicts."""


def of_labels(models: Iterable[FeatureWeights]) -> FeatureWeights:
    """Join models of two classes into one whose scores are the differences between the second class and the first.

    Parameters
    ----------
    models : iterable of FeatureWeights
        One for each label.
    """
    pairs = [(model.kernel[:, 1] - model.kernel[:, 0], model.bias[1] - model.bias[0]) for model in models]
    kernels, bias = zip(*pairs, strict=True)
    return FeatureWeights(np.stack(kernels, axis=1), np.array(bias, dtype=np.float32))


def weighted_sum(models: Sequence[FeatureWeights], weights: np.ndarray) -> FeatureWeights:
    """Add linear models.

    Parameters
    ----------
    models : sequence of FeatureWeights
    weights : ndarray of shape (n_models,), float64
    """
    kernel = sum(np.float32(weight) * model.kernel for model, weight in zip(models, weights, strict=True))
    bias = sum(np.float32(weight) * model.bias for model, weight in zip(models, weights, strict=True))
    return FeatureWeights(np.asarray(kernel), np.asarray(bias))
