"""Google's analogy questions: Athens is to Greece as Baghdad is to what."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skglove.vectors.asking import nearest

if TYPE_CHECKING:
    from skglove.vectors.wordvectors import WordVectors

Array = np.ndarray[Any, Any]
_AT_ONCE = 64  # questions a matrix product: 300,000 words make 77 MB of scores
_CANDIDATES = 5 + 3  # the three words of a question are no answer to it


class _Question(NamedTuple):
    section: int
    words: tuple[str, str, str, str]
    known: bool


def evaluate_word_analogies(
    vectors: WordVectors,
    analogies: str | os.PathLike[str],
    restrict_vocab: int,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[float, list[dict[str, Any]]]:
    """See `WordVectors.evaluate_word_analogies`."""
    words = vectors.index_to_key[:restrict_vocab]
    places: dict[str, int] = {}
    for i, word in enumerate(words):
        places.setdefault(word.upper() if case_insensitive else word, i)
    names, questions = _read(analogies, places, case_insensitive)
    asked = [question for question in questions if question.known]
    right = _answer(vectors, asked, places, case_insensitive, len(words))
    sections: list[dict[str, Any]] = [{"section": name, "correct": [], "incorrect": []} for name in names]
    verdicts = iter(right)
    for question in questions:
        if question.known:
            sections[question.section]["correct" if next(verdicts) else "incorrect"].append(question.words)
        elif dummy4unknown:
            sections[question.section]["incorrect"].append(question.words)
    total: dict[str, Any] = {
        "section": "Total accuracy",
        "correct": [words for section in sections for words in section["correct"]],
        "incorrect": [words for section in sections for words in section["incorrect"]],
    }
    result = [*sections, total]
    for section in result:
        correct, asked_here = len(section["correct"]), len(section["correct"]) + len(section["incorrect"])
        section["accuracy"] = correct / asked_here if asked_here else float("nan")
    if not questions or np.isnan(result[-1]["accuracy"]):
        raise ValueError(
            f"None of the {len(questions)} questions in {os.fspath(analogies)} could be asked: "
            "each needs four words that have vectors. Do the words need other capitals?"
        )
    return result[-1]["accuracy"], result


def _read(
    path: str | os.PathLike[str], places: dict[str, int], case_insensitive: bool
) -> tuple[list[str], list[_Question]]:
    names: list[str] = []
    questions = []
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith(": "):
                names.append(line[2:].strip())
                continue
            fields = line.upper().split() if case_insensitive else line.split()
            if not fields:
                continue
            if not names:
                raise ValueError(f"{os.fspath(path)}, line {number}: expected a section such as ': family' first.")
            if len(fields) == 4:
                a, b, c, d = fields
                questions.append(_Question(len(names) - 1, (a, b, c, d), all(field in places for field in fields)))
    return names, questions


def _answer(
    vectors: WordVectors, questions: list[_Question], places: dict[str, int], case_insensitive: bool, restrict: int
) -> list[bool]:
    """Answer many questions with one matrix product: that is what takes the time."""
    rows, norms = vectors.vectors[:restrict], vectors.norms[:restrict]
    inverse = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    right = []
    for i in range(0, len(questions), _AT_ONCE):
        some = questions[i : i + _AT_ONCE]
        asked = np.array([[places[word] for word in question.words[:3]] for question in some])
        units = rows[asked] * inverse[asked][:, :, None]
        scores = (units[:, 1] + units[:, 2] - units[:, 0]) @ rows.T
        scores *= inverse
        for question, own, score in zip(some, asked.tolist(), scores, strict=True):
            best = [j for j in nearest(score, _CANDIDATES).tolist() if j not in own][:5]
            right.append(_first_other(vectors, best, question, places, case_insensitive) == question.words[3])
    return right


def _first_other(
    vectors: WordVectors, best: list[int], question: _Question, places: dict[str, int], case_insensitive: bool
) -> str | None:
    answer = None
    for j in best:
        answer = vectors.index_to_key[j].upper() if case_insensitive else vectors.index_to_key[j]
        if answer in places and answer not in question.words[:3]:
            break
    return answer
