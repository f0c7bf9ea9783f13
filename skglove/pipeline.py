"""Access to the vectorizer and the classifier of a pipeline."""

from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skglove.classifier import ConvTextClassifier
from skglove.transaction import snapshot
from skglove.validation import check_same_vocabulary
from skglove.vectorizer import GloveTextVectorizer


def vectorizer_and_classifier(pipeline: Any) -> tuple[GloveTextVectorizer, ConvTextClassifier]:
    """Return the vectorizer and the classifier of a fitted pipeline.

    Parameters
    ----------
    pipeline : Pipeline
        Consists of a `GloveTextVectorizer` and a `ConvTextClassifier`.

    Returns
    -------
    vectorizer : GloveTextVectorizer
    classifier : ConvTextClassifier

    Raises
    ------
    TypeError
        If `pipeline` is anything else.
    sklearn.exceptions.NotFittedError
        If the pipeline has not been fitted.
    ValueError
        If the vectorizer returns means, or was fitted again after the classifier was trained.
    """
    steps = [step for step in pipeline if step not in (None, "passthrough")] if isinstance(pipeline, Pipeline) else []
    expected = GloveTextVectorizer, ConvTextClassifier
    if len(steps) != 2 or not all(map(isinstance, steps, expected)):
        raise TypeError(
            f"Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier only; got {pipeline!r:.100}. "
            "For a search, pass its best_estimator_."
        )
    for step in steps:
        check_is_fitted(step)
    vectorizer, classifier = map(snapshot, steps)
    if vectorizer.output != "sequences":
        raise ValueError(f"Expected a vectorizer with output='sequences', got output={vectorizer.output!r}.")
    check_same_vocabulary(classifier, vectorizer.transform([[]]))
    return vectorizer, classifier
