import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skglove.text.unicode import Replacements, compose, compose_with_spans, substitutions, without_blanks


@pytest.mark.parametrize(
    "character", [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()], ids=ascii
)
def test_white_space_becomes_a_space(character):
    assert without_blanks(character) == " "


@pytest.mark.parametrize("character", list("\u00ad\u200d\u200e\u2060\ufeff\ufe0f"), ids=ascii)
def test_invisible_characters_are_removed(character):
    assert without_blanks(character) == ""


@pytest.mark.parametrize("character", list("aé我\u0301.'\ud800"), ids=ascii)
def test_all_others_stay(character):
    assert without_blanks(character) == character


def test_replacements_are_looked_up_once():
    asked = []
    table = Replacements(lambda character: asked.append(character) or character.upper())
    assert "abab".translate(table) + "ba".translate(table) == "ABABBA"
    assert sorted(asked) == ["a", "b"]


def doubled(character):
    """Double digits, and replace capitals of ASCII by a dot."""
    if unicodedata.category(character) == "Nd":
        return character * 2
    return "." if "A" <= character <= "Z" else character


def test_rules_as_regular_expressions():
    assert dict(substitutions(doubled))[r"[\x{41}-\x{5a}]"] == "."


def test_regular_expressions_replace_what_the_rule_replaces():
    text = "aB1\u0663 \U0001d7d8 我Z"
    expected = text.translate(Replacements(doubled))
    for pattern, replacement in substitutions(doubled):
        in_python = re.sub(r"\\x\{(\w+)\}", lambda found: rf"\U{int(found[1], 16):08x}", pattern)
        text = re.sub(in_python, replacement.replace(r"\0", r"\g<0>"), text)
    assert text == expected == "a.11\u0663\u0663 \U0001d7d8\U0001d7d8 我."


# Letters and accents that compose, in several steps and orders; parts of Hangul; and marks that only reorder.
PARTS = st.sampled_from(
    [*"aeo \u0301\u0302\u0323\u0345\u0338=\u304b\u3099\u1100\u1161\u11a8\uac00\u05b8\u0f71\u0f72\u0344\u212b"]
)


@given(st.text(PARTS | st.characters(), max_size=12))
def test_characters_come_from_what_they_are_composed_of(text):
    composed, spans = compose_with_spans(text)
    assert composed == unicodedata.normalize("NFC", text) == compose(text)
    parts = dict.fromkeys(spans)
    assert "".join(text[start:end] for start, end in parts) == text
    for start, end in parts:
        there = "".join(c for c, span in zip(composed, spans, strict=True) if span == (start, end))
        assert there == unicodedata.normalize("NFC", text[start:end])


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("", []),
        ("ab", [(0, 1), (1, 2)]),
        ("e\u0302\u0301x", [(0, 3), (3, 4)]),
        ("x\u0301a", [(0, 1), (1, 2), (2, 3)]),  # nothing to compose
        ("\u1112\u1161\u11ab\u1100\u1173\u11af", [(0, 3), (3, 6)]),
    ],
    ids=ascii,
)
def test_spans_of_composed_characters(text, spans):
    assert compose_with_spans(text)[1] == spans
