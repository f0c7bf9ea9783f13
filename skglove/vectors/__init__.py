"""Pre-trained word vectors: found by name or path, read, and asked."""

from skglove.vectors.wordvectors import WordVectors

__all__ = ["WordVectors"]
