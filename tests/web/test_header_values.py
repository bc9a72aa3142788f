"""Whatever a header contains, the guard decides; it never fails."""

from __future__ import annotations

import ipaddress

from hypothesis import given, settings
from hypothesis import strategies as st

from dropdub.web.security.asgi import Headers
from dropdub.web.security.credentials import credentials_in
from dropdub.web.security.hosts import own_address
from dropdub.web.security.origins import is_from_own_page
from dropdub.web.security.proxies import caller_of
from dropdub.web.security.sessions import read_signed

NAMES = (
    "host", "origin", "referer", "sec-fetch-site", "authorization", "cookie", "x-forwarded-for", "x-forwarded-proto",
    "x-forwarded-host",
)  # fmt: skip
PIECES = st.sampled_from(
    [
        "Basic ",
        "Bearer ",
        "http://",
        "[",
        "]",
        ":",
        "%",
        ",",
        ";",
        "=",
        "dropdub=",
        "::1",
        "127.0.0.1",
        "\xa0",
        "\xff",
        ".",
    ]
)
VALUES = st.lists(PIECES | st.text(st.characters(max_codepoint=255), max_size=6), max_size=8).map("".join)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=8)


@settings(max_examples=300, deadline=None)
@given(pairs=HEADERS, address=VALUES)
def test_no_header_makes_the_guard_fail(pairs: list[tuple[str, str]], address: str) -> None:
    headers = Headers([(name.encode(), value.encode("latin-1")) for name, value in pairs])
    for client in ("127.0.0.1", address):
        caller = caller_of({"client": (client, 1)}, headers, (ipaddress.ip_network("127.0.0.0/8"),))
        assert caller.scheme in ("http", "https")
    found = credentials_in(headers, "dropdub")
    assert found is None or found.secret
    assert (
        is_from_own_page(headers, "http://127.0.0.1:8760") in (None, False)
        or "127.0.0.1:8760" in str(pairs)
        or (("sec-fetch-site", "same-origin") in pairs)
    )
    own_address((address, 8760), "http")
    assert read_signed(address, b"key", 0.0) is None
