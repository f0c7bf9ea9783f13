"""The functions that forward passes use, in NumPy.

A forward pass is a function of ``ops`` and arrays. It runs in Keras with `keras.ops`, in NumPy with this module, and is written
as an ONNX graph with `skglove.export.onnx.Recorder`. All three have the functions below, with the names and the meaning of
`keras.ops`. Forward passes may also use ``+``, ``-``, ``*``, ``/``, ``%`` and slices.
"""

from typing import Any

import numpy as np
from scipy.special import expit as sigmoid
from scipy.special import softmax

__all__ = [
    "argsort",
    "cast",
    "concatenate",
    "conv",
    "cumsum",
    "equal",
    "expand_dims",
    "log",
    "matmul",
    "max",
    "max_pool",
    "maximum",
    "not_equal",
    "ones_like",
    "pad",
    "relu",
    "sigmoid",
    "softmax",
    "sqrt",
    "sum",
    "take",
    "take_along_axis",
]

argsort = np.argsort
concatenate = np.concatenate
cumsum = np.cumsum
equal = np.equal
expand_dims = np.expand_dims
log = np.log
matmul = np.matmul
max = np.max
maximum = np.maximum
not_equal = np.not_equal
ones_like = np.ones_like
pad = np.pad
sqrt = np.sqrt
sum = np.sum
take = np.take
take_along_axis = np.take_along_axis


def cast(x: Any, dtype: str) -> np.ndarray:
    """Convert to a data type, without a copy if possible."""
    return np.asarray(x).astype(dtype, copy=False)


def relu(x: np.ndarray) -> np.ndarray:
    """Return the positive part."""
    return np.maximum(x, 0)


def conv(x: np.ndarray, kernel: np.ndarray, *, padding: str = "same") -> np.ndarray:
    """Compute a one-dimensional convolution with stride 1 and zero padding.

    Parameters
    ----------
    x : ndarray of shape (batch, width, channels)
    kernel : ndarray of shape (size, channels, filters)
    padding : {"same"}
        If `size` is even, one more position is padded on the right, as in TensorFlow.

    Returns
    -------
    ndarray of shape (batch, width, filters)

    Examples
    --------
    >>> import numpy as np
    >>> conv(np.array([[[1.0], [2.0], [3.0]]]), np.ones((2, 1, 1)))[0, :, 0]
    array([3., 5., 3.])
    """
    size, channels, filters = kernel.shape
    batch, width, _ = x.shape
    wider = np.pad(x, [(0, 0), ((size - 1) // 2, size // 2), (0, 0)])
    # One large matrix product is faster than one for each position of the kernel.
    rows = np.concatenate([wider[:, start : start + width] for start in range(size)], axis=2)
    return (rows.reshape(-1, size * channels) @ kernel.reshape(-1, filters)).reshape(batch, width, filters)


def max_pool(x: np.ndarray, pool_size: int) -> np.ndarray:
    """Take the maximum of each window of `pool_size` positions; an incomplete last window is dropped.

    Parameters
    ----------
    x : ndarray of shape (batch, width, channels)
    pool_size : int

    Returns
    -------
    ndarray of shape (batch, width // pool_size, channels)
    """
    batch, width, channels = x.shape
    return x[:, : width - width % pool_size].reshape(batch, -1, pool_size, channels).max(axis=2)
