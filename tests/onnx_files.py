"""ONNX files of a few nodes, written as their protocol buffers: field numbers as in the format's `onnx.proto`."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INTS = 1, 7
_TYPES = {np.dtype("float32"): 1, np.dtype("float16"): 10}
_OPSET, _IR_VERSION = 13, 7
Shape = Sequence[int | str]
Attribute = int | float | Sequence[int]


def node(kind: str, inputs: Sequence[str], output: str, **attributes: Attribute) -> bytes:
    """Return a NodeProto with one output, which is its name, too."""
    parts = [_text(1, name) for name in inputs] + [_text(2, output), _text(3, output), _text(4, kind)]
    return b"".join([*parts, *(_bytes(5, _attribute(name, value)) for name, value in attributes.items())])


def tensor(name: str, values: NDArray[np.generic]) -> bytes:
    """Return a TensorProto of 16- or 32-bit floats."""
    dims = b"".join(_number(1, size) for size in values.shape)
    return dims + _number(2, _TYPES[values.dtype]) + _text(8, name) + _bytes(9, values.tobytes())


def write_model(
    path: Path,
    nodes: Sequence[bytes],
    tensors: Sequence[bytes] = (),
    *,
    given: tuple[str, Shape],
    made: tuple[str, Shape],
    about: Mapping[str, str],
) -> None:
    """Write a ModelProto with one input and one output of 32-bit floats. A size of a shape may be a name."""
    graph = b"".join(
        [
            *(_bytes(1, one) for one in nodes),
            _text(2, "graph"),
            *(_bytes(5, one) for one in tensors),
            _bytes(11, _value(*given)),
            _bytes(12, _value(*made)),
        ]
    )
    metadata = (_bytes(14, _text(1, key) + _text(2, value)) for key, value in about.items())
    opset = _bytes(8, _text(1, "") + _number(2, _OPSET))
    path.write_bytes(b"".join([_number(1, _IR_VERSION), _bytes(7, graph), opset, *metadata]))


def _value(name: str, shape: Shape) -> bytes:
    dims = b"".join(_bytes(1, _text(2, one) if isinstance(one, str) else _number(1, one)) for one in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _number(1, _FLOAT) + _bytes(2, dims)))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _number(20, 1)
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + b"".join(_number(8, one) for one in value) + _number(20, _INTS)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value)


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])
