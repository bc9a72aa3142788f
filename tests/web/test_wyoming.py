"""The Wyoming protocol as Home Assistant speaks it: the library's client, a real daemon and server, real engines."""

from __future__ import annotations

import asyncio
import socket
import wave
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event, Eventable
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.acceptance.site import Site
from tests.integration.test_engines import usable
from tests.receiver import free_port
from tests.waiting import wait_until

ENGLISH = SynthesizeVoice(name="default@en")
ENDS = ("audio-stop", "error", "synthesize-stopped", "transcript-stop", "info")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A root whose daemon serves Wyoming clients at `root.port`."""
    usable("espeak-ng")
    usable("pocketsphinx")
    web, wyoming = free_port(), free_port()
    site = Site(
        tmp_path_factory.mktemp("wyoming") / "root",
        web={"enabled": True, "port": web, "wyoming": f"127.0.0.1:{wyoming}"},
        job={"duplicates": "again"},
    )
    (site.root / "voices").mkdir()
    site.start()
    try:
        asyncio.run(_until_answered(wyoming))
        site.environment["port"] = str(wyoming)
        yield site
    finally:
        site.close()


async def _until_answered(port: int) -> None:
    async with asyncio.timeout(120):
        while True:
            try:
                async with AsyncTcpClient("127.0.0.1", port) as client:
                    await client.write_event(Ping().event())
                    assert await client.read_event()
                    return
            except OSError:
                await asyncio.sleep(0.05)


def talk(root: Site, work: Callable[[AsyncTcpClient], Awaitable[None]]) -> None:
    """Do something with a connection of its own."""

    async def run() -> None:
        async with asyncio.timeout(120), AsyncTcpClient("127.0.0.1", int(root.environment["port"])) as client:
            await work(client)

    asyncio.run(run())


async def ask(client: AsyncTcpClient, *events: Eventable, until: Sequence[str] = ENDS) -> list[Event]:
    """Send events; return the answers up to the first that ends one, or to the end of the connection."""
    for event in events:
        await client.write_event(event.event())
    found: list[Event] = []
    while not found or found[-1].type not in until:
        answer = await client.read_event()
        if answer is None:
            break
        found.append(answer)
    return found


async def is_closed(client: AsyncTcpClient) -> bool:
    return await client.read_event() is None


def kinds(events: Sequence[Event]) -> list[str]:
    """Return the types of events, equal neighbours once."""
    return [event.type for at, event in enumerate(events) if not at or events[at - 1].type != event.type]


def seconds(events: Sequence[Event]) -> float:
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in chunks} <= {(24_000, 2, 1)}
    assert any(any(chunk.audio) for chunk in chunks)
    return sum(chunk.seconds for chunk in chunks)


def newest_jobs(root: Site, since: int) -> list[str]:
    return [row["name"] for row in root.rows("SELECT name FROM job WHERE id > ? ORDER BY id", since)]


def last_job(root: Site) -> int:
    return max((row["id"] for row in root.rows("SELECT id FROM job")), default=0)


def sound(events: Sequence[bytes], *, rate: int = 16_000, width: int = 2, channels: int = 1) -> list[Eventable]:
    chunks = [AudioChunk(rate, width, channels, part) for part in events]
    return [AudioStart(rate, width, channels), *chunks, AudioStop()]


def test_describe_names_the_languages_and_voices_of_the_engines_that_are_ready(root: Site) -> None:
    async def work(client: AsyncTcpClient) -> None:
        info = Info.from_event((await ask(client, Describe()))[-1])
        [asr], [tts] = info.asr, info.tts
        assert asr.installed and asr.supports_transcript_streaming
        assert [(model.name, model.installed, model.languages) for model in asr.models] == [
            ("pocketsphinx", True, ["en"])
        ]
        assert tts.installed and tts.supports_synthesize_streaming
        assert {"default@en", "default@pt", "pt-br@pt"} <= {voice.name for voice in tts.voices}
        assert all(voice.installed and len(voice.languages) == 1 for voice in tts.voices)

    talk(root, work)


def test_a_text_is_spoken_in_the_language_of_the_voice(root: Site) -> None:
    before = last_job(root)

    async def work(client: AsyncTcpClient) -> None:
        found = await ask(client, Synthesize("The light is on. Good night.", voice=ENGLISH))
        assert kinds(found) == ["audio-start", "audio-chunk", "audio-stop"] and seconds(found) > 1
        by_language = await ask(client, Synthesize("Boa noite.", voice=SynthesizeVoice(language="pt")))
        assert seconds(by_language) > 0.3

    talk(root, work)
    said = "SELECT result FROM step WHERE stage = 'say' AND job_id > ? ORDER BY id"
    wait_until(lambda: all(row["result"] for row in root.rows(said, before)), "the steps, which end after the sound")
    rows = root.rows(said, before)
    assert ['"language": "en"' in row["result"] or '"language":"en"' in row["result"] for row in rows] == [True, False]


def test_a_streamed_text_is_spoken_by_sentences_and_its_copy_is_ignored(root: Site) -> None:
    before = last_job(root)
    chunks = ["Hel", "lo Mr. Sm", "ith. It is wa", "rm to", "day! Sle", "ep well"]

    async def work(client: AsyncTcpClient) -> None:
        await client.write_event(SynthesizeStart(voice=ENGLISH).event())
        for chunk in chunks[:4]:
            await client.write_event(SynthesizeChunk(chunk).event())
        first = await ask(client, until=["audio-chunk"])
        assert kinds(first) == ["audio-start", "audio-chunk"], "spoken before the text has ended"
        copy = Synthesize("".join(chunks), voice=ENGLISH)
        rest = await ask(
            client, *map(SynthesizeChunk, chunks[4:]), copy, SynthesizeStop(), until=["synthesize-stopped", "error"]
        )
        assert kinds(rest) == ["audio-chunk", "audio-stop", "synthesize-stopped"]
        again = await ask(client, Synthesize("Yes.", voice=ENGLISH))
        assert kinds(again) == ["audio-start", "audio-chunk", "audio-stop"], "the stream has ended"

    talk(root, work)
    spoken = newest_jobs(root, before)
    assert spoken[0] == "Hello Mr. Smith." and " ".join(spoken[:-1]) == "Hello Mr. Smith. It is warm today! Sleep well"


@pytest.mark.parametrize("chunks", [[], [" ", "\n"], ["👍", "…"]])
def test_a_stream_with_nothing_to_say_ends(root: Site, chunks: list[str]) -> None:
    async def work(client: AsyncTcpClient) -> None:
        found = await ask(client, SynthesizeStart(), *map(SynthesizeChunk, chunks), SynthesizeStop())
        assert kinds(found) == ["synthesize-stopped"]

    talk(root, work)


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (SynthesizeStart(voice=SynthesizeVoice(name="nobody")), "VoiceMissing"),
        (SynthesizeStart(voice=SynthesizeVoice(language="no language at all")), "invalid_value"),
        (SynthesizeStart(text_format="ssml"), "invalid_value"),
        (SynthesizeStart(voice=SynthesizeVoice(name="x" * 1000)), "invalid_value"),
    ],
)
def test_a_stream_that_fails_ends_with_the_error_and_the_event_that_home_assistant_waits_for(
    root: Site, start: SynthesizeStart, code: str
) -> None:
    async def work(client: AsyncTcpClient) -> None:
        found = await ask(
            client, start, SynthesizeChunk("Good night."), SynthesizeStop(), until=[SynthesizeStopped().event().type]
        )
        assert kinds(found) == ["error", "synthesize-stopped"]
        assert found[0].data["code"] == code and found[0].data["text"]
        assert await is_closed(client)

    talk(root, work)


@pytest.mark.parametrize(
    "event",
    [Synthesize("  "), Synthesize("x" * 100_001), Synthesize("Hi.", voice=SynthesizeVoice(name="nobody"))],
)
def test_a_text_that_cannot_be_spoken_gets_an_error_and_the_connection_is_closed(root: Site, event: Synthesize) -> None:
    async def work(client: AsyncTcpClient) -> None:
        assert kinds(await ask(client, event)) == ["error"]
        assert await is_closed(client)

    talk(root, work)


def test_speech_is_transcribed_while_pings_are_answered(root: Site, speech_wav: Path) -> None:
    with wave.open(str(speech_wav)) as file:
        samples = file.readframes(file.getnframes())[:80_000]
    parts = [samples[at : at + 2048] for at in range(0, len(samples), 2048)]

    async def work(client: AsyncTcpClient) -> None:
        asked = Transcribe(language="en", name="pocketsphinx")
        found = await ask(client, asked, *sound(parts), Ping("still there"))
        assert Counter(kinds(found)) == Counter(
            ("transcript-start", "pong", "transcript-chunk", "transcript", "transcript-stop")
        )
        transcript = next(Transcript.from_event(event) for event in found if Transcript.is_type(event.type))
        chunks = "".join(event.data["text"] for event in found if event.type == "transcript-chunk")
        assert len(transcript.text.split()) > 3 and transcript.language == "en"
        assert transcript.text.lower()[:10] == chunks.lower()[:10]

    talk(root, work)


@pytest.mark.parametrize(("rate", "width", "channels"), [(44_100, 3, 2), (8_000, 1, 1)])
def test_sound_of_other_rates_widths_and_channels_is_understood(
    root: Site, rate: int, width: int, channels: int
) -> None:
    silence = (b"\x80" if width == 1 else b"\0") * (rate * width * channels // 2 + 1)

    async def work(client: AsyncTcpClient) -> None:
        events = sound([silence, silence], rate=rate, width=width, channels=channels)
        found = await ask(client, Transcribe(language="en"), *events)
        assert [event.data["text"] for event in found if event.type == "transcript"] == [""]

    talk(root, work)
    [row] = root.rows("SELECT duration_s FROM job ORDER BY id DESC LIMIT 1")
    assert row["duration_s"] == pytest.approx(1.0, abs=0.01)


def test_no_sound_is_an_empty_transcript_without_a_job(root: Site) -> None:
    before = last_job(root)

    async def work(client: AsyncTcpClient) -> None:
        found = await ask(client, Transcribe(language="en"), *sound([]), until=["transcript", "error"])
        assert found[-1].data["text"] == ""

    talk(root, work)
    assert newest_jobs(root, before) == [] and not list((root.root / "work" / "uploads").glob("*/part/*"))


def test_sound_that_changes_its_format_is_refused_and_not_kept(root: Site) -> None:
    before = last_job(root)

    async def work(client: AsyncTcpClient) -> None:
        events = [AudioStart(16_000, 2, 1), AudioChunk(16_000, 2, 1, b"\0\0"), AudioChunk(8_000, 2, 1, b"\0\0")]
        found = await ask(client, *events, AudioStop())
        assert (found[-1].type, found[-1].data["code"]) == ("error", "FormatChanged")

    talk(root, work)
    assert newest_jobs(root, before) == [] and not list((root.root / "work" / "uploads").glob("*/part/*"))


def test_half_an_event_does_not_disturb_others(root: Site) -> None:
    with socket.create_connection(("127.0.0.1", int(root.environment["port"])), timeout=60) as half:
        half.sendall(b'{"type": "synthesize", "data_length": 1000}\n{"text": "Hel')

        async def work(client: AsyncTcpClient) -> None:
            assert kinds(await ask(client, Describe())) == ["info"]

        talk(root, work)
