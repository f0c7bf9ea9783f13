import numpy as np
import pytest

from skglove.vectors import VectorSource
from skglove.vectors.protocol import lookup


@pytest.mark.parametrize("missing", [None, "check", "head", "lookup"])
def test_the_protocol_has_three_methods(missing):
    methods = {name: lambda self: None for name in ("check", "head", "lookup") if name != missing}
    assert isinstance(type("Source", (), methods)(), VectorSource) is (missing is None)


@pytest.mark.parametrize(
    ("rows", "found"), [(np.zeros((1, 3)), [True, True]), (np.zeros((2, 3)), [True]), (np.zeros((2, 3)), True)], ids=str
)
def test_result_of_a_source_is_checked(rows, found):
    class Broken:
        check = head = None

        def lookup(self, words):
            return rows, found

    with pytest.raises(ValueError, match=r"Broken\.lookup must return a row and a bool for each of 2 words"):
        lookup(Broken(), ["a", "b"])


def test_rows_of_a_source_become_float32():
    class Lists:
        def lookup(self, words):
            return [[1.0, 2.0]] * len(words), [True] * len(words)

    rows, found = lookup(Lists(), ["a", "b"])
    assert rows.dtype == np.float32
    assert found.tolist() == [True, True]
