"""Sources of word vectors: from what is given to vectors of words."""
