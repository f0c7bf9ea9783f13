"""predict_iter: predictions for any number of texts, a part of them at a time."""

from collections.abc import Iterable, Iterator, Sized
from numbers import Integral
from typing import Any

from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import Interval, StrOptions, validate_params
from skglove.progress import progress_bar
from skglove.text.documents import chunks
from skglove.text.tokenizer import Document

METHODS = {"predict", "predict_proba", "predict_log_proba", "decision_function"}


@validate_params(
    {
        "method": [StrOptions(METHODS)],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def predict_iter(
    estimator: Any,
    raw_documents: Iterable[Document],
    *,
    method: str = "predict",
    batch_size: int = 4096,
    verbose: int = 0,
) -> Iterator[Any]:
    """Predict for one text after another, with the memory for a part of them.

    The texts are read when their predictions are asked for. Do not fit the estimator before all have been read.

    Parameters
    ----------
    estimator : Pipeline or other estimator
        Fitted, and taking texts.
    raw_documents : iterable of str, or of lists of words
        A generator, for example over the lines of a file, or anything else that a `GloveTextVectorizer` takes. There may be no
        texts at all.
    method : {"predict", "predict_proba", "predict_log_proba", "decision_function"}, default="predict"
        The estimator's method.
    batch_size : int, default=4096
        Number of texts that are read at once.
    verbose : int, default=0
        If 1, show a progress bar.

    Yields
    ------
    object or ndarray
        The prediction for each text, in order: an item or a row of what the method returns.

    Raises
    ------
    AttributeError
        If the estimator does not have the method.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        If `raw_documents` is a single text, or a table of several columns.
    TypeError
        When a document is reached that is neither a str nor a list of str; its position is that among all.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer, predict_iter
    >>> pipeline = make_pipeline(GloveTextVectorizer(embeddings=None), ConvTextClassifier(random_state=0))
    >>> pipeline = pipeline.fit(["the cat purrs", "dogs bark"] * 16, ["cat", "dog"] * 16)
    >>> lines = (line for line in ["a cat purrs", "two dogs bark", "cat"])
    >>> for label in predict_iter(pipeline, lines, batch_size=2):
    ...     print(label)
    cat
    dog
    cat
    """
    check_is_fitted(estimator)
    # Checked here, and not when the first prediction is asked for.
    predict, parts = getattr(estimator, method), chunks(raw_documents, batch_size, allow_none=True)
    return _predictions(predict, parts, len(raw_documents) if isinstance(raw_documents, Sized) else None, verbose)


def _predictions(predict: Any, parts: Iterator[list[Document]], total: int | None, verbose: int) -> Iterator[Any]:
    with progress_bar(total, shown=verbose, unit="text", desc=predict.__name__) as bar:
        for documents in parts:
            yield from predict(documents)
            bar.update(len(documents))
