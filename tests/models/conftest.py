"""Documents of every length, and members fitted on them."""

import numpy as np
import pytest

from skglove import ConvTextClassifier, TokenSequences

N_IDS, DIM = 30, 9


@pytest.fixture(scope="session")
def make_documents():
    """Return a function that makes documents of every length, among them one without words."""

    def make(n_documents=60, longest=70, seed=0, embedding_matrix=None):
        rng = np.random.RandomState(seed)
        lengths = np.r_[0, longest, rng.randint(1, longest, n_documents - 2)]
        ids = rng.randint(1, N_IDS, lengths.sum())
        return TokenSequences(ids, np.r_[0, np.cumsum(lengths)], embedding_matrix=embedding_matrix, input_dim=N_IDS)

    return make


@pytest.fixture(scope="session")
def embedding_matrix():
    matrix = np.random.RandomState(2).normal(size=(N_IDS, DIM)).astype(np.float32)
    matrix[[0, 5]] = 0  # padding, and a word without a vector
    return matrix


@pytest.fixture(scope="session")
def fit(make_documents, embedding_matrix):
    """Return a function that fits a classifier with an architecture; class "three" has the word 3."""

    def fit(architecture, n_classes=2, **parameters):
        X = make_documents(embedding_matrix=embedding_matrix)
        y = [("three" if 3 in document else "none") if n_classes == 2 else len(document) % 3 for document in X]
        parameters = {"epochs": 2, "random_state": 0, **parameters}
        return ConvTextClassifier(architecture, **parameters).fit(X, y)

    return fit
