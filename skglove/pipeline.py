"""The two estimators of a pipeline, for what needs both."""

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skglove.classifier import ConvTextClassifier
from skglove.validation import check_same_vocabulary
from skglove.vectorizer import GloveTextVectorizer


def vectorizer_and_classifier(pipeline: Any) -> tuple[GloveTextVectorizer, ConvTextClassifier]:
    """Return the vectorizer and the classifier of a fitted pipeline.

    Parameters
    ----------
    pipeline : Pipeline
        Of a `GloveTextVectorizer` and a `ConvTextClassifier`.

    Returns
    -------
    vectorizer : GloveTextVectorizer
    classifier : ConvTextClassifier

    Raises
    ------
    TypeError
        If it is something else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        If the classifier was not trained on what the vectorizer makes: because that returns means, or has been fitted again.
    """
    steps = [step for step in pipeline if step not in (None, "passthrough")] if isinstance(pipeline, Pipeline) else []
    expected = GloveTextVectorizer, ConvTextClassifier
    if len(steps) != 2 or not all(map(isinstance, steps, expected)):
        raise TypeError(
            f"Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier and nothing else; got {pipeline!r:.100}. "
            "(Of a search, pass best_estimator_.)"
        )
    vectorizer, classifier = steps
    for step in steps:
        check_is_fitted(step)
    if vectorizer.output != "sequences":
        raise ValueError(
            f"Expected a vectorizer with output='sequences', whose ids are words; this one has {vectorizer.output!r}."
        )
    check_same_vocabulary(classifier, vectorizer.transform([""]))
    return vectorizer, classifier
