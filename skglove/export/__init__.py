"""Models for other runtimes: a pipeline as one Keras model from texts to probabilities, a classifier as an ONNX file."""

from skglove.export.keras import load_keras, to_keras
from skglove.export.onnx import to_onnx

__all__ = ["load_keras", "to_keras", "to_onnx"]
