"""Pre-trained word vectors: named, fetched, kept, and fast."""

from .wordvectors import WordVectors

__all__ = ["WordVectors"]
