"""Files of skops, which can be loaded without executing code from them.

`dump` writes a zip archive of arrays and settings, with a checksum for each.
"""

import copy
import io
import json
import os
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Integral
from types import ModuleType
from typing import Any

from skglove._sklearn import Interval, is_class_or_metric, validate_params
from skglove.saving.migrations import FORMER_NAMES
from skglove.saving.replacing import replacing
from skglove.saving.state import VersionError

TRUSTED = (
    "skglove.ConvTextClassifier",
    "skglove.GloveTextVectorizer",
    "skglove.models.Custom",
    "skglove.models.Linear",
    "skglove.models.Parallel",
    "skglove.models.Stacked",
    "skglove.models.WideAndDeep",
    "skglove.vectors.WordVectors",
)
"""The types of this package in saved models, to pass to ``skops.io.load`` as `trusted`."""

# `dump` does not compress, but who does so may have large arrays of zeros.
RATIO = 100  # of the bytes that a file unpacks to, to its own
SMALL = 1 << 29  # bytes that any file may unpack to
_BLOCK = 1 << 20

_PATHS = ("pathlib.PosixPath", "pathlib.WindowsPath", "pathlib._local.PosixPath", "pathlib._local.WindowsPath")


class _RefusedError(ValueError):
    """A file would unpack to more than it may."""


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
    return [*TRUSTED, *FORMER_NAMES, *_PATHS, *given, *filter(is_class_or_metric, found)]


def _import_skops() -> ModuleType:
    try:
        import skops.io
    except ImportError as error:
        raise ImportError("dump and load require skops: pip install skops. joblib.dump works without it.") from error
    return skops.io
