"""A pipeline as one Keras model from texts to probabilities."""

import functools
import itertools
import os
from collections.abc import Iterable, Sequence
from typing import Any

from skglove._keras import import_keras
from skglove.export import composition, lowercase
from skglove.export.utf8 import check_utf8
from skglove.pipeline import vectorizer_and_classifier


def to_keras(pipeline: Any) -> Any:
    """Turn a pipeline into one Keras model: texts in, probabilities out.

    It tokenizes texts like the vectorizer, with TensorFlow's string operations. ``model.export(folder)`` writes a SavedModel for
    TensorFlow Serving, which does not require skglove. ``model.save(file)`` writes a ``.keras`` file, which `load_keras` loads.
    For a model that takes ids and can be loaded without skglove, see `ConvTextClassifier.to_keras`.

    Parameters
    ----------
    pipeline : Pipeline or meta-estimator
        A fitted pipeline of a `GloveTextVectorizer` and a `ConvTextClassifier` only, also in a `FrozenEstimator` or a fitted
        search.

    Returns
    -------
    keras.Model
        From texts, a tensor of strings in UTF-8 of shape (batch,), to probabilities (batch, n_classes), in the order of the
        classifier's ``classes_``.

    Raises
    ------
    TypeError
        If `pipeline` is anything else.
    sklearn.exceptions.NotFittedError
        If the pipeline has not been fitted.
    ValueError
        If the vectorizer was fitted again after the classifier was trained, or if it does what cannot run in TensorFlow: its
        tokenizer is a function, it replaces unknown words by the nearest, or a word, `filters` or `split` contains a lone
        surrogate. If there is a calibration or threshold classifier, which the model would lack: pass the pipeline inside it.

    Notes
    -----
    Lower case and composed accents are those of the Python that runs `to_keras` or `load_keras`, whatever the locale of the
    process that runs the model.

    Examples
    --------
    ::

        model = to_keras(pipeline)
        model(tf.constant(["a text", "another"]))
        model.export("saved_model/1")
    """
    vectorizer, classifier = vectorizer_and_classifier(pipeline)
    if vectorizer.handle_unknown != "ignore":
        raise ValueError(
            f"handle_unknown={vectorizer.handle_unknown!r} cannot be exported, since similar words are found in Python. Set "
            "handle_unknown='ignore'; the pipeline need not be fitted again."
        )
    tokenizer = vectorizer._tokenizer()
    substitutions = tokenizer.substitutions()
    _check_strings(vectorizer.vocabulary_, [*itertools.chain(*substitutions), tokenizer.separator])
    keras = import_keras()
    texts = keras.Input((), dtype="string", name="texts")
    ids = _word_ids_class()(
        vocabulary=list(vectorizer.vocabulary_),
        unknown_id=vectorizer._unknown_id_ or 0,
        maxlen=vectorizer.maxlen,
        truncating=vectorizer.truncating,
        lower=vectorizer.lower,
        composes=tokenizer.composes,
        substitutions=substitutions,
        separator=tokenizer.separator,
        pairs=tokenizer.pairs,
        name="word_ids",
    )(texts)
    # A classifier that was trained on a plain matrix may not know the last words.
    if classifier.input_dim_ <= len(vectorizer.vocabulary_):
        ids = keras.ops.where(ids < classifier.input_dim_, ids, 0)
    return keras.Model(texts, classifier.to_keras()(ids), name="text_classifier")


def _check_strings(words: Iterable[str], settings: Iterable[str]) -> None:
    cleaned = "Fit again on texts and vectors without it, such as text.encode('utf-8', 'replace').decode()"
    check_utf8(words, "The word", f"{cleaned}, and with another oov_token if it is that.")
    check_utf8(
        settings, "An expression of filters or split,", "Fit again without it, since no text in UTF-8 contains it."
    )


def load_keras(file: str | os.PathLike) -> Any:
    """Load a ``.keras`` file of a model returned by `to_keras`.

    Parameters
    ----------
    file : path

    Returns
    -------
    keras.Model
    """
    keras = import_keras()
    return keras.models.load_model(file, custom_objects={"WordIds": _word_ids_class()})


@functools.cache
def _word_ids_class() -> Any:
    keras = import_keras()
    base: Any = keras.layers.Layer
    import tensorflow as tf

    def characters_and_pairs(words: Any) -> Any:
        """Split ragged strings into characters, each followed by the pair that begins with it, or an empty string."""
        characters = tf.strings.unicode_split(words, "UTF-8")
        flat = characters.flat_values
        word = characters.merge_dims(0, 1).value_rowids()
        is_last = tf.concat([word[1:] != word[:-1], [True]], axis=0)[: tf.size(flat)]
        pairs = tf.where(is_last, "", flat + tf.concat([flat[1:], [""]], axis=0)[: tf.size(flat)])
        return characters.merge_dims(1, 2).with_flat_values(tf.stack([flat, pairs], axis=1)).merge_dims(1, 2)

    class WordIds(base):
        """Texts to word ids like `GloveTextVectorizer`, but padded at the end."""

        def __init__(
            self,
            vocabulary: Sequence[str],
            unknown_id: int,
            maxlen: int | None,
            truncating: str,
            lower: bool,
            substitutions: Sequence[Sequence[str]],
            separator: str,
            pairs: bool,
            composes: bool = False,  # files of earlier versions lack it
            **kwargs: Any,
        ) -> None:
            super().__init__(**kwargs)
            self.settings: dict[str, Any] = {
                "vocabulary": list(vocabulary),
                "unknown_id": unknown_id,
                "maxlen": maxlen,
                "truncating": truncating,
                "lower": lower,
                "substitutions": [list(pair) for pair in substitutions],
                "separator": separator,
                "pairs": pairs,
                "composes": composes,
            }
            keys = tf.constant(self.settings["vocabulary"])
            values = tf.range(1, len(vocabulary) + 1, dtype=tf.int64)
            start = tf.lookup.KeyValueTensorInitializer(keys, values)
            self.table = tf.lookup.StaticHashTable(start, default_value=unknown_id)

        def call(self, texts: Any) -> Any:
            settings = self.settings
            if settings["lower"]:
                texts = lowercase.lower(texts)
            if settings["composes"]:
                texts = composition.compose(texts)
            for pattern, replacement in settings["substitutions"]:
                texts = tf.strings.regex_replace(texts, pattern, replacement)
            words = tf.strings.split(texts, settings["separator"])
            if settings["pairs"]:
                words = characters_and_pairs(words)
            ids = tf.ragged.map_flat_values(
                lambda flat: tf.where(flat == "", tf.constant(0, tf.int64), self.table.lookup(flat)), words
            )
            known = tf.ragged.boolean_mask(ids, ids != 0)
            if maxlen := settings["maxlen"]:
                known = known[:, -maxlen:] if settings["truncating"] == "pre" else known[:, :maxlen]
            # One more column, so that the width is never 0.
            return tf.pad(tf.cast(known.to_tensor(), tf.int32), [[0, 0], [0, 1]])

        def compute_output_spec(self, texts: Any) -> Any:
            return keras.KerasTensor((texts.shape[0], None), dtype="int32")

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), **self.settings}

    return WordIds
