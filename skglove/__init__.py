"""Pre-trained word vectors and a 1-D convnet for text classification, as two scikit-learn estimators."""
