"""scikit-learn's own checks, all of them, none skipped and none expected to fail."""

import warnings

from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from skglove import ConvTextClassifier, GloveTextVectorizer


@parametrize_with_checks([ConvTextClassifier(), ConvTextClassifier(architecture="parallel", batch_size=16)])
def test_classifier(estimator, check):
    with warnings.catch_warnings():
        # Some checks fit features, which the classifier takes with a warning.
        warnings.filterwarnings("ignore", message="X holds real numbers|No document holds a word", category=UserWarning)
        check(estimator)


def test_vectorizer():
    with warnings.catch_warnings():
        # Of estimators that take text, scikit-learn checks only what needs no fit, and says so.
        warnings.filterwarnings("ignore", message="Can't test estimator")
        results = check_estimator(GloveTextVectorizer(), on_fail="raise", on_skip=None)
    assert {result["status"] for result in results} == {"passed"}


def test_no_check_is_expected_to_fail():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = check_estimator(ConvTextClassifier(filters=16, dense_units=16), on_fail=None, on_skip=None)
    assert any("X holds real numbers" in str(warning.message) for warning in caught)
    assert len(results) > 50
    assert {(result["check_name"], result["status"]) for result in results if result["status"] != "passed"} == set()
