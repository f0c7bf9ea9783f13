"""Access to the vectorizer and the classifier of a pipeline, and to the steps before them."""

from dataclasses import dataclass
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import BaseSearchCV, select_columns
from skglove.classifier import ConvTextClassifier
from skglove.text.documents import chunks, is_table
from skglove.text.tokenizer import Document
from skglove.transaction import snapshot
from skglove.validation import check_same_vocabulary
from skglove.vectorizer import GloveTextVectorizer


@dataclass(frozen=True, eq=False)
class TextPipeline:
    """The fitted parts of a pipeline.

    Parameters
    ----------
    preparation : list of transformer
        The steps before the vectorizer, in order, which map the pipeline's input to texts.
    vectorizer : GloveTextVectorizer
    classifier : ConvTextClassifier
    """

    preparation: list[Any]
    vectorizer: GloveTextVectorizer
    classifier: ConvTextClassifier

    def texts(self, X: Any) -> list[Document]:
        """Return the texts that the vectorizer gets.

        Parameters
        ----------
        X : iterable of str or of lists of words, or a table
            The input of the pipeline. If the vectorizer is in a `ColumnTransformer`, the texts of its column can be passed, too.

        Raises
        ------
        TypeError, ValueError
            If the result does not consist of texts.
        """
        for step in self.preparation:
            X = step.transform(X)
        return [text for chunk in chunks(X) for text in chunk]


def text_pipeline(estimator: Any) -> TextPipeline:
    """Find the vectorizer, the classifier and the steps before them.

    Parameters
    ----------
    estimator : Pipeline or search
        A fitted pipeline that ends in a `GloveTextVectorizer` and a `ConvTextClassifier`, or a fitted search over one, such as
        `GridSearchCV`. Pipelines may be nested, and the vectorizer may be in a `ColumnTransformer` that has no other output.

    Raises
    ------
    TypeError
        If `estimator` is anything else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        If a search was fitted with ``refit=False``, or the vectorizer returns means, or was fitted again after the classifier was
        trained.
    """
    steps = _flat_steps(estimator)
    if not _are_expected(steps):
        raise TypeError(
            "Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier, which may begin with transformers of texts, "
            f"or a search over one; got {estimator!r:.100}. Of other meta-estimators, pass a pipeline that they have fitted."
        )
    for step in steps[-2:]:
        check_is_fitted(step)
    vectorizer, classifier = map(snapshot, steps[-2:])
    if vectorizer.output != "sequences":
        raise ValueError(f"Expected a vectorizer with output='sequences', got output={vectorizer.output!r}.")
    check_same_vocabulary(classifier, vectorizer.transform([[]]))
    return TextPipeline(steps[:-2], vectorizer, classifier)


def vectorizer_and_classifier(estimator: Any) -> tuple[GloveTextVectorizer, ConvTextClassifier]:
    """Return the vectorizer and the classifier of a pipeline that has no other steps.

    Parameters
    ----------
    estimator : Pipeline or search
        As for `text_pipeline`.

    Raises
    ------
    TypeError
        If there are steps before the vectorizer, or `estimator` is anything else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        As for `text_pipeline`.
    """
    found = text_pipeline(estimator)
    if found.preparation:
        raise TypeError(
            f"Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier only; got {found.preparation!r:.100} before "
            "the vectorizer. Pass a Pipeline of the fitted vectorizer and classifier, and apply the other steps to its input."
        )
    return found.vectorizer, found.classifier


class _ColumnSelection:
    """What a `ColumnTransformer` does before its only transformer."""

    def __init__(self, columns: Any) -> None:
        self.columns = columns

    def __repr__(self) -> str:
        return f"ColumnTransformer of column {self.columns!r}"

    def transform(self, X: Any) -> Any:
        return select_columns(X, self.columns) if is_table(X) else X


def _are_expected(steps: list[Any]) -> bool:
    prepare = all(hasattr(step, "transform") and not isinstance(step, GloveTextVectorizer) for step in steps[:-2])
    return prepare and len(steps) > 1 and all(map(isinstance, steps[-2:], (GloveTextVectorizer, ConvTextClassifier)))


def _flat_steps(estimator: Any) -> list[Any]:
    """Return the fitted steps of nested pipelines, in order, without those that do nothing."""
    if estimator is None or (isinstance(estimator, str) and estimator == "passthrough"):
        return []
    if isinstance(estimator, Pipeline):
        return [inner for _, step in estimator.steps for inner in _flat_steps(step)]
    if hasattr(estimator, "best_estimator_"):
        return _flat_steps(estimator.best_estimator_)
    if isinstance(estimator, BaseSearchCV):
        _raise_without_best_estimator(estimator)
    if isinstance(estimator, ColumnTransformer):
        return _steps_of_columns(estimator)
    return [estimator]


def _raise_without_best_estimator(search: BaseSearchCV) -> None:
    check_is_fitted(search)
    raise ValueError(
        f"The search has no best_estimator_, as it was fitted with refit={search.refit!r}. Fit it with refit=True."
    )


def _steps_of_columns(transformer: ColumnTransformer) -> list[Any]:
    """Return the selection of a column and the steps on it, if one of them is the vectorizer."""
    check_is_fitted(transformer)
    used = [(inner, columns) for _, inner, columns in transformer.transformers_ if not _is_dropped(inner)]
    if len(used) == 1:
        inner, columns = used[0]
        steps = _flat_steps(inner)
        if any(isinstance(step, GloveTextVectorizer) for step in steps):
            return [_ColumnSelection(columns), *steps]
    return [transformer]


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"
