import pytest

from skglove.inspection.rendering import coloured, html_section, html_tables, side_by_side, text_rows


def test_columns_side_by_side():
    assert side_by_side([["a", "b", "c"], ["long title"], ["d", "", "e"]]) == "\n".join(
        ["a   long title   d", "b", "c                e"]
    )


def test_wide_and_combining_characters_are_aligned():
    columns = [["猫が", "a", "u\u0308", "ｶ"], ["b", "c", "d", "e"]]  # two of width 2; one of no width; half-width
    assert side_by_side(columns) == "猫が   b\na      c\nu\u0308      d\nｶ      e"


def test_rows_of_text_are_aligned():
    assert text_rows([("a", 1.0), ("b c", -12.345)]) == ["   +1.00  a", "  -12.35  b c"]


@pytest.mark.parametrize(
    ("value", "colour"),
    [(2.0, "rgba(46, 160, 67, 0.50)"), (1.0, "rgba(46, 160, 67, 0.25)"), (-2.0, "rgba(218, 54, 51, 0.50)")],
)
def test_the_colour_shows_sign_and_strength(value, colour):
    assert coloured("a", value, 2.0) == f'<span style="background-color: {colour}" title="{value:+.2f}">a</span>'


@pytest.mark.parametrize(("value", "strongest"), [(0.0, 2.0), (0.001, 2.0), (0.0, 0.0)])
def test_what_adds_nothing_has_no_colour(value, strongest):
    assert coloured("a<b", value, strongest) == "a&lt;b"


def test_tables_of_ngrams():
    page = html_tables(([("a&b", 1.0)], [("c", -0.5)]), 1.0)
    assert page.count("<table>") == page.count("</table>") == 2
    assert ">+1.00</td>" in page
    assert ">a&amp;b</td>" in page
    assert ">-0.50</td>" in page


def test_no_table_of_no_ngrams():
    assert "<table" not in html_tables(([], []), 0.0)
    assert html_tables(([("a", 1.0)], []), 1.0).count("<table>") == 1


@pytest.mark.parametrize(("is_open", "start"), [(True, "<details open>"), (False, "<details>")])
def test_sections_are_open_or_closed(is_open, start):
    page = html_section("a < b", "<p>content</p>", is_open=is_open)
    assert page.startswith(start)
    assert "<b>a &lt; b</b>" in page
    assert page.endswith("<p>content</p></details>")
