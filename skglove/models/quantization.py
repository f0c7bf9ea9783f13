"""Arrays of 8 or 16 bits a number, in which compressed models are saved.

A compressed model holds arrays of float32, as every other, but of numbers that the smaller types represent, so that they are
saved in these without any loss.
"""

from typing import Any

import numpy as np

# Rows of fewer numbers are as small in float16 as in int8 with a scale.
_FEWEST_FOR_INT8 = 4
# Smaller vectors, such as biases, remain as they are.
_SMALLEST_VECTOR = 1000
_LARGEST = 127
# Scales have 11 significant bits, so that their products with 7 bits are exact in float32.
_SCALE_BITS = 11


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
    near = unpack(pack(array))
    return unpack(pack(near))  # the largest number may have been rounded to the next power of two


def pack(array: np.ndarray) -> dict[str, Any]:
    """Return a smaller representation: int8 and a scale for each row (the last axis), or float16 and a scale for all.

    Parameters
    ----------
    array : ndarray, float32
    """
    if array.ndim < 2 or array.shape[-1] < _FEWEST_FOR_INT8:
        scale = np.float32(2.0) ** np.frexp(np.abs(array).max(initial=0))[1]
        return {"packed_float16": (array / scale).astype(np.float16), "scale": float(scale)}
    fraction, exponent = np.frexp(np.abs(array).max(axis=-1, keepdims=True, initial=0) / np.float32(_LARGEST))
    scales = np.ldexp(np.rint(np.ldexp(fraction, _SCALE_BITS)), exponent - _SCALE_BITS)
    values = np.rint(np.divide(array, scales, out=np.zeros_like(array), where=scales > 0))
    return {"packed_int8": np.clip(values, -_LARGEST, _LARGEST).astype(np.int8), "scale": scales}


def unpack(packed: dict[str, Any]) -> np.ndarray:
    """Return the array that `pack` was given, rounded.

    Parameters
    ----------
    packed : dict
    """
    values = packed["packed_float16" if "packed_float16" in packed else "packed_int8"]
    return values.astype(np.float32) * np.float32(packed["scale"])


def transform_arrays(state: Any, change: Any) -> Any:
    """Apply a function to all matrices and long vectors of float32 in a state of dicts and lists.

    Parameters
    ----------
    state : object
    change : callable
    """
    if isinstance(state, np.ndarray) and state.dtype == np.float32:
        return change(state) if state.ndim > 1 or len(state) >= _SMALLEST_VECTOR else state
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
