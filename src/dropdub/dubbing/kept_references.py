"""The references that voices were cloned from, kept in the cache: a line is spoken again after its job has ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from dropdub.dubbing.voices import Casting
from dropdub.engines.base import Voice
from dropdub.files.durable import sha256, write_whole
from dropdub.pipeline.artifacts import VOICE
from dropdub.pipeline.cache import Cache, CacheKey


@dataclass(frozen=True)
class _ReferenceKey(CacheKey, use="reference", method=1):
    """A reference by the SHA-256 of its file."""

    sha256: str


def keep_references(cache: Cache, castings: Iterable[Casting]) -> None:
    """Keep the reference of each voice that was cut from a recording."""
    for casting in castings:
        if casting.is_own and casting.voice is not None and casting.voice.reference is not None:
            key = _ReferenceKey(casting.identity)
            if cache.get(key, check=bytes) is None:
                cache.put(key, casting.voice.reference.read_bytes())


def kept_voice(cache: Cache, reference: str, speaker: str | None, *, scratch: Path) -> Casting | None:
    """Return the casting that a dub had, from the SHA-256 of its reference; None if that is no longer kept.

    The reference is written into `scratch`.
    """
    found = cache.get(_ReferenceKey(reference), check=bytes)
    if found is None:
        return None
    file = scratch / VOICE
    write_whole(file, found, durable=False)
    if sha256(file) != reference:
        return None
    return Casting(Voice(speaker or "speaker", file), reference, is_own=True)
