"""Replace parts of a text or of bytes, from left to right. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

Whole = TypeVar("Whole", str, bytes)


def spliced(whole: Whole, edits: Iterable[tuple[int, int, Whole]]) -> Whole:
    """Return `whole` with edits that do not overlap, in any order."""
    parts: list[Whole] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        parts += [whole[at:start], new]
        at = end
    empty: Any = whole[:0]
    joined: Whole = empty.join([*parts, whole[at:]])
    return joined
