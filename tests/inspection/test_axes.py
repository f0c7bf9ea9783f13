import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

from skglove.inspection.axes import axes_for


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("n_axes", "shape"), [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 3)), (6, (2, 3)), (7, (3, 3))]
)
def test_a_new_figure_has_rows_of_so_many_columns(n_axes, shape):
    axes = axes_for(None, n_axes, "class", n_columns=3, size=(2.0, 1.5))
    assert axes.shape == (n_axes,)
    figure = axes[0].figure
    assert figure.axes == axes.tolist()
    assert axes[0].get_gridspec().get_geometry() == shape
    assert figure.get_size_inches().tolist() == [2.0 * shape[1], 1.5 * shape[0]]


@pytest.mark.parametrize("shape", [(2, 2), (4, 1)])
def test_axes_of_the_caller_are_used_row_by_row(shape):
    _, axes = plt.subplots(*shape)
    assert axes_for(axes, 4, "class", n_columns=1, size=(1, 1)).tolist() == axes.ravel().tolist()


def test_a_list_of_axes():
    axes = plt.subplots(1, 2)[1].tolist()
    assert axes_for(axes, 2, "class", n_columns=1, size=(1, 1)).tolist() == axes


@pytest.mark.parametrize("n_axes", [2, 4])
def test_another_number_of_axes(n_axes):
    _, axes = plt.subplots(1, 3)
    with pytest.raises(ValueError, match=f"Expected {n_axes} Axes, one for each class, got 3. .*choose another class"):
        axes_for(axes, n_axes, "class", n_columns=1, size=(1, 1))


def test_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'skglove\[plot\]'"):
        axes_for(None, 1, "class", n_columns=1, size=(1, 1))
