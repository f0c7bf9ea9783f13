"""Strings of files and runtimes that are UTF-8, unlike those of Python, which may contain half of a surrogate pair."""

from collections.abc import Iterable


def check_utf8(strings: Iterable[str], what: str, remedy: str) -> None:
    r"""Raise a ValueError about the first string that UTF-8 cannot represent.

    Parameters
    ----------
    strings : iterable of str
    what : str
        What each of them is, for the message.
    remedy : str
        What to do, as a sentence.

    Examples
    --------
    >>> check_utf8(["cat", "\ud800x"], "The word", "Fit again.")
    Traceback (most recent call last):
    ValueError: The word '\ud800x' contains a lone surrogate, which UTF-8 cannot represent. Fit again.
    """
    for string in strings:
        try:
            string.encode()
        except UnicodeEncodeError:
            raise ValueError(
                f"{what} {string!r} contains a lone surrogate, which UTF-8 cannot represent. {remedy}"
            ) from None
