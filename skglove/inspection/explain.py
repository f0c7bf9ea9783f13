"""explain: which words and n-grams of a text spoke for which class."""

import html
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from skglove.pipeline import vectorizer_and_classifier
from skglove.text.sequences import TokenSequences
from skglove.vectorizer import GloveTextVectorizer

_SHOWN_CLASSES, _SHOWN_NGRAMS = 3, 5
_FOR, _AGAINST = "46, 160, 67", "218, 54, 51"  # green and red that show on white and on black
_OPACITY = 0.5  # at most: black text and white stay readable on it


@dataclass(frozen=True, eq=False)
class Ngram:
    """Some neighbouring words, and what they added to the scores.

    Parameters
    ----------
    words : tuple of int
        Their positions in `Explanation.words`. Words that the vocabulary lacks do not exist for the network, so the positions
        need not be consecutive.
    text : str
        The words, joined by spaces.
    contributions : ndarray of shape (n_classes,), float64
    """

    words: tuple[int, ...]
    text: str
    contributions: np.ndarray


@dataclass(frozen=True, eq=False)
class Explanation:
    """What `explain` found. Notebooks show it as coloured text, terminals as a table.

    Parameters
    ----------
    text : str
    words : list of str
        All words of the text, as the vectorizer splits it.
    spans : list of (int, int)
        Where in the text each word begins and ends.
    classes : ndarray of shape (n_classes,)
    logits : ndarray of shape (n_classes,), float32
        The scores before the softmax.
    probabilities : ndarray of shape (n_classes,), float32
    ngrams : list of Ngram
        Single words, pairs and whatever else the filters saw, in no order. Words that were cut off, or that the vocabulary lacks
        (unless `oov_token` stands for them), have none.
    bias : ndarray of shape (n_classes,), float64
        What belongs to no word. With the contributions of all `ngrams` it adds up to `logits`.
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
        """What each word added to the scores, that of an n-gram shared evenly by its words: (n_words, n_classes), float64."""
        added = np.zeros((len(self.words), len(self.classes)))
        for ngram in self.ngrams:
            added[list(ngram.words)] += ngram.contributions / len(ngram.words)
        return added

    def top(self, class_: Any, n: int | None = 10) -> list[tuple[str, float]]:
        """Return the words and n-grams that spoke most for a class.

        Parameters
        ----------
        class_ : label
            One of `classes`.
        n : int or None, default=10
            How many; None returns all, down to those that spoke most against it.

        Returns
        -------
        list of (str, float)
            Each with what it added to the score of the class less the mean of what it added to all classes, summed over all
            its occurrences. (A score that rises for all classes alike changes no probability.)

        Raises
        ------
        ValueError
            If there is no such class.
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
        for (start, stop), value in zip(self.spans, strength, strict=True):
            colour = f"rgba({_FOR if value > 0 else _AGAINST}, {_OPACITY * abs(value) / strongest:.2f})"
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


def explain(pipeline: Any, text: str) -> Explanation:
    """Tell which words and n-grams of a text spoke for which class.

    The scores of the built-in architectures are taken apart exactly, by their `contributions`: of parallel convolutions the
    maximum names the words that a filter responds to, the stacked network is linear around one text, and a linear model is a
    sum. The result is what this model computed; it is not what would happen if a word were left out, since other words may
    then win the maximum.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted, of a `GloveTextVectorizer` and a `ConvTextClassifier`.
    text : str

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError
        If `pipeline` is anything else, or `text` is no str.
    sklearn.exceptions.NotFittedError
        If the pipeline has not been fitted.
    ValueError
        If the architecture is the user's own, or the classifier was not trained on what the vectorizer makes.

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
    if not isinstance(text, str):
        raise TypeError(f"text must be one str; got {text!r:.60} ({type(text).__name__}).")
    vectorizer, classifier = vectorizer_and_classifier(pipeline)
    words, spans = vectorizer._tokenizer().words_and_spans(text)
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
    return Explanation(text, words, spans, classifier.classes_, logits, softmax(logits), ngrams, bias)


def _known(vectorizer: GloveTextVectorizer, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of those of a text's words that reach the classifier, and their ids."""
    known = [(i, vectorizer.vocabulary_.get(word, vectorizer._unknown_id_)) for i, word in enumerate(words)]
    kept = [(i, id_) for i, id_ in known if id_ is not None]
    if vectorizer.maxlen is not None:
        kept = kept[-vectorizer.maxlen :] if vectorizer.truncating == "pre" else kept[: vectorizer.maxlen]
    positions, ids = np.array(kept, dtype=np.int64).reshape(-1, 2).T
    return positions, ids
