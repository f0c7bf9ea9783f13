"""All of scikit-learn's estimator checks, with none skipped and no expected failures."""

import unittest
import warnings

import pytest
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from skglove import ConvTextClassifier, GloveTextVectorizer, Stacked


def run_checks(estimator):
    for instance, check in estimator_checks_generator(estimator):
        with warnings.catch_warnings():
            # Some checks fit features, which the classifier takes with a warning.
            message = "X contains real numbers|No document contains a word|partial_fit after fit continues"
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
            try:
                check(instance)
            except unittest.SkipTest as skipped:
                pytest.fail(f"skipped: {skipped}")


@pytest.mark.slow
def test_classifier_at_its_defaults():
    run_checks(ConvTextClassifier())


@pytest.mark.long
def test_stacked_convolutions():
    run_checks(ConvTextClassifier(Stacked(filters=16, dense_units=16), epochs=20, learning_rate=0.01))


def test_vectorizer():
    with warnings.catch_warnings():
        # Of estimators that take text, scikit-learn checks only what needs no fit, and says so.
        warnings.filterwarnings("ignore", message="Can't test estimator")
        results = check_estimator(GloveTextVectorizer(), on_fail="raise", on_skip=None)
    assert {result["status"] for result in results} == {"passed"}
