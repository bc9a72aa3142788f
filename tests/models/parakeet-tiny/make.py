"""Make a model with the inputs and outputs of Parakeet that says the tokens of its vocabulary in order.

    python tests/models/parakeet-tiny/make.py

It needs the package onnx. Nothing is trained: the state of the decoder is the number of tokens said so far, and each
lasts two frames. What the model hears decides only how much of it fits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper as n

TOKENS = 40
"""The number of the blank token, too, which follows when all others were said."""
SENTENCE = "▁And ▁so ▁my ▁fel low ▁Amer ican s ▁, ▁ask ▁not ▁what ▁your ▁country ▁can ▁do ▁for ▁you ."
HERE = Path(__file__).parent


def save(
    name: str, nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], constants: Mapping[str, Any]
) -> None:
    named = [n.from_array(np.asarray(value), key) for key, value in constants.items()]
    values = [[h.make_tensor_value_info(*one) for one in given] for given in (inputs, outputs)]
    model = h.make_model(
        h.make_graph(nodes, name, *values, named), opset_imports=[h.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model)
    onnx.save(model, HERE / name)


save(
    "encoder-model.int8.onnx",
    [
        h.make_node("ReduceMean", ["audio_signal"], ["mean"], axes=[1], keepdims=1),
        h.make_node("AveragePool", ["mean"], ["outputs"], kernel_shape=[8], strides=[8], ceil_mode=1),
        h.make_node("Sub", ["length", "one"], ["before"]),
        h.make_node("Div", ["before", "eight"], ["whole"]),
        h.make_node("Add", ["whole", "one"], ["encoded_lengths"]),
    ],
    [("audio_signal", T.FLOAT, ["batch", 128, "frames"]), ("length", T.INT64, ["batch"])],
    [("outputs", T.FLOAT, ["batch", 1, "steps"]), ("encoded_lengths", T.INT64, ["batch"])],
    {"one": np.array([1], np.int64), "eight": np.array([8], np.int64)},
)
save(
    "decoder_joint-model.int8.onnx",
    [
        h.make_node("Min", ["input_states_1", "blank"], ["token"]),
        h.make_node("Sub", ["numbers", "token"], ["distance"]),
        h.make_node("Mul", ["distance", "distance"], ["square"]),
        h.make_node("Neg", ["square"], ["logits"]),
        h.make_node("Reshape", ["logits", "row"], ["row_of_logits"]),
        h.make_node("Concat", ["row_of_logits", "durations"], ["flat"], axis=3),
        h.make_node("ReduceMean", ["encoder_outputs"], ["level"], keepdims=1),
        h.make_node("Mul", ["level", "zero"], ["nothing"]),
        h.make_node("Add", ["flat", "nothing"], ["outputs"]),
        h.make_node("Add", ["input_states_1", "one"], ["output_states_1"]),
        h.make_node("Identity", ["input_states_2"], ["output_states_2"]),
    ],
    [
        ("encoder_outputs", T.FLOAT, ["batch", 1, "steps"]),
        ("targets", T.INT32, ["batch", "tokens"]),
        ("target_length", T.INT32, ["batch"]),
        ("input_states_1", T.FLOAT, [1, "batch", 1]),
        ("input_states_2", T.FLOAT, [1, "batch", 1]),
    ],
    [
        ("outputs", T.FLOAT, [1, 1, 1, TOKENS + 6]),
        ("output_states_1", T.FLOAT, [1, 1, 1]),
        ("output_states_2", T.FLOAT, [1, 1, 1]),
    ],
    {
        "blank": np.array(TOKENS, np.float32),
        "numbers": np.arange(TOKENS + 1, dtype=np.float32)[None, None],
        "row": np.array([1, 1, 1, -1], np.int64),
        "durations": np.array([[[[0, 0, 9, 0, 0]]]], np.float32),
        "zero": np.array(0, np.float32),
        "one": np.array(1, np.float32),
    },
)
config = {"model_type": "nemo-conformer-tdt", "features_size": 128, "subsampling_factor": 8}
(HERE / "config.json").write_text(json.dumps(config), encoding="utf-8")
said = SENTENCE.split()
vocabulary = [*said, *["<pad>"] * (TOKENS - len(said)), "<blk>"]
lines = (f"{token} {number}\n" for number, token in enumerate(vocabulary))
(HERE / "vocab.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
