"""A classifier as an ONNX file.

The forward pass is run once with a `Recorder` instead of NumPy, and each function call adds a node to the graph. Converters of
Keras models often do not support the current version of Keras.
"""

import os
from types import ModuleType
from typing import Any

import numpy as np

from skglove.classifier import ConvTextClassifier
from skglove.models.base import left_aligned
from skglove.pipeline import only_classifier
from skglove.saving.replacing import replacing

_OPSET, _IR_VERSION = 17, 8  # of 2022, for compatibility with older runtimes
_LAST = 2**31 - 1  # beyond the end of every axis


def to_onnx(classifier: ConvTextClassifier, file: str | os.PathLike) -> None:
    """Write a classifier as an ONNX file: ids in, probabilities out.

    Parameters
    ----------
    classifier : ConvTextClassifier
        A fitted classifier whose architecture is not a callable, also in a `FrozenEstimator` or a fitted search.
    file : path
        The file, with opset 17. The input "ids" is int32 of shape (batch, width), padded with 0 on any side, such as the result
        of ``GloveTextVectorizer.transform(texts).padded()``. The output "probabilities" is float32 of shape
        (batch, n_classes), in the order of ``classes_``.

    Raises
    ------
    ImportError
        If onnx is not installed.
    ValueError
        If the architecture is a callable, the classifier was fitted on ids with large gaps, or it is inside a calibration or
        threshold classifier, which the file would lack.
    sklearn.exceptions.NotFittedError
        If the classifier has not been fitted.
    """
    fitted = only_classifier(classifier)
    if fitted._known_ids_ is not None:
        raise ValueError(
            "The classifier was fitted on ids with large gaps, which ONNX has no operation to look up. Renumber them from 1 "
            "before the fit, or export it with to_keras()."
        )
    recorder = Recorder()
    ids = left_aligned(recorder, recorder.input("ids", "int32"))
    logits = fitted._forward(recorder, ids)
    probabilities = fitted._head.probabilities(recorder, logits)
    content = recorder.model(probabilities, "probabilities", len(fitted.classes_)).SerializeToString()
    with replacing(file) as partial:
        partial.write_bytes(content)


class Tensor:
    """A value of the graph.

    Parameters
    ----------
    recorder : Recorder
    name : str
    dtype : str
    """

    __array_ufunc__ = None  # arithmetic with NumPy scalars uses the methods of this class

    def __init__(self, recorder: "Recorder", name: str, dtype: str) -> None:
        self.recorder, self.name, self.dtype = recorder, name, dtype

    def __add__(self, other: Any) -> "Tensor":
        return self.recorder.node("Add", self, other)

    def __sub__(self, other: Any) -> "Tensor":
        return self.recorder.node("Sub", self, other)

    def __mul__(self, other: Any) -> "Tensor":
        return self.recorder.node("Mul", self, other)

    def __truediv__(self, other: Any) -> "Tensor":
        return self.recorder.node("Div", self.recorder.cast(self, "float32"), other)

    def __rtruediv__(self, other: Any) -> "Tensor":
        return self.recorder.node("Div", other, self.recorder.cast(self, "float32"))

    def __neg__(self) -> "Tensor":
        return self.recorder.node("Neg", self)

    def __mod__(self, other: Any) -> "Tensor":
        return self.recorder.node("Mod", self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> "Tensor":
        return self.recorder.node("Sub", other, self)

    def __getitem__(self, key: Any) -> "Tensor":
        slices = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(part, slice) and (part.step or 1) > 0 for part in slices):
            raise TypeError(f"Only slices with positive steps can be exported to ONNX; got {key!r}.")
        cut = {axis: part for axis, part in enumerate(slices) if part != slice(None)}
        starts = [part.start or 0 for part in cut.values()]
        ends = [_LAST if part.stop is None else part.stop for part in cut.values()]
        steps = [part.step or 1 for part in cut.values()]
        return self.recorder.node("Slice", self, *map(self.recorder.integers, (starts, ends, list(cut), steps)))


class Recorder:
    """The functions of `skglove.ops`, each of which adds a node to an ONNX graph.

    Raises
    ------
    ImportError
        If onnx is not installed.
    """

    def __init__(self) -> None:
        self._onnx = _import_onnx()
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []

    def input(self, name: str, dtype: str) -> Tensor:
        """Add an input of shape (batch, width)."""
        self._inputs.append(self._onnx.helper.make_tensor_value_info(name, self._type(dtype), ["batch", "width"]))
        return Tensor(self, name, dtype)

    def model(self, output: Tensor, name: str, n_columns: int) -> Any:
        """Return the graph as a model.

        Parameters
        ----------
        output : Tensor
            Of shape (batch, n_columns), float32.
        name : str
            Of the output.
        n_columns : int
        """
        helper = self._onnx.helper
        self._nodes.append(helper.make_node("Identity", [output.name], [name]))
        described = helper.make_tensor_value_info(name, self._type(output.dtype), ["batch", n_columns])
        graph = helper.make_graph(self._nodes, "skglove", self._inputs, [described], self._constants)
        opsets = [helper.make_opsetid("", _OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION, producer_name="skglove")

    def node(self, operator: str, *inputs: Any, dtype: str | None = None, output: int = 0, **attributes: Any) -> Tensor:
        """Add a node.

        Parameters
        ----------
        operator : str
            The name of the ONNX operator.
        *inputs : Tensor, array or number
            Arrays and numbers become constants of the type of the first tensor.
        dtype : str, optional
            The type of the result; by default that of the first tensor.
        output : int, default=0
            The index of the output to return.
        **attributes
            Attributes of the node.
        """
        first = next(value.dtype for value in inputs if isinstance(value, Tensor))
        names = [value.name if isinstance(value, Tensor) else self._constant(value, first).name for value in inputs]
        results = [f"{operator}_{len(self._nodes)}_{i}" for i in range(output + 1)]
        self._nodes.append(self._onnx.helper.make_node(operator, names, results, results[output], **attributes))
        return Tensor(self, results[output], dtype or first)

    def integers(self, values: Any) -> Tensor:
        """Add a constant of type int64."""
        return self._constant(values, "int64")

    def _constant(self, value: Any, dtype: str) -> Tensor:
        name = f"constant_{len(self._constants)}"
        array = np.asarray(value).astype(dtype, order="C")
        if not dtype.startswith("float") and not np.array_equal(array, value):
            raise TypeError(f"{value!r} cannot be combined with a tensor of type {dtype}. Cast the tensor first.")
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return Tensor(self, name, dtype)

    def _type(self, dtype: str) -> int:
        return self._onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))

    # The functions of `skglove.ops`

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        return x if x.dtype == dtype else self.node("Cast", x, dtype=dtype, to=self._type(dtype))

    def equal(self, x: Tensor, other: Any) -> Tensor:
        return self.node("Equal", x, other, dtype="bool")

    def not_equal(self, x: Tensor, other: Any) -> Tensor:
        return self.node("Not", self.equal(x, other))

    def maximum(self, x: Tensor, other: Any) -> Tensor:
        return self.node("Max", x, other)

    def log(self, x: Tensor) -> Tensor:
        return self.node("Log", x)

    def sqrt(self, x: Tensor) -> Tensor:
        return self.node("Sqrt", x)

    def relu(self, x: Tensor) -> Tensor:
        return self.node("Relu", x)

    def sigmoid(self, x: Tensor) -> Tensor:
        return self.node("Sigmoid", x)

    def softmax(self, x: Tensor, axis: int) -> Tensor:
        return self.node("Softmax", x, axis=axis)

    def matmul(self, x: Tensor, other: Any) -> Tensor:
        return self.node("MatMul", x, other)

    def sum(self, x: Tensor, axis: int) -> Tensor:
        return self.node("ReduceSum", x, self.integers([axis]), keepdims=0)

    def max(self, x: Tensor, axis: int) -> Tensor:
        return self.node("ReduceMax", x, axes=[axis], keepdims=0)

    def cumsum(self, x: Tensor, axis: int) -> Tensor:
        return self.node("CumSum", x, self.integers(axis))

    def ones_like(self, x: Tensor) -> Tensor:
        return self.node("Expand", self._constant(1, x.dtype), self.node("Shape", x, dtype="int64"))

    def expand_dims(self, x: Tensor, axis: int) -> Tensor:
        return self.node("Unsqueeze", x, self.integers([axis]))

    def concatenate(self, xs: list[Tensor], axis: int) -> Tensor:
        return self.node("Concat", *xs, axis=axis)

    def pad(self, x: Tensor, pad_width: list[list[int]]) -> Tensor:
        return self.node(
            "Pad", x, self.integers([before for before, _ in pad_width] + [after for _, after in pad_width])
        )

    def take(self, table: np.ndarray, indices: Tensor, axis: int) -> Tensor:
        return self.node("Gather", self._constant(table, "float32"), indices, axis=axis)

    def take_along_axis(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        return self.node("GatherElements", x, indices, axis=axis)

    def argsort(self, x: Tensor, axis: int) -> Tensor:
        size = self.node("Gather", self.node("Shape", x, dtype="int64"), self.integers([axis]), axis=0)
        return self.node("TopK", x, size, dtype="int64", output=1, axis=axis, largest=0)

    def conv(self, x: Tensor, kernel: np.ndarray, *, padding: str) -> Tensor:
        size = len(kernel)
        weights = self._constant(kernel.transpose(2, 1, 0), "float32")
        convolved = self.node("Conv", self._channels_moved(x), weights, pads=[(size - 1) // 2, size // 2])
        return self._channels_moved(convolved)

    def max_pool(self, x: Tensor, pool_size: int) -> Tensor:
        pooled = self.node("MaxPool", self._channels_moved(x), kernel_shape=[pool_size], strides=[pool_size])
        return self._channels_moved(pooled)

    def _channels_moved(self, x: Tensor) -> Tensor:
        """Swap the last two axes: ONNX has channels before positions."""
        return self.node("Transpose", x, perm=[0, 2, 1])


def _import_onnx() -> ModuleType:
    try:
        import onnx
    except ImportError as error:
        raise ImportError("Writing ONNX files needs onnx: pip install 'skglove[onnx]'.") from error
    return onnx
