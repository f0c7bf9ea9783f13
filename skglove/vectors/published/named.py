"""What is known about published word vectors: where they are, their sizes, checksums and licences."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    Parameters
    ----------
    url : str
        Its location.
    size : int or None
        In bytes; None if unknown. A download of another size is an error.
    checksum : str or None
        ``"md5:..."`` or ``"sha256:..."``; None if none is published. Then the size is checked, the one above or the one
        that the server announces, and that the file can be read as vectors.
    member : str or None
        The name of the member, if the file is a zip archive.
    """

    url: str
    size: int | None = None
    checksum: str | None = None
    member: str | None = None


@dataclass(frozen=True)
class NamedVectors:
    """Named word vectors.

    Parameters
    ----------
    name : str
        Such as ``"glove.6B.100d"``.
    dim : int
        Number of dimensions.
    words : int or None
        Number of words; for some sets only a rounded number has been published, for others none.
    corpus : str
        The training corpus.
    cased : bool
        Whether the words are case-sensitive; if not, they are in lower case.
    mirrors : tuple of RemoteFile
        Files with these vectors, in the order in which they are tried.
    licence : str
        The licence of the data.
    aliases : tuple of str, default=()
        Other names of the same vectors, in lower case.
    family : str or None, default=None
        The pattern of the names of many sets of one kind, such as ``"fasttext.cc.<language>.300d"``, which stands for
        them in lists.
    reported_size : int or None, default=None
        Size of the download in bytes, as reported by users who downloaded it; not checked, since a later edition of the
        file may have another.
    """

    name: str
    dim: int
    words: int | None
    corpus: str
    cased: bool
    mirrors: tuple[RemoteFile, ...]
    licence: str
    aliases: tuple[str, ...] = ()
    family: str | None = None
    reported_size: int | None = None

    @property
    def size(self) -> int | None:
        """Size of the download from the first mirror, in bytes; None if unknown."""
        return self.mirrors[0].size or self.reported_size
