"""Clients that wait for speech or a transcript, and ask again when they are cut off; and what must hold then."""

from __future__ import annotations

import io
import random
import threading
import time
import wave
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import openai

from tests.acceptance.served import Served
from tests.acceptance.site import Site
from tests.chaos.harness import survivors
from tests.chaos.trying_again import LATER, try_until

CUT = (openai.APIConnectionError, httpx2.TransportError)
ANSWERED_WITHIN_S = 300.0
SENTENCES = 12
"""Of a text: its sound is sent while it is spoken, so that a kill also cuts answers off in the middle."""


@dataclass
class Asking:
    """A request of the real client: a `text` to be spoken, or a `recording` to be transcribed.

    `tries`: how often it was sent. `cuts`: how often its connection broke. `complaints`: answers that
    no death explains.
    """

    text: str = ""
    recording: bytes = b""
    answer: bytes | None = None
    tries: int = 0
    cuts: int = 0
    complaints: list[str] = field(default_factory=list)

    def ask(self, client: openai.OpenAI) -> bytes:
        """Return the whole answer. Raises what the client raises."""
        if self.recording:
            file = ("words.wav", self.recording)
            said = client.audio.transcriptions.create(file=file, model="whisper-1", language="en")
            return said.text.encode()
        more = {"language": "en"}
        spoken = client.audio.speech.create(
            model="tts-1", voice="alloy", input=self.text, response_format="pcm", extra_body=more
        )
        return spoken.read()


def askings(number: int, words: Path, *, start: int = 0) -> list[Asking]:
    """Return requests that are like no others, half of them for speech; `words`: a WAV file with somebody speaking."""
    texts = [Asking(text=_text(start + n)) for n in range(number // 2)]
    return [*texts, *(Asking(recording=_recording(words, start + n)) for n in range(number - len(texts)))]


def _text(number: int) -> str:
    return " ".join(f"This is sentence {n} of the text with the number {number}." for n in range(SENTENCES))


def _recording(words: Path, number: int) -> bytes:
    """Return the recording with an end of its own, which nobody hears."""
    written = io.BytesIO()
    with wave.open(str(words), "rb") as source, wave.open(written, "wb") as sound:
        sound.setparams(source.getparams())
        sound.writeframes(source.readframes(source.getnframes()))
        sound.writeframes(bytes(one % 2 for one in random.Random(number).randbytes(64)))
    return written.getvalue()


def ask_until_answered(served: Served, asking: Asking) -> None:
    """Ask, and ask again when the connection breaks, until there is an answer or the time is over."""

    def ask() -> None:
        asking.tries += 1
        try:
            with openai.OpenAI(base_url=f"{served.address}/v1", api_key=served.token, max_retries=0) as client:
                asking.answer = asking.ask(client)
        except CUT:
            asking.cuts += 1
        except openai.APIStatusError as error:
            if error.status_code not in LATER:
                asking.complaints.append(f"answered {error.status_code}: {error.message[:200]}")

    try_until(lambda: asking.answer is not None, ask, served, timeout_s=ANSWERED_WITHIN_S)


def problems_of_waiting(served: Served, asked: Sequence[Asking], chance: random.Random, *, kills: int) -> list[str]:
    """Let all of them wait at once, kill the supervisor at random moments, and return what is wrong in the end.

    The daemon runs before and after. Moments are those of the work: a kill comes while some have been answered.
    """
    clients = [threading.Thread(target=ask_until_answered, args=(served, asking)) for asking in asked]
    for client in clients:
        client.start()
    found: list[str] = []
    for _ in range(kills):
        time.sleep(chance.uniform(0.3, 3.0))  # the moment of the kill is what is tested, so nothing is awaited
        served.site.kill()
        found += survivors(served.site)
        served.start()
    for client in clients:
        client.join()
    return [*found, *_wrong_answers(served, asked), *_done_twice(served.site)]


def _wrong_answers(served: Served, asked: Sequence[Asking]) -> Iterator[str]:
    """Yield answers that are missing, or differ from what the same request gets when nobody dies."""
    with openai.OpenAI(base_url=f"{served.address}/v1", api_key=served.token, max_retries=8) as client:
        for one in asked:
            yield from one.complaints
            what = one.text[:60] or "a recording"
            if one.answer is None:
                yield f"{what} was asked for {one.tries} times and never answered"
            elif not one.answer or one.answer != one.ask(client):
                yield f"{what} was answered with {len(one.answer)} bytes, and later with others"


def _done_twice(site: Site) -> Iterator[str]:
    """Yield the work of the same request that succeeded twice, in one job or in several."""
    rows = site.rows(
        """SELECT request_key, key, count(*) AS times FROM attempt JOIN step ON step.id = step_id
           JOIN job ON job.id = job_id WHERE outcome = 'succeeded' GROUP BY request_key, key HAVING count(*) > 1"""
    )
    yield from (f"{row['key']} of {row['request_key']} succeeded {row['times']} times" for row in rows)


def jobs_by_request(site: Site) -> Counter[int]:
    """Return how many requests have one job, two jobs and so on."""
    rows = site.rows("SELECT count(*) AS jobs FROM job WHERE request IS NOT NULL GROUP BY request_key")
    return Counter(row["jobs"] for row in rows)
