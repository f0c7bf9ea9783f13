"""ConvTextClassifier: classification of sequences of word ids."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skglove import ops
from skglove._sklearn import (
    CallbackSupportMixin,
    DocumentationLink,
    HasMethods,
    Interval,
    StrOptions,
    check_sample_weight,
    validate_parameters,
    with_callbacks,
)
from skglove.callbacks import FitTask
from skglove.data.head import Head, Sigmoid, Softmax
from skglove.data.labelled import LabelledSequences, label
from skglove.data.labels import as_labels, check_classes, check_label_names, check_new_classes
from skglove.models import ARCHITECTURES, Member, as_member
from skglove.models.base import FitContext
from skglove.models.priors import Priors, are_silent
from skglove.saving.state import VersionedState
from skglove.text.known_ids import known_ids, renumber
from skglove.text.sequences import TokenSequences
from skglove.text.vocabulary import words_by_id
from skglove.training.trainer import TrainingOptions
from skglove.transaction import fitted_attributes, forget_fit, snapshot, transaction
from skglove.validation import (
    check_ids_below,
    check_same_vocabulary,
    check_training_data,
    check_word_ids,
    count_ids,
    fingerprint,
    have_large_gaps,
)
from skglove.warn import warn

_DOCUMENTS_AT_ONCE = 2048  # in scoring


class ConvTextClassifier(VersionedState, CallbackSupportMixin, DocumentationLink, ClassifierMixin, BaseEstimator):
    """Classify texts with a 1-D convolutional network in Keras.

    Its input is usually the output of a `GloveTextVectorizer`, which includes pre-trained word vectors. Given any other matrix of
    word ids, it learns an embedding from scratch. Zeros are padding at any position: a document consists of its other ids, and
    its scores do not depend on its padding or, except for rounding, on the other documents.

    If `y` is an indicator matrix, as `sklearn.preprocessing.MultiLabelBinarizer` makes it, documents have any number of labels:
    each label has a sigmoid, linear models and a decision threshold of its own.

    Parameters
    ----------
    architecture : {"wide_and_deep", "parallel", "stacked"}, Member or callable, default="wide_and_deep"
        - "wide_and_deep" or `WideAndDeep`: convolutions and a linear model, as in Cheng et al. (2016).
        - "parallel" or `Parallel`: the network of Kim (2014).
        - "stacked" or `Stacked`: the network of the Keras tutorial of 2016.
        - Objects of these classes, such as ``Parallel(filters=64)``, have parameters that can be searched, as
          ``architecture__filters``. Objects of other subclasses of `skglove.models.Network` can be used, too.
        - A callable ``architecture(words, n_classes)`` gets a Keras tensor of word vectors (batch, width, dim), with zeros and
          a Keras mask at padded positions, and returns a Keras tensor of logits (batch, n_classes). The width can be 1, so
          convolutions need ``padding="same"``. If a layer ignores the mask, scores depend on the other documents of a batch.
          To be pickled, the callable must be an importable function.
    trainable : bool, default=True
        Whether pre-trained vectors are updated in training, as in Keras' ``Embedding``. False (as in the tutorial) saves a fifth
        of the time and memory. An embedding learned from scratch is always updated.
    embedding_dim : int, default=100
        Dimension of an embedding learned from scratch.
    input_dim : int or None, default=None
        Number of ids, including 0, of an embedding learned from scratch on a plain matrix. By default, the largest id in `fit`
        plus one; larger ids at prediction time are then ignored as unknown words. If that would take more than 256 MB and less
        than a tenth of the ids occur in `fit`, only those get a vector, and all others are unknown. Not used for
        `TokenSequences` that have their own `input_dim`.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        If a name, `learning_rate` is used. An optimizer object is copied and has its own learning rate.
    learning_rate : float, default=0.005
        The maximum of the schedule.
    learning_rate_schedule : {"warmup_stable_decay", "constant"}, default="warmup_stable_decay"
        "warmup_stable_decay" increases the learning rate during the first 5% of all steps and decreases it to 0 during the last
        40%; with `early_stopping`, training may end before that. In `partial_fit`, the rate is constant, the mean of the
        schedule. The schedule is ignored with an optimizer object, and if one of the callbacks sets the learning rate.
    epochs : int, default=4
        Number of passes over the training documents; the maximum with `early_stopping`.
    batch_size : int or "auto", default="auto"
        Documents per mini-batch. "auto" is 1/32 of the documents (in `partial_fit`, of all calls), rounded to a power of 2 from
        16 to 64.
    early_stopping : bool, default=False
        Whether to hold out `validation_fraction` of the documents, stop when the loss on them has not fallen for
        `n_iter_no_change` epochs, and keep the weights of the best epoch.
    validation_fraction : float, default=0.1
        Fraction of the documents held out for `early_stopping` and for the ensemble weights of "wide_and_deep"; in
        `partial_fit`, the value in the first call counts.
    n_iter_no_change : int, default=3
        Number of epochs without improvement after which `early_stopping` ends training.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, as in scikit-learn; multiplied with `sample_weight`. Weights of classes that `y` lacks are not
        used, since a fold can lack rare classes. With several labels per document, a dict has the weights of documents with a
        label, by the label's index, and "balanced" balances each label.
    warm_start : bool, default=False
        Whether `fit` starts from the network's weights of the last `fit`. Only `trainable` and the dropout rates of the
        architecture may differ, for example to train with frozen vectors first.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Their ``model`` is the network being trained, from ids (padded at the end) to logits. Their attributes can be read after
        the fit, except for the network and what cannot be copied, such as open files. Callbacks of scikit-learn are passed to
        `set_callbacks`.
    dtype_policy : {"auto", "float32", "mixed_bfloat16"}, default="auto"
        The precision of the network's computations in training, as in Keras; weights and predictions are always float32.
        "auto" is "mixed_bfloat16" on Linux on processors with AMX (Intel's server processors since 2023), where it saves up to
        a third of the time, and otherwise "float32". With "float32", models trained on different machines differ only by
        rounding; with "auto", they differ a little more, as with another `random_state`. Layers that a callable architecture
        adds have the `dtype` that it gives them.
    random_state : int, RandomState instance or None, default=None
        Determines initial weights, dropout, the order of documents and the held-out documents. Pass an int for reproducible
        results. With an int or an instance, no global random state is used; None is NumPy's, as in scikit-learn.
    verbose : int, default=0
        If 1, show a progress bar for the whole fit.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        With several labels per document, the indices of the columns of `y`.
    class_prior_ : ndarray of shape (n_classes,), float64
        The weighted frequency of each class or label in training: the probabilities of a document without a known word. None
        in models that were saved before it was added.
    label_names_ : ndarray of str of shape (n_labels,) or None
        With several labels per document, the names of the columns of `y`, if it was a DataFrame whose columns are not just
        numbered from 0; `skglove.explain` shows them. None with one class per document.
    thresholds_ : ndarray of shape (n_labels,) or None
        `predict` returns the labels with a higher probability. They are learned for F1 on documents held out by "wide_and_deep"
        or `early_stopping`; by "wide_and_deep" with few documents, in the cross-validation of the linear models. Otherwise they
        are 0.5. Labels with few documents have thresholds near those of others. None with one class per document.
    n_features_in_ : int
        Width of the matrix seen in `fit`.
    architecture_ : Member
        The fitted architecture, with its weights; see `Parallel`, `Stacked` and `WideAndDeep`.
    input_dim_, embedding_dim_ : int
        Number of word ids that have a vector, including 0, and dimension of the word vectors.
    history_ : dict of str to list of float
        The network's "loss" and "accuracy" (of whole sets of labels) for each epoch, and "val_loss" and "val_accuracy" if
        documents are held out.
    n_iter_ : int
        Number of epochs trained.

    See Also
    --------
    GloveTextVectorizer : Turns texts into the input of the classifier.
    skglove.explain : Contributions of words to the scores.
    skglove.export : Export to Keras and ONNX.

    Notes
    -----
    Prediction runs in NumPy; only training, `to_keras` and callable architectures import TensorFlow. Pickles contain arrays and
    plain settings. TensorFlow does not work in a process forked from one that uses it: such a process can predict in NumPy, and
    raises a RuntimeError in training.

    A fit that fails or is interrupted leaves the classifier unchanged.

    A process keeps the network of its last fit if it takes at most 128 MB. The next fit of an equal network, for example in a
    search, then starts sooner. The results do not depend on it.

    Callbacks of scikit-learn (1.9 or later) are called at the beginning and end of each epoch of `fit`, and can stop it. Their
    `fitted_estimator` is then the network alone, without the linear model of "wide_and_deep", which is fitted after it.

    Matrices with fractions, such as means of word vectors, raise an error. Those of float64 of which some values are negative or
    all are below 1, which scikit-learn's ``check_estimator`` uses, are rounded down with a warning.

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
    >>> pipeline = make_pipeline(GloveTextVectorizer(embeddings=None), ConvTextClassifier(random_state=0))
    >>> pipeline.fit(texts, labels).predict(["a cat purrs", "the dogs bark"]).tolist()
    ['cat', 'dog']

    Several labels per document:

    >>> texts = ["the cat purrs", "a cat and a dog", "dogs bark", "nothing here"] * 8
    >>> Y = [[1, 0], [1, 1], [0, 1], [0, 0]] * 8
    >>> pipeline.fit(texts, Y).predict(["a cat purrs", "nothing"]).tolist()
    [[1, 0], [0, 0]]
    """

    __module__ = "skglove"  # the name in saved models

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn reads it from the class
        "architecture": [StrOptions(set(ARCHITECTURES)), Member, callable],
        "trainable": ["boolean"],
        "embedding_dim": [Interval(Integral, 1, None, closed="left")],
        "input_dim": [Interval(Integral, 2, None, closed="left"), None],
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
        "dtype_policy": [StrOptions({"auto", "float32", "mixed_bfloat16"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # The ids that have a vector, if only those of the training documents have one.
    _known_ids_: np.ndarray | None = None
    class_prior_: np.ndarray | None
    _class_totals_: np.ndarray
    _silent_ids_: np.ndarray
    # Models saved before there were names have none.
    label_names_: np.ndarray | None = None

    def __init__(
        self,
        architecture: str | Member | Callable = "wide_and_deep",
        *,
        trainable: bool = True,
        embedding_dim: int = 100,
        input_dim: int | None = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.005,
        learning_rate_schedule: str = "warmup_stable_decay",
        epochs: int = 4,
        batch_size: int | str = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 3,
        class_weight: Any = None,
        warm_start: bool = False,
        callbacks: Sequence[Any] | None = None,
        dtype_policy: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.architecture = architecture
        self.trainable = trainable
        self.embedding_dim = embedding_dim
        self.input_dim = input_dim
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
        self.dtype_policy = dtype_policy
        self.random_state = random_state
        self.verbose = verbose

    def set_params(self, **params: Any) -> "ConvTextClassifier":
        """Set parameters, those of the architecture as ``architecture__filters``.

        Parameters
        ----------
        **params
            The architecture needs to be an object, not a name, for its parameters to be set.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        nested = next((name for name in params if name.startswith("architecture__")), None)
        architecture = params.get("architecture", self.architecture)
        if nested and not isinstance(architecture, Member):
            raise ValueError(
                f"{nested} cannot be set, because architecture={architecture!r} has no parameters. Pass an object, such as "
                "architecture=WideAndDeep()."
            )
        return super().set_params(**params)

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ConvTextClassifier":
        """Train the classifier.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int
            Word ids, 0 for padding.
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_labels)
            Class labels, or for several labels per document an indicator matrix of zeros and ones. Labels are strings, booleans,
            whole numbers or dates, in NumPy, pandas, polars, Arrow or lists. Members of an Enum that are also str or int count
            as these.
        sample_weight : array-like of shape (n_samples,), optional
            Documents of weight 0 are ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is invalid, `X` is not a matrix of word ids, or `y` has fewer than two classes, missing labels or
            labels of several types.
        TypeError
            If labels are of a type that is not supported.
        """
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        with transaction(self) as draft:
            member = draft._check_parameters()
            task = FitTask.begin(self, self.epochs, X=X, y=y, metadata=metadata)
            last = snapshot(self) if self.warm_start and hasattr(self, "architecture_") else None
            draft._fit(member, X, y, sample_weight, last, task)
            task.end(lambda: fitted_attributes(draft))
            return self

    def _fit(
        self, member: Member, X: Any, y: Any, sample_weight: Any, last: "ConvTextClassifier | None", task: FitTask
    ) -> None:
        forget_fit(self)
        self.label_names_ = check_label_names(y, last)
        X, y = check_training_data(self, X, y)
        weights = check_sample_weight(sample_weight, len(X))
        if not weights.all():
            X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        X = self._without_gaps(X, last)
        classes = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
        check_new_classes(classes)
        data, head = label(X, y, weights, classes, self.class_weight)
        context = self._context(X, data, classes, head, check_random_state(self.random_state), last)
        self._set_priors(data, context)
        start = None if last is None else member.checked_start(last.architecture_)
        if _has_words(data):

            def begin_epoch(trained: Callable[[], Member]) -> Callable[[], bool]:
                epoch = task.begin_epoch()
                return lambda: epoch.end(lambda: self._attributes_with(X, trained(), classes, context))

            fitted = member.fit(data, replace(context, begin_epoch=begin_epoch), start=start)
            self._set_fitted(X, fitted, classes, context, fitted.history_)
        else:
            self._set_fitted(X, start or member.untrained(context), classes, context, {})

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> "ConvTextClassifier":
        """Train for one epoch on a part of the documents, continuing from the last call.

        The linear model of "wide_and_deep" is trained, too, unless `fit` was called before. The network's weights are means over
        the steps of all calls, and mostly over the last third. Character n-grams are chosen in the first call, which should have
        many documents.

        To learn the ensemble weights and thresholds, "wide_and_deep" holds out `validation_fraction` of the documents, at most
        2,000, which are kept with the model. A hash of its words decides whether a document is one of them, so that it is in
        every pass.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int
            The vocabulary must be the same in all calls: use one fitted `GloveTextVectorizer`, or set `input_dim`.
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_labels)
        classes : array-like of shape (n_classes,), optional
            All classes that occur in any call; required in the first call, except with several labels per document.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As in `fit`; and if `classes` is missing in the first call, lacks a class of `y` or is of another type.
        TypeError
            As in `fit`.
        """
        with transaction(self) as draft:
            draft._partial_fit(X, y, classes, last=snapshot(self) if hasattr(self, "architecture_") else None)
            return self

    def _partial_fit(self, X: Any, y: Any, classes: Any, last: "ConvTextClassifier | None") -> None:
        member = self._check_parameters()
        if self.early_stopping or self.class_weight == "balanced":
            raise ValueError(
                "partial_fit supports neither early_stopping=True nor class_weight='balanced', since it does not see all "
                "documents. Set early_stopping=False, and pass class weights as a dict."
            )
        self.label_names_ = check_label_names(y, last)
        X, y = check_training_data(self, X, y, reset=last is None)
        X = X if last is None else self._without_gaps(X, last)
        known = check_classes(y, classes, None if last is None else last.classes_)
        data, head = label(X, y, np.ones(len(X)), known, self.class_weight)
        # A copy, so that a call that fails does not change the state of the generator.
        generator = copy.deepcopy(getattr(self, "_random_state_", None))
        generator = generator or np.random.RandomState(check_random_state(self.random_state).randint(2**31))
        context = self._context(X, data, known, head, generator, last)
        self._set_priors(data, context, last)
        start = None if last is None else member.checked_start(last.architecture_)
        history: dict[str, list[float]] = {}
        if _has_words(data):
            fitted = member.partial_fit(data, context, start=start)
            history = fitted.history_
        else:
            fitted = start or member.untrained(context)
        earlier = {} if last is None else last.history_
        history = {name: earlier.get(name, []) + history.get(name, []) for name in {**earlier, **history}}
        self._set_fitted(X, fitted, known, context, history)
        self._random_state_ = generator

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the logits of each class or label.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes, float32
            For two classes, of which a document has one, the logit of the second class minus that of the first.
        """
        fitted = snapshot(self)
        logits = fitted._logits(X)
        is_binary = logits.shape[1] == 2 and fitted.thresholds_ is None
        return logits[:, 1] - logits[:, 0] if is_binary else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class or label; those of labels do not add up to 1.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
        """
        fitted = snapshot(self)
        return fitted._head.probabilities(ops, fitted._logits(X))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of each class or label.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float32
        """
        fitted = snapshot(self)
        return fitted._head.log_probabilities(fitted._logits(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class, or the labels whose probabilities are above `thresholds_`.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int

        Returns
        -------
        ndarray of shape (n_samples,), or of shape (n_samples, n_labels), int
        """
        fitted = snapshot(self)
        logits = fitted._logits(X)
        if fitted.thresholds_ is not None:
            return (fitted._head.probabilities(ops, logits) > fitted.thresholds_).astype(int)
        return fitted.classes_[logits.argmax(axis=1)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy; with several labels per document, of whole sets.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, maxlen), int
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_labels)
            Of any type that `fit` takes.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the columns of a DataFrame `y` are not `label_names_`.
        """
        check_label_names(y, self)
        return super().score(X, as_labels(y), sample_weight)

    def to_keras(self) -> Any:
        """Return the classifier as a Keras model.

        The model can be trained, saved as a ``.keras`` file and loaded without skglove. See `skglove.export.to_keras` for a model
        that takes texts, and `skglove.export.to_onnx` for ONNX.

        Returns
        -------
        keras.Model
            From ids (batch, width), padded with 0 on any side, to probabilities (batch, n_classes), in the order of `classes_`.
            Its weights are copies.
        """
        fitted = snapshot(self)
        check_is_fitted(fitted)
        return fitted.architecture_.to_keras(fitted._head, fitted._priors, fitted._known_ids_)

    def _check_parameters(self) -> Member:
        """Check all parameters; return the unfitted architecture."""
        validate_parameters(self)
        if isinstance(self.optimizer, type):
            raise ValueError(
                f"optimizer must be a name or an instance; got the class {self.optimizer.__name__}. Pass an instance of it."
            )
        member = as_member(self.architecture)
        member.check_parameters()
        return member

    def _without_gaps(self, X: TokenSequences, last: "ConvTextClassifier | None") -> TokenSequences:
        """Renumber ids if only few of very many occur, or if `last` did."""
        if last is not None:
            self._known_ids_ = last._known_ids_
        elif X.input_dim is None and X.vocabulary is None and self.input_dim is None:
            self._known_ids_ = known_ids(X) if have_large_gaps(X, self.embedding_dim) else None
        return X if self._known_ids_ is None else renumber(X, self._known_ids_)

    def _context(
        self,
        X: TokenSequences,
        data: LabelledSequences,
        classes: np.ndarray,
        head: Head,
        random_state: np.random.RandomState,
        last: "ConvTextClassifier | None",
    ) -> FitContext:
        """Return the settings of a fit, after checking that they are compatible with the last fit."""
        matrix = X.embedding_matrix
        if last is not None:
            if type(head) is not type(last._head):
                kinds = "one class per document", "several labels per document"
                was, given = kinds[last.thresholds_ is not None], kinds[last.thresholds_ is None]
                raise ValueError(f"Training began with {was}; it cannot continue on y with {given}. Fit a clone.")
            if not np.array_equal(classes, last.classes_):
                raise ValueError(
                    f"warm_start requires the classes of the last fit, {last.classes_.tolist()}; got {classes.tolist()}."
                )
            check_same_vocabulary(last, X)
            if (matrix is None) != (last._fingerprint_ is None):
                kinds = "with pre-trained vectors", "without vectors"
                was, given = kinds[last._fingerprint_ is None], kinds[matrix is None]
                raise ValueError(f"Training began on sequences {was}; it cannot continue on X {given}.")
            input_dim, embedding_dim = last.input_dim_, last.embedding_dim_
        elif matrix is not None:
            input_dim, embedding_dim = matrix.shape
        else:
            input_dim = X.input_dim or self.input_dim or count_ids(X, self.embedding_dim)
            embedding_dim = self.embedding_dim
        check_ids_below(X, input_dim)
        return FitContext(
            head=head,
            input_dim=input_dim,
            embedding_dim=embedding_dim,
            embedding_matrix=matrix,
            words=None if X.vocabulary is None else words_by_id(X.vocabulary, input_dim),
            trainable=self.trainable or matrix is None,
            class_priors=data.class_priors(len(classes)),
            seed=random_state.randint(2**31),
            random_state=random_state,
            options=TrainingOptions.from_parameters(self.get_params(deep=False)),
        )

    def _set_priors(
        self, data: LabelledSequences, context: FitContext, last: "ConvTextClassifier | None" = None
    ) -> None:
        """Set the class priors, and the ids that say nothing, of the documents of this call and of those before it."""
        self._class_totals_ = data.class_totals(context.head.n_classes)
        silent = np.ones(context.input_dim, dtype=bool)
        if last is not None and last.class_prior_ is not None:
            self._class_totals_ = self._class_totals_ + last._class_totals_
            silent = np.isin(np.arange(context.input_dim), last._silent_ids_)
        silent[0] = False
        silent[data.sequences.ids] = False
        self._silent_ids_ = np.flatnonzero(silent).astype(np.int32)
        if context.embedding_matrix is not None:
            has_vector = context.embedding_matrix[self._silent_ids_].any(axis=1)
            self._silent_ids_ = self._silent_ids_[~has_vector]
        self.class_prior_ = (
            context.head.prior(self._class_totals_) if self._class_totals_.any() else context.class_priors
        )

    @property
    def _priors(self) -> Priors | None:
        if self.class_prior_ is None:
            return None
        return Priors.of(self.class_prior_, self._head, self._silent_ids_, self.input_dim_)

    def _set_fitted(
        self,
        X: TokenSequences,
        fitted: Member,
        classes: np.ndarray,
        context: FitContext,
        history: dict[str, list[float]],
    ) -> None:
        self.architecture_ = fitted
        self.classes_ = classes
        self.thresholds_ = None
        if isinstance(context.head, Sigmoid):
            self.thresholds_ = np.full(len(classes), 0.5) if fitted.thresholds_ is None else fitted.thresholds_
        self.input_dim_, self.embedding_dim_ = context.input_dim, context.embedding_dim
        self._fingerprint_ = fingerprint(X.embedding_matrix)
        self.history_ = history
        self.n_iter_ = len(history.get("loss", []))

    def _attributes_with(
        self, X: TokenSequences, fitted: Member, classes: np.ndarray, context: FitContext
    ) -> dict[str, Any]:
        """Return the attributes that the classifier would have if `fitted` was the result of the fit."""
        fitted_now = snapshot(self)
        fitted_now.__dict__ = dict(vars(self))
        fitted_now._set_fitted(X, fitted, classes, context, {})
        return fitted_attributes(fitted_now)

    @property
    def _head(self) -> Head:
        check_is_fitted(self)
        if self.thresholds_ is None:
            return Softmax(len(self.classes_))
        no_weights = (1.0,) * len(self.classes_)
        return Sigmoid(no_weights, no_weights)

    def _logits(self, X: Any) -> np.ndarray:
        """Score documents; for snapshots."""
        check_is_fitted(self)
        sequences = check_word_ids(self, X)

        def score(chunk: TokenSequences) -> np.ndarray:
            # Matrix products round a row according to its position. In one order, scores do not depend on that of X.
            documents, positions = chunk.distinct()
            return self._score(documents)[positions]

        # In chunks, to bound the memory for intermediate results.
        starts = range(0, len(sequences), _DOCUMENTS_AT_ONCE)
        return np.concatenate([score(sequences[start : start + _DOCUMENTS_AT_ONCE]) for start in starts])

    def _score(self, sequences: TokenSequences) -> np.ndarray:
        """Return the logits of documents of known ids."""
        logits, silent = self.architecture_.logits(sequences), self._are_silent(sequences)
        if silent.any():
            logits[silent] = cast(Priors, self._priors).logits
        return logits

    def _are_silent(self, sequences: TokenSequences) -> np.ndarray:
        """Return which documents of known ids say nothing, so that their scores are the priors."""
        if self.class_prior_ is None:
            return np.zeros(len(sequences), dtype=bool)
        return are_silent(sequences, self._silent_ids_)

    def _forward(self, ops: Any, ids: Any) -> Any:
        """Return the logits with any array library; see `Member.forward`."""
        logits, priors = self.architecture_.forward(ops, ids), self._priors
        return logits if priors is None else priors.forward(ops, ids, logits)

    def __sklearn_is_fitted__(self) -> bool:
        return "architecture_" in vars(
            self
        )  # scikit-learn would iterate over the attributes, which other threads may set

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.categorical = True
        tags.input_tags.positive_only = True
        return tags


def _has_words(data: LabelledSequences) -> bool:
    """Return whether there is anything to train on; warn if all documents are empty."""
    if len(data.sequences.ids):
        return len(data) > 0
    warn(
        "No document contains a word (all ids are 0), so nothing is learned. A new classifier predicts the class priors."
    )
    return False
