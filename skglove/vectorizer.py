"""GloveTextVectorizer: texts to sequences of word ids that carry their word vectors."""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sized
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_is_fitted

from skglove.averaging import mean_vectors, smooth_idf
from skglove.saving import VersionedState, pack_words, unpack_words
from skglove.sequences import Documents, TokenSequences
from skglove.tokenizer import KERAS_FILTERS, Tokenizer, build_vocabulary, pad
from skglove.vectors import WordVectors


class GloveTextVectorizer(VersionedState, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn texts into padded sequences of word ids, and look up a pre-trained vector for every word.

    Words, ids and padding are those of Keras' ``Tokenizer`` and ``pad_sequences``, id for id. `transform` returns
    `TokenSequences`: an integer matrix that carries `embedding_matrix_` with it, so that a `ConvTextClassifier` further down
    the pipeline starts from the pre-trained vectors.

    Parameters
    ----------
    embeddings : str, path, WordVectors, mapping, object or None, default="glove.6B.100d"
        Where the word vectors come from:

        - a name such as ``"glove.6B.50d"``; ``WordVectors.available()`` lists them. What no installed package brings is
          downloaded once and kept;
        - the path of a GloVe or word2vec text file, plain, ``.gz`` or inside a ``.zip``;
        - a `WordVectors`, a mapping from word to vector, or any object with gensim's ``key_to_index`` and ``vectors``;
        - None for sequences without pre-trained vectors; a classifier then learns its own.
    num_words : int or None, default=100_000
        Keras' meaning: only ids below `num_words` are used, so the ``num_words - 1`` most frequent words of the texts are kept.
        None keeps every word.
    extra_words : int, default=50_000
        So many of the most frequent words of the pre-trained vectors are looked at, and those that are not among the words of
        the texts get ids behind all others: words that are first met after training are then known by their vectors. 0 adds
        none. (Vectors are published with the most frequent words first.)
    maxlen : int or None, default=1000
        Length of every sequence. None is the number of words of the longest training text: many short texts take less memory
        then.
    padding : {"pre", "post"}, default="pre"
        The side on which short texts are filled with zeros.
    truncating : {"pre", "post"}, default="pre"
        The side on which long texts lose words.
    lower : bool, default=True
        Whether texts are lowered.
    filters : str
        Characters that separate words, besides `split`. The default is Keras': punctuation other than the apostrophe, tab and
        line feed.
    split : str, default=" "
        The separator of words.
    oov_token : str or None, default=None
        If given, it gets id 1 and stands for every word that is not in the vocabulary; otherwise those are left out.
    output : {"sequences", "mean"}, default="sequences"
        What `transform` returns: sequences of ids for a `ConvTextClassifier`; or the mean of the vectors of all words of a text
        (`maxlen` does not cut it), as features for any other estimator.
    use_idf : bool, default=False
        Whether in the mean rare words count more: each by its inverse document frequency, scikit-learn's smooth formula.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The id of every word kept, from 1, most frequent first, `extra_words` at the end.
    maxlen_ : int
        Length of every sequence.
    word_counts_ : dict of str to int
        How often each word of the training texts occurs, words not kept included, in order of first appearance.
    embedding_matrix_ : ndarray of shape (len(vocabulary_) + 1, dim), float32, or None
        The vector of each id. Row 0, the padding, and the rows of words without a vector are zeros. None if `embeddings` is.
    n_words_found_ : int
        How many words of the vocabulary have a pre-trained vector, `extra_words` not counted.
    idf_ : ndarray of shape (len(vocabulary_) + 1,), float64
        The inverse document frequency of each id, 1 for the padding; with `use_idf` only.

    See Also
    --------
    ConvTextClassifier : The classifier to put behind it.
    WordVectors : The vectors by themselves.

    Notes
    -----
    A pickled vectorizer holds `embedding_matrix_`, the vectors of its vocabulary; `word_counts_`, all words of the training
    texts; and `embeddings` as it was given: a name or a path is a few bytes, a `WordVectors` object is as large as all its
    vectors. 50,000 `extra_words` of 100 numbers are 20 MB. Sequences take 4 bytes for each of `maxlen` places of each text: a
    million texts 4 GB by default, and with ``maxlen=None`` 80 MB if none has more than 20 words.

    Put meta-estimators that validate X, such as `BaggingClassifier`, around the whole pipeline and not around its classifier:
    they hand on a plain matrix, which has lost the vectors.

    Examples
    --------
    >>> from skglove import GloveTextVectorizer
    >>> vectors = {"cat": [1.0, 0.0], "dog": [0.0, 1.0]}
    >>> vectorizer = GloveTextVectorizer(embeddings=vectors, maxlen=4)
    >>> vectorizer.fit_transform(["The cat.", "A dog, the dog!"])
    TokenSequences([[0, 0, 1, 3],
                    [4, 2, 1, 2]], dtype=int32)
    >>> vectorizer.vocabulary_
    {'the': 1, 'dog': 2, 'cat': 3, 'a': 4}
    >>> vectorizer.n_words_found_
    2
    """

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn reads it from the class
        "embeddings": "no_validation",
        "num_words": [Interval(Integral, 2, None, closed="left"), None],
        "extra_words": [Interval(Integral, 0, None, closed="left")],
        "maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "padding": [StrOptions({"pre", "post"})],
        "truncating": [StrOptions({"pre", "post"})],
        "lower": ["boolean"],
        "filters": [str],
        "split": [str],
        "oov_token": [str, None],
        "output": [StrOptions({"sequences", "mean"})],
        "use_idf": ["boolean"],
    }

    def __init__(
        self,
        embeddings: Any = "glove.6B.100d",
        *,
        num_words: int | None = 100_000,
        extra_words: int = 50_000,
        maxlen: int | None = 1000,
        padding: str = "pre",
        truncating: str = "pre",
        lower: bool = True,
        filters: str = KERAS_FILTERS,
        split: str = " ",
        oov_token: str | None = None,
        output: str = "sequences",
        use_idf: bool = False,
    ) -> None:
        self.embeddings = embeddings
        self.num_words = num_words
        self.extra_words = extra_words
        self.maxlen = maxlen
        self.padding = padding
        self.truncating = truncating
        self.lower = lower
        self.filters = filters
        self.split = split
        self.oov_token = oov_token
        self.output = output
        self.use_idf = use_idf

    def fit(self, raw_documents: Iterable[str], y: Any = None) -> "GloveTextVectorizer":
        """Learn the vocabulary and look up its vectors.

        Parameters
        ----------
        raw_documents : iterable of str
            The texts: a list, a generator, an array, a pandas or polars Series. They are read once.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter has a wrong value, a vectors file is broken, or the texts are none or hold no word.
        TypeError
            If something other than text is among the texts; the message says where.
        FileNotFoundError
            If `embeddings` is a path where no file is.
        """
        self._check_parameters()
        in_documents: Counter[str] | None = Counter() if self.use_idf else None
        tokenizer = self._tokenizer()
        counts = tokenizer.count(_checked(raw_documents), in_documents)
        if not counts:
            raise ValueError(
                "The texts hold no words: all are empty or made of separators only. Check the column you passed."
            )
        if self.oov_token in counts:
            raise ValueError(
                f"oov_token={self.oov_token!r} is also a word of the texts; choose a token that no text holds, "
                "such as '<OOV>' (its brackets are among the filters)."
            )
        vocabulary = build_vocabulary(counts, self.num_words, self.oov_token)
        found = 0
        matrix: Any = None
        if self.embeddings is not None:
            vectors = WordVectors.load(self.embeddings, vocabulary=list(vocabulary))
            found, matrix = len(vectors), vectors.embedding_matrix(list(vocabulary))
            if extra := self._extra_words(tokenizer, counts):
                more = WordVectors.load(self.embeddings, vocabulary=extra)
                matrix = np.concatenate([matrix, more.embedding_matrix(extra)[1:]])
                vocabulary |= {word: i for i, word in enumerate(extra, len(vocabulary) + 1)}
        # From here on nothing can fail: what was fitted before is replaced as a whole or not at all.
        self.word_counts_ = dict(counts)
        self.vocabulary_ = vocabulary
        self._unknown_id = None if self.oov_token is None else vocabulary[self.oov_token]
        self.embedding_matrix_ = matrix
        self.n_words_found_ = found
        self.maxlen_ = max(1, tokenizer.longest) if self.maxlen is None else self.maxlen
        if in_documents is not None:
            self.idf_ = np.ones(len(vocabulary) + 1)
            self.idf_[1:] = smooth_idf(np.array([in_documents[word] for word in vocabulary]), in_documents[""])
        return self

    def transform(self, raw_documents: Iterable[str]) -> np.ndarray:
        """Turn texts into padded sequences of ids, or into means of word vectors, as `output` says.

        Parameters
        ----------
        raw_documents : iterable of str

        Returns
        -------
        TokenSequences of shape (n_samples, maxlen), int32
            With the vectors as its attribute `embedding_matrix`; or, if `output` is "mean",
            an ndarray of shape (n_samples, dim), float32, zeros for texts none of whose words has a vector.

        Raises
        ------
        TypeError
            If something other than text is among the texts.
        ValueError
            If there are no texts, or if ``set_output`` asks for a data frame of sequences, which could not carry the vectors.
        """
        check_is_fitted(self)
        self._check_output()
        texts = _checked(raw_documents)
        if not isinstance(texts, Sized):
            texts = list(texts)
        rows = self._tokenizer().encode(texts, self.vocabulary_, self._unknown_id)
        if self.output == "mean":
            weights = self.idf_ if self.use_idf else np.ones(len(self.embedding_matrix_))
            return mean_vectors(rows, self.embedding_matrix_, weights)
        ids = pad(rows, len(texts), self.maxlen_, self.padding, self.truncating)
        return TokenSequences(ids, self.embedding_matrix_, input_dim=len(self.vocabulary_) + 1)

    def fit_transform(self, raw_documents: Iterable[str], y: Any = None) -> np.ndarray:
        """Learn the vocabulary from texts and return what `transform` makes of them.

        Parameters
        ----------
        raw_documents : iterable of str
        y : ignored

        Returns
        -------
        TokenSequences of shape (n_samples, maxlen), int32, or ndarray of shape (n_samples, dim), float32
        """
        self._check_parameters()
        texts = list(_checked(raw_documents))
        return self.fit(texts).transform(texts)

    def inverse_transform(self, X: Any) -> list[str]:
        """Turn sequences of ids back into texts: the words that were kept, joined by `split`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_ids), int

        Returns
        -------
        list of str

        Raises
        ------
        ValueError
            If an id is not in the vocabulary.
        """
        check_is_fitted(self)
        documents = Documents(np.atleast_2d(np.asarray(X)))
        words = dict(enumerate(self.vocabulary_, start=1))
        strangers = set(np.unique(documents.ids).tolist()) - words.keys()
        if strangers:
            raise ValueError(
                f"X holds id {min(strangers)}; the ids of this vocabulary are 1 to {len(words)}, and 0 for padding."
            )
        ends = np.cumsum(documents.lengths)
        texts = [documents.ids[end - n : end].tolist() for end, n in zip(ends, documents.lengths, strict=True)]
        return [self.split.join(words[i] for i in text) for text in texts]

    @functools.cached_property
    def word_counts_(self) -> dict[str, int]:
        """How often each word of the training texts occurs."""
        check_is_fitted(self)
        *words, counts = self._packed_counts
        return dict(zip(unpack_words(*words), counts.tolist(), strict=True))

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        return self.embedding_matrix_.shape[1] if self.output == "mean" else self.maxlen_

    def _tokenizer(self) -> Tokenizer:
        return Tokenizer(lower=self.lower, filters=self.filters, split=self.split)

    def _extra_words(self, tokenizer: Tokenizer, counts: Counter[str]) -> list[str]:
        """Return the words of the vectors that texts can hold, and the training texts do not."""
        if not self.extra_words:
            return []
        taken = {*counts, self.oov_token}
        first = dict.fromkeys(WordVectors.first_words(self.embeddings, self.extra_words))
        return [word for word in first if word not in taken and tokenizer.words(word) == [word]]

    def _check_parameters(self) -> None:
        self._validate_params()
        if not self.split:
            raise ValueError("split='' cannot separate words; give at least one character, such as ' '.")
        if self.embeddings is not None:
            WordVectors.check_source(self.embeddings)
        elif self.output == "mean":
            raise ValueError("output='mean' averages word vectors, so embeddings cannot be None.")
        self._check_output()

    def _check_output(self) -> None:
        container = _get_output_config("transform", self)["dense"]
        if container != "default" and self.embeddings is not None and self.output == "sequences":
            raise ValueError(
                f"transform output is set to {container!r}, but a data frame cannot carry the word vectors of "
                "its embeddings. Call set_output(transform='default') on the vectorizer, or use embeddings=None."
            )

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        if "vocabulary_" in state:  # its ids count up from 1
            state["vocabulary_"] = pack_words(list(self.vocabulary_))
            packed = state.pop("_packed_counts", None)
            state["word_counts_"] = _pack_counts(self.word_counts_) if "word_counts_" in state else packed
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "vocabulary_" in state:
            self.vocabulary_ = {word: i for i, word in enumerate(unpack_words(*state["vocabulary_"]), start=1)}
            # Prediction has no use for them: they are unpacked when asked for.
            self._packed_counts = list(self.__dict__.pop("word_counts_"))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def _pack_counts(counts: dict[str, int]) -> list[np.ndarray]:
    return [*pack_words(list(counts)), np.fromiter(counts.values(), dtype=np.int64, count=len(counts))]


def _checked(raw_documents: Any) -> Iterable[str]:
    """Return the texts, having made sure that they are texts: at once if they are all at hand, else one by one."""
    if isinstance(raw_documents, str | bytes):
        raise ValueError(
            f"Got one {type(raw_documents).__name__}; expected several texts. For a single text pass a list: [text]."
        )
    if (
        isinstance(raw_documents, Mapping)
        or hasattr(raw_documents, "columns")
        or getattr(raw_documents, "ndim", 1) != 1
    ):
        raise ValueError(
            f"Expected a one-dimensional sequence of texts, got {_describe(raw_documents)}. "
            "Pass one column of it, such as X['text']."
        )
    if not isinstance(raw_documents, Iterable):
        raise TypeError(f"Expected an iterable of texts, got {_describe(raw_documents)}.")
    if not isinstance(raw_documents, Sized):
        return _checked_one_by_one(raw_documents)
    for _ in _checked_one_by_one(raw_documents):
        pass
    return raw_documents


def _checked_one_by_one(raw_documents: Iterable[Any]) -> Iterator[str]:
    position = -1
    for position, text in enumerate(raw_documents):
        if not isinstance(text, str):
            remedy = (
                "Decode bytes first"
                if isinstance(text, bytes)
                else "Replace missing texts by '', and convert others with str()"
            )
            raise TypeError(f"The text at position {position} is not a str but {_describe(text)}. {remedy}.")
        yield text
    if position < 0:
        raise ValueError("Got no texts (0 samples); at least one is needed.")


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} of shape {shape}" if shape else f"{value!r:.60} ({type(value).__name__})"
