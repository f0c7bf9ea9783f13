"""The word vectors known by name: where they lie, how big they are, and whose they are.

Sizes and checksums are stated only where somebody published them: gensim-data's ``list.json`` for its files (MD5),
torchtext's source for Stanford's 2014 archives (SHA-256). No one did for the archives of 2024, but for one
that a user hashed.
Stanford offers all vectors under the Public Domain Dedication and License.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

LICENCE = "PDDL-1.0 (https://opendatacommons.org/licenses/pddl/)"

_GENSIM = "https://github.com/RaRe-Technologies/gensim-data/releases/download"
_STANFORD = "https://nlp.stanford.edu/data"
_HUGGING_FACE = "https://huggingface.co/stanfordnlp/glove/resolve/main"


@dataclass(frozen=True)
class Source:
    """A file to download.

    Parameters
    ----------
    url : str
        Where it lies.
    size : int or None
        Its bytes, None where not known.
    checksum : str or None
        ``"md5:..."`` or ``"sha256:..."``, None where none was published: then the size is checked, where known.
    member : str or None
        The file in a zip.
    """

    url: str
    size: int | None = None
    checksum: str | None = None
    member: str | None = None


@dataclass(frozen=True)
class Entry:
    """Word vectors that have a name.

    Parameters
    ----------
    name : str
        Such as ``"glove.6B.100d"``.
    dim : int
        Numbers a word.
    words : int
        Words in the file; of some 2024 sets only the rounded number is published.
    corpus : str
        What they were trained on.
    cased : bool
        Whether capitals are kept: where not, look words up in lower case.
    sources : tuple of Source
        In the order in which they are tried.
    aliases : tuple of str
        Other names of the same.
    licence : str
        The licence of the data.
    """

    name: str
    dim: int
    words: int
    corpus: str
    cased: bool
    sources: tuple[Source, ...]
    aliases: tuple[str, ...] = ()
    licence: str = LICENCE

    @property
    def size(self) -> int | None:
        """Bytes to download from the first source."""
        return self.sources[0].size


# bytes and MD5 of gensim-data's files: https://github.com/piskvorky/gensim-data/blob/master/list.json
_GENSIM_FILES = {
    "glove-wiki-gigaword-50": (69182535, "c289bc5d7f2f02c6dc9f2f9b67641813"),
    "glove-wiki-gigaword-100": (134300434, "40ec481866001177b8cd4cb0df92924f"),
    "glove-wiki-gigaword-200": (264336934, "59652db361b7a87ee73834a6c391dfc1"),
    "glove-wiki-gigaword-300": (394362229, "29e9329ac2241937d55b852e8284e89b"),
    "glove-twitter-25": (109885004, "50db0211d7e7a2dcd362c6b774762793"),
    "glove-twitter-50": (209216938, "c168f18641f8c8a00fe30984c4799b2b"),
    "glove-twitter-100": (405932991, "b04f7bed38756d64cf55b58ce7e97b15"),
    "glove-twitter-200": (795373100, "e52e8392d1860b95d5308a525817d8f9"),
}

# SHA-256 of Stanford's archives: https://github.com/pytorch/text/blob/main/torchtext/vocab/vectors.py; the bytes are
# what those who downloaded them wrote down
_ARCHIVES = {
    "glove.6B.zip": (862182613, "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb"),
    "glove.twitter.27B.zip": (1520408563, "792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c"),
    "glove.42B.300d.zip": (1877800501, "03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970"),
    "glove.840B.300d.zip": (2176768927, "c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f"),
}

# The archives of 2024 name their files after the training run. The first one's checksum is a user's, of what he got.
_FILES_2024 = {
    "wikigiga.50d": "wiki_giga_2024_50_MFT20_vectors_seed_123_alpha_0.75_eta_0.075_combined.txt",
    "wikigiga.100d": "wiki_giga_2024_100_MFT20_vectors_seed_2024_alpha_0.75_eta_0.05.050_combined.txt",
    "wikigiga.200d": "wiki_giga_2024_200_MFT20_vectors_seed_2024_alpha_0.75_eta_0.05_combined.txt",
    "wikigiga.300d": "wiki_giga_2024_300_MFT20_vectors_seed_2024_alpha_0.75_eta_0.05_combined.txt",
    "dolma.300d": "dolma_300_2024_1.2M.100_combined.txt",
}
_KNOWN_2024 = {
    "wikigiga.50d": (301036094, "sha256:afa5e258ee38272db6394547c4b075ecbb7b2164e98542c8d1237b6029b35a65"),
}


def _gensim(name: str) -> Source:
    size, md5 = _GENSIM_FILES[name]
    return Source(f"{_GENSIM}/{name}/{name}.gz", size, f"md5:{md5}")


def _archives(archive: str, member: str) -> tuple[Source, ...]:
    size, sha256 = _ARCHIVES[archive]
    places = (f"{_HUGGING_FACE}/{archive}", f"{_STANFORD}/wordvecs/{archive}", f"{_STANFORD}/{archive}")
    return tuple(Source(url, size, f"sha256:{sha256}", member) for url in places)


def _entries() -> list[Entry]:
    entries = []
    for dim in (50, 100, 200, 300):
        name, alias = f"glove.6B.{dim}d", f"glove-wiki-gigaword-{dim}"
        sources = (_gensim(alias), *_archives("glove.6B.zip", f"{name}.txt"))
        entries.append(Entry(name, dim, 400_000, "Wikipedia 2014, Gigaword 5", False, sources, (alias,)))
    for dim in (25, 50, 100, 200):
        name, alias = f"glove.twitter.27B.{dim}d", f"glove-twitter-{dim}"
        sources = (_gensim(alias), *_archives("glove.twitter.27B.zip", f"{name}.txt"))
        entries.append(Entry(name, dim, 1_193_514, "2 billion tweets", False, sources, (alias,)))
    for name, words, cased in (("glove.42B.300d", 1_917_494, False), ("glove.840B.300d", 2_196_017, True)):
        entries.append(Entry(name, 300, words, "Common Crawl", cased, _archives(f"{name}.zip", f"{name}.txt")))
    for short, member in _FILES_2024.items():
        name = f"glove.2024.{short}"
        size, checksum = _KNOWN_2024.get(short, (None, None))
        places = (f"{_STANFORD}/wordvecs/{name}.zip", f"https://downloads.cs.stanford.edu/nlp/data/{name}.zip")
        sources = tuple(Source(url, size, checksum, member) for url in places)
        dolma = short.startswith("dolma")
        corpus = "Dolma v1.6, a part" if dolma else "Wikipedia 2024, Gigaword 5"
        words = 1_200_000 if dolma else 1_291_147
        entries.append(Entry(name, int(short.split(".")[1][:-1]), words, corpus, False, sources))
    return entries


ENTRIES: dict[str, Entry] = {entry.name: entry for entry in _entries()}
"""By name, in the order in which they are listed."""


def find(name: str) -> Entry | None:
    """Look a name or an alias up, whatever its capitals."""
    if name in ENTRIES:
        return ENTRIES[name]
    wanted = name.casefold()
    for entry in ENTRIES.values():
        if wanted in (entry.name.casefold(), *entry.aliases):
            return entry
    return None


def unknown_name(name: str) -> str:
    """Say that there is no such name, and which it may have been.

    Examples
    --------
    >>> print(unknown_name("glove.6b.100"))  # doctest: +ELLIPSIS
    No word vectors are known as 'glove.6b.100', and there is no such file. Did you mean 'glove.6B.100d'...
    """
    names = {known.casefold(): known for entry in ENTRIES.values() for known in (entry.name, *entry.aliases)}
    near = [names[match] for match in difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.6)]
    guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return (
        f"No word vectors are known as {name!r}, and there is no such file.{guess} "
        f"Known are {', '.join(ENTRIES)}; anything else is given as the path to a file, or as an object."
    )
