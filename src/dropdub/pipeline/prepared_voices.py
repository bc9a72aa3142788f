"""Which voices are prepared: whether their embeddings are in the cache, without the engine that computed them."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.pipeline.cache import Cache, CacheKey, from_json, to_json


@dataclass(frozen=True)
class _PreparedKey(CacheKey, use="prepared", method=1):
    """Where the embedding of a recording is that was used last."""

    recording: str


def note_prepared(cache: Cache, recording: str, *, engine: str, embedding: CacheKey) -> None:
    """Record that an engine's embedding of a recording, given by its SHA-256, is in the cache."""
    key, noted = _PreparedKey(recording), {"engine": engine, "embedding": embedding.file_name()}
    if cache.get(key, check=from_json) != noted:
        cache.put(key, to_json(noted))


def prepared_for(cache: Cache, recording: str) -> str | None:
    """Return the name of the engine for which a recording, given by its SHA-256, was prepared last; None if for none.

    Also None if the embedding has been removed from the cache since.
    """
    found = cache.get(_PreparedKey(recording), check=_checked)
    return found[0] if found is not None and cache.has(found[1]) else None


def _checked(value: bytes) -> tuple[str, str]:
    noted = from_json(value)
    return str(noted["engine"]), str(noted["embedding"])
