"""XTTS's representation of a voice: two arrays, stored as bytes that are never unpickled. Pure."""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
_FAR = 1e4
_DAMAGE = (OSError, KeyError, EOFError, ValueError, TypeError, RuntimeError, MemoryError, BadZipFile, zlib.error)
"""What readers raise for a damaged archive, because they trust its lengths, flags and methods."""


@dataclass(frozen=True)
class Latents:
    """A voice, shapes (1, n, width of the model) and (1, width of the embedding, 1)."""

    conditioning: Numbers
    embedding: Numbers

    @cached_property
    def identity(self) -> str:
        """A hash that identifies this voice."""
        return hashlib.sha256(self.conditioning.tobytes() + self.embedding.tobytes()).hexdigest()


def from_tensors(conditioning: Any, embedding: Any) -> Latents:
    """Return the model's tensors, on whatever device, as a voice."""
    return Latents(*(one.detach().cpu().float().numpy() for one in (conditioning, embedding)))


def to_bytes(latents: Latents) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, conditioning=latents.conditioning, embedding=latents.embedding)
    return buffer.getvalue()


def from_bytes(value: bytes, *, widths: tuple[int, int]) -> Latents:
    """Return a voice for a model of these widths. Raises ValueError if the bytes are not one; unpickles nothing."""
    try:
        with np.load(io.BytesIO(value), allow_pickle=False) as kept:
            found = Latents(kept["conditioning"], kept["embedding"])
    except _DAMAGE as error:
        raise ValueError(f"no voice can be read from it: {error}") from error
    if not _fits(found, widths):
        raise ValueError("its numbers are not those of a voice of this model")
    return found


def _fits(found: Latents, widths: tuple[int, int]) -> bool:
    both = (found.conditioning, found.embedding)
    if any(one.dtype != np.float32 or one.ndim != 3 or not one.size for one in both):
        return False
    shaped = found.conditioning.shape[::2] == (1, widths[0]) and found.embedding.shape == (1, widths[1], 1)
    return shaped and all(bool(np.isfinite(one).all()) and float(np.abs(one).max()) < _FAR for one in both)
