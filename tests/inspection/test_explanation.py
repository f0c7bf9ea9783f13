from html.parser import HTMLParser

import numpy as np
import pytest

from skglove import Explanation, Parallel, explain
from skglove.inspection.explanation import Ngram

CLASSES = np.array(["a", "b", "c"])


def make_explanation(text="one two", classes=CLASSES, contributions=((2.0, -1.0, -1.0), (0.0, 3.0, -3.0)), **changed):
    """Return an explanation of two words, of which the second one is also part of a pair."""
    first, second = (np.array(row) for row in contributions)
    ngrams = [Ngram((0,), "one", first), Ngram((1,), "two", second), Ngram((0, 1), "one two", first / 2)]
    n = len(classes)
    logits = np.linspace(1, 0, n).astype(np.float32)
    parts = {"probabilities": np.full(n, 1 / n), "logits": logits, "ngrams": ngrams, "bias": np.zeros(n)}
    return Explanation(
        **{"text": text, "words": ["one", "two"], "spans": [(0, 3), (4, 7)], "classes": classes, **parts, **changed}
    )


class Page(HTMLParser):
    """What a browser would show: the text, the tags and the parts that are open or closed."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags, self.stack = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.stack.append(tag)
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append((self.stack[-1], data))

    def of(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def explanation(wide_and_deep):
    return explain(wide_and_deep, "Take the hammer to the cat, unheard of.")


# top


def test_top_adds_up_all_occurrences(wide_and_deep):
    explanation = explain(wide_and_deep, "the cat of the cat")
    position = explanation.classes.tolist().index("animals")
    total = sum(
        ngram.contributions[position] - ngram.contributions.mean()
        for ngram in explanation.ngrams
        if ngram.text == "the cat"
    )
    assert dict(explanation.top("animals", None))["the cat"] == pytest.approx(total)


def test_top_returns_as_many_as_requested(explanation):
    assert len(explanation.top("tools", 3)) == 3


def test_top_is_sorted(explanation):
    values = [value for _, value in explanation.top("tools", None)]
    assert values == sorted(values, reverse=True)


def test_top_of_an_unknown_class(explanation):
    with pytest.raises(ValueError, match=r"class_ must be one of \['animals', 'tools'\]; got 'plants'"):
        explanation.top("plants")


def test_explanations_are_compared_by_identity(wide_and_deep):
    first, second = explain(wide_and_deep, "the cat"), explain(wide_and_deep, "the cat")
    assert first == first
    assert first != second
    assert len({first, second}) == 2


# In a notebook


@pytest.fixture(scope="module")
def page():
    return Page(make_explanation(probabilities=np.array([0.2, 0.7, 0.1]))._repr_html_())


def test_html_is_balanced(page):
    assert not page.stack


def test_html_has_neither_scripts_nor_styles_of_its_own(page):
    assert not page.of("script")
    assert not page.of("style")


def test_html_has_a_part_for_each_class_the_most_probable_first(page):
    assert [text for tag, text in page.text if tag == "b"] == ["b: 70.0%", "a: 20.0%", "c: 10.0%"]


def test_html_opens_the_most_probable_class(page):
    assert ["open" in attributes for attributes in page.of("details")] == [True, False, False]


def test_html_repeats_the_text_for_each_class(page):
    assert [text for tag, text in page.text if tag == "span"] == ["one", "two"] * 3


def test_html_colours_words_by_their_contribution_to_the_class_of_their_part(page):
    green, red = "background-color: rgba(46, 160, 67, ", "background-color: rgba(218, 54, 51, "
    styles = [attributes["style"] for attributes in page.of("span")]
    # b: one speaks against it, and two for it; a: one for it; c: one and two against it
    assert [style.startswith(green) for style in styles] == [False, True, True, True, False, False]
    assert [style.startswith(red) for style in styles] == [True, False, False, False, True, True]


def test_html_tells_what_a_word_adds(page):
    explanation = make_explanation()
    assert [attributes["title"] for attributes in page.of("span")] == [
        f"{explanation.word_contributions[word, class_]:+.2f}" for class_ in (1, 0, 2) for word in (0, 1)
    ]


def test_html_has_the_strongest_colour_where_the_contribution_is_largest(page):
    strongest = [attributes["title"] for attributes in page.of("span") if attributes["style"].endswith("0.50)")]
    assert strongest == ["-3.25"]


def test_html_lists_ngrams_for_and_against_each_class(page):
    cells = [text for tag, text in page.text if tag in ("td", "caption")]
    for_b = ["for", "+3.00", "two", "against", "-1.00", "one", "-0.50", "one two"]
    for_a = ["for", "+2.00", "one", "+1.00", "one two"]
    for_c = ["against", "-3.00", "two", "-1.00", "one", "-0.50", "one two"]
    assert cells == [*for_b, *for_a, *for_c]


def test_html_lists_the_ten_strongest_ngrams():
    ngrams = [Ngram((0,), f"word{i}", np.array([i, -i, 0.0])) for i in range(1, 15)]
    page = Page(make_explanation(ngrams=ngrams)._repr_html_())
    words = [text for tag, text in page.text if tag == "td" and text.startswith("word")]
    assert words == [f"word{i}" for i in range(14, 4, -1)] * 2


def test_html_of_many_classes_has_the_ten_most_probable_ones():
    n = 30
    explanation = make_explanation(
        classes=np.arange(n),
        contributions=np.ones((2, n)),
        probabilities=np.arange(n) / np.arange(n).sum(),
    )
    titles = [text for tag, text in Page(explanation._repr_html_()).text if tag == "b"]
    assert [int(title.split(":")[0]) for title in titles] == list(range(29, 19, -1))


def test_html_does_not_colour_what_nobody_would_see():
    page = Page(
        make_explanation(
            contributions=((200.0, -100.0, -100.0), (0.0, 0.0, 0.0)),
            ngrams=[
                Ngram((0,), "one", np.array([200.0, -100.0, -100.0])),
                Ngram((1,), "two", np.array([0.1, 0.0, -0.1])),
            ],
        )._repr_html_()
    )
    assert {text for tag, text in page.text if tag == "span"} == {"one"}
    assert [text for tag, text in page.text if tag == "p"] == [" two"] * 3


EVIL = '<script>alert("x")</script> & <b>'


@pytest.mark.parametrize(
    "changed",
    [
        {"text": EVIL, "spans": [(0, 8), (8, len(EVIL))]},
        {"text": EVIL, "spans": [(3, 4), (5, 6)]},
        {"classes": np.array([EVIL, "b", "c"])},
        {"ngrams": [Ngram((0,), EVIL, np.array([1.0, 0.0, 0.0]))]},
    ],
    ids=["words", "between words", "class", "n-gram"],
)
def test_html_escapes(changed):
    page = make_explanation(**changed)._repr_html_()
    assert "<script" not in page
    assert 'alert("' not in page
    shown = "".join(text for _, text in Page(page).text)
    assert EVIL in shown


def test_html_of_no_words(wide_and_deep):
    page = Page(explain(wide_and_deep, "?!")._repr_html_())
    assert not page.of("span")
    assert not page.of("table")
    assert [text for tag, text in page.text if tag == "p"] == ["?!", "?!"]


def test_html_of_a_fitted_pipeline(fit, corpus, vectors):
    labels = np.where(corpus[1] == "tools", "<b>tools</b>", "animals & co")
    pipeline = fit(corpus[0][:40], labels[:40], vectors, Parallel(filters=2), filters="")
    page = explain(pipeline, "the <i>cat</i> sat")._repr_html_()
    assert "<i>" not in page
    assert "<b>tools" not in page
    assert "the <i>cat</i> sat" in "".join(text for _, text in Page(page).text)


# In a terminal


def test_text_begins_with_the_most_probable_class(wide_and_deep):
    explanation = explain(wide_and_deep, "The cat and the dog.")
    first, *_ = str(explanation).splitlines()
    assert first.split()[:2] == ["animals:", f"{explanation.probabilities[0]:.1%}"]


def test_text_is_a_table():
    shown = str(make_explanation(probabilities=np.array([0.2, 0.7, 0.1])))
    assert shown.splitlines() == [
        "b: 70.0%        a: 20.0%            c: 10.0%",
        "   +3.00  two      +2.00  one",
        "                   +1.00  one two",
    ]


def test_text_of_no_words(wide_and_deep):
    assert len(str(explain(wide_and_deep, "?!")).splitlines()) == 1


def test_repr_is_the_text(explanation):
    assert repr(explanation) == str(explanation)


def test_lone_surrogates_are_shown_as_question_marks():
    text = "\ud800one two\udfff"
    explanation = make_explanation(
        text=text, spans=[(0, 4), (5, 9)], ngrams=[Ngram((0,), "\ud800one", np.array([1.0, 2.0, 3.0]))]
    )
    assert "?one" in str(explanation)
    page = explanation._repr_html_()
    assert page.encode()
    assert [text for tag, text in Page(page).text if tag == "p"][-1].endswith("?")
    assert explanation.text == text
