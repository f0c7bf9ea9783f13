import numpy as np
import pytest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A cache of its own for each test, and no way to the network."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SKGLOVE_HOME", str(folder))
    monkeypatch.setenv("SKGLOVE_OFFLINE", "1")
    return folder


@pytest.fixture
def sample():
    """Words with one of each oddity, and rows as GloVe prints them."""
    random = np.random.default_rng(0)
    words = ["the", ",", "at name@domain.com", ". . .", "naïve", "日本", "x", "0.5", "a-very-long-word-of-many-letters"]
    words += [f"word{i}" for i in range(200)]
    rows = [[float(f"{x:.5g}") for x in row] for row in random.normal(0, 0.4, (len(words), 7))]
    return words, np.array(rows, np.float32)


@pytest.fixture
def write(tmp_path):
    def write(words, rows, name="vectors.txt", header=False, end="\n", last=True, trailing=""):
        lines = [f"{len(words)} {rows.shape[1]}"] if header else []
        lines += [
            f"{word} {' '.join(f'{x:.5g}' for x in row)}{trailing}" for word, row in zip(words, rows, strict=True)
        ]
        path = tmp_path / name
        path.write_bytes((end.join(lines) + (end if last else "")).encode())
        return path

    return write
