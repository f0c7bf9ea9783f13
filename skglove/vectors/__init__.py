"""Pre-trained word vectors: named, fetched, kept, and fast."""

from skglove.vectors.wordvectors import WordVectors

__all__ = ["WordVectors"]
