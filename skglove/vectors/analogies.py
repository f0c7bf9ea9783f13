"""Evaluation on analogies: Athens is to Greece as Baghdad is to what.

Mikolov, Chen, Corrado, Dean: Efficient Estimation of Word Representations in Vector Space (2013).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from skglove.vectors.similarity import nearest

_BATCH = 64  # questions per matrix product; with 300,000 words, their scores take 77 MB
_N_ANSWERS = 5


class _Question(NamedTuple):
    section: int
    words: tuple[str, ...]
    known: bool


def evaluate_word_analogies(
    words: Sequence[str],
    rows: np.ndarray,
    norms: np.ndarray,
    path: str | os.PathLike[str],
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[float, list[dict[str, Any]]]:
    """Answer the questions of a file; see `WordVectors.evaluate_word_analogies`.

    Parameters
    ----------
    words : sequence of str
        The possible answers.
    rows : ndarray of float32 of shape (len(words), dim)
    norms : ndarray of float32 of shape (len(words),)
        The norms of the rows.
    path : path-like
    case_insensitive, dummy4unknown : bool
    """
    keys = [word.upper() for word in words] if case_insensitive else list(words)
    index = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))  # the first of equal keys wins
    names, questions = _read_questions(path, index, case_insensitive)
    sections: list[dict[str, Any]] = [{"section": name, "correct": [], "incorrect": []} for name in names]
    answers = iter(_answer([question for question in questions if question.known], keys, index, rows, norms))
    for question in questions:
        if question.known:
            outcome = "correct" if next(answers) == question.words[3] else "incorrect"
            sections[question.section][outcome].append(question.words)
        elif dummy4unknown:
            sections[question.section]["incorrect"].append(question.words)
    total = {
        "section": "Total accuracy",
        "correct": [words for section in sections for words in section["correct"]],
        "incorrect": [words for section in sections for words in section["incorrect"]],
    }
    sections.append(total)
    for section in sections:
        n_correct, n_incorrect = len(section["correct"]), len(section["incorrect"])
        section["accuracy"] = n_correct / (n_correct + n_incorrect) if n_correct + n_incorrect else float("nan")
    if np.isnan(sections[-1]["accuracy"]):
        raise ValueError(
            f"None of the {len(questions)} questions in {os.fspath(path)} could be answered: "
            "all four words must have vectors. Check whether the words differ in case."
        )
    return sections[-1]["accuracy"], sections


def _read_questions(
    path: str | os.PathLike[str], index: dict[str, int], case_insensitive: bool
) -> tuple[list[str], list[_Question]]:
    names: list[str] = []
    questions = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith(": "):
                names.append(line[2:].strip())
                continue
            fields = tuple(line.upper().split() if case_insensitive else line.split())
            if fields and not names:
                raise ValueError(f"{os.fspath(path)}, line {number}: expected a section first, such as ': family'.")
            if len(fields) == 4:
                questions.append(_Question(len(names) - 1, fields, all(field in index for field in fields)))
    return names, questions


def _answer(
    questions: list[_Question], keys: list[str], index: dict[str, int], rows: np.ndarray, norms: np.ndarray
) -> list[str | None]:
    """Answer each question with the nearest word that is not one of its first three."""
    inverse = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    answers: list[str | None] = []
    for i in range(0, len(questions), _BATCH):
        batch = questions[i : i + _BATCH]
        given = np.array([[index[word] for word in question.words[:3]] for question in batch])
        units = rows[given] * inverse[given][:, :, None]
        scores = (units[:, 1] + units[:, 2] - units[:, 0]) @ rows.T
        scores *= inverse
        for question, exclude, score in zip(batch, given.tolist(), scores, strict=True):
            candidates = [keys[j] for j in nearest(score, _N_ANSWERS, exclude)]
            others = [key for key in candidates if key not in question.words[:3]]
            answers.append(others[0] if others else candidates[-1] if candidates else None)
    return answers
