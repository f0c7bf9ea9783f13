"""Persistence: versioned states of estimators, and files of skops that can be loaded without executing code from them.

`dump` writes a zip archive of arrays and settings, with a checksum for each. pickle and joblib work, too.
"""

import contextlib
import copy
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from skglove._sklearn import Interval, is_class_or_metric, validate_params
from skglove._version import __version__

# Incremented when the state of fitted estimators changes; `MIGRATIONS` has to have a function then.
FORMAT = 3

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
"""The types of this package in saved models, to pass to ``skops.io.load`` as `trusted`."""

# `dump` does not compress, but who does so may have large arrays of zeros.
RATIO = 100  # of the bytes that a file unpacks to, to its own
SMALL = 1 << 29  # bytes that any file may unpack to
_BLOCK = 1 << 20

_PATHS = ("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib._local.PosixPath", "pathlib._local.WindowsPath")


class VersionError(ValueError):
    """A model was saved by a version of skglove whose format is not supported."""


class _RefusedError(ValueError):
    """A file would unpack to more than it may."""


class PlainState:
    """Mixin for pickling: memory maps, as from ``joblib.load(mmap_mode="r")``, are saved as arrays."""

    def __getstate__(self) -> dict[str, Any]:
        # A copy, since other threads may set attributes.
        return _plain(dict(super().__getstate__()))  # type: ignore[call-overload]


class VersionedState(PlainState):
    """Mixin of the estimators: adds the version of skglove to the state, and checks it."""

    def __getstate__(self) -> dict[str, Any]:
        return dict(super().__getstate__(), _saved_by={"skglove": __version__, "format": FORMAT})

    def __setstate__(self, state: dict[str, Any]) -> None:
        saved_by = state.get("_saved_by") or {"skglove": "of before the first release", "format": 0}
        state = {name: value for name, value in state.items() if name != "_saved_by"}
        if saved_by["format"] in MIGRATIONS:
            for number in range(saved_by["format"], FORMAT):
                state = MIGRATIONS[number](state)
        elif saved_by["format"] != FORMAT:
            newer = saved_by["format"] > FORMAT
            raise VersionError(
                f"This {type(self).__name__} was saved by skglove {saved_by['skglove']} (format {saved_by['format']}); skglove "
                f"{__version__} reads format {FORMAT}. "
                + ("Install that version or a later one." if newer else "Train and save it again.")
            )
        super().__setstate__(state)  # type: ignore[misc]


def _from_format_2(state: dict[str, Any]) -> dict[str, Any]:
    """Convert what `partial_fit` continues from, which had models of scikit-learn; class priors were not kept."""
    if "architecture_" in state:
        state = state | {"class_prior_": None}
    linear: Any = getattr(state.get("architecture_"), "linear_", state.get("architecture_"))
    training = getattr(linear, "training_state_", None)
    if training is not None and "models" in training:
        linear.training_state_ = training | {"models": [_as_arrays(*models) for models in training["models"]]}
    return state


def _as_arrays(svms: Sequence[Any], bayes: Sequence[Any]) -> dict[str, list[Any]]:
    of_svms = []
    for svm in svms:
        # The bias is now the weight of a feature of value .1.
        pairs = (svm._standard_coef, svm._standard_intercept), (svm._average_coef, svm._average_intercept)
        weights, averages = (
            np.column_stack([np.atleast_2d(weights), intercepts / 0.1]).astype(weights.dtype)
            for weights, intercepts in pairs
        )
        of_svms.append({"weights": weights, "averages": averages, "n_steps": float(svm.t_)})
    return {"svm": of_svms, "naive_bayes": [one.feature_count_ for one in bayes]}


# How the state of an estimator of each earlier format becomes one of the next format.
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {2: _from_format_2}


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


def dump(model: Any, file: str | os.PathLike, trusted: Sequence[str | Callable] = ()) -> None:
    """Save a fitted estimator as a file that can be loaded without executing code from it.

    Parameters
    ----------
    model : estimator
        A `ConvTextClassifier`, a `GloveTextVectorizer`, or a pipeline, search or other meta-estimator of scikit-learn.
    file : path
        The file, usually with the suffix ``.skops``. An existing file is replaced when the new one is complete.
    trusted : sequence of str, type or function
        Additional types that the model may contain, such as a user-defined architecture or tokenizer. Pass the same to `load`.

    Raises
    ------
    TypeError
        If the model contains untrusted types. `file` is then not changed.
    FileNotFoundError
        If the folder of `file` does not exist.
    ImportError
        If skops is not installed.

    See Also
    --------
    load : Load a saved estimator.

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
                f"The model contains types that are not trusted: {', '.join(sorted(untrusted))}. Pass them as `trusted` to dump "
                "and load, or use joblib.dump."
            )


@validate_params({"max_size": [Interval(Integral, 1, None, closed="left"), None]}, prefer_skip_nested_validation=True)
def load(file: str | os.PathLike, trusted: Sequence[str | Callable] = (), max_size: int | None = None) -> Any:
    """Load an estimator saved by `dump`.

    Parameters
    ----------
    file : path
    trusted : sequence of str, type or function
        Additional types that the file may contain, such as a user-defined architecture or tokenizer. By default, `TRUSTED`,
        scikit-learn's estimators, and the classes and metrics that searches and ensembles hold are trusted. Trees and the
        distributions of random searches are not. A file can call any trusted type.
    max_size : int, default=None
        The most bytes that the file may unpack to, so that a small file cannot fill the memory. By default, 100 times the size
        of the file, and at least 512 MB. Files written by `dump` are not compressed, except for sparse matrices. Files
        compressed by another method than deflate are refused.

    Returns
    -------
    estimator

    Raises
    ------
    FileNotFoundError
        If the file does not exist.
    ValueError
        If the file is incomplete, damaged or of another kind, was saved by a later version of skglove, or unpacks to more than
        `max_size` bytes.
    skops.io.exceptions.UntrustedTypesFoundException
        If the file contains untrusted types. Nothing is loaded then.
    ImportError
        If skops is not installed.
    """
    skops = _import_skops()
    with open(file, "rb") as opened:
        try:
            _check_size(opened, max_size)
            return skops.load(opened, trusted=_trusted_names(skops, opened, trusted))
        except (skops.exceptions.UntrustedTypesFoundException, VersionError, _RefusedError):
            raise
        except Exception as error:  # a damaged file can raise any of them
            raise ValueError(
                f"{os.fspath(file)!r} cannot be loaded: it is incomplete, has been changed, or was not written by skglove.dump "
                f"or skops ({type(error).__name__}: {error}). Use another copy; load pickles with joblib.load."
            ) from error


def _check_size(file: io.BufferedReader, max_size: int | None) -> None:
    """Raise an error if all that is read from a file is larger than allowed."""
    size = os.fstat(file.fileno()).st_size
    limit = max(SMALL, RATIO * size) if max_size is None else max_size
    with zipfile.ZipFile(file) as archive:
        if _unpacked_size(archive, _members_read(archive), limit) > limit:
            raise _RefusedError(
                f"{file.name!r} has {size} bytes and unpacks to more than {limit}. If the model is known to be that large, pass "
                "max_size to load."
            )


def _members_read(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the names of members as often as skops reads them: once for each object."""
    yield "schema.json"
    reads = set()

    def note(node: dict[str, Any]) -> None:
        if isinstance(node.get("file"), str):  # anything else is an attribute or key of that name
            reads.add((node.get("__id__") or object(), node["file"]))

    json.loads(archive.read("schema.json"), object_hook=note)
    yield from (name for _, name in reads)


def _unpacked_size(archive: zipfile.ZipFile, names: Iterable[str], limit: int) -> int:
    """Return the size of members, and of the members of those that are archives, as sparse matrices are; stop above a limit."""
    size = 0
    for name in names:
        size += _decompressed_size(archive, name, limit - size)
        if size > limit:
            break
        with archive.open(name) as member:
            may_be_archive = member.read(2) == b"PK"
        if may_be_archive and zipfile.is_zipfile(content := io.BytesIO(archive.read(name))):
            with zipfile.ZipFile(content) as inner:
                size += _unpacked_size(inner, inner.namelist(), limit - size)
    return size


def _decompressed_size(archive: zipfile.ZipFile, name: str, limit: int) -> int:
    """Return the size of a member after decompressing it block by block, since the size it declares may be wrong."""
    info = copy.copy(archive.getinfo(name))
    if info.compress_type == zipfile.ZIP_STORED:
        return info.file_size
    if info.compress_type != zipfile.ZIP_DEFLATED:  # zipfile has no limit for what comes out
        raise _RefusedError(
            f"{archive.filename or name!r} is not compressed by deflate. Use skops.io.load, then skglove.dump."
        )
    info.file_size = sys.maxsize  # zipfile reads no further
    size = 0
    with archive.open(info) as member:
        while size <= limit and (block := member.read(_BLOCK)):
            size += len(block)
    return size


def _trusted_names(skops: ModuleType, file: Any, trusted: Sequence[str | Callable]) -> list[str]:
    """Return the names of all types that may be loaded from a file."""
    given = [f"{kind.__module__}.{kind.__qualname__}" if callable(kind) else kind for kind in trusted]
    file.seek(0)
    found = skops.get_untrusted_types(file=file)
    file.seek(0)
    return [*TRUSTED, *_PATHS, *given, *filter(is_class_or_metric, found)]


@contextlib.contextmanager
def replacing(file: str | os.PathLike) -> Iterator[Path]:
    """Yield the path of a temporary file, which replaces `file` on success."""
    file = Path(file)
    if not file.parent.is_dir():
        raise FileNotFoundError(
            f"The folder {str(file.parent)!r} does not exist. Create it before {file.name!r} is saved in it."
        )
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
        partial = Path(folder) / file.name
        yield partial
        os.replace(partial, file)


def _import_skops() -> ModuleType:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError("dump and load require skops: pip install skops. joblib.dump works without it.") from error
    return skops.io
