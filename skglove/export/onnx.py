"""A classifier as an ONNX file.

The forward pass is run once with a `Recorder` instead of NumPy, and each function call adds a node to the graph. Converters of
Keras models often do not support the current version of Keras.
"""

import json
import os
from types import ModuleType
from typing import Any

import numpy as np

from skglove._version import __version__
from skglove.classifier import ConvTextClassifier
from skglove.export.utf8 import check_utf8
from skglove.models.base import left_aligned
from skglove.pipeline import only_classifier
from skglove.saving.replacing import replacing
from skglove.validation import leaves_out_larger_ids

_OPSET, _IR_VERSION = 17, 8  # of 2022, for compatibility with older runtimes
_LAST = 2**31 - 1  # beyond the end of every axis


def to_onnx(classifier: ConvTextClassifier, file: str | os.PathLike) -> None:
    """Write a classifier as an ONNX file: ids in, labels and probabilities out.

    Parameters
    ----------
    classifier : ConvTextClassifier
        A fitted classifier whose architecture is not a callable, also in a `FrozenEstimator` or a fitted search.
    file : path
        The file, with opset 17.

    Raises
    ------
    ImportError
        If onnx is not installed.
    ValueError
        If the architecture is a callable, the classifier was fitted on ids with large gaps, it is inside a calibration or
        threshold classifier, which the file would lack, or the name of a class contains a lone surrogate or ends in a NUL
        character.
    sklearn.exceptions.NotFittedError
        If the classifier has not been fitted.

    Notes
    -----
    The input "ids" is int64 of shape (batch, width), padded with 0 on any side, such as the result of
    ``GloveTextVectorizer.transform(texts).padded().astype("int64")``. Runtimes raise an error for negative ids, and for larger
    ones than `predict` takes.

    The outputs have the names, types and order of skl2onnx, without ZipMap:

    - "label", of shape (batch,): the result of `predict`, int64 if the classes are numbers or bool, and strings otherwise. With
      several labels per document, it is an int64 indicator matrix of shape (batch, n_labels), by `thresholds_`.
    - "probabilities", float32 of shape (batch, n_classes), in the order of ``classes_``.

    The file's ``metadata_props`` are "classes" (``classes_`` or ``label_names_`` as JSON), "skglove_version" and
    "vocabulary_size" (the largest id).

    Examples
    --------
    ::

        to_onnx(pipeline[-1], "model.onnx")
        session = onnxruntime.InferenceSession("model.onnx")
        ids = pipeline[0].transform(["a text", "another"]).padded().astype("int64")
        label, probabilities = session.run(None, {"ids": ids})
    """
    fitted = only_classifier(classifier)
    if fitted._known_ids_ is not None:
        raise ValueError(
            "The classifier was fitted on ids with large gaps, which ONNX has no operation to look up. Renumber them from 1 "
            "before the fit, or export it with to_keras()."
        )
    content = _record(Recorder(), fitted).SerializeToString()
    with replacing(file) as partial:
        partial.write_bytes(content)


def _record(recorder: "Recorder", fitted: ConvTextClassifier) -> Any:
    """Return the model of a snapshot."""
    classes = fitted.classes_
    names = label_values(classes)
    ids = left_aligned(recorder, _word_ids(recorder, fitted))
    logits = fitted._forward(recorder, ids)
    probabilities = fitted._head.probabilities(recorder, logits)
    if fitted.thresholds_ is None:
        best = recorder.node("ArgMax", logits, dtype="int64", axis=1, keepdims=0)
        recorder.output(recorder.gather(names, best), "label", ["batch"])
    else:
        exceeds = recorder.node("Greater", recorder.cast(probabilities, "float64"), fitted.thresholds_, dtype="bool")
        recorder.output(recorder.cast(exceeds, "int64"), "label", ["batch", len(classes)])
    recorder.output(probabilities, "probabilities", ["batch", len(classes)])
    return recorder.model(
        {
            "classes": json.dumps(
                (classes if fitted.label_names_ is None else fitted.label_names_).tolist(), default=str
            ),
            "skglove_version": __version__,
            "vocabulary_size": str(fitted.input_dim_ - 1),
        }
    )


def _word_ids(recorder: "Recorder", fitted: ConvTextClassifier) -> "Tensor":
    """Record the input, and its conversion to int32; other ids than `predict` takes are errors of the runtime."""
    # One more column, so that the width is never 0.
    ids, n_ids = recorder.pad(recorder.input("ids", "int64"), [[0, 0], [0, 1]]), recorder.integers(fitted.input_dim_)
    if leaves_out_larger_ids(fitted):
        is_larger = recorder.node("GreaterOrEqual", ids, n_ids, dtype="bool")
        ids = recorder.node("Where", is_larger, recorder.integers(0), ids, dtype="int64")
    # Gather counts negative indices from the end, and raises an error for those beyond it. A plain cast would cut off bits.
    is_negative = recorder.node("Less", ids, 0, dtype="bool")
    ids = recorder.node("Where", is_negative, n_ids, ids, dtype="int64")
    return recorder.node("Gather", recorder.cast(recorder.arange(n_ids), "int32"), ids, axis=0)


def label_values(classes: np.ndarray) -> np.ndarray:
    """Return the labels of classes: int64 if they are whole numbers or bool, otherwise str in an array of objects.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)

    Raises
    ------
    ValueError
        If a name contains a lone surrogate or ends in a NUL character.

    Examples
    --------
    >>> label_values(np.array([False, True])), label_values(np.array(["cat", "dog"]))
    (array([0, 1]), array(['cat', 'dog'], dtype=object))
    """
    if classes.dtype.kind in "biuf":
        with np.errstate(invalid="ignore"):
            numbers = classes.astype(np.int64)
        if np.array_equal(numbers, classes):
            return numbers
    names = [str(name) for name in classes.tolist()]
    check_utf8(names, "The class", "Rename it in y, and fit again.")
    for name in names:
        if name.endswith("\0"):
            raise ValueError(
                f"The class {name!r} ends in a NUL character, which NumPy cuts off. Rename it in y, and fit again."
            )
    return np.array(names, dtype=object)


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
        self._outputs: list[Any] = []

    def input(self, name: str, dtype: str) -> Tensor:
        """Add an input of shape (batch, width)."""
        self._inputs.append(self._onnx.helper.make_tensor_value_info(name, self._type(dtype), ["batch", "width"]))
        return Tensor(self, name, dtype)

    def output(self, value: Tensor, name: str, shape: list[str | int]) -> None:
        """Add an output; dimensions are numbers or names."""
        self._nodes.append(self._onnx.helper.make_node("Identity", [value.name], [name]))
        self._outputs.append(self._onnx.helper.make_tensor_value_info(name, self._type(value.dtype), shape))

    def model(self, metadata: dict[str, str] | None = None) -> Any:
        """Return the graph as a model.

        Parameters
        ----------
        metadata : dict of str to str, optional
            Its ``metadata_props``.
        """
        helper = self._onnx.helper
        model = helper.make_model(
            helper.make_graph(self._nodes, "skglove", self._inputs, self._outputs, self._constants),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="skglove",
            producer_version=__version__,
        )
        helper.set_model_props(model, metadata or {})
        return model

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

    def gather(self, table: np.ndarray, indices: Tensor) -> Tensor:
        """Look up rows of an array of any type."""
        return self.node("Gather", self._constant(table, str(table.dtype)), indices, axis=0)

    def arange(self, stop: Tensor) -> Tensor:
        """Count from 0, in int64."""
        return self.node("Range", self.integers(0), stop, self.integers(1))

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
        # Not with GatherElements, which the reference evaluator has only for up to 64 elements.
        shape, one = self.node("Shape", x, dtype="int64"), self.integers([1])
        numbers = self.node("Reshape", self.arange(self.node("Size", x, dtype="int64")), shape)
        firsts = self.node("Slice", numbers, self.integers([0]), one, self.integers([axis]))
        inner = [] if axis == -1 else [self.node("Shape", x, dtype="int64", start=axis + 1)]
        stride = self.node("ReduceProd", self.concatenate([one, *inner], axis=0), keepdims=0)
        size = self.node("Gather", shape, self.integers(axis), axis=0)
        along = self.node("Gather", self.arange(size), indices, axis=0)  # numbers from the end become positive
        return self.node("Gather", self.node("Reshape", x, self.integers([-1])), firsts + along * stride, axis=0)

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
