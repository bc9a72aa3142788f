"""A database of this revision with a job in every state, as SQL: `python -m tests.released_schema` writes it.

To be run once for each new revision, before it is released; an existing dump is never replaced.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.migrations import HEAD_REVISION
from dropdub.store.states import JobState, Priority
from dropdub.store.steps import StepSpec
from dropdub.store.transitions import AskedJob, ReadUpTo
from tests.factories import (
    NOW,
    a_claiming_job,
    a_queued_job,
    a_running_job,
    a_spec,
    a_waiting_job,
    an_ended_job,
    an_ending_job,
    completed,
    failed,
)

SCHEMAS = Path(__file__).parent / "data" / "schemas"


def fill(store: Store) -> None:
    """Make a job in each state, steps in each state, attempts that ended in either way, events, a run, a control."""
    transitions.own_database(store, id_="root-1", path="/root-1", places={"work": "/root-1/work"})
    transitions.start_run(store, run_id="run-1", pid=7, pid_started=1.5, host="here", boot_id="boot", now=NOW)
    transitions.beat(store, "run-1", notes=["A note: ação 🎬."], shares={}, now=NOW + 1)
    transitions.pause_all(store)
    a_claiming_job(store, name="claiming ação 🎬.mp4")
    completed(store, a_running_job(store, name="running.mp4"), steps=[a_spec("extract", phase=1)])
    failed(store, a_running_job(store, name="broken.mp4", steps=[a_spec(), a_spec("mix/pt", phase=9, target="pt")]))
    a_running_job(store, name="under way.mp4")
    a_waiting_job(store, name="waiting.mp4")
    a_queued_job(store, name="queued.mp4", options={"targets": ["pt"]})
    an_ending_job(store, name="ending.mp4")
    for verdict in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED):
        an_ended_job(store, verdict, name=f"{verdict}.mp4")
    request = {"what": "say", "params": {"text": "Olá."}}
    steps = [StepSpec("say", "say", 0, None, "synthesize", request["params"])]
    transitions.ask_jobs(store, [AskedJob("Olá.", request, steps, options={}, key="key-1", batch="batch-1")], now=NOW)
    line = AskedJob("talk-000001", request, steps, options={}, priority=Priority.SOON)
    read = ReadUpTo("/talk.txt", "7:1234", offset=6, mark="5f", encoding="utf-8", lines=1)
    transitions.record_lines(store, "talk", [line], before=None, after=read, now=NOW)
    job = an_ending_job(store, JobState.SUCCEEDED, name="told.mp4")
    assert job.id is not None
    transitions.finish_job(store, job.id, source="/archive/told.mp4", now=NOW, channels=("webhook", "command"))


def dump() -> str:
    """Return a filled database of this program as SQL."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.db"
        with closing(Store.open(f"sqlite:///{file}")) as store:
            fill(store)
        with closing(sqlite3.connect(file)) as connection:
            return "\n".join(connection.iterdump()) + "\n"


if __name__ == "__main__":
    target = SCHEMAS / f"{HEAD_REVISION}.sql"
    if target.exists():
        sys.exit(f"{target} is there already: released schemas do not change.")
    target.write_text(dump(), encoding="utf-8")
