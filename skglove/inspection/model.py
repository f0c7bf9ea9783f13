"""explain_model: the words and n-grams that speak for and against each class, of a whole model."""

from collections import defaultdict
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from skglove._sklearn import Interval, StrOptions, validate_params
from skglove.inspection.contributions import Ngrams, decompose, for_and_against, index_of, ranked, relative, strongest
from skglove.inspection.rendering import LEGEND, html_section, html_tables, side_by_side, text_rows
from skglove.pipeline import TextPipeline, text_pipeline
from skglove.text.sequences import TokenSequences

# In terminals and in notebooks.
_TEXT_CLASSES_PER_ROW, _TEXT_NGRAMS, _HTML_NGRAMS = 4, 5, 10
_MOST_CLASSES = 20


@dataclass(frozen=True, eq=False)
class ModelExplanation:
    """The result of `explain_model`, displayed as a table of the strongest n-grams for and against each class.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels have the names of the columns of `y` in `fit`, if it was a DataFrame, and otherwise the columns' indices.
    ngrams : list of str
        Distinct words and n-grams, with their words joined by spaces.
    contributions : ndarray of shape (n_ngrams, n_classes), float64
        Their contributions to the score of each class, over all texts. The mean over exclusive classes is subtracted, as it does
        not affect the probabilities.
    n_texts : ndarray of shape (n_ngrams,), int64
        Number of texts to whose scores each n-gram contributes.
    """

    classes: np.ndarray
    ngrams: list[str]
    contributions: np.ndarray
    n_texts: np.ndarray

    def top(self, class_: Any, n: int | None = 10) -> Ngrams:
        """Return the words and n-grams with the largest contributions to a class.

        Parameters
        ----------
        class_ : label
            One of `classes`.
        n : int or None, default=10
            Number of words and n-grams; None returns all.

        Returns
        -------
        list of (str, float)
            In descending order. Those that speak most against the class are the last of all.

        Raises
        ------
        ValueError
            If the class is unknown.
        """
        return ranked(self.ngrams, self.contributions[:, index_of(class_, self.classes)], n)

    def for_and_against(self, class_: Any, n: int | None = 10) -> tuple[Ngrams, Ngrams]:
        """Return the words and n-grams that speak most for a class, and those that speak most against it.

        Parameters
        ----------
        class_ : label
            One of `classes`.
        n : int or None, default=10
            Number of words and n-grams of each kind; None returns all.

        Returns
        -------
        speak_for : list of (str, float)
            Positive contributions, in descending order.
        speak_against : list of (str, float)
            Negative contributions, in ascending order.

        Raises
        ------
        ValueError
            If the class is unknown.
        """
        return self._for_and_against(index_of(class_, self.classes), n)

    def _for_and_against(self, class_index: int, n: int | None) -> tuple[Ngrams, Ngrams]:
        return for_and_against(self.ngrams, self.contributions[:, class_index], n)

    def to_frame(self, n_words: int | None = 10) -> Any:
        """Return the strongest n-grams of each class as a DataFrame.

        Parameters
        ----------
        n_words : int or None, default=10
            Number of words and n-grams that speak for each class, and of those that speak against it; None returns all that
            contribute.

        Returns
        -------
        pandas.DataFrame
            With the columns "class", "ngram", "contribution" and "n_texts". Of each class, contributions are in descending
            order.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise ImportError("to_frame requires pandas: pip install pandas.") from error
        rows = []
        for class_, added in zip(self.classes.tolist(), self.contributions.T, strict=True):
            speak_for, speak_against = strongest(added, n_words)
            for i in [*speak_for, *speak_against[::-1]]:
                rows.append((class_, self.ngrams[i], float(added[i]), int(self.n_texts[i])))
        return pd.DataFrame(rows, columns=["class", "ngram", "contribution", "n_texts"])

    def __str__(self) -> str:
        columns = []
        for i, class_ in enumerate(self.classes[:_MOST_CLASSES]):
            speak_for, speak_against = self._for_and_against(i, _TEXT_NGRAMS)
            columns.append([str(class_), *text_rows(speak_for), *text_rows(speak_against[::-1])])
        step = _TEXT_CLASSES_PER_ROW
        parts = [side_by_side(columns[start : start + step]) for start in range(0, len(columns), step)]
        return "\n\n".join([*parts, *self._classes_left_out()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        strongest_of_all = np.abs(self.contributions).max(initial=0)
        sections = [
            html_section(
                str(class_), html_tables(self._for_and_against(i, _HTML_NGRAMS), strongest_of_all), is_open=True
            )
            for i, class_ in enumerate(self.classes[:_MOST_CLASSES])
        ]
        left_out = "".join(self._classes_left_out())
        return f'<div class="skglove-explanation">{LEGEND}{"".join(sections)}{left_out}</div>'

    def _classes_left_out(self) -> list[str]:
        n_more = len(self.classes) - _MOST_CLASSES
        return [f"{n_more} more classes are not shown; `top` and `to_frame` have them."] if n_more > 0 else []


@validate_params(
    {
        "pipeline": "no_validation",
        "texts": "no_validation",
        "aggregation": [StrOptions({"sum", "mean"})],
        "min_texts": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def explain_model(
    pipeline: Any, texts: Any = None, *, aggregation: str = "sum", min_texts: int = 1
) -> ModelExplanation:
    """Find the words and n-grams that speak most for and against each class.

    With `texts`, their explanations are aggregated; see `explain`. Without, each word of the vocabulary is scored as a text of
    its own, and its contribution is its score minus the bias of the model. For a linear model that is the weight of the word.

    Parameters
    ----------
    pipeline : Pipeline or meta-estimator
        As for `explain`.
    texts : iterable of str, table or None, default=None
        The input of the pipeline, such as held-out texts. None uses the words of the vocabulary; n-grams are then not included,
        since the vocabulary does not contain them.
    aggregation : {"sum", "mean"}, default="sum"
        Whether the contributions of an n-gram are summed over `texts`, or averaged over those of them that it contributes to.
        Frequent n-grams have large sums; large means may come from a single text, see `min_texts`.
    min_texts : int, default=1
        Leave out n-grams that contribute to fewer of `texts`. Not used without `texts`.

    Returns
    -------
    ModelExplanation

    Raises
    ------
    TypeError, ValueError
        As for `explain`, but without `texts`, architectures given as a callable are supported, too.
    sklearn.exceptions.NotFittedError
        If the pipeline has not been fitted.

    See Also
    --------
    TopWordsDisplay : Plot of the same.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer, explain_model
    >>> texts, labels = ["the cat purrs", "a cat naps", "dogs bark", "a dog barks"] * 8, ["cat", "cat", "dog", "dog"] * 8
    >>> pipeline = make_pipeline(GloveTextVectorizer(None), ConvTextClassifier(random_state=0)).fit(texts, labels)
    >>> explain_model(pipeline).top("cat", 1)[0][0]
    'cat'
    >>> explanation = explain_model(pipeline, texts, min_texts=16)
    >>> dict(zip(explanation.ngrams, explanation.n_texts.tolist()))
    {'cat': 16, 'a': 16}
    """
    parts = text_pipeline(pipeline)
    if texts is None:
        return _of_words(parts)
    totals = _totals(parts, texts)
    kept = np.flatnonzero(totals.n_texts >= min_texts)
    contributions, n_texts = totals.contributions[kept], totals.n_texts[kept]
    if aggregation == "mean":
        contributions = contributions / n_texts[:, None]
    words = ["", *parts.vectorizer.vocabulary_]
    ids = list(totals.rows)
    ngrams = [" ".join(words[id_] for id_ in ids[row]) for row in kept.tolist()]
    added = relative(contributions, exclusive=parts.classifier._head.exclusive)
    return ModelExplanation(parts.class_names, ngrams, added, n_texts)


def _of_words(parts: TextPipeline) -> ModelExplanation:
    """Explain each word of the vocabulary as a text of its own."""
    words = list(parts.vectorizer.vocabulary_)[: parts.classifier.input_dim_ - 1]
    numbers = np.arange(len(words) + 1)
    member = parts.classifier.architecture_
    alone = member.logits(TokenSequences(numbers[1:], numbers)) - member.logits(TokenSequences([], [0, 0]))
    n_texts = np.ones(len(words), dtype=np.int64)
    added = relative(alone.astype(np.float64), exclusive=parts.classifier._head.exclusive)
    return ModelExplanation(parts.class_names, words, added, n_texts)


def _totals(parts: TextPipeline, texts: Any) -> "_Totals":
    """Add up the contributions of the n-grams of all texts."""
    sequences = parts.vectorizer.transform(parts.texts(texts))
    sequences = sequences.keep(sequences.ids < parts.classifier.input_dim_)
    totals = _Totals(len(parts.classifier.classes_))
    for ids, logits in zip(sequences, parts.classifier._score(sequences), strict=True):
        spans, contributions, _ = decompose(parts.classifier, ids, logits)
        totals.add(ids, spans, contributions)
    return totals


class _Totals:
    """Sums of contributions by n-gram.

    Attributes
    ----------
    rows : dict of tuple of int to int
        The row of each n-gram, given by the ids of its words.
    contributions : ndarray of shape (n_ngrams, n_classes), float64
    n_texts : ndarray of shape (n_ngrams,), int64
    """

    def __init__(self, n_classes: int) -> None:
        self.rows: defaultdict[tuple[int, ...], int] = defaultdict()
        self.rows.default_factory = self.rows.__len__  # new n-grams get the next row
        self._contributions = np.zeros((1024, n_classes))
        self._n_texts = np.zeros(1024, dtype=np.int64)

    @property
    def contributions(self) -> np.ndarray:
        return self._contributions[: len(self.rows)]

    @property
    def n_texts(self) -> np.ndarray:
        return self._n_texts[: len(self.rows)]

    def add(self, ids: np.ndarray, spans: list[tuple[int, int]], contributions: np.ndarray) -> None:
        """Add the n-grams of one text."""
        words = tuple(ids.tolist())
        rows = np.array([self.rows[words[start:stop]] for start, stop in spans], dtype=np.int64)
        while len(self.rows) > len(self._n_texts):
            self._contributions = np.concatenate([self._contributions, np.zeros_like(self._contributions)])
            self._n_texts = np.concatenate([self._n_texts, np.zeros_like(self._n_texts)])
        np.add.at(self._contributions, rows, contributions)
        self._n_texts[np.unique(rows)] += 1
