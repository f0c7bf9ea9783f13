import pickle
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

from skglove import GloveTextVectorizer
from skglove.vectors import EncoderVectors, WordVectors
from skglove.vectors.cache import cache
from skglove.vectors.sources.sources import vector_source


class Lengths:
    """Encodes a text as its length and its number of blanks, and zeros for an empty one; records what it was asked."""

    def __init__(self, dim=2):
        self.dim, self.asked = dim, []

    def encode(self, texts):
        self.asked.append(list(texts))
        return np.array([[len(text), text.count(" ")] + [0] * (self.dim - 2) for text in texts], np.float64)


@pytest.fixture
def encoder():
    return Lengths()


def asked(encoder):
    return sorted(text for batch in encoder.asked for text in batch)


def test_lookup(encoder):
    rows, found = EncoderVectors(encoder).lookup(["cat", "", "a b", "cat"])
    assert rows.dtype == np.float32
    assert rows.tolist() == [[3, 0], [0, 0], [3, 1], [3, 0]]
    assert found.tolist() == [True, False, True, True]
    assert encoder.asked == [["cat", "", "a b"]]


def test_lookup_of_nothing(encoder):
    for vectors in (EncoderVectors(encoder), EncoderVectors(encoder, "name")):
        rows, found = vectors.lookup([])
        assert rows.shape == (0, 2)
        assert found.shape == (0,)


def test_an_encoder_is_a_source(encoder):
    source = vector_source(encoder)
    assert isinstance(source, EncoderVectors)
    assert source.check() is None
    assert source.head(5) == []
    assert vector_source(source) is source
    assert WordVectors.load(encoder, vocabulary=["cat", ""]).index_to_key == ["cat"]
    with pytest.raises(ValueError, match="EncoderVectors cannot list its words; pass a vocabulary"):
        WordVectors.load(encoder)
    with pytest.raises(TypeError, match="Expected word vectors"):
        vector_source(Lengths)


@pytest.mark.parametrize("name", [None, "test"])
def test_vectors_of_no_dimension(name):
    message = (
        r"Lengths\.encode must return an array of shape \(2, dim\)\. .* at least one dimension, got shape \(2, 0\)"
    )
    encoder = Lengths()
    encoder.encode = lambda texts: np.empty((len(texts), 0))
    for use in (EncoderVectors(encoder, name).lookup, GloveTextVectorizer(EncoderVectors(encoder, name)).fit):
        with pytest.raises(ValueError, match=message):
            use(["cat", "dog"])
    assert not cache.find_all(cache.key_of_encoder("test"))


def test_batches(encoder):
    rows, _ = EncoderVectors(encoder, batch_size=2).lookup(["a", "bb", "ccc", "dddd", "eeeee"])
    assert rows[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert [len(batch) for batch in encoder.asked] == [2, 2, 1]


@pytest.mark.parametrize("verbose", [False, True])
def test_progress_bar(encoder, verbose, capsys):
    EncoderVectors(encoder, verbose=verbose).lookup(["cat"])
    printed = capsys.readouterr()
    assert not printed.out
    assert ("1/1" in printed.err) is verbose


@pytest.mark.parametrize("surrogate", ["\ud800", "a\udfff"])
def test_encoders_get_valid_unicode(encoder, surrogate):
    EncoderVectors(encoder, "name").lookup([surrogate, "é"])
    assert asked(encoder) == sorted([surrogate[:-1] + "?", "é"])


# Cache


def test_words_are_encoded_once(encoder):
    first, _ = EncoderVectors(encoder, "name").lookup(["cat", "horse"])
    again, found = EncoderVectors(encoder, "name").lookup(["horse", "", "cat", "naïve"])
    assert asked(encoder) == ["", "cat", "horse", "naïve"]
    assert again.tolist() == [first[1].tolist(), [0, 0], first[0].tolist(), [5, 0]]
    assert found.tolist() == [True, False, True, True]
    EncoderVectors(encoder, "name").lookup(["naïve", "horse"])
    assert len(asked(encoder)) == 4


def test_words_that_are_no_lines_are_not_cached(encoder):
    for _ in range(2):
        rows, _ = EncoderVectors(encoder, "name").lookup(["a\nb", "cat", "\ud800"])
        assert rows[:, 0].tolist() == [3, 3, 1]
    assert asked(encoder) == ["?", "?", "a\nb", "a\nb", "cat"]


def test_of_several_threads_one_encodes():
    class Slow(Lengths):
        def encode(self, texts):
            time.sleep(0.2)
            return super().encode(texts)

    slow = Slow()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: EncoderVectors(slow, "name").lookup(["cat", "dog"]), range(4)))
    assert all(rows[:, 0].tolist() == [3, 3] for rows, _ in found)
    assert asked(slow) == ["cat", "dog"]


@pytest.mark.parametrize("words", [["cat", "dog"], ["cat", "horse"]])
@pytest.mark.parametrize("file", ["vectors.npy", "words.txt"])
def test_damaged_words_are_encoded_again(encoder, home, words, file):
    EncoderVectors(encoder, "name").lookup(["cat", "dog"])
    (path,) = home.glob(f"vectors/encoder-*/{file}")
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.warns(UserWarning, match="is damaged and will be removed"):
        rows, _ = EncoderVectors(encoder, "name").lookup(words)
    assert rows[:, 0].tolist() == list(map(len, words))
    assert asked(encoder) == sorted(["cat", "dog", *words])
    EncoderVectors(encoder, "name").lookup(words)
    assert len(asked(encoder)) == 4


def test_an_encoder_that_fails_leaves_nothing_in_the_cache(encoder):
    class Failing:
        def encode(self, texts):
            raise OSError("no model")

    with pytest.raises(OSError, match="no model"):
        EncoderVectors(Failing(), "name").lookup(["cat"])
    EncoderVectors(encoder, "name").lookup(["cat"])
    assert asked(encoder) == ["cat"]


def test_names_are_apart(encoder):
    EncoderVectors(encoder, "a/b").lookup(["cat"])
    EncoderVectors(encoder, "a_b").lookup(["cat"])
    EncoderVectors(encoder, "a").lookup(["cat"])
    assert asked(encoder) == ["cat"] * 3


def test_without_a_name_nothing_is_cached(encoder, home):
    EncoderVectors(encoder).lookup(["cat"])
    assert not home.exists()


def test_another_encoder_under_the_same_name(encoder):
    EncoderVectors(encoder, "name").lookup(["cat"])
    other = EncoderVectors(Lengths(dim=3), "name")
    message = "dimension 2 under the name 'name', but this encoder's have dimension 3. Use another name"
    for _ in range(2):
        with pytest.raises(ValueError, match=message):
            other.lookup(["cat", "dog"])
    assert len(cache.find_all(cache.key_of_encoder("name"))) == 1


def test_unwritable_cache(encoder, home):
    home.write_text("a file instead of a folder")
    for _ in range(2):
        assert EncoderVectors(encoder, "name").lookup(["cat"])[0].tolist() == [[3, 0]]
    assert asked(encoder) == ["cat", "cat"]


# Errors


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((3,), TypeError, "a method encode .* got <class 'int'>"),
        ((Lengths,), TypeError, "a method encode"),
        ((Lengths(), 3), TypeError, "Expected the name of the encoder"),
        ((Lengths(), " "), TypeError, "Expected the name of the encoder"),
        ((Lengths(), None, 0), ValueError, "batch_size of at least 1, got 0"),
    ],
    ids=["a number", "a class", "name 3", "blank name", "batch size 0"],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        EncoderVectors(*arguments)


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (np.zeros((1, 3)), r"a row for each of 2 texts; it returned shape \(1, 3\)"),
        (np.zeros(2), r"an array of shape \(2, dim\)\..*got shape \(2,\)"),
        (["a", "b"], r"an array of shape \(2, dim\)\. Expected vectors as a matrix of numbers"),
        ([[1.0, np.nan]] * 2, "finite numbers; it returned nan or infinity"),
    ],
    ids=str,
)
def test_bad_encoders(result, message):
    class Bad:
        def encode(self, texts):
            return result

    with pytest.raises(ValueError, match=f"Bad.encode must return {message}"):
        EncoderVectors(Bad()).lookup(["a", "b"])


# In a vectorizer


TEXTS = ["The cat sat.", "a dog, the dog!"]


def test_the_vocabulary_is_encoded_once(encoder):
    vectorizer = GloveTextVectorizer(encoder).fit(TEXTS)
    vectorizer.transform(["the new cat"])
    assert asked(encoder) == sorted(vectorizer.vocabulary_)
    assert vectorizer.embedding_matrix_[1:, 0].tolist() == [len(word) for word in vectorizer.vocabulary_]
    assert vectorizer.n_words_found_ == 5


def test_a_vectorizer_can_be_saved_without_the_encoder():
    class Unpicklable(Lengths):
        def __reduce__(self):
            raise TypeError("cannot pickle this")

    vectorizer = GloveTextVectorizer(Unpicklable(), output="mean").fit(TEXTS)
    expected = vectorizer.transform(TEXTS)
    with pytest.raises(TypeError, match="cannot pickle this"):
        pickle.dumps(vectorizer)
    copied = pickle.loads(pickle.dumps(vectorizer.set_params(embeddings=None)))
    assert np.array_equal(copied.transform(TEXTS), expected)


def test_clones_share_the_encoder(encoder):
    vectorizer = GloveTextVectorizer(EncoderVectors(encoder))
    assert clone(vectorizer).embeddings is vectorizer.embeddings
    joined = GloveTextVectorizer([{"cat": [1.0]}, EncoderVectors(encoder)])
    assert clone(joined).embeddings[1].encoder is encoder


def test_model2vec():
    model2vec, tokenizers = pytest.importorskip("model2vec"), pytest.importorskip("tokenizers")
    pieces = {"[UNK]": 0, "cat": 1, "##s": 2}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(pieces, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    model = model2vec.StaticModel(np.array([[9, 9], [1, 2], [3, 4]], np.float32), tokenizer)
    rows, found = vector_source(model).lookup(["cat", "cats", "zebra", "\ud800"])
    assert rows.tolist() == [[1, 2], [2, 3], [0, 0], [0, 0]]
    assert found.tolist() == [True, True, False, False]
