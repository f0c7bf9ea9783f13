"""Fitted models on disk: a state that knows its version, and files that hold data and no code.

pickle and joblib work on every estimator. What `dump` writes is a file of skops: a zip of arrays and settings with a checksum
for each, which is loaded without running anything that the file says.
"""

import contextlib
import importlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from skglove._version import __version__

# Goes up when the state of a fitted estimator changes its shape; what reads the older shapes goes into `__setstate__`.
FORMAT = 2

TRUSTED = (
    "skglove.classifier.ConvTextClassifier",
    "skglove.models.custom.Custom",
    "skglove.models.ensemble.WideAndDeep",
    "skglove.models.linear.Linear",
    "skglove.models.parallel.Parallel",
    "skglove.models.stacked.Stacked",
    "skglove.vectorizer.GloveTextVectorizer",
    "skglove.vectors.wordvectors.WordVectors",
)
"""The types of this package that a saved model can hold: what to pass to ``skops.io.load`` as `trusted`."""

_PATHS = ("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib._local.PosixPath", "pathlib._local.WindowsPath")
# Where scikit-learn defines the classes that searches and other estimators around a pipeline hold, and their metrics.
_MODULES_OF_CLASSES = (
    "sklearn.calibration",
    "sklearn.metrics._scorer",
    "sklearn.model_selection._split",
    "sklearn.utils._bunch",
    "sklearn.utils._metadata_requests",
)
_MODULES_OF_METRICS = ("sklearn.metrics._classification", "sklearn.metrics._ranking")


class VersionError(ValueError):
    """A model was saved by another version of skglove, in a form that this one does not read."""


class PlainState:
    """Mixin of what is saved: what ``joblib.load(mmap_mode="r")`` left as views of a file is saved as arrays."""

    def __getstate__(self) -> dict[str, Any]:
        return _plain(super().__getstate__())


class VersionedState(PlainState):
    """Mixin of the estimators: a saved state says which skglove saved it, and what cannot be read is refused with both names."""

    def __getstate__(self) -> dict[str, Any]:
        return dict(super().__getstate__(), _saved_by={"skglove": __version__, "format": FORMAT})

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved_by = state.get("_saved_by") or {"skglove": "of before the first release", "format": 0}
        if saved_by["format"] != FORMAT:
            newer = saved_by["format"] > FORMAT
            raise VersionError(
                f"This {type(self).__name__} was saved by skglove {saved_by['skglove']} (format {saved_by['format']}); skglove "
                f"{__version__} reads format {FORMAT}. "
                + ("Install that version or a later one." if newer else "Train and save it again.")
            )
        super().__setstate__({name: value for name, value in state.items() if name != "_saved_by"})  # type: ignore[misc]


def _plain(value: Any) -> Any:
    """Return the same value with arrays in place of memory maps."""
    if isinstance(value, np.memmap):
        return np.asarray(value)
    if type(value) in (list, tuple):
        return type(value)(_plain(item) for item in value)
    if type(value) is dict:
        # Large dicts, such as a mapping of vectors, are copied only where something has to change.
        plain = {name: _plain(item) for name, item in value.items()}
        return plain if any(plain[name] is not item for name, item in value.items()) else value
    return value


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


def dump(model: Any, file: str | os.PathLike, trusted: Sequence[str | type] = ()) -> None:
    """Save a fitted estimator as a file that `load` reads without running any code in it.

    Parameters
    ----------
    model : estimator
        A `ConvTextClassifier`, a `GloveTextVectorizer`, or what scikit-learn has around them: a pipeline, a search, a vote.
    file : path
        What is there is replaced when the new file is complete. skops' ending is ``.skops``.
    trusted : sequence of str or type
        Types that the model may hold beside those that `load` trusts, such as an architecture of your own. `load` then needs
        the same.

    Raises
    ------
    TypeError
        If the model holds other types, so that `load` would refuse the file. What was in `file` is still there.
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
        with open(partial, "rb") as written:
            untrusted = set(skops.get_untrusted_types(file=written)) - set(_trusted_names(skops, written, trusted))
        if untrusted:
            raise TypeError(
                f"The model holds types that load does not trust: {', '.join(sorted(untrusted))}. If you do, pass them as "
                "`trusted` here and to load; otherwise save with joblib.dump."
            )


def load(file: str | os.PathLike, trusted: Sequence[str | type] = ()) -> Any:
    """Load what `dump` saved.

    Parameters
    ----------
    file : path
    trusted : sequence of str or type
        Types that the file may hold beside those of `TRUSTED`, scikit-learn's estimators, and what searches and the like
        hold of scikit-learn; such as an architecture of your own. Whatever is trusted can be called by the file.

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
            return skops.load(opened, trusted=_trusted_names(skops, opened, trusted))
        except (skops.exceptions.UntrustedTypesFoundException, VersionError):
            raise
        except Exception as error:  # whatever a damaged file leads to
            raise ValueError(
                f"{os.fspath(file)!r} cannot be loaded: it is cut short, has been altered, or was not written by skglove.dump "
                f"or skops ({type(error).__name__}: {error}). Take another copy; a pickle is loaded with joblib.load."
            ) from error


def _trusted_names(skops: ModuleType, file: Any, trusted: Sequence[str | type]) -> list[str]:
    """Return the names of all types that may be loaded from a file."""
    given = [f"{kind.__module__}.{kind.__qualname__}" if isinstance(kind, type) else kind for kind in trusted]
    file.seek(0)
    found = skops.get_untrusted_types(file=file)
    file.seek(0)
    return [*TRUSTED, *_PATHS, *given, *filter(_is_part_of_scikit_learn, found)]


def _is_part_of_scikit_learn(name: str) -> bool:
    """Tell whether a name is that of a class which scikit-learn's estimators hold, or of a metric.

    A file can call whatever it may name, so a package cannot be trusted as a whole: scikit-learn's own functions can delete
    folders, and some of its modules import functions that run programs.
    """
    module, _, attribute = name.rpartition(".")
    if module not in _MODULES_OF_CLASSES + _MODULES_OF_METRICS:
        return False
    found = getattr(importlib.import_module(module), attribute, None)
    is_defined_there = getattr(found, "__module__", None) == module
    return is_defined_there and (isinstance(found, type) or module in _MODULES_OF_METRICS)


@contextlib.contextmanager
def replacing(file: str | os.PathLike) -> Iterator[Path]:
    """Give the path of a new file beside `file`, which replaces it if nothing goes wrong.

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
