"""What a client that waits for a job has to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dropdub.stage_table import ENGINE_POOLS
from dropdub.store.states import ENDED, JobState, Priority, StepState
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows, decoded

PACE_OF_STEPS = 50
"""How many of the newest steps show how fast requests are served."""
_SHORT = f"step.priority = {Priority.INTERACTIVE:d} AND step.stage = 'say'"
"""The condition for a step that speaks a text for which somebody waits."""


@dataclass(frozen=True)
class AnswerStep:
    """A step of the job's round. `result` and `error` as in its row, empty if there is none."""

    key: str
    stage: str
    state: str
    result: Mapping[str, Any]
    error: Mapping[str, Any]


@dataclass(frozen=True)
class AnswerView:
    """A job as somebody sees it who waits for its result. `published` is the folder of its outputs."""

    id: int
    name: str
    state: str
    verdict: str | None
    reason: str | None
    remedy: str | None
    waiting_for: str | None
    warnings: tuple[str, ...]
    language: str | None
    duration_s: float | None
    published: str | None
    batch: str | None
    steps: tuple[AnswerStep, ...]

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def has_succeeded(self) -> bool:
        return self.state == JobState.SUCCEEDED

    @property
    def has_begun(self) -> bool:
        """Return whether any step was ever claimed."""
        return any(step.state != StepState.QUEUED for step in self.steps)

    @property
    def error(self) -> Mapping[str, Any] | None:
        """Return the error of the step that failed, as `DropdubError.to_dict` gives it; None if none did."""
        return next((step.error for step in self.steps if step.state == StepState.FAILED and step.error), None)

    def result(self, stage: str) -> Mapping[str, Any] | None:
        """Return the result of the last succeeded step of a stage; None if there is none."""
        done = [step.result for step in self.steps if step.stage == stage and step.state == StepState.SUCCEEDED]
        return done[-1] if done else None


@dataclass(frozen=True)
class BatchEntry:
    """A job of a batch. `label` is the client's own name for it."""

    job_id: int
    name: str
    state: str
    label: str | None


@dataclass(frozen=True)
class WorkTime:
    """When work began, in epoch seconds, and how many seconds it took; None as long as it is under way."""

    started_at: float
    seconds: float | None


@dataclass(frozen=True)
class Load:
    """The texts that wait to be spoken, for which somebody waits: their number, and their characters.

    `pace_s`: the seconds that a character of the last ones took, by the same count; None if there were none.
    """

    waiting: int
    characters: int
    pace_s: float | None = None


def answer_view(rows: Rows, job: Row) -> AnswerView:
    """Return the view of a job's row."""
    sql = """SELECT key, stage, state, result, error FROM step
             WHERE job_id = :job AND round = :round ORDER BY phase, id"""
    steps = rows(sql, job=job["id"], round=job["round"])
    return AnswerView(
        id=job["id"],
        name=job["name"],
        state=job["state"],
        verdict=job["verdict"],
        reason=job["reason"],
        remedy=job["remedy"],
        waiting_for=job["waiting_for"],
        warnings=tuple(decoded(job["warnings"])),
        language=job["language"],
        duration_s=job["duration_s"],
        published=job["published"],
        batch=job["batch"],
        steps=tuple(map(_step, steps)),
    )


def batch_entries(rows: Rows, batch: str) -> list[BatchEntry]:
    """Return the jobs of a batch, in the order of its items."""
    found = rows("SELECT id, name, state, request FROM job WHERE batch = :batch ORDER BY id", batch=batch)
    return [BatchEntry(row["id"], row["name"], row["state"], decoded(row["request"]).get("label")) for row in found]


def step_results(rows: Rows, batch: str, after: int) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the jobs of a batch that succeeded with one step, and its result, in order; with ids above `after`."""
    sql = """SELECT job.id, step.result FROM job JOIN step ON step.job_id = job.id
             WHERE job.batch = :batch AND job.id > :after AND step.state = 'succeeded' ORDER BY job.id"""
    return [(row["id"], decoded(row["result"]) or {}) for row in rows(sql, batch=batch, after=after)]


def work_times(rows: Rows, jobs: Sequence[int]) -> dict[int, WorkTime]:
    """Return when the last work on each of these jobs began, and how long it took."""
    found = {}
    for job in jobs:
        sql = """SELECT attempt.started_at, attempt.seconds FROM attempt JOIN step ON step.id = attempt.step_id
                 WHERE step.job_id = :job ORDER BY attempt.id DESC LIMIT 1"""
        for row in rows(sql, job=job):
            found[job] = WorkTime(row["started_at"], row["seconds"])
    return found


def load(rows: Rows) -> Load:
    """Return the texts that wait to be spoken and whose jobs can continue; not the chunks of a long recording."""
    sql = f"""SELECT count(*) AS waiting, sum(length(CAST(step.params AS TEXT))) AS characters FROM step
              JOIN job ON job.id = step.job_id
              WHERE step.state = 'queued' AND job.state IN ('queued', 'running') AND {_SHORT}"""
    [row] = rows(sql)
    return Load(row["waiting"], row["characters"] or 0, _pace_s(rows))


def _pace_s(rows: Rows) -> float | None:
    # Among the newest steps only, so that the query takes no longer in a database with many.
    sql = f"""SELECT sum(attempt.seconds) AS seconds, sum(length(CAST(step.params AS TEXT))) AS characters FROM step
              JOIN attempt ON attempt.step_id = step.id AND attempt.outcome = 'succeeded'
              WHERE step.id > (SELECT max(id) FROM step) - :newest AND step.state = 'succeeded' AND {_SHORT}"""
    [row] = rows(sql, newest=PACE_OF_STEPS)
    return row["seconds"] / row["characters"] if row["characters"] and row["seconds"] else None


def last_engines(rows: Rows) -> dict[str, dict[str, Any]]:
    """Return the engine in the result of each pool's last step that used one, by role."""
    sql = "SELECT result FROM step WHERE pool = :pool AND state = 'succeeded' ORDER BY id DESC LIMIT 20"
    found: dict[str, dict[str, Any]] = {}
    for pool, described in ENGINE_POOLS.items():
        results = (decoded(row["result"]) or {} for row in rows(sql, pool=pool))
        engine = next((result["engine"] for result in results if result.get("engine")), None)
        if engine is not None:
            found[described.role] = dict(engine)
    return found


def _step(row: Row) -> AnswerStep:
    result, error = decoded(row["result"]) or {}, decoded(row["error"]) or {}
    return AnswerStep(row["key"], row["stage"], row["state"], result, error)
