"""The state of estimators and their parts: plain arrays and settings, with the format of the whole."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from skglove._version import __version__
from skglove.saving.migrations import MIGRATIONS, current_format, migrated


class VersionError(ValueError):
    """A model was saved by a version of skglove whose format is not supported."""


class PlainState:
    """Mixin for pickling: memory maps, as from ``joblib.load(mmap_mode="r")``, are saved as arrays."""

    def __getstate__(self) -> dict[str, Any]:
        # A copy, since other threads may set attributes.
        return _plain(dict(super().__getstate__()))  # type: ignore[call-overload]


class VersionedState(PlainState):
    """Mixin of the estimators: adds the version of skglove to the state, and checks it."""

    def __getstate__(self) -> dict[str, Any]:
        return dict(super().__getstate__(), _saved_by={"skglove": __version__, "format": current_format()})

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        saved_by = state.pop("_saved_by", None) or {"skglove": "of before the first release", "format": 0}
        number = saved_by["format"]
        if number not in (*MIGRATIONS, current_format()):
            newer = number > current_format()
            raise VersionError(
                f"This {type(self).__name__} was saved by skglove {saved_by['skglove']} (format {number}); skglove "
                f"{__version__} reads format {current_format()}. "
                + ("Install that version or a later one." if newer else "Train and save it again.")
            )
        state = migrated(state, number)
        super().__setstate__(state)  # type: ignore[misc]


def _plain(value: Any) -> Any:
    """Return the same value with arrays in place of memory maps."""
    if isinstance(value, np.memmap):
        return np.asarray(value)
    if type(value) in (list, tuple):
        return type(value)(_plain(item) for item in value)
    if type(value) is dict:
        # Large dicts, such as a mapping of vectors, are copied only if something changes.
        plain = {name: _plain(item) for name, item in value.items()}
        return plain if any(plain[name] is not item for name, item in value.items()) else value
    return value


def pack_words(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Turn words into two arrays, which are faster to save and load than strings.

    Returns
    -------
    characters : ndarray of uint8
        All words in UTF-8, concatenated.
    lengths : ndarray of shape (n_words,), int32
        The number of characters of each word.
    """
    characters = "".join(words).encode("utf-8", "surrogatepass")
    return np.frombuffer(characters, dtype=np.uint8), np.fromiter(map(len, words), dtype=np.int32, count=len(words))


def unpack_words(characters: np.ndarray, lengths: np.ndarray) -> list[str]:
    """Turn two arrays back into words.

    Parameters
    ----------
    characters, lengths : ndarray
        As `pack_words` returns them.
    """
    text = characters.tobytes().decode("utf-8", "surrogatepass")
    ends = np.cumsum(lengths).tolist()
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
