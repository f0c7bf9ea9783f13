"""Tokenization for GloVe's vectors of English words.

GloVe was trained on texts split by Stanford's tokenizer (Pennington et al. 2014, section 4.2), which follows the Penn Treebank:
contractions are two words, the second of which has a vector of its own ("do" and "n't", "it" and "'s").
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

from skglove.text.tokenizer import ComposingTokenizer, Span
from skglove.text.unicode import Replacements, substitutions, without_blanks

# The straight one, the typographic ones, the modifier letter, an acute accent in its place, and the fullwidth one.
_APOSTROPHES = frozenset("'\u2018\u2019\u201b\u02bc\u00b4\uff07")
_SUFFIXES = ("n't", "'s", "'m", "'d", "'re", "'ve", "'ll")
# Words that begin with an apostrophe: suffixes, in texts that have been split before, and "'em".
_WITH_APOSTROPHE = frozenset([*_SUFFIXES[1:], "'em"])
_AT_MOST = 2  # contractions in a row, as in "shouldn't've"
_HYPHENS = frozenset("-\u2010\u2011")
_SEPARATORS = ("P", "Sm", "Sc", "Sk")  # punctuation and symbols, except those of the category So, such as emoji


def _in_any_case(words: Iterable[str]) -> str:
    """Return an expression for words, in upper or lower case; the flag for it would match other letters, too."""
    return "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word) for word in sorted(words))


# One hyphen joins words, several are a dash.
_HYPHENATED = re.compile("[^-]+(?:-[^-]+)*")
_CONTRACTION = re.compile(f"(?:{_in_any_case(_SUFFIXES)})$")


def _replacement(character: str) -> str:
    if character in _APOSTROPHES:
        return "'"
    if character in _HYPHENS:
        return "-"
    category = unicodedata.category(character)
    if category == "So":
        return f" {character} "
    return " " if category.startswith(_SEPARATORS) else without_blanks(character)


_REPLACEMENTS = Replacements(_replacement)


class GloveTokenizer(ComposingTokenizer):
    """Split English texts into words that GloVe's vectors have.

    - White space and punctuation of all Unicode separate words, typographic quotation marks and dashes included; symbols such as
      emoji are words. Invisible characters, such as soft hyphens, are removed.
    - Hyphens join words, as in "well-known"; two or more are a dash.
    - Typographic apostrophes and hyphens are replaced by those of ASCII, and removed around words.
    - Accents are composed (NFC), so that it does not matter how a text has them.
    - Contractions are split as in the Penn Treebank: "n't", "'s", "'m", "'d", "'re", "'ve" and "'ll" are words.

    Parameters
    ----------
    lower : bool, default=True

    Notes
    -----
    Differences from Stanford's tokenizer: numbers with points or commas and abbreviations are split, as by Keras, since keeping
    them together made no difference in tests. Punctuation is left out: as words, it lowered the accuracy of linear models on
    pairs of words and on mean vectors.

    References
    ----------
    .. [1] J. Pennington, R. Socher and C. Manning, "GloVe: Global Vectors for Word Representation", EMNLP 2014.

    Examples
    --------
    >>> GloveTokenizer().words("Don\u2019t panic\u2014it\u2019s a \u201cwell-known\u201d cat.")
    ['do', "n't", 'panic', 'it', "'s", 'a', 'well-known', 'cat']
    """

    def __init__(self, *, lower: bool = True) -> None:
        super().__init__(_REPLACEMENTS, lower=lower)

    def split(self, text: str) -> list[str]:
        """Split a text; most pieces have no apostrophe or hyphen and are words."""
        pieces = super().split(text)
        if not any("'" in piece or "-" in piece for piece in pieces):
            return pieces
        return [word for piece in pieces for word in (_words(piece) if "'" in piece or "-" in piece else (piece,))]

    def cut(self, piece: str) -> Sequence[Span]:
        """Return the positions of the words of a piece."""
        return _cut(piece) if "'" in piece or "-" in piece else [(0, len(piece))]

    def substitutions(self) -> list[tuple[str, str]]:
        r"""Return the rules as regular expressions in the syntax of RE2.

        Returns
        -------
        list of (str, str)
            Patterns and their replacements, one after the other. The words are then separated by spaces.
        """
        protected = "\x01"  # control characters are spaces by then
        begin, end = "(^| )", "( |$)"
        starts = _in_any_case(word[1:] for word in _WITH_APOSTROPHE)
        return [
            *substitutions(_replacement),
            (" |--+", "  "),  # two, so that one match does not take the space that the next one begins with
            (f"-{end}", r"\1"),
            (f"{begin}-", r"\1"),
            (f"{begin}'({starts}){end}", rf"\1{protected}\2\3"),
            (f"['-]+{end}", r"\1"),
            (f"{begin}['-]+", r"\1"),
            *[(f"({_in_any_case(_SUFFIXES)}){end}", r"  \1 \2")] * _AT_MOST,
            (protected, "'"),
        ]


@functools.lru_cache(maxsize=10_000)
def _words(piece: str) -> tuple[str, ...]:
    """Return the words of a piece; most are contractions that occur again and again."""
    return tuple(piece[start:end] for start, end in _cut(piece))


def _cut(piece: str) -> list[Span]:
    return [span for part in _HYPHENATED.finditer(piece) for span in _contracted(piece, *part.span())]


def _contracted(piece: str, start: int, end: int) -> list[Span]:
    """Return the positions of words, without apostrophes around them, with contractions split."""
    word = piece[start:end]
    if word.lower() in _WITH_APOSTROPHE:
        return [(start, end)]
    start, end = end - len(word.lstrip("'-")), start + len(word.rstrip("'-"))
    spans: list[Span] = []
    for _ in range(_AT_MOST):
        suffix = _CONTRACTION.search(piece, start, end)
        if suffix and suffix.start() > start:
            spans.insert(0, (suffix.start(), end))
            end = suffix.start()
    return [(start, end), *spans] if start < end else []
