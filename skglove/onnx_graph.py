"""The built-in networks as ONNX graphs, written down node by node: what converts Keras models lags behind Keras."""

from types import ModuleType
from typing import Any

import numpy as np

from skglove.model import TrainedNetwork
from skglove.network import ARCHITECTURES, NetworkConfig
from skglove.wide import PAIR_COLUMNS, PAIR_FACTORS, PAIR_WEIGHT, WideWeights

_OPSET, _IR_VERSION = 17, 8  # of 2022: every runtime in use reads them
_FAR = 2**30  # behind all places


class _Graph:
    """Nodes and constants, each named by its number."""

    def __init__(self, onnx: ModuleType) -> None:
        self.onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output, and return the output's name."""
        name = f"{operator}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, value: Any, dtype: Any = np.int64) -> str:
        """Add an array, and return its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(self.onnx.numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name


def onnx_model(network: TrainedNetwork) -> Any:
    """Write a network down as a model from "ids" to "probabilities".

    Parameters
    ----------
    network : TrainedNetwork

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    ImportError
        If onnx is not installed.
    ValueError
        If the architecture is the user's own.
    """
    if network.config.architecture not in ARCHITECTURES:
        raise ValueError(
            f"Only the built-in architectures {ARCHITECTURES} can be written; this network is "
            f"{network.config.architecture!r}. For one of your own, convert what `to_keras` returns."
        )
    try:
        import onnx
    except ImportError as error:
        raise ImportError("Writing ONNX files needs onnx: pip install 'skglove[onnx]'.") from error
    graph = _Graph(onnx)
    aligned = _aligned(graph, graph.add("Cast", "ids", to=onnx.TensorProto.INT64))
    logits = _deep(graph, aligned, network)
    if network.wide is not None:
        deep = graph.add("Mul", logits, graph.constant(network.shares[2], np.float32))
        logits = graph.add("Add", deep, _wide(graph, aligned, network.wide))
    graph.nodes.append(onnx.helper.make_node("Softmax", [logits], ["probabilities"], axis=1))
    tensor = onnx.helper.make_tensor_value_info
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "skglove",
            [tensor("ids", onnx.TensorProto.INT32, ["batch", "width"])],
            [tensor("probabilities", onnx.TensorProto.FLOAT, ["batch", network.config.n_classes])],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="skglove",
    )


def _aligned(graph: _Graph, ids: str) -> str:
    """Move the words of each document to its first places: each place is ranked by where it stands, padding after all."""
    width = graph.add("Gather", graph.add("Shape", ids), graph.constant([1]))
    place = graph.add("Range", graph.constant(0), graph.add("Squeeze", width), graph.constant(1))
    is_padding = graph.add("Equal", ids, graph.constant(0))
    rank = graph.add("Add", place, graph.add("Mul", _cast(graph, is_padding, "INT64"), graph.constant(_FAR)))
    order = f"order_{len(graph.nodes)}"
    graph.nodes.append(graph.onnx.helper.make_node("TopK", [rank, width], ["ranks", order], largest=0))
    return graph.add("GatherElements", ids, order, axis=1)


def _cast(graph: _Graph, value: str, to: str) -> str:
    return graph.add("Cast", value, to=getattr(graph.onnx.TensorProto, to))


def _present(graph: _Graph, ids: str, axis: int) -> str:
    """Return 1 where a word stands and 0 where padding does, with one more axis."""
    is_word = graph.add("Not", graph.add("Equal", ids, graph.constant(0)))
    return graph.add("Unsqueeze", _cast(graph, is_word, "FLOAT"), graph.constant([axis]))


def _deep(graph: _Graph, ids: str, network: TrainedNetwork) -> str:
    config = network.config
    if config.conv_maxlen:
        ids = graph.add("Slice", ids, graph.constant([0]), graph.constant([config.conv_maxlen]), graph.constant([1]))
    if config.width_multiple > 1:
        ids = graph.add("Pad", ids, graph.constant([0, 0, 0, config.width_multiple - 1]))
    mask = _present(graph, ids, axis=1)
    words = graph.add("Gather", graph.constant(network.weights[0], np.float32), ids)
    x = graph.add("Mul", graph.add("Transpose", words, perm=[0, 2, 1]), mask)
    weights = network.weights[1:]
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    features = (_stacked if config.architecture == "stacked" else _parallel)(graph, x, mask, layers[:-1], config)
    return _dense(graph, features, *layers[-1])


def _stacked(graph: _Graph, x: str, mask: str, layers: list, config: NetworkConfig) -> str:
    *convolutions, dense = layers
    for i, layer in enumerate(convolutions):
        if i:
            window = {"kernel_shape": [config.pool_size], "strides": [config.pool_size]}
            x, mask = graph.add("MaxPool", x, **window), graph.add("MaxPool", mask, **window)
        x = _convolution(graph, x, mask, *layer)
    pooled = graph.add("ReduceMax", x, axes=[2], keepdims=0)
    return graph.add("Relu", _dense(graph, pooled, *dense))


def _parallel(graph: _Graph, x: str, mask: str, layers: list, config: NetworkConfig) -> str:
    pooled = [graph.add("ReduceMax", _convolution(graph, x, mask, *layer), axes=[2], keepdims=0) for layer in layers]
    return graph.add("Concat", *pooled, axis=1)


def _convolution(graph: _Graph, x: str, mask: str, kernel: np.ndarray, bias: np.ndarray) -> str:
    size = len(kernel)
    weights = graph.constant(kernel.transpose(2, 1, 0), np.float32), graph.constant(bias, np.float32)
    convolved = graph.add("Conv", x, *weights, pads=[(size - 1) // 2, size // 2])
    return graph.add("Mul", graph.add("Relu", convolved), mask)


def _dense(graph: _Graph, x: str, kernel: np.ndarray, bias: np.ndarray) -> str:
    return graph.add("Gemm", x, graph.constant(kernel, np.float32), graph.constant(bias, np.float32))


def _wide(graph: _Graph, ids: str, wide: WideWeights) -> str:
    """Score with the linear model as `WideWeights.logits` does, by looking each word and each pair up in tables."""
    n_ids = len(wide.idf) - PAIR_COLUMNS
    one = graph.constant(1.0, np.float32)

    def weigh(columns: str, present: str, idf: np.ndarray) -> tuple[str, str]:
        """Return each place's part of its term's tf-idf, (batch, width, 1), and the sum of the squares of all terms' tf-idf."""
        pair = [graph.add("Unsqueeze", columns, graph.constant([axis])) for axis in (2, 1)]
        same = _cast(graph, graph.add("Equal", *pair), "FLOAT")
        count = graph.add("Max", graph.add("MatMul", same, present), one)
        idf_there = graph.add("Gather", graph.constant(idf[:, None], np.float32), columns)
        whole = graph.add("Mul", graph.add("Mul", graph.add("Add", one, graph.add("Log", count)), idf_there), present)
        part = graph.add("Div", whole, count)
        return part, _sum(graph, graph.add("Mul", part, whole))

    def score(part: str, columns: str, kernel: np.ndarray) -> str:
        return _sum(graph, graph.add("Mul", part, graph.add("Gather", graph.constant(kernel, np.float32), columns)))

    def over_length(value: str, square: str) -> str:
        return graph.add("Div", value, graph.add("Sqrt", graph.add("Max", square, graph.constant(1e-12, np.float32))))

    padded = graph.add("Pad", ids, graph.constant([0, 0, 0, 1]))
    after = graph.add("Slice", padded, graph.constant([1]), graph.constant([2**31]), graph.constant([1]))
    products = [
        graph.add("Mul", side, graph.constant(factor)) for side, factor in zip((ids, after), PAIR_FACTORS, strict=True)
    ]
    pairs = graph.add("Mod", graph.add("Add", *products), graph.constant(PAIR_COLUMNS))
    words_part, words_square = weigh(ids, _present(graph, ids, 2), wide.idf[:n_ids])
    pairs_part, pairs_square = weigh(pairs, _present(graph, after, 2), PAIR_WEIGHT * wide.idf[n_ids:])
    total = graph.add("Add", score(words_part, ids, wide.kernel[:n_ids]), score(pairs_part, pairs, wide.kernel[n_ids:]))
    logits = over_length(total, graph.add("Add", words_square, pairs_square))
    if wide.word_kernel is not None:
        logits = graph.add("Add", logits, over_length(score(words_part, ids, wide.word_kernel), words_square))
    return graph.add("Add", logits, graph.constant(wide.bias, np.float32))


def _sum(graph: _Graph, value: str) -> str:
    """Sum over the places: (batch, width, n) to (batch, n)."""
    return graph.add("ReduceSum", value, graph.constant([1]), keepdims=0)
