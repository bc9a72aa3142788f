"""The routes about the root: pausing, settings, health, models, metrics."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from dropdub.store import queries
from tests.web.running import Running, running

SECRET = "https://example.org/?key=geheim"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path, f"notify:\n  webhook:\n    url: {SECRET}\nmetrics:\n  file: dropdub.prom\n") as server:
        yield server


def test_all_jobs_are_paused_and_resumed(web: Running) -> None:
    assert web.json("POST", "/v1/daemon/pause") == {"paused": True}
    assert queries.requests(web.store) == {"paused"}
    assert web.json("POST", "/v1/daemon/resume") == {"paused": False}
    assert queries.requests(web.store) == frozenset()


def test_the_settings_in_force_are_shown_with_secrets_masked(web: Running) -> None:
    found = web.json("GET", "/v1/settings")["settings"]
    assert (found["metrics"]["file"], found["web"]["port"]) == ("dropdub.prom", 8760)
    assert "geheim" not in json.dumps(found)


def test_metrics_are_those_that_the_daemon_has_written(web: Running) -> None:
    assert web.client.get("/metrics").status_code == 503
    (web.root / "dropdub.prom").write_text("dropdub_up 1.0\n", encoding="utf-8")
    answer = web.client.get("/metrics")
    assert (answer.text, answer.headers["content-type"]) == (
        "dropdub_up 1.0\n",
        "text/plain; version=0.0.4; charset=utf-8",
    )


def test_metrics_are_fetched_from_the_port_at_which_the_daemon_serves_them(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    Gauge("dropdub_up", "Up.", registry=registry).set(1)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    try:
        with running(tmp_path, f"metrics:\n  port: {server.server_port}\n") as web:
            assert "dropdub_up 1.0" in web.client.get("/metrics").text
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_without_metrics_there_are_none(tmp_path: Path) -> None:
    with running(tmp_path) as web:
        assert web.client.get("/metrics").status_code == 404


def test_health_and_models_are_found_out_by_other_processes_while_the_server_answers(web: Running) -> None:
    answers: dict[str, Any] = {}

    def ask(path: str) -> None:
        answers[path] = web.json("GET", path, timeout=120)

    asking = [Thread(target=ask, args=(path,)) for path in ("/v1/doctor", "/v1/models/status")]
    for one in asking:
        one.start()
    assert web.json("GET", "/v1/health") == {"status": "ok"}
    for one in asking:
        one.join()
    findings = answers["/v1/doctor"]["findings"]
    assert {finding["state"] for finding in findings} <= {"ok", "warning", "problem"}
    assert any("ffmpeg" in finding["what"] for finding in findings)
    assert all("path" not in model for model in answers["/v1/models/status"]["models"])
    assert str(web.root) not in json.dumps(answers)


def test_an_unexpected_error_is_found_in_the_log_by_the_id_of_its_answer(
    web: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(web.site.reader, "page", fail)
    answer = web.client.get("/v1/jobs")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "ZeroDivisionError")
    assert f"unexpected error: request={answer.headers['x-request-id']}" in caplog.text
