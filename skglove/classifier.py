"""ConvTextClassifier: sequences of word ids to classes."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from skglove.batches import LabelledDocuments, TrainingSet
from skglove.model import TrainedNetwork
from skglove.network import ARCHITECTURES, NetworkConfig
from skglove.saving import VersionedState
from skglove.sequences import Documents
from skglove.validation import check_ids_below, check_same_vocabulary, check_training_data, check_word_ids, fingerprint

# Of "wide_and_deep": the fewest documents to hold some out from, and the most that are held out.
_FEWEST_TO_HOLD_OUT_FROM, _MOST_HELD_OUT = 40, 2000
_BATCH_SIZES = 16, 64  # the smallest and the largest that are chosen unasked
_DOCUMENTS_AT_ONCE = 2048  # in scoring
_LARGEST_WIDTH = 5000  # a text of so many places takes megabytes in every layer


class ConvTextClassifier(VersionedState, ClassifierMixin, BaseEstimator):
    """Classify texts with a 1-D convolutional network in Keras.

    Put it behind a `GloveTextVectorizer`, whose sequences bring pre-trained word vectors along; from any other matrix of
    whole numbers it learns an embedding from scratch. Id 0 is padding wherever it stands: a document is its other ids, in
    order, and its scores do not depend on its padding or on the documents beside it.

    Parameters
    ----------
    architecture : {"wide_and_deep", "parallel", "stacked"} or callable, default="wide_and_deep"
        - "wide_and_deep" is the network of "parallel" beside a linear model on the tf-idf of words and of pairs of neighbouring
          words and on the mean of their vectors, as in Cheng et al. (2016). Both are trained on their own and their scores are
          added. How much each counts is learned from documents held out of the network's training: `validation_fraction` of
          them, at most 2,000. Of fewer than 40 documents, and in `partial_fit`, none are, and fixed shares are used. The linear
          model is trained by scikit-learn, on all documents in the end, and anew by each `fit`; `optimizer`, `epochs` and the
          like concern the network only.
        - "parallel" is the network of Kim (2014): convolutions of all widths in `kernel_sizes` side by side, `filters` filters
          each, the maximum over the text, dropout.
        - "stacked" is the network of the Keras tutorial of 2016: `n_conv_layers` convolutions of `filters` filters of width
          `kernel_size`, max pooling by `pool_size` between them and over the whole text after the last, a dense layer of
          `dense_units`. (The convolutions' padding is "same" here, so that texts of any length go through; the tutorial's vectors
          were frozen, which is ``trainable=False``.)
        - a callable ``architecture(words, n_classes)`` gets a Keras tensor of word vectors (batch, width, dim), zeros at padded
          places and with a Keras mask, and returns a Keras tensor of logits (batch, n_classes). A batch can be as narrow as one
          word, so convolutions need ``padding="same"``; and scores depend on the other texts of a batch as far as its layers
          do not heed the mask. To be pickled it must be a function that can be imported.
    filters : int, default=128
        Filters of each convolution.
    kernel_size : int, default=5
        Width of the filters in words, for "stacked".
    kernel_sizes : tuple of int, default=(1, 2, 3)
        Widths of the filters in words, for "wide_and_deep" and "parallel". Kim's are (3, 4, 5).
    pool_size : int, default=5
        Width of the pooling between convolutions, for "stacked".
    n_conv_layers : int, default=3
        Number of convolutions, for "stacked".
    dense_units : int, default=128
        Units of the dense layer, for "stacked".
    trainable : bool, default=True
        Whether pre-trained vectors are updated in training, as in Keras' ``Embedding``. False (as in the tutorial) takes a fifth
        less time and memory. An embedding learned from scratch is always updated.
    embedding_dim : int, default=100
        Dimension of an embedding learned from scratch.
    input_dim : int or None, default=None
        Number of ids, 0 included, of an embedding learned from scratch on a plain matrix. By default one more than the largest
        id that `fit` sees; larger ones in later matrices then count as unknown words and are left out. `TokenSequences` know
        the number themselves.
    conv_maxlen : int or None, default=60
        The convolutions of "wide_and_deep" read no more than so many words from the beginning of each text (from where
        `GloveTextVectorizer` has cut it); None lets them read all. The linear model always reads all.
    embedding_dropout : float or None, default=None
        Share of the numbers of word vectors dropped in training. None is the architecture's own: 0 for "stacked" and callables,
        0.3 for the others.
    dropout : float or None, default=None
        Share of features dropped before the last layer in training. None is the architecture's own: 0 for "stacked", 0.5 for
        the others; callables bring theirs.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        A name gets `learning_rate`; an optimizer object is copied and keeps its own.
    learning_rate : float, default=0.003
        The highest, where there is a schedule.
    learning_rate_schedule : {"warmup_stable_decay", "constant"}, default="warmup_stable_decay"
        Whether the learning rate rises in the first twentieth of all steps and falls to 0 in the last two fifths, or always
        stays as it is. It stays as it is in `partial_fit`, with an optimizer object, and if one of the callbacks sets it.
        Training that stops early may not come to the fall.
    epochs : int, default=5
        Passes over the training documents, at most if `early_stopping`.
    batch_size : int or "auto", default="auto"
        "auto" is a 64th of the documents, as a power of 2 from 16 to 64: few documents need small batches to be learned from.
    early_stopping : bool, default=False
        Whether to hold out `validation_fraction` of the documents, stop when the loss on them has not fallen for
        `n_iter_no_change` epochs, and keep the weights of the best epoch.
    validation_fraction : float, default=0.1
    n_iter_no_change : int, default=3
    class_weight : dict, "balanced" or None, default=None
        As everywhere in scikit-learn; multiplied with `sample_weight`.
    warm_start : bool, default=False
        Whether `fit` goes on from the network's weights of the last `fit`. `trainable` and the two kinds of dropout may be
        changed in between: train with frozen vectors first, then tune all.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Their ``model`` is the network in training: from ids that begin at the first place, to logits.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, dropout, the order of documents and the documents held out. The same integer gives the same
        model. No global generator is read or changed.
    verbose : int, default=0
        0 is silent; 1 shows one progress bar over the whole fit.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int
        Width of the matrix seen in `fit`.
    network_ : TrainedNetwork
        The network's settings (``network_.config``) and weights (``network_.weights``: the embedding, then kernel and bias of
        each layer); and of "wide_and_deep" the linear model (``network_.wide``), and what its two parts, a support vector
        machine and a naive Bayes classifier, and the convolutions are multiplied with (``network_.shares``).
    history_ : dict of str to list of float
        For each epoch the network's "loss" and "accuracy", and where documents are held out, "val_loss" and "val_accuracy".
    n_iter_ : int
        Epochs trained.
    model_ : keras.Model
        The Keras model, from ids to probabilities, built when asked for.

    See Also
    --------
    GloveTextVectorizer : Makes its input from texts.
    skglove.explain : Which words spoke for which class.
    skglove.export : The whole pipeline in Keras, or the classifier in ONNX.

    Notes
    -----
    `predict` and its like run in NumPy; only `fit`, `model_` and networks of the user's own import TensorFlow. A pickle holds
    arrays and plain settings. `predict_proba` with a callable architecture runs in Keras.

    A matrix of fractions is refused, with one exception: where it cannot be ids at all, because values are negative or none
    reaches 1, it is rounded down with a warning. scikit-learn's ``check_estimator`` fits such features whatever the tags say.

    References
    ----------
    .. [1] F. Chollet, "Using pre-trained word embeddings in a Keras model", The Keras Blog, 2016.
    .. [2] Y. Kim, "Convolutional Neural Networks for Sentence Classification", EMNLP 2014.
    .. [3] H.-T. Cheng et al., "Wide & Deep Learning for Recommender Systems", DLRS 2016.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer
    >>> texts = ["the cat purrs", "a cat naps", "dogs bark", "the dog barks"] * 8
    >>> labels = ["cat", "cat", "dog", "dog"] * 8
    >>> pipeline = make_pipeline(
    ...     GloveTextVectorizer(embeddings=None, maxlen=10),
    ...     ConvTextClassifier(filters=16, random_state=0),
    ... )
    >>> pipeline.fit(texts, labels).predict(["a cat purrs", "the dogs bark"]).tolist()
    ['cat', 'dog']
    """

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn reads it from the class
        "architecture": [StrOptions(set(ARCHITECTURES)), callable],
        "filters": [Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 1, None, closed="left")],
        "kernel_sizes": ["array-like"],
        "pool_size": [Interval(Integral, 1, None, closed="left")],
        "n_conv_layers": [Interval(Integral, 1, 10, closed="both")],
        "dense_units": [Interval(Integral, 1, None, closed="left")],
        "trainable": ["boolean"],
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "input_dim": [Interval(Integral, 2, None, closed="left"), None],
        "conv_maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "embedding_dropout": [Interval(Real, 0, 1, closed="left"), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), None],
        "optimizer": [str, HasMethods(["get_config", "from_config"])],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"warmup_stable_decay", "constant"})],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        architecture: str | Callable = "wide_and_deep",
        *,
        filters: int = 128,
        kernel_size: int = 5,
        kernel_sizes: tuple[int, ...] = (1, 2, 3),
        pool_size: int = 5,
        n_conv_layers: int = 3,
        dense_units: int = 128,
        trainable: bool = True,
        embedding_dim: int = 100,
        input_dim: int | None = None,
        conv_maxlen: int | None = 60,
        embedding_dropout: float | None = None,
        dropout: float | None = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.003,
        learning_rate_schedule: str = "warmup_stable_decay",
        epochs: int = 5,
        batch_size: int | str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 3,
        class_weight: Any = None,
        warm_start: bool = False,
        callbacks: Sequence[Any] | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.architecture = architecture
        self.filters = filters
        self.kernel_size = kernel_size
        self.kernel_sizes = kernel_sizes
        self.pool_size = pool_size
        self.n_conv_layers = n_conv_layers
        self.dense_units = dense_units
        self.trainable = trainable
        self.embedding_dim = embedding_dim
        self.input_dim = input_dim
        self.conv_maxlen = conv_maxlen
        self.embedding_dropout = embedding_dropout
        self.dropout = dropout
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ConvTextClassifier":
        """Train the network.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int
            Word ids, 0 for padding.
        y : array-like of shape (n_samples,)
            Class labels of any type that scikit-learn takes.
        sample_weight : array-like of shape (n_samples,), optional
            Weight 0 is the same as leaving a document out.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter has a wrong value, `X` is not a matrix of word ids, or `y` has fewer than two classes.
        """
        self._check_parameters()
        ids, y = check_training_data(self, X, y)
        weights = _check_sample_weight(sample_weight, ids, dtype=np.float64, ensure_non_negative=True)
        if not weights.all():
            ids, y, weights = ids[weights > 0], y[weights > 0], weights[weights > 0]
        classes = np.unique(y)
        if len(classes) < 2:
            raise ValueError(
                f"At least 2 classes are needed to tell apart; y holds one class only: {classes.tolist()[:1]}."
            )
        data = self._label(ids, y, weights, classes)
        random_state = check_random_state(self.random_state)
        going_on = self.warm_start and hasattr(self, "network_")
        network = self._go_on(X, data, classes) if going_on else self._start(X, data, classes, random_state)
        self.history_ = self._train(X, network, data, random_state)
        self._set_fitted(X, network, classes)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> "ConvTextClassifier":
        """Train the network for one pass over some documents, going on from where the last call ended.

        The linear model of "wide_and_deep" is trained on, too, but not after `fit`, which leaves it finished.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int
            All calls need the same vocabulary: use one fitted `GloveTextVectorizer`, or set `input_dim` for plain matrices.
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,), optional
            All classes that will ever occur; required in the first call.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in `fit`; and if `classes` is missing in the first call or lacks a class of `y`.
        """
        self._check_parameters()
        if self.early_stopping or self.class_weight == "balanced":
            raise ValueError(
                "partial_fit never sees all documents, so it supports neither early_stopping=True nor "
                "class_weight='balanced'; weights computed beforehand can be given as a dict."
            )
        first = not hasattr(self, "network_")
        ids, y = check_training_data(self, X, y, reset=first)
        known = self._check_classes(y, classes)
        data = self._label(ids, y, np.ones(len(ids)), known)
        random_state = getattr(self, "_random_state", None) or check_random_state(self.random_state)
        network = self._start(X, data, known, random_state) if first else self._go_on(X, data, known)
        history = self._train(X, network, data, random_state, resume=True)
        earlier = {} if first else self.history_
        self.history_ = {name: earlier.get(name, []) + history.get(name, []) for name in {**earlier, **history}}
        self._set_fitted(X, network, known)
        self._random_state = random_state
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores before the softmax.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes, float32
            For two classes the score of the second less that of the first.
        """
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
        """
        return softmax(self._logits(X), axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
        """
        return log_softmax(self._logits(X), axis=1)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self._logits(X).argmax(axis=1)
        return self.classes_[best]

    @property
    def model_(self) -> Any:
        """The Keras model, from ids padded on any side to probabilities, built when asked for."""
        check_is_fitted(self)
        return self.network_.keras_model()

    def to_keras(self) -> Any:
        """Return the classifier as a Keras model that goes its own way.

        It can be trained on, saved as a ``.keras`` file and loaded by Keras alone. For one that takes texts, see
        `skglove.export.to_keras`; for ONNX, `skglove.export.to_onnx`.

        Returns
        -------
        keras.Model
            From ids (batch, width), padded with 0 on any side, to probabilities (batch, n_classes), in the order of `classes_`.
            Its weights are copies.
        """
        check_is_fitted(self)
        return self.network_.new_keras_model()

    def _check_parameters(self) -> None:
        self._validate_params()
        sizes = self.kernel_sizes
        if not len(sizes) or not all(isinstance(size, Integral) and size > 0 for size in sizes):
            raise ValueError(f"kernel_sizes must be positive integers, such as (3, 4, 5); got {sizes!r}.")
        if isinstance(self.optimizer, type):
            raise ValueError(
                f"optimizer must be a name or an object; got the class {self.optimizer.__name__}. Call it: Adam()."
            )
        width = self.pool_size ** (self.n_conv_layers - 1)
        if self.architecture == "stacked" and width > _LARGEST_WIDTH:
            raise ValueError(
                f"pool_size={self.pool_size} and n_conv_layers={self.n_conv_layers} pool {width} places into one, so every "
                f"text would be padded to that; at most {_LARGEST_WIDTH} are allowed. Lower one of the two."
            )

    def _label(self, ids: np.ndarray, y: np.ndarray, weights: np.ndarray, classes: np.ndarray) -> LabelledDocuments:
        """Join documents with their classes and their weights, the caller's times the class's."""
        positions = np.searchsorted(classes, y)
        if self.class_weight is not None:
            of_class = compute_class_weight(self.class_weight, classes=classes, y=y)
            if not (np.isfinite(of_class).all() and (of_class >= 0).all() and of_class.any()):
                raise ValueError(
                    f"class_weight must hold finite numbers from 0 up, not all 0; got {self.class_weight!r}."
                )
            weights = weights * of_class[positions]
        return LabelledDocuments(Documents(ids), positions, weights)

    def _check_classes(self, y: np.ndarray, classes: Any) -> np.ndarray:
        """Return the classes of a series of `partial_fit`."""
        known = getattr(self, "classes_", None)
        if known is None and classes is None:
            raise ValueError(
                "classes must be passed on the first call to partial_fit: all labels that will ever occur."
            )
        if known is None:
            known = np.unique(classes)
        elif classes is not None and not np.array_equal(np.unique(classes), known):
            raise ValueError(f"classes={classes!r} are not those of the first call to partial_fit, {known.tolist()}.")
        strangers = np.setdiff1d(y, known)
        if len(strangers):
            raise ValueError(
                f"y holds classes that were not announced: {strangers.tolist()}; known are {known.tolist()}."
            )
        return known

    def _config(self, classes: np.ndarray, trainable: bool, input_dim: int, embedding_dim: int) -> NetworkConfig:
        return NetworkConfig.from_parameters(
            self.get_params(deep=False),
            input_dim=input_dim,
            embedding_dim=embedding_dim,
            n_classes=len(classes),
            trainable=trainable,
        )

    def _start(
        self, X: Any, data: LabelledDocuments, classes: np.ndarray, random_state: np.random.RandomState
    ) -> TrainedNetwork:
        """Return a new network."""
        matrix = getattr(X, "embedding_matrix", None)
        if matrix is not None:
            input_dim, embedding_dim = matrix.shape
        else:
            largest = int(data.documents.ids.max(initial=1))
            input_dim, embedding_dim = (
                getattr(X, "input_dim", None) or self.input_dim or largest + 1,
                self.embedding_dim,
            )
        check_ids_below(data.documents.ids, input_dim)
        config = self._config(classes, self.trainable or matrix is None, input_dim, embedding_dim)
        return TrainedNetwork(config, random_state.randint(2**31), matrix, data.class_shares(len(classes)))

    def _go_on(self, X: Any, data: LabelledDocuments, classes: np.ndarray) -> TrainedNetwork:
        """Return the network of the last call, with the present settings as far as they fit its weights."""
        if not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"warm_start needs the classes of the last fit, {self.classes_.tolist()}; got {classes.tolist()}."
            )
        check_same_vocabulary(self, X)
        old = self.network_.config
        check_ids_below(data.documents.ids, old.input_dim)
        new = self._config(classes, self.trainable or self._fingerprint is None, old.input_dim, old.embedding_dim)
        if new == old:
            return self.network_
        free = {name: getattr(old, name) for name in ("trainable", "dropout", "embedding_dropout")}
        if replace(new, **free) != old:
            raise ValueError(
                "Training cannot go on with a network of another shape: trainable and dropout may change, no more. "
                f"It was built with {old}; now the parameters are {new}. Set them back, or start anew with a clone."
            )
        return self.network_.changed(new)

    def _train(
        self,
        X: Any,
        network: TrainedNetwork,
        data: LabelledDocuments,
        random_state: np.random.RandomState,
        resume: bool = False,
    ) -> dict[str, list[float]]:
        """Train a network: in full, or if `resume` for one more pass."""
        if not len(data.documents.ids):
            warnings.warn(
                "No document holds a word (all ids are 0), so there is nothing to train on. A new classifier then predicts the "
                "shares of the classes.",
                stacklevel=3,
            )
            return {}
        rows, held_out = np.flatnonzero(data.weights), None
        if not len(rows):
            return {}
        is_wide = network.config.architecture == "wide_and_deep"
        if self.early_stopping:
            rows, held_out = data.hold_out(rows, self.validation_fraction, random_state)
        elif is_wide and not resume and len(rows) >= _FEWEST_TO_HOLD_OUT_FROM:
            fraction = min(self.validation_fraction, _MOST_HELD_OUT / len(rows))
            rows, held_out = data.hold_out(rows, fraction, random_state)
        history = self._train_network(network, data, rows, held_out, random_state, resume)
        matrix = getattr(X, "embedding_matrix", None)
        if is_wide and resume:
            network.train_wide_on(data, rows, matrix, random_state)
        elif is_wide:
            network.train_wide(data, rows, held_out, matrix, random_state)
        return history

    def _train_network(
        self,
        network: TrainedNetwork,
        data: LabelledDocuments,
        rows: np.ndarray,
        held_out: np.ndarray | None,
        random_state: np.random.RandomState,
        resume: bool,
    ) -> dict[str, list[float]]:
        if network.config.conv_maxlen:
            data = replace(data, documents=data.documents.cropped(network.config.conv_maxlen))
        batch_size = self.batch_size
        if isinstance(batch_size, str):
            batch_size = int(np.clip(2 ** round(np.log2(len(rows) / 64)), *_BATCH_SIZES))
        batches: dict[str, Any] = {"batch_size": batch_size, "width_multiple": network.config.width_multiple}
        return network.train(
            TrainingSet(data, rows, random_state=random_state, **batches),
            None if held_out is None else TrainingSet(data, held_out, **batches),
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            resume=resume,
            epochs=1 if resume else self.epochs,
            n_iter_no_change=self.n_iter_no_change if self.early_stopping else None,
            callbacks=self.callbacks or [],
            verbose=self.verbose,
            scheduled=self.learning_rate_schedule != "constant" and isinstance(self.optimizer, str) and not resume,
        )

    def _set_fitted(self, X: Any, network: TrainedNetwork, classes: np.ndarray) -> None:
        self.classes_ = classes
        self.network_ = network
        self.n_iter_ = len(self.history_.get("loss", []))
        self._fingerprint = fingerprint(getattr(X, "embedding_matrix", None))

    def _known_ids(self, X: Any) -> np.ndarray:
        """Return the ids of `X` that have a row in the embedding of the fitted network."""
        check_same_vocabulary(self, X)
        ids = check_word_ids(self, X)
        input_dim = self.network_.config.input_dim
        if self._input_kind != "sequences" and self.input_dim is None:
            # Nobody said how many ids there are: larger ones than in training are unknown words, which are left out.
            return np.where(ids < input_dim, ids, 0)
        check_ids_below(ids, input_dim)
        return ids

    def _logits(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        ids = self._known_ids(X)
        # In parts, so that the memory this takes does not grow with the number of documents.
        parts = [ids[start : start + _DOCUMENTS_AT_ONCE] for start in range(0, len(ids), _DOCUMENTS_AT_ONCE)]
        return np.concatenate([self.network_.logits(Documents(part)) for part in parts])

    def __dir__(self) -> list[str]:
        # Whoever lists all attributes and looks at them, as scikit-learn's HTML display does, should not import TensorFlow;
        # and scikit-learn's own __dir__ looks at them, too.
        return [name for name in object.__dir__(self) if name != "model_" and hasattr(self, name)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        return tags
