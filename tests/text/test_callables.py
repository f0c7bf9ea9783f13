import pytest
import spacy

from skglove.text.callables import CallableTokenizer, find_words


@pytest.mark.parametrize(
    "function",
    [str.split, lambda text: tuple(text.split()), lambda text: iter(text.split())],
    ids=["list", "tuple", "iterator"],
)
def test_words_are_those_of_the_function(function):
    assert CallableTokenizer(function, lower=False).words("A cat, it sat") == ["A", "cat,", "it", "sat"]


def test_the_function_gets_texts_in_lower_case():
    given = []
    CallableTokenizer(lambda text: given.append(text) or []).words("The CAT")
    CallableTokenizer(lambda text: given.append(text) or [], lower=False).words("The CAT")
    assert given == ["the cat", "The CAT"]


def test_empty_words_are_dropped():
    assert CallableTokenizer(lambda text: text.split(" ")).words_and_spans("a  b") == (["a", "b"], [(0, 1), (3, 4)])


nlp = spacy.blank("en")


def test_objects_of_spacy_are_refused_with_the_remedy():
    with pytest.raises(
        TypeError, match=r"must return a list of str; it returned an item .*Token.*\[token\.text for token"
    ):
        CallableTokenizer(nlp).words("The cat")


def test_words_of_spacy_have_their_positions():
    text = "Don't panic, it's a well-known CAT!"
    words, spans = CallableTokenizer(lambda text: [token.text for token in nlp(text)]).words_and_spans(text)
    assert [text[start:stop].lower() for start, stop in spans] == words
    assert len(words) > 10


@pytest.mark.parametrize(("returned", "kind"), [("a text", "str"), (None, "NoneType"), (3, "int"), ([3], "int")])
def test_functions_that_return_something_else(returned, kind):
    with pytest.raises(TypeError, match=rf"must return a list of str; it returned .*\({kind}\)"):
        CallableTokenizer(lambda text: returned).words("the cat")


def test_there_are_no_regular_expressions():
    with pytest.raises(
        ValueError, match=r"<method .split.* is a Python function, which cannot run in TensorFlow\. Export"
    ):
        CallableTokenizer(str.split).substitutions()


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        ("the cat", "the  cat", ["the", "cat"]),
        ("a a a", "a b a, a", ["a", "a", "a"]),
        ("cat dog", "the cat, a dog", ["cat", "dog"]),
        ("我 猫", "我的猫", ["我", "猫"]),
        ("do n't", "don't", ["do", "n't"]),
        ("is n't", "it isn't", ["is", "n't"]),
        ("i be good because", "i was good because", ["i", "", "good", "because"]),
        ("i go here", "i went here", ["i", "", "here"]),
        ("nothing here", "a text", ["", ""]),
        ("art", "start a part of art", ["art"]),
        ("the art", "the start of art", ["the", "art"]),
        (", .", "cat, dog.", [",", "."]),
        ("", "cat", []),
    ],
)
def test_find_words(words, text, found):
    spans = find_words(words.split(), text)
    assert [text[start:stop] for start, stop in spans] == found


def test_whole_words_are_preferred_beyond_the_next_space():
    assert find_words(["cat", "art"], "cat and start of artists of art") == [(0, 3), (28, 31)]
    assert find_words(["cat", "art"], "cat and start of artists") == [(0, 3), (17, 20)]
