import re
import sys
import unicodedata

import pytest

from skglove.text.unicode import Replacements, substitutions, without_blanks


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
