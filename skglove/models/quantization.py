"""Arrays of 8 or 16 bits a number, in which compressed models are saved.

A compressed model holds arrays of float32, as every other, but of numbers that the smaller types represent, so that they are
saved in these without any loss.
"""

from typing import Any

import numpy as np

# Rows of fewer numbers are as small in float16 as in int8 with a scale.
_FEWEST_FOR_INT8 = 4
# Smaller arrays, such as biases, remain as they are.
_SMALLEST_ARRAY = 1000
_LARGEST = 127


def rounded(array: np.ndarray) -> np.ndarray:
    """Return the nearest array that `pack` represents, float32.

    Parameters
    ----------
    array : ndarray, float32

    Examples
    --------
    >>> rounded(np.array([[1.27, -0.014, 0.5, 0], [2.54, 0.018, 0, 0]], dtype=np.float32)).round(2)
    array([[ 1.27, -0.01,  0.5 ,  0.  ],
           [ 2.54,  0.02,  0.  ,  0.  ]], dtype=float32)
    """
    return unpack(pack(array))


def pack(array: np.ndarray) -> dict[str, Any]:
    """Return a smaller representation: int8 and a scale for each row (the last axis), or float16.

    Parameters
    ----------
    array : ndarray, float32
    """
    if array.ndim < 2 or array.shape[-1] < _FEWEST_FOR_INT8:
        return {"packed_float16": array.astype(np.float16)}
    scale = np.abs(array).max(axis=-1, keepdims=True, initial=0) / np.float32(_LARGEST)
    # Scales in a range that float16 has. By a power of two, so that the products are exact.
    unit = np.float32(2.0) ** np.frexp(scale.max(initial=0))[1]
    relative = (scale / unit).astype(np.float16)
    units = relative.astype(np.float32) * unit
    values = np.rint(np.divide(array, units, out=np.zeros_like(array), where=units > 0))
    return {
        "packed_int8": np.clip(values, -_LARGEST, _LARGEST).astype(np.int8),
        "scale": relative,
        "unit": float(unit),
    }


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """Return the array that `pack` was given, rounded.

    Parameters
    ----------
    packed : dict
    """
    if "packed_float16" in packed:
        return packed["packed_float16"].astype(np.float32)
    units = packed["scale"].astype(np.float32) * np.float32(packed["unit"])
    return packed["packed_int8"].astype(np.float32) * units


def transform_arrays(state: Any, change: Any) -> Any:
    """Apply a function to all large arrays of float32 in a state of dicts and lists.

    Parameters
    ----------
    state : object
    change : callable
    """
    if isinstance(state, np.ndarray) and state.dtype == np.float32 and state.size >= _SMALLEST_ARRAY:
        return change(state)
    if type(state) is list:
        return [transform_arrays(item, change) for item in state]
    if type(state) is dict:
        return {name: transform_arrays(item, change) for name, item in state.items()}
    return state


def unpack_all(state: Any) -> Any:
    """Undo `transform_arrays` with `pack`.

    Parameters
    ----------
    state : object
    """
    if type(state) is dict and state.keys() & {"packed_int8", "packed_float16"}:
        return unpack(state)
    if type(state) is list:
        return [unpack_all(item) for item in state]
    return {name: unpack_all(item) for name, item in state.items()} if type(state) is dict else state
