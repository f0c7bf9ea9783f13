"""Files that hold data and no code, and states that know their version."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline

import skglove
from skglove import ConvTextClassifier, GloveTextVectorizer, saving

SAVED = Path(__file__).parent / "saved"


def small(**parameters):
    return ConvTextClassifier(**{"filters": 8, "dense_units": 8, "epochs": 1, "random_state": 0, **parameters})


@pytest.fixture(scope="module")
def pipeline(corpus, vectors):
    texts, labels = corpus
    return make_pipeline(GloveTextVectorizer(vectors, maxlen=50), small()).fit(texts, labels)


@given(st.lists(st.text(st.characters(), min_size=1)))
def test_words_survive_packing(words):
    assert saving.unpack_words(*saving.pack_words(words)) == words


def test_word_counts_survive_being_saved_again_and_again(pipeline):
    counts = pipeline[0].word_counts_
    once = pickle.loads(pickle.dumps(pipeline[0]))
    assert "word_counts_" not in vars(once)
    twice = pickle.loads(pickle.dumps(once))
    assert list(twice.word_counts_.items()) == list(counts.items())
    assert list(pickle.loads(pickle.dumps(twice)).word_counts_.items()) == list(counts.items())
    assert twice.fit(["one word"]).word_counts_ == {"one": 1, "word": 1}
    assert pickle.loads(pickle.dumps(twice)).word_counts_ == {"one": 1, "word": 1}
    assert not hasattr(GloveTextVectorizer(), "word_counts_")


def test_a_new_process_loads_it_without_tensorflow(tmp_path, pipeline, corpus):
    skglove.dump(pipeline, tmp_path / "model.skops")
    joblib.dump(corpus[0], tmp_path / "texts")
    code = (
        "import joblib, numpy, skglove, sys\n"
        "model, texts = skglove.load('model.skops'), joblib.load('texts')\n"
        "numpy.save('probabilities.npy', model.predict_proba(texts))\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "probabilities.npy"), pipeline.predict_proba(corpus[0]))


@pytest.mark.parametrize("architecture", ["wide_and_deep", "parallel", "stacked"])
def test_nothing_but_our_documented_types_to_trust(tmp_path, sequences, corpus, architecture):
    fitted = small(architecture=architecture).fit(sequences, corpus[1])
    going_on = small(architecture=architecture).partial_fit(sequences, corpus[1], classes=["animals", "tools"])
    for classifier in (fitted, going_on):
        skops.io.dump(classifier, tmp_path / "model.skops")
        assert set(skops.io.get_untrusted_types(file=tmp_path / "model.skops")) <= set(saving.TRUSTED)
        loaded = skops.io.load(tmp_path / "model.skops", trusted=list(saving.TRUSTED))
        assert np.array_equal(loaded.predict_proba(sequences), classifier.predict_proba(sequences))
    loaded.partial_fit(sequences, corpus[1])
    going_on.partial_fit(sequences, corpus[1])
    assert np.array_equal(loaded.predict_proba(sequences), going_on.predict_proba(sequences))


def of_my_own(words, n_classes):
    import keras

    return keras.layers.Dense(n_classes)(keras.layers.GlobalMaxPooling1D()(words))


def test_an_architecture_of_ones_own_has_to_be_trusted(tmp_path, sequences, corpus):
    classifier = small(architecture=of_my_own).fit(sequences, corpus[1])
    skglove.dump(classifier, tmp_path / "model.skops")
    name = f"{of_my_own.__module__}.of_my_own"
    with pytest.raises(skops.io.exceptions.UntrustedTypesFoundException, match=name):
        skglove.load(tmp_path / "model.skops")
    loaded = skglove.load(tmp_path / "model.skops", trusted=[name])
    np.testing.assert_allclose(loaded.predict_proba(sequences), classifier.predict_proba(sequences), atol=1e-6)


def test_a_model_mapped_into_memory_is_saved_like_any_other(tmp_path, pipeline, corpus):
    joblib.dump(pipeline, tmp_path / "model")
    skglove.dump(joblib.load(tmp_path / "model", mmap_mode="r"), tmp_path / "model.skops")
    loaded = skglove.load(tmp_path / "model.skops")
    assert np.array_equal(loaded.predict_proba(corpus[0]), pipeline.predict_proba(corpus[0]))


@pytest.mark.parametrize("kind", ["pickle", "skops"])
@pytest.mark.parametrize("file", sorted(SAVED.glob("*.json")), ids=lambda file: file.stem)
def test_models_of_earlier_versions(file, kind):
    expected = json.loads(file.read_text())
    load = joblib.load if kind == "pickle" else skglove.load
    vectorizer, *classifiers = load(file.with_suffix(f".{kind}"))
    X = vectorizer.transform(expected["texts"])
    assert len(classifiers) == len(expected["probabilities"]) == 3
    for classifier, probabilities in zip(classifiers, expected["probabilities"], strict=True):
        np.testing.assert_allclose(classifier.predict_proba(X), probabilities, atol=1e-5)


def test_every_format_has_its_saved_models():
    assert {file.stem for file in SAVED.glob("*.json")} == {f"format_{i + 1}" for i in range(saving.FORMAT)}


@pytest.mark.parametrize("step", [0, 1])
def test_a_model_of_a_later_version_names_it(tmp_path, pipeline, monkeypatch, step):
    monkeypatch.setattr(saving, "FORMAT", saving.FORMAT + 1)
    monkeypatch.setattr(skglove, "__version__", "7.8.9")
    pickled = pickle.dumps(pipeline[step])
    skglove.dump(pipeline[step], tmp_path / "model.skops")
    monkeypatch.undo()
    message = r"saved by skglove 7\.8\.9 \(format 2\); skglove \S+ reads format 1\. Install that version or a later one"
    with pytest.raises(ValueError, match=message):
        pickle.loads(pickled)
    with pytest.raises(ValueError, match=message):
        skglove.load(tmp_path / "model.skops")


def test_a_state_without_version(pipeline):
    state = pipeline[1].__getstate__()
    del state["_saved_by"]
    with pytest.raises(saving.VersionError, match=r"before the first release .* Train and save it anew"):
        ConvTextClassifier().__setstate__(state)


def test_the_version_is_no_attribute_of_the_loaded_model(pipeline):
    assert "_saved_by" not in vars(pickle.loads(pickle.dumps(pipeline[1])))


def test_files_cut_short(tmp_path, pipeline):
    file = tmp_path / "model.skops"
    skglove.dump(pipeline, file)
    whole = file.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"model\.skops' cannot be loaded: it is cut short, has been altered"):
            skglove.load(file)


def test_altered_files(tmp_path, pipeline, corpus):
    file = tmp_path / "model.skops"
    skglove.dump(pipeline, file)
    whole, refused = file.read_bytes(), 0
    expected = pipeline.predict_proba(corpus[0][:5])
    for place in np.linspace(0, len(whole) - 1, 40).astype(int):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            loaded = skglove.load(file)
        except ValueError:
            refused += 1
        else:  # some bytes of a zip, such as times, mean nothing to us
            assert np.array_equal(loaded.predict_proba(corpus[0][:5]), expected)
    assert refused > 30


def test_other_files(tmp_path):
    joblib.dump({"a": 1}, tmp_path / "model.joblib")
    with pytest.raises(ValueError, match=r"a pickle is loaded with joblib\.load"):
        skglove.load(tmp_path / "model.joblib")
    with pytest.raises(FileNotFoundError):
        skglove.load(tmp_path / "nothing")


def test_a_failed_dump_leaves_the_old_file(tmp_path, pipeline, monkeypatch):
    file = tmp_path / "model.skops"
    file.write_text("old")

    def broken(model, path):
        Path(path).write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr(skops.io, "dump", broken)
    with pytest.raises(OSError, match="disk full"):
        skglove.dump(pipeline, file)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.skops"]
    assert file.read_text() == "old"


def test_without_skops(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops", None)
    monkeypatch.setitem(sys.modules, "skops.io", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[skops\]'"):
        skglove.dump(small(), tmp_path / "model.skops")
