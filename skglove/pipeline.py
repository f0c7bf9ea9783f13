"""Access to the vectorizer and the classifier inside pipelines and meta-estimators, and to the steps before them."""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import BaseSearchCV, select_columns
from skglove.classifier import ConvTextClassifier
from skglove.text.documents import chunks, is_table
from skglove.text.tokenizer import Document
from skglove.transaction import snapshot
from skglove.validation import check_same_vocabulary
from skglove.vectorizer import GloveTextVectorizer

# Their predictions are not those of the classifier inside.
_ADJUSTMENTS = CalibratedClassifierCV, FixedThresholdClassifier, TunedThresholdClassifierCV


@dataclass(frozen=True, eq=False)
class TextPipeline:
    """The fitted parts of a pipeline.

    Parameters
    ----------
    preparation : list of transformer
        The steps before the vectorizer, in order, which map the pipeline's input to texts.
    vectorizer : GloveTextVectorizer
    classifier : ConvTextClassifier
    adjustments : list of estimator
        The calibrations and thresholds around the classifier, the outermost first.
    with_steps : callable
        ``with_steps(vectorizer, classifier)`` returns an estimator with these in place of the fitted ones. Adjustments are kept,
        and the preparation and searches are not.
    """

    preparation: list[Any]
    vectorizer: GloveTextVectorizer
    classifier: ConvTextClassifier
    adjustments: list[Any]
    with_steps: Callable[[GloveTextVectorizer, ConvTextClassifier], Any]

    @property
    def class_names(self) -> np.ndarray:
        """The names of the labels if they have any, and otherwise the classes: ndarray of shape (n_classes,)."""
        names, classes = self.classifier.label_names_, self.classifier.classes_
        if self.adjustments and len(self.adjustments[0].classes_) == len(classes):
            classes = self.adjustments[0].classes_  # calibration by temperature encodes those of the classifier
        return classes if names is None else names

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
    estimator : Pipeline or meta-estimator
        A fitted pipeline that ends in a `GloveTextVectorizer` and a `ConvTextClassifier`. Pipelines may be nested, and the
        vectorizer may be in a `ColumnTransformer` that has no other output. The pipeline and its classifier may be in fitted
        searches, such as `GridSearchCV`, in a `FrozenEstimator`, `TunedThresholdClassifierCV`, `FixedThresholdClassifier` or
        `DaskTextClassifier`, in a `CalibratedClassifierCV` of a single model, and in any of these inside one another.

    Raises
    ------
    TypeError
        If `estimator` is anything else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        If a search was fitted with ``refit=False``, a `CalibratedClassifierCV` has several models, or the vectorizer returns
        means, or was fitted again after the classifier was trained.
    """
    steps = _flat_steps(estimator)
    if not _are_expected(steps):
        raise TypeError(
            "Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier, which may begin with transformers of texts, "
            "or such a pipeline inside a search, threshold classifier, calibration or FrozenEstimator; "
            f"got {estimator!r:.100}. Of other meta-estimators, pass a pipeline that they have fitted."
        )
    for step in steps[-2:]:
        check_is_fitted(step)
    vectorizer, classifier = map(snapshot, steps[-2:])
    if vectorizer.output != "sequences":
        raise ValueError(f"Expected a vectorizer with output='sequences', got output={vectorizer.output!r}.")
    check_same_vocabulary(classifier, vectorizer.transform([[]]))
    places = [id(step) for step in steps[-2:]]

    def with_steps(vectorizer: GloveTextVectorizer, classifier: ConvTextClassifier) -> Any:
        return _rebuilt(estimator, dict(zip(places, (vectorizer, classifier), strict=True)))

    return TextPipeline(steps[:-2], vectorizer, classifier, _adjustments(estimator), with_steps)


def unprepared_pipeline(estimator: Any) -> TextPipeline:
    """Find the vectorizer and the classifier of a pipeline that has no other steps.

    Parameters
    ----------
    estimator : Pipeline or meta-estimator
        As for `text_pipeline`.

    Raises
    ------
    TypeError
        If there are steps before the vectorizer, or `estimator` is anything else.
    sklearn.exceptions.NotFittedError, ValueError
        As for `text_pipeline`.
    """
    found = text_pipeline(estimator)
    if found.preparation:
        raise TypeError(
            f"Expected a Pipeline of a GloveTextVectorizer and a ConvTextClassifier only; got {found.preparation!r:.100} before "
            "the vectorizer. Pass a Pipeline of the fitted vectorizer and classifier, and apply the other steps to its input."
        )
    return found


def vectorizer_and_classifier(estimator: Any) -> tuple[GloveTextVectorizer, ConvTextClassifier]:
    """Return the vectorizer and the classifier of a pipeline whose predictions are theirs.

    Parameters
    ----------
    estimator : Pipeline or meta-estimator
        As for `text_pipeline`.

    Raises
    ------
    TypeError, sklearn.exceptions.NotFittedError
        As for `unprepared_pipeline`.
    ValueError
        If there is a calibration or a threshold, or as for `text_pipeline`.
    """
    found = unprepared_pipeline(estimator)
    _refuse_adjustments(found.adjustments)
    return found.vectorizer, found.classifier


def only_classifier(estimator: Any) -> ConvTextClassifier:
    """Return the classifier, whose predictions are those of the estimator.

    Parameters
    ----------
    estimator : ConvTextClassifier or meta-estimator
        A fitted search over a classifier, or a `FrozenEstimator`.

    Raises
    ------
    TypeError
        If `estimator` is anything else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        If there is a calibration or a threshold, or a search was fitted with ``refit=False``.
    """
    steps = _flat_steps(estimator)
    if len(steps) != 1 or not isinstance(steps[0], ConvTextClassifier):
        raise TypeError(f"Expected a ConvTextClassifier, such as pipeline[-1]; got {estimator!r:.80}.")
    _refuse_adjustments(_adjustments(estimator))
    return _fitted(steps[0])


def final_classifier(estimator: Any) -> ConvTextClassifier:
    """Return the classifier at the end of an estimator.

    Parameters
    ----------
    estimator : ConvTextClassifier, Pipeline or meta-estimator
        A classifier, a pipeline that ends in one, or one of these in meta-estimators as for `text_pipeline`.

    Raises
    ------
    TypeError
        If `estimator` is anything else.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        If a search was fitted with ``refit=False``, or a `CalibratedClassifierCV` has several models.
    """
    steps = _flat_steps(estimator)
    if not steps or not isinstance(steps[-1], ConvTextClassifier):
        raise TypeError(
            f"estimator must be a ConvTextClassifier or a Pipeline that ends in one; got {estimator!r:.80}."
        )
    return _fitted(steps[-1])


def _fitted(classifier: ConvTextClassifier) -> ConvTextClassifier:
    fitted = snapshot(classifier)
    check_is_fitted(fitted)
    return fitted


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
    """Return the fitted steps of nested pipelines and meta-estimators, in order, without those that do nothing."""
    inside = _inside(estimator)
    return [estimator] if inside is None else [step for inner in inside for step in _flat_steps(inner)]


def _adjustments(estimator: Any) -> list[Any]:
    """Return the calibrations and thresholds, the outermost first."""
    own = [estimator] if isinstance(estimator, _ADJUSTMENTS) else []
    return own + [adjustment for inner in _inside(estimator) or [] for adjustment in _adjustments(inner)]


def _refuse_adjustments(adjustments: list[Any]) -> None:
    for outermost in adjustments[:1]:
        added, inner = "threshold", "estimator_" if hasattr(outermost, "estimator_") else "estimator"
        if isinstance(outermost, CalibratedClassifierCV):
            added, inner = "calibration", "calibrated_classifiers_[0].estimator"
        raise ValueError(
            f"The export would lack the {added} of the {type(outermost).__name__}, and predict otherwise. Pass the model inside, "
            f"its {inner}, in its place, and apply the {added} to the probabilities of the export."
        )


def _rebuilt(estimator: Any, new: dict[int, Any]) -> Any:
    """Return a copy with other steps, without the remaining ones and without searches.

    Parameters
    ----------
    estimator : estimator
    new : dict of int to estimator
        The new steps by the `id` of the fitted ones.
    """
    inside = _inside(estimator)
    if inside is None:
        return new.get(id(estimator))
    built = [_rebuilt(inner, new) for inner in inside]
    if isinstance(estimator, Pipeline):
        named = zip(estimator.steps, built, strict=True)
        return Pipeline([(name, step) for (name, _), step in named if step is not None])
    model = next((step for step in built if step is not None), None)
    if isinstance(estimator, FrozenEstimator):
        return FrozenEstimator(model)
    return _readjusted(estimator, model) if isinstance(estimator, _ADJUSTMENTS) else model


def _readjusted(adjustment: Any, model: Any) -> Any:
    """Return the same calibration or threshold of another model."""
    same = copy.copy(adjustment)
    same.estimator = model
    if isinstance(adjustment, CalibratedClassifierCV):
        same.calibrated_classifiers_ = [copy.copy(calibrated) for calibrated in adjustment.calibrated_classifiers_]
        for calibrated in same.calibrated_classifiers_:
            calibrated.estimator = model
    else:
        same.estimator_ = model
    return same


def _inside(estimator: Any) -> list[Any] | None:
    """Return the fitted estimators of which an estimator consists, in order; None for those that are steps themselves."""
    if estimator is None or (isinstance(estimator, str) and estimator == "passthrough"):
        return []
    if isinstance(estimator, Pipeline):
        return [step for _, step in estimator.steps]
    if isinstance(estimator, ColumnTransformer):
        return _column_of_texts(estimator)
    if isinstance(estimator, FrozenEstimator):  # before others, since it has all attributes of its estimator
        return [estimator.estimator]
    if isinstance(estimator, FixedThresholdClassifier):  # predicts unfitted, if its estimator is fitted
        return [getattr(estimator, "estimator_", estimator.estimator)]
    if isinstance(estimator, TunedThresholdClassifierCV):
        check_is_fitted(estimator)
        return [estimator.estimator_]
    if isinstance(estimator, CalibratedClassifierCV):
        return [_calibrated_model(estimator)]
    if hasattr(estimator, "to_local"):  # DaskTextClassifier
        return [estimator.to_local()]
    if hasattr(estimator, "best_estimator_"):
        return [estimator.best_estimator_]
    if isinstance(estimator, BaseSearchCV):
        check_is_fitted(estimator)
        raise ValueError(
            f"The search has no best_estimator_, as it was fitted with refit={estimator.refit!r}. Fit it with refit=True."
        )
    return None


def _calibrated_model(calibration: CalibratedClassifierCV) -> Any:
    check_is_fitted(calibration)
    models = [calibrated.estimator for calibrated in calibration.calibrated_classifiers_]
    if any(model is not models[0] for model in models):  # a FrozenEstimator is the same in all
        raise ValueError(
            f"The CalibratedClassifierCV averages {len(models)} models. Pass one of them, such as its "
            "calibrated_classifiers_[0].estimator, or fit it with ensemble=False, which calibrates a single model."
        )
    return models[0]


def _column_of_texts(transformer: ColumnTransformer) -> list[Any] | None:
    """Return the selection of a column and what is applied to it, if that has the vectorizer."""
    check_is_fitted(transformer)
    used = [(inner, columns) for _, inner, columns in transformer.transformers_ if not _is_dropped(inner)]
    if len(used) == 1:
        inner, columns = used[0]
        if any(isinstance(step, GloveTextVectorizer) for step in _flat_steps(inner)):
            return [_ColumnSelection(columns), inner]
    return None


def _is_dropped(transformer: Any) -> bool:
    return isinstance(transformer, str) and transformer == "drop"
