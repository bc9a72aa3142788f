from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from dropdub.config import JobOptions
from dropdub.engines.base import EngineInfo, Suspect, Utterance, Window
from dropdub.errors import Stalled
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import AUDIO, SPEECH, Transcript, chunk_name, save_spans
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.task import Task
from dropdub.speech.vad import Span
from dropdub.stages.transcribe import run

SPEECH_AT = [Span(1.0, 25.0), Span(30.0, 55.0), Span(60.0, 85.0)]


class FakeTranscriber:
    """Hears the number of each second; it fails after as many windows as `survives` says."""

    name = "fake"

    def __init__(self, survives: int) -> None:
        self.heard: list[float] = []
        self._survives = survives
        self._suspects: list[Suspect] = []

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1", {})

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
        for window in windows:
            if len(self.heard) == self._survives:
                raise Stalled("It hangs.")
            self.heard.append(window.start)
            self._suspects.append(Suspect(window.start, window.start + 1, "boo", "kept"))
            yield (Utterance(window.start, window.start + 2, f"{language} {window.start:.0f}"),)

    def suspects(self) -> tuple[Suspect, ...]:
        found, self._suspects = self._suspects, []
        return tuple(found)


def attempt(folder: Path, engine: FakeTranscriber, shares: list[float]) -> dict[str, Any]:
    with wav.WavWriter(folder / AUDIO, 16_000) as writer:
        writer.write(np.zeros(90 * 16_000, np.float32))
    save_spans(folder / SPEECH, SPEECH_AT)
    task = SimpleNamespace(
        options=JobOptions(language="en"),
        engines=SimpleNamespace(
            transcriber=lambda _name, language: engine, require_transcriber=lambda _name, language: None
        ),
        voices=folder / "voices",
        job_dir=folder,
        job_name="talk.wav",
        params={"start": 0.0, "end": 90.0, "ordinal": 0},
        cache=Cache(folder / "cache", max_bytes=10_000_000),
        facts=Facts({"probe": {"kind": "media", "size": 1, "video": None}}),
        progress=shares.append,
        run_asides=lambda: None,
    )
    return run(cast("Task", task))


def test_windows_that_an_attempt_has_heard_before_it_was_ended_are_not_heard_again(tmp_path: Path) -> None:
    whole, stalling, again = FakeTranscriber(99), FakeTranscriber(2), FakeTranscriber(99)
    (tmp_path / "whole").mkdir()
    attempt(tmp_path / "whole", whole, [])
    with pytest.raises(Stalled):
        attempt(tmp_path, stalling, [])
    shares: list[float] = []
    attempt(tmp_path, again, shares)
    assert len(whole.heard) == 3 and stalling.heard + again.heard == whole.heard
    assert shares == [1.0], "what was heard before counts as done"
    expected = Transcript.load(tmp_path / "whole" / chunk_name(0))
    found = Transcript.load(tmp_path / chunk_name(0))
    assert found == expected and [one.id for one in found.segments] == [0, 1, 2] and len(found.suspects) == 3
