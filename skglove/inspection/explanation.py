"""Explanation: the contributions of the words and n-grams of a text."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from skglove.inspection.contributions import Ngrams, for_and_against, index_of, ranked, relative
from skglove.inspection.rendering import (
    LEGEND,
    coloured,
    escaped,
    html_section,
    html_tables,
    side_by_side,
    text_rows,
    without_overlaps,
)

# In terminals and in notebooks, where each class is one more copy of the text.
_TEXT_CLASSES, _TEXT_NGRAMS = 3, 5
_HTML_CLASSES, _HTML_NGRAMS = 10, 10


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
    """The result of `explain`.

    Notebooks display the coloured text and the strongest n-grams of each class, of which one is chosen by a click on its name.
    Terminals display a table.

    Parameters
    ----------
    text : str
        The text that the vectorizer got; words are joined by spaces.
    words : list of str
        All words of the text.
    spans : list of (int, int)
        The start and end (exclusive) of each word in the text. Words of a tokenizer given as a function are searched for in the
        text; both numbers are equal if a word is not there, such as a lemma. The spans of characters and pairs overlap.
    classes : ndarray of shape (n_classes,)
        Labels have the names of the columns of `y` in `fit`, if it was a DataFrame, and otherwise the columns' indices.
    logits : ndarray of shape (n_classes,), float32
        The scores before the softmax or the sigmoids.
    probabilities : ndarray of shape (n_classes,), float32
        Those of a `CalibratedClassifierCV`, if there is one, and otherwise the softmax or the sigmoids of `logits`.
    ngrams : list of Ngram
        Words, pairs of words and longer n-grams, unordered. Truncated words, and unknown words without `oov_token`, are not
        included.
    bias : ndarray of shape (n_classes,), float64
        The logits of the class priors, which a text without a known word has. Together with the contributions of all `ngrams`
        they add up to `logits`.
    exclusive : bool, default=True
        Whether a document has one class. If not, classes are labels, of which a document has any number.
    predicted : label, optional
        The class that a threshold classifier or a calibration predicts, which is displayed first. By default, that is the most
        probable class.
    """

    text: str
    words: list[str]
    spans: list[tuple[int, int]]
    classes: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray
    ngrams: list[Ngram]
    bias: np.ndarray
    exclusive: bool = True
    predicted: Any = None

    @property
    def word_contributions(self) -> np.ndarray:
        """Contributions of words, with those of n-grams divided evenly among their words: (n_words, n_classes), float64."""
        added = np.zeros((len(self.words), len(self.classes)))
        for ngram in self.ngrams:
            added[list(ngram.words)] += ngram.contributions / len(ngram.words)
        return added

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
            Words and n-grams in descending order, with the sums of their contributions over all occurrences. Of
            exclusive classes, the mean of the contributions to all is subtracted, as it does not affect the probabilities.

        Raises
        ------
        ValueError
            If the class is unknown.
        """
        index = index_of(class_, self.classes)
        ngrams, totals = self._totals()
        return ranked(ngrams, totals[:, index], n)

    def _totals(self) -> tuple[list[str], np.ndarray]:
        """Return the distinct n-grams, and the sums of their relative contributions, (n_ngrams, n_classes)."""
        rows: dict[str, int] = {}
        for ngram in self.ngrams:
            rows.setdefault(ngram.text, len(rows))
        totals = np.zeros((len(rows), len(self.classes)))
        for ngram in self.ngrams:
            totals[rows[ngram.text]] += ngram.contributions
        return list(rows), relative(totals, exclusive=self.exclusive)

    def _shown(self, n: int) -> list[int]:
        """Return the most probable classes, after the predicted one."""
        order = np.argsort(-self.probabilities, kind="stable").tolist()
        return (
            order[:n] if self.predicted is None else sorted(order, key=lambda i: self.classes[i] != self.predicted)[:n]
        )

    def _title(self, class_index: int) -> str:
        of_class = f"{self.classes[class_index]}: {self.probabilities[class_index]:.1%}"
        by_threshold = self.classes[class_index] == self.predicted and class_index != self.probabilities.argmax()
        return f"{of_class} (predicted)" if by_threshold else of_class

    def __str__(self) -> str:
        ngrams, totals = self._totals()
        columns = []
        for i in self._shown(_TEXT_CLASSES):
            speak_for, _ = for_and_against(ngrams, totals[:, i], _TEXT_NGRAMS)
            columns.append([self._title(i), *text_rows(speak_for)])
        return side_by_side(columns)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = self._shown(_HTML_CLASSES)
        ngrams, totals = self._totals()
        added = relative(self.word_contributions, exclusive=self.exclusive)
        # One scale for all classes, so that strong colours mean strong contributions.
        strongest, strongest_ngram = (np.abs(values[:, shown]).max(initial=0) for values in (added, totals))
        sections = []
        for i in shown:
            tables = html_tables(for_and_against(ngrams, totals[:, i], _HTML_NGRAMS), strongest_ngram)
            content = self._html_text(added[:, i], strongest) + tables
            sections.append(html_section(self._title(i), content, is_open=i == shown[0]))
        return f'<div class="skglove-explanation">{LEGEND}{"".join(sections)}</div>'

    def _html_text(self, added: np.ndarray, strongest: float) -> str:
        pieces, end = [], 0
        for start, stop, value in without_overlaps(self.spans, added.tolist()):
            pieces += [escaped(self.text[end:start]), coloured(self.text[start:stop], value, strongest)]
            end = stop
        pieces.append(escaped(self.text[end:]))
        return f'<p style="white-space: pre-wrap; line-height: 1.6">{"".join(pieces)}</p>'
