"""Export of pipelines to Keras, and of classifiers to ONNX."""

from skglove.export.keras import load_keras, to_keras
from skglove.export.onnx import to_onnx

__all__ = ["load_keras", "to_keras", "to_onnx"]
