"""What all tokenizers have in common."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skglove.text.callables import CallableTokenizer
from skglove.text.characters import CharacterTokenizer
from skglove.text.glove import GloveTokenizer
from skglove.text.keras import KerasTokenizer

TOKENIZERS = {
    "keras": KerasTokenizer,
    "glove": GloveTokenizer,
    "characters": CharacterTokenizer,
    "callable": lambda **parameters: CallableTokenizer(str.split, **parameters),
}
# Besides any letter: what is lowered to two characters, removed, replaced by several, or by another one.
ODD_LETTERS = list("aAn't's- e\u0301\u0302=\u0338\u1100\u1161\u11a8 \t\nİΣß\u00ad\u200b\ufeff\u2019\u2011❤\ufe0f😀我")
TEXTS = st.text(st.one_of(st.sampled_from(ODD_LETTERS), st.characters()), max_size=40)


@pytest.fixture(params=TOKENIZERS)
def make(request):
    return TOKENIZERS[request.param]


@pytest.fixture
def tokenizer(make):
    return make()


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=TEXTS, lower=st.booleans())
def test_words_with_spans_are_the_same_words(name, text, lower):
    tokenizer = TOKENIZERS[name](lower=lower)
    words, spans = tokenizer.words_and_spans(text)
    assert words == tokenizer.words(text)
    assert len(spans) == len(words)
    assert all(0 <= start < stop <= len(text) for start, stop in spans)


@pytest.mark.parametrize("name", TOKENIZERS)
@given(text=TEXTS)
def test_pieces_are_the_words_and_empty_strings(name, text):
    tokenizer = TOKENIZERS[name]()
    assert [piece for piece in tokenizer.pieces(text) if piece] == tokenizer.words(text)


def test_lower_case_is_optional(make):
    assert make(lower=False).words("Cat") == [
        word[0].upper() + word[1:] if word[0] == "c" else word for word in make().words("Cat")
    ]


@pytest.mark.parametrize("document", [["Don't", "", "New York,"], ("Don't", "", "New York,")], ids=["list", "tuple"])
class TestListsOfTokens:
    def test_are_the_words(self, tokenizer, document):
        assert tokenizer.words(document) == ["don't", "new york,"]

    def test_keep_their_case_without_lower(self, make, document):
        assert make(lower=False).words(document) == ["Don't", "New York,"]

    def test_have_positions_in_the_tokens_joined_by_spaces(self, tokenizer, document):
        words, spans = tokenizer.words_and_spans(document)
        text = " ".join(document)
        assert words == tokenizer.words(document)
        assert [text[start:stop] for start, stop in spans] == ["Don't", "New York,"]

    def test_are_encoded(self, tokenizer, document):
        ids, lengths = tokenizer.encode([document, "", []], {"new york,": 5})
        assert (ids.tolist(), lengths.tolist()) == ([5], [1, 0, 0])


def test_lists_without_tokens_have_no_words(tokenizer):
    assert tokenizer.words_and_spans([]) == ([], [])


@pytest.mark.parametrize(
    ("make", "word", "expected"),
    [
        (KerasTokenizer, "cat", True),
        (KerasTokenizer, "a-b", False),
        (KerasTokenizer, "Cat", False),
        (GloveTokenizer, "n't", True),
        (GloveTokenizer, "'s", True),
        (GloveTokenizer, "well-known", True),
        (GloveTokenizer, "don't", False),
        (GloveTokenizer, ",", False),
        (CharacterTokenizer, "c", True),
        (CharacterTokenizer, "ca", False),
        (TOKENIZERS["callable"], "anything, known or not", True),
        (TOKENIZERS["callable"], "Cat", False),
        (TOKENIZERS["callable"], "", False),
    ],
)
def test_words_that_a_text_can_contain(make, word, expected):
    assert make().can_return(word) is expected


@pytest.mark.parametrize(("word", "expected"), [("a-b", True), ("A", False), ("", False)])
def test_words_that_a_list_of_tokens_can_contain(tokenizer, word, expected):
    assert tokenizer.can_be_token(word) is expected


def test_all_words_can_be_tokens_without_lower(make):
    assert make(lower=False).can_be_token("A")


ACCENTED = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.decomposition(chr(c)) or 0xAC00 <= c < 0xAD00]


@pytest.mark.parametrize("name", ["glove", "characters"])
@pytest.mark.parametrize("lower", [True, False])
def test_accents_are_the_same_composed_and_decomposed(name, lower):
    tokenizer = TOKENIZERS[name](lower=lower)
    for character in ACCENTED:
        decomposed = unicodedata.normalize("NFD", f"x{character} y")
        assert tokenizer.words(decomposed) == tokenizer.words(unicodedata.normalize("NFC", decomposed))


@pytest.mark.parametrize(("name", "lower"), [("glove", True), ("characters", False)])
def test_positions_of_decomposed_accents_are_those_in_the_text(name, lower):
    text = "Die Ba\u0308ume, u\u0308ber \u1112\u1161\u11ab"
    words, spans = TOKENIZERS[name](lower=lower).words_and_spans(text)
    there = [unicodedata.normalize("NFC", text[start:stop]) for start, stop in spans]
    assert words == [word.lower() if lower else word for word in there]
    assert ("b\u00e4ume" if name == "glove" else "\u00e4u") in words


@pytest.mark.parametrize("word", ["\u00e9t\u00e9", "e\u0301te\u0301"], ids=ascii)
def test_decomposed_words_are_other_words_for_keras_and_functions_only(make, word):
    composed = unicodedata.normalize("NFC", word)
    is_named = make in (GloveTokenizer, CharacterTokenizer)
    assert "".join(make().words(word)).startswith(composed[0] if is_named else word[0])
    assert make().can_be_token(word)
    assert make().words([word]) == [word]
    if make is not CharacterTokenizer:
        assert make().can_return(word) is (word == composed or not is_named)
