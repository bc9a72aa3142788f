from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import soundfile

from dropdub.engines.base import EngineInfo, Transcriber, Window
from dropdub.media.sound.spans import Span
from dropdub.pipeline.artifacts import AUDIO, SPEECH, save_spans
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.speech.language import spoken_language, spread


class FakeListener:
    """Hears a language in the windows that begin at certain seconds, and no voice in the others."""

    name = "listener"

    def __init__(self, languages: dict[float, str]) -> None:
        self._languages = languages
        self.asked: list[list[float]] = []

    def info(self) -> EngineInfo:
        return EngineInfo("listener", "1")

    def detect_language(self, windows: Sequence[Window]) -> str:
        self.asked.append([window.start for window in windows])
        return next((self._languages[one.start] for one in windows if one.start in self._languages), "und")


def listened(tmp_path: Path, languages: dict[float, str], *, cache: Cache | None = None) -> tuple[str, FakeListener]:
    """Ask for the language of seventy seconds with ten windows of a second, each after a long pause."""
    job_dir = tmp_path / "job"
    job_dir.mkdir(exist_ok=True)
    soundfile.write(job_dir / AUDIO, np.random.default_rng(0).normal(0, 0.1, 70 * 16_000), 16_000)
    save_spans(job_dir / SPEECH, [Span(7.0 * n, 7.0 * n + 1 + n / 100) for n in range(10)])
    engine = FakeListener(languages)
    cache = cache or Cache(None, max_bytes=0)
    work = WorkFolder(job_dir, tmp_path)
    return spoken_language(cast(Transcriber, engine), work, cache, longest_s=30.0, stated="por"), engine


def test_windows_from_the_whole_recording_are_sampled(tmp_path: Path) -> None:
    language, engine = listened(tmp_path, {7.0: "en", 63.0: "es"})
    assert language == "en"
    assert engine.asked == [[7.0, 21.0, 35.0, 49.0, 63.0]]


def test_if_windows_have_no_voice_the_next_ones_are_sampled(tmp_path: Path) -> None:
    language, engine = listened(tmp_path, {28.0: "es"})
    assert language == "es"
    assert len(engine.asked) == 2


def test_without_any_voice_the_language_is_the_one_tagged_in_the_file(tmp_path: Path) -> None:
    language, engine = listened(tmp_path, {})
    assert language == "pt"
    assert sorted(start for asked in engine.asked for start in asked) == [7.0 * n for n in range(10)]


def test_language_is_detected_once_for_all_chunks_and_cached_for_other_jobs(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=1_000_000)
    listened(tmp_path, {7.0: "en"}, cache=cache)
    language, engine = listened(tmp_path, {}, cache=cache)
    assert (language, engine.asked) == ("en", []), "another chunk reads what the first wrote"
    (tmp_path / "job" / "language.json").unlink()
    language, engine = listened(tmp_path, {}, cache=cache)
    assert (language, engine.asked) == ("en", []), "another job has it from the cache"


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 23])
def test_every_window_is_in_one_group(count: int) -> None:
    spans = [Span(float(n), n + 0.5) for n in range(count)]
    groups = spread(spans, 5)
    assert sorted(span.start for group in groups for span in group) == [span.start for span in spans]
    assert all(0 < len(group) <= 5 for group in groups)
