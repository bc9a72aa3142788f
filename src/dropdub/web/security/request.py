"""A request as far as its headers say what it is."""

from __future__ import annotations

from dataclasses import dataclass

from dropdub.web.security.asgi import Headers, Scope
from dropdub.web.security.proxies import Caller, Network, caller_of

_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = frozenset({"/v1/health", "/status", "/login"})
_OPEN_FOLDER = "/static/"
_EVENTS = "/events"


@dataclass(frozen=True)
class Request:
    """The method, path, headers and sender of a request."""

    method: str
    path: str
    headers: Headers
    caller: Caller

    @staticmethod
    def of(scope: Scope, proxies: tuple[Network, ...]) -> Request:
        headers = Headers(scope["headers"])
        return Request(scope["method"], scope["path"], headers, caller_of(scope, headers, proxies))

    @property
    def is_open(self) -> bool:
        """Return whether it needs no authentication: health, the status that Bazarr asks for, the log-in, its files."""
        if self.method in ("GET", "HEAD"):
            return self.path in _OPEN or self.path.startswith(_OPEN_FOLDER)
        return self.is_login

    @property
    def is_login(self) -> bool:
        return (self.method, self.path) == ("POST", "/login")

    @property
    def is_unsafe(self) -> bool:
        """Return whether it may change something, or holds a connection open as the stream of events does."""
        return self.method not in _SAFE or self.path.endswith(_EVENTS)

    @property
    def is_preflight(self) -> bool:
        return self.method == "OPTIONS" and "access-control-request-method" in self.headers

    @property
    def is_page(self) -> bool:
        """Return whether a browser wants to show the answer."""
        return self.method == "GET" and "text/html" in self.headers.joined("accept")

    @property
    def is_embedded_elsewhere(self) -> bool:
        """Return whether another origin's page loads this as a part of itself, not as a link that somebody follows."""
        site, mode = self.headers.only("sec-fetch-site"), self.headers.only("sec-fetch-mode")
        return site in ("cross-site", "same-site") and mode != "navigate"

    @property
    def has_body(self) -> bool:
        return "transfer-encoding" in self.headers or self.headers.joined("content-length") not in ("", "0")
