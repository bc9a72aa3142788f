"""Models of separators without training: their files, and the code that loads them, are those of the real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.onnx_files import node, tensor, write_model

Weights = Mapping[str, NDArray[Any]]
SPECTRA = (2, "num_splits", 512, 1024)
ABOUT = {"model_type": "spleeter", "sample_rate": "44100", "version": "1", "stems": "2"}
STEMS = ("vocals", "accompaniment")
_WIDTHS = (2, 16, 32, 64, 128, 256, 512)
_UP_WIDTHS = (256, 128, 64, 32, 16, 1)
TINY_HTDEMUCS: dict[str, Any] = {
    "channels": 8,
    "t_layers": 1,
    "t_heads": 2,
    "bottom_channels": 8,
    "segment": Fraction(1),
}
"""HTDemucs with windows of a second: a hundred times as small as the real one."""
REAL_HTDEMUCS: dict[str, Any] = {"bottom_channels": 512, "dconv_mode": 3, "segment": Fraction(39, 5)}
"""The sizes of htdemucs: 41,984,456 numbers, as many as are published, and windows of 7.8 s."""


def make_spleeter(folder: Path, *, vocals: float, accompaniment: float) -> Path:
    """Write Spleeter's two models so that each finds a known share of the sound's amplitude at every frequency.

    The voice is then vocals² / (vocals² + accompaniment²) of the sound.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stem, share in zip(STEMS, (vocals, accompaniment), strict=True):
        scale = tensor("share", np.array([share], np.float32))
        times = node("Mul", ["x", "share"], "y")
        write_model(
            folder / f"{stem}.fp16.onnx", [times], [scale], given=("x", SPECTRA), made=("y", SPECTRA), about=ABOUT
        )
    return folder


def make_spleeter_nets(folder: Path, stems: Mapping[str, Weights] | None = None) -> Path:
    """Write Spleeter's two models in their real geometry, 16 bits as published: with random weights or given ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, stem in enumerate(STEMS):
        weights = stems[stem] if stems else random_spleeter(seed)
        nodes = list(_nodes())
        tensors = [tensor(name, np.asarray(one, np.float16)) for name, one in weights.items()]
        write_model(
            folder / f"{stem}.fp16.onnx", nodes, tensors, given=("x", SPECTRA), made=("y", SPECTRA), about=ABOUT
        )
    return folder


def random_spleeter(seed: int) -> dict[str, NDArray[np.float32]]:
    rng, found = np.random.default_rng(seed), dict[str, NDArray[np.float32]]()

    def layer(name: str, shape: tuple[int, ...], wide: int, *, normed: bool = True) -> None:
        found[f"{name}.w"] = rng.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        found[f"{name}.b"] = np.zeros(wide, np.float32)
        if normed:
            for what in ("scale", "shift", "mean", "var"):
                found[f"{name}.{what}"] = np.full(wide, what in ("scale", "var"), np.float32)

    for number, (before, after) in enumerate(pairwise(_WIDTHS), start=1):
        layer(f"down{number}", (after, before, 5, 5), after, normed=number < 6)
    for number, after in enumerate(_UP_WIDTHS, start=1):
        before = 512 if number == 1 else 2 * _UP_WIDTHS[number - 2]
        layer(f"up{number}", (before, after, 5, 5), after)
    layer("up7", (2, 1, 4, 4), 2, normed=False)
    return found


def _nodes() -> Iterator[bytes]:
    """Yield Spleeter's network: six layers down, six up beside them, and a mask for what came in."""
    half, single = 10, 1
    yield node("Transpose", ["x"], "splits", perm=[1, 0, 2, 3])
    yield node("Cast", ["splits"], "in", to=half)
    sizes: dict[str, Any] = {"kernel_shape": [5, 5], "strides": [2, 2], "pads": [1, 1, 2, 2]}
    before = "in"
    for number in range(1, 7):
        name = f"down{number}"
        yield node("Conv", [before, f"{name}.w", f"{name}.b"], name, **sizes)
        if number < 6:
            yield _normed(name, name)
            yield node("LeakyRelu", [f"{name}.normed"], f"{name}.out", alpha=0.2)
        before = f"{name}.out"
    before = "down6"
    for number in range(1, 7):
        name = f"up{number}"
        yield node("ConvTranspose", [before, f"{name}.w", f"{name}.b"], name, **sizes)
        yield node("Relu", [name], f"{name}.relu")
        yield _normed(name, f"{name}.relu")
        before = f"{name}.normed"
        if number < 6:
            yield node("Concat", [f"down{6 - number}", before], f"{name}.both", axis=1)
            before = f"{name}.both"
    last: dict[str, Any] = {"kernel_shape": [4, 4], "dilations": [2, 2], "pads": [3, 3, 3, 3]}
    yield node("Conv", [before, "up7.w", "up7.b"], "up7", **last)
    yield node("Sigmoid", ["up7"], "mask")
    yield node("Mul", ["mask", "in"], "masked")
    yield node("Cast", ["masked"], "out", to=single)
    yield node("Transpose", ["out"], "y", perm=[1, 0, 2, 3])


def _normed(layer: str, given: str) -> bytes:
    inputs = [given, *(f"{layer}.{what}" for what in ("scale", "shift", "mean", "var"))]
    return node("BatchNormalization", inputs, f"{layer}.normed", epsilon=1e-3)


def make_htdemucs(folder: Path, sizes: Mapping[str, Any] = TINY_HTDEMUCS, *, is_deaf: bool = False) -> Path:
    """Write htdemucs with random weights, in 16 bits with its options as JSON, as its author publishes it.

    `is_deaf`: its last layers are zero, so that it finds nothing but the mean of a window, in which there is no voice.
    """
    import torch
    from demucs_infer.htdemucs import HTDemucs
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    options = {"sources": ["drums", "bass", "other", "vocals"], "samplerate": 44_100, "audio_channels": 2, **sizes}
    state = HTDemucs(**options).state_dict()
    for name in ("decoder.3.conv_tr", "tdecoder.3.conv_tr") if is_deaf else ():
        state[f"{name}.weight"].zero_()
        state[f"{name}.bias"].zero_()
    tensors = {name: values.half().contiguous() for name, values in state.items()}
    metadata = {"klass": "demucs.htdemucs.HTDemucs", "args": "[]", "kwargs": json.dumps(options, default=_as_json)}
    save_file(tensors, folder / "955717e8.safetensors", metadata=metadata)
    return folder


def _as_json(value: Fraction) -> dict[str, Any]:
    return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
