"""Pre-trained word vectors: loaded by name or from a file, cached on disk, and queried as in gensim."""

from skglove.vectors.wordvectors import WordVectors

__all__ = ["WordVectors"]
