import functools
import gc
import pickle
import random

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skglove import ConvTextClassifier, GloveTextVectorizer, Parallel, Stacked, TokenSequences, WideAndDeep, export

SMALL = {"epochs": 10, "batch_size": 16, "learning_rate": 0.003, "random_state": 0}


def small(architecture=None, **parameters):
    return ConvTextClassifier(architecture or WideAndDeep(filters=16), **{**SMALL, **parameters})


def weights_of(classifier):
    """Return all weights of the network, the embedding first."""
    member = classifier.architecture_
    return [array for arrays in getattr(member, "network_", member).weights_.values() for array in arrays]


@pytest.mark.parametrize(
    "architecture", [WideAndDeep(filters=16), Parallel(filters=16), Stacked(filters=16, dense_units=16)], ids=str
)
@pytest.mark.parametrize("trainable", [False, True])
def test_it_learns(sequences, corpus, architecture, trainable):
    classifier = small(architecture=architecture, trainable=trainable).fit(sequences[:150], corpus[1][:150])
    assert classifier.score(sequences[150:], corpus[1][150:]) > 0.9
    assert classifier.history_["loss"][-1] < classifier.history_["loss"][0]
    assert classifier.n_iter_ == 10


def test_it_learns_from_scratch(sequences, corpus):
    plain = sequences.padded()
    classifier = small(embedding_dim=12, epochs=20).fit(plain[:150], corpus[1][:150])
    assert weights_of(classifier)[0].shape == (plain[:150].max() + 1, 12)
    assert classifier.score(plain[150:], corpus[1][150:]) > 0.9


def test_trainable_decides_whether_vectors_are_updated(sequences, corpus):
    frozen, moved = (small(trainable=t, epochs=1).fit(sequences, corpus[1]) for t in (False, True))
    assert weights_of(frozen)[0] is sequences.embedding_matrix
    changed = weights_of(moved)[0] != sequences.embedding_matrix
    assert changed[1:].any(axis=1).all()
    assert not changed[0].any()


def test_outputs_agree(sequences, corpus):
    for labels in (corpus[1], np.arange(200) % 3):
        classifier = small(epochs=2).fit(sequences, labels)
        probabilities = classifier.predict_proba(sequences)
        assert probabilities.shape == (200, len(classifier.classes_))
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        np.testing.assert_allclose(classifier.predict_log_proba(sequences), np.log(probabilities), atol=1e-5)
        assert (classifier.predict(sequences) == classifier.classes_[probabilities.argmax(axis=1)]).all()
        scores = classifier.decision_function(sequences)
        assert scores.shape == ((200,) if len(classifier.classes_) == 2 else (200, 3))


@pytest.mark.parametrize(
    "labels", [["no", "yes"], [False, True], [-1, 1], [0.0, 1.0], pd.Series(["a", "b"], dtype="category")], ids=str
)
def test_labels_of_any_type(sequences, labels):
    y = np.asarray(labels)[np.arange(200) % 2]
    classifier = small(epochs=1).fit(sequences, y)
    assert classifier.classes_.tolist() == sorted(np.asarray(labels).tolist())
    assert set(classifier.predict(sequences).tolist()) <= set(np.asarray(labels).tolist())


def test_the_same_random_state_gives_the_same_model(sequences, corpus):
    def weights(seed, **parameters):
        return weights_of(small(epochs=2, random_state=seed, **parameters).fit(sequences, corpus[1]))

    stopped = {"architecture": Parallel(filters=8), "early_stopping": True}
    for parameters in ({"architecture": Stacked(filters=8)}, {}, stopped):
        first, second, other = weights(3, **parameters), weights(3, **parameters), weights(4, **parameters)
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
        assert not np.array_equal(first[1], other[1])


def test_global_state_is_not_changed(sequences, corpus):
    import tensorflow as tf

    np.random.seed(1)
    random.seed(1)
    tf.random.set_seed(1)
    expected = np.random.rand(), random.random(), float(tf.random.uniform(()))
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    np.random.seed(1)
    random.seed(1)
    tf.random.set_seed(1)
    small(Parallel(filters=8), epochs=1, early_stopping=True).fit(sequences, corpus[1])
    assert (np.random.rand(), random.random(), float(tf.random.uniform(()))) == expected
    assert tf.config.threading.get_intra_op_parallelism_threads() == threads


def test_sample_weight_and_class_weight(sequences):
    y = np.arange(200) % 2
    ignored = small(epochs=2).fit(sequences, y, sample_weight=np.where(np.arange(200) < 100, 1.0, 0.0))
    left_out = small(epochs=2).fit(sequences[:100], y[:100])
    assert np.array_equal(ignored.predict_proba(sequences), left_out.predict_proba(sequences))
    assert (small(epochs=2, class_weight={0: 1e4, 1: 1e-4}).fit(sequences, y).predict(sequences) == 0).all()
    assert (small(epochs=2).fit(sequences, y, sample_weight=np.where(y, 1e4, 1e-4)).predict(sequences) == 1).all()
    small(epochs=1, class_weight="balanced").fit(sequences, y)


def test_early_stopping_with_a_class_of_one(sequences, corpus):
    labels = np.where(np.arange(200) == 7, "rare", corpus[1])
    assert small(early_stopping=True, epochs=1).fit(sequences, labels).classes_.tolist() == ["animals", "rare", "tools"]


def test_warm_start_continues_training(sequences, corpus):
    cold = small(epochs=1).fit(sequences, corpus[1])
    warm = small(epochs=1, warm_start=True).fit(sequences, corpus[1])
    for _ in range(6):
        warm.fit(sequences, corpus[1])
    assert warm.history_["loss"][0] < 0.7 * cold.history_["loss"][0]
    with pytest.raises(ValueError, match="warm_start requires the classes of the last fit"):
        warm.fit(sequences, np.arange(200) % 3)


def test_partial_fit_continues_training(sequences, corpus):
    X, y = sequences, corpus[1]
    chunked = small()
    for _ in range(8):
        for chunk in (slice(0, 100), slice(100, 200)):
            chunked.partial_fit(X[chunk], y[chunk], classes=["animals", "tools"])
    assert chunked.score(X, y) > 0.9
    assert len(chunked.history_["loss"]) == chunked.n_iter_ == 16


def test_partial_fit_with_a_class_of_a_later_call(sequences, corpus):
    classifier = small().partial_fit(sequences, corpus[1], classes=["animals", "plants", "tools"])
    assert classifier.predict_proba(sequences).shape == (200, 3)
    with pytest.raises(ValueError, match=r"that were not passed to the first call: \['stones'\]"):
        classifier.partial_fit(sequences, np.where(np.arange(200) == 7, "stones", corpus[1]))
    with pytest.raises(ValueError, match="not those of the first call"):
        classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    with pytest.raises(ValueError, match="first call"):
        small().partial_fit(sequences, corpus[1])
    for settings in ({"early_stopping": True}, {"class_weight": "balanced"}):
        with pytest.raises(ValueError, match="partial_fit supports neither"):
            small(**settings).partial_fit(sequences, corpus[1], classes=["animals", "tools"])


def test_pipeline_and_cross_validation(corpus, vectors, sequences):
    texts, labels = corpus
    pipeline = make_pipeline(GloveTextVectorizer(vectors, maxlen=50), small(epochs=6))
    assert cross_val_score(pipeline, texts, labels, cv=3, error_score="raise").mean() > 0.85
    assert cross_val_score(small(epochs=6), sequences, labels, cv=3, error_score="raise").mean() > 0.85
    # The largest id is in one fold only, where it is unknown.
    assert cross_val_score(small(epochs=15), sequences.padded(), labels, cv=3, error_score="raise").mean() > 0.8


def test_documents_without_words_give_the_class_priors():
    with pytest.warns(UserWarning, match="No document contains a word"):
        classifier = small().fit(np.zeros((10, 4), dtype=int), [0, 0, 0, 1, 1, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(classifier.predict_proba(np.zeros((1, 4), dtype=int)), [[0.3, 0.7]], rtol=1e-5)


def test_partial_fit_after_fit_learns(sequences, corpus):
    flipped = np.where(corpus[1] == "tools", "animals", "tools")
    classifier = small(Parallel(filters=16)).fit(sequences, corpus[1])
    for _ in range(8):
        classifier.partial_fit(sequences, flipped)
    assert classifier.score(sequences, flipped) > 0.9


@pytest.mark.parametrize(
    "architecture", [WideAndDeep(filters=8), Parallel(filters=8), Stacked(filters=8, dense_units=8)], ids=str
)
def test_partial_fit_continues_after_loading(sequences, corpus, architecture):
    classifier = small(architecture, random_state=np.random.RandomState(3))
    classifier.partial_fit(sequences[:100], corpus[1][:100], classes=["animals", "tools"])
    loaded = pickle.loads(pickle.dumps(classifier))
    for going_on in (classifier, loaded):
        going_on.partial_fit(sequences[100:], corpus[1][100:])
    assert np.array_equal(loaded.predict_proba(sequences), classifier.predict_proba(sequences))


def test_partial_fit_with_class_weight(sequences):
    y = np.array(["b", "c"])[np.arange(200) % 2]
    classifier = small(class_weight={"a": 5.0, "b": 0.0}).partial_fit(sequences, y, classes=["a", "b", "c"])
    assert (classifier.predict(sequences) == "c").all()
    classifier.partial_fit(sequences[::2], y[::2])  # nothing but class b, whose weight is 0
    assert np.isfinite(classifier.predict_proba(sequences)).all()
    with pytest.raises(ValueError, match="class_weight must contain non-negative finite numbers"):
        small(class_weight={"b": -1}).fit(sequences, y)


def test_a_chunk_without_words_keeps_what_was_learned(sequences, corpus):
    classifier = small().partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    expected = classifier.predict_proba(sequences)
    with pytest.warns(UserWarning, match="nothing is learned"):
        classifier.partial_fit(sequences.cut(0), corpus[1])
    assert np.array_equal(classifier.predict_proba(sequences), expected)
    assert classifier.n_iter_ == len(classifier.history_["loss"]) == 1


def test_weight_zero_is_leaving_out_with_balanced_classes_too(sequences):
    y = np.arange(200) % 4 == 0
    ignored = small(epochs=2, class_weight="balanced").fit(sequences, y, sample_weight=np.arange(200) < 90)
    left_out = small(epochs=2, class_weight="balanced").fit(sequences[:90], y[:90])
    assert np.array_equal(ignored.predict_proba(sequences), left_out.predict_proba(sequences))


def test_warm_start_can_unfreeze_the_vectors(sequences, corpus):
    classifier = small(warm_start=True, trainable=False, epochs=2).fit(sequences, corpus[1])
    classifier.set_params(trainable=True).fit(sequences, corpus[1])
    unfrozen = weights_of(classifier)[0]
    assert not np.array_equal(unfrozen, sequences.embedding_matrix)
    assert weights_of(classifier.set_params(trainable=False).fit(sequences, corpus[1]))[0] is unfrozen
    with pytest.raises(ValueError, match="another architecture"):
        classifier.set_params(architecture__filters=9).fit(sequences, corpus[1])


def test_a_classifier_can_be_displayed(sequences, corpus):
    assert "ConvTextClassifier" in small(epochs=1).fit(sequences, corpus[1])._repr_html_()


def test_fits_do_not_leak_memory():
    import psutil

    matrix = np.ones((100_000, 50), dtype=np.float32)
    X = TokenSequences(np.arange(1, 201), np.arange(0, 201, 10), embedding_matrix=matrix)
    used = []
    for _ in range(11):
        small(epochs=1).fit(X, np.arange(20) % 2)
        gc.collect()
        used.append(psutil.Process().memory_info().rss)
    # After nine fits more: half of what a copy of the vectors for each would take, since a process with other tests varies.
    assert used[-1] - used[1] < 5 * matrix.nbytes


X = np.array([[0, 1, 2], [0, 0, 3], [1, 1, 1], [4, 3, 2]])
Y = np.array([0, 1, 0, 1])


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (["a text", "another", "b", "c"], Y, "put a GloveTextVectorizer before"),
        ("a text", Y, "put a GloveTextVectorizer before"),
        (pd.Series(["a text"] * 4), Y, "put a GloveTextVectorizer before"),
        (pd.DataFrame({"text": ["a text"] * 4}), Y, "put a GloveTextVectorizer before"),
        (np.array(["a text"] * 4), Y, "put a GloveTextVectorizer before"),
        (X, Y[:3], "inconsistent numbers of samples"),
        (X, np.zeros(4), "one class"),
        (TokenSequences.from_matrix(X), Y[:3], "inconsistent numbers of samples"),
        (TokenSequences.from_matrix(X)[:0], Y[:0], "0 samples"),
        (TokenSequences.from_matrix(X), None, "y"),
        (X, None, "y"),
        (X[:0], Y[:0], "0 sample"),
        (X - 1, Y, "Negative values"),
        (X + 0.5, Y, r"X\[0, 0\] is 0.5, but X must contain word ids.*whole numbers"),
        (np.where(X == 4, np.nan, X), Y, "NaN"),
        (X[:, 0], Y, "2D array"),
        (X * 2.0**40, Y, "too large"),
        (
            TokenSequences.from_matrix(X, embedding_matrix=np.zeros((4, 2), dtype=np.float32)),
            Y,
            "id 4, outside the embedding matrix of 4 rows",
        ),
    ],
)
def test_bad_training_data(X, y, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X, y)


def test_bad_data_to_predict(sequences, corpus):
    classifier = small(epochs=1).fit(sequences, corpus[1])
    ids = sequences.padded()
    ids[3, 5] = 10_000
    with pytest.raises(ValueError, match="id 10000, outside the embedding matrix"):
        classifier.predict(ids)
    with pytest.raises(ValueError, match="whole numbers"):
        classifier.predict(sequences.padded() + 0.5)
    parts = sequences.ids, sequences.offsets
    for other in (
        TokenSequences([1, 2], [0, 2], embedding_matrix=np.zeros((3, 16), dtype=np.float32)),
        TokenSequences(*parts, embedding_matrix=sequences.embedding_matrix[::-1]),
        TokenSequences(*parts, input_dim=10_000),
    ):
        with pytest.raises(ValueError, match="another vectorizer"):
            classifier.predict(other)
    with pytest.raises(ValueError, match="0 samples"):
        classifier.predict(sequences[:0])
    plain = small(epochs=1, input_dim=5).fit(X, Y)
    with pytest.raises(ValueError, match="2 features, but ConvTextClassifier is expecting 3"):
        plain.predict(X[:, :2])
    with pytest.raises(ValueError, match="id 9, outside"):
        plain.predict(X + 5)
    with pytest.raises(NotFittedError):
        small().predict(X)
    with pytest.raises(NotFittedError):
        small().to_keras()


@pytest.mark.parametrize(
    "parameters",
    [
        {"architecture": "deep"},
        {"trainable": "yes"},
        {"embedding_dim": 0},
        {"optimizer": 3},
        {"optimizer": "adamant"},
        {"optimizer": str},
        {"learning_rate": 0},
        {"epochs": 0},
        {"batch_size": 0},
        {"validation_fraction": 1.0},
        {"n_iter_no_change": 0},
        {"class_weight": "even"},
        {"callbacks": 3},
    ],
    ids=str,
)
def test_bad_parameters(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        small(**parameters).fit(X, Y)


def dense_layer(words, n_classes, units):
    import keras

    pooled = keras.layers.GlobalAveragePooling1D()(words)
    return keras.layers.Dense(n_classes)(keras.layers.Dense(units)(pooled))


def test_partial_fit_continues_with_a_partial_function(sequences, corpus):
    classifier = small(functools.partial(dense_layer, units=4))
    for _ in range(2):
        classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    loaded = pickle.loads(pickle.dumps(classifier)).partial_fit(sequences, corpus[1])
    assert loaded.n_iter_ == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"trainable": True}, {"trainable": False}),
        ({"trainable": False}, {"trainable": True}),
        ({"architecture__dropout": 0.5}, {"architecture__dropout": 0.0}),
        ({"architecture__embedding_dropout": 0.0}, {"architecture__embedding_dropout": 0.3}),
    ],
    ids=str,
)
def test_what_is_trained_may_change_between_calls_of_partial_fit(sequences, corpus, before, after):
    classifier = small(Parallel(filters=4)).set_params(**before)
    classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    first = weights_of(classifier)
    classifier.set_params(**after).partial_fit(sequences, corpus[1])
    assert not np.array_equal(weights_of(classifier)[1], first[1])
    assert np.array_equal(weights_of(classifier)[0], first[0]) == (after == {"trainable": False})


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_does_not_go_on_without_the_vectors_it_began_with(sequences, corpus, method):
    classifier = small(Parallel(filters=4), warm_start=True, epochs=1).fit(sequences, corpus[1])
    with pytest.raises(
        ValueError, match="began on sequences with pre-trained vectors; it cannot continue on X without"
    ):
        getattr(classifier, method)(sequences.padded(), corpus[1])
    plain = small(Parallel(filters=4), warm_start=True, epochs=1, embedding_dim=16).fit(sequences.padded(), corpus[1])
    with pytest.raises(
        ValueError, match="began on sequences without vectors; it cannot continue on X with pre-trained"
    ):
        getattr(plain, method)(sequences, corpus[1])


def test_the_first_partial_fit_copies_the_generator(sequences, corpus):
    def train(disturb):
        generator = np.random.RandomState(0)
        classifier = small(Parallel(filters=4), random_state=generator)
        for _ in range(2):
            classifier.partial_fit(sequences, corpus[1], classes=["animals", "tools"])
            generator.rand(disturb)
        return classifier.predict_proba(sequences)

    assert np.array_equal(train(0), train(5))


def test_kernel_sizes_may_be_an_array(sequences, corpus):
    classifier = small(Parallel(filters=4, kernel_sizes=np.array([1, 2])), epochs=1, warm_start=True)
    assert classifier.fit(sequences, corpus[1]).fit(sequences, corpus[1]).n_iter_ == 1


def test_a_name_has_no_parameters_to_set():
    with pytest.raises(ValueError, match=r"architecture__filters cannot be set.*'wide_and_deep' has no parameters"):
        ConvTextClassifier().set_params(architecture__filters=3)
    changed = ConvTextClassifier().set_params(architecture=Parallel(), architecture__filters=3)
    assert changed.architecture.filters == 3


@pytest.mark.parametrize(
    ("method", "arguments"), [("fit", {}), ("partial_fit", {"classes": [0, 1]})], ids=["fit", "partial_fit"]
)
@pytest.mark.parametrize(
    ("X", "message"),
    [([[0.5, -1.0], [1.5, 2.0]], "real numbers"), ([[0, 0], [0, 0]], "No document contains a word")],
    ids=["real numbers", "no words"],
)
def test_warnings_are_of_the_line_that_fits(X, message, method, arguments):
    with pytest.warns(UserWarning, match=message) as caught:
        getattr(small(epochs=1), method)(np.array(X), [0, 1], **arguments)
    assert [warning.filename for warning in caught if message in str(warning.message)] == [__file__]


class TestIdsWithLargeGaps:
    """Ids of plain matrices cost what occurs, not what the largest one is."""

    FAR = 2**31 - 2

    @pytest.fixture
    def matrices(self):
        ids = np.random.RandomState(0).randint(0, 50, size=(60, 4))
        far = np.linspace(1000, self.FAR, 49, dtype=int)
        known = np.concatenate([[0], far])
        ids[0, :2] = 1, 49
        return ids, known[ids], (ids > 25).sum(axis=1) > 1

    def test_scores_are_those_of_renumbered_ids(self, matrices):
        near, far, y = matrices
        assert len(np.unique(near)) == 50  # all positions occur, so that they are the numbers
        expected = small(random_state=0).fit(near, y)
        classifier = small(random_state=0).fit(far, y)
        assert classifier.input_dim_ == 50
        np.testing.assert_array_equal(classifier.predict_proba(far), expected.predict_proba(near))
        assert classifier.predict(far).tolist() == expected.predict(near).tolist()

    def test_other_ids_are_unknown_words(self, matrices):
        _, far, y = matrices
        classifier = small(random_state=0).fit(far, y)
        unknown = np.setdiff1d(np.arange(1, 100), far)[0]
        some = np.array([[far[0, 0], 0, 0, far[0, 1]]])
        with_others = np.array([[far[0, 0], unknown, self.FAR - 1, far[0, 1]]])
        np.testing.assert_array_equal(classifier.predict_proba(with_others), classifier.predict_proba(some))

    def test_training_continues(self, matrices):
        near, far, y = matrices
        expected, classifier = (small(random_state=0, warm_start=True).fit(X, y).fit(X, y) for X in (near, far))
        np.testing.assert_array_equal(classifier.predict_proba(far), expected.predict_proba(near))
        assert clone(classifier).set_params(warm_start=False).fit(near, y).input_dim_ == 50

    def test_a_fit_of_other_documents_learns_other_ids(self, matrices):
        near, far, y = matrices
        refitted = small(random_state=0).fit(far, y).fit(near, y)
        np.testing.assert_array_equal(
            refitted.predict_proba(near), small(random_state=0).fit(near, y).predict_proba(near)
        )

    def test_copies_and_keras(self, matrices, tmp_path):
        keras = pytest.importorskip("keras")
        _, far, y = matrices
        classifier = small(random_state=0).fit(far, y)
        expected = classifier.predict_proba(far)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(classifier)).predict_proba(far), expected)
        some = np.where(far == far.max(), far.max() - 1, far)  # also an unknown one
        classifier.to_keras().save(tmp_path / "model.keras")
        model = keras.models.load_model(tmp_path / "model.keras")
        np.testing.assert_allclose(model.predict(far.astype(np.int32), verbose=0), expected, atol=1e-6)
        np.testing.assert_allclose(
            model.predict(some.astype(np.int32), verbose=0), classifier.predict_proba(some), atol=1e-6
        )

    def test_documents_of_weight_0_are_ignored(self, matrices):
        _, far, y = matrices
        with_another = np.vstack([np.full((1, 4), 77_000_000), far])
        weights = np.r_[0, np.ones(len(far))]
        classifier = small(random_state=0).fit(with_another, np.r_[~y[:1], y], sample_weight=weights)
        expected = small(random_state=0).fit(far, y).predict_proba(far)
        np.testing.assert_array_equal(classifier.predict_proba(far), expected)

    def test_onnx_refuses_them(self, matrices, tmp_path):
        _, far, y = matrices
        with pytest.raises(ValueError, match="ids with large gaps, which ONNX has no operation"):
            export.to_onnx(small().fit(far, y), tmp_path / "model.onnx")

    def test_partial_fit_refuses_them(self, matrices):
        _, far, y = matrices
        with pytest.raises(ValueError, match="X contains id 2147483646, but only 49 different ids"):
            small().partial_fit(far, y, classes=[False, True])
