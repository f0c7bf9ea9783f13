"""explain: contributions of the words and n-grams of a text to the score of each class."""

from typing import Any

import numpy as np

from skglove import ops
from skglove.inspection.contributions import decompose
from skglove.inspection.explanation import Explanation, Ngram
from skglove.pipeline import TextPipeline, text_pipeline
from skglove.text.documents import is_table
from skglove.text.sequences import TokenSequences
from skglove.text.tokenizer import Document
from skglove.vectorizer import GloveTextVectorizer


def explain(pipeline: Any, text: Any) -> Explanation:
    """Decompose the scores of a text into the class priors and contributions of its words and n-grams to each class.

    For the built-in architectures, the contributions add up exactly to the scores. Filters of parallel convolutions contribute
    through the words at their maximum; the stacked network is locally linear; the linear model is a sum. Contributions do not
    predict the scores of a text without a word, since the maxima may then be at other words.

    Parameters
    ----------
    pipeline : Pipeline or meta-estimator
        A fitted pipeline that ends in a `GloveTextVectorizer` and a `ConvTextClassifier`. It may begin with transformers from
        texts to texts, and the vectorizer may be in a `ColumnTransformer` of one column. The pipeline or its classifier may be
        in a fitted search, a `FrozenEstimator`, a threshold classifier, a `CalibratedClassifierCV` of a single model or a
        `DaskTextClassifier`, also in several of them. Contributions are to the scores of the classifier inside; probabilities
        and the predicted class are those of `pipeline`.
    text : str, list of str, or table of one row
        The input of the pipeline: a DataFrame or an array of one row for a pipeline of tables, and a text, or the list of its
        words, for one of texts. If the first step is a `ColumnTransformer` with the vectorizer, a str is a text of its column.

    Returns
    -------
    Explanation
        Of the text that the vectorizer got from the steps before it.

    Raises
    ------
    TypeError
        If `pipeline` or `text` is anything else, or `text` is a list of texts.
    sklearn.exceptions.NotFittedError
        If the pipeline has not been fitted.
    ValueError
        If the architecture is a callable, the vectorizer was fitted again after the classifier was trained, a search was fitted
        with ``refit=False``, a `CalibratedClassifierCV` has several models, or the steps before the vectorizer do not return one
        text.

    See Also
    --------
    explain_model : The words of a whole model.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skglove import ConvTextClassifier, GloveTextVectorizer, explain
    >>> texts, labels = ["the cat purrs", "a cat naps", "dogs bark", "the dog barks"] * 8, ["cat", "cat", "dog", "dog"] * 8
    >>> pipeline = make_pipeline(GloveTextVectorizer(None), ConvTextClassifier(random_state=0))
    >>> explanation = explain(pipeline.fit(texts, labels), "The cat barks, it does!")
    >>> explanation.words
    ['the', 'cat', 'barks', 'it', 'does']
    >>> explanation.top("cat", 1)[0][0], explanation.top("dog", 1)[0][0]
    ('cat', 'barks')
    """
    parts = text_pipeline(pipeline)
    document = _one_document(parts, text)
    words, spans = parts.vectorizer._tokenizer().words_and_spans(document)
    positions, ids = _known(parts.vectorizer, words)
    in_model = ids < parts.classifier.input_dim_
    positions, ids = positions[in_model], ids[in_model]
    logits = parts.classifier._score(TokenSequences(ids, [0, len(ids)]))[0]
    of_ngrams, contributions, bias = decompose(parts.classifier, ids, logits)
    ngrams = []
    for (start, stop), added in zip(of_ngrams, contributions, strict=True):
        of_words = tuple(positions[start:stop].tolist())
        ngrams.append(Ngram(of_words, " ".join(words[i] for i in of_words), added))
    head = parts.classifier._head
    probabilities, predicted = head.probabilities(ops, logits[None])[0], None
    if parts.adjustments:
        probabilities, predicted = _adjusted(parts, document)
    return Explanation(
        text=document if isinstance(document, str) else " ".join(document),
        words=words,
        spans=spans,
        classes=parts.class_names,
        logits=logits,
        probabilities=probabilities,
        ngrams=ngrams,
        bias=bias,
        exclusive=head.exclusive,
        predicted=predicted,
    )


def _adjusted(parts: TextPipeline, document: Document) -> tuple[np.ndarray, Any]:
    """Return the probability of each class and the prediction, as calibrations and thresholds make them."""
    adjusted = parts.with_steps(parts.vectorizer, parts.classifier)
    probabilities = adjusted.predict_proba([document])[0].astype(np.float32)
    columns = np.searchsorted(adjusted.classes_, parts.class_names)  # a calibration may know more classes
    return probabilities[columns], adjusted.predict([document])[0]


def _one_document(parts: TextPipeline, text: Any) -> Document:
    is_row = is_table(text) and text.shape[:1] == (1,)
    if not _is_document(text) and not is_row:
        raise TypeError(
            "text must be a str, a list of words, or a table of one row for a pipeline that takes tables; "
            f"got {text!r:.60} ({type(text).__name__})."
        )
    documents = parts.texts(text if is_row else [text])
    if len(documents) != 1:
        raise ValueError(
            f"The steps before the vectorizer made {len(documents)} texts of one; an explanation is of one text."
        )
    return documents[0]


def _is_document(text: Any) -> bool:
    return isinstance(text, str) or (isinstance(text, list | tuple) and all(isinstance(word, str) for word in text))


def _known(vectorizer: GloveTextVectorizer, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions and ids of known words, after truncation."""
    (replaced,) = vectorizer._without_unknown_words([words])
    known = [(i, vectorizer.vocabulary_.get(word, vectorizer._unknown_id_)) for i, word in enumerate(replaced)]
    kept = [(i, id_) for i, id_ in known if id_ is not None]
    if vectorizer.maxlen is not None:
        kept = kept[-vectorizer.maxlen :] if vectorizer.truncating == "pre" else kept[: vectorizer.maxlen]
    positions, ids = np.array(kept, dtype=np.int64).reshape(-1, 2).T
    return positions, ids
