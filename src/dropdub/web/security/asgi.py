"""The types of ASGI, and the headers of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = Iterable[tuple[bytes, bytes]]


class Headers:
    """The headers of a request. Names are in small letters; values are read as Latin-1."""

    def __init__(self, raw: RawHeaders) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1").strip())

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def only(self, name: str) -> str | None:
        """Return the value of a header that is there exactly once; else None."""
        values = self._values.get(name, [])
        return values[0] if len(values) == 1 else None

    def joined(self, name: str, separator: str = ", ") -> str:
        """Return all values of a header as one text."""
        return separator.join(self._values.get(name, []))
