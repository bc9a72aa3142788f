"""From which page a request comes: what browsers say about that, and no page can change."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from dropdub.web.security.asgi import Headers


def is_from_own_page(headers: Headers, own: str, others: Collection[str] = ()) -> bool | None:
    """Return whether a request comes from a page of the origin `own`, or of one of `others`; None if nothing says so.

    Origin decides, and `null` is never accepted: sandboxed pages and files have it. Without it, Sec-Fetch-Site does;
    browsers send that only to trustworthy addresses, so over plain HTTP in a network, Referer is the last resort.
    Browsers send an Origin with every unsafe method, so one without any of the three is not a browser's.
    """
    if "origin" in headers:
        origin = headers.only("origin")
        return origin is not None and (origin == own or origin in others)
    if "sec-fetch-site" in headers:
        return headers.only("sec-fetch-site") == "same-origin"
    if "referer" in headers:
        return _origin_of(headers.only("referer") or "") == own
    return None


def _origin_of(address: str) -> str | None:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}"
