"""What clients see that still wait when the server ends."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx2

from dropdub.store import transitions
from dropdub.store.transitions import AskedJob
from tests.factories import NOW, a_spec
from tests.waiting import wait_until
from tests.web.running import running


def test_a_client_that_still_waits_is_asked_to_come_again(tmp_path: Path) -> None:
    answers: list[httpx2.Response] = []
    with running(tmp_path) as web:
        web.server.config.timeout_graceful_shutdown = 0
        asked = AskedJob("Olá.", {"what": "say"}, [a_spec("say", pool="synthesize")], options={})
        transitions.ask_jobs(web.store, [asked], now=NOW)
        client = threading.Thread(target=lambda: answers.append(web.client.get("/v1/jobs/1/audio")))
        client.start()
        wait_until(lambda: bool(web.server.server_state.tasks), "the request has arrived")
        web.server.should_exit = True
        client.join()
    [answer] = answers
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["error"]["code"] == "Stopped" and "again" in answer.json()["remedy"]
