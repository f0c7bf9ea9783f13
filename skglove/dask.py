"""DaskTextClassifier: fitting and prediction of a pipeline on the parts of Dask's collections.

Workers split the texts into words, and keep what they read. Word counts are merged in the order of the parts, so the vocabulary
is that of a single process. The ids of all words are then collected in the process that calls `fit`, which trains the classifier:
the model is the one that `Pipeline.fit` returns for all texts. A part whose worker is lost is computed again elsewhere.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.metrics import accuracy_score
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import DocumentationLink
from skglove.classifier import ConvTextClassifier
from skglove.data.labels import as_labels
from skglove.text.documents import chunks
from skglove.text.sequences import TokenSequences
from skglove.text.vocabulary import CountedWords
from skglove.vectorizer import GloveTextVectorizer


class DaskTextClassifier(DocumentationLink, ClassifierMixin, BaseEstimator):
    """Fit a pipeline to texts on a Dask cluster, and predict there.

    The words of the texts are counted and replaced by ids on the workers, where the texts stay. The process that calls `fit`
    collects the ids, 4 bytes per word, looks up the word vectors and trains the classifier. The fitted pipeline is the same as
    that of ``Pipeline.fit`` in one process. Predictions run on the workers, to which the pipeline is sent once.

    Parameters
    ----------
    estimator : Pipeline
        A `GloveTextVectorizer` and a `ConvTextClassifier`. It is cloned.
    client : dask.distributed.Client or None, default=None
        By default, the current client.

    Attributes
    ----------
    estimator_ : Pipeline
        The fitted pipeline.
    classes_ : ndarray of shape (n_classes,)

    Notes
    -----
    Requires ``pip install 'skglove[dask]'``, here and on the workers. If a worker is lost during `fit`, its parts are read again
    by others, with the same result; if they cannot be, Dask raises one error, and the estimator is as before. Lazy predictions
    are computed by the client's cluster, on each worker of which the model is when they are made.

    Examples
    --------
    >>> import dask.bag as db
    >>> from dask.distributed import Client
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer
    >>> from skglove.dask import DaskTextClassifier
    >>> texts = db.from_sequence(["the cat purrs", "dogs bark"] * 16, npartitions=2)
    >>> labels = db.from_sequence(["cat", "dog"] * 16, npartitions=2)
    >>> pipeline = make_pipeline(GloveTextVectorizer(embeddings=None), ConvTextClassifier(random_state=0))
    >>> with Client(processes=False, dashboard_address=":0") as client:
    ...     model = DaskTextClassifier(pipeline, client=client).fit(texts, labels)
    ...     model.predict(texts).take(2)
    ('cat', 'dog')
    >>> model.to_local().predict(["a cat purrs"]).tolist()
    ['cat']
    """

    def __init__(self, estimator: Any, *, client: Any = None) -> None:
        self.estimator = estimator
        self.client = client

    def fit(self, X: Any, y: Any) -> "DaskTextClassifier":
        """Fit the pipeline.

        Parameters
        ----------
        X : dask Series, DataFrame of one column, Bag, or Array of shape (n_samples,) or (n_samples, 1)
            Texts, or in a Bag lists of words.
        y : dask Series, DataFrame, Bag or Array, in the same partitions, or array-like
            Class labels, or an indicator matrix.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `estimator` is not such a pipeline, `X` is not a collection of Dask, or an item of it is not a text.
        ValueError
            If `X` and `y` differ in length, or for the reasons for which the pipeline raises it.
        """
        vectorizer, classifier = _steps(self.estimator)
        if y is None:
            raise ValueError("DaskTextClassifier requires y, the labels of the texts; got None.")
        client, source = self._client(), vectorizer._check_parameters()
        classifier._check_parameters()
        texts, are_partitions = _partitions(X, "X"), type(y).__module__.startswith("dask")
        labels = _labels(client, y) if are_partitions else [_checked(y)]
        read = _read(client, vectorizer, texts)
        counts = vectorizer._word_counts()
        numbers, sizes = [], []
        for words in _results(client, _words, read):
            numbers.append(counts.merge(words))
            sizes.append(words.n_documents)
        y = _joined(labels, sizes, are_partitions=are_partitions)
        new_ids = vectorizer._learn_words(counts, source)
        encoded = [
            client.submit(_encode, part, new_ids[of_part], vectorizer.maxlen, vectorizer.truncating, pure=False)
            for part, of_part in zip(read, numbers, strict=True)
        ]
        ids, lengths = map(np.concatenate, zip(*(future.result() for future in encoded), strict=True))
        classifier.fit(vectorizer._sequences(ids, lengths), y)
        fitted = clone(self.estimator)
        fitted.steps = [(name, step) for (name, _), step in zip(fitted.steps, (vectorizer, classifier), strict=True)]
        self.estimator_ = fitted
        return self

    def predict(self, X: Any) -> Any:
        """Predict lazily, part by part.

        Parameters
        ----------
        X : dask Series, DataFrame of one column, Bag or Array

        Returns
        -------
        dask Series, Bag or Array of n_samples labels
            As `X`; a Series for a DataFrame. With several labels per document, a DataFrame, Bag or Array of their indicators.
        """
        return self._lazily("predict", X)

    def predict_proba(self, X: Any) -> Any:
        """Return probabilities lazily, part by part.

        Parameters
        ----------
        X : dask Series, DataFrame of one column, Bag or Array

        Returns
        -------
        dask DataFrame, Bag or Array of shape (n_samples, n_classes)
            As `X`; a DataFrame with a column for each class for a Series.
        """
        return self._lazily("predict_proba", X)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, which is computed at once.

        Parameters
        ----------
        X : dask Series, DataFrame of one column, Bag or Array
        y : dask collection or array-like
        sample_weight : array-like of shape (n_samples,), optional
        """
        import dask

        predicted, y = map(as_labels, dask.compute(self.predict(X), y))
        return accuracy_score(y, predicted, sample_weight=sample_weight)

    def to_local(self) -> Pipeline:
        """Return the fitted pipeline, which does not need Dask."""
        check_is_fitted(self)
        return self.estimator_

    @property
    def classes_(self) -> np.ndarray:
        """The classes, or with several labels per document, the indices of the columns of `y`."""
        check_is_fitted(self)
        return self.estimator_.classes_

    def _client(self) -> Any:
        from dask.distributed import get_client

        if self.client is not None:
            if self.client.status in ("closing", "closed"):
                raise ValueError("The Dask client is closed. Set another one: set_params(client=...).")
            return self.client
        try:
            return get_client()
        except ValueError:
            raise ValueError(
                "There is no Dask client. Create one, such as dask.distributed.Client(), or pass it as client."
            ) from None

    def _lazily(self, method: str, X: Any) -> Any:
        check_is_fitted(self)
        kind, pipeline = _kind(X, "X"), self.estimator_  # once, since another thread may fit
        classes, is_matrix = pipeline.classes_, method == "predict_proba" or pipeline[-1].thresholds_ is not None
        # One copy on each worker, so that none is lost with a worker.
        model = self._client().scatter(pipeline, hash=False, broadcast=True)
        if kind == "bag":
            return X.map_partitions(_predict_list, model, method)
        empty = classes[:0]
        if is_matrix:
            empty = np.zeros((0, len(classes)), np.float32 if method == "predict_proba" else int)
        if kind == "array":
            column = _one_column(X)
            wide = {"new_axis": 1, "chunks": (column.chunks[0], (len(classes),))} if is_matrix else {}
            options = {"model": model, "method": method, "empty": empty}
            return column.map_blocks(_predict_array, **options, dtype=empty.dtype, meta=empty, **wide)
        import pandas as pd

        index = X._meta.index[:0]
        meta = pd.DataFrame(empty, index, classes) if is_matrix else pd.Series(empty, index)
        return X.map_partitions(_predict_pandas, model, method, empty, meta=meta)

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"client": None}  # a connection

    def __sklearn_clone__(self) -> "DaskTextClassifier":
        return type(self)(clone(self.estimator), client=self.client)  # a connection cannot be copied

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class _Part(NamedTuple):
    """What a worker has read: the counts of its words, and the number of each word of each text."""

    counted: CountedWords
    numbers: np.ndarray
    lengths: np.ndarray


def _steps(pipeline: Any) -> tuple[GloveTextVectorizer, ConvTextClassifier]:
    steps = [step for _, step in pipeline.steps] if isinstance(pipeline, Pipeline) else []
    if list(map(type, steps)) != [GloveTextVectorizer, ConvTextClassifier] or steps[0].output != "sequences":
        raise TypeError(
            "Expected a Pipeline of a GloveTextVectorizer with output='sequences' and a ConvTextClassifier; "
            f"got {pipeline!r:.100}."
        )
    vectorizer, classifier = map(clone, steps)
    return vectorizer, classifier


def _kind(collection: Any, name: str) -> str:
    """Return the kind of a collection: bag, array or frame."""
    has_parts = isinstance(getattr(collection, "npartitions", None), int)  # a Delayed has every attribute
    if type(collection).__module__.startswith("dask") and has_parts:
        return "array" if hasattr(collection, "map_blocks") else "frame" if hasattr(collection, "dtypes") else "bag"
    raise TypeError(f"{name} must be a dask Series, DataFrame, Bag or Array; got {type(collection).__name__}.")


def _partitions(collection: Any, name: str) -> list[Any]:
    """Return the parts of a collection, as delayed objects."""
    if _kind(collection, name) == "array":
        if collection.ndim > 1 and collection.numblocks[1] > 1:
            raise ValueError(f"{name} has several chunks of columns. Call rechunk({{1: -1}}) first.")
        return collection.to_delayed().ravel().tolist()
    return collection.to_delayed()


def _one_column(X: Any) -> Any:
    """Return an array of texts of one dimension."""
    if X.ndim == 1:
        return X
    if X.ndim == 2 and X.shape[1] == 1:
        return X[:, 0]
    raise ValueError(f"X must be one column of texts; got a dask Array of shape {X.shape}.")


def _read(client: Any, vectorizer: GloveTextVectorizer, parts: list[Any]) -> list[Any]:
    texts, tokenizing = client.compute(parts), clone(vectorizer).set_params(embeddings=None, n_components=None)
    return [client.submit(_count, tokenizing, part, i, pure=False) for i, part in enumerate(texts)]


def _results(client: Any, function: Any, futures: list[Any]) -> Iterator[Any]:
    """Apply a function on the workers; yield the results in order."""
    for future in [client.submit(function, future, pure=False) for future in futures]:
        yield future.result()


def _count(vectorizer: GloveTextVectorizer, documents: Any, partition: int) -> _Part:
    counts, read = vectorizer._word_counts(), []
    try:
        for some in chunks(documents, allow_none=True):
            read.append(counts.add(some))
    except (TypeError, ValueError) as error:
        if type(error) not in (TypeError, ValueError):  # of a user-defined tokenizer, with other arguments
            raise
        raise type(error)(f"Partition {partition} of X: {error}") from None
    numbers, lengths = zip(*read, strict=True) if read else ([np.zeros(0, np.int32)], [np.zeros(0, np.int64)])
    return _Part(counts.plain(), np.concatenate(numbers), np.concatenate(lengths))


def _words(part: _Part) -> CountedWords:
    return part.counted


def _encode(part: _Part, new_ids: np.ndarray, maxlen: int | None, truncating: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of all words, and their number in each text."""
    sequences = TokenSequences.from_lengths(new_ids[part.numbers], part.lengths)
    sequences = sequences if maxlen is None else sequences.cut(maxlen, truncating)
    return sequences.ids, sequences.lengths


def _labels(client: Any, y: Any) -> list[Any]:
    """Collect and check the labels of each partition."""
    parts = client.gather(client.compute(_partitions(y, "y")))
    return [_checked(part) if _n_labels(part) else part for part in parts]


def _checked(y: Any) -> Any:
    return y if _has_names(y) else as_labels(y)


def _has_names(y: Any) -> bool:
    """Return whether `y` is a DataFrame of several labels, whose names the classifier keeps."""
    return hasattr(y, "columns") and y.shape[1] > 1


def _n_labels(part: Any) -> int:
    return part.shape[0] if hasattr(part, "shape") else len(part)  # sparse matrices have no length


def _joined(parts: list[Any], sizes: list[int], *, are_partitions: bool) -> Any:
    """Return all labels, after checking that their number is that of the texts in each partition."""
    found, expected = list(map(_n_labels, parts)), sizes if are_partitions else [sum(sizes)]
    if found != expected:
        raise ValueError(f"X and y differ in length, or in partitions: X has {expected} texts, and y {found} labels.")
    if not are_partitions:
        return parts[0]
    if _has_names(parts[0]):
        import pandas as pd

        return pd.concat(parts)
    filled = [part for part in parts if len(part)]  # an empty list has no type
    is_mixture = len({part.dtype.kind for part in filled}) > 1  # NumPy would convert numbers to strings
    y = np.concatenate([part.astype(object) if is_mixture else part for part in filled])
    return y[:, 0] if y.shape[1:] == (1,) else y  # of a DataFrame


def _predict_list(documents: Any, model: Pipeline, method: str) -> list[Any]:
    documents = list(documents)
    if not documents:
        return []
    values = getattr(model, method)(documents)
    return values.tolist() if values.ndim == 1 else list(values)


def _predict_array(documents: np.ndarray, model: Pipeline, method: str, empty: np.ndarray) -> np.ndarray:
    return getattr(model, method)(documents) if len(documents) else empty


def _predict_pandas(documents: Any, model: Pipeline, method: str, empty: np.ndarray) -> Any:
    import pandas as pd

    values = getattr(model, method)(documents) if len(documents) else empty
    if empty.ndim == 1:
        return pd.Series(values, index=documents.index)
    return pd.DataFrame(values, index=documents.index, columns=model.classes_)
