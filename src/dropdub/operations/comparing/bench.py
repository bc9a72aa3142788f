"""Run single steps in workers that no daemon knows, with the deadlines and limits that a daemon's workers have.

Nothing is written to the root: the steps' files, and the workers' locks and temporary files, are in a folder that is
removed afterwards. The cache of the root is neither read nor filled.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropdub.config import Config, JobOptions
from dropdub.daemon.steps.deadlines import deadline_s
from dropdub.daemon.steps.pools import make_pool
from dropdub.pipeline.artifacts import result_name, scratch_name
from dropdub.pipeline.facts import Facts
from dropdub.pool.events import Completed, Progressed, Started, StepFailed
from dropdub.pool.messages import Run
from dropdub.pool.pool import Pool
from dropdub.root import Root

POLL_S = 0.1
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Done:
    """A step that has succeeded. `load_s`: the time until its worker was ready; `peak`: bytes, of its process tree."""

    result: Mapping[str, Any]
    seconds: float
    load_s: float
    peak: int


@dataclass(frozen=True)
class Subject:
    """What a step works on: a file, the folder with its artifacts, and the results of earlier steps, by their names."""

    source: Path
    folder: Path
    kind: str = ""
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def pieces(self) -> Path:
        """Where a step writes what it makes piece by piece."""
        return self.folder / "pieces"

    def having(self, stage: str, result: Mapping[str, Any]) -> Subject:
        """Return it after a step."""
        kind = str(result["kind"]) if stage == "probe" else self.kind
        return Subject(self.source, self.folder, kind, {**self.results, stage: result})


class Bench:
    """Starts workers for a root with a configuration; `folder` takes their files."""

    def __init__(self, root: Root, config: Config, folder: Path) -> None:
        self._root, self._config, self._folder = root, _uncached(config), folder
        self._numbers = itertools.count(1)

    @contextlib.contextmanager
    def worker(
        self,
        pool: str,
        job: JobOptions | None = None,
        use: Mapping[str, str] | None = None,
        *,
        preload: bool = True,
    ) -> Iterator[Worker]:
        """Yield a worker of a pool, which ends with the block.

        `use` are models that replace those in `models.use`, by engine. `preload`: whether it loads the pool's engine,
        as `job` names it, before there is work.
        """
        models = self._config.models
        config = self._config.model_copy(
            update={
                "job": job or self._config.job,
                "preload": preload,
                "models": models.model_copy(update={"use": {**models.use, **(use or {})}, "fallback": "none"}),
            }
        )
        run_dir = self._folder / f"run-{next(self._numbers)}"
        run_dir.mkdir(mode=0o700, parents=True)
        wake = threading.Event()
        made = make_pool(self._root, config, pool, wake.set, run_dir=run_dir)
        try:
            yield Worker(made, wake, self._root, config)
        finally:
            made.stop(grace_s=0.0)


@dataclass(frozen=True)
class Worker:
    """A worker that runs one step at a time."""

    pool: Pool
    wake: threading.Event
    root: Root
    config: Config
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(
        self,
        stage: str,
        subject: Subject,
        *,
        params: Mapping[str, Any] | None = None,
        target: str | None = None,
        progress: Progress = lambda _share: None,
    ) -> Done:
        """Run a step to its end, and return its result; `progress` gets the completed share.

        Raises the error of the step, or of its worker: WorkerDied, OutOfMemory, DeadlineExceeded and Stalled.
        """
        number, began = next(self.numbers), time.monotonic()
        self.pool.submit(self._run(number, stage, subject, params or {}, target), now=began)
        ready = began
        while True:
            self.wake.wait(POLL_S)
            self.wake.clear()
            for event in self.pool.tick(time.monotonic()):
                if isinstance(event, Started):
                    ready = time.monotonic()
                elif isinstance(event, Progressed):
                    progress(event.share)
                elif isinstance(event, Completed):
                    return Done(event.result, event.seconds, ready - began, event.peak_memory)
                elif isinstance(event, StepFailed):
                    raise event.error

    def _run(self, number: int, stage: str, subject: Subject, params: Mapping[str, Any], target: str | None) -> Run:
        allowed_s = deadline_s(
            stage,
            params=params,
            facts=Facts(subject.results),
            size=subject.source.stat().st_size,
            settings=self.config.deadlines,
        )
        return Run(number, 1, allowed_s, self._payload(number, stage, subject, params, target))

    def _payload(
        self, number: int, stage: str, subject: Subject, params: Mapping[str, Any], target: str | None
    ) -> dict[str, Any]:
        """Return what the scheduler of a daemon would send of the step; see `pipeline.task.Task`."""
        key = f"{stage}/{number}"
        return {
            "key": key,
            "stage": stage,
            "target": target,
            "params": dict(params),
            "job_id": 0,
            "job_name": subject.source.name,
            "kind": subject.kind,
            "source": str(subject.source),
            "companion": None,
            "job_dir": str(subject.folder),
            "scratch": str(subject.folder / scratch_name(key, 1)),
            "result_file": str(subject.folder / result_name(key, 1)),
            "results": str(subject.pieces),
            "voices": str(self.root.voices),
            "options": self.config.job.model_dump(mode="json"),
            "limits": self.config.limits.model_dump(mode="json"),
            "split": self.config.split.model_dump(mode="json"),
            "facts": dict(subject.results),
        }


def _uncached(config: Config) -> Config:
    return config.model_copy(update={"cache": config.cache.model_copy(update={"enabled": False})})
