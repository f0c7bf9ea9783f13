"""Pre-trained word vectors and a 1-D convnet for text classification, as two scikit-learn estimators."""

from skglove import export
from skglove.classifier import ConvTextClassifier
from skglove.explanation import Explanation, explain
from skglove.history import TrainingHistoryDisplay
from skglove.saving import dump, load
from skglove.sequences import TokenSequences
from skglove.vectorizer import GloveTextVectorizer
from skglove.vectors import WordVectors

__version__ = "0.1.0"

__all__ = [
    "ConvTextClassifier",
    "Explanation",
    "GloveTextVectorizer",
    "TokenSequences",
    "TrainingHistoryDisplay",
    "WordVectors",
    "__version__",
    "dump",
    "explain",
    "export",
    "load",
]
