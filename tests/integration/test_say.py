"""The stage `say`, and asides in real workers: short texts that are spoken between two lines of a long dub."""

from __future__ import annotations

import hashlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dropdub.config import JobOptions, Limits, PoolSettings, Split
from dropdub.dubbing.kept_references import keep_references
from dropdub.dubbing.voices import Casting
from dropdub.engines.base import EngineInfo, Voice
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import FreshWorkerNeeded, NotText, UnexpectedError, VoiceMissing, WorkerDied
from dropdub.files import durable
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import PIECES, TRANSCRIPT, Segment, Transcript, speech_dir_name, translation_name
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.task import task_of
from dropdub.pool.messages import Run, Start
from dropdub.pool.pool import Completed, Launch, PieceMade, Pool, PoolEvent, Started, StepFailed
from dropdub.stage_table import ENGINE_POOLS
from dropdub.stages import stage_named
from tests.integration.test_engines import usable

MAIN = 1_000
JITTER_S = 0.05
"""espeak-ng does not speak the same text in exactly the same time again."""
TEXT = "Four score and seven years ago, our fathers brought forth a new nation, conceived in liberty. It is done."


@pytest.fixture(autouse=True)
def espeak() -> None:
    usable("espeak-ng")


def payload(folder: Path, stage: str, params: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return what a worker gets of a step of a job in `folder`."""
    job_dir = folder / "work"
    key = more.get("key", stage)
    return {
        "key": key,
        "stage": stage,
        "target": more.get("target"),
        "params": params,
        "job_id": 1,
        "job_name": "text.txt",
        "kind": "text",
        "source": str(folder / "text.txt"),
        "job_dir": str(job_dir),
        "scratch": str(job_dir / "tmp" / key),
        "result_file": str(job_dir / "results" / f"{key}.json"),
        "results": str(folder / "said"),
        "voices": str(folder / "voices"),
        "options": JobOptions(synthesizer=more.get("engine", "espeak-ng")).model_dump(mode="json"),
        "limits": Limits().model_dump(mode="json"),
        "split": Split().model_dump(mode="json"),
        "facts": {"probe": {"kind": "text"}},
    }


@cache
def engines() -> EngineRegistry:
    return EngineRegistry()


def alone(given: dict[str, Any], pieces: list[Any] | None = None) -> dict[str, Any]:
    """Run a step in this process; add the numbers of its pieces to `pieces`."""
    task = task_of(
        given,
        token=1,
        deadline_s=60.0,
        engines=engines(),
        cache=Cache(None, max_bytes=0),
        progress=lambda _share: None,
        report_piece=(pieces if pieces is not None else []).append,
    )
    for folder in (task.scratch, task.results):
        assert folder is not None
        folder.mkdir(parents=True, exist_ok=True)
    return stage_named(given["stage"])(task)


def say(folder: Path, *, engine: str = "espeak-ng", **params: Any) -> tuple[dict[str, Any], list[int]]:
    pieces: list[int] = []
    return alone(payload(folder, "say", params, engine=engine), pieces), pieces


def sounds(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.wav"))}


# -- the stage --------------------------------------------------------------------------------------------------------


def test_each_piece_is_a_file_that_is_reported(tmp_path: Path) -> None:
    result, reported = say(tmp_path, text=TEXT)
    files = sorted((tmp_path / "said").glob("*.wav"))
    assert [path.name for path in files] == ["0000.wav", "0001.wav", "0002.wav"] and reported == [0, 1, 2]
    assert (result["pieces"], result["language"], result["voice"], result["warnings"]) == (3, "en", None, [])
    assert result["engine"]["name"] == "espeak-ng" and {wav.sample_rate(path) for path in files} == {22_050}
    assert result["duration_s"] == pytest.approx(sum(map(wav.duration_s, files)), abs=0.001)
    assert json.loads((tmp_path / "said" / PIECES).read_bytes()) == {"pieces": 3}
    assert not list((tmp_path / "work").glob("tmp/say/*.wav"))


def test_piece_is_sent_before_it_is_flushed_and_the_next_one_made_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[object] = []

    def flush_file(path: Path) -> None:
        order.append(path.name)
        durable.flush_file(path)

    monkeypatch.setattr("dropdub.stages.say.flush_file", flush_file)
    alone(payload(tmp_path, "say", {"text": TEXT}), order)
    assert order == [0, "0000.wav", 1, "0001.wav", 2, "0002.wav"]


def test_further_attempt_keeps_the_finished_pieces(tmp_path: Path) -> None:
    usable("hibari")
    say(tmp_path, text=TEXT, engine="hibari")
    first, second, third = sorted((tmp_path / "said").glob("*.wav"))
    before, kept = sounds(tmp_path / "said"), first.stat().st_mtime_ns
    second.write_bytes(b"")
    third.unlink()
    result, reported = say(tmp_path, text=TEXT, engine="hibari")
    assert sounds(tmp_path / "said") == before and first.stat().st_mtime_ns == kept
    assert reported == [0, 1, 2] and result["pieces"] == 3


def test_speech_is_as_fast_as_asked_for_beyond_what_the_engine_can_do(tmp_path: Path) -> None:
    usual = say(tmp_path / "usual", text="It works as it should.")[0]["duration_s"]
    for speed in (0.25, 4.0):
        result = say(tmp_path / f"{speed}", text="It works as it should.", speed=speed)[0]
        assert result["duration_s"] * speed == pytest.approx(usual, rel=0.2)


def test_voice_of_an_engine_is_found_by_its_name(tmp_path: Path) -> None:
    usual, named = (say(tmp_path / str(voice), text="Hello there.", voice=voice)[0] for voice in (None, "en-gb"))
    assert (usual["voice"], named["voice"]) == (None, "en-gb")
    assert sounds(tmp_path / "None" / "said") != sounds(tmp_path / "en-gb" / "said")
    found, _ = say(tmp_path / "auto", text="Hello there.", voice="en-gb", engine="auto")
    assert found["engine"]["name"] == "espeak-ng", "it is the one that has the voice"


def test_unknown_voice_and_text_without_words_are_refused(tmp_path: Path) -> None:
    for voice in ("nobody", "../nobody", ""):
        with pytest.raises(VoiceMissing):
            say(tmp_path, text="Hello there.", voice=voice)
    with pytest.raises(NotText):
        say(tmp_path, text="…")


# -- asides -----------------------------------------------------------------------------------------------------------


class Studio:
    """A pool with one real worker, and what it reported."""

    def __init__(self, folder: Path, engine: str, environment: dict[str, str], pool: str = "synthesize") -> None:
        start = Start(preload=True, engines=[ENGINE_POOLS[pool].role, engine])
        settings = PoolSettings.model_validate({"workers": 1, "memory": 4_000_000_000})
        self.folder = folder
        self.said: list[PoolEvent] = []
        launch = Launch(run_dir=folder, start=start, environment=environment)
        self.pool = Pool(pool, settings, launch, wake=lambda: None)

    def submit(self, step_id: int, given: dict[str, Any], *, token: int = 1, aside: bool = False) -> None:
        self.pool.submit(Run(step_id, token, 300.0, given), now=time.monotonic(), aside=aside)

    def tick(self) -> bool:
        self.said += self.pool.tick(time.monotonic())
        return True

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        ends_at = time.monotonic() + 120
        while self.tick() and not condition():
            assert time.monotonic() < ends_at, f"waited for {what}, not {self.said[-5:]}"
            time.sleep(0.001)

    def ended(self) -> list[int]:
        return [event.step_id for event in self.said if isinstance(event, Completed | StepFailed)]

    def pieces(self) -> list[tuple[int, int]]:
        return [(event.step_id, event.number) for event in self.said if isinstance(event, PieceMade)]

    def result(self, step_id: int) -> dict[str, Any]:
        outcome = self.outcome(step_id)
        assert isinstance(outcome, Completed), outcome
        return outcome.result

    def outcome(self, step_id: int) -> Completed | StepFailed:
        (found,) = (e for e in self.said if isinstance(e, Completed | StepFailed) and e.step_id == step_id)
        return found


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    made: list[Studio] = []

    def make(engine: str = "espeak-ng", **environment: str) -> Studio:
        made.append(Studio(tmp_path, engine, environment))
        return made[-1]

    yield make
    for old in made:
        old.pool.stop(grace_s=0.5)


def long_dub(folder: Path, language: str = "pt", *, lines: int, **options: Any) -> dict[str, Any]:
    """Return the step that speaks a long text."""
    given = payload(folder, "synthesize", {}, target=language, key=f"synthesize-{language}", **options)
    said = {"pt": "Esta é a linha {}. Ela tem duas frases.", "en": "This is line {}."}[language]
    segments = tuple(Segment(number, 0.0, 0.0, said.format(number)) for number in range(lines))
    for name in (TRANSCRIPT, translation_name(language)):
        Transcript(language, 0.0, segments, {"name": "none"}).save(Path(given["job_dir"]) / name)
    return given


def prepared(folder: Path) -> Path:
    (folder / "work").mkdir(parents=True)
    return folder


def without_time(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "seconds"}


def test_two_hundred_asides_are_said_during_a_dub_and_none_are_mixed_up(
    studio: Callable[..., Studio], tmp_path: Path
) -> None:
    one = studio()
    dub = prepared(tmp_path / "dub")
    one.submit(MAIN, long_dub(dub, lines=1_500))
    texts = [f"Aside number {n} says {'and so on, ' * (n % 4)}{n * 37}." for n in range(200)]
    for number, text in enumerate(texts):
        one.wait_for(lambda: one.pool.free_for_aside() > 0, "the worker to take an aside")
        given = {"text": text, "language": "en"}
        one.submit(number, payload(tmp_path / f"aside{number}", "say", given), aside=True)
    one.wait_for(lambda: len(one.ended()) == len(texts), "the asides to end")
    one.pool.cancel(MAIN)
    assert one.ended() == list(range(200))
    assert one.pieces() == [(step, number) for step in range(200) for number in range(one.result(step)["pieces"])]
    for number, text in enumerate(texts):
        result, _ = say(tmp_path / "alone" / str(number), text=text, language="en")
        assert one.result(number)["duration_s"] == pytest.approx(result["duration_s"], abs=JITTER_S)
    again = prepared(tmp_path / "again")
    alone(long_dub(again, lines=20))
    for line in (again / "work" / speech_dir_name("pt")).iterdir():
        same = dub / "work" / speech_dir_name("pt") / line.name
        assert wav.duration_s(line) == pytest.approx(wav.duration_s(same), abs=JITTER_S)


def test_short_text_is_said_between_two_sentences_of_a_long_one_during_a_dub(
    studio: Callable[..., Studio], tmp_path: Path
) -> None:
    one = studio()
    one.submit(MAIN, long_dub(prepared(tmp_path / "dub"), lines=1_500))
    one.wait_for(lambda: one.pool.free_for_aside() > 0, "the worker to take an aside")
    long_text = " ".join(f"This is the sentence with the number {n}." for n in range(300))
    one.submit(1, payload(tmp_path / "long", "say", {"text": long_text, "language": "en"}), aside=True)
    one.wait_for(lambda: (1, 2) in one.pieces(), "the long text to be begun")
    one.submit(2, payload(tmp_path / "short", "say", {"text": TEXT, "language": "en"}), aside=True)
    one.wait_for(lambda: len(one.ended()) == 2, "both texts to end")
    one.pool.cancel(MAIN)
    assert one.ended() == [2, 1]
    assert [piece for step, piece in one.pieces() if step == 1] == list(range(one.result(1)["pieces"]))
    said, _ = say(tmp_path / "alone", text=TEXT, language="en")
    assert one.result(2)["duration_s"] == pytest.approx(said["duration_s"], abs=JITTER_S)


LONG_LINES = 100
"""Enough for all asides to come while they are spoken, also on a busy machine."""


def test_dub_and_asides_sound_as_they_do_alone_even_if_others_fail(
    studio: Callable[..., Studio], tmp_path: Path
) -> None:
    usable("hibari")
    one = studio("hibari")
    one.submit(MAIN, long_dub(prepared(tmp_path / "dub"), "en", lines=LONG_LINES, engine="hibari"))
    asides = [
        ({"text": "Hello there.", "voice": "nobody"}, "hibari"),
        ({}, "hibari"),
        ({"text": "Hello there."}, "espeak-ng"),
        ({"text": "Hello to you, who have waited for such a long time."}, "hibari"),
    ]
    for number, (params, engine) in enumerate(asides):
        one.wait_for(lambda: one.pool.free_for_aside() > 0, "the worker to take an aside")
        one.submit(number, payload(tmp_path / str(number), "say", params, engine=engine), aside=True)
    one.wait_for(lambda: len(one.ended()) == len(asides) + 1, "everything to end")
    errors = [type(event.error) for event in map(one.outcome, (0, 1, 2)) if isinstance(event, StepFailed)]
    assert errors == [VoiceMissing, UnexpectedError, FreshWorkerNeeded]
    assert one.ended() == [0, 1, 2, 3, MAIN]
    assert len({event.pid for event in one.said if isinstance(event, Started)}) == 1
    assert without_time(one.result(3)) == alone(payload(tmp_path / "alone", "say", asides[3][0], engine="hibari"))
    assert sounds(tmp_path / "3" / "said") == sounds(tmp_path / "alone" / "said")
    assert without_time(one.result(MAIN)) == alone(
        long_dub(prepared(tmp_path / "again"), "en", lines=LONG_LINES, engine="hibari")
    )
    spoken = Path("work") / speech_dir_name("en")
    assert sounds(tmp_path / "dub" / spoken) == sounds(tmp_path / "again" / spoken)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_kill_in_an_aside_fails_it_alone_and_both_continue(studio: Callable[..., Studio], tmp_path: Path) -> None:
    one = studio(DROPDUB_FAILPOINTS=f"run.1.say.end=kill@{tmp_path / 'killed'}")
    dub, aside = long_dub(prepared(tmp_path / "dub"), lines=60), payload(tmp_path / "aside", "say", {"text": TEXT})
    one.submit(MAIN, dub)
    one.wait_for(lambda: one.pool.free_for_aside() > 0, "the worker to take an aside")
    one.submit(1, aside, aside=True)
    one.wait_for(lambda: bool(one.ended()), "the aside to fail")
    [event] = map(one.outcome, one.ended())
    assert isinstance(event, StepFailed) and isinstance(event.error, WorkerDied)
    assert (event.step_id, event.exit_code) == (1, -signal.SIGKILL)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "aside" / "said").glob("*.wav")}
    assert len(kept) == 3
    one.said.clear()
    one.submit(1, aside, token=2, aside=True)
    one.wait_for(lambda: len(one.ended()) == 2, "both to end")
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "finished pieces were not spoken again"
    assert all(isinstance(one.outcome(step), Completed) for step in (MAIN, 1))


# -- a line of a dub, in the voice that it has there -------------------------------------------------------------------


class FakeCloner:
    """Clones voices: remembers of what. No such engine is light enough for a test."""

    name, clones, sample_rate = "fake", True, 16_000

    def __init__(self) -> None:
        self.heard: list[bytes | None] = []

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1", {})

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float, take: int = 0) -> Any:
        self.heard.append(voice.reference.read_bytes() if voice and voice.reference else None)
        return np.full(8_000, 0.1, np.float32)


@dataclass
class FakeEngines:
    """Provides that engine for everything."""

    cloner: FakeCloner

    def synthesizer(self, _name: str, *, language: str) -> FakeCloner:
        assert language == "pt"
        return self.cloner


def test_a_line_is_said_in_the_voice_of_its_speaker_as_long_as_that_is_kept(tmp_path: Path) -> None:
    reference = tmp_path / "voice.S1.wav"
    with wav.WavWriter(reference, 16_000) as writer:
        writer.write(np.full(16_000, 0.2, np.float32))
    casting, cloner = Casting(Voice("S1", reference), durable.sha256(reference), is_own=True), FakeCloner()
    engines: Any = FakeEngines(cloner)
    caches = {"kept": Cache(tmp_path / "cache", max_bytes=10_000_000), "lost": Cache(None, max_bytes=0)}
    keep_references(caches["kept"], [casting])
    for name, where in caches.items():
        params = {"text": "Bom dia.", "language": "pt", "speaker": "S1", "reference": casting.identity}
        given = payload(tmp_path / name, "say", params)
        task = task_of(given, token=1, deadline_s=60.0, engines=engines, cache=where, progress=lambda _share: None)
        for folder in (task.scratch, task.results):
            assert folder is not None
            folder.mkdir(parents=True)
        result = stage_named("say")(task)
        assert (result["cloned"], result["speaker"]) == (name == "kept", "S1")
        assert ("no longer kept" in " ".join(result["warnings"])) == (name == "lost")
    assert cloner.heard == [reference.read_bytes(), None]
