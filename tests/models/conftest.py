"""Documents of every length, the settings of a fit, and members fitted on them."""

import numpy as np
import pytest

from skglove import ConvTextClassifier, TokenSequences
from skglove.data.head import Softmax
from skglove.data.labelled import LabelledSequences
from skglove.models.base import FitContext
from skglove.training.trainer import TrainingOptions

N_IDS, DIM = 30, 9
STEMS, ENDINGS = "walk talk jump dance sing".split(), ["", "s", "ed", "ing", "er", "able"]


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
def words():
    """Return the spelling of each id; six words in a row have the same stem."""
    return ["", *(stem + ending for stem in STEMS for ending in ENDINGS)][:N_IDS]


@pytest.fixture(scope="session")
def make_context():
    """Return a function that makes the settings of a fit."""

    def make(embedding_matrix=None, words=None, n_classes=3, seed=0):
        return FitContext(
            head=Softmax(n_classes),
            input_dim=N_IDS,
            embedding_dim=DIM,
            embedding_matrix=embedding_matrix,
            words=words,
            trainable=True,
            class_priors=np.full(n_classes, 1 / n_classes),
            seed=seed,
            random_state=np.random.RandomState(seed),
            options=TrainingOptions.from_parameters(ConvTextClassifier().get_params(deep=False)),
        )

    return make


@pytest.fixture(scope="session")
def label():
    """Return a function that labels documents; those of weight 0 are left out."""

    def label(X, y, weights=None):
        weights = np.ones(len(y)) if weights is None else weights
        return LabelledSequences(X, np.asarray(y), weights, np.flatnonzero(weights))

    return label


@pytest.fixture(scope="session")
def fit(make_documents, embedding_matrix):
    """Return a function that fits a classifier with an architecture; class "three" has the word 3."""

    def fit(architecture, n_classes=2, **parameters):
        X = make_documents(embedding_matrix=embedding_matrix)
        y = [("three" if 3 in document else "none") if n_classes == 2 else len(document) % 3 for document in X]
        parameters = {"epochs": 2, "random_state": 0, **parameters}
        return ConvTextClassifier(architecture, **parameters).fit(X, y)

    return fit
