"""Published word vectors: their names, and where they are found."""
