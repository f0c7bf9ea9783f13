"""Training of any Keras model on batches of documents."""
