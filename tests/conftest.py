"""Small corpora and vectors for the tests."""

import os
import tempfile

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # read when scipy is imported; scikit-learn skips a check without it
if "PYTEST_XDIST_WORKER" not in os.environ:  # all workers share one temporary cache
    _home = tempfile.TemporaryDirectory(prefix="skglove-tests-")
    os.environ["SKGLOVE_HOME"] = _home.name

import numpy as np
import pytest

from skglove import GloveTextVectorizer

ANIMALS = "cat dog horse cow sheep goat hen duck".split()
TOOLS = "hammer saw drill wrench pliers chisel file lathe".split()
FILLERS = "the a of and to in it is was with on by that for as at".split()


def pytest_addoption(parser):
    group = parser.getgroup("faults", "attacks with random faults (tests/faults/conftest.py)")
    group.addoption("--faults", type=int, metavar="N", help="number of faults; a few by default")
    group.addoption("--fault-seed", type=int, default=0, metavar="N", help="the first seed of each test, 0 by default")


def pytest_collection_modifyitems(items):
    # Modules with slow tests first: a worker that begins with one at the end would run alone.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def make_texts(n_texts, seed=0):
    """Return sentences of 3 to 20 words, each with one or two of its class."""
    rng = np.random.RandomState(seed)
    texts, labels = [], []
    for i in range(n_texts):
        topic, label = (ANIMALS, "animals") if i % 2 else (TOOLS, "tools")
        words = [*rng.choice(FILLERS, rng.randint(2, 19)), *rng.choice(topic, rng.randint(1, 3))]
        rng.shuffle(words)
        texts.append(" ".join(words))
        labels.append(label)
    return texts, np.array(labels)


@pytest.fixture(scope="session")
def corpus():
    return make_texts(200)


@pytest.fixture(scope="session")
def vectors():
    """Return vectors in which the words of a class are similar, as pre-trained ones would be."""
    rng = np.random.RandomState(1)
    groups = [ANIMALS, TOOLS, FILLERS[:-3]]
    centers = rng.normal(size=(len(groups), 16))
    return {
        word: (center + 0.5 * rng.normal(size=16)).astype(np.float32)
        for group, center in zip(groups, centers, strict=True)
        for word in group
    }


@pytest.fixture(scope="session")
def sequences(corpus, vectors):
    return GloveTextVectorizer(vectors, maxlen=50).fit_transform(corpus[0])
