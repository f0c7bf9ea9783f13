"""Predict with the models of `make.py`, in an environment that need not have TensorFlow or pytest.

Run as ``python tests/saved/predict.py``.
"""

import json
import sys
from pathlib import Path

import joblib
import numpy as np

import skglove
from skglove.saving.migrations import current_format


def main():
    file = Path(__file__).parent / f"format_{current_format()}"
    vectorizer, *classifiers = joblib.load(file.with_suffix(".pickle"))
    expected = json.loads(file.with_suffix(".json").read_text())
    X = vectorizer.transform(expected["texts"])
    for classifier, probabilities in zip(classifiers, expected["probabilities"], strict=True):
        np.testing.assert_allclose(classifier.predict_proba(X), probabilities, atol=1e-5)
    assert "tensorflow" not in sys.modules
    print(
        f"skglove {skglove.__version__} on Python {sys.version.split()[0]}: the same probabilities, without TensorFlow"
    )


if __name__ == "__main__":
    main()
