import warnings

import numpy as np
import pytest

from skglove.text.glued import GluedWords, is_glued, warn_of_glued_words
from skglove.text.keras import KerasTokenizer


@pytest.mark.parametrize(
    "word",
    [
        "line\r",
        "page\x0c",
        "a\u00a0b",
        "quoi\u202f",
        "a\u3000b",
        "a\u200bb",
        "ex\u00adample",
        "\ufeffone",
        "\u200fשלום",
        "\u201cone",
        "l\u2019eau",
        "\u00abmot\u00bb",
        "\u201eWort\u201c",
        "wait\u2026",
        "good\U0001f600",
        "\u2764\ufe0fgood",
        "cafe\u0301",
        "i\u0306",
        "\u304b\u3099",
        "\u1112\u1161\u11ab",
        "\u09a8\u09c7\u09be",
    ],
    ids=ascii,
)
def test_glued_words(word):
    assert is_glued(word)


@pytest.mark.parametrize(
    "word",
    [
        "don't",
        "straße",
        "\u00e9t\u00e9",
        "\u0451лка",
        "我爱猫\u3002",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a joiner
        "\u0915\u094d\u200d\u0937",  # Hindi, with another
        "\u095c",  # Hindi, which NFC decomposes
        "\u1ecd\u0301",  # Yoruba, which has no composed form
        "\u02bcокo",
        "\u2026",
        "\u00ab",
        "\u2764\ufe0f",
        "\U0001f468\u200d\U0001f469",
        "\ud800",
        "",
    ],
    ids=ascii,
)
def test_other_words(word):
    assert not is_glued(word)


def test_a_long_word_takes_linear_time():
    assert not is_glued("\u2026" * 300_000)
    assert is_glued("\u2026" * 300_000 + "a")


def warned(n_glued, n_words, known=()):
    """Return the messages of the warnings, for texts and for counts."""
    words = GluedWords(KerasTokenizer(), known)
    words.add(["one\r\n\u201ctwo\u201d"] * (n_glued // 2) + ["three"] * (n_words - n_glued))
    words.add([["one\r"] * 100])  # lists of words are not split
    messages = []
    for warn in (
        words.warn,
        lambda: warn_of_glued_words(
            ["one\r", "\u201ctwo\u201d", "three"], np.array([n_glued - 4, 4, n_words - n_glued])
        ),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warn()
        messages.append([str(warning.message) for warning in caught])
    return messages


@pytest.mark.parametrize(("n_glued", "n_words"), [(10, 10), (10, 500), (200, 19_000)])
def test_many_glued_words(n_glued, n_words):
    for messages in warned(n_glued, n_words):
        (message,) = messages
        assert "words, such as 'one\\r', contain white space" in message
        assert f"{n_glued} of" in message
        assert "Fit with tokenizer='glove'" in message


@pytest.mark.parametrize(("n_glued", "n_words"), [(8, 10), (20, 2100)])
def test_few_glued_words(n_glued, n_words):
    assert warned(n_glued, n_words) == [[], []]


def test_known_words_do_not_count():
    assert warned(30, 100, {"one\r", "\u201ctwo\u201d"})[0] == []
    assert "15 of" in warned(30, 100, {"one\r"})[0][0]


@pytest.mark.parametrize("space", ["\v", "\f", "\r", "\xa0"])
def test_white_space_glues_words_of_texts_that_are_transformed_too(space):
    words = GluedWords(KerasTokenizer(), {"one"})
    words.add([f"one{space}two"] * 10)
    with pytest.warns(UserWarning, match=r"^10 of 10 words"):
        words.warn()
