"""A translation that is too long for its time: spoken in fewer words, then faster, and reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, ClassVar

import pytest

from dropdub.engines.base import EngineInfo, EngineSettings
from dropdub.engines.offers import GROUP
from dropdub.engines.registry import EngineRegistry
from dropdub.media.sound import wav
from dropdub.pipeline.artifacts import Transcript
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.spoken_lines import load_spoken
from tests.drive import LIGHT, Drive

WORDY = (
    "Por consiguiente, queridísimos conciudadanos míos, os lo digo con toda la claridad de la que soy capaz hoy aquí."
)
BRIEF = "Conciudadanos, os lo digo claramente."
SINGLE = "Sí."


class FakeWordyTranslator:
    """Offers for each text a much longer wording and a brief one."""

    name: ClassVar[str] = "wordy"
    role: ClassVar[str] = "translator"
    rank: ClassVar[int] = 1
    asked: ClassVar[list[str]] = []

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Accept the settings that all engines get."""

    @classmethod
    def unavailable(cls) -> str | None:
        return None

    def load(self) -> None:
        """Load nothing."""

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, "1")

    def supports(self, source: str, target: str) -> bool:
        return True

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        return [WORDY for _ in texts]

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> list[tuple[str, ...]]:
        self.asked.extend(texts)
        # The likeliest is used if it is no more than a fifth longer than the text: so all have this one's length.
        return [(WORDY[: max(len(text), len(SINGLE))], BRIEF[: len(text) // 2]) for text in texts]


@pytest.fixture
def driven(tmp_path: Path, speech: Path, shared_cache: Cache) -> Callable[..., Drive]:
    def made(cache: Cache | None = None, **options: Any) -> Drive:
        entry = EntryPoint("wordy", f"{__name__}:FakeWordyTranslator", GROUP)
        settings = LIGHT.overridden({"translator": "wordy", "targets": ["es"], **options})
        folder = tmp_path / f"root{len(list(tmp_path.iterdir()))}"
        engines = EngineRegistry([*entry_points(group=GROUP), entry])
        return Drive(speech, folder, settings, engines=engines, cache=cache or shared_cache)

    return made


def slowly(job: Drive, factor: float) -> Drive:
    """Shorten the time of all lines by `factor`, as if they had been said faster."""
    for name in ("transcript.json", "translation.es.json"):
        said = json.loads((job.job_dir / name).read_text(encoding="utf-8"))
        for one in said["segments"]:
            one["start"], one["end"] = one["start"] / factor, one["end"] / factor
        said["duration_s"] = said["duration_s"] / factor
        (job.job_dir / name).write_text(json.dumps(said), encoding="utf-8")
    return job


def test_shorter_wordings_are_kept_beside_the_translation_and_in_the_cache(
    driven: Callable[..., Drive], tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "cache", max_bytes=1_000_000)
    jobs = [driven(cache).run(until="synthesize") for _ in range(2)]
    first, again = (Transcript.load(job.job_dir / "translation.es.json") for job in jobs)
    assert first == again and len(FakeWordyTranslator.asked) == len(set(FakeWordyTranslator.asked))
    lines = [one for one in first.segments if len(one.text) > 30]
    assert lines and all(len(one.shorter) >= 1 and len(one.shorter[0]) < len(one.text) for one in lines)


def test_lines_that_do_not_fit_are_spoken_in_fewer_words_verified_and_reported(driven: Callable[..., Drive]) -> None:
    job = slowly(driven().run(until="synthesize"), 3.0)
    job.run_step(job.step("synthesize/es"))
    translation = {one.id: one for one in Transcript.load(job.job_dir / "translation.es.json").segments}
    lines = load_spoken(job.job_dir / "spoken.es.json")
    shortened = [line for line in lines if line.wording]
    assert shortened and all(line.text == translation[line.id].shorter[line.wording - 1] for line in shortened)
    numbers = ", ".join(str(line.id + 1) for line in shortened)
    (said,) = [text for text in job.warnings if "a shorter wording" in text]
    assert f" {numbers} " in said
    folder = job.job_dir / "speech.es"
    assert all((folder / line.file()).exists() and (folder / f"{line.id:04d}.wav").exists() for line in shortened)
    fast = [line for line in lines if line.rate > 1]
    assert fast, "what still does not fit is spoken faster"
    for line in fast:
        usual = line.file().replace(f".x{round(line.rate * 100)}", "")
        assert wav.duration_s(folder / line.file()) < wav.duration_s(folder / usual)


def test_second_run_speaks_nothing_again_and_makes_same_choices(driven: Callable[..., Drive]) -> None:
    job = slowly(driven().run(until="synthesize"), 3.0)
    job.run_step(job.step("synthesize/es"))
    folder = job.job_dir / "speech.es"
    before = {path.name: path.stat().st_ino for path in folder.iterdir()}
    chosen = (job.job_dir / "spoken.es.json").read_bytes()
    job.run_step(job.step("synthesize/es"))
    assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before
    assert (job.job_dir / "spoken.es.json").read_bytes() == chosen


def test_dub_uses_chosen_files_and_counts_them(driven: Callable[..., Drive]) -> None:
    job = slowly(driven().run(until="synthesize"), 3.0).run(until="mux")
    report = json.loads((job.job_dir / "fit.es.json").read_text(encoding="utf-8"))
    shortened = {line.id for line in load_spoken(job.job_dir / "spoken.es.json") if line.wording}
    assert {number for one in report["utterances"] if one["shortened"] for number in one["segments"]} >= shortened
    assert report["totals"]["shortened"] > 0 and report["totals"]["sped_up"] > 0
    assert all(one["stretch"] <= 1.401 for one in report["utterances"])
    ends = [one["end"] for one in report["utterances"]]
    starts = [one["start"] for one in report["utterances"]]
    assert all(end <= start + 1e-3 for end, start in zip(ends, starts[1:], strict=False))
