"""The API of a real daemon, asked by the real clients of other programs."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import wave
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
import requests
import soundfile

from dropdub.media.sound import wav
from tests.acceptance.served import Served
from tests.acceptance.site import ENDED, Site
from tests.waiting import wait_until
from tests.web.bazarr_requests import Bazarr

LJSPEECH = Path(__file__).parents[1] / "data" / "ljspeech"
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One daemon for all tests that leave it as it was."""
    site = Site(tmp_path_factory.mktemp("api") / "root")
    made = Served(site)
    made.start()
    yield made
    made.close()
    site.close()


@pytest.fixture
def own(site: Callable[..., Site]) -> Iterator[Served]:
    """A daemon for a test that kills it."""
    made = Served(site())
    made.start()
    yield made
    made.close()


def pcm_of(served: Served, text: str, **options: str) -> bytes:
    """Return the speech of a text as bare samples."""
    answer = served.client().audio.speech.create(
        model="tts-1", voice="alloy", input=text, response_format="pcm", extra_body={"language": "en", **options}
    )
    return answer.read()


def seconds_of(sound: bytes, suffix: str) -> float:
    """Return the length of an encoded sound, decoded by the real ffmpeg."""
    raw = ["-f", "s16le", "-ar", "24000", "-ac", "1"] if suffix == "pcm" else []
    command = ["ffmpeg", "-v", "error", *raw, "-i", "-", "-f", "s16le", "-ar", "24000", "-ac", "1", "-"]
    decoded = subprocess.run(command, input=sound, capture_output=True, check=True).stdout
    return len(decoded) / 48_000


# -- speech ---------------------------------------------------------------------------------------------------------


def test_speech_has_the_same_length_in_all_formats(served: Served) -> None:
    client = served.client()
    text = "The same sentence in every format."
    found = {}
    for kind in FORMATS:
        answer = client.audio.speech.create(model="tts-1", voice="alloy", input=text, response_format=kind)  # type: ignore[arg-type]  # one of the names that it knows
        found[kind] = seconds_of(answer.read(), kind)
        assert answer.response.headers["content-length"] == str(len(answer.read()))
    assert max(found.values()) - min(found.values()) < 0.1, found
    assert min(found.values()) > 1.0


def test_the_parts_of_a_long_text_come_while_it_is_spoken_as_one_file(served: Served) -> None:
    text = " ".join(f"This is sentence number {number}." for number in range(40))
    options = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"}
    with served.client().audio.speech.with_streaming_response.create(**options) as answer:  # type: ignore[arg-type]  # names and texts
        parts = list(answer.iter_bytes())
    sound = b"".join(parts)
    assert "content-length" not in answer.headers
    with wave.open(BytesIO(sound)) as header:
        assert (header.getframerate(), header.getnchannels()) == (24_000, 1)
    assert sound.count(b"RIFF") == 1
    alone = [pcm_of(served, f"This is sentence number {number}.") for number in (0, 39)]
    assert seconds_of(sound, "wav") > 20 * sum(seconds_of(one, "pcm") for one in alone)


def test_speech_as_events_has_the_same_sound(served: Served) -> None:
    body = {"model": "tts-1", "input": "One sentence. And another one.", "response_format": "pcm", "language": "en"}
    _, headers, content = served.ask("/v1/audio/speech", {**body, "stream_format": "sse"})
    assert headers.get_content_type() == "text/event-stream"
    events = [json.loads(line[6:]) for line in content.decode().splitlines() if line.startswith("data: ")]
    assert [one["type"] for one in events[-2:]] == ["speech.audio.delta", "speech.audio.done"]
    sound = b"".join(base64.b64decode(one["audio"]) for one in events[:-1])
    assert sound == served.ask("/v1/audio/speech", body)[2]


def test_what_cannot_be_spoken_is_refused_with_a_sentence(served: Served) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="no words to speak"):
        served.client().audio.speech.create(model="tts-1", voice="alloy", input="?!")
    with pytest.raises(openai.NotFoundError, match="no voice 'nobody'"):
        served.client().audio.speech.create(model="tts-1", voice="nobody", input="Hello.")
    with pytest.raises(openai.BadRequestError) as refused:
        served.client().audio.speech.create(model="tts-1", voice="alloy", input="Hello.", speed=9.0)
    assert refused.value.param == "speed"
    with pytest.raises(openai.AuthenticationError, match="The token is missing or wrong"):
        served.client(key="wrong").audio.speech.create(model="tts-1", voice="alloy", input="Hello.")


# -- the four tests of a server for speech ----------------------------------------------------------------------------


def test_many_lines_that_are_sent_at_once_are_all_spoken_and_none_is_mixed_up(served: Served) -> None:
    texts = [f"Line {number}: {word}." for number, word in enumerate(["alpha", "bravo", "charlie", "delta"] * 6)]
    with ThreadPoolExecutor(8) as clients:
        together = list(clients.map(lambda text: pcm_of(served, text), texts))
    assert len(set(together)) == len(texts)
    before = served.attempts()
    assert [pcm_of(served, text) for text in texts] == together, "a repetition gets the sound of the first one"
    assert served.attempts() == before


def test_everybody_is_answered_at_once_while_a_long_text_is_spoken(served: Served) -> None:
    text = " ".join(f"Sentence {number} of a text that takes long." for number in range(300))
    status, _, later = served.ask("/v1/synthesize", {"text": text, "wait": 0})
    assert status == 202
    state = lambda: served.site.rows(f"SELECT state FROM job WHERE id = {later['job']}")[0]["state"]  # noqa: E731
    wait_until(lambda: state() != "queued", "the long text is begun")
    asked = 0
    while state() == "running" and asked < 20:
        assert served.ask("/v1/info")[0] == 200
        assert len(pcm_of(served, f"A short text, number {asked}, meanwhile.")) > 10_000
        asked += 1
    assert asked > 1, "the long text ended before anything was asked"
    wait_until(lambda: state() == "succeeded", "the long text is spoken")
    sound = served.ask(f"{later['audio_url']}")[2]
    assert seconds_of(sound, "wav") > 300


def test_a_batch_is_spoken_and_each_of_its_texts_fails_alone(served: Served) -> None:
    items = [{"id": "first", "text": "The first one."}, {"text": "?!"}, {"id": "last", "text": "The last one."}]
    status, headers, batch = served.ask("/v1/batch-synthesize", {"items": items, "format": "wav"})
    assert (status, headers["location"]) == (202, batch["status_url"])
    wait_until(lambda: served.ask(batch["status_url"])[2]["done"], "the batch has ended")
    found = served.ask(batch["status_url"])[2]
    assert [one["state"] for one in found["jobs"]] == ["succeeded", "failed", "succeeded"]
    assert [one["id"] for one in found["jobs"]] == ["first", None, "last"]
    joined = served.ask(f"{batch['status_url']}/audio?format=pcm&concat=true")[2]
    parts = [served.ask(f"/v1/jobs/{one['job']}/audio?format=pcm")[2] for one in found["jobs"] if one["id"]]
    assert abs(len(joined) - sum(map(len, parts))) < 480
    archive = zipfile.ZipFile(BytesIO(served.ask(batch["audio_url"])[2]))
    assert archive.namelist() == ["0001 first.wav", "0003 last.wav"]
    assert archive.testzip() is None


# -- transcripts ----------------------------------------------------------------------------------------------------


def test_a_recording_is_transcribed_in_every_format_and_heard_once(served: Served, speech: Path) -> None:
    client = served.client()
    text = client.audio.transcriptions.create(file=speech, model="whisper-1", language="en", response_format="text")
    assert "country" in text
    before = served.attempts()
    assert (
        client.audio.transcriptions.create(file=speech, model="gpt-4o-transcribe", language="en").text == text.strip()
    )
    verbose = client.audio.transcriptions.create(
        file=speech, model="whisper-1", language="en", response_format="verbose_json", timestamp_granularities=["word"]
    )
    assert verbose.duration == pytest.approx(11.0, abs=0.1)
    assert verbose.words and verbose.words[0].start < verbose.words[-1].end <= 11.0
    srt = client.audio.transcriptions.create(file=speech, model="whisper-1", language="en", response_format="srt")
    assert srt.startswith("1\n00:00:0")
    assert served.attempts() == before, "the same recording is heard once"
    assert served.left() == [], "the file belongs to its sender"


def test_a_transcript_is_streamed_and_its_parts_are_the_whole(served: Served, speech: Path) -> None:
    stream = served.client().audio.transcriptions.create(file=speech, model="whisper-1", language="en", stream=True)
    events = list(stream)
    assert events[-1].type == "transcript.text.done"
    deltas = "".join(one.delta for one in events if one.type == "transcript.text.delta")
    assert deltas == events[-1].text


def voice(path: Path, start_s: float = 0.0, end_s: float = 6.0) -> np.ndarray:
    """Return a part of a recording at 16 kHz."""
    return wav.resample(wav.read_range(path, start_s, end_s), wav.sample_rate(path), 16_000)


def wav_of(samples: np.ndarray) -> bytes:
    file = BytesIO()
    soundfile.write(file, samples, 16_000, format="WAV")
    return file.getvalue()


def test_known_speakers_are_named_in_the_answer_and_in_the_stream(served: Served, speech: Path) -> None:
    pytest.importorskip("resemblyzer", reason="the extra speakers is not installed")
    mary = voice(LJSPEECH / "LJ001-0001.flac")
    talk = wav_of(np.concatenate([voice(speech, 4.0, 10.0), np.zeros(8_000), voice(LJSPEECH / "LJ001-0004.flac")]))

    def asked(name: str, sound: np.ndarray, **options: bool) -> Any:
        reference = base64.b64encode(wav_of(sound)).decode()
        return served.client(max_retries=0).audio.transcriptions.create(
            file=("talk.wav", talk),
            model="gpt-4o-transcribe-diarize",
            language="en",
            response_format="diarized_json",
            known_speaker_names=[name],
            known_speaker_references=[f"data:audio/wav;base64,{reference}"],
            **options,
        )

    def speakers(segments: Iterable[Any]) -> list[str]:
        return list(dict.fromkeys(one.speaker for one in segments))

    assert speakers(asked("Mária", mary).segments) == ["A", "Mária"]
    before = served.attempts()
    assert speakers(asked("Mária", mary).segments) == ["A", "Mária"]
    assert served.attempts() == before, "the same voice joins the job"
    events = asked("A", mary, stream=True)
    assert speakers(one for one in events if one.type == "transcript.text.segment") == ["B", "A"]
    with pytest.raises(openai.UnprocessableEntityError, match="known speaker Rui"):
        asked("Rui", np.zeros(16_000))
    assert served.left() == [], "the voices belong to their sender"


def test_bazarr_gets_subtitles_and_a_language_and_an_error_has_no_body(served: Served, speech: Path) -> None:
    command = ["ffmpeg", "-v", "error", "-i", str(speech), "-f", "s16le", "-ac", "1", "-ar", "16000", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    bazarr = Bazarr(served.endpoint, video_name="/films/a film.mkv")
    found = bazarr.detected_language(raw)
    assert found is not None and found[0] == "en"
    refused = requests.post(f"{served.endpoint}/asr", files={"audio_file": ("a.srt", b"")}, timeout=60)
    assert refused.status_code >= 400 and refused.content == b"" and refused.headers["x-dropdub-error"]


def test_a_film_without_speech_has_an_empty_transcript(served: Served, tmp_path: Path) -> None:
    silent = tmp_path / "silent.wav"
    with wave.open(str(silent), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(bytes(64_000))
    assert served.client().audio.transcriptions.create(file=silent, model="whisper-1", language="en").text == ""


def test_garbage_is_refused_and_nothing_of_it_stays(served: Served, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.mp3"
    garbage.write_bytes(b"\x00\x01garbage" * 500)
    with pytest.raises(openai.APIStatusError) as refused:
        served.client(max_retries=0).audio.transcriptions.create(file=garbage, model="whisper-1")
    assert refused.value.status_code in (415, 422)
    wait_until(lambda: served.left() == [], "the file is removed")


def test_the_link_of_the_command_opens_the_page_and_logging_out_closes_it(served: Served) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "dropdub", "--root", str(served.site.root), "open", "--show"],
        env={**os.environ, "DROPDUB_WEB__PORT": str(served.port)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    address, code = shown.stdout.strip().split("/login#")
    assert address == served.address
    with requests.Session() as browser:
        browser.headers["Origin"] = address
        assert browser.post(f"{address}/login", json={"code": code}, timeout=60).status_code == 200
        assert browser.post(f"{address}/login", json={"code": code}, timeout=60).status_code == 403
        page = browser.get(f"{address}/", headers={"Accept": "text/html"}, timeout=60)
        assert page.status_code == 200 and "The daemon is running." in page.text
        assert f"{address}/v1" in browser.get(f"{address}/docs", timeout=60).text
        assert browser.post(f"{address}/logout", timeout=60).url == f"{address}/login"
        assert browser.get(f"{address}/", headers={"Accept": "text/html"}, timeout=60).url == f"{address}/login"
    log = served.site.root / "work" / "logs" / "dropdub.log"
    wait_until(lambda: "log-in refused: address=127.0.0.1" in log.read_text(encoding="utf-8"), "the log says so")


# -- kills ----------------------------------------------------------------------------------------------------------


def test_a_client_whose_server_is_killed_repeats_its_request_and_nothing_is_done_twice(
    own: Served, speech: Path
) -> None:
    answers: list[str] = []

    def transcribe() -> None:
        client = own.client(max_retries=8)
        answers.append(client.audio.transcriptions.create(file=speech, model="whisper-1", language="en").text)

    asking = threading.Thread(target=transcribe)
    asking.start()
    wait_until(lambda: bool(own.site.rows("SELECT id FROM job")), "the request is recorded")
    killed = own.process()
    killed.kill()
    wait_until(lambda: not asking.is_alive(), "the repeated request to be answered", timeout_s=300)
    assert len(answers) == 1 and "country" in answers[0]
    assert own.process().pid != killed.pid
    assert len(own.site.rows("SELECT id FROM job")) == 1
    steps = own.site.rows("SELECT key, attempts FROM step")
    assert {one["attempts"] for one in steps} == {0}


def test_requests_survive_the_death_of_the_daemon_and_its_server_ends_with_it(own: Served) -> None:
    texts = [f"Text number {number}, which has to survive." for number in range(20)]
    _, _, batch = own.ask("/v1/batch-synthesize", {"items": [{"text": text} for text in texts]})
    own.site.kill()
    wait_until(lambda: not own.site.ours(), "all processes of the daemon have ended")
    own.start()
    wait_until(lambda: own.ask(batch["status_url"])[2]["done"], "the batch has ended")
    assert own.ask(batch["status_url"])[2]["counts"]["succeeded"] == len(texts)
    rows = own.site.rows("SELECT state FROM job")
    assert len(rows) == len(texts) and all(one["state"] in ENDED for one in rows)
    assert own.site.stop() == 0


def test_a_server_without_a_daemon_says_so_at_once(own: Served) -> None:
    own.site.stop()
    with own.alone():
        status, headers, body = own.ask("/v1/audio/speech", {"input": "Hello.", "model": "tts-1"})
    assert (status, headers["retry-after"]) == (503, "10")
    assert "watch" in body["remedy"]
