import numpy as np
import pytest

from skglove.vectors import plotting


@pytest.fixture(autouse=True)
def figures():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    yield
    matplotlib.pyplot.close("all")


def test_plot(pair):
    vectors = pair[0]
    ax = vectors.plot(["w1", "w2"], pairs=[("w3", "w4")])
    assert [text.get_text() for text in ax.texts] == ["w1", "w2", "w3", "w4", ""]
    assert len(ax.collections[0].get_offsets()) == 4
    assert vectors.plot(["w1", "w2"], ax=ax) is ax


def test_invalid_plots(pair):
    vectors = pair[0]
    with pytest.raises(KeyError, match="not among"):
        vectors.plot(["w1", "nowhere"])
    with pytest.raises(TypeError, match="got one str"):
        vectors.plot("w1")
    with pytest.raises(ValueError, match="two or more words"):
        vectors.plot(["w1"])
    with pytest.raises(ValueError, match="pairs of two words"):
        vectors.plot(pairs=["w1"])


def test_projection_of_one_dimension():
    np.testing.assert_allclose(plotting.project(np.array([[1.0], [3.0]])), [[-1, 0], [1, 0]])
