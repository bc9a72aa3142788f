"""Voices of Pocket TTS: the states of a model that has heard one, kept as safetensors, which contain numbers only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

Tensors = Mapping[str, Mapping[str, "Tensor"]]
"""By the name of a layer, then by that of a tensor."""
_CACHE, _OFFSET = "cache", "offset"
_FRAMES = 2
"""The axis of a cache that is as long as the recording."""
_FAR = 1e6


@dataclass(frozen=True)
class VoiceState:
    """A voice, on the processor. Each layer has a cache, shape (2, 1, frames, heads, width of a head)."""

    tensors: Tensors

    @cached_property
    def identity(self) -> str:
        """A hash that identifies this voice."""
        digest = hashlib.sha256()
        for name, tensor in sorted(_flat(self.tensors).items()):
            digest.update(name.encode())
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()

    def on(self, device: str) -> dict[str, dict[str, Tensor]]:
        """Return the tensors on a device; on the processor, they are not copied."""
        return {layer: {name: one.to(device) for name, one in held.items()} for layer, held in self.tensors.items()}


def to_bytes(state: VoiceState) -> bytes:
    from safetensors.torch import save  # noqa: PLC0415  (with torch: only in workers that use it)

    found: bytes = save({name: tensor.contiguous() for name, tensor in _flat(state.tensors).items()})
    return found


def from_bytes(value: bytes, *, like: Tensors) -> VoiceState:
    """Return a voice for the model that made `like`, the state of any other voice.

    Raises ValueError if the bytes are not one; unpickles nothing.
    """
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.torch import load  # noqa: PLC0415

    try:
        found = load(value)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, MemoryError) as error:
        raise ValueError(f"no voice can be read from it: {error}") from error
    wanted = _flat(like)
    lengths = {tensor.shape[_FRAMES] for name, tensor in found.items() if _is_cache(name) and tensor.ndim > _FRAMES}
    if found.keys() != wanted.keys() or len(lengths) != 1:
        raise ValueError("its parts are not those of a voice of this model")
    if not all(_fits(name, tensor, wanted[name], frames=max(lengths)) for name, tensor in found.items()):
        raise ValueError("its numbers are not those of a voice of this model")
    return VoiceState(_by_layer(found))


def _fits(name: str, found: Tensor, wanted: Tensor, *, frames: int) -> bool:
    if found.dtype != wanted.dtype:
        return False
    if not _is_cache(name):
        counted = name.endswith(f"/{_OFFSET}")
        return found.shape == wanted.shape and (not counted or bool((found == frames).all()))
    like = list(wanted.shape)
    like[_FRAMES] = frames
    return frames > 0 and list(found.shape) == like and bool((found.abs() < _FAR).all())


def _is_cache(name: str) -> bool:
    return name.endswith(f"/{_CACHE}")


def _flat(tensors: Tensors) -> dict[str, Tensor]:
    return {f"{layer}/{name}": one for layer, held in tensors.items() for name, one in held.items()}


def _by_layer(flat: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    found: dict[str, dict[str, Tensor]] = {}
    for path, tensor in flat.items():
        layer, _, name = path.rpartition("/")
        found.setdefault(layer, {})[name] = tensor
    return found
