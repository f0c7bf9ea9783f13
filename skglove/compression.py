"""compress: smaller copies of fitted pipelines, for prediction."""

import pickle
from collections.abc import Callable
from itertools import chain
from numbers import Integral, Real
from typing import Any

import numpy as np

from skglove._sklearn import Interval, validate_params
from skglove.classifier import ConvTextClassifier
from skglove.pipeline import unprepared_pipeline
from skglove.saving.state import pack_words
from skglove.text.documents import chunks
from skglove.transaction import snapshot
from skglove.vectorizer import GloveTextVectorizer

_ROUNDING_ERROR = 1e-9


@validate_params(
    {
        "num_words": [Interval(Integral, 1, None, closed="left"), None],
        "max_size": [Interval(Integral, 1, None, closed="left"), None],
        "tolerance": [Interval(Real, 0, 1, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def compress(
    pipeline: Any,
    *,
    num_words: int | None = None,
    max_size: int | None = None,
    tolerance: float | None = None,
    X: Any = None,
    y: Any = None,
) -> Any:
    """Return a smaller copy of a fitted pipeline, for prediction.

    Files of the copy contain weights of 8 bits (of the linear model with up to 3 classes, 16), and no pre-trained vectors besides
    those of the classifier. In memory, weights are float32, so the arrays of such a file cannot be memory-mapped. Words of the
    vocabulary can be dropped, which saves memory, too: `extra_words` first, from the last one on, and then rare words. They are
    then unknown words. The copy predicts, explains and can be exported. Training cannot be continued, and `fit` of the copy
    starts anew without pre-trained vectors.

    Parameters
    ----------
    pipeline : Pipeline or meta-estimator
        A fitted pipeline of a `GloveTextVectorizer` and a `ConvTextClassifier`, also in a search, a `FrozenEstimator`, a
        threshold classifier, or a `CalibratedClassifierCV` of a single model. It is not changed.
    num_words : int or None, default=None
        The number of words to keep. Only one of `num_words`, `max_size` and `tolerance` may be given; without any of them, all
        words are kept.
    max_size : int or None, default=None
        The size of the pickled copy in bytes, which is about that of files of ``joblib.dump``: as many words are kept as it
        allows.
    tolerance : float or None, default=None
        By how much the accuracy on `X` and `y` may be lower than that of `pipeline`, such as 0.005: half, a quarter, an eighth
        and so on of the words are kept, as few as it allows.
    X, y : array-like
        Texts and their labels for `tolerance`. They should not be the training texts.

    Returns
    -------
    Pipeline or meta-estimator
        A copy as `pipeline`, with the same names of steps, thresholds and calibrators. Of a search, it is the copy of its best
        estimator.

    Raises
    ------
    TypeError, NotFittedError
        If `pipeline` is not such a pipeline, or not fitted.
    ValueError
        If several limits are given, `tolerance` without texts and labels, or no words are left within `max_size` or `tolerance`.
        If a `CalibratedClassifierCV` has several models: compress one of them, or fit it with ``ensemble=False``.

    Examples
    --------
    >>> import pickle
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer, compress
    >>> pipeline = make_pipeline(GloveTextVectorizer(embeddings=None), ConvTextClassifier(random_state=0))
    >>> pipeline = pipeline.fit(["the cat purrs", "dogs bark"] * 16, ["cat", "dog"] * 16)
    >>> small = compress(pipeline, num_words=4)
    >>> small.predict(["a cat purrs", "dogs"]).tolist()
    ['cat', 'dog']
    >>> len(pickle.dumps(small)) < len(pickle.dumps(pipeline)) / 2
    True
    """
    limits = {"num_words": num_words, "max_size": max_size, "tolerance": tolerance}
    given = [name for name, limit in limits.items() if limit is not None]
    if len(given) > 1:
        raise ValueError(f"Only one of num_words, max_size and tolerance may be given; got {' and '.join(given)}.")
    if (tolerance is not None) != (X is not None and y is not None):
        raise ValueError("tolerance, X and y belong together: pass all of them, or none.")
    parts = unprepared_pipeline(pipeline)
    vectorizer, classifier = parts.vectorizer, parts.classifier

    def keep(n_words: int) -> Any:
        return parts.with_steps(_small_vectorizer(vectorizer, n_words), _small_classifier(classifier, n_words + 1))

    n_words = len(vectorizer.vocabulary_)
    if max_size is not None:
        return keep(_most_words(keep, n_words, max_size))
    if tolerance is not None:
        X = list(chain.from_iterable(chunks(X)))  # is read several times
        lowest = parts.with_steps(vectorizer, classifier).score(X, y) - tolerance - _ROUNDING_ERROR
        return _fewest_words(keep, n_words, lowest, X, y)
    return keep(n_words if num_words is None else min(num_words, n_words))


def _small_vectorizer(vectorizer: GloveTextVectorizer, n_words: int) -> GloveTextVectorizer:
    small = snapshot(vectorizer)
    computed = "word_counts_", "_similar_words_"  # of all words, when first used
    small.__dict__ = {name: value for name, value in dict(vars(vectorizer)).items() if name not in computed}
    small.vocabulary_ = dict(list(vectorizer.vocabulary_.items())[:n_words])
    counts = {word: count for word, count in vectorizer.word_counts_.items() if word in small.vocabulary_}
    small._packed_counts_ = [*pack_words(list(counts)), np.array(list(counts.values()), dtype=np.int64)]
    if vectorizer.embedding_matrix_ is not None:
        ids = [small.vocabulary_[word] for word in counts]
        small.n_words_found_ = int(vectorizer.embedding_matrix_[ids].any(axis=1).sum())
    small.embeddings = small.embedding_matrix_ = None
    if vectorizer.use_idf:
        small.idf_ = vectorizer.idf_[: n_words + 1]
    return small


def _small_classifier(classifier: ConvTextClassifier, n_ids: int) -> ConvTextClassifier:
    small = snapshot(classifier)
    small.__dict__ = {**vars(classifier), "input_dim_": n_ids}
    small.architecture_ = classifier.architecture_.compressed(n_ids)
    return small


def _most_words(keep: Callable[[int], Any], n_words: int, max_size: int) -> int:
    """Return the largest number of words whose pipeline is within a size, by bisection."""
    fits, too_many = 0, n_words + 1
    while too_many - fits > 1:
        middle = n_words if too_many > n_words and not fits else (fits + too_many) // 2
        if len(pickle.dumps(keep(middle))) <= max_size:
            fits = middle
        else:
            too_many = middle
    if not fits:
        raise ValueError(
            f"The pipeline takes {len(pickle.dumps(keep(1)))} bytes with a single word; max_size={max_size} is too small."
        )
    return fits


def _fewest_words(keep: Callable[[int], Any], n_words: int, lowest: float, X: Any, y: Any) -> Any:
    """Return the pipeline of half of the words, a quarter and so on, as long as its score is not below the lowest."""
    best = None
    while n_words:
        candidate = keep(n_words)
        if candidate.score(X, y) < lowest:
            break
        best, n_words = candidate, n_words // 2
    if best is None:
        raise ValueError("With all words and weights of 8 bits, the score is lower than tolerance allows already.")
    return best
