import logging
import sys

import numpy as np
import pytest

from skglove import GloveTextVectorizer
from skglove.vectors import WordVectors
from skglove.vectors.sources import vector_source

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


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5])
def test_an_incomplete_file(saved, tmp_path, share):
    content = saved.read_bytes()
    path = tmp_path / "model.bin"
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(
        ValueError, match=r"model\.bin is a fastText model that gensim cannot read .* download it again"
    ):
        vector_source(path).lookup(["cat"])


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
    with pytest.raises(ValueError, match="fastText classifier, which gensim cannot read"):
        vector_source(tmp_path / "model.bin").lookup(["cat"])
