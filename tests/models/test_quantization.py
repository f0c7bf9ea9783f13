import numpy as np
import pytest

from skglove.models.quantization import pack, rounded, transform_arrays, unpack_all


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", [(7,), (50, 2), (50, 20), (3, 5, 8), (0, 9), (4, 0)])
def test_rounding_is_close_and_final(shape, seed):
    array = np.random.RandomState(seed).standard_t(2, size=shape).astype(np.float32)
    array[:1] = 0
    near = rounded(array)
    assert near.dtype == np.float32
    largest = np.abs(array).max(axis=-1, keepdims=True, initial=1e-9)
    assert (np.abs(near - array) / largest).max(initial=0) < 0.005
    np.testing.assert_array_equal(rounded(near), near)


def test_rows_of_any_size_keep_their_precision():
    array = (
        np.random.RandomState(0).normal(size=(16, 30)).astype(np.float32) * np.float32(10) ** np.arange(-14, 2)[:, None]
    )
    error = np.abs(rounded(array) - array).max(axis=1) / np.abs(array).max(axis=1)
    assert error.max() < 0.01


@pytest.mark.parametrize("factor", [1e-30, 1e-6, 1e5, 1e30])
@pytest.mark.parametrize("shape", [(400, 3), (400, 9), (2000,)], ids=str)
def test_numbers_of_any_size(shape, factor):
    array = (np.random.RandomState(0).normal(size=shape) * factor).astype(np.float32)
    near = rounded(array)
    assert np.abs(near - array).max() < 0.005 * np.abs(array).max()
    np.testing.assert_array_equal(rounded(near), near)


def test_int8_takes_a_quarter():
    array = np.random.RandomState(0).normal(size=(100, 50)).astype(np.float32)
    packed = pack(array)
    assert packed["packed_int8"].dtype == np.int8
    assert sum(part.nbytes for part in packed.values() if isinstance(part, np.ndarray)) < 0.35 * array.nbytes


def test_states_are_changed_in_depth():
    array = np.arange(1000, dtype=np.float32).reshape(20, 50)
    state = {"a": [array, {"b": array, "c": "text"}], "counts": np.arange(3000), "weights": array[0]}
    packed = transform_arrays(state, pack)
    assert set(packed["a"][1]["b"]) == {"packed_int8", "scale"}
    again = unpack_all(packed)
    np.testing.assert_array_equal(again["a"][1]["b"], rounded(array))
    assert again["a"][1]["c"] == "text"
    assert again["counts"] is state["counts"]
    assert again["weights"] is state["weights"]
