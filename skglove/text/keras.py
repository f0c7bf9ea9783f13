"""Keras' word tokenization.

The rules are those of ``tensorflow.keras.preprocessing.text.Tokenizer``: convert the text to lower case, replace every character
of `filters` by `split`, split at `split`, and drop empty words.
"""

import re

from skglove.text.tokenizer import SeparatingTokenizer

KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


class KerasTokenizer(SeparatingTokenizer):
    """Split texts into words as Keras does.

    Parameters
    ----------
    lower : bool
        Whether texts are converted to lower case.
    filters : str
        Characters that separate words, besides `split`.
    split : str
        The separator; not empty.

    Examples
    --------
    >>> KerasTokenizer().words("Don't panic: it's a well-known cat.")
    ["don't", 'panic', "it's", 'a', 'well', 'known', 'cat']
    """

    def __init__(self, *, lower: bool = True, filters: str = KERAS_FILTERS, split: str = " ") -> None:
        super().__init__({ord(character): split for character in filters}, lower=lower, separator=split)
        self._filters = filters

    def substitutions(self) -> list[tuple[str, str]]:
        """Return the replacement of the filters as a regular expression in the syntax of RE2."""
        rewritten = self.separator.replace("\\", r"\\")
        return [(f"[{re.escape(self._filters)}]", rewritten)] if self._filters else []
