"""The word vectors known by name: their locations, sizes, checksums and licences.

Those of GloVe and word2vec are listed here, those of fastText in `fasttextnames`.

Sizes and checksums are given where they have been published: in gensim-data's ``list.json`` for its files (MD5), and in
torchtext's source for Stanford's archives of 2014 (SHA-256). Of the archives of 2024, only one checksum is known.
Stanford distributes all vectors under the Public Domain Dedication and License.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from skglove.vectors.published import fasttextnames
from skglove.vectors.published.named import NamedVectors, RemoteFile

LICENCE = "PDDL-1.0 (https://opendatacommons.org/licenses/pddl/)"

_GENSIM = "https://github.com/RaRe-Technologies/gensim-data/releases/download"
_STANFORD = "https://nlp.stanford.edu/data"
_HUGGING_FACE = "https://huggingface.co/stanfordnlp/glove/resolve/main"


# sizes and MD5 of gensim-data's files: https://github.com/piskvorky/gensim-data/blob/master/list.json
_GENSIM_FILES = {
    "glove-wiki-gigaword-50": (69182535, "c289bc5d7f2f02c6dc9f2f9b67641813"),
    "glove-wiki-gigaword-100": (134300434, "40ec481866001177b8cd4cb0df92924f"),
    "glove-wiki-gigaword-200": (264336934, "59652db361b7a87ee73834a6c391dfc1"),
    "glove-wiki-gigaword-300": (394362229, "29e9329ac2241937d55b852e8284e89b"),
    "glove-twitter-25": (109885004, "50db0211d7e7a2dcd362c6b774762793"),
    "glove-twitter-50": (209216938, "c168f18641f8c8a00fe30984c4799b2b"),
    "glove-twitter-100": (405932991, "b04f7bed38756d64cf55b58ce7e97b15"),
    "glove-twitter-200": (795373100, "e52e8392d1860b95d5308a525817d8f9"),
    "word2vec-google-news-300": (1743563840, "a5e5354d40acb95f9ec66d5977d140ef"),
}

# SHA-256 of Stanford's archives: https://github.com/pytorch/text/blob/main/torchtext/vocab/vectors.py; the sizes
# are those reported by users who downloaded them
_ARCHIVES = {
    "glove.6B.zip": (862182613, "617afb2fe6cbd085c235baf7a465b96f4112bd7f7ccb2b2cbd649fed9cbcf2fb"),
    "glove.twitter.27B.zip": (1520408563, "792af52f795d1a32c9842a3240f5f3fe5e941a8ff6df5eb0f9d668092ebc019c"),
    "glove.42B.300d.zip": (1877800501, "03d5d7fa28e58762ace4b85fb71fe86a345ef0b5ff39f5390c14869da0fc1970"),
    "glove.840B.300d.zip": (2176768927, "c06db255e65095393609f19a4cfca20bf3a71e20cc53e892aafa490347e3849f"),
}

# The members of the archives of 2024 are named after the training run. The only known checksum is from a user.
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


def _gensim(name: str) -> RemoteFile:
    size, md5 = _GENSIM_FILES[name]
    return RemoteFile(f"{_GENSIM}/{name}/{name}.gz", size, f"md5:{md5}")


def _archives(archive: str, member: str) -> tuple[RemoteFile, ...]:
    size, sha256 = _ARCHIVES[archive]
    urls = (f"{_HUGGING_FACE}/{archive}", f"{_STANFORD}/wordvecs/{archive}", f"{_STANFORD}/{archive}")
    return tuple(RemoteFile(url, size, f"sha256:{sha256}", member) for url in urls)


def _entries() -> list[NamedVectors]:
    entries = []
    for dim in (50, 100, 200, 300):
        name, alias = f"glove.6B.{dim}d", f"glove-wiki-gigaword-{dim}"
        mirrors = (_gensim(alias), *_archives("glove.6B.zip", f"{name}.txt"))
        entries.append(
            NamedVectors(name, dim, 400_000, "Wikipedia 2014, Gigaword 5", False, mirrors, LICENCE, (alias,))
        )
    for dim in (25, 50, 100, 200):
        name, alias = f"glove.twitter.27B.{dim}d", f"glove-twitter-{dim}"
        mirrors = (_gensim(alias), *_archives("glove.twitter.27B.zip", f"{name}.txt"))
        entries.append(NamedVectors(name, dim, 1_193_514, "2 billion tweets", False, mirrors, LICENCE, (alias,)))
    for name, words, cased in (("glove.42B.300d", 1_917_494, False), ("glove.840B.300d", 2_196_017, True)):
        archives = _archives(f"{name}.zip", f"{name}.txt")
        entries.append(NamedVectors(name, 300, words, "Common Crawl", cased, archives, LICENCE))
    for short, member in _FILES_2024.items():
        name = f"glove.2024.{short}"
        size, checksum = _KNOWN_2024.get(short, (None, None))
        urls = (f"{_STANFORD}/wordvecs/{name}.zip", f"https://downloads.cs.stanford.edu/nlp/data/{name}.zip")
        mirrors = tuple(RemoteFile(url, size, checksum, member) for url in urls)
        dolma = short.startswith("dolma")
        corpus = "Dolma v1.6 (part)" if dolma else "Wikipedia 2024, Gigaword 5"
        words = 1_200_000 if dolma else 1_291_147
        entries.append(NamedVectors(name, int(short.split(".")[1][:-1]), words, corpus, False, mirrors, LICENCE))
    alias = "word2vec-google-news-300"
    # gensim-data's list says of the licence: "not found"
    google = NamedVectors(
        "word2vec.GoogleNews.300d", 300, 3_000_000, "Google News", True, (_gensim(alias),), "none stated", (alias,)
    )
    return [*entries, google]


ENTRIES: dict[str, NamedVectors] = {entry.name: entry for entry in (*_entries(), *fasttextnames.entries())}
"""All named vectors, by name."""


def find(name: str) -> NamedVectors | None:
    """Find vectors by name or alias, ignoring case."""
    if name in ENTRIES:
        return ENTRIES[name]
    wanted = name.casefold()
    for entry in ENTRIES.values():
        if wanted in (entry.name.casefold(), *entry.aliases):
            return entry
    return None


def families(entries: Iterable[NamedVectors]) -> list[str]:
    """Return the names of entries, with one pattern for all that belong to a family.

    Examples
    --------
    >>> families([ENTRIES["fasttext.cc.de.300d"], ENTRIES["fasttext.cc.en.300d"], ENTRIES["glove.6B.50d"]])
    ['fasttext.cc.<language>.300d', 'glove.6B.50d']
    """
    return list(dict.fromkeys(entry.family or entry.name for entry in entries))


def unknown_name(name: str) -> str:
    """Compose the message that a name is unknown, with suggestions.

    Examples
    --------
    >>> print(unknown_name("glove.6b.100"))  # doctest: +ELLIPSIS
    There are no word vectors named 'glove.6b.100', and no such file. Did you mean 'glove.6B.100d'...
    """
    names = {known.casefold(): known for entry in ENTRIES.values() for known in (entry.name, *entry.aliases)}
    near = [names[match] for match in difflib.get_close_matches(name.casefold(), names, n=3, cutoff=0.6)]
    guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    all_names = ", ".join(families(ENTRIES.values()))
    return (
        f"There are no word vectors named {name[:200]!r}, and no such file.{guess} "
        f"Known names are {all_names}; other vectors are given as the path of a file, or as an object."
    )


def no_url(url: str) -> str:
    """Compose the message that vectors are not given as a URL, with the names of those that are at this one.

    Examples
    --------
    >>> print(no_url("https://nlp.stanford.edu/data/glove.42B.300d.zip"))
    Word vectors are not read from a URL: 'https://nlp.stanford.edu/data/glove.42B.300d.zip'. Pass their name
    'glove.42B.300d', or download the file and pass its path.
    """
    file = url.partition("?")[0].rpartition("/")[2]
    names = [
        entry.name for entry in ENTRIES.values() if any(mirror.url.endswith(f"/{file}") for mirror in entry.mirrors)
    ]
    known = f"Pass their name {' or '.join(map(repr, names))}, or download" if file and names else "Download"
    return f"Word vectors are not read from a URL: {url[:200]!r}. {known} the file and pass its path."
