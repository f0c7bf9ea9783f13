"""Damaged files of the cache, and damaged models saved by `skglove.dump`."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

import skglove
from skglove.vectors import EncoderVectors, WordVectors
from skglove.vectors.cache import cache
from tests.vectors.forkserver import Numbers

SHARE = 0.26
SAVED = Path(__file__).parents[1] / "saved"


def damaged(rng, content):
    """Return a file with flipped bits, or zeros in place of a block or a page, or without its end, or with another one."""
    while True:
        changed = bytearray(content)
        start = int(rng.integers(len(content)))
        kind = rng.choice(["flip", "zero", "page", "cut", "longer", "empty"], p=[0.5, 0.15, 0.1, 0.1, 0.1, 0.05])
        if kind == "flip":
            for position in rng.integers(len(content), size=rng.integers(1, 4)):
                changed[position] ^= 1 << int(rng.integers(8))
        elif kind == "zero":
            stop = min(len(content), start + int(2 ** rng.uniform(0, 12)))
            changed[start:stop] = bytes(stop - start)
        elif kind == "page":
            start = start // 4096 * 4096
            stop = min(len(content), start + 4096)
            changed[start:stop] = bytes(stop - start)
        elif kind == "longer":
            changed += rng.bytes(start + 1)
        else:
            del changed[0 if kind == "empty" else start :]
        if changed != content:
            return kind, bytes(changed)


def damage(rng, file):
    """Damage a file, and half of the time leave no trace of it in the time of modification, as decaying disks do."""
    status = file.stat()
    kind, content = damaged(rng, file.read_bytes())
    file.write_bytes(content)
    if rng.random() < 0.5:
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    return f"{kind}, {file.name}"


@pytest.fixture
def source(rng, tmp_path, large_sample, register):
    kind = rng.choice(["named", "file", "encoder"])
    if kind == "named":
        return register("a.gz").name
    if kind == "encoder":
        return EncoderVectors(Numbers(), "test")
    file = tmp_path / "vectors.gz"
    file.write_bytes(large_sample.packed)
    return file


LOOKS = {  # rows may be read, and verified, when they are needed
    "all rows": lambda vectors, words: vectors.vectors[[vectors.key_to_index[word] for word in words]],
    "some rows": lambda vectors, words: vectors[words],
    "single rows": lambda vectors, words: np.array([vectors[word] for word in words]),
}


def test_damaged_caches(rng, source, large_sample):
    words = large_sample.words
    some = rng.choice(words, rng.integers(1, 2000), replace=False).tolist()
    reads = {"all": None, "some": some, "some again": some}
    if isinstance(source, EncoderVectors):
        reads["all"] = words  # an encoder has no list of them
    WordVectors.load(source, vocabulary=reads["all"])
    (entry,) = cache.folder().glob("[!.]*")
    what = damage(rng, rng.choice(sorted(entry.iterdir())))
    for name, look in zip(rng.permutation(list(reads)), rng.permutation(list(LOOKS)), strict=True):
        found = verdict(source, reads[name], reads[name] or words, entry.name, LOOKS[look])
        assert found in ("right", "clear error"), f"{what}; {name}, {look}"


def verdict(source, vocabulary, words, entry, look):
    """Read words, or all of them, and say what came of it."""
    try:
        with warnings.catch_warnings(action="ignore"):
            vectors = WordVectors.load(source, vocabulary=vocabulary)
            if sorted(vectors.index_to_key) != sorted(words):
                return "other words"
            return "right" if np.array_equal(look(vectors, words), Numbers().encode(words)) else "other vectors"
    except Exception as error:
        is_clear = isinstance(error, OSError | ValueError) and entry in str(error)
        return "clear error" if is_clear else f"{type(error).__name__}, which does not name the entry: {error}"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Return a file with a vectorizer and classifiers of all architectures."""
    file = tmp_path_factory.mktemp("saved") / "model.skops"
    skglove.dump(skglove.load(SAVED / "format_2.skops"), file)
    return file


def describe(models):
    """Return all of a vectorizer and its classifiers that can be seen from outside."""
    texts = json.loads((SAVED / "format_2.json").read_text())["texts"]
    vectorizer, *classifiers = models
    X = vectorizer.transform(texts)
    return [
        [(type(model).__name__, str(model.get_params())) for model in models],
        (list(vectorizer.vocabulary_.items()), list(vectorizer.word_counts_.items())),
        [(c.predict_proba(X).tolist(), c.predict(X).tolist(), c.history_, c.n_iter_) for c in classifiers],
    ]


@pytest.fixture(scope="module")
def expected(saved):
    return describe(skglove.load(saved))


def test_damaged_models(rng, saved, expected, tmp_path):
    file = tmp_path / "model.skops"
    file.write_bytes(saved.read_bytes())
    what = damage(rng, file)
    assert verdict_on_model(file, expected) in ("right", "clear error"), what


def verdict_on_model(file, expected):
    """Load models, and say what came of it."""
    try:
        loaded = skglove.load(file)
    except Exception as error:
        is_clear = isinstance(error, OSError | ValueError) and file.name in str(error)
        return "clear error" if is_clear else f"{type(error).__name__}, which does not name the file: {error}"
    return (
        "right" if describe(loaded) == expected else "another model"
    )  # some bytes of a zip, such as times, mean nothing
