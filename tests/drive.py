"""A job driven stage by stage in this process, in the order of its plan: what the supervisor and its workers do."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions, Limits, Split
from dropdub.engines.registry import EngineRegistry
from dropdub.files.durable import sha256
from dropdub.pipeline.artifacts import scratch_name
from dropdub.pipeline.cache import Cache
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.plan import job_facts, plan
from dropdub.pipeline.task import EngineProvider, Task, task_of
from dropdub.stages import stage_named
from dropdub.store.steps import StepSpec
from dropdub.translations import ENGLISH

DEADLINE_S = 60.0
LIGHT = JobOptions(transcriber="pocketsphinx", translator="apertium", synthesizer="espeak-ng", speakers="one")


@dataclass
class Drive:
    """One job on `source`, its work folder and outbox in `folder`."""

    source: Path
    folder: Path
    options: JobOptions = LIGHT
    limits: Limits = field(default_factory=lambda: Limits.model_validate({"min_free_disk": 1_000_000}))
    split: Split = field(default_factory=Split)
    engines: EngineProvider = field(default_factory=EngineRegistry)
    cache: Cache = field(default_factory=lambda: Cache(None, max_bytes=0))
    name: str | None = None
    companion: Path | None = None
    before: Path | None = None
    nearby: str | None = None
    report_language: str = ENGLISH
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    shares: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.job_dir.mkdir(parents=True, exist_ok=True)
        self.outbox.mkdir(parents=True, exist_ok=True)

    @property
    def job_dir(self) -> Path:
        return self.folder / "work" / "1"

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    @property
    def staging(self) -> Path:
        return self.outbox / ".dropdub-1-0123456789abcdef"

    @property
    def published(self) -> dict[str, Path]:
        return {path.name: path for path in self.outbox.iterdir() if path.is_file()}

    @property
    def warnings(self) -> list[str]:
        return [text for result in self.facts.values() for text in result.get("warnings", ())]

    def run(self, *, until: str | None = None) -> Drive:
        """Run all steps, or those before the first of stage `until`."""
        while (step := self._next()) is not None and step.stage != until:
            self.run_step(step)
        return self

    def run_step(self, step: StepSpec) -> dict[str, Any]:
        """Run one step; its result crosses as JSON, and what it staged is published by renames."""
        started = time.monotonic()
        result = json.loads(json.dumps(stage_named(step.stage)(self.task(step))))
        for item in result.get("deliverables", ()):
            (self.staging / item["name"]).rename(self.outbox / item["name"])
        self.columns |= job_facts(step.stage, result)
        self.facts[step.key] = {**result, "seconds": round(time.monotonic() - started, 3)}
        return self.facts[step.key]

    def task(self, step: StepSpec) -> Task:
        payload = json.loads(json.dumps(self._payload(step), default=str))
        progress = self.shares.setdefault(step.key, []).append
        return task_of(
            payload, token=1, deadline_s=DEADLINE_S, engines=self.engines, cache=self.cache, progress=progress
        )

    def _payload(self, step: StepSpec) -> dict[str, Any]:
        return {
            "key": step.key,
            "stage": step.stage,
            "target": step.target,
            "params": dict(step.params),
            "job_id": 1,
            "job_name": self.name or self.source.name,
            "kind": self.columns.get("kind", ""),
            "source": self.source,
            "companion": self.companion,
            "before": self.before,
            "before_sha256": sha256(self.before) if self.before and self.before.is_file() else None,
            "job_dir": self.job_dir,
            "scratch": self.job_dir / scratch_name(step.key, 1),
            "staging": self.staging,
            "voices": self.folder / "voices",
            "options": self.options.model_dump(mode="json"),
            "limits": self.limits.model_dump(mode="json"),
            "split": self.split.model_dump(mode="json"),
            "facts": self.facts,
            "nearby": self.nearby,
            "report_language": self.report_language,
        }

    def plan(self) -> tuple[StepSpec, ...]:
        return plan(self.options, Facts(self.facts))

    def step(self, key: str) -> StepSpec:
        return next(step for step in self.plan() if step.key == key)

    def _next(self) -> StepSpec | None:
        return next((step for step in self.plan() if step.key not in self.facts), None)
