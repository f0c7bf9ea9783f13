"""From a name or a function to a tokenizer."""

from collections.abc import Callable, Iterable

from skglove.text.callables import CallableTokenizer
from skglove.text.characters import CharacterTokenizer
from skglove.text.glove import GloveTokenizer
from skglove.text.keras import KerasTokenizer
from skglove.text.tokenizer import Tokenizer

TOKENIZERS = ("keras", "glove", "characters")
"""The names of tokenizers."""


def make_tokenizer(
    tokenizer: str | Callable[[str], Iterable[str]] | None, *, lower: bool, filters: str, split: str
) -> Tokenizer:
    """Make a tokenizer from the parameters of `GloveTextVectorizer`.

    Parameters
    ----------
    tokenizer : {"keras", "glove", "characters"}, callable or None
        None is "keras".
    lower : bool
    filters, split : str
        Only for "keras".
    """
    if tokenizer in (None, "keras"):
        return KerasTokenizer(lower=lower, filters=filters, split=split)
    if tokenizer == "glove":
        return GloveTokenizer(lower=lower)
    if tokenizer == "characters":
        return CharacterTokenizer(lower=lower)
    assert callable(tokenizer)
    return CallableTokenizer(tokenizer, lower=lower)
