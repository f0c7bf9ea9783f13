"""The classifiers to compare: functions of (vectors, seed) that return a classifier with scikit-learn's `fit` and `predict`."""

import contextlib
import io
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from wrappers import Wrapped


def skglove(vectors: Any, seed: int, tokenizer: str = "keras", **parameters: Any) -> Pipeline:
    """Return this package's pipeline, with its defaults except for `tokenizer` and `parameters`."""
    from skglove import ConvTextClassifier, GloveTextVectorizer

    vectorizer = GloveTextVectorizer(vectors, tokenizer=tokenizer)
    return make_pipeline(vectorizer, ConvTextClassifier(random_state=seed, **parameters))


class WordLlamaEncoder:
    """The static vectors of the package wordllama, as an encoder."""

    def __init__(self) -> None:
        import wordllama

        folder = Path(wordllama.__file__).parent
        self._model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return the mean vector of each text's tokens, (n_texts, 256)."""
        return self._model.embed(texts, norm=True)


class MiniLMEncoder:
    """A sentence transformer of 22 million parameters (Wang et al. 2020), as an encoder."""

    def __init__(self) -> None:
        from all_minilm_l6_v2 import extract_model
        from sentence_transformers import SentenceTransformer

        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            self._model = SentenceTransformer(str(extract_model(folder)), device="cpu")

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return the vector of each text, (n_texts, 384)."""
        return self._model.encode(texts, show_progress_bar=False)


def several_sources(vectors: str, seed: int, **encoders: Any) -> Pipeline:
    """Return this package's pipeline with the vectors of encoders, given by name, beside `vectors`."""
    from skglove.vectors import EncoderVectors

    return skglove([vectors, *(EncoderVectors(make(), name=name) for name, make in encoders.items())], seed)


class Tutorial(ClassifierMixin, BaseEstimator):
    """The tutorial's script of 2016, unchanged except for what Keras no longer has.

    `Tokenizer` and `pad_sequences` are replaced by this package's, which give the same ids. Everything else is the tutorial's:
    20,000 words, texts of 1,000 words, frozen vectors, its layers, rmsprop, batches of 128.
    """

    def __init__(self, vectors: str, seed: int, epochs: int) -> None:
        self.vectors, self.seed, self.epochs = vectors, seed, epochs

    def fit(self, texts: list[str], y: np.ndarray) -> "Tutorial":
        """Train for `epochs`."""
        import keras

        from skglove import GloveTextVectorizer

        keras.utils.set_random_seed(self.seed)
        self.classes_, positions = np.unique(y, return_inverse=True)
        self.vectorizer_ = GloveTextVectorizer(self.vectors, num_words=20_000, extra_words=0)
        X = self.vectorizer_.fit_transform(texts)
        self.model_ = tutorial_network(X.embedding_matrix, len(self.classes_))
        targets = keras.utils.to_categorical(positions)
        self.model_.fit(X.padded(), targets, batch_size=128, epochs=self.epochs, verbose=0)
        return self

    def predict(self, texts: list[str]) -> np.ndarray:
        """Return the most probable classes."""
        X = self.vectorizer_.transform(texts).padded()
        return self.classes_[self.model_.predict(X, batch_size=128, verbose=0).argmax(axis=1)]


def tutorial_network(embedding_matrix: np.ndarray, n_classes: int) -> Any:
    """Build and compile the tutorial's network."""
    import keras
    from keras import layers

    start = keras.initializers.Constant(embedding_matrix)
    network = keras.Sequential(
        [
            keras.Input((1000,), dtype="int32"),
            layers.Embedding(*embedding_matrix.shape, embeddings_initializer=start, trainable=False),
            layers.Conv1D(128, 5, activation="relu"),
            layers.MaxPooling1D(5),
            layers.Conv1D(128, 5, activation="relu"),
            layers.MaxPooling1D(5),
            layers.Conv1D(128, 5, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(128, activation="relu"),
            layers.Dense(n_classes, activation="softmax"),
        ]
    )
    network.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return network


class FastText(ClassifierMixin, BaseEstimator):
    """Supervised fastText with pairs of words, 25 epochs and a learning rate of 0.5, as in its tutorial."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def fit(self, texts: list[str], y: np.ndarray) -> "FastText":
        """Write the file that fastText reads, and train on it."""
        import fasttext

        self.classes_, positions = np.unique(y, return_inverse=True)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "train.txt")
            lines = [f"__label__{i} {_words(text)}" for i, text in zip(positions, texts, strict=True)]
            random.Random(self.seed).shuffle(lines)  # fastText does not shuffle, and a data set may be sorted by class
            file.write_text("\n".join(lines), encoding="utf-8")
            self.model_ = fasttext.train_supervised(
                str(file), epoch=25, lr=0.5, wordNgrams=2, dim=100, thread=1, seed=self.seed, verbose=0
            )
        return self

    def predict(self, texts: list[str]) -> np.ndarray:
        """Return the most probable classes."""
        # The inner object is called because `predict` of the outer one fails with NumPy 2.
        found = [self.model_.f.predict(_words(text) + "\n", 1, 0.0, "strict") for text in texts]
        return self.classes_[[int(one[0][1].removeprefix("__label__")) if one else 0 for one in found]]


def _words(text: str) -> str:
    from skglove.text.keras import KerasTokenizer

    return " ".join(KerasTokenizer().words(text))


def tfidf(classifier: Any, **parameters: Any) -> Pipeline:
    """Return TF-IDF with a linear classifier."""
    return make_pipeline(TfidfVectorizer(sublinear_tf=True, **parameters), classifier)


def recipe(vectors: str, seed: int) -> Pipeline:
    """Return tf-idf beside standardized mean vectors with LinearSVC: the same vectors in a few lines of scikit-learn."""
    means = make_pipeline(_means(vectors), StandardScaler(), FunctionTransformer(_tenth))
    features = make_union(TfidfVectorizer(sublinear_tf=True), means)
    return make_pipeline(features, LinearSVC(random_state=seed))


def _means(vectors: str) -> Any:
    from skglove import GloveTextVectorizer

    return GloveTextVectorizer(vectors, output="mean", use_idf=True)


def _tenth(means: np.ndarray) -> np.ndarray:
    return means / 10


def mean_vectors(vectors: str, classifier: Any) -> Pipeline:
    """Return the mean of the word vectors with a classifier; with LogisticRegression, that is how model2vec classifies."""
    return make_pipeline(_means(vectors), StandardScaler(), classifier)


# Measured by `encoders.py`.
ENCODERS = "MiniLM + LogisticRegression", "WordLlama + LogisticRegression"

CONTESTANTS = {
    "skglove": skglove,
    "skglove, trainable=False": lambda vectors, seed: skglove(vectors, seed, trainable=False),
    'skglove, architecture="parallel"': lambda vectors, seed: skglove(vectors, seed, architecture="parallel"),
    'skglove, architecture="stacked", trainable=False': lambda vectors, seed: skglove(
        vectors, seed, architecture="stacked", trainable=False
    ),
    'skglove, tokenizer="glove"': lambda vectors, seed: skglove(vectors, seed, tokenizer="glove"),
    'skglove, tokenizer="characters"': lambda vectors, seed: skglove(vectors, seed, tokenizer="characters"),
    "skglove, GloVe and WordLlama": lambda vectors, seed: several_sources(vectors, seed, wordllama=WordLlamaEncoder),
    "skglove, GloVe, WordLlama and MiniLM": lambda vectors, seed: several_sources(
        vectors, seed, wordllama=WordLlamaEncoder, minilm=MiniLMEncoder
    ),
    "the tutorial's script, 2 epochs": lambda vectors, seed: Tutorial(vectors, seed, epochs=2),
    "keras.wrappers.SKLearnClassifier": lambda vectors, seed: Wrapped("Keras", vectors, seed),
    "skorch": lambda vectors, seed: Wrapped("skorch", vectors, seed),
    "TF-IDF + LinearSVC": lambda vectors, seed: tfidf(LinearSVC(random_state=seed)),
    "TF-IDF with bigrams + LinearSVC": lambda vectors, seed: tfidf(LinearSVC(random_state=seed), ngram_range=(1, 2)),
    "TF-IDF + calibrated LinearSVC": lambda vectors, seed: tfidf(CalibratedClassifierCV(LinearSVC(random_state=seed))),
    "TF-IDF and mean vectors + LinearSVC": recipe,
    "mean vectors + shrinkage LDA": lambda vectors, seed: mean_vectors(
        vectors, LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    ),
    "mean vectors + LogisticRegression": lambda vectors, seed: mean_vectors(vectors, LogisticRegression(max_iter=1000)),
    "TF-IDF + LogisticRegression": lambda vectors, seed: tfidf(LogisticRegression(max_iter=1000)),
    "fastText": lambda vectors, seed: FastText(seed),
}
