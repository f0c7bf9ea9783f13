import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skglove._keras import import_keras
from skglove.export.composition import compose

EVERY = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
MARKS = [character for character in EVERY if unicodedata.combining(character)]


@pytest.fixture(scope="module")
def composed():
    import_keras()
    import tensorflow as tf

    function = tf.function(compose, input_signature=[tf.TensorSpec((None,), tf.string)])
    return lambda texts: [text.decode() for text in function(tf.constant(texts)).numpy()]


def expected(texts):
    return [unicodedata.normalize("NFC", text) for text in texts]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_all_characters(composed, form):
    parts = [" ".join(EVERY[start : start + 10_000]) for start in range(0, len(EVERY), 10_000)]
    lines = [unicodedata.normalize(form, part) for part in parts]
    assert composed(lines) == expected(lines)
    assert composed(parts) == expected(parts)


# Letters that are composed with several accents, with letters, or in several steps, and what comes between.
ODD = list(
    "aeou=\u0301\u0302\u0308\u0323\u0331\u0345\u0338\u304b\u3099\u1100\u1161\u11a8\uac00\u09c7\u09be\u0cc6\u0cc2\u0cd5"
)
ODD += list("\u0dd9\u0dcf\u0dca\u03b1\u0313\u0314\u0342\u0344\u0f71\u0f72\u0f73\u212b\u1025\u102e x")
TEXTS = st.lists(
    st.text(st.sampled_from(ODD) | st.sampled_from(MARKS) | st.sampled_from(EVERY), max_size=12), max_size=5
)


@settings(max_examples=300, deadline=None)
@given(texts=TEXTS)
def test_texts(composed, texts):
    assert composed(["", *texts, "e\u0301"]) == expected(["", *texts, "e\u0301"])


def test_no_texts(composed):
    import tensorflow as tf

    assert compose(tf.constant([], tf.string)).shape == (0,)
