"""Reading word vectors from text: GloVe's and word2vec's formats, plain, ``.gz`` or inside a ``.zip``."""

import contextlib
import gzip
import itertools
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

import numpy as np

SUFFIXES = (".txt", ".vec", ".gz", ".zip")


def read_text(path: Path, vocabulary: Collection[str] | None = None) -> tuple[list[str], np.ndarray]:
    """Read a file of lines that hold a word and its numbers, separated by blanks.

    The first line may be word2vec's header of two whole numbers. Numbers are counted from the right, because some words of
    glove.840B hold blanks. Of a word that occurs twice the first line counts.

    Parameters
    ----------
    path : Path
    vocabulary : collection of str, optional
        The words wanted. The numbers of other lines are not parsed.

    Returns
    -------
    words : list of str
    vectors : ndarray of shape (n_words, dim), float32

    Raises
    ------
    ValueError
        If the file is empty, not UTF-8, or a line is broken; the message names file and line.
    """
    with _opened(path) as file:
        lines: Iterator[tuple[int, bytes]] = enumerate(file, start=1)
        number, first = next(lines, (0, b""))
        if not first.strip():
            raise ValueError(f"{path} is empty or begins with an empty line; expected lines of a word and its numbers.")
        if _is_header(first):
            dim = int(first.split()[1])
        else:
            dim = _count_numbers(first)
            lines = itertools.chain([(number, first)], lines)
        if dim < 1:
            raise ValueError(f"{path}, line {number}: no numbers after the word: {first[:60]!r}")
        return _parse(path, lines, dim, vocabulary)


def _parse(
    path: Path, lines: Iterator[tuple[int, bytes]], dim: int, vocabulary: Collection[str] | None
) -> tuple[list[str], np.ndarray]:
    wanted = None if vocabulary is None else {word.encode() for word in vocabulary}
    rows: dict[bytes, np.ndarray] = {}
    for number, line in lines:
        # Looking only at what stands before the first blank, most lines are passed over without parsing their numbers.
        if wanted is not None and line.partition(b" ")[0] not in wanted and line.count(b" ") == dim:
            continue
        word, values = _split(path, number, line.rstrip(), dim)
        if word not in rows and (wanted is None or word in wanted):
            rows[word] = values
    return [word.decode() for word in rows], np.array(list(rows.values()), dtype=np.float32).reshape(-1, dim)


def _split(path: Path, number: int, line: bytes, dim: int) -> tuple[bytes, np.ndarray]:
    """Split a line into its word and its numbers."""
    word, *numbers = line.rsplit(b" ", dim)
    if len(numbers) != dim or not word:
        raise ValueError(f"{path}, line {number}: expected a word and {dim} numbers, got {line[:60]!r}")
    try:
        word.decode()
        return word, np.array(numbers, dtype=np.float32)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}, line {number}: not UTF-8 ({error}). Convert the file to UTF-8.") from None
    except ValueError:
        raise ValueError(f"{path}, line {number}: expected {dim} numbers after {word!r}, got {line[:60]!r}") from None


def _is_header(line: bytes) -> bool:
    parts = line.split()
    return len(parts) == 2 and all(part.isdigit() for part in parts)


def _count_numbers(line: bytes) -> int:
    """Count the numbers at the right end of a line."""
    count = 0
    for part in reversed(line.split()[1:]):
        try:
            float(part)
        except ValueError:
            break
        count += 1
    return count


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.open(path) as file:
            yield file  # type: ignore[misc]
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith((".txt", ".vec"))]
            if len(members) != 1:
                raise ValueError(
                    f"{path} must hold one text file of vectors; it holds {members}. Unpack the one you want."
                )
            with archive.open(members[0]) as file:
                yield file
    else:
        with path.open("rb") as file:
            yield file
