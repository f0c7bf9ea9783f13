"""TrainedNetwork: a network's settings and weights as plain arrays, turned into Keras only where Keras is needed."""

import copy
import threading
import warnings
from typing import Any

import numpy as np

from skglove import inference
from skglove.batches import LabelledDocuments, TrainingSet
from skglove.mixture import learn_shares
from skglove.network import ARCHITECTURES, NetworkConfig, build_network, with_probabilities
from skglove.saving import plain_arrays
from skglove.sequences import Documents
from skglove.training import compile_network, train
from skglove.wide import WideModel, WideWeights

# What to trust the support vector machine, the naive Bayes and the convolutions with, until held-out documents tell better.
_SHARES = (2.0, 0.6, 0.2)
# Threads that predict with one loaded network build it once.
_building = threading.Lock()


class TrainedNetwork:
    """Settings and weights of a network; a pickle of it holds nothing else.

    The Keras network is kept while the object lives, so that training can go on with the optimizer's state.

    Parameters
    ----------
    config : NetworkConfig
    seed : int
        For the initial weights and for dropout.
    embedding_matrix : ndarray of shape (input_dim, embedding_dim), optional
        Pre-trained vectors; not copied unless they are trained. By default the embedding starts at random.
    class_shares : ndarray of shape (n_classes,)
        The share of each class among the training documents: what the network answers before it has learned more.

    Attributes
    ----------
    config : NetworkConfig
    weights : list of ndarray
        The embedding, then kernel and bias of each layer. Of "wide_and_deep", those of the deep part.
    wide : WideWeights or None
        The wide part of "wide_and_deep", once it is trained.
    shares : tuple of float
        What the scores of the wide part's two models and those of the deep part are multiplied with before they are added.
    """

    def __init__(
        self, config: NetworkConfig, seed: int, embedding_matrix: np.ndarray | None, class_shares: np.ndarray
    ) -> None:
        self.config = config
        self.seed = seed
        # The optimizer's settings if its state is worth keeping, for training that goes on; and that state after loading.
        self._resumable: str | None = None
        self._resumed_state: list[np.ndarray] | None = None
        self._keras = build_network(config, seed)
        self._model: Any = None
        self.wide: WideWeights | None = None
        self.shares = _SHARES
        self._wide_model: WideModel | None = None
        self.weights = self._keras.get_weights()
        if embedding_matrix is not None:
            self.weights[0] = embedding_matrix
        if config.architecture in ARCHITECTURES:
            self.weights[-1] = np.log(class_shares).astype(np.float32)
        self._keras.set_weights(self.weights)

    def train(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        *,
        optimizer: Any,
        learning_rate: float,
        resume: bool,
        **options: Any,
    ) -> dict[str, list[float]]:
        """Train on; see `skglove.training.train` for the other options.

        Parameters
        ----------
        training : TrainingSet
        validation : TrainingSet or None
        optimizer : str or keras.optimizers.Optimizer
        learning_rate : float
        resume : bool
            Whether to keep the optimizer's state, in pickles too, and to go on from it if the last call kept it and the
            optimizer has not been changed since.
        **options
            For `skglove.training.train`.

        Returns
        -------
        dict of str to list of float
        """
        network = self._network()
        settings = f"{optimizer} {learning_rate}" if isinstance(optimizer, str) else str(optimizer.get_config())
        if not (resume and self._resumable == settings):
            self._resumed_state = None
            compile_network(network, optimizer, learning_rate)
        elif not network.compiled:  # loaded from a pickle
            compile_network(network, optimizer, learning_rate)
            for variable, value in zip(_training_state(network), self._resumed_state or [], strict=True):
                variable.assign(value)
            self._resumed_state = None
        # If training breaks off, the weights are still those from before.
        self._keras = self._model = self._resumable = None
        history = train(network, training, validation, **options)
        self._keras = network
        self._resumable = settings if resume else None
        frozen = [] if self.config.trainable else [self.weights[0]]
        self.weights = [*frozen, *network.get_weights()[len(frozen) :]]
        return history

    def train_wide(
        self,
        data: LabelledDocuments,
        rows: np.ndarray,
        held_out: np.ndarray | None,
        embedding_matrix: np.ndarray | None,
        random_state: np.random.RandomState,
    ) -> None:
        """Train the wide part anew, on all documents, having learned the shares from those held out of the deep part's training.

        Parameters
        ----------
        data : LabelledDocuments
        rows : ndarray of int
            The documents that the deep part was trained on.
        held_out : ndarray of int or None
            Others. If None, the shares are the usual ones.
        embedding_matrix : ndarray of shape (input_dim, embedding_dim) or None
            The pre-trained vectors.
        random_state : RandomState
        """
        model = self._new_wide_model(embedding_matrix, random_state)
        model.observe(data.documents)
        features = model.features(data.documents)
        self.shares = _SHARES
        if held_out is not None:
            trial = model.untrained()
            trial.train(features.of(rows), data.y[rows], data.weights[rows])
            scores = [*trial.scores(features.of(held_out)), self._deep_logits(data.documents[held_out])]
            self.shares = tuple(learn_shares(scores, data.y[held_out], _SHARES).tolist())
            rows = np.concatenate([rows, held_out])
        model.train(features.of(rows), data.y[rows], data.weights[rows])
        self.wide, self._wide_model, self._model = model.weights(*self.shares[:2]), None, None

    def train_wide_on(
        self,
        data: LabelledDocuments,
        rows: np.ndarray,
        embedding_matrix: np.ndarray | None,
        random_state: np.random.RandomState,
    ) -> None:
        """Train the wide part for one pass over some documents, going on from where the last call of this method ended.

        What `train_wide` made is left as it is: of that, no more is kept than scoring needs.

        Parameters
        ----------
        data : LabelledDocuments
        rows : ndarray of int
        embedding_matrix : ndarray of shape (input_dim, embedding_dim) or None
        random_state : RandomState
        """
        if self.wide is not None and self._wide_model is None:
            warnings.warn(
                "partial_fit after fit trains the convolutions on; the linear model beside them stays as fit left it. To train "
                "both on chunks, begin with partial_fit.",
                stacklevel=5,
            )
            return
        model = self._wide_model or self._new_wide_model(embedding_matrix, random_state)
        model.hold_vectors(embedding_matrix)
        model.observe(data.documents[rows])
        model.train(model.features(data.documents[rows]), data.y[rows], data.weights[rows], epochs=1)
        self.wide, self._wide_model, self._model = model.weights(*self.shares[:2]), model, None

    def _new_wide_model(self, embedding_matrix: np.ndarray | None, random_state: np.random.RandomState) -> WideModel:
        return WideModel(self.config.input_dim, self.config.n_classes, embedding_matrix, random_state)

    def changed(self, config: NetworkConfig) -> "TrainedNetwork":
        """Return a network with these weights but other settings, as far as they change no shape.

        Parameters
        ----------
        config : NetworkConfig
            Different in `trainable`, `dropout` and `embedding_dropout` at most.
        """
        other = copy.copy(self)
        other.config, other._keras, other._model, other._resumable = config, None, None, None
        return other

    def logits(self, documents: Documents) -> np.ndarray:
        """Score documents: in NumPy, or in Keras if the user built the network.

        Parameters
        ----------
        documents : Documents

        Returns
        -------
        ndarray of shape (n_documents, n_classes), float32
        """
        scores = self._deep_logits(documents)
        return scores if self.wide is None else scores * np.float32(self.shares[2]) + self.wide.logits(documents)

    def _deep_logits(self, documents: Documents) -> np.ndarray:
        if self.config.conv_maxlen:
            documents = documents.cropped(self.config.conv_maxlen)
        if self.config.architecture in ARCHITECTURES:
            return inference.logits(self.config, self.weights, documents)
        network = self._network()
        scores = np.empty((len(documents), self.config.n_classes), dtype=np.float32)
        for rows, ids in documents.batches_by_length(inference.PLACES_PER_BATCH, self.config.width_multiple):
            scores[rows] = network(ids, training=False)
        return scores

    def keras_model(self) -> Any:
        """Build the Keras model from ids, padded anyhow, to probabilities.

        Returns
        -------
        keras.Model
        """
        if self._model is None:
            self._model = with_probabilities(self._network(), self.config, self.wide, self.shares[2])
        return self._model

    def new_keras_model(self) -> Any:
        """Build such a model with weights of its own.

        Returns
        -------
        keras.Model
        """
        network = build_network(self.config, self.seed)
        network.set_weights(self.weights)
        return with_probabilities(network, self.config, self.wide, self.shares[2])

    def _network(self) -> Any:
        with _building:
            if self._keras is None:
                network = build_network(self.config, self.seed)
                network.set_weights(self.weights)
                self._keras = network
            return self._keras

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__, _keras=None, _model=None)
        if self._resumable and self._keras is not None and self._keras.compiled:
            state["_resumed_state"] = [np.asarray(variable) for variable in _training_state(self._keras)]
        return plain_arrays(state)


def _training_state(network: Any) -> list[Any]:
    """Return what training changes besides the weights: the optimizer's variables and the state of dropout's generators."""
    weights = {id(weight) for weight in network.weights}
    return [*network.optimizer.variables, *(variable for variable in network.variables if id(variable) not in weights)]
