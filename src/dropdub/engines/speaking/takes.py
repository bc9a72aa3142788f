"""The seeds of takes. Pure."""

from __future__ import annotations

import hashlib


def seed_of(text: str, *, voice: str, take: int, attempt: int) -> int:
    """Return a seed derived from text, voice and take: the same take always gives the same sound.

    `voice` identifies the voice's content. `attempt` counts the tries of one take.
    """
    digest = hashlib.sha256(f"{take}/{attempt}/{voice}/{text}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
