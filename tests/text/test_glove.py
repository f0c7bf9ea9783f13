import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skglove import WordVectors
from skglove.text.glove import GloveTokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't", "do n't"),
        ("it's it\u2019s it\u02bcs it\u00b4s it\uff07s", "it 's it 's it 's it 's it 's"),
        ("I'm he'd you're I've we'll", "i 'm he 'd you 're i 've we 'll"),
        ("can't won't shouldn't've", "ca n't wo n't should n't 've"),
        ("it 's does n't 'em", "it 's does n't 'em"),
        ("the dogs' 'quoted' ''quoted''", "the dogs quoted quoted"),
        ("'it's'", "it 's"),
        ("o'clock rock'n'roll", "o'clock rock'n'roll"),
        ("n't 'S", "n't 's"),
        ("well-known a\u2010b a\u2011b", "well-known a-b a-b"),
        ("-5 foo- -- a--b a---b -'s", "5 foo a b a b 's"),
        ("\u201cone\u201d\u2018two\u2019\u00abthree\u00bb\u2014four\u2026five", "one two three four five"),
        ("one\u00a0two\u2003three\u3000four\vfive\u200bsix\x85seven", "one two three four five six seven"),
        ("ex\u00adample \ufeffbom", "example bom"),
        ("so\U0001f600\u2764\ufe0fgood", "so \U0001f600 \u2764 good"),
        ("(e.g.) $3.50, a_b; 50%+x=^`", "e g 3 50 a b 50 x"),
        ("हिन्दी nai\u0308ve \u00e9te\u0301 x\u0301", "हिन्दी na\u00efve \u00e9t\u00e9 x\u0301"),
        ("a=\u0338b a\u2260b", "a b a b"),
        ("", ""),
        ("' - -- '' '-", ""),
    ],
)
def test_words(text, words):
    assert GloveTokenizer().words(text) == words.split()


def test_contractions_in_capitals():
    assert GloveTokenizer(lower=False).words("DON'T It'S 'EM") == ["DO", "N'T", "It", "'S", "'EM"]


def test_spans_lead_to_the_words():
    text = "\ufeffDon\u2019t \u2018shout\u2019\u2014it\u2019s ex\u00adample\U0001f600"
    words, spans = GloveTokenizer().words_and_spans(text)
    assert words == ["do", "n't", "shout", "it", "'s", "example", "\U0001f600"]
    found = ["Do", "n\u2019t", "shout", "it", "\u2019s", "ex\u00adample", "\U0001f600"]
    assert [text[start:stop] for start, stop in spans] == found


def test_glove_has_the_words_that_contractions_consist_of():
    vectors = WordVectors.load("glove.6B.50d")
    words = GloveTokenizer().words("I don't can't won't isn't it's I'm I've you're we'll he'd well-known")
    assert [word for word in words if word not in vectors] == []


PIECES = st.sampled_from([" ", *"don't it's 's n't 'em a-b -- - ' '' \u2019 've'm s \u00ad \U0001f600 A . \\".split()])


@settings(deadline=None)  # the first call goes through all of Unicode
@given(st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join), st.booleans())
def test_regular_expressions_do_the_same(text, lower):
    tokenizer = GloveTokenizer(lower=lower)
    text = text.lower() if lower else text
    expected = tokenizer.words(text)
    text = unicodedata.normalize("NFC", text)
    for pattern, replacement in tokenizer.substitutions():
        in_python = re.sub(r"\\x\{(\w+)\}", lambda found: rf"\U{int(found[1], 16):08x}", pattern)
        text = re.sub(in_python.replace("$", r"\Z"), replacement.replace(r"\0", r"\g<0>"), text)
    assert [word for word in text.split(" ") if word] == expected
