"""A file that is written while it is sent."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")


class Outgoing(io.RawIOBase):
    """Collects what is written until it is sent. It cannot be sought in: in a ZIP file, the sizes follow each file."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]  # whatever holds bytes
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        taken, self._parts = b"".join(self._parts), []
        return taken


async def rejoined(taken: Iterable[T], rest: AsyncIterator[T]) -> AsyncIterator[T]:
    """Yield parts that were taken from an iterator, to see whether or what there is, and then the rest of it."""
    for part in taken:
        yield part
    async for part in rest:
        yield part
