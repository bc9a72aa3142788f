"""Many requests for speech at once, on loopback: each gets its own sound, and nothing is left behind."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from dropdub.store.views import Reader, open_reader
from tests.acceptance.served import server_answers
from tests.acceptance.site import QUICK
from tests.integration.test_engines import usable
from tests.receiver import free_port
from tests.waiting import wait_until

CLIENTS, TEXTS, REQUESTS = 8, 20, 200


class Speaking:
    """A daemon with its web server, which speaks with espeak-ng."""

    def __init__(self, root: Path, port: int) -> None:
        self.root, self.port = root, port
        self.connections: list[http.client.HTTPConnection] = []
        self._local = threading.local()

    def speak(self, text: str, key: str) -> bytes:
        """Return the sound of a text. Each `key` is a job of its own, even if the text is not."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
            self.connections.append(self._local.connection)
        token = (self.root / "web.token").read_text(encoding="ascii").strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}
        body = {"model": "tts-1", "input": text, "response_format": "wav", "language": "en"}
        self._local.connection.request("POST", "/v1/audio/speech", json.dumps(body), headers)
        answer = self._local.connection.getresponse()
        sound: bytes = answer.read()
        assert answer.status == 200, sound
        assert answer.getheader("Content-Length") == str(len(sound)), "a single sentence is sent whole"
        return sound


@pytest.fixture
def speaking(tmp_path: Path) -> Iterator[Speaking]:
    usable("espeak-ng")
    root = tmp_path / "root"
    (root / "inbox").mkdir(parents=True)
    port = free_port()
    pools = {"synthesize": {"workers": 1}}
    settings = QUICK | {"pools": pools, "web": {"enabled": True, "port": port}}
    (root / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "watch"]
    with (root / "out.txt").open("wb") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        one_server = Speaking(root, port)
        wait_until(lambda: server_answers(port), "the server to answer")
        yield one_server
        for connection in one_server.connections:
            connection.close()
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)


def test_two_hundred_requests_of_eight_clients_get_their_own_sounds_and_leave_nothing(speaking: Speaking) -> None:
    texts = [f"This is the number {n * 37} {'and so on ' * (n % 5)}." for n in range(TEXTS)]
    # Spoken once, they are in the cache: espeak-ng does not make the same samples twice.
    alone = [speaking.speak(text, f"alone {n}") for n, text in enumerate(texts)]
    assert len(set(alone)) == TEXTS
    with ThreadPoolExecutor(CLIENTS) as clients:
        found = list(clients.map(lambda n: speaking.speak(texts[n % TEXTS], f"many {n}"), range(REQUESTS)))
    assert [n for n, sound in enumerate(found) if sound != alone[n % TEXTS]] == []
    assert not any((speaking.root / "work" / "uploads").glob("*"))
    reader = open_reader(f"sqlite:///{speaking.root / 'jobs.db'}")
    done = {"succeeded": TEXTS + REQUESTS}
    wait_until(lambda: _ended(reader) == done, "all jobs to end")


def _ended(reader: Reader) -> dict[str, int]:
    counts = reader.status(now=time.time(), limit=0, asked=True).counts
    return {state: number for state, number in counts.items() if number}
