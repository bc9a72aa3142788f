"""The headers of every answer: what a browser may do with it, and which other pages may read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

Pair = tuple[bytes, bytes]

_FIXED: tuple[Pair, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    # With no-referrer, browsers send `Origin: null` with a plain form. Other sites learn nothing either way.
    (b"referrer-policy", b"same-origin"),
    (
        b"permissions-policy",
        b"microphone=(self), camera=(), display-capture=(), geolocation=(), midi=(), payment=(), serial=(), usb=()",
    ),
)
_FIXED_NAMES = {name for name, _ in _FIXED}
_ALLOWED_METHODS = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_EXPOSED = (
    b"Location, Retry-After, X-Request-Id, X-Dropdub-Job, Dropdub-Warnings, ETag, Content-Disposition, "
    b"Tus-Resumable, Tus-Version, Tus-Extension, Tus-Max-Size, Upload-Offset, Upload-Length, Upload-Defer-Length, "
    b"Upload-Expires"
)
_PREFLIGHT_S = b"600"


def policy(nonce: str) -> bytes:
    """Return the page's content security policy: everything from this server only, no inline script."""
    return (
        "default-src 'none'; script-src 'self'; "
        f"style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ).encode()


def completed(headers: Iterable[Pair], *, nonce: str, origin: str | None) -> list[Pair]:
    """Return the headers of an answer with those of every answer.

    Only a content security policy and `Cache-Control` of the answer's own are kept. `origin`: a configured one that the
    request comes from; its pages may read the answer.
    """
    kept = [(name.lower(), value) for name, value in headers if name.lower() not in _FIXED_NAMES]
    names = {name for name, _ in kept}
    usual = ((b"content-security-policy", policy(nonce)), (b"cache-control", b"no-store"))
    added = [(name, value) for name, value in usual if name not in names]
    return [*kept, *added, *_FIXED, *(_readable_by(origin) if origin else ())]


def foreign_origin(origin: str | None, allowed: Collection[str]) -> str | None:
    """Return the Origin of a request if it is one of the configured ones."""
    return origin if origin is not None and origin in allowed else None


def preflight(origin: str) -> list[Pair]:
    """Return the headers that let a configured origin's pages send a request with the token. Cookies stay excluded."""
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-allow-methods", _ALLOWED_METHODS),
        (b"access-control-allow-headers", b"Authorization, *"),
        (b"access-control-max-age", _PREFLIGHT_S),
        (b"vary", b"Origin"),
    ]


def _readable_by(origin: str) -> list[Pair]:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSED),
        (b"vary", b"Origin"),
    ]
