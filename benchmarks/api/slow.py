"""A synchronous transcription that takes longer than the client waits for a byte."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openai
import recordings

from api.figures import show_row
from api.running import Server, server

TIMEOUT_S = 25.0
WORDS = "ask not what your country can do for you"
WINDOW_TAKES_S = 120.0
"""How long the scripted engine takes for a window, of which the recordings have one a minute."""
ENGINE = """
import time
from dropdub.engines.base import EngineInfo, Utterance, Word


class SlowTranscriber:
    name, role, rank = "slow", "transcriber", 1

    def __init__(self, settings=None): ...
    @classmethod
    def unavailable(cls): return None
    def load(self): ...
    def info(self): return EngineInfo("slow", "1", {})
    def languages(self): return frozenset({"en"})
    def detect_language(self, windows): return "en"

    def transcribe(self, windows, *, language):
        for window in windows:
            time.sleep(%s)
            word = Word(window.start, window.start + 1, "slowly", 1.0)
            yield (Utterance(window.start, window.start + 1, "slowly", (word,)),)
"""


def slow(place: Path | None, number: int) -> None:
    """A transcription by the `openai` client, whose time-out is shorter than it takes.

    `number`: the minutes of the recording. From ten on, the client's time-out is the usual one, ten minutes.
    """
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        recording = Path(folder) / "short.flac"
        recordings.write(recording, number, utterances=number)
        timeout = openai.NOT_GIVEN if number >= 10 else TIMEOUT_S
        with server(place, transcriber="slow", modules=Path(folder)) as one:
            heard, took_s = _transcribed(one, recording, timeout)
            one.wait_until_idle()
            text = f"answered after {took_s:.0f} s with the words of {len(heard.split())} windows; {_work(one)}"
    on = f"the `openai` client with a time-out of {600 if number >= 10 else TIMEOUT_S:.0f} s"
    show_row("a transcription that takes longer than its client waits for a byte", "3 h", text, on)


def long(place: Path | None, models: Path, minutes: int) -> None:
    """A long recording by the `openai` client with its usual time-out; `models` has the weights of whisper-base."""
    more = f"models: {{dir: {models}, use: {{faster-whisper: whisper-base}}}}\n"
    utterances = 3 * minutes
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "long.flac"
        recordings.write(recording, minutes, utterances)
        with server(place, transcriber="faster-whisper", more=more) as one:
            heard, took_s = _transcribed(one, recording, openai.NOT_GIVEN)
            text = f"answered after {took_s:.0f} s; {heard.lower().count(WORDS)} of {utterances} utterances are right"
            text += f"; {_work(one)}; web server {one.web.memory_info().rss / 1e6:.0f} MB"
    show_row("a long recording, by the `openai` client", "3 h", text, f"{minutes} minutes, whisper-base")


def _transcribed(one: Server, recording: Path, timeout: float | openai.NotGiven) -> tuple[str, float]:
    """Return what the client got, and after how many seconds."""
    token = one.headers["Authorization"].removeprefix("Bearer ")
    client = openai.OpenAI(api_key=token, base_url=f"http://127.0.0.1:{one.port}/v1", timeout=timeout)
    began = time.monotonic()
    with recording.open("rb") as file:
        found = client.audio.transcriptions.create(model="whisper-1", file=file)
    return found.text, time.monotonic() - began


def _work(one: Server) -> str:
    """Return how many jobs, chunks and attempts at them there were."""
    attempts = "SELECT count(*) FROM attempt JOIN step ON step.id = step_id WHERE stage = 'transcribe'"
    queries = ("SELECT count(*) FROM job", "SELECT count(*) FROM step WHERE stage = 'transcribe'", attempts)
    jobs, chunks, tries = (one.rows(query)[0][0] for query in queries)
    return f"{jobs} job, {chunks} chunks, {tries} attempts"


def _install(folder: Path) -> None:
    """Make the scripted transcriber an engine that the server's workers can find."""
    (folder / "slow_engine.py").write_text(ENGINE % WINDOW_TAKES_S, encoding="utf-8")
    record = folder / "slow_engine-1.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-engine\nVersion: 1\n", encoding="utf-8")
    (record / "entry_points.txt").write_text(
        "[dropdub.engines]\nslow = slow_engine:SlowTranscriber\n", encoding="utf-8"
    )


PARTS: dict[str, Callable[[Path | None, int], None]] = {"slow": slow}
