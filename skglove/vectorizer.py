"""GloveTextVectorizer: texts to sequences of word ids that carry their word vectors."""

import functools
from collections import deque
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import Interval, StrOptions, validate_parameters
from skglove.saving import VersionedState, pack_words, unpack_words
from skglove.text.averaging import mean_vectors, smooth_idf
from skglove.text.documents import chunks
from skglove.text.sequences import TokenSequences
from skglove.text.tokenizer import KERAS_FILTERS, Tokenizer
from skglove.text.vocabulary import WordCounts
from skglove.transaction import forget_fit, snapshot, transaction
from skglove.vectors.sources import VectorSource, vector_source


class GloveTextVectorizer(VersionedState, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn texts into sequences of word ids, and look up a pre-trained vector for every word.

    Words and ids are those of Keras' ``Tokenizer``, id for id. `transform` returns `TokenSequences`: ragged sequences of ids that
    carry `embedding_matrix_` with them, so that a `ConvTextClassifier` further down the pipeline starts from the pre-trained
    vectors. Their `padded` method gives the matrix of Keras' ``pad_sequences``.

    Parameters
    ----------
    embeddings : str, path, WordVectors, mapping, object or None, default="glove.6B.100d"
        Where the word vectors come from:

        - a name such as ``"glove.6B.50d"``; ``WordVectors.available()`` lists them. What no installed package brings is
          downloaded once and kept;
        - the path of a GloVe or word2vec text file, plain, ``.gz`` or inside a ``.zip``;
        - a `WordVectors`, a mapping from word to vector, gensim's ``KeyedVectors``, spaCy's ``Vectors``, or an object with the
          methods of `skglove.vectors.sources.VectorSource`;
        - None for sequences without pre-trained vectors; a classifier then learns its own.
    num_words : int or None, default=100_000
        Keras' meaning: only ids below `num_words` are used, so the ``num_words - 1`` most frequent words of the texts are kept.
        None keeps every word.
    extra_words : int, default=50_000
        So many of the most frequent words of the pre-trained vectors are looked at, and those that are not among the words of
        the texts get ids after all others: words that first appear after training are then known by their vectors. 0 adds
        none. (Vectors are published with the most frequent words first.)
    maxlen : int or None, default=1000
        Longer sequences are cut to so many words; None cuts nothing. It is also the width of ``padded()``.
    padding : {"pre", "post"}, default="pre"
        The side on which ``padded()`` fills short sequences with zeros.
    truncating : {"pre", "post"}, default="pre"
        The side on which long sequences lose words.
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
        Whether the mean weighs each word by its inverse document frequency, by scikit-learn's smooth formula.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The id of every word kept, from 1, most frequent first, `extra_words` at the end.
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
    vectors. 50,000 `extra_words` of 100 numbers are 20 MB. Sequences take 4 bytes a word and 8 bytes a text.

    Sequences cannot be a data frame, so ``set_output`` and ``get_feature_names_out`` exist with ``output="mean"`` only, and
    ``sklearn.set_config(transform_output=...)`` has no effect on sequences.

    A fit that fails or is interrupted leaves the vectorizer as it was.

    Examples
    --------
    >>> from skglove import GloveTextVectorizer
    >>> vectors = {"cat": [1.0, 0.0], "dog": [0.0, 1.0]}
    >>> vectorizer = GloveTextVectorizer(embeddings=vectors, maxlen=4)
    >>> X = vectorizer.fit_transform(["The cat.", "A dog, the dog!"])
    >>> X
    <TokenSequences: 2 documents, 6 word ids, vectors of dimension 2>
    >>> X.padded()
    array([[0, 0, 1, 3],
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
        with transaction(self) as draft:
            draft._learn(raw_documents, keep=None)
        return self

    def fit_transform(self, raw_documents: Iterable[str], y: Any = None) -> Any:
        """Learn the vocabulary from texts and return what `transform` makes of them. Texts are read and split once.

        Parameters
        ----------
        raw_documents : iterable of str
        y : ignored

        Returns
        -------
        TokenSequences of n_samples documents, or ndarray of shape (n_samples, dim), float32
        """
        read: deque[tuple[np.ndarray, np.ndarray]] = deque()
        with transaction(self) as draft:
            new_ids = draft._learn(raw_documents, keep=read.append)
            chunks_read = (read.popleft() for _ in range(len(read)))  # so that they are not held twice
            return draft._output(draft._sequences(new_ids[numbers], lengths) for numbers, lengths in chunks_read)

    def transform(self, raw_documents: Iterable[str]) -> Any:
        """Turn texts into sequences of ids, or into means of word vectors, as `output` says.

        Parameters
        ----------
        raw_documents : iterable of str

        Returns
        -------
        TokenSequences of n_samples documents
            With the vectors as its attribute `embedding_matrix`; or, if `output` is "mean", an ndarray of shape
            (n_samples, dim), float32, zeros for texts none of whose words has a vector.

        Raises
        ------
        TypeError
            If something other than text is among the texts.
        ValueError
            If there are no texts.
        """
        check_is_fitted(self)
        fitted = snapshot(self)
        encode, vocabulary = fitted._tokenizer().encode, fitted.vocabulary_
        encoded = (encode(texts, vocabulary, fitted._unknown_id_) for texts in chunks(raw_documents))
        return fitted._output(fitted._sequences(*part) for part in encoded)

    def inverse_transform(self, X: Any) -> list[str]:
        """Turn sequences of ids back into texts: the words that were kept, joined by `split`.

        Parameters
        ----------
        X : TokenSequences or array-like of shape (n_samples, n_ids), int

        Returns
        -------
        list of str

        Raises
        ------
        ValueError
            If an id is not in the vocabulary.
        """
        check_is_fitted(self)
        sequences = X if isinstance(X, TokenSequences) else TokenSequences.from_matrix(np.atleast_2d(np.asarray(X)))
        words = ["", *self.vocabulary_]
        largest = sequences.ids.max(initial=0)
        if largest >= len(words):
            raise ValueError(
                f"X holds id {largest}; the ids of this vocabulary are 1 to {len(words) - 1}, and 0 for padding."
            )
        return [self.split.join(map(words.__getitem__, ids)) for ids in sequences.tolist()]

    @available_if(lambda self: self.output == "mean")
    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return names for the columns of means; sequences have no columns.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str
        """
        return super().get_feature_names_out(input_features)

    @functools.cached_property
    def word_counts_(self) -> dict[str, int]:
        """How often each word of the training texts occurs."""
        check_is_fitted(self)
        *words, counts = self._packed_counts_
        return dict(zip(unpack_words(*words), counts.tolist(), strict=True))

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        assert self.embedding_matrix_ is not None  # means are of vectors
        return self.embedding_matrix_.shape[1]

    def _tokenizer(self) -> Tokenizer:
        return Tokenizer(lower=self.lower, filters=self.filters, split=self.split)

    def _learn(self, raw_documents: Iterable[str], keep: Callable | None) -> np.ndarray:
        """Fit, calling `keep` with the numbers that are read; return the id of each number, 0 where there is none."""
        source = self._check_parameters()
        forget_fit(self)
        counts = WordCounts(self._tokenizer(), count_documents=self.use_idf)
        for texts in chunks(raw_documents):
            numbers = counts.add(texts)
            if keep is not None:
                keep(numbers)
        self._check_words(counts)
        reserved = [] if self.oov_token is None else [self.oov_token]
        n_words = None if self.num_words is None else self.num_words - 1 - len(reserved)
        words, ranks = counts.most_common(n_words)
        words = [*reserved, *words]
        extra = [] if source is None else self._extra_words(source, counts)
        self.embedding_matrix_, self.n_words_found_ = None, 0
        if source is not None:
            rows, found = source.lookup([*words, *extra])
            self.embedding_matrix_ = np.concatenate([np.zeros_like(rows[:1]), rows])
            self.n_words_found_ = int(np.count_nonzero(found[: len(words)]))
        self.vocabulary_ = {word: i for i, word in enumerate([*words, *extra], start=1)}
        self._packed_counts_ = [*pack_words(counts.words), counts.counts]
        if self.use_idf:
            in_documents = counts.document_counts(self.vocabulary_)
            self.idf_ = np.concatenate([[1.0], smooth_idf(in_documents, counts.n_documents)])
        self._unknown_id_ = 1 if reserved else None
        new_ids = np.where(ranks, ranks + len(reserved), len(reserved)).astype(np.int32)
        new_ids[0] = 0  # of empty pieces
        return new_ids

    def _sequences(self, ids: np.ndarray, lengths: np.ndarray) -> TokenSequences:
        """Join the ids of some texts with the vectors; zeros among the ids are dropped."""
        sequences = TokenSequences.from_lengths(
            ids,
            lengths,
            embedding_matrix=self.embedding_matrix_,
            input_dim=len(self.vocabulary_) + 1,
            maxlen=self.maxlen,
            padding=self.padding,
        )
        if self.maxlen is None or self.output == "mean":
            return sequences
        return sequences.cut(self.maxlen, self.truncating)

    def _output(self, parts: Iterable[TokenSequences]) -> Any:
        sequences = TokenSequences.concatenate(list(parts))
        if self.output == "sequences":
            return sequences
        return mean_vectors(sequences, self.idf_ if self.use_idf else np.ones(len(self.vocabulary_) + 1))

    def _check_words(self, counts: WordCounts) -> None:
        if not len(counts):
            raise ValueError(
                "The texts hold no words: all are empty or made of separators only. Check the column you passed."
            )
        if self.oov_token is not None and self.oov_token in counts:
            raise ValueError(
                f"oov_token={self.oov_token!r} is also a word of the texts; choose a token that no text holds, "
                "such as '<OOV>' (its brackets are among the filters)."
            )

    def _extra_words(self, source: VectorSource, counts: WordCounts) -> list[str]:
        """Return the most frequent words of the vectors that a text can hold, and the training texts do not."""
        if not self.extra_words:
            return []
        words = self._tokenizer().words
        first = dict.fromkeys(source.head(self.extra_words))
        return [word for word in first if word not in counts and word != self.oov_token and words(word) == [word]]

    def _check_parameters(self) -> VectorSource | None:
        """Return the source of vectors, if all parameters are valid."""
        validate_parameters(self)
        if not self.split:
            raise ValueError("split='' cannot separate words; give at least one character, such as ' '.")
        if self.embeddings is None:
            if self.output == "mean":
                raise ValueError("output='mean' averages word vectors, so embeddings cannot be None.")
            return None
        source = vector_source(self.embeddings)
        source.check()
        return source

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.pop("word_counts_", None)  # unpacked when asked for
        if "vocabulary_" in state:  # its ids count up from 1
            state["vocabulary_"] = pack_words(list(self.vocabulary_))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "vocabulary_" in state:
            self.vocabulary_ = {word: i for i, word in enumerate(unpack_words(*state["vocabulary_"]), start=1)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
