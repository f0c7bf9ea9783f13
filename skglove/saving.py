"""Fitted models on disk: a state that knows its version, and files that hold data and no code.

pickle and joblib work on every estimator; what `dump` writes is a file of skops, a zip of arrays and settings with a checksum
for each, which is loaded without running anything that the file says.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

# Goes up when the state of a fitted estimator changes its shape; what reads the older shapes goes into `__setstate__`.
FORMAT = 1

TRUSTED = (
    "skglove.classifier.ConvTextClassifier",
    "skglove.model.TrainedNetwork",
    "skglove.network.NetworkConfig",
    "skglove.vectorizer.GloveTextVectorizer",
    "skglove.wide.WideModel",
    "skglove.wide.WideWeights",
)
"""The types of this package that a saved pipeline can hold: what to pass to ``skops.io.load`` as `trusted`."""


class VersionError(ValueError):
    """A model was saved by another version of skglove, in a form that this one does not read."""


class VersionedState:
    """Mixin of the estimators: what is saved says which skglove saved it, and one that is too old says so when it loads it."""

    def __getstate__(self) -> dict[str, Any]:
        from skglove import __version__

        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return plain_arrays(dict(state, _saved_by={"skglove": __version__, "format": FORMAT}))

    def __setstate__(self, state: dict[str, Any]) -> None:
        from skglove import __version__

        saved_by = state.get("_saved_by") or {"skglove": "of before the first release", "format": 0}
        if saved_by["format"] != FORMAT:
            newer = saved_by["format"] > FORMAT
            raise VersionError(
                f"This {type(self).__name__} was saved by skglove {saved_by['skglove']} (format {saved_by['format']}); skglove "
                f"{__version__} reads format {FORMAT}. "
                + ("Install that version or a later one." if newer else "Train and save it anew.")
            )
        super().__setstate__({name: value for name, value in state.items() if name != "_saved_by"})  # type: ignore[misc]


def plain_arrays(state: dict[str, Any]) -> dict[str, Any]:
    """Return a state in which what ``joblib.load(mmap_mode="r")`` left as views of a file are arrays like all others.

    Parameters
    ----------
    state : dict
        Arrays as its values, or in lists or dicts that are its values.
    """

    def plain(value: Any) -> Any:
        if isinstance(value, list):
            return [plain(item) for item in value]
        if isinstance(value, dict) and any(isinstance(item, np.memmap) for item in value.values()):
            return {name: plain(item) for name, item in value.items()}
        return np.asarray(value) if isinstance(value, np.memmap) else value

    return {name: plain(value) for name, value in state.items()}


def pack_words(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Turn words into two arrays, which are saved and loaded faster than many strings.

    Parameters
    ----------
    words : sequence of str

    Returns
    -------
    characters : ndarray of uint8
        All words in UTF-8, one after the other.
    lengths : ndarray of shape (n_words,), int32
        How many characters each word has.
    """
    characters = "".join(words).encode("utf-8", "surrogatepass")
    return np.frombuffer(characters, dtype=np.uint8), np.fromiter(map(len, words), dtype=np.int32, count=len(words))


def unpack_words(characters: np.ndarray, lengths: np.ndarray) -> list[str]:
    """Turn two arrays back into words.

    Parameters
    ----------
    characters, lengths : ndarray
        As `pack_words` returns them.

    Returns
    -------
    list of str
    """
    text = characters.tobytes().decode("utf-8", "surrogatepass")
    ends = np.cumsum(lengths).tolist()
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def dump(model: Any, file: str | os.PathLike) -> None:
    """Save a fitted estimator or pipeline as a file that `load` reads without running any code in it.

    Parameters
    ----------
    model : estimator
        A `ConvTextClassifier`, a `GloveTextVectorizer` or a scikit-learn pipeline of these. (Of a search, its
        ``best_estimator_``; the rest of it holds types that skops does not trust.)
    file : path
        What is there is replaced when the new file is complete. skops' ending is ``.skops``.

    Raises
    ------
    ImportError
        If skops is not installed.

    See Also
    --------
    load : Reads it.

    Examples
    --------
    >>> import tempfile
    >>> from skglove import GloveTextVectorizer, dump, load
    >>> vectorizer = GloveTextVectorizer(embeddings=None).fit(["the cat", "a dog"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dump(vectorizer, f"{folder}/vectorizer.skops")
    ...     load(f"{folder}/vectorizer.skops").vocabulary_
    {'the': 1, 'cat': 2, 'a': 3, 'dog': 4}
    """
    skops = _import_skops()
    with replacing(file) as partial:
        skops.dump(model, partial)


def load(file: str | os.PathLike, trusted: Sequence[str | type] = ()) -> Any:
    """Load what `dump` saved.

    Parameters
    ----------
    file : path
    trusted : sequence of str or type
        Types beside scikit-learn's and those of `TRUSTED` that the file may hold, such as an architecture of your own.

    Returns
    -------
    estimator

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is cut short, has been altered or was never one of these; or if it was saved by a later skglove, which the
        message names.
    skops.io.exceptions.UntrustedTypesFoundException
        If the file holds other types. Nothing of it has been loaded then.
    ImportError
        If skops is not installed.
    """
    skops = _import_skops()
    with open(file, "rb") as opened:
        try:
            return skops.load(opened, trusted=[*TRUSTED, *trusted])
        except (skops.exceptions.UntrustedTypesFoundException, VersionError):
            raise
        except Exception as error:  # whatever a damaged file leads to
            raise ValueError(
                f"{os.fspath(file)!r} cannot be loaded: it is cut short, has been altered, or is no file that skglove.dump or "
                f"skops made ({type(error).__name__}: {error}). Take another copy; a pickle is loaded with joblib.load."
            ) from error


@contextlib.contextmanager
def replacing(file: str | os.PathLike) -> Iterator[Path]:
    """Give the path of a new file beside `file`, which takes its place if nothing goes wrong.

    Parameters
    ----------
    file : path
    """
    file = Path(file)
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
        partial = Path(folder) / file.name
        yield partial
        os.replace(partial, file)


def _import_skops() -> ModuleType:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError(
            "Saving without pickle needs skops: pip install 'skglove[skops]'. joblib.dump needs nothing more."
        ) from error
    return skops.io
