"""The interface of a stage: a function that reads and writes named artifacts, run in a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from dropdub.config import JobOptions, Limits, Split
from dropdub.engines.base import Diarizer, Separator, SoundMeter, Synthesizer, Transcriber, Translator
from dropdub.languages import Hint
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.companion import Companion
from dropdub.pipeline.dropped_file import DroppedFile
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.failed_target import FailedTarget
from dropdub.pipeline.work_folder import WorkFolder
from dropdub.translations import ENGLISH

Result = dict[str, Any]
"""What a stage returns, as JSON. `warnings` is a list of sentences; publish steps return `deliverables`. The planner
and the job row read the keys that `plan.py` names."""


class EngineProvider(Protocol):
    """Provides stages with loaded engines, by name or `auto`. Raises EngineMissing."""

    def transcriber(self, name: str, *, language: str | None = None) -> Transcriber:
        """Return a transcriber; `auto` is the best one for `language`, if given. Raises UnsupportedLanguage."""

    def translator(self, name: str, *, source: str, target: str) -> Translator:
        """Return a translator; `auto` is the best one for the pair. Raises UnsupportedLanguage if there is none."""

    def require_pair(self, name: str, *, source: str, target: str) -> None:
        """Raise what `translator` would raise for an unsupported pair, without loading anything."""

    def translates(self, name: str, *, source: str, target: str) -> bool:
        """Return whether `translator` would return one now, without loading anything."""

    def require_transcriber(self, name: str, *, language: str | None) -> None:
        """Raise what `transcriber` would raise, without loading anything."""

    def require_synthesizer(self, name: str, *, language: str, voice: str | None) -> None:
        """Raise what `synthesizer` would raise, or VoiceMissing if it lacks a voice, without loading anything."""

    def require_diarizer(self, name: str) -> None:
        """Raise what `diarizer` would raise, without loading anything."""

    def understood(self, name: str) -> frozenset[str] | None:
        """Return the languages that a transcriber understands, or any of them for `auto`; None if none is usable."""

    def synthesizer(self, name: str, *, language: str) -> Synthesizer:
        """Return a synthesizer; `auto` is the best one for `language`. Raises UnsupportedLanguage if there is none."""

    def speaks(self, name: str, *, language: str) -> bool:
        """Return whether `synthesizer` would return one now, without loading anything."""

    def with_voice(self, name: str, *, language: str, voice: str) -> str:
        """Return the name of the synthesizer that has a voice of its own: for `auto` the best, if any; else `name`."""

    def offers_diarizer(self, name: str) -> bool:
        """Return whether `diarizer` would return an engine, without loading anything."""

    def lacking_diarizer(self, name: str) -> str | None:
        """Return what to download if only the model of a diarizer is missing, as a sentence."""

    def diarizer(self, name: str) -> Diarizer | None:
        """Return a diarizer; `auto` is the best one, None if none can be used now."""

    def separator(self, name: str) -> Separator | None:
        """Return a separator; `auto` is the best one, None if none can be used now."""

    def no_separator(self) -> str:
        """Return why `auto` is no separator, as the end of a sentence, and the command that changes it."""

    def measures_sound(self) -> bool:
        """Return whether `sound_meter` would return one, without loading anything."""

    def sound_meter(self) -> SoundMeter | None:
        """Return what rates the sound of speech; None if it is not installed."""


@dataclass(frozen=True)
class Task:
    """One step as its stage sees it. Paths are absolute.

    Only stages take a task: what they call takes the values it needs.

    `facts` are the results of the job's earlier steps. `scratch` is removed with the step and is on the file system of
    `job_dir`. `progress` takes the share done, 0 to 1. `deadline_s` is the time left for this step. A publish step
    puts deliverables into `staging`; below `allowed`, a folder around it, no link is followed. A step whose result is
    wanted piece by piece puts the pieces into `results` and passes the number of each to `report_piece` at once. A step
    that closes the job gets the targets that `failed`. The report speaks `report_language`. `nearby` is the language of
    most files that were dropped beside the source. `run_asides` runs the short steps that wait for this worker:
    `progress` calls it, and a stage may let an engine call it while it works in threads.
    """

    key: str
    stage: str
    target: str | None
    params: Mapping[str, Any]
    token: int
    job_id: int
    job_name: str
    kind: str
    source: Path
    job_dir: Path
    scratch: Path
    voices: Path
    options: JobOptions
    limits: Limits
    split: Split
    facts: Facts
    engines: EngineProvider
    cache: Cache
    deadline_s: float
    staging: Path | None = None
    allowed: Path | None = None
    results: Path | None = None
    companion: Companion | None = None
    failed: tuple[FailedTarget, ...] = ()
    report_language: str = ENGLISH
    nearby: str | None = None
    progress: Callable[[float], None] = field(default=lambda _share: None)
    report_piece: Callable[[int], None] = field(default=lambda _number: None)
    run_asides: Callable[[], None] = field(default=lambda: None)
    log: Callable[[str], None] = field(default=lambda _text: None)

    @property
    def dropped(self) -> DroppedFile:
        """Return the source, for a step after `probe`. Raises FactsMissing."""
        return DroppedFile(self.job_name, self.source, self.facts.probe)

    @property
    def hint(self) -> Hint:
        """Return what is known of the language of a text or subtitle."""
        return Hint(self.options.known_language, self.nearby)

    @property
    def work(self) -> WorkFolder:
        return WorkFolder(self.job_dir, self.scratch)

    def prepared_scratch(self) -> Path:
        """Return `scratch`, creating it if necessary."""
        return self.work.prepared_scratch()


Stage = Callable[[Task], Result]


def task_of(
    payload: Mapping[str, Any],
    *,
    token: int,
    deadline_s: float,
    engines: EngineProvider,
    cache: Cache,
    progress: Callable[[float], None],
    report_piece: Callable[[int], None] = lambda _number: None,
    log: Callable[[str], None] = lambda _text: None,
) -> Task:
    """Return the task that the scheduler described in `payload`, the JSON that a worker gets of a step."""
    facts = Facts(payload["facts"])
    return Task(
        key=payload["key"],
        stage=payload["stage"],
        target=payload["target"],
        params=payload["params"],
        token=token,
        job_id=payload["job_id"],
        job_name=payload["job_name"],
        kind=payload["kind"],
        source=Path(payload["source"]),
        job_dir=Path(payload["job_dir"]),
        scratch=Path(payload["scratch"]),
        voices=Path(payload["voices"]),
        options=JobOptions.model_validate(payload["options"]),
        limits=Limits.model_validate(payload["limits"]),
        split=Split.model_validate(payload["split"]),
        facts=facts,
        engines=engines,
        cache=cache,
        deadline_s=deadline_s,
        staging=_path(payload.get("staging")),
        allowed=_path(payload.get("allowed")),
        results=_path(payload.get("results")),
        companion=_companion(payload),
        failed=tuple(FailedTarget(**one) for one in payload.get("failed", ())),
        report_language=payload.get("report_language", ENGLISH),
        nearby=facts.nearby or payload.get("nearby"),
        progress=progress,
        report_piece=report_piece,
        log=log,
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _companion(payload: Mapping[str, Any]) -> Companion | None:
    path = _path(payload.get("companion"))
    if path is None:
        return None
    facts = Facts(payload["facts"])
    stated = JobOptions.model_validate(payload["options"]).known_language
    language = stated or facts.stated_language or facts.nearby
    return Companion(
        path,
        _path(payload.get("before")),
        payload.get("before_sha256"),
        language,
        facts.frame_rate,
        film=payload["job_name"],
        speakers=payload.get("speakers") or {},
    )


def describes(task: Task, *, target: str | None = None) -> bool:
    """Return whether the lines of a job may describe sounds and speakers that are not to be spoken.

    Those of a user's subtitle may: of the transcript, or of the translation into `target`. What a transcriber wrote is
    spoken as it is.
    """
    return has_brought_lines(task, target=target) and not task.options.subtitles.speak_descriptions


def has_brought_lines(task: Task, *, target: str | None = None) -> bool:
    """Return whether the lines of a job are a user's: those of the transcript, or of the translation into `target`."""
    probe = task.facts.probe
    brought = probe.brought_transcript or (target is not None and probe.brought_target == target)
    return task.kind == "subtitle" or (task.kind != "text" and brought)


def target_of(task: Task) -> str:
    """Return the target language of a step that has one."""
    assert task.target is not None
    return task.target
