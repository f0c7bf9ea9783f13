"""Training in Keras. Nothing here knows which network is trained: it gets a Keras model and batches."""
