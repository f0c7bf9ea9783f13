import pytest

from skglove.text.callables import CallableTokenizer
from skglove.text.characters import CharacterTokenizer
from skglove.text.glove import GloveTokenizer
from skglove.text.keras import KerasTokenizer
from skglove.text.tokenizers import TOKENIZERS, make_tokenizer

KINDS = {"keras": KerasTokenizer, "glove": GloveTokenizer, "characters": CharacterTokenizer}


def make(tokenizer, **parameters):
    return make_tokenizer(tokenizer, **{"lower": True, "filters": "", "split": "|", **parameters})


@pytest.mark.parametrize(
    ("tokenizer", "kind"), [*KINDS.items(), (None, KerasTokenizer), (str.split, CallableTokenizer)]
)
def test_kinds_of_tokenizers(tokenizer, kind):
    assert type(make(tokenizer)) is kind


def test_all_names_are_known():
    assert set(TOKENIZERS) == set(KINDS)


@pytest.mark.parametrize("tokenizer", [*TOKENIZERS, str.split])
def test_lower_applies_to_all(tokenizer):
    assert make(tokenizer, lower=False).words("A") == ["A"]
    assert make(tokenizer).words("A") == ["a"]


@pytest.mark.parametrize(
    ("tokenizer", "separator"), [("keras", "|"), ("glove", " "), ("characters", " "), (str.split, " ")]
)
def test_split_applies_to_keras_only(tokenizer, separator):
    assert make(tokenizer).separator == separator
