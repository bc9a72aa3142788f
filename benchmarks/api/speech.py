"""Speech: what the queue adds, during a dub as well, the first byte, mixed-up answers, and whether anything grows."""

from __future__ import annotations

import itertools
import json
import random
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from api.alone import Alone, alone
from api.figures import in_ms, percentile, show_row
from api.running import Server, server

CLIENTS = 8
LANGUAGES = {"en": "This is the number {}.", "pt": "Este é o número {}.", "es": "Este es el número {}."}
LINE = "Line {}: the river runs slowly past the old mill, and the miller counts his sacks of flour."


def texts(form: str = "This is the request with the number {}.") -> Iterator[str]:
    """Yield texts of equal length, none of which was ever spoken before."""
    return (form.replace("{}", str(number)) for number in itertools.count(random.randrange(10**8, 9 * 10**8)))


def paired(one: Server, by_itself: Alone, number: int, kind: str = "wav") -> tuple[list[float], list[float]]:
    """Return the seconds of bare syntheses and of requests, which take turns."""
    client, said = one.client(), texts()
    for text in itertools.islice(said, 5):
        client.speak(text, kind=kind, language="en")
        by_itself.seconds(text)
    bare, asked = [], []
    for text, other in itertools.islice(zip(said, said, strict=False), number):
        bare.append(by_itself.seconds(text))
        began = time.perf_counter()
        client.speak(other, kind=kind, language="en")
        asked.append(time.perf_counter() - began)
    return bare, asked


def overhead(place: Path | None, number: int) -> None:
    """What a request takes more than the synthesis."""
    with server(place) as one, alone("espeak-ng") as by_itself:
        for kind in ("wav", "mp3"):
            bare, asked = paired(one, by_itself, number, kind)
            usual = statistics.median(bare)
            more = [passed - usual for passed in asked]
            text = f"{in_ms(more, 0.5, 0.95)} (bare {in_ms(bare, 0.5, 0.95)})"
            show_row(
                f"a short text as {kind}, more than bare synthesis",
                "p50 ≤ 15, p95 ≤ 50 ms",
                text,
                f"{number} requests, espeak-ng",
            )


def during_a_dub(place: Path | None, number: int) -> None:
    """The same while a long dub runs on the only worker."""
    with server(place, more="split: {}\n") as one, alone("espeak-ng") as by_itself:
        line = percentile([by_itself.seconds(LINE.format(n)) for n in range(50)], 0.95)
        script = "\n".join(LINE.format(n) for n in range(20_000))
        (one.root / "inbox" / "long.job.yaml").write_text("targets: [en]\n", encoding="utf-8")
        (one.root / "inbox" / "long.txt").write_text(script, encoding="utf-8")
        _wait_for_stage(one, "synthesize")
        bare, asked = paired(one, by_itself, number)
        is_dubbing = _is_running(one, "synthesize")
    more = [passed - statistics.median(bare) for passed in asked]
    goal = f"one line ({1000 * line:.0f} ms) + 50 ms"
    on = f"{number} requests, espeak-ng" + ("" if is_dubbing else ", the dub ended early")
    show_row("the same while a dub runs on the only worker", goal, in_ms(more, 0.5, 0.95, 1.0), on)


def _is_running(one: Server, stage: str) -> bool:
    return one.rows(f"SELECT count(*) FROM step WHERE stage = '{stage}' AND state = 'running'") != [(0,)]


def _wait_for_stage(one: Server, stage: str) -> None:
    ends_at = time.monotonic() + 120
    while not _is_running(one, stage):
        if time.monotonic() > ends_at:
            raise SystemExit(f"{stage} does not begin: {one.rows('SELECT stage, state, error FROM step')}")
        time.sleep(0.2)
    time.sleep(1)


def first_byte(place: Path | None, number: int) -> None:
    """The first byte of a long text."""
    said = texts("Now we come to the number {}, of which much can be said. " + LINE * 20)
    with server(place) as one, alone("espeak-ng") as by_itself:
        client = one.client()
        client.first_byte_s(next(said))
        by_itself.first_s(next(said))
        first, asked = [], []
        for _ in range(number):
            first.append(by_itself.first_s(next(said)))
            asked.append(client.first_byte_s(next(said)))
            one.wait_until_idle()
    more = [passed - statistics.median(first) for passed in asked]
    text = f"{in_ms(more, 0.5, 0.95)} (its synthesis {in_ms(first, 0.5)})"
    show_row(
        "first byte of a long text, more than its first piece", "≤ 100 ms", text, f"{number} texts of 1,900 characters"
    )


def mixed(place: Path | None, number: int) -> None:
    """Whether any of many answers at once is another one's.

    hibari makes the same samples of a text each time, so that its answers are compared with those of the stage alone.
    espeak-ng does not: each text is spoken once by itself, and comes from the cache when all ask at once.
    """
    wishes = wishes_in(("en",), max(number // 40, CLIENTS))
    with alone("hibari") as by_itself:
        expected = [by_itself.pcm(text, language=language) for text, language in wishes]
    with server(place, voice="hibari") as one:
        _compared(one, wishes, expected, "hibari")
    with server(place) as one:
        wishes, client = wishes_in(tuple(LANGUAGES), number // 10), one.client()
        expected = [client.speak(text, kind="pcm", language=language) for text, language in wishes]
        _compared(one, wishes * 10, expected * 10, "espeak-ng, three languages")


def wishes_in(languages: Sequence[str], number: int) -> list[tuple[str, str]]:
    """Return texts with spoken numbers, and their languages."""
    numbers = itertools.count(random.randrange(1000, 10**6))
    return [
        (LANGUAGES[language].format(next(numbers)), language)
        for language in itertools.islice(itertools.cycle(languages), number)
    ]


def _compared(one: Server, wishes: Sequence[tuple[str, str]], expected: Sequence[bytes], engine: str) -> None:
    began = time.perf_counter()
    found = _at_once(one, wishes)
    rate = len(wishes) / (time.perf_counter() - began)
    one.wait_until_idle()
    wrong = sum(sound != own for sound, own in zip(found, expected, strict=True))
    left = one.rows("SELECT count(*) FROM step WHERE state IN ('queued', 'running')")[0][0]
    text = f"{wrong} of {len(wishes)} (all samples equal); {left} steps left; {rate:.0f} a second"
    show_row("answers with another one's sound", "0", text, f"{CLIENTS} clients, {engine}")


def _at_once(one: Server, wishes: Sequence[tuple[str, str]]) -> list[bytes]:
    local = threading.local()

    def speak(numbered: tuple[int, tuple[str, str]]) -> bytes:
        number, (text, language) = numbered
        if not hasattr(local, "client"):
            local.client = one.client()
        sound: bytes = local.client.speak(text, kind="pcm", language=language, key=f"{number} of {id(wishes)}")
        return sound

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(speak, enumerate(wishes)))


def soak(place: Path | None, number: int) -> None:
    """Whether anything grows."""
    with server(place) as one:
        said = texts()
        for look in range(6):
            if look:
                _at_once(one, [(text, "en") for text in itertools.islice(said, number // 5)])
            one.wait_until_idle()
            time.sleep(2)
            show_row(f"after {look * (number // 5)} requests", "flat", _sizes(one), f"{CLIENTS} clients, espeak-ng")


def _sizes(one: Server) -> str:
    processes: list[tuple[str, psutil.Process]] = [("web", one.web), ("supervisor", one.supervisor)]
    processes += [("worker", worker) for worker in one.workers("synthesize")]
    return "; ".join(
        f"{name} {process.memory_info().rss / 1e6:.0f} MB, {process.num_fds()} files, {process.num_threads()} threads"
        for name, process in processes
    )


def duplicates(place: Path | None, number: int) -> None:
    """Whether work is done twice if clients are cut off and repeat their requests."""
    with server(place) as one:
        said = list(itertools.islice(texts("Count up to {} and say how long that takes, please."), number))
        for text in said:
            _cut_off(one, text)
        for text in said:
            one.client().speak(text, language="en")
        one.wait_until_idle()
        jobs = one.rows("SELECT count(*) FROM job WHERE state = 'succeeded'")[0][0]
        attempts = one.rows("SELECT count(*) FROM attempt WHERE outcome = 'succeeded'")[0][0]
        begun = one.rows("SELECT count(*) FROM attempt")[0][0]
    text = f"{attempts} attempts succeeded for {number} texts, {begun} begun, {jobs} jobs"
    show_row("work done twice after a cut and a repetition", "0", text, "each client cut off, then repeated")


def _cut_off(one: Server, text: str) -> None:
    """Send a request, and leave a moment later, three times."""
    body = json.dumps({"model": "tts-1", "input": text, "response_format": "wav", "language": "en"}).encode()
    head = f"POST /v1/audio/speech HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in one.headers.items())
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", one.port)) as connection:
            connection.sendall(head.encode() + b"\r\n" + body)
            time.sleep(random.uniform(0, 0.03))


PARTS: dict[str, Callable[[Path | None, int], None]] = {
    "overhead": overhead,
    "dub": during_a_dub,
    "first": first_byte,
    "duplicates": duplicates,
    "mixed": mixed,
    "soak": soak,
}
