import copy
import io
import itertools
import pickle
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, VotingClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.utils import _safe_indexing

from skglove import GloveTextVectorizer, TokenSequences
from skglove._keras import import_keras

DOCUMENTS = [[5], [], [2, 3, 5], [7, 7], [1, 2, 3, 4, 6]]
MATRIX = np.random.RandomState(0).rand(12, 5).astype(np.float32)
VOCABULARY = {f"w{i}": i for i in range(1, 12)}
NOT_A_MATRIX = "are sequences of word ids, not a matrix of features"


def make(documents, **options):
    ids = np.array([id_ for document in documents for id_ in document], dtype=np.int32)
    return TokenSequences.from_lengths(ids, np.array([len(document) for document in documents], dtype=int), **options)


@pytest.fixture
def sequences():
    return make(DOCUMENTS, embedding_matrix=MATRIX, maxlen=6, padding="post", vocabulary=VOCABULARY)


RAGGED = st.lists(st.lists(st.integers(1, 50), max_size=9), max_size=9)


# Making them


def test_ids_and_offsets_are_kept():
    X = TokenSequences([3, 1, 2], [0, 1, 1, 3])
    assert X.tolist() == [[3], [], [1, 2]]
    assert (X.ids.dtype, X.offsets.dtype) == (np.int32, np.int64)


def test_input_dim_is_by_default_the_number_of_vectors():
    assert make(DOCUMENTS, embedding_matrix=MATRIX).input_dim == 12
    assert make(DOCUMENTS).input_dim is None


@pytest.mark.parametrize(
    "make_some",
    [
        lambda **options: TokenSequences([1], [0, 1], **options),
        lambda **options: TokenSequences.from_matrix([[1]], **options),
        lambda **options: make([[1]], **options),
    ],
    ids=["TokenSequences", "from_matrix", "from_lengths"],
)
def test_a_vocabulary_may_be_given(make_some):
    assert make_some(vocabulary=VOCABULARY).vocabulary is VOCABULARY
    assert make_some().vocabulary is None


def test_vectors_become_single_precision():
    assert TokenSequences([1], [0, 1], embedding_matrix=[[0, 0], [1, 2]]).embedding_matrix.dtype == np.float32


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([1.5, 2], [0, 2]), {}, "whole numbers"),
        ((np.array([2**32 + 5]), [0, 1]), {}, "32 bits"),
        (([1, 0], [0, 2]), {}, "from 1 up"),
        (([1, -2], [0, 2]), {}, "from 1 up"),
        (([[1, 2]], [0, 2]), {}, "one-dimensional"),
        (([1, 2], [0, 1]), {}, "from 0 to the number of ids, 2"),
        (([1, 2], [1, 2]), {}, "non-decreasing"),
        (([1, 2], [0, 2, 1, 2]), {}, "non-decreasing"),
        (([1, 2], []), {}, "non-decreasing"),
        (([1, 2], [[0, 2]]), {}, "non-decreasing"),
        (([1], [0, 1]), {"embedding_matrix": [1.0, 2.0]}, r"\(n_ids, dim\); got shape \(2,\)"),
    ],
    ids=str,
)
def test_bad_arguments(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        TokenSequences(*arguments, **options)


@pytest.mark.parametrize(
    "matrix",
    [
        [[0, 0, 1, 2], [0, 0, 0, 0], [3, 4, 5, 6]],
        [[1, 2, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [3, 0, 4, 5, 6, 0]],
        np.array([[0, 0, 1.0, 2.0], [0, 0, 0, 0], [3, 4, 5, 6]]),
    ],
    ids=["pre", "post and between", "floats"],
)
def test_from_matrix_drops_padding_wherever_it_is(matrix):
    assert TokenSequences.from_matrix(matrix).tolist() == [[1, 2], [], [3, 4, 5, 6]]


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0)], ids=str)
def test_from_matrix_without_ids(shape):
    assert TokenSequences.from_matrix(np.zeros(shape)).tolist() == [[]] * shape[0]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [([1, 2], r"got shape \(2,\)"), ([[1.5]], "whole numbers"), ([[-1]], "from 1 up")],
    ids=str,
)
def test_from_matrix_refuses_what_is_no_matrix_of_ids(matrix, message):
    with pytest.raises(ValueError, match=message):
        TokenSequences.from_matrix(matrix)


def test_from_lengths_drops_zeros_of_each_document():
    ids = np.array([0, 1, 0, 0, 2, 3, 0], dtype=np.int32)
    assert TokenSequences.from_lengths(ids, np.array([3, 1, 0, 3])).tolist() == [[1], [], [], [2, 3]]


@given(RAGGED)
def test_tolist_returns_what_was_given(documents):
    assert make(documents).tolist() == documents


# What they say of themselves


def test_length_is_the_number_of_documents(sequences):
    assert len(sequences) == 5


def test_lengths_are_those_of_the_documents(sequences):
    assert sequences.lengths.tolist() == [1, 0, 3, 2, 5]


@pytest.mark.parametrize(("maxlen", "shape"), [(None, (5, 5)), (3, (5, 3)), (9, (5, 9))])
def test_shape_is_that_of_the_padded_matrix(maxlen, shape):
    X = make(DOCUMENTS, maxlen=maxlen)
    assert X.shape == X.padded().shape == shape


def test_iteration_is_over_documents(sequences):
    assert [document.tolist() for document in sequences] == DOCUMENTS


def test_iteration_over_no_documents(sequences):
    assert list(sequences[:0]) == []


def test_repr_tells_the_numbers(sequences):
    assert repr(sequences) == "<TokenSequences: 5 documents, 11 word ids, vectors of dimension 5>"
    assert repr(make([[1]] * 1234)) == "<TokenSequences: 1,234 documents, 1,234 word ids, no vectors>"


# Selecting documents


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(1, 3),
        slice(3, 1),
        slice(-2, None),
        slice(None, None, 2),
        slice(None, None, -1),
        slice(2, 99),
        [2, 0, 2],
        [-1],
        [],
        np.array([4, 1]),
        np.array([True, False, True, False, True]),
        [False] * 5,
        (slice(0, 2), ...),
        ([3, 2],),
    ],
    ids=str,
)
def test_documents_are_selected_as_rows_of_an_array_are(sequences, key):
    rows = np.arange(5)[
        key[0] if isinstance(key, tuple) else (key if len(np.shape(key)) == 0 or len(key) else slice(0))
    ]
    assert sequences[key].tolist() == [DOCUMENTS[row] for row in rows]


@pytest.mark.parametrize("row", [0, 1, 4, -1, np.int64(2)])
def test_one_document_is_an_array_of_its_ids(sequences, row):
    assert sequences[row].dtype == np.int32
    assert sequences[row].tolist() == DOCUMENTS[row]


@pytest.mark.parametrize("key", [5, -6, [0, 5], np.array([True, False])], ids=str)
def test_documents_that_do_not_exist(sequences, key):
    with pytest.raises(IndexError):
        sequences[key]


@pytest.mark.parametrize("key", [(slice(None), 0), (0, 1), (slice(None), slice(0, 2))], ids=str)
def test_columns_cannot_be_selected(sequences, key):
    with pytest.raises(TypeError, match="Only whole documents can be selected, not columns"):
        sequences[key]


@pytest.mark.parametrize(
    "part",
    [
        lambda X: X[1:3],
        lambda X: X[[2, 0]],
        lambda X: X[np.array([True, False, True, False, True])],
        lambda X: X[::2],
        lambda X: X.cut(1),
        lambda X: X.keep(X.ids > 2),
        lambda X: X.with_ids(X.ids + 1),
        lambda X: np.vstack([X[:1], X[2:]]),
        lambda X: np.concatenate([X, X]),
        lambda X: TokenSequences.concatenate([X, X]),
        lambda X: _safe_indexing(X, [0, 3]),
        lambda X: train_test_split(X, random_state=0)[0],
        copy.copy,
    ],
    ids=[
        *("slice", "integers", "mask", "step", "cut", "keep", "with_ids", "vstack", "np.concatenate"),
        *("concatenate", "_safe_indexing", "train_test_split", "copy"),
    ],
)
def test_parts_have_the_same_vectors_and_settings(sequences, part):
    found = part(sequences)
    assert isinstance(found, TokenSequences)
    assert found.embedding_matrix is sequences.embedding_matrix
    assert (found.input_dim, found.maxlen, found.padding) == (12, 6, "post")
    assert found.vocabulary is VOCABULARY


# Other documents of the same vocabulary


@pytest.mark.parametrize(
    ("truncating", "expected"),
    [("post", [[5], [], [2, 3], [7, 7], [1, 2]]), ("pre", [[5], [], [3, 5], [7, 7], [4, 6]])],
)
def test_cut_shortens_long_documents_on_one_side(sequences, truncating, expected):
    assert sequences.cut(2, truncating).tolist() == expected


def test_cut_of_short_documents_copies_nothing(sequences):
    assert sequences.cut(5) is sequences


def test_keep_drops_words(sequences):
    assert sequences.keep(sequences.ids % 2 == 1).tolist() == [[5], [], [3, 5], [7, 7], [1, 3]]


def test_keep_of_everything_copies_nothing(sequences):
    assert sequences.keep(sequences.ids > 0) is sequences


def test_with_ids_keeps_the_lengths(sequences):
    assert sequences.with_ids(sequences.ids + 1).tolist() == [[6], [], [3, 4, 6], [8, 8], [2, 3, 4, 5, 7]]


@pytest.mark.parametrize(
    "join", [TokenSequences.concatenate, np.concatenate, np.vstack], ids=["concatenate", "np.concatenate", "np.vstack"]
)
def test_sequences_of_one_vocabulary_are_joined(sequences, join):
    assert join([sequences[3:], sequences[:0], sequences[:2]]).tolist() == [*DOCUMENTS[3:], *DOCUMENTS[:2]]


def test_sequences_with_equal_vectors_are_joined(sequences):
    other = make([[1]], embedding_matrix=MATRIX.copy())
    assert TokenSequences.concatenate([sequences, other]).tolist() == [*DOCUMENTS, [1]]


def test_sequences_of_vocabularies_of_different_sizes_are_not_joined():
    with pytest.raises(ValueError, match="their ids mean different words"):
        TokenSequences.concatenate([make([[1]], input_dim=5), make([[1]], input_dim=6)])


@pytest.mark.parametrize(
    "other",
    [make([[1]], embedding_matrix=MATRIX + 1), make([[1]], input_dim=12), make([[1]], embedding_matrix=MATRIX[:11])],
    ids=["other vectors", "no vectors", "fewer ids"],
)
def test_sequences_of_different_vocabularies_are_not_joined(sequences, other):
    with pytest.raises(ValueError, match="or vocabularies, so their ids mean different words"):
        np.vstack([sequences, other])


# Matrices of ids


@settings(deadline=None)
@given(RAGGED.filter(len), st.integers(1, 12) | st.none(), st.sampled_from(["pre", "post"]))
def test_padded_is_what_keras_pads(documents, maxlen, padding):
    import_keras()
    from tensorflow.keras.preprocessing.sequence import pad_sequences

    expected = pad_sequences(documents, maxlen=maxlen, padding=padding)
    assert np.array_equal(make(documents, padding=padding).padded(maxlen), expected)


def test_padded_are_integers_of_32_bits():
    assert make(DOCUMENTS).padded().dtype == np.int32


@pytest.mark.parametrize(("maxlen", "shape"), [(None, (0, 0)), (4, (0, 4))])
def test_padded_of_no_documents(maxlen, shape):
    assert make([], maxlen=maxlen).padded().shape == shape


def test_padded_has_the_settings_of_the_sequences():
    assert make([[1], [2, 3]], maxlen=3, padding="post").padded().tolist() == [[1, 0, 0], [2, 3, 0]]


def test_padded_takes_other_settings():
    assert make([[1], [2, 3, 4]], maxlen=5, padding="post").padded(2, "pre").tolist() == [[0, 1], [3, 4]]


@pytest.mark.parametrize(
    ("rows", "multiple", "expected"),
    [
        ([2, 0], 1, [[2, 3, 5], [5, 0, 0]]),
        ([1], 1, [[0]]),
        ([0, 2], 5, [[5, 0, 0, 0, 0], [2, 3, 5, 0, 0]]),
        ([3, 3], 2, [[7, 7], [7, 7]]),
    ],
)
def test_batches_begin_at_the_first_position(sequences, rows, multiple, expected):
    batch = sequences.batch(np.array(rows), multiple)
    assert batch.dtype == np.int32
    assert batch.tolist() == expected


@pytest.fixture(scope="module")
def many():
    rng = np.random.RandomState(0)
    return make([rng.randint(1, 9, length).tolist() for length in rng.randint(0, 41, 50)])


@pytest.mark.parametrize("multiple", [1, 25])
@pytest.mark.parametrize("max_positions", [1, 60, 10_000])
class TestBatchesByLength:
    def test_hold_every_document_once(self, many, max_positions, multiple):
        rows = np.concatenate([rows for rows, _ in many.batches_by_length(max_positions, multiple)])
        assert sorted(rows) == list(range(50))

    def test_hold_the_ids_of_their_documents(self, many, max_positions, multiple):
        for rows, batch in many.batches_by_length(max_positions, multiple):
            assert TokenSequences.from_matrix(batch).tolist() == many[rows].tolist()

    def test_are_no_larger_than_allowed(self, many, max_positions, multiple):
        for rows, batch in many.batches_by_length(max_positions, multiple):
            assert batch.size <= max_positions or len(rows) == 1

    def test_have_widths_of_the_multiple(self, many, max_positions, multiple):
        for _, batch in many.batches_by_length(max_positions, multiple):
            assert batch.shape[1] % multiple == 0


def test_batches_by_length_join_documents_of_similar_length(many):
    lengths = [many.lengths[rows] for rows, _ in many.batches_by_length(100, 1)]
    assert all(shorter.max() <= longer.min() for shorter, longer in itertools.pairwise(lengths))


def test_batches_by_length_of_no_documents(many):
    assert list(many[:0].batches_by_length(100, 1)) == []


# Copies


def joblib_round_trip(value):
    file = io.BytesIO()
    joblib.dump(value, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize(
    "copied",
    [lambda X: pickle.loads(pickle.dumps(X)), joblib_round_trip, copy.copy, copy.deepcopy],
    ids=["pickle", "joblib", "copy", "deepcopy"],
)
@pytest.mark.parametrize("matrix", [MATRIX, None], ids=["vectors", "no vectors"])
def test_copies_keep_everything(copied, matrix):
    X = make(DOCUMENTS, embedding_matrix=matrix, input_dim=12, maxlen=6, padding="post", vocabulary=VOCABULARY)
    back = copied(X)
    assert isinstance(back, TokenSequences)
    assert back.tolist() == DOCUMENTS
    assert (back.input_dim, back.maxlen, back.padding, back.vocabulary) == (12, 6, "post", VOCABULARY)
    assert back.embedding_matrix is None if matrix is None else np.array_equal(back.embedding_matrix, matrix)


# They are no array


@pytest.mark.parametrize(
    "use",
    [
        np.asarray,
        np.array,
        lambda X: X + 1,
        lambda X: X @ np.eye(6),
        lambda X: np.add(X, 1),
        lambda X: np.ones((5, 6)) * X,
        lambda X: np.hstack([X, X]),
        lambda X: np.hstack([X, np.ones((5, 1))]),
        lambda X: np.vstack([X, np.ones((1, 6))]),
        lambda X: np.concatenate([X, X], axis=1),
        lambda X: np.concatenate([np.ones((1, 6)), X]),
        lambda X: np.mean(X, axis=0),
    ],
    ids=[
        *("asarray", "array", "+", "@", "np.add", "array *", "hstack", "hstack array", "vstack array"),
        *("concatenate axis=1", "concatenate array", "mean"),
    ],
)
def test_they_are_no_array(sequences, use):
    with pytest.raises(TypeError):
        use(sequences)


def test_without_vectors_they_are_no_array_either():
    for use in (np.asarray, lambda X: X + 1, lambda X: np.hstack([X, np.ones((5, 1))]), csr_matrix):
        with pytest.raises((TypeError, ValueError)):  # scipy makes a ValueError of it
            use(make(DOCUMENTS))


# In scikit-learn


class LengthClassifier(ClassifierMixin, BaseEstimator):
    """Tells long documents from short ones, and insists on sequences with vectors."""

    def __init__(self, fraction=0.5):
        self.fraction = fraction

    def fit(self, X, y):
        assert X.embedding_matrix is not None
        self.classes_ = np.unique(y)
        self.threshold_ = X.lengths.min() + self.fraction * (X.lengths.max() - X.lengths.min())
        return self

    def predict_proba(self, X):
        assert X.embedding_matrix is not None
        is_long = X.lengths > self.threshold_
        return np.eye(len(self.classes_))[is_long.astype(int)]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture(scope="module")
def long_or_short(vectors):
    """Return texts, sequences of them, and which are short, "a", or long, "b"."""
    texts = ["the cat", "the dog and the saw in the barn"] * 20
    return texts, GloveTextVectorizer(vectors, maxlen=None).fit_transform(texts), np.array(["a", "b"] * 20)


def test_train_test_split_takes_sequences(long_or_short):
    _, X, y = long_or_short
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    assert ((np.concatenate([X_train, X_test]).lengths > 3) == (np.concatenate([y_train, y_test]) == "b")).all()


@pytest.mark.parametrize("key", [[3, 1], np.array([True, False, False, True, True]), slice(1, 4)], ids=str)
def test_safe_indexing_selects_documents(sequences, key):
    assert _safe_indexing(sequences, key).tolist() == sequences[key].tolist()


def test_cross_val_score_takes_sequences(long_or_short):
    _, X, y = long_or_short
    assert cross_val_score(LengthClassifier(), X, y, cv=3, error_score="raise").tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "make_model",
    [
        lambda: make_pipeline(LengthClassifier()),
        lambda: GridSearchCV(LengthClassifier(), {"fraction": [0.25, 0.5]}, cv=2, error_score="raise"),
        lambda: VotingClassifier([("a", LengthClassifier()), ("b", LengthClassifier())], voting="soft"),
        lambda: OneVsRestClassifier(LengthClassifier()),
        lambda: CalibratedClassifierCV(LengthClassifier(), cv=2),
    ],
    ids=["Pipeline", "GridSearchCV", "VotingClassifier", "OneVsRestClassifier", "CalibratedClassifierCV"],
)
def test_what_leaves_sequences_whole_takes_them(long_or_short, make_model):
    _, X, y = long_or_short
    assert make_model().fit(X, y).predict(X).tolist() == y.tolist()


@pytest.mark.parametrize(
    "make_model",
    [BaggingClassifier, SelfTrainingClassifier, ClassifierChain, OneVsOneClassifier, AdaBoostClassifier],
)
def test_what_makes_an_array_of_x_does_not_lose_the_vectors_silently(long_or_short, make_model):
    _, X, y = long_or_short
    y = np.c_[y, y] if make_model is ClassifierChain else y
    with pytest.raises(TypeError, match=NOT_A_MATRIX + ".*apply meta-estimators to the whole pipeline"):
        make_model(LengthClassifier()).fit(X, y)


def test_a_meta_estimator_around_the_whole_pipeline(long_or_short, vectors):
    texts, _, y = long_or_short
    pipeline = make_pipeline(GloveTextVectorizer(vectors), LengthClassifier())
    assert cross_val_score(pipeline, texts, y, cv=2, error_score="raise").tolist() == [1, 1]


@pytest.fixture(params=["vectors", "no vectors"])
def vectorizer(request, vectors):
    return GloveTextVectorizer(vectors if request.param == "vectors" else None)


FRAME = pd.DataFrame({"text": ["the cat", "a dog"], "length": [2, 2]})


def test_a_column_of_texts_alone(vectorizer):
    expected = vectorizer.fit_transform(FRAME["text"])
    X = ColumnTransformer([("text", vectorizer, "text")]).fit_transform(FRAME)
    assert isinstance(X, TokenSequences)
    assert X.tolist() == expected.tolist()


@pytest.mark.parametrize(
    "make_transformer",
    [
        lambda v: ColumnTransformer([("text", v, "text")], remainder="passthrough"),
        lambda v: ColumnTransformer([("length", "passthrough", ["length"]), ("text", v, "text")]),
        lambda v: ColumnTransformer([("text", v, "text"), ("tfidf", TfidfVectorizer(), "text")]),
        lambda v: ColumnTransformer([("text", v, "text"), ("again", v, "text")]),
    ],
    ids=["passthrough", "before", "tfidf", "twice"],
)
def test_columns_beside_sequences_are_refused(vectorizer, make_transformer):
    with pytest.raises(TypeError, match=NOT_A_MATRIX):
        make_transformer(vectorizer).fit_transform(FRAME)


def test_a_union_with_sequences_is_refused(vectorizer):
    means = GloveTextVectorizer({"cat": [1.0]}, output="mean")
    with pytest.raises(TypeError, match=NOT_A_MATRIX):
        FeatureUnion([("sequences", vectorizer), ("means", means)]).fit_transform(FRAME["text"])


def test_a_union_of_sequences_with_a_sparse_matrix_is_refused(vectorizer):
    with pytest.raises(TypeError, match=NOT_A_MATRIX):
        FeatureUnion([("sequences", vectorizer), ("tfidf", TfidfVectorizer())]).fit_transform(FRAME["text"])


def test_columns_may_be_selected_as_a_whole(sequences):
    assert sequences[[1, 0], :].tolist() == sequences[[1, 0]].tolist()
    assert (np.shape(sequences), np.ndim(sequences)) == (sequences.shape, 2)


@pytest.mark.parametrize("key", [[[0, 1]], None], ids=str)
def test_documents_have_one_index(sequences, key):
    with pytest.raises(IndexError, match="Documents have one index"):
        sequences[key]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda X: X.padded(padding="left"), "padding must be 'pre' or 'post'; got 'left'"),
        (lambda X: X.cut(2, "left"), "truncating must be 'pre' or 'post'; got 'left'"),
        (lambda X: X.cut(-1), "maxlen must be at least 0; got -1"),
        (lambda X: TokenSequences([1], [0, 1], padding=None), "padding must be 'pre' or 'post'; got None"),
        (lambda X: TokenSequences.from_matrix([["a"]]), "whole numbers; got values of type <U1"),
    ],
    ids=range(5),
)
def test_bad_options_are_not_taken_for_others(sequences, use, message):
    with pytest.raises(ValueError, match=message):
        use(sequences)


def test_sequences_without_vectors_of_different_words_are_not_joined():
    parts = [TokenSequences([1], [0, 1], input_dim=2, vocabulary={word: 1}) for word in ("cat", "dog")]
    with pytest.raises(ValueError, match="mean different words"):
        TokenSequences.concatenate(parts)
    assert TokenSequences.concatenate([parts[0], parts[0]]).tolist() == [[1], [1]]


def test_the_size_is_that_of_the_arrays():
    matrix = np.ones((1000, 20), dtype=np.float32)
    with_vectors, without = TokenSequences([1, 2], [0, 2], embedding_matrix=matrix), TokenSequences([1, 2], [0, 2])
    assert sys.getsizeof(with_vectors) - sys.getsizeof(without) == matrix.nbytes
