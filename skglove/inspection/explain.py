"""explain: contributions of the words and n-grams of a text to the score of each class."""

import html
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from skglove import ops
from skglove.pipeline import vectorizer_and_classifier
from skglove.text.sequences import TokenSequences
from skglove.text.tokenizer import Document, Span
from skglove.vectorizer import GloveTextVectorizer

_SHOWN_CLASSES, _SHOWN_NGRAMS = 3, 5
_FOR, _AGAINST = "46, 160, 67", "218, 54, 51"  # green and red, visible on white and black
_OPACITY = 0.5  # at most, so that black and white text stay readable


@dataclass(frozen=True, eq=False)
class Ngram:
    """Neighbouring words and their contributions to the scores.

    Parameters
    ----------
    words : tuple of int
        Their positions in `Explanation.words`, which need not be consecutive, since unknown words are left out.
    text : str
        The words, joined by spaces.
    contributions : ndarray of shape (n_classes,), float64
    """

    words: tuple[int, ...]
    text: str
    contributions: np.ndarray


@dataclass(frozen=True, eq=False)
class Explanation:
    """The result of `explain`, displayed as coloured text in notebooks and as a table in terminals.

    Parameters
    ----------
    text : str
        Tokens are joined by spaces.
    words : list of str
        All words of the text.
    spans : list of (int, int)
        The start and end (exclusive) of each word in the text. Words of a tokenizer given as a function are searched for in the
        text; both numbers are equal if a word is not there, such as a lemma. The spans of characters and pairs overlap.
    classes : ndarray of shape (n_classes,)
    logits : ndarray of shape (n_classes,), float32
        The scores before the softmax.
    probabilities : ndarray of shape (n_classes,), float32
    ngrams : list of Ngram
        Words, pairs of words and longer n-grams, unordered. Truncated words, and unknown words without `oov_token`, are not
        included.
    bias : ndarray of shape (n_classes,), float64
        The remainder. Together with the contributions of all `ngrams` it adds up to `logits`.
    """

    text: str
    words: list[str]
    spans: list[tuple[int, int]]
    classes: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    ngrams: list[Ngram]
    bias: np.ndarray

    @property
    def word_contributions(self) -> np.ndarray:
        """Contributions of words, with those of n-grams divided evenly among their words: (n_words, n_classes), float64."""
        added = np.zeros((len(self.words), len(self.classes)))
        for ngram in self.ngrams:
            added[list(ngram.words)] += ngram.contributions / len(ngram.words)
        return added

    def top(self, class_: Any, n: int | None = 10) -> list[tuple[str, float]]:
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
            Words and n-grams in descending order, with the sums of their contributions over all occurrences. The mean of the
            contributions to all classes is subtracted, as it does not affect the probabilities.

        Raises
        ------
        ValueError
            If the class is unknown.
        """
        position = np.flatnonzero(self.classes == class_)
        if len(position) != 1:
            raise ValueError(f"class_ must be one of {self.classes.tolist()}; got {class_!r}.")
        totals: dict[str, float] = defaultdict(float)
        for ngram in self.ngrams:
            totals[ngram.text] += float(ngram.contributions[position[0]] - ngram.contributions.mean())
        return sorted(totals.items(), key=lambda item: -item[1])[:n]

    def __str__(self) -> str:
        best = np.argsort(-self.probabilities, kind="stable")[:_SHOWN_CLASSES]
        columns = []
        for i in best:
            rows = [f"{value:+8.2f}  {text}" for text, value in self.top(self.classes[i], _SHOWN_NGRAMS) if value > 0]
            columns.append([f"{self.classes[i]}: {self.probabilities[i]:.1%}", *rows])
        height = max(map(len, columns))
        widths = [max(map(len, column)) for column in columns]
        lines = [
            "   ".join(
                (column[i] if i < len(column) else "").ljust(width)
                for column, width in zip(columns, widths, strict=True)
            )
            for i in range(height)
        ]
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        best = int(self.probabilities.argmax())
        added = self.word_contributions
        strength = added[:, best] - added.mean(axis=1)
        strongest = np.abs(strength).max(initial=0) or 1.0
        pieces, end = [], 0
        for start, stop, value in _segments(self.spans, strength):
            colour = f"rgba({_FOR if value > 0 else _AGAINST}, {_OPACITY * min(1, abs(value) / strongest):.2f})"
            word = html.escape(self.text[start:stop])
            pieces.append(html.escape(self.text[end:start]))
            pieces.append(f'<span style="background-color: {colour}" title="{value:+.2f}">{word}</span>')
            end = stop
        pieces.append(html.escape(self.text[end:]))
        order = np.argsort(-self.probabilities, kind="stable")[:_SHOWN_CLASSES]
        classes = ", ".join(f"{html.escape(str(self.classes[i]))}: {self.probabilities[i]:.1%}" for i in order)
        name = html.escape(str(self.classes[best]))
        return (
            f'<div class="skglove-explanation"><p><b>{classes}</b> (green speaks for {name}, red against it)</p>'
            f'<p style="white-space: pre-wrap; line-height: 1.6">{"".join(pieces)}</p></div>'
        )


def _segments(spans: Iterable[Span], values: Iterable[float]) -> Iterator[tuple[int, int, float]]:
    """Yield parts of the text that do not overlap, with their values; the value of a word is divided among its parts."""
    spans = list(spans)
    edges = sorted({edge for span in spans for edge in span})
    totals: dict[int, float] = defaultdict(float)
    for (start, stop), value in zip(spans, values, strict=True):
        inside = range(bisect_left(edges, start), bisect_left(edges, stop))
        for i in inside:
            totals[i] += value / len(inside)
    for i, total in sorted(totals.items()):
        yield edges[i], edges[i + 1], total


def explain(pipeline: Any, text: Document) -> Explanation:
    """Decompose the scores of a text into contributions of its words and n-grams to each class.

    For the built-in architectures, the contributions add up exactly to the scores. Filters of parallel convolutions contribute
    through the words at their maximum; the stacked network is locally linear; the linear model is a sum. Contributions do not
    predict the scores of a text without a word, since the maxima may then be at other words.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, of a `GloveTextVectorizer` and a `ConvTextClassifier`.
    text : str, or list of str
        A text, or the words of one.

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError
        If `pipeline` is anything else, `text` is neither a str nor a list of str, or it looks like a list of texts.
    sklearn.exceptions.NotFittedError
        If the pipeline has not been fitted.
    ValueError
        If the architecture is a callable, or the vectorizer was fitted again after the classifier was trained.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer, explain
    >>> texts, labels = ["the cat purrs", "a cat naps", "dogs bark", "the dog barks"] * 8, ["cat", "cat", "dog", "dog"] * 8
    >>> pipeline = make_pipeline(GloveTextVectorizer(None), ConvTextClassifier(random_state=0))
    >>> explanation = explain(pipeline.fit(texts, labels), "The cat barks, it does!")
    >>> explanation.words
    ['the', 'cat', 'barks', 'it', 'does']
    >>> explanation.top("cat", 1)[0][0], explanation.top("dog", 1)[0][0]
    ('cat', 'barks')
    """
    if not _is_document(text):
        raise TypeError(f"text must be a str, or a list of words; got {text!r:.60} ({type(text).__name__}).")
    vectorizer, classifier = vectorizer_and_classifier(pipeline)
    words, spans = vectorizer._tokenizer().words_and_spans(text)
    if not isinstance(text, str):
        _check_not_texts(text, words, vectorizer)
        text = " ".join(text)
    member = classifier.architecture_
    positions, ids = _known(vectorizer, words)
    in_model = ids < classifier.input_dim_
    positions, ids = positions[in_model], ids[in_model]
    by_span, bias = member.contributions(ids)
    ngrams = []
    for (start, stop), added in by_span.items():
        of_words = tuple(positions[start:stop].tolist())
        ngrams.append(Ngram(of_words, " ".join(words[i] for i in of_words), added))
    logits = member.logits(TokenSequences(ids, [0, len(ids)]))[0]
    total = sum(by_span.values(), bias)
    if not np.allclose(total, logits, rtol=1e-3, atol=1e-3):
        raise ValueError(f"The contributions of {member} add up to {total}, not to its logits, {logits}.")
    return Explanation(
        text,
        words,
        spans,
        classifier.classes_,
        logits,
        classifier._head.probabilities(ops, logits[None])[0],
        ngrams,
        bias,
    )


def _is_document(text: Any) -> bool:
    return isinstance(text, str) or (isinstance(text, list | tuple) and all(isinstance(word, str) for word in text))


def _check_not_texts(given: Document, words: list[str], vectorizer: GloveTextVectorizer) -> None:
    if words and all(len(word.split()) > 1 and word not in vectorizer.vocabulary_ for word in words):
        raise TypeError(
            f"text must be a str, or a list of words; got {given!r:.60}, whose items contain spaces and are not in the "
            "vocabulary. Explain one text at a time."
        )


def _known(vectorizer: GloveTextVectorizer, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions and ids of known words, after truncation."""
    known = [(i, vectorizer.vocabulary_.get(word, vectorizer._unknown_id_)) for i, word in enumerate(words)]
    kept = [(i, id_) for i, id_ in known if id_ is not None]
    if vectorizer.maxlen is not None:
        kept = kept[-vectorizer.maxlen :] if vectorizer.truncating == "pre" else kept[: vectorizer.maxlen]
    positions, ids = np.array(kept, dtype=np.int64).reshape(-1, 2).T
    return positions, ids
