"""GloveTextVectorizer: texts to sequences of word ids with their word vectors."""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import compress
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import metadata_routing
from sklearn.utils.validation import check_is_fitted

from skglove._sklearn import (
    CallbackSupportMixin,
    DocumentationLink,
    Interval,
    StrOptions,
    available_unless,
    validate_parameters,
    with_callbacks,
)
from skglove.callbacks import FitTask
from skglove.saving.state import VersionedState, pack_words, unpack_words
from skglove.text.averaging import mean_vectors, smooth_idf
from skglove.text.documents import chunks
from skglove.text.glued import GluedWords, warn_of_glued_words
from skglove.text.keras import KERAS_FILTERS
from skglove.text.sequences import TokenSequences
from skglove.text.similar import SimilarWords
from skglove.text.tokenizer import Document, Tokenizer
from skglove.text.tokenizers import TOKENIZERS, make_tokenizer
from skglove.text.unicode import compose
from skglove.text.vocabulary import WordCounts
from skglove.transaction import forget_fit, snapshot, transaction
from skglove.vectors.components import principal_components
from skglove.vectors.coverage import warn_if_hardly_found
from skglove.vectors.sources.protocol import VectorSource, lookup
from skglove.vectors.sources.sources import vector_source
from skglove.warn import warn


def _check_columns(vectorizer: "GloveTextVectorizer") -> None:
    if vectorizer.output != "mean":
        raise AttributeError(
            'Sequences of word ids have no columns, and so neither names nor a container for them. Set output="mean" for the '
            "mean of the word vectors of each text, which has columns."
        )


class GloveTextVectorizer(
    VersionedState,
    CallbackSupportMixin,
    DocumentationLink,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    """Turn texts into sequences of word ids, and look up a pre-trained vector for every word.

    By default, words and ids are the same as those of Keras' ``Tokenizer``. `transform` returns `TokenSequences`, ragged
    sequences of ids that include `embedding_matrix_`, so that a `ConvTextClassifier` in the same pipeline starts from the
    pre-trained vectors. Their `padded` method returns the same matrix as Keras' ``pad_sequences``.

    Parameters
    ----------
    embeddings : str, path, WordVectors, mapping, object, list or None, default="glove.6B.100d"
        The pre-trained word vectors:

        - a name such as ``"glove.6B.50d"`` or ``"fasttext.cc.de.300d"``, see ``WordVectors.available()``. Vectors that are not
          in the cache or in an installed package are downloaded into the cache;
        - the path of a GloVe or word2vec file, text or binary, plain, ``.gz`` or inside a ``.zip``, or of fastText's ``.bin``
          file, which requires gensim;
        - a `WordVectors`, a mapping from word to vector, gensim's ``KeyedVectors`` or spaCy's ``Vectors``;
        - a model of gensim or of the ``fasttext`` package with vectors of character n-grams. Each word of the texts then has a
          vector, whether or not the model was trained on it;
        - an encoder whose ``encode(list of str)`` returns an array, such as those of sentence-transformers and model2vec. It is
          asked for the words of the vocabulary during `fit`; see `skglove.vectors.EncoderVectors`;
        - any object with the methods of `skglove.vectors.VectorSource`;
        - a list of these. Their vectors are concatenated word by word, scaled to the mean length of those of the first, with
          zeros where one of them lacks the word;
        - None for sequences without pre-trained vectors; the classifier then learns an embedding from scratch.
    num_words : int or None, default=100_000
        Keep the ``num_words - 1`` most frequent words of the texts, as in Keras; None keeps all words.
    extra_words : int, default=50_000
        Add those of the first `extra_words` words of the pre-trained vectors, usually the most frequent ones, that are not
        among the words of the texts. Words that do not occur in the training texts can then be used at prediction time.
    maxlen : int or None, default=1000
        Maximum number of words of a sequence, and the width of ``padded()``; None does not truncate.
    padding : {"pre", "post"}, default="pre"
        Whether ``padded()`` adds zeros before or after short sequences.
    truncating : {"pre", "post"}, default="pre"
        Whether words are removed from the beginning or the end of long sequences.
    tokenizer : {"keras", "glove", "characters"}, callable or None, default="keras"
        How texts are split into words:

        - "keras", or None: at `filters` and `split`;
        - "glove": as the English texts that GloVe was trained on, without their punctuation. "don't" is split into "do" and
          "n't", "well-known" is one word, and all white space and punctuation of Unicode separates words;
        - "characters": into characters and pairs of neighbouring characters, for languages that are written without spaces;
        - a function that takes a text and returns its words, a list of str. It can be pickled if it can be imported.

        Documents that are lists or tuples of str are not split: their items are the words.
    lower : bool, default=True
        Whether texts are converted to lower case before they are split, also by a function, and lists of words, too.
    filters : str
        Characters that separate words, besides `split`. The default is that of Keras: punctuation except the apostrophe, tab
        and line feed. Other tokenizers than "keras" do not use it.
    split : str, default=" "
        The separator of words. Other tokenizers than "keras" do not use it.
    oov_token : str or None, default=None
        If given, it gets id 1 and replaces unknown words instead of removing them.
    handle_unknown : {"ignore", "nearest"}, default="ignore"
        What becomes of words that are not in the vocabulary: they are removed, or with "nearest" replaced by the word of the
        vocabulary that is spelled most similarly (its character bigrams and trigrams have a cosine of at least 0.6), such as
        "adress" by "address". For texts with spelling mistakes. Words without a similar one are removed. See `oov_token`.
    output : {"sequences", "mean"}, default="sequences"
        Whether `transform` returns sequences of ids for a `ConvTextClassifier`, or the mean of the word vectors of each text
        (not limited by `maxlen`) as features for other estimators.
    n_components : int or None, default=None
        If given, the vectors are projected on as many principal components, which are those of the vectors of the vocabulary.
        They are centered, except for words without a vector, which keep zeros.
    use_idf : bool, default=False
        Whether the mean is weighted by inverse document frequency, as in `TfidfTransformer` with ``smooth_idf=True``.

    Attributes
    ----------
    vocabulary_ : dict of str to int
        The id of each word, from 1, by decreasing frequency, with `extra_words` at the end.
    word_counts_ : dict of str to int
        Number of occurrences of all words of the training texts, in order of first appearance.
    embedding_matrix_ : ndarray of shape (n_words + 1, dim), float32, or None
        The vector of each id; zeros for padding (row 0) and words without a vector. None if `embeddings` is None.
    n_words_found_ : int
        Number of words of the vocabulary that have a pre-trained vector, without `extra_words`.
    idf_ : ndarray of shape (n_words + 1,), float64
        The inverse document frequency of each id, 1 for padding; only with `use_idf`.

    See Also
    --------
    ConvTextClassifier : A classifier of sequences.
    WordVectors : Queries on word vectors.

    Notes
    -----
    Compressed files of vectors are converted into the cache when they are first read, others of at most 1 GB if
    one process reads them for the fourth time, for example in a search.

    A pickled vectorizer contains `embedding_matrix_`, `word_counts_` and `embeddings` as given; a `WordVectors` object is as
    large as all its vectors. 50,000 `extra_words` of dimension 100 take 20 MB. Sequences take 4 bytes per word and 8 bytes per
    text.

    The tokenizers of other packages are passed as functions. ``jieba.lcut`` and spaCy's objects hold what cannot be copied or is
    large, so define a function in a module of your own, which copies and pickles then only refer to::

        nlp = spacy.blank("en")

        def spacy_words(text):
            return [token.text for token in nlp(text)]

        def jieba_words(text):
            return [word for word in jieba.cut(text) if word.strip()]

        GloveTextVectorizer(tokenizer=spacy_words)

    Sequences have no columns, so ``set_output`` and ``get_feature_names_out`` exist only with ``output="mean"``, and
    ``sklearn.set_config(transform_output=...)`` has no effect on sequences. A `ColumnTransformer` passes on the sequences of a
    single text column, with the default output only; it cannot join them with other columns.

    A fit that fails or is interrupted leaves the vectorizer unchanged.

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

    Documents can be lists of words:

    >>> vectorizer.transform([["The", "dog"], ["a", "cat"]]).tolist()
    [[1, 2], [4, 3]]

    Another tokenizer splits contractions:

    >>> vectorizer = GloveTextVectorizer(vectors, tokenizer="glove").fit(["It isn\u2019t a dog\u2014it\u2019s a cat."])
    >>> list(vectorizer.vocabulary_)
    ['it', 'a', 'is', "n't", 'dog', "'s", 'cat']
    """

    __module__ = "skglove"  # the name in saved models

    _parameter_constraints = {  # noqa: RUF012 - scikit-learn reads it from the class
        "embeddings": "no_validation",
        "num_words": [Interval(Integral, 2, None, closed="left"), None],
        "extra_words": [Interval(Integral, 0, None, closed="left")],
        "maxlen": [Interval(Integral, 1, None, closed="left"), None],
        "padding": [StrOptions({"pre", "post"})],
        "truncating": [StrOptions({"pre", "post"})],
        "tokenizer": [StrOptions(set(TOKENIZERS)), callable, None],
        "lower": ["boolean"],
        "filters": [str],
        "split": [str],
        "oov_token": [str, None],
        "handle_unknown": [StrOptions({"ignore", "nearest"})],
        "output": [StrOptions({"sequences", "mean"})],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "use_idf": ["boolean"],
    }

    # As in scikit-learn's vectorizers: this argument is not called X, but is not metadata.
    __metadata_request__fit = {"raw_documents": metadata_routing.UNUSED}  # noqa: RUF012
    __metadata_request__transform = {"raw_documents": metadata_routing.UNUSED}  # noqa: RUF012

    def __init__(
        self,
        embeddings: Any = "glove.6B.100d",
        *,
        num_words: int | None = 100_000,
        extra_words: int = 50_000,
        maxlen: int | None = 1000,
        padding: str = "pre",
        truncating: str = "pre",
        tokenizer: str | Callable[[str], Iterable[str]] | None = "keras",
        lower: bool = True,
        filters: str = KERAS_FILTERS,
        split: str = " ",
        oov_token: str | None = None,
        handle_unknown: str = "ignore",
        output: str = "sequences",
        n_components: int | None = None,
        use_idf: bool = False,
    ) -> None:
        self.embeddings = embeddings
        self.num_words = num_words
        self.extra_words = extra_words
        self.maxlen = maxlen
        self.padding = padding
        self.truncating = truncating
        self.tokenizer = tokenizer
        self.lower = lower
        self.filters = filters
        self.split = split
        self.oov_token = oov_token
        self.handle_unknown = handle_unknown
        self.output = output
        self.n_components = n_components
        self.use_idf = use_idf

    @with_callbacks
    def fit(self, raw_documents: Iterable[Document], y: Any = None) -> "GloveTextVectorizer":
        """Learn the vocabulary and look up its vectors.

        Parameters
        ----------
        raw_documents : iterable of str
            A list, generator, array, pandas or polars Series, or Arrow array of texts, which is iterated over once, or a
            DataFrame or array of a single column. Lists or tuples of words in place of texts are not split.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is invalid, a vectors file is broken, or there are no texts or no words in them.
        ImportError
            If `embeddings` is a fastText model in a file and gensim is not installed.
        TypeError
            If an item of `raw_documents` is neither a str nor a list of str, or the tokenizer returns anything else.
        FileNotFoundError
            If `embeddings` is the path of a missing file.

        Warns
        -----
        UserWarning
            If less than 10% of the words and less than half of their occurrences have a vector, or, of less than 10 words,
            none. If the tokenizer is "keras" and more than 1% of the words, and at least 10, contain white space, quotation
            marks and the like at which Keras does not split, or decomposed accents.
        """
        with transaction(self) as draft:
            task = FitTask.begin(self)
            draft._learn(raw_documents, keep=None)
            task.end()
            return self

    @with_callbacks
    def fit_transform(self, raw_documents: Iterable[Document], y: Any = None) -> Any:
        """Fit to the texts and transform them, in one pass over the texts.

        Parameters
        ----------
        raw_documents : iterable of str, or of lists of words
        y : ignored

        Returns
        -------
        TokenSequences of n_samples documents, or ndarray of shape (n_samples, dim), float32
        """
        read: deque[tuple[np.ndarray, np.ndarray]] = deque()
        with transaction(self) as draft:
            task = FitTask.begin(self)
            new_ids = draft._learn(raw_documents, keep=read.append)
            task.end()
            chunks_read = (read.popleft() for _ in range(len(read)))  # frees each chunk after use
            return draft._output(draft._sequences(new_ids[numbers], lengths) for numbers, lengths in chunks_read)

    def transform(self, raw_documents: Iterable[Document]) -> Any:
        """Turn texts into sequences of ids, or into means of word vectors, depending on `output`.

        Parameters
        ----------
        raw_documents : iterable of str, or of lists of words

        Returns
        -------
        TokenSequences of n_samples documents
            With the word vectors as its attribute `embedding_matrix`. If `output` is "mean", an ndarray of shape
            (n_samples, dim), float32, with zeros for texts in which no word has a vector.

        Raises
        ------
        TypeError
            If an item is neither a str nor a list of str.
        ValueError
            If there are no texts.

        Warns
        -----
        UserWarning
            If more than 1% of the words, and at least 10, are unknown and contain what `fit` warns of.
        """
        check_is_fitted(self)
        fitted = snapshot(self)
        glued = GluedWords(fitted._tokenizer(), fitted.vocabulary_)
        encoded = fitted._encode(raw_documents, fitted._unknown_id_, glued.add if fitted._is_keras else None)
        transformed = fitted._output(fitted._sequences(*part) for part in encoded)
        glued.warn()
        return transformed

    def coverage(self, raw_documents: Iterable[Document]) -> np.ndarray:
        """Return the share of the words of each text that are in the vocabulary.

        Without known words, a model can say nothing about a text: unless there is an `oov_token`, it is the same as an empty one.
        Words that are replaced by similar ones with ``handle_unknown="nearest"`` count as known, those that `oov_token` replaces
        do not. All words count, also of texts that are longer than `maxlen`.

        Parameters
        ----------
        raw_documents : iterable of str, or of lists of words

        Returns
        -------
        ndarray of shape (n_samples,), float64
            From 0 to 1; 0 for texts without words.

        Raises
        ------
        TypeError
            If an item is neither a str nor a list of str.
        ValueError
            If there are no texts.

        Examples
        --------
        >>> from skglove import GloveTextVectorizer
        >>> vectorizer = GloveTextVectorizer(embeddings=None).fit(["The cat.", "A dog, the dog!"])
        >>> vectorizer.coverage(["the dog", "A cat and a mouse.", "Unbekannte Wörter", ""]).tolist()
        [1.0, 0.6, 0.0, 0.0]
        """
        check_is_fitted(self)
        fitted = snapshot(self)
        shares = []
        for ids, lengths in fitted._encode(raw_documents, unknown_id=0):
            known = (ids != 0) & (ids != (fitted._unknown_id_ or 0))
            of_document = np.repeat(np.arange(len(lengths)), lengths)
            n_known = np.bincount(of_document[known], minlength=len(lengths))
            shares.append(n_known / np.maximum(lengths, 1))
        return np.concatenate(shares)

    def inverse_transform(self, X: Any) -> list[str]:
        """Turn sequences of ids back into texts: their words, joined by `split`, or by spaces if `tokenizer` does not use it.

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
                f"X contains id {largest}; the ids of this vocabulary are 1 to {len(words) - 1}, and 0 for padding."
            )
        separator = self._tokenizer().separator
        return [separator.join(map(words.__getitem__, ids)) for ids in sequences.tolist()]

    @available_unless(_check_columns)
    def set_output(self, *, transform: str | None = None) -> "GloveTextVectorizer":
        """Set the container of the means.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            None changes nothing.

        Returns
        -------
        self

        Raises
        ------
        AttributeError
            If `output` is "sequences".
        """
        return super().set_output(transform=transform)

    @available_unless(_check_columns)
    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return names for the columns of the means.

        Parameters
        ----------
        input_features : ignored

        Returns
        -------
        ndarray of str

        Raises
        ------
        AttributeError
            If `output` is "sequences".
        """
        return super().get_feature_names_out(input_features)

    @functools.cached_property
    def word_counts_(self) -> dict[str, int]:
        """Number of occurrences of each word of the training texts."""
        check_is_fitted(self)
        *words, counts = self._packed_counts_
        return dict(zip(unpack_words(*words), counts.tolist(), strict=True))

    @functools.cached_property
    def _similar_words_(self) -> SimilarWords:
        words = list(self.vocabulary_)
        return SimilarWords(words if self._unknown_id_ is None else ["", *words[1:]])

    def _encode(
        self, raw_documents: Iterable[Document], unknown_id: int | None, see: Callable | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Check and encode documents in chunks, each of which is first passed to `see`; see `Tokenizer.encode`."""
        encode = self._tokenizer().encode
        for documents in chunks(raw_documents):
            if see is not None:
                see(documents)
            yield encode(self._without_unknown_words(documents), self.vocabulary_, unknown_id)

    def _without_unknown_words(self, documents: list[Document]) -> list[Document]:
        """Replace unknown words by the most similar ones, depending on `handle_unknown`."""
        if self.handle_unknown == "ignore":
            return documents
        words_of = list(map(self._tokenizer().words, documents))
        unknown = {word for words in words_of for word in words} - self.vocabulary_.keys()
        similar = self._similar_words_.find(sorted(unknown))
        return [[similar.get(word, word) for word in words] for words in words_of]

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self)
        if self.embedding_matrix_ is None:  # not an assertion, since dir() reads every attribute
            raise AttributeError("There are no means of word vectors, as embeddings is None.")
        return self.embedding_matrix_.shape[1]

    @property
    def _is_keras(self) -> bool:
        return self.tokenizer in (None, "keras")

    def _tokenizer(self) -> Tokenizer:
        return make_tokenizer(self.tokenizer, lower=self.lower, filters=self.filters, split=self.split)

    def _learn(self, raw_documents: Iterable[Document], keep: Callable | None) -> np.ndarray:
        """Fit, and pass what `WordCounts.add` returns to `keep`; return the id of each word number, or 0."""
        source = self._check_parameters()
        counts = self._word_counts()
        for documents in chunks(raw_documents):
            numbers = counts.add(documents)
            if keep is not None:
                keep(numbers)
        return self._learn_words(counts, source)

    def _word_counts(self) -> WordCounts:
        return WordCounts(self._tokenizer(), count_documents=self.use_idf)

    def _learn_words(self, counts: WordCounts, source: VectorSource | None) -> np.ndarray:
        """Fit to the words of all texts; return the id of each word number, or 0."""
        forget_fit(self)
        self._check_words(counts)
        if self._is_keras and counts.all_are_texts:
            warn_of_glued_words(counts.words, counts.counts)
        reserved = [] if self.oov_token is None else [self.oov_token]
        n_words = None if self.num_words is None else self.num_words - 1 - len(reserved)
        words, ranks = counts.most_common(n_words)
        words, extra = [*reserved, *words], []
        self.embedding_matrix_, self.n_words_found_ = None, 0
        if source is not None:
            extra = self._extra_words(source, counts)
            self.embedding_matrix_, found = self._look_up(source, [*words, *extra])
            self.n_words_found_ = int(np.count_nonzero(found[: len(words)]))
            of_texts = found[len(reserved) : len(words)]
            warn_if_hardly_found(of_texts, counts.largest(len(of_texts)), self.embeddings)
        self.vocabulary_ = {word: i for i, word in enumerate([*words, *extra], start=1)}
        self._packed_counts_ = [*pack_words(counts.words), counts.counts]
        if self.use_idf:
            in_documents = counts.document_counts(self.vocabulary_)
            self.idf_ = np.concatenate([[1.0], smooth_idf(in_documents, counts.n_documents)])
        self._unknown_id_ = 1 if reserved else None
        return self._new_ids(counts, ranks, len(reserved))

    def _new_ids(self, counts: WordCounts, ranks: np.ndarray, n_reserved: int) -> np.ndarray:
        """Return the id of each word number."""
        new_ids = np.where(ranks, ranks + n_reserved, n_reserved).astype(np.int32)
        new_ids[0] = 0  # of empty pieces
        if self.handle_unknown == "nearest":
            too_rare = ranks[1:] == 0
            words = list(compress(counts.words, too_rare))
            similar = self._similar_words_.find(words)
            new_ids[1:][too_rare] = [self.vocabulary_.get(similar.get(word, ""), n_reserved) for word in words]
        return new_ids

    def _look_up(self, source: VectorSource, words: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the embedding matrix, and whether each word was found."""
        rows, found = lookup(source, words)
        if self.n_components is not None:
            rows = principal_components(rows, self.n_components)
        return np.concatenate([np.zeros_like(rows[:1]), rows]), found

    def _sequences(self, ids: np.ndarray, lengths: np.ndarray) -> TokenSequences:
        """Make sequences with the word vectors; zeros among the ids are dropped."""
        sequences = TokenSequences.from_lengths(
            ids,
            lengths,
            embedding_matrix=self.embedding_matrix_,
            input_dim=len(self.vocabulary_) + 1,
            maxlen=self.maxlen,
            padding=self.padding,
            vocabulary=self.vocabulary_,
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
                "The texts contain no words: all are empty or consist of separators. Check that the right column was passed."
            )
        if self.oov_token is not None and self.oov_token in counts:
            raise ValueError(
                f"oov_token={self.oov_token!r} is also a word of the texts; choose a token that contains one of the filters, "
                "such as '<OOV>'."
            )

    def _extra_words(self, source: VectorSource, counts: WordCounts) -> list[str]:
        """Return the first words of the vectors that can occur in documents and that the training texts lack."""
        if not self.extra_words:
            return []
        tokenizer = self._tokenizer()
        can_occur = tokenizer.can_return if counts.all_are_texts else tokenizer.can_be_token
        first = source.head(self.extra_words)
        if tokenizer.composes and counts.all_are_texts:
            first = list(map(compose, first))
        # Words of the texts have the same vectors with composed accents and without.
        composed = {compose(word) for word in counts.words if not word.isascii()}
        return [
            word
            for word in dict.fromkeys(first)
            if word not in counts and word != self.oov_token and compose(word) not in composed and can_occur(word)
        ]

    def _check_parameters(self) -> VectorSource | None:
        """Check all parameters; return the source of vectors."""
        validate_parameters(self)
        if not self.split:
            raise ValueError("split must not be empty; pass at least one character, such as ' '.")
        if not self._is_keras and (self.filters, self.split) != (KERAS_FILTERS, " "):
            warn(
                f"filters and split have no effect with tokenizer={self.tokenizer!r:.80}; only the tokenizer 'keras' uses them."
            )
        if self.embeddings is None:
            required = {"output": self.output == "mean", "n_components": self.n_components is not None}
            for name in filter(required.get, required):
                raise ValueError(
                    f"{name}={getattr(self, name)!r} requires word vectors, but embeddings is None. "
                    "Pass a name or a file of vectors."
                )
            return None
        source = vector_source(self.embeddings)
        source.check()
        return source

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        for name in ("word_counts_", "_similar_words_"):  # made when first used
            state.pop(name, None)
        if "vocabulary_" in state:  # its ids count up from 1
            state["vocabulary_"] = pack_words(list(state["vocabulary_"]))
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "vocabulary_" in state:
            self.vocabulary_ = {word: i for i, word in enumerate(unpack_words(*state["vocabulary_"]), start=1)}

    def __sklearn_is_fitted__(self) -> bool:
        return "vocabulary_" in vars(
            self
        )  # scikit-learn would iterate over the attributes, which other threads may set

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
