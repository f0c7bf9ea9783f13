"""Pre-trained word vectors: loaded by name or from a file, cached on disk, and queried as in gensim."""

from skglove.vectors.sources.encoders import EncoderVectors
from skglove.vectors.sources.protocol import VectorSource
from skglove.vectors.wordvectors import WordVectors

__all__ = ["EncoderVectors", "VectorSource", "WordVectors"]
