"""The address at which the server's pages and its API are reached on this machine."""

from __future__ import annotations

from dropdub.config import WebSettings

_ANY = ("0.0.0.0", "::")


def address_of(settings: WebSettings, port: int | None = None) -> str:
    """Return the address for this machine's browser, without a slash at the end."""
    host = "127.0.0.1" if settings.bind in _ANY else settings.bind
    scheme = "https" if settings.tls.cert else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port or settings.port}"
