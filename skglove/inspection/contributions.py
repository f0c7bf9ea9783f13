"""The contributions of n-grams to the scores of classes, and what they say about a class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skglove.classifier import ConvTextClassifier
from skglove.text.sequences import TokenSequences

# N-grams and their contributions to one class.
Ngrams = list[tuple[str, float]]


def decompose(
    classifier: ConvTextClassifier, ids: np.ndarray, logits: np.ndarray
) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray]:
    """Decompose the scores of one document, and check that its contributions add up to them.

    The bias of a member of the model is not the class priors: it has learned, for example, what documents of all classes have in
    common. The difference is divided among the n-grams in proportion to their contributions, so that a document without a word
    has the scores of the priors, and all others what their words add to them.

    Parameters
    ----------
    classifier : ConvTextClassifier
        Fitted.
    ids : ndarray of shape (n_words,), int
    logits : ndarray of shape (n_classes,), float32
        The scores of the document.

    Returns
    -------
    spans : list of (int, int)
        The start and end (exclusive) of each n-gram.
    contributions : ndarray of shape (len(spans), n_classes), float64
    bias : ndarray of shape (n_classes,), float64
        The logits of the class priors.

    Raises
    ------
    ValueError
        If they do not add up, or the architecture cannot be explained.
    """
    member, priors = classifier.architecture_, classifier._priors
    by_span, bias = member.contributions(ids)
    if priors is not None and classifier._are_silent(TokenSequences(ids, [0, len(ids)])).any():
        return [], np.zeros((0, len(bias))), priors.logits.astype(np.float64)
    contributions = np.array(list(by_span.values()), dtype=np.float64).reshape(-1, len(bias))
    total = contributions.sum(axis=0) + bias
    if not np.allclose(total, logits, rtol=1e-3, atol=1e-3):
        raise ValueError(f"The contributions of {member} add up to {total}, not to its logits, {logits}.")
    if priors is None:
        return list(by_span), contributions, bias
    spans = list(by_span)
    said = np.abs(relative(contributions, exclusive=classifier._head.exclusive)).sum(axis=1)
    if not said.any():
        spans = [(i, i + 1) for i in range(len(ids))]
        contributions, said = np.zeros((len(ids), len(bias))), np.ones(len(ids))
    rest = bias - priors.logits
    return spans, contributions + np.outer(said / said.sum(), rest), bias - rest


def relative(contributions: np.ndarray, *, exclusive: bool) -> np.ndarray:
    """Subtract the mean of the contributions to all classes, if it does not affect the probabilities.

    Parameters
    ----------
    contributions : ndarray of shape (..., n_classes), float64
    exclusive : bool
        Whether a document has one class. If it has several labels, nothing is subtracted.
    """
    return contributions - contributions.mean(axis=-1, keepdims=True) if exclusive else contributions


def index_of(class_: Any, classes: np.ndarray) -> int:
    """Return the position of a label among the classes.

    Raises
    ------
    ValueError
        If the class is unknown.
    """
    positions = np.flatnonzero(classes == class_)
    if len(positions) != 1:
        raise ValueError(f"class_ must be one of {classes.tolist()}; got {class_!r}.")
    return int(positions[0])


def ranked(ngrams: Sequence[str], contributions: np.ndarray, n: int | None) -> Ngrams:
    """Return the n-grams with the largest contributions to a class, in descending order.

    Parameters
    ----------
    ngrams : sequence of str
    contributions : ndarray of shape (len(ngrams),), float64
    n : int or None
        Number of n-grams; None returns all.
    """
    order = np.argsort(-contributions, kind="stable")[:n]
    return [(ngrams[i], float(contributions[i])) for i in order]


def strongest(contributions: np.ndarray, n: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of the n-grams that speak most for a class and of those that speak most against it.

    Parameters
    ----------
    contributions : ndarray of shape (n_ngrams,), float64
    n : int or None
        Number of n-grams of each kind; None returns all.
    """
    speak_for = np.argsort(-contributions, kind="stable")[:n]
    speak_against = np.argsort(contributions, kind="stable")[:n]
    return speak_for[contributions[speak_for] > 0], speak_against[contributions[speak_against] < 0]


def for_and_against(ngrams: Sequence[str], contributions: np.ndarray, n: int | None) -> tuple[Ngrams, Ngrams]:
    """Return the n-grams that speak most for a class and those that speak most against it, the strongest first.

    Parameters
    ----------
    ngrams : sequence of str
    contributions : ndarray of shape (len(ngrams),), float64
    n : int or None
        Number of n-grams of each kind; None returns all.
    """
    speak_for, speak_against = (
        [(ngrams[i], float(contributions[i])) for i in indices] for indices in strongest(contributions, n)
    )
    return speak_for, speak_against
