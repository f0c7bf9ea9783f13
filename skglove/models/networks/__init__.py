"""Networks that Keras trains: the architectures, and what they have in common."""
