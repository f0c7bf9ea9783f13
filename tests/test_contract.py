"""scikit-learn's own checks, all of them, none skipped and none expected to fail."""

import unittest
import warnings

import pytest
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skglove import ConvTextClassifier, GloveTextVectorizer


@parametrize_with_checks([ConvTextClassifier(), ConvTextClassifier("stacked", epochs=10)])
def test_classifier(estimator, check):
    with warnings.catch_warnings():
        # Some checks fit features, which the classifier takes with a warning.
        warnings.filterwarnings("ignore", message="X holds real numbers|No document holds a word", category=UserWarning)
        try:
            check(estimator)
        except unittest.SkipTest as skipped:
            pytest.fail(f"skipped: {skipped}")


def test_vectorizer():
    with warnings.catch_warnings():
        # Of estimators that take text, scikit-learn checks only what needs no fit, and says so.
        warnings.filterwarnings("ignore", message="Can't test estimator")
        results = check_estimator(GloveTextVectorizer(), on_fail="raise", on_skip=None)
    assert {result["status"] for result in results} == {"passed"}
