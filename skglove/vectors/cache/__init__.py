"""The cache of word vectors on disk."""
