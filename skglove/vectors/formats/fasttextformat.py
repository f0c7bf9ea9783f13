"""The parts of fastText's own files, such as ``cc.de.300.bin``, checked before another library reads them.

gensim reads words until the last one, and does not notice the end of the file; and it allocates what the header declares.

A file has a header, the words, and two matrices; see ``FastText::saveModel`` and what it calls in
https://github.com/facebookresearch/fastText/tree/main/src.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import NamedTuple

# FASTTEXT_FILEFORMAT_MAGIC_INT32 in fasttext.cc
MAGIC = (793712314).to_bytes(4, "little")

# magic number, version; dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t; the numbers
# of entries, words and labels, of tokens, and of pruned n-grams
_HEADER = struct.Struct("<2i 12i d 3i q q")
_DIM, _MODEL, _BUCKET, _N_ENTRIES, _N_WORDS, _N_LABELS, _N_PRUNED = 2, 9, 10, 15, 16, 17, 19
_SUPERVISED = 3
_AFTER_WORD = 8 + 1  # bytes: its number of occurrences, and whether it is a label
_MATRIX = struct.Struct("<? 2q")  # quantized; the numbers of rows and columns


class Layout(NamedTuple):
    """What a file has.

    Attributes
    ----------
    dim : int
        Number of dimensions.
    n_words : int
        Number of words.
    bucket : int
        Number of vectors of n-grams, of which there are none with ``-maxn 0``.
    """

    dim: int
    n_words: int
    bucket: int


def read_layout(path: Path) -> Layout:
    """Read the header, and check that the words and matrices that it declares make up the file.

    Raises
    ------
    ValueError
        If the file is incomplete or damaged, or gensim cannot read models of its kind.
    OSError
        If the file cannot be read.
    """
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        try:
            return _checked_layout(content)
        except NotImplementedError as error:
            raise ValueError(
                f"{path} is a fastText model that gensim cannot read, since it {error}. Load it with the fasttext package, and "
                "pass the model."
            ) from error
        except ValueError as error:
            raise ValueError(
                f"{path} is a fastText model that is incomplete or damaged: {error}. Download it again."
            ) from error


def _checked_layout(content: mmap.mmap) -> Layout:
    header = _unpack(_HEADER, content, 0)
    layout = Layout(header[_DIM], header[_N_WORDS], header[_BUCKET])
    if header[_MODEL] == _SUPERVISED or header[_N_LABELS] > 0:
        raise NotImplementedError("has labels")
    if layout.dim < 1 or layout.bucket < 0 or not 0 <= layout.n_words == header[_N_ENTRIES]:
        raise ValueError(
            f"the header declares {header[_N_ENTRIES]} words, {layout.dim} dimensions, and {layout.bucket} n-grams"
        )
    end = _end_of_words(content, layout.n_words) + 8 * max(0, header[_N_PRUNED])
    if content[end : end + 1] == b"\1":
        raise NotImplementedError("is quantized")
    end, *shape = _end_of_matrix(content, end)
    if shape != [layout.n_words + layout.bucket, layout.dim]:
        raise ValueError(
            f"the header declares {layout.n_words + layout.bucket} vectors of {layout.dim} dimensions, but it has "
            f"{shape[0]} of {shape[1]}"
        )
    end, *_ = _end_of_matrix(content, end)
    if end != len(content):
        raise ValueError(f"it goes on after its end at {end} bytes")
    return layout


def _unpack(layout: struct.Struct, content: mmap.mmap, start: int) -> tuple[int, ...]:
    if start + layout.size > len(content):
        raise ValueError(f"it ends after {len(content)} bytes")
    return layout.unpack_from(content, start)


def _end_of_words(content: mmap.mmap, n_words: int) -> int:
    position = _HEADER.size
    for i in range(n_words):
        end = content.find(b"\0", position)
        if end < 0:
            raise ValueError(f"the header declares {n_words} words, but it ends after {i}")
        position = end + 1 + _AFTER_WORD
    return position


def _end_of_matrix(content: mmap.mmap, start: int) -> tuple[int, int, int]:
    """Return where a matrix ends, and its shape."""
    _, n_rows, n_columns = _unpack(_MATRIX, content, start)
    end = start + _MATRIX.size + 4 * n_rows * n_columns
    if min(n_rows, n_columns) < 0 or end > len(content):
        raise ValueError(f"it ends within a matrix of {n_rows} rows and {n_columns} columns")
    return end, n_rows, n_columns
