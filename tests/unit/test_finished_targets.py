from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.daemon.context import Context
from dropdub.daemon.finished_targets import Carried, carried, finished_targets, forget_ended, keep_finished
from dropdub.pipeline.artifacts import TRANSCRIPT
from dropdub.store import transitions
from dropdub.store.states import StepState
from dropdub.store.tables import Job, Step
from dropdub.store.transitions import JobFacts
from tests.factories import NOW, a_context, a_queued_job, a_spec, an_ended_job, completed, failed

DUB = {"deliverables": [{"name": "clip.es.m4a", "size": 3}], "warnings": ["Line 1 is late."]}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with a_context(tmp_path, "") as made:
        yield made


def a_step(target: str | None, state: StepState) -> Step:
    return Step(job_id=1, key="x", stage="mix", phase=1, target=target, pool="media", state=state)


def test_a_target_is_finished_if_all_of_its_steps_have_succeeded() -> None:
    steps = [
        a_step(None, StepState.CANCELLED),
        *(a_step("es", StepState.SUCCEEDED) for _ in range(2)),
        *(a_step("fi", state) for state in (StepState.SUCCEEDED, StepState.FAILED)),
        a_step("fr", StepState.CANCELLED),
    ]
    assert finished_targets(steps) == {"es"}


def a_retried_job(context: Context) -> Job:
    """Return a job in its second round, with the transcript of the first; `es` was finished, `fi` failed."""
    store, root = context.store, context.root
    specs = [a_spec("publish/dub.es", phase=1, target="es"), a_spec("translate/fi", phase=1, target="fi")]
    job = a_queued_job(store, steps=specs)
    assert job.id is not None
    folder = root.job_dir(job.id)
    folder.mkdir(parents=True)
    for name in (TRANSCRIPT, "translation.es.json", "translation.fi.json", "fit.es.json"):
        (folder / name).write_text(f"{name} of round 1", encoding="utf-8")
    keep_finished(folder, root.kept_dir(job.id), ["es"])
    for name in ("translation.es.json", "fit.es.json"):
        (folder / name).unlink()
    outbox = root.outbox / "clip"
    outbox.mkdir(parents=True)
    (outbox / "clip.es.m4a").write_bytes(b"abc")
    transitions.claim_outbox(store, job.id, choose=lambda _taken: str(outbox))
    while claim := transitions.claim_step(store, pool="media", owner="run", now=NOW):
        if claim.step.target == "es":
            completed(store, claim, result=DUB, facts=JobFacts())
        else:
            failed(store, claim)
    return end_and_retry(context, job.id)


def end_and_retry(context: Context, id_: int) -> Job:
    given: dict[str, Any] = {"reason": None, "remedy": None, "destination": None, "now": NOW}
    transitions.begin_ending(context.store, id_, verdict="failed", **given)  # type: ignore[arg-type]
    transitions.finish_job(context.store, id_, source="clip.mp4", now=NOW)
    return transitions.retry_job(context.store, id_, now=NOW)


def test_finished_targets_are_carried_with_their_artifacts_and_outputs(context: Context) -> None:
    job = a_retried_job(context)
    found = carried(context, job)
    assert [step.key for step in found.steps] == ["publish/dub.es"]
    assert found.outputs == (str(context.root.outbox / "clip" / "clip.es.m4a"),)
    assert found.warnings == ("Line 1 is late.",)
    folder = context.root.job_dir(job.id or 0)
    assert (folder / "fit.es.json").read_text(encoding="utf-8") == "fit.es.json of round 1"
    assert carried(context, job).steps == found.steps, "it can be repeated"


def test_nothing_is_carried_if_the_transcript_is_another_one(context: Context) -> None:
    job = a_retried_job(context)
    (context.root.job_dir(job.id or 0) / TRANSCRIPT).write_text("another", encoding="utf-8")
    assert carried(context, job) == Carried()


def test_a_target_whose_files_are_gone_or_changed_is_not_carried(context: Context) -> None:
    job = a_retried_job(context)
    (context.root.outbox / "clip" / "clip.es.m4a").write_bytes(b"half")
    assert carried(context, job) == Carried()


def test_what_was_kept_is_removed_once_the_job_cannot_be_retried(context: Context) -> None:
    job = an_ended_job(context.store)
    assert job.id is not None
    for id_ in (job.id, 99):
        context.root.kept_dir(id_).mkdir(parents=True)
    forget_ended(context)
    assert [folder.name for folder in context.root.kept_dirs()] == [str(job.id)]
