import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from skglove._keras import import_keras
from skglove.text.keras import KERAS_FILTERS, KerasTokenizer

# Besides any letter: what lowers to two characters, blanks that are no separators, filtered characters, combining marks.
ODD_LETTERS = list("aAbB  \t\n\r\v\f\x85\xa0\u2003\u3000İıßẞΣςé\u0301!#'-_<>")
TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from(ODD_LETTERS)), max_size=60)
SETTINGS = st.fixed_dictionaries(
    {
        "lower": st.booleans(),
        "filters": st.sampled_from([KERAS_FILTERS, "", "abc", "ß\r"]),
        "split": st.sampled_from([" ", "a", "ab", "aa", "-", "\t"]),
    }
)


def test_default_filters_are_those_of_keras():
    import_keras()
    from tensorflow.keras.preprocessing.text import Tokenizer as KerasTokenizer

    assert KerasTokenizer().filters == KERAS_FILTERS


@given(text=TEXTS, settings=SETTINGS)
def test_words_are_those_of_keras(text, settings):
    import_keras()
    from tensorflow.keras.preprocessing.text import text_to_word_sequence

    assert KerasTokenizer(**settings).words(text) == text_to_word_sequence(text, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, ["the", "cat's", "tail", "a", "b"]),
        ({"lower": False}, ["The", "cat's", "tail", "A", "b"]),
        ({"filters": ""}, ["the", "cat's", "tail:", "a-b"]),
        ({"split": "t"}, ["he ca", "'s  ", "ail", " a", "b"]),
    ],
    ids=str,
)
def test_words_of_one_text(settings, words):
    assert KerasTokenizer(**settings).words("The cat's  tail: A-b") == words


@given(text=TEXTS, settings=SETTINGS)
def test_pieces_are_the_words_and_empty_strings(text, settings):
    tokenizer = KerasTokenizer(**settings)
    assert [piece for piece in tokenizer.pieces(text) if piece] == tokenizer.words(text)


@given(text=TEXTS, settings=SETTINGS)
def test_words_with_spans_are_the_same_words(text, settings):
    tokenizer = KerasTokenizer(**settings)
    assert tokenizer.words_and_spans(text)[0] == tokenizer.words(text)


@given(text=TEXTS, settings=SETTINGS)
def test_spans_do_not_overlap(text, settings):
    _, spans = KerasTokenizer(**settings).words_and_spans(text)
    assert all(start < stop for start, stop in spans)
    # A letter that lowers to two characters, the second of which separates words, belongs to the first word only.
    assert all(stop <= start for (_, stop), (start, _) in itertools.pairwise(spans))


@given(text=TEXTS, settings=SETTINGS)
def test_spans_lead_to_the_words_in_the_text(text, settings):
    # Otherwise a separator that replaces a filtered character may be cut in two.
    assume(len(set(settings["split"])) == len(settings["split"]))
    text = text.replace("Σ", "").replace("İ", "")  # lowered by their neighbours, or to two characters
    words, spans = KerasTokenizer(**settings).words_and_spans(text)
    found = [text[start:stop] for start, stop in spans]
    assert ([word.lower() for word in found] if settings["lower"] else found) == words


def test_spans_of_a_letter_that_lowers_to_two_characters():
    assert KerasTokenizer().words_and_spans("İİ ab") == (["i̇i̇", "ab"], [(0, 2), (3, 5)])


def test_encode_leaves_unknown_words_out():
    ids, lengths = KerasTokenizer().encode(["b a, b", "", "c a"], {"a": 1, "b": 2})
    assert ids.tolist() == [2, 1, 2, 1]
    assert lengths.tolist() == [3, 0, 1]


def test_encode_gives_unknown_words_an_id_of_their_own():
    ids, lengths = KerasTokenizer().encode(["b a, b", " ! ", "c a"], {"a": 1, "b": 2}, unknown_id=7)
    assert ids.tolist() == [2, 1, 2, 7, 1]
    assert lengths.tolist() == [3, 0, 2]


def test_encode_returns_integers_of_the_documented_types():
    ids, lengths = KerasTokenizer().encode(["a"], {"a": 1})
    assert (ids.dtype, lengths.dtype) == (np.int32, np.int64)


@pytest.mark.parametrize("unknown_id", [None, 1])
def test_encode_of_no_texts(unknown_id):
    ids, lengths = KerasTokenizer().encode([], {"a": 1}, unknown_id)
    assert ids.shape == lengths.shape == (0,)
