import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skglove import GloveTextVectorizer
from skglove.backend import import_keras
from skglove.tokenizer import KERAS_FILTERS, Tokenizer, build_vocabulary, pad

# Besides any letter: what lowers to two characters, blanks that are no separators, filtered characters, combining marks.
ALPHABET = st.one_of(
    st.characters(codec="utf-8"), st.sampled_from(list("aAbB  \t\n\r\v\f\x85\xa0\u2003\u3000İıßẞΣςé\u0301!#'-_<>"))
)
TEXTS = st.lists(st.text(ALPHABET, max_size=60), min_size=1, max_size=8)
SETTINGS = st.fixed_dictionaries(
    {
        "num_words": st.sampled_from([None, 2, 3, 10, 1000]),
        "lower": st.booleans(),
        "filters": st.sampled_from([KERAS_FILTERS, "", "abc", "ß\r"]),
        "split": st.sampled_from([" ", "a", "ab", "\t"]),
        "oov_token": st.sampled_from([None, "<OUT OF VOCABULARY\x00>"]),
    }
)
PADDING = st.fixed_dictionaries(
    {
        "maxlen": st.integers(1, 12),
        "padding": st.sampled_from(["pre", "post"]),
        "truncating": st.sampled_from(["pre", "post"]),
    }
)


def keras_sequences(fit_on, texts, tokenizer_settings, padding):
    import_keras()
    from tensorflow.keras.preprocessing.sequence import pad_sequences
    from tensorflow.keras.preprocessing.text import Tokenizer as KerasTokenizer

    tokenizer = KerasTokenizer(**tokenizer_settings)
    tokenizer.fit_on_texts(fit_on)
    return pad_sequences(tokenizer.texts_to_sequences(texts), **padding)


@settings(max_examples=300, deadline=None)
@given(fit_on=TEXTS, texts=TEXTS, tokenizer_settings=SETTINGS, padding=PADDING)
def test_ids_equal_those_of_keras(fit_on, texts, tokenizer_settings, padding):
    expected = keras_sequences(fit_on, texts, tokenizer_settings, padding)
    vectorizer = GloveTextVectorizer(embeddings=None, **tokenizer_settings, **padding)
    if expected_words := Tokenizer(**{k: tokenizer_settings[k] for k in ("lower", "filters", "split")}).count(fit_on):
        assert np.array_equal(vectorizer.fit(fit_on).transform(texts), expected)
        assert vectorizer.word_counts_ == expected_words
    else:
        with pytest.raises(ValueError, match="no words"):
            vectorizer.fit(fit_on)


def test_ties_go_to_the_word_seen_first():
    counts = Tokenizer().count(["b a", "a b c", "c d"])
    assert build_vocabulary(counts, num_words=None, oov_token=None) == {"b": 1, "a": 2, "c": 3, "d": 4}


def test_num_words_counts_the_padding_id():
    counts = Tokenizer().count(["b a", "a b c"])
    assert build_vocabulary(counts, num_words=3, oov_token=None) == {"b": 1, "a": 2}
    assert build_vocabulary(counts, num_words=3, oov_token="<OOV>") == {"<OOV>": 1, "b": 2}


@pytest.mark.parametrize(
    ("padding", "truncating", "expected"),
    [
        ("pre", "pre", [[0, 0, 1], [3, 4, 5], [0, 0, 0]]),
        ("post", "pre", [[1, 0, 0], [3, 4, 5], [0, 0, 0]]),
        ("pre", "post", [[0, 0, 1], [2, 3, 4], [0, 0, 0]]),
        ("post", "post", [[1, 0, 0], [2, 3, 4], [0, 0, 0]]),
    ],
)
def test_pad(padding, truncating, expected):
    matrix = pad([[1], [2, 3, 4, 5], []], 3, 3, padding, truncating)
    assert matrix.dtype == np.int32
    assert matrix.tolist() == expected
