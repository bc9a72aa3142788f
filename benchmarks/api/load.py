"""What the server answers while all workers are busy and clients wait; its start; its memory."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import recordings

from api.figures import in_ms, show_row
from api.running import Client, Server, server, wait_for_answer
from api.speech import LINE, texts

WAITING = 20
EVERY_S = 0.01
MEASURED_S = 30.0
SENT_BYTES = 20_000_000


def busy(place: Path | None, number: int) -> None:
    """/v1/health, and how soon work is accepted, while everything is busy."""
    with server(place, more="split: {}\n") as one:
        quiet = probed(one, lambda: time.sleep(5))
        recordings.write(one.root / "inbox" / "long.flac", 20, utterances=100)
        (one.root / "inbox" / "long.job.yaml").write_text("targets: [en]\n", encoding="utf-8")
        (one.root / "inbox" / "long.txt").write_text("\n".join(LINE.format(n) for n in range(20_000)), "utf-8")
        _wait_until_busy(one)
        with clients_that_wait(one):
            time.sleep(2)
            accepted: list[float] = []
            received: list[float] = []
            with ThreadPoolExecutor(1) as sending:
                sending.submit(lambda: received.extend(receptions(one, MEASURED_S)))
                health = probed(one, lambda: accepted.extend(acceptances(one, MEASURED_S)))
            waiting = json.loads(one.client().ask("GET", "/v1/info")[1])["queue"]["interactive_waiting"]
    on = f"both workers busy, {WAITING} clients wait (queued at the end: {waiting})"
    for found in (
        ("/v1/health, nothing to do", "", in_ms(quiet, 0.5, 0.99, 1.0), f"every {1000 * EVERY_S:.0f} ms"),
        ("/v1/health", "p99 ≤ 50 ms", in_ms(health, 0.5, 0.99), on),
        ("the event loop's lag: at most the slowest answer", "≤ 100 ms", in_ms(health, 1.0), on),
        ("a text accepted, or refused because 32 wait", "≤ 1 s", in_ms(accepted, 0.5, 0.99, 1.0), on),
        (f"`/asr`: {SENT_BYTES / 1e6:.0f} MB of a recording read", "≤ 1 s", in_ms(received, 0.5, 0.99, 1.0), on),
    ):
        show_row(*found)


def probed(one: Server, work: Callable[[], object]) -> list[float]:
    """Return the seconds of answers of /v1/health while `work` is done."""
    took: list[float] = []
    over = threading.Event()

    def probe() -> None:
        client = Client(one.port, {})
        while not over.is_set():
            began = time.perf_counter()
            client.ask("GET", "/v1/health")
            took.append(time.perf_counter() - began)
            over.wait(EVERY_S)

    thread = threading.Thread(target=probe)
    thread.start()
    work()
    over.set()
    thread.join()
    return took


def acceptances(one: Server, seconds: float) -> list[float]:
    client, took, ends_at = one.client(), [], time.monotonic() + seconds
    for text in texts("Accept the number {}."):
        if time.monotonic() > ends_at:
            return took
        began = time.perf_counter()
        status, answer = client.ask("POST", "/v1/synthesize", json.dumps({"text": text, "wait": 0, "language": "en"}))
        took.append(time.perf_counter() - began)
        if status not in {202, 429}:
            raise SystemExit(f"{status}: {answer!r}")
        time.sleep(0.5)
    raise AssertionError("the texts do not end")


def receptions(one: Server, seconds: float) -> list[float]:
    """Return the seconds in which `/asr` reads the body of a request, whose client then leaves."""
    took, ends_at = [], time.monotonic() + seconds
    head = b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="audio_file"\r\n\r\n'
    for number in itertools.count():
        if time.monotonic() > ends_at:
            return took
        body = head + number.to_bytes(4, "big") + bytes(SENT_BYTES) + b"\r\n--x--\r\n"
        client = http.client.HTTPConnection("127.0.0.1", one.port, timeout=60)
        began = time.perf_counter()
        headers = {**one.headers, "Content-Type": "multipart/form-data; boundary=x"}
        client.request("POST", "/asr?task=transcribe&language=en&output=srt&encode=false", body, headers)
        took.append(time.perf_counter() - began)
        client.close()
        time.sleep(2)
    raise AssertionError("the numbers do not end")


@contextmanager
def clients_that_wait(one: Server) -> Iterator[None]:
    """Keep clients waiting for speech during the block."""
    over = threading.Event()
    said = texts("This one waits for the number {}, which is a very large number indeed.")
    lock = threading.Lock()

    def speak() -> None:
        client = one.client()
        while not over.is_set():
            with lock:
                text = next(said)
            body = {"model": "tts-1", "input": text, "response_format": "wav", "language": "en"}
            client.ask("POST", "/v1/audio/speech", json.dumps(body))

    threads = [threading.Thread(target=speak) for _ in range(WAITING)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _wait_until_busy(one: Server) -> None:
    ends_at = time.monotonic() + 180
    running = "SELECT DISTINCT stage FROM step WHERE state = 'running'"
    while not {("synthesize",), ("transcribe",)} <= set(one.rows(running)):
        if time.monotonic() > ends_at:
            raise SystemExit(f"not busy: {one.rows(running)}")
        time.sleep(0.5)


def start(place: Path | None, number: int) -> None:
    """From the start of the process of the server to its first answer, and its memory."""
    import psutil

    took = []
    with server(place) as one:
        memory = one.web.memory_info().rss / 1e6
        for _ in range(5):
            before = one.web
            before.kill()
            psutil.wait_procs([before], timeout=10)
            ends_at = time.monotonic() + 30
            while not (found := [c for c in one.supervisor.children() if "dropdub.web" in c.cmdline()]):
                if time.monotonic() > ends_at:
                    raise SystemExit("the server is not started again")
                time.sleep(0.01)
            wait_for_answer(one.port)
            took.append(time.time() - found[0].create_time())
            time.sleep(1)
        one.client().speak("Hello there.", language="en")
        client = one.client()
        for text in itertools.islice(texts(), 50):
            client.speak(text, kind="mp3", language="en")
        later = one.web.memory_info().rss / 1e6
    (
        show_row(
            "from the start of the server's process to its first answer",
            "≤ 1.5 s",
            f"median {sorted(took)[2]:.2f} s, worst {max(took):.2f} s",
            "5 starts",
        ),
    )
    (
        show_row(
            "memory of the server (RSS) after its start; after 50 texts as mp3",
            "≤ 80 MB",
            f"{memory:.0f} MB; {later:.0f} MB",
            "one process",
        ),
    )


PARTS: dict[str, Callable[[Path | None, int], None]] = {"busy": busy, "start": start}
