"""Comparison of the functions in NumPy with those of Keras."""

import numpy as np
import pytest

from skglove import ops
from skglove._keras import import_keras

RNG = np.random.RandomState(0)
X = RNG.normal(size=(2, 7, 3)).astype(np.float32)
IDS = RNG.randint(0, 4, (2, 7)).astype(np.int32)
CALLS = [
    ("argsort", (IDS + 10 * np.arange(7, dtype=np.int32),), {"axis": 1}),
    ("cast", (X, "int32"), {}),
    ("concatenate", ([X, X],), {"axis": 1}),
    *(("conv", (X, RNG.normal(size=(size, 3, 4)).astype(np.float32)), {"padding": "same"}) for size in (1, 2, 3, 9)),
    ("cumsum", (IDS,), {"axis": 1}),
    ("equal", (IDS, 0), {}),
    ("expand_dims", (X, 1), {}),
    ("log", (np.abs(X),), {}),
    ("matmul", (X, X[0].T), {}),
    ("max", (X,), {"axis": 1}),
    *(("max_pool", (X, size), {}) for size in (1, 2, 7)),
    ("maximum", (X, 0.5), {}),
    ("not_equal", (IDS, 0), {}),
    ("ones_like", (IDS,), {}),
    ("pad", (IDS, [[0, 0], [1, 2]]), {}),
    ("relu", (X,), {}),
    ("sigmoid", (X,), {}),
    ("softmax", (X,), {"axis": -1}),
    ("sqrt", (np.abs(X),), {}),
    ("sum", (X,), {"axis": 1}),
    ("take", (X[0], IDS), {"axis": 0}),
    ("take_along_axis", (IDS, IDS), {"axis": 1}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CALLS, ids=[name for name, *_ in CALLS])
def test_numpy_and_keras_agree(name, args, kwargs):
    theirs = np.asarray(getattr(import_keras().ops, name)(*args, **kwargs))
    ours = getattr(ops, name)(*args, **kwargs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_every_function_is_compared():
    assert {name for name, *_ in CALLS} == set(ops.__all__)
