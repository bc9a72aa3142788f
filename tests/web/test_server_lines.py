"""What a daemon makes of the lines that its web server sends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dropdub.daemon.web_server import WebServer
from tests.factories import a_context


def test_the_address_is_reported_once_although_wyoming_clients_could_not_connect_at_first(tmp_path: Path) -> None:
    with a_context(tmp_path, "") as context:
        said: list[str] = []
        server = WebServer(replace(context, report=said.append), lambda: None)

        def hear(**message: Any) -> list[str]:
            server._heard(message)
            return server.notes

        assert hear(kind="listening", url="http://127.0.0.1:8760") == []
        assert hear(kind="trouble", text="Wyoming clients cannot connect.") == ["Wyoming clients cannot connect."]
        assert hear(kind="listening", url="http://127.0.0.1:8760") == []
        assert said == ["The web server listens at http://127.0.0.1:8760"]
