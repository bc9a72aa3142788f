"""The network of CAM++, whose weights stay in the file that its authors published.

That file is an archive of PyTorch: a pickle, which is not read, and the numbers of each weight, uncompressed. The graph
(`graph.onnx`) has the operations, `weights.json` the first byte and the shape of each weight in that very file. Both
are written by `tools/campplus_graph.py`, and were compared with the authors' own code: the greatest difference of two
vectors was 2e-5.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from importlib.resources import files

from dropdub.engines.models.pins import FILES

WEIGHTS = "campplus_cn_en_common.pt"
WEIGHTS_SHA256 = FILES["campplus"][WEIGHTS].sha256
_FLOAT_BYTES = 4
_FLOAT = 1
"""The type of the weights: `TensorProto.FLOAT` of ONNX."""
_GRAPH, _INITIALIZER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW_DATA = 1, 2, 8, 9
"""Numbers of the fields in `onnx.proto`: of a model, of a graph, and of a tensor."""


def network(weights: bytes) -> bytes:
    """Return the whole network as an ONNX model, from the content of the published file.

    Parts of a protobuf message that follow one another are merged by whoever reads them: so the weights, in a graph of
    their own, are appended to the graph with the operations.
    """
    folder = files("dropdub.engines.speakers.campplus")
    places = json.loads(folder.joinpath("weights.json").read_text(encoding="utf-8"))
    tensors = (_tensor(name, weights, start, shape) for name, (start, shape) in places.items())
    initializers = b"".join(_field(_INITIALIZER, tensor) for tensor in tensors)
    return folder.joinpath("graph.onnx").read_bytes() + _field(_GRAPH, initializers)


def _tensor(name: str, weights: bytes, start: int, shape: Sequence[int]) -> bytes:
    content = weights[start : start + _FLOAT_BYTES * math.prod(shape)]
    numbers = b"".join(_key(_DIMS, 0) + _varint(size) for size in shape) + _key(_DATA_TYPE, 0) + _varint(_FLOAT)
    return numbers + _field(_NAME, name.encode()) + _field(_RAW_DATA, content)


def _field(number: int, content: bytes) -> bytes:
    return _key(number, 2) + _varint(len(content)) + content


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    """Return a number in protobuf's code: seven bits a byte, the lowest first."""
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])
