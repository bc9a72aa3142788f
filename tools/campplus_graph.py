"""Write the network of CAM++ for onnxruntime, without its weights, into `src/dropdub/engines/speakers/campplus`.

    python tools/campplus_graph.py FILE

FILE is `campplus_cn_en_common.pt`, as `dropdub models pull campplus` downloads it. `graph.onnx` gets the operations,
`weights.json` where each of their weights is in FILE: its first byte and its shape. Nothing of FILE is copied, so the
engine computes with the file as its authors published it, and needs neither torch nor a conversion. Needs torch and
the package `onnx`, only here.

The network is as its authors describe it (Wang et al., "CAM++: A Fast and Efficient Network for Speaker Verification
Using Context-Aware Masking", Interspeech 2023): a small convolutional head, densely connected layers with a
mask that is computed from the mean of the whole and of each second, and the mean and deviation over time.
"""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import onnx
import torch
from onnx import TensorProto, helper

FOLDER = Path(__file__).parents[1] / "src" / "dropdub" / "engines" / "speakers" / "campplus"
OPSET, IR = 17, 8
"""Which onnxruntime 1.20 reads."""
BLOCKS = ((12, 1), (24, 2), (16, 2))
"""Layers and dilation of each dense block."""
HEAD_CHANNELS = 320
SEGMENT = 100
"""Frames whose mean is a part of the mask."""
EPSILON = 1e-5
_STORAGE_PREFIX = "/data/"


class Graph:
    """Nodes that are added one after the other. Each is named by its one output."""

    def __init__(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.used: dict[str, tuple[int, ...]] = {}
        self._shapes = shapes

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """Add an operation and return the name of its result."""
        name = str(len(self.nodes))
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def weight(self, name: str) -> str:
        """Return the name of a weight of the file, which the graph then needs."""
        self.used[name] = self._shapes[name]
        return name

    def constant(self, name: str, values: Sequence[float], *, whole: bool = False) -> str:
        kind = TensorProto.INT64 if whole else TensorProto.FLOAT
        self.constants.setdefault(name, helper.make_tensor(name, kind, [len(values)], values))
        return name

    def numbers(self, *values: int) -> str:
        return self.constant("i" + "_".join(map(str, values)), values, whole=True)

    def normalised(self, value: str, name: str) -> str:
        """Apply a batch normalisation; without a scale of its own, it has 1 and 0."""
        size = self._shapes[f"{name}.running_mean"][0]
        own = f"{name}.weight" in self._shapes
        scale = self.weight(f"{name}.weight") if own else self.constant(f"ones{size}", [1.0] * size)
        bias = self.weight(f"{name}.bias") if own else self.constant(f"zeros{size}", [0.0] * size)
        learned = self.weight(f"{name}.running_mean"), self.weight(f"{name}.running_var")
        return self.add("BatchNormalization", value, scale, bias, *learned, epsilon=EPSILON)

    def activated(self, value: str, name: str) -> str:
        return self.add("Relu", self.normalised(value, name))

    def convolved(self, value: str, name: str, *, stride: Sequence[int] = (1,), dilation: int = 1) -> str:
        """Apply a convolution that keeps the length, but for its stride."""
        kernel = self._shapes[f"{name}.weight"][2:]
        pads = [dilation * (size - 1) // 2 for size in kernel]
        bias = [self.weight(f"{name}.bias")] if f"{name}.bias" in self._shapes else []
        return self.add(
            *("Conv", value, self.weight(f"{name}.weight"), *bias),
            kernel_shape=kernel,
            strides=list(stride),
            dilations=[dilation] * len(kernel),
            pads=[*pads, *pads],
        )


def head(graph: Graph, value: str) -> str:
    """Return what the convolutional head makes of (batch, 1, 80, frames): (batch, 320, frames)."""
    value = graph.activated(graph.convolved(value, "head.conv1", stride=(1, 1)), "head.bn1")
    for layer in ("head.layer1", "head.layer2"):
        value = residual(graph, residual(graph, value, f"{layer}.0", step=2), f"{layer}.1", step=1)
    value = graph.activated(graph.convolved(value, "head.conv2", stride=(2, 1)), "head.bn2")
    return graph.add("Reshape", value, graph.numbers(0, HEAD_CHANNELS, -1))


def residual(graph: Graph, value: str, name: str, *, step: int) -> str:
    inner = graph.activated(graph.convolved(value, f"{name}.conv1", stride=(step, 1)), f"{name}.bn1")
    inner = graph.normalised(graph.convolved(inner, f"{name}.conv2", stride=(1, 1)), f"{name}.bn2")
    if step != 1:
        short = graph.convolved(value, f"{name}.shortcut.0", stride=(step, 1))
        value = graph.normalised(short, f"{name}.shortcut.1")
    return graph.add("Relu", graph.add("Add", inner, value))


def dense_layer(graph: Graph, value: str, name: str, *, dilation: int) -> str:
    inner = graph.convolved(graph.activated(value, f"{name}.nonlinear1.batchnorm"), f"{name}.linear1")
    inner = graph.activated(inner, f"{name}.nonlinear2.batchnorm")
    return graph.add("Concat", value, masked(graph, inner, f"{name}.cam_layer", dilation=dilation), axis=1)


def masked(graph: Graph, value: str, name: str, *, dilation: int) -> str:
    """Return a convolution times the mask of its context: the mean of the whole, and of each segment."""
    local = graph.convolved(value, f"{name}.linear_local", dilation=dilation)
    context = graph.add("Add", graph.add("ReduceMean", value, axes=[2], keepdims=1), segment_means(graph, value))
    context = graph.add("Relu", graph.convolved(context, f"{name}.linear1"))
    return graph.add("Mul", local, graph.add("Sigmoid", graph.convolved(context, f"{name}.linear2")))


def segment_means(graph: Graph, value: str) -> str:
    """Return the mean of each segment, for each of its frames. The last segment may be shorter."""
    means = graph.add("AveragePool", value, kernel_shape=[SEGMENT], strides=[SEGMENT], ceil_mode=1)
    repeated = graph.add("Expand", graph.add("Unsqueeze", means, graph.numbers(3)), graph.numbers(1, 1, 1, SEGMENT))
    frames = graph.add("Shape", value, start=2, end=3)
    whole = graph.add("Reshape", repeated, graph.numbers(0, 0, -1))
    return graph.add("Slice", whole, graph.numbers(0), frames, graph.numbers(2))


def statistics(graph: Graph, value: str) -> str:
    """Return the mean and the deviation over time, (batch, 1024, 1)."""
    mean = graph.add("ReduceMean", value, axes=[2], keepdims=1)
    away = graph.add("Sub", value, mean)
    total = graph.add("ReduceSum", graph.add("Mul", away, away), graph.numbers(2), keepdims=1)
    frames = graph.add("Cast", graph.add("Shape", value, start=2, end=3), to=TensorProto.FLOAT)
    fewer = graph.add("Max", graph.add("Sub", frames, graph.constant("one", [1.0])), graph.constant("one", [1.0]))
    return graph.add("Concat", mean, graph.add("Sqrt", graph.add("Div", total, fewer)), axis=1)


def network(shapes: dict[str, tuple[int, ...]]) -> Graph:
    """Return the whole network, from `features` (batch, frames, 80) to `embedding` (batch, 192)."""
    graph = Graph(shapes)
    turned = graph.add("Transpose", "features", perm=[0, 2, 1])
    value = head(graph, graph.add("Unsqueeze", turned, graph.numbers(1)))
    value = graph.convolved(value, "xvector.tdnn.linear", stride=(2,))
    value = graph.activated(value, "xvector.tdnn.nonlinear.batchnorm")
    for number, (layers, dilation) in enumerate(BLOCKS, start=1):
        for layer in range(1, layers + 1):
            value = dense_layer(graph, value, f"xvector.block{number}.tdnnd{layer}", dilation=dilation)
        value = graph.activated(value, f"xvector.transit{number}.nonlinear.batchnorm")
        value = graph.convolved(value, f"xvector.transit{number}.linear")
    value = statistics(graph, graph.activated(value, "xvector.out_nonlinear.batchnorm"))
    value = graph.normalised(graph.convolved(value, "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
    graph.nodes.append(helper.make_node("Squeeze", [value, graph.numbers(2)], ["embedding"]))
    return graph


def written(graph: Graph) -> bytes:
    """Return the graph as an ONNX model without weights."""
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", "frames", 80])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 192])
    constants = list(graph.constants.values())
    made = helper.make_graph(graph.nodes, "campplus", [features], [embedding], constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    found: bytes = model.SerializeToString(deterministic=True)
    return found


def places(file: Path) -> dict[str, tuple[int, tuple[int, ...]]]:
    """Return the first byte and the shape of each weight. torch keeps each in an uncompressed member of its own."""
    weights = torch.load(file, weights_only=True, map_location="cpu")
    with zipfile.ZipFile(file) as archive:
        members = {info.filename.rpartition(_STORAGE_PREFIX)[2]: info for info in archive.infolist()}
        starts = {key: _start(file, info) for key, info in members.items()}
        contents = {key: archive.read(info) for key, info in members.items()}
    by_content = {}
    for key, content in contents.items():
        by_content.setdefault(content, starts[key])
    return {
        name: (by_content[tensor.contiguous().numpy().tobytes()], tuple(tensor.shape))
        for name, tensor in weights.items()
        if tensor.is_floating_point()
    }


def _start(file: Path, info: zipfile.ZipInfo) -> int:
    """Return where the content of a member begins, behind its own header (PKZIP's APPNOTE, 4.3.7)."""
    with file.open("rb") as opened:
        opened.seek(info.header_offset + 26)
        name, extra = (int.from_bytes(opened.read(2), "little") for _ in range(2))
    return info.header_offset + 30 + name + extra


def main() -> None:
    found = places(Path(sys.argv[1]))
    graph = network({name: shape for name, (_, shape) in found.items()})
    (FOLDER / "graph.onnx").write_bytes(written(graph))
    table = {name: [found[name][0], list(shape)] for name, shape in graph.used.items()}
    (FOLDER / "weights.json").write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
