"""Contributions as text in columns, and as coloured text and tables in HTML.

The HTML has neither scripts nor style sheets, which notebooks remove from files that are not trusted. Translucent colours are
visible on light and dark backgrounds.
"""

import html
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from skglove.inspection.contributions import Ngrams
from skglove.text.tokenizer import Span
from skglove.vectors.sources.objects import without_surrogates

_FOR, _AGAINST = "46, 160, 67", "218, 54, 51"  # green and red
_OPACITY = 0.5  # at most, so that black and white text stay readable
_GAP = "   "
_CAPTIONS = "for", "against"

LEGEND = "Green speaks for a class, red against it."


def side_by_side(columns: Sequence[Sequence[str]]) -> str:
    """Return columns of lines as one text, aligned in terminals, where Chinese and Japanese characters are two columns wide."""
    height = max(map(len, columns))
    padded = [_padded([*column, *[""] * (height - len(column))]) for column in columns]
    return "\n".join(_GAP.join(row).rstrip() for row in zip(*padded, strict=True))


def _padded(lines: Sequence[str]) -> list[str]:
    """Return lines of the same width."""
    widths = [sum(map(_width, line)) for line in lines]
    return [line + " " * (max(widths) - width) for line, width in zip(lines, widths, strict=True)]


def _width(character: str) -> int:
    """Return the number of columns that a terminal uses for a character."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def text_rows(ngrams: Ngrams) -> list[str]:
    """Return a line for each n-gram and its contribution."""
    return [f"{value:+8.2f}  {without_surrogates(text)}" for text, value in ngrams]


def escaped(text: str) -> str:
    """Return a text as HTML that can be encoded in UTF-8."""
    return html.escape(without_surrogates(text))


def coloured(text: str, value: float, strongest: float) -> str:
    """Return a text as HTML, green or red by its contribution, which is its tooltip.

    Parameters
    ----------
    text : str
    value : float
    strongest : float
        The absolute value of the strongest colour. Colours that would not be visible are left out.
    """
    style = _background(value, strongest)
    return f'<span style="{style}" title="{value:+.2f}">{escaped(text)}</span>' if style else escaped(text)


def without_overlaps(spans: Iterable[Span], values: Iterable[float]) -> Iterator[tuple[int, int, float]]:
    """Yield parts of the text that do not overlap, with their values; the value of a word is divided among its parts."""
    spans = list(spans)
    edges = sorted({edge for span in spans for edge in span})
    totals: dict[int, float] = defaultdict(float)
    for (start, stop), value in zip(spans, values, strict=True):
        inside = range(bisect_left(edges, start), bisect_left(edges, stop))
        for i in inside:
            totals[i] += value / len(inside)
    for i, total in sorted(totals.items()):
        yield edges[i], edges[i + 1], total


def html_tables(for_and_against: tuple[Ngrams, Ngrams], strongest: float) -> str:
    """Return the n-grams that speak for and against a class as two tables of HTML.

    Parameters
    ----------
    for_and_against : tuple of two lists of (str, float)
        N-grams and their contributions.
    strongest : float
        As for `coloured`.
    """
    tables = [_table(ngrams, strongest, caption) for ngrams, caption in zip(for_and_against, _CAPTIONS, strict=True)]
    return (
        f'<div style="display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.5em 2em">{"".join(tables)}</div>'
    )


def html_section(title: str, content: str, *, is_open: bool) -> str:
    """Return HTML that is shown when its title is clicked."""
    opened = " open" if is_open else ""
    return f'<details{opened}><summary style="cursor: pointer"><b>{escaped(title)}</b></summary>{content}</details>'


def _table(ngrams: Ngrams, strongest: float, caption: str) -> str:
    if not ngrams:
        return ""
    left, right = "text-align: left", "text-align: right"
    rows = [
        f'<tr><td style="{right}; {_background(value, strongest)}">{value:+.2f}</td>'
        f'<td style="{left}">{escaped(text)}</td></tr>'
        for text, value in ngrams
    ]
    return f'<table><caption style="{left}">{caption}</caption>{"".join(rows)}</table>'


def _background(value: float, strongest: float) -> str:
    opacity = f"{_OPACITY * min(1, abs(value) / strongest):.2f}" if strongest else "0.00"
    return "" if opacity == "0.00" else f"background-color: rgba({_FOR if value > 0 else _AGAINST}, {opacity})"
