"""Two minimal servers that call the model as whisper-asr-webservice and speaches do, and Dropdub, side by side.

Both are written after their published source, reduced to what is measured: the first has an `async def asr` that
decodes the file and calls the model itself, so in the event loop; the second has a `def` endpoint, which the framework
runs in a pool of 40 threads, and decodes the whole file to 32-bit samples first.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import recordings
import soundfile
import uvicorn
from fastapi import FastAPI, Response, UploadFile
from faster_whisper import WhisperModel, decode_audio
from pydantic import BaseModel
from side import show

from api.alone import SCRIPT
from api.figures import in_ms
from api.running import Client, free_port, server, wait_for_answer
from api.speech import LINE
from dropdub.engines.base import Voice
from dropdub.engines.registry import EngineRegistry

END = b"\r\n--x--\r\n"
LONG_LINES = 100
GROWTH_S = 40.0
HEAD = (
    (
        "| one process, or Dropdub | /v1/health while a recording of 2 minutes is transcribed | the recording "
        "| a short text during a long one | more memory: 2 hours of WAV |"
    ),
    "| --- | --- | --- | --- | --- |",
)
MODEL = "whisper-base"
EVERY_S = 0.05
RECORDED_S = 120
HOURS = 2


class Wish(BaseModel):
    """The part of the body of `/v1/audio/speech` that the peers' servers read."""

    input: str


def serve(way: str, models: str, port: str) -> None:
    """Answer in the way of a peer until the process is ended."""
    app = FastAPI()
    model = WhisperModel(f"{models}/{MODEL}", device="cpu", compute_type="int8")
    synthesizer = EngineRegistry().synthesizer("hibari", language="en")

    def heard(file: Any) -> dict[str, str]:
        segments, _ = model.transcribe(decode_audio(file), language="en")
        return {"text": "".join(segment.text for segment in segments)}

    def spoken(wish: Wish) -> Response:
        samples = synthesizer.speak(wish.input, language="en", voice=Voice("heart"))
        return Response((samples * 32_767).astype("<i2").tobytes())

    @app.get("/v1/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    if way == "loop":

        @app.post("/asr")
        async def asr(audio_file: UploadFile) -> dict[str, str]:
            return heard(audio_file.file)

        @app.post("/v1/audio/speech")
        async def speech(wish: Wish) -> Response:
            return spoken(wish)
    else:

        @app.post("/asr")
        def asr_in_thread(audio_file: UploadFile) -> dict[str, str]:
            return heard(audio_file.file)

        @app.post("/v1/audio/speech")
        def speech_in_thread(wish: Wish) -> Response:
            return spoken(wish)

    uvicorn.run(app, port=int(port), log_level="warning")


@dataclass(frozen=True)
class Served:
    """A server of one of the ways. `processes` are those whose memory counts."""

    port: int
    processes: Callable[[], list[psutil.Process]]
    headers: dict[str, str]


@contextlib.contextmanager
def peer(way: str, models: Path) -> Iterator[Served]:
    port = free_port()
    process = subprocess.Popen([sys.executable, SCRIPT, "--peer", way, str(models), str(port)])
    try:
        wait_for_answer(port)
        yield Served(port, lambda: [psutil.Process(process.pid)], {})
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def dropdub(place: Path | None, models: Path) -> Iterator[Served]:
    more = f"models: {{dir: {models}, use: {{faster-whisper: {MODEL}}}}}\n"
    with server(place, transcriber="faster-whisper", voice="hibari", more=more) as one:
        yield Served(
            one.port,
            lambda: [one.supervisor, *one.supervisor.children(recursive=True)],
            {"Authorization": one.headers["Authorization"]},
        )


def compare(place: Path | None, models: Path) -> None:
    """Print a table of the three ways."""
    show("\n".join(["", *HEAD]))
    ways: dict[str, Callable[[], AbstractContextManager[Served]]] = {
        "in the event loop (whisper-asr-webservice's way)": lambda: peer("loop", models),
        "in a thread, the whole file decoded (speaches' way)": lambda: peer("threads", models),
        "Dropdub": lambda: dropdub(place, models),
    }
    with tempfile.TemporaryDirectory(dir=place) as made:
        short, long = Path(made) / "short.wav", Path(made) / "long.wav"
        soundfile.write(short, recordings.speech(RECORDED_S), recordings.RATE_HZ)
        _silence(long)
        for name, way in ways.items():
            with way() as served:
                warm = Path(made) / "warm.wav"
                soundfile.write(warm, recordings.voice(), recordings.RATE_HZ)
                send(served, warm)
                speak(served, "Hello there.")
                took, passed = while_transcribing(served, short)
                second = second_text(served)
                grown = growth(served, long)
            cells = (name, in_ms(took, 0.5, 0.99, 1.0), f"{passed:.1f} s", f"{second:.2f} s", f"{grown:.0f} MB")
            show(f"| {' | '.join(cells)} |")


def _silence(path: Path) -> None:
    with soundfile.SoundFile(path, "w", recordings.RATE_HZ, 1) as file:
        for _ in range(HOURS * 60):
            file.write(np.zeros(60 * recordings.RATE_HZ, np.float32))


def send(served: Served, file: Path) -> float:
    """Send a file as Bazarr does; return the seconds until it was answered."""
    head = b'--x\r\nContent-Disposition: form-data; name="audio_file"; filename="audio_file"\r\n\r\n'
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=3600)
    connection.putrequest("POST", "/asr?language=en&output=json&task=transcribe&encode=true")
    size = len(head) + file.stat().st_size + len(END)
    sent = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(size)}
    for key, value in {**served.headers, **sent}.items():
        connection.putheader(key, value)
    connection.endheaders(head)
    with file.open("rb") as reader:
        while block := reader.read(1 << 20):
            connection.send(block)
    connection.send(END)
    _read(connection)
    return time.perf_counter() - began


def speak(served: Served, text: str) -> float:
    """Return the seconds until a text was spoken."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=3600)
    body = json.dumps({"input": text, "model": "tts-1", "response_format": "pcm", "language": "en"})
    connection.request("POST", "/v1/audio/speech", body, {**served.headers, "Content-Type": "application/json"})
    _read(connection)
    return time.perf_counter() - began


def _read(connection: http.client.HTTPConnection) -> None:
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {body[:300]!r}")


def while_transcribing(served: Served, file: Path) -> tuple[list[float], float]:
    """Return the seconds of answers of /v1/health while a file is transcribed, and of its answer."""
    took: list[float] = []
    client = Client(served.port, {})
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(send, served, file)
        time.sleep(0.3)
        while not answer.done():
            began = time.perf_counter()
            client.ask("GET", "/v1/health")
            took.append(time.perf_counter() - began)
            time.sleep(EVERY_S)
        return took, answer.result()


def second_text(served: Served) -> float:
    """Return the seconds until a short text is spoken while a long one is."""
    with ThreadPoolExecutor(1) as other:
        answer = other.submit(speak, served, " ".join(LINE.format(n) for n in range(LONG_LINES)))
        time.sleep(0.5)
        took = speak(served, "This one is short.")
        if answer.done():
            raise SystemExit("the long text is too short")
        answer.result()
    return took


def growth(served: Served, file: Path) -> float:
    """Return by how many MB the processes grew at most while a long file was received and its transcription began."""
    before, peak = _memory(served), 0.0
    threading.Thread(target=_send_until_cut, args=(served, file), daemon=True).start()
    ends_at = time.monotonic() + GROWTH_S
    while time.monotonic() < ends_at:
        peak = max(peak, _memory(served))
        time.sleep(0.05)
    return peak - before


def _send_until_cut(served: Served, file: Path) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException, SystemExit):  # the server is ended meanwhile
        send(served, file)


def _memory(served: Served) -> float:
    total = 0.0
    for process in served.processes():
        with contextlib.suppress(psutil.Error):
            total += process.memory_info().rss / 1e6
    return total
