from pathlib import Path

import numpy as np
import pytest

from skglove.vectors.coverage import warn_if_hardly_found


def warn(n_found, n_words, counts=None, embeddings="glove.6B.100d"):
    found = np.arange(n_words) < n_found
    warn_if_hardly_found(found, np.ones(n_words, int) if counts is None else counts, embeddings)


@pytest.mark.parametrize(
    ("embeddings", "name"),
    [
        ("glove.6B.100d", r"glove\.6B\.100d"),
        (Path("folder", "v.txt"), r"folder.v\.txt"),
        ({"a": [1]}, "the dict"),
        (["glove.6B.50d", {"a": [1]}], r"glove\.6B\.50d and the dict"),
    ],
    ids=str,
)
def test_the_warning_names_the_vectors(embeddings, name):
    message = f"^9 of 2,113 words have a vector in {name}: another language, or another tokenizer\\?$"
    with pytest.warns(UserWarning, match=message) as caught:
        warn(9, 2113, embeddings=embeddings)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("n_found", "n_words", "counts"),
    [
        (1, 10, None),  # a tenth
        (0, 0, None),
        (1, 9, None),
        (1, 100, np.array([99] + [1] * 99)),  # half of the occurrences
    ],
)
def test_no_warning(n_found, n_words, counts):
    warn(n_found, n_words, counts)


def test_few_words_and_occurrences():
    with pytest.warns(UserWarning, match="1 of 100 words"):
        warn(1, 100, np.array([98] + [1] * 99))


@pytest.mark.parametrize("n_words", [1, 9])
def test_none_of_few_words(n_words):
    with pytest.warns(UserWarning, match=f"^0 of {n_words} words have a vector in glove"):
        warn(0, n_words)
