"""Pre-trained word vectors and a 1-D convnet for text classification, as two scikit-learn estimators."""

from skglove import export
from skglove._version import __version__
from skglove.classifier import ConvTextClassifier
from skglove.compression import compress
from skglove.inspection.explain import explain
from skglove.inspection.explanation import Explanation
from skglove.inspection.history import TrainingHistoryDisplay
from skglove.inspection.model import ModelExplanation, explain_model
from skglove.inspection.top_words import TopWordsDisplay
from skglove.models import Parallel, Stacked, WideAndDeep
from skglove.prediction import predict_iter
from skglove.saving import dump, load
from skglove.text.sequences import TokenSequences
from skglove.vectorizer import GloveTextVectorizer
from skglove.vectors import WordVectors

__all__ = [
    "ConvTextClassifier",
    "Explanation",
    "GloveTextVectorizer",
    "ModelExplanation",
    "Parallel",
    "Stacked",
    "TokenSequences",
    "TopWordsDisplay",
    "TrainingHistoryDisplay",
    "WideAndDeep",
    "WordVectors",
    "__version__",
    "compress",
    "dump",
    "explain",
    "explain_model",
    "export",
    "load",
    "predict_iter",
]
