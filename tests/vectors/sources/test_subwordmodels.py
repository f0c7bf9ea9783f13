import logging
import struct
import sys

import numpy as np
import pytest

from skglove import GloveTextVectorizer
from skglove.vectors import WordVectors
from skglove.vectors.sources.sources import vector_source

SENTENCES = [["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "ran"]] * 20
WORDS = ["dog", "cats", "unseen", "the", "\ud800 word"]


def train(**parameters):
    gensim = pytest.importorskip("gensim.models")
    return gensim.FastText(SENTENCES, vector_size=6, min_count=1, bucket=500, epochs=1, workers=1, seed=0, **parameters)


@pytest.fixture(scope="module")
def model():
    return train(min_n=3, max_n=5)


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    from gensim.models.fasttext import save_facebook_model

    path = tmp_path_factory.mktemp("fasttext") / "model.bin"
    save_facebook_model(model, str(path))
    return path


@pytest.mark.parametrize("kind", ["pipeline", "Vectors"])
def test_floret(kind):
    spacy = pytest.importorskip("spacy")
    data = np.random.RandomState(0).randn(50, 4).astype(np.float32)
    vectors = spacy.vectors.Vectors(mode="floret", data=data, hash_count=2, minn=3, maxn=4)
    nlp = spacy.blank("en")
    nlp.vocab.vectors = vectors
    given = nlp if kind == "pipeline" else vectors
    source = vector_source(given)
    assert source.check() is None
    assert source.head(5) == []
    rows, found = source.lookup(["dog", "cats", "", "\ud800 word"])
    assert found.tolist() == [True, True, False, True]
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows[1], nlp.vocab.get_vector("cats"), rtol=1e-6)
    assert source.lookup([])[0].shape == (0, 4)
    assert WordVectors.load(given, vocabulary=["cats"]).index_to_key == ["cats"]


@pytest.mark.parametrize("kind", ["model", "KeyedVectors", "file"])
def test_every_word_has_a_vector(model, saved, kind):
    source = vector_source({"model": model, "KeyedVectors": model.wv, "file": saved}[kind])
    source.check()
    rows, found = source.lookup(WORDS)
    assert found.all()
    expected = [model.wv[word.replace("\ud800", "?")] for word in WORDS]
    np.testing.assert_allclose(rows, expected, atol=1e-7)
    assert source.head(1) == ["the"]


def test_the_words_of_the_training_are_listed(model, saved):
    for source in (model, saved):
        vectors = WordVectors.load(source)
        assert vectors.index_to_key == model.wv.index_to_key
        np.testing.assert_allclose(vectors.vectors, model.wv.vectors, atol=1e-7)
        assert WordVectors.load(source, vocabulary=["cats"]).index_to_key == ["cats"]


def test_words_without_n_grams_have_no_vector(caplog):
    model = train(min_n=5, max_n=5)
    with caplog.at_level(logging.WARNING):
        rows, found = vector_source(model).lookup(["on", "of", "unseen"])
    assert found.tolist() == [True, False, True]
    assert not rows[1].any()
    assert not caplog.records  # gensim would log each of them


def test_a_model_without_n_grams_knows_its_words_only():
    model = train(max_n=0)
    assert vector_source(model).lookup(["cat", "cats"])[1].tolist() == [True, False]


def test_no_word_of_the_texts_is_unknown(model):
    vectorizer = GloveTextVectorizer(model).fit(["The catlike dogs!"])
    assert vectorizer.n_words_found_ == 3
    assert vectorizer.embedding_matrix_[1:].any(axis=1).all()


def test_the_file_is_read_once(saved, monkeypatch):
    from gensim.models import fasttext

    source = vector_source(saved)
    source.head(1)
    monkeypatch.setattr(fasttext, "load_facebook_vectors", None)
    assert source.lookup(["cat"])[1].all()


def test_the_file_needs_gensim(saved, monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim.models.fasttext", None)
    with pytest.raises(ImportError, match=r"read by gensim: pip install gensim\. Or load it with the fasttext"):
        vector_source(saved).check()


OFFSETS = {"dim": 8, "model": 36, "bucket": 40, "entries": 64, "words": 68, "labels": 72}


def write_header(path, content, **changes):
    """Write a model whose header has other numbers."""
    changed = bytearray(content)
    for name, number in changes.items():
        struct.pack_into("<i", changed, OFFSETS[name], number)
    path.write_bytes(changed)
    return path


@pytest.mark.parametrize("size", [4, 60, 90, 92, 100, 130, 200, 0.1, 0.3, 0.5, -1])
def test_an_incomplete_file(saved, tmp_path, size):
    content = saved.read_bytes()
    path = tmp_path / "model.bin"
    path.write_bytes(content[: int(len(content) * size) if isinstance(size, float) else size])
    with pytest.raises(ValueError, match=r"model\.bin is a fastText model that is incomplete .*\. Download it again"):
        vector_source(path).lookup(["cat"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bucket": 2**31 - 1}, "declares 2147483654 vectors of 6 dimensions, but it has 507 of 6"),
        ({"bucket": -1}, "declares 7 words, 6 dimensions, and -1 n-grams"),
        ({"dim": 10**9}, "declares 507 vectors of 1000000000 dimensions, but it has 507 of 6"),
        ({"dim": 0}, "declares 7 words, 0 dimensions"),
        ({"dim": -6}, "declares 7 words, -6 dimensions"),
        ({"entries": 10**9, "words": 10**9}, r"declares 1000000000 words, but it ends after \d+"),
        ({"words": 6}, "declares 7 words"),
        ({"entries": 6, "words": 6}, "it"),
        ({"entries": -1, "words": -1}, "declares -1 words"),
    ],
)
def test_a_damaged_header(saved, tmp_path, changes, message):
    path = write_header(tmp_path / "model.bin", saved.read_bytes(), **changes)
    with pytest.raises(ValueError, match=rf"model\.bin is a fastText model that is incomplete or damaged: .*{message}"):
        vector_source(path).lookup(["cat"])


def test_a_file_that_goes_on(saved, tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(saved.read_bytes() + b"\0")
    with pytest.raises(ValueError, match=r"incomplete or damaged: it goes on after its end at \d+ bytes"):
        vector_source(path).lookup(["cat"])


@pytest.mark.parametrize("changes", [{"model": 3}, {"labels": 2}])
def test_a_file_with_labels(saved, tmp_path, changes):
    path = write_header(tmp_path / "model.bin", saved.read_bytes(), **changes)
    with pytest.raises(
        ValueError, match=r"gensim cannot read, since it has labels\. Load it with the fasttext package"
    ):
        vector_source(path).lookup(["cat"])


def test_a_quantized_file(saved, model, tmp_path):
    content = bytearray(saved.read_bytes())
    content[92 + sum(len(word.encode()) + 10 for word in model.wv.index_to_key)] = 1
    path = tmp_path / "model.ftz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="gensim cannot read, since it is quantized"):
        vector_source(path).lookup(["cat"])


def test_a_file_larger_than_memory(saved, monkeypatch):
    def load(path):
        raise MemoryError

    monkeypatch.setattr("gensim.models.fasttext.load_facebook_vectors", load)
    with pytest.raises(MemoryError, match=r"The vectors of .*model\.bin take 0\.0 GB of memory"):
        vector_source(saved).lookup(["cat"])


def test_a_file_without_n_grams(tmp_path):
    from gensim.models.fasttext import save_facebook_model

    model = train(max_n=0)
    save_facebook_model(model, str(tmp_path / "model.bin"))
    rows, found = vector_source(tmp_path / "model.bin").lookup(["cat", "cats", "", "the"])
    assert found.tolist() == [True, False, False, True]
    np.testing.assert_array_equal(rows, [model.wv["cat"], np.zeros(6), np.zeros(6), model.wv["the"]])
    vectors = WordVectors.load(tmp_path / "model.bin")
    assert vectors.index_to_key == model.wv.index_to_key
    vectorizer = GloveTextVectorizer(tmp_path / "model.bin", extra_words=0).fit(["the cats", "", "cat"])
    assert vectorizer.n_words_found_ == 2


def test_a_compressed_file(saved, tmp_path):
    import gzip

    path = tmp_path / "model.bin.gz"
    path.write_bytes(gzip.compress(saved.read_bytes()))
    with pytest.raises(ValueError, match="compressed fastText model; decompress it"):
        vector_source(path).check()


@pytest.fixture(scope="module")
def fasttext(tmp_path_factory):
    library = pytest.importorskip("fasttext")
    folder = tmp_path_factory.mktemp("texts")
    lines = [" ".join(words) for words in SENTENCES]
    (folder / "texts.txt").write_text("\n".join(lines))
    (folder / "labelled.txt").write_text("\n".join(f"__label__{len(line)} {line}" for line in lines))
    return library, folder


def test_models_of_the_fasttext_package(fasttext, tmp_path):
    library, folder = fasttext
    texts = str(folder / "texts.txt")
    model = library.train_unsupervised(texts, dim=6, minn=3, maxn=5, bucket=500, minCount=1, thread=1, verbose=0)
    source = vector_source(model)
    source.check()
    rows, found = source.lookup(WORDS)
    assert found.all()
    expected = [model.get_word_vector(word.replace("\ud800", "?")) for word in WORDS]
    np.testing.assert_array_equal(rows, expected)
    assert source.head(2) == model.get_words()[:2]
    assert WordVectors.load(model).index_to_key == model.get_words()
    model.save_model(str(tmp_path / "model.bin"))
    np.testing.assert_allclose(vector_source(tmp_path / "model.bin").lookup(WORDS)[0], rows, atol=1e-7)


def test_classifiers_of_the_fasttext_package(fasttext, tmp_path):
    library, folder = fasttext
    model = library.train_supervised(str(folder / "labelled.txt"), dim=4, verbose=0)
    assert vector_source(model).lookup(["cat"])[1].all()
    model.save_model(str(tmp_path / "model.bin"))
    with pytest.raises(ValueError, match="gensim cannot read, since it has labels"):
        vector_source(tmp_path / "model.bin").lookup(["cat"])
