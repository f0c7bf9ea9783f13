"""The convolutions of "parallel" in wrappers of Keras and torch for scikit-learn."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

FILTERS, WIDTHS, BATCH_SIZE, LEARNING_RATE = 128, (1, 2, 3), 64, 0.003


def keras_network(X: Any, y: Any, embedding_matrix: np.ndarray) -> Any:
    """Build and compile the parallel convolutions as a Keras user would."""
    import keras
    from keras import layers

    start = keras.initializers.Constant(embedding_matrix)
    ids = keras.Input((X.shape[1],), dtype="int32")
    words = layers.Embedding(*embedding_matrix.shape, embeddings_initializer=start, trainable=False)(ids)
    pooled = [
        layers.GlobalMaxPooling1D()(layers.Conv1D(FILTERS, w, padding="same", activation="relu")(words)) for w in WIDTHS
    ]
    features = layers.Dropout(0.5)(layers.Concatenate()(pooled))
    network = keras.Model(ids, layers.Dense(y.shape[1], activation="softmax")(features))
    network.compile(keras.optimizers.Adam(LEARNING_RATE), "categorical_crossentropy")
    return network


def torch_network(embedding_matrix: np.ndarray, n_classes: int, epochs: int) -> Any:
    """Build the same for skorch."""
    import torch
    from skorch import NeuralNetClassifier
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding.from_pretrained(torch.from_numpy(embedding_matrix), freeze=True)
            dim = embedding_matrix.shape[1]
            self.convolutions = nn.ModuleList(nn.Conv1d(dim, FILTERS, width, padding="same") for width in WIDTHS)
            self.dropout = nn.Dropout(0.5)
            self.out = nn.Linear(FILTERS * len(WIDTHS), n_classes)

        def forward(self, ids: Any) -> Any:
            words = self.embedding(ids).transpose(1, 2)
            pooled = [torch.relu(convolution(words)).amax(dim=2) for convolution in self.convolutions]
            return self.out(self.dropout(torch.cat(pooled, dim=1)))

    return NeuralNetClassifier(
        Network,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=LEARNING_RATE,
        max_epochs=epochs,
        batch_size=BATCH_SIZE,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )


def wrapped(wrapper: str, embedding_matrix: np.ndarray, n_classes: int, epochs: int) -> Any:
    """Return the network in ``keras.wrappers.SKLearnClassifier``, or in skorch; it takes ids padded to one width."""
    if wrapper == "skorch":
        return torch_network(embedding_matrix, n_classes, epochs)
    from keras.wrappers import SKLearnClassifier

    options = {"epochs": epochs, "batch_size": BATCH_SIZE, "verbose": 0}
    return SKLearnClassifier(keras_network, model_kwargs={"embedding_matrix": embedding_matrix}, fit_kwargs=options)


class Wrapped(ClassifierMixin, BaseEstimator):
    """Text classification with a wrapper: the same number of epochs, frozen vectors, at most 1,000 words per text."""

    def __init__(self, wrapper: str, vectors: str, seed: int, epochs: int = 5) -> None:
        self.wrapper, self.vectors, self.seed, self.epochs = wrapper, vectors, seed, epochs

    def fit(self, texts: list[str], y: np.ndarray) -> "Wrapped":
        """Train for `epochs`."""
        from skglove import GloveTextVectorizer

        if self.wrapper == "skorch":
            import torch

            torch.manual_seed(self.seed)
        else:
            import keras

            keras.utils.set_random_seed(self.seed)
        width = min(1000, max(len(text.split()) for text in texts))
        self.vectorizer_ = GloveTextVectorizer(self.vectors, maxlen=width, extra_words=0)
        X = self.vectorizer_.fit_transform(texts)
        self.classes_, positions = np.unique(y, return_inverse=True)
        self.model_ = wrapped(self.wrapper, X.embedding_matrix, len(self.classes_), self.epochs)
        self.model_.fit(X.padded().astype(np.int64), positions)
        return self

    def predict(self, texts: list[str]) -> np.ndarray:
        """Return the most probable classes."""
        X = self.vectorizer_.transform(texts).padded().astype(np.int64)
        return self.classes_[self.model_.predict(X)]
