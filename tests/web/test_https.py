"""HTTPS with a certificate of one's own, and what is said if that cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config
from dropdub.errors import ConfigError
from dropdub.web.serving.connections import server_config
from tests.web.serving import served

DATA = Path(__file__).resolve().parent / "data"
CERT, KEY = str(DATA / "cert.pem"), str(DATA / "key.pem")


def test_over_https_the_cookie_is_never_sent_without_it(tmp_path: Path) -> None:
    with served(tmp_path, tls={"cert": CERT, "key": KEY}) as server:
        page = server.log_in()
        answer = server.ask("POST", "/logout", page)
        assert answer.status == 303 and answer.headers["set-cookie"].endswith("; Secure")
        assert server.ask("POST", "/v1/jobs", server.bearer).json["scheme"] == "https"
        assert server.ask("POST", "/logout", {**page, "Origin": server.origin.replace("https", "http")}).status in (
            401,
            403,
        )
        with server.connect() as raw:
            raw.sendall(b"GET /v1/health HTTP/1.1\r\n\r\n")
            assert not raw.recv(100).startswith(b"HTTP/1.1 200")


async def nothing(*_: Any) -> None:
    """Stand for an application."""


@pytest.mark.parametrize("key", ["missing.pem", CERT])
def test_a_certificate_that_cannot_be_used_is_explained(key: str) -> None:
    config = Config(web={"tls": {"cert": CERT, "key": str(DATA / key)}})
    with pytest.raises(ConfigError, match="cannot be used with the key") as raised:
        server_config(nothing, config.web)
    assert "web.tls" in raised.value.remedy
