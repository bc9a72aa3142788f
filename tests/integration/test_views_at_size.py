"""The queries behind `jobs status` and `jobs show` on a table of 100,000 jobs: by index, with statistics or without."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dropdub.store.database import Store
from dropdub.store.states import JobState
from dropdub.store.views import Reader, open_reader, rows
from tests.factories import NOW, a_running_job, an_ended_job

JOBS = 100_000
COUNTED = "SELECT state, count(*) AS jobs FROM job GROUP BY state"
"""The one answer that is about every job: it may walk an index from end to end, never the table."""
KEPT_FEW = ("daemon", "control", "alembic_version")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of many ended jobs with two steps each, and one that runs."""
    file = tmp_path_factory.mktemp("many") / "jobs.db"
    store = Store.open(f"sqlite:///{file}")
    an_ended_job(store, JobState.SUCCEEDED, name="like.mp4")
    a_running_job(store, name="running.mp4")
    store.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.row_factory = sqlite3.Row
        multiply(connection)
    return file


def multiply(connection: sqlite3.Connection) -> None:
    like = dict(connection.execute("SELECT * FROM job WHERE name = 'like.mp4'").fetchone())
    del like["id"]
    places = ", ".join(f":{name}" for name in like)
    connection.executemany(
        f"INSERT INTO job ({', '.join(like)}) VALUES ({places})",
        (
            {**like, "name": f"clip {n}.mp4", "state": ended_as(n), "finished_at": NOW + n, "inode": str(n)}
            for n in range(JOBS)
        ),
    )
    for phase, key in enumerate(("probe", "extract")):
        connection.execute(
            """INSERT INTO step (job_id, round, key, stage, phase, pool, params, state, token, attempts, scheduled_at,
               progress) SELECT id, 1, :key, :key, :phase, 'media', '{}', 'succeeded', 1, 0, 0, 1
               FROM job WHERE name LIKE 'clip %'""",
            {"key": key, "phase": phase},
        )
    connection.execute("INSERT INTO attempt (step_id, token, run_id, started_at) SELECT id, 1, 'run', 0 FROM step")
    connection.execute("INSERT INTO event (job_id, at, level, text) SELECT id, 0, 'info', 'Taken.' FROM job")


def ended_as(number: int) -> str:
    return JobState.FAILED if number % 50 == 0 else JobState.SUCCEEDED


@pytest.fixture(params=["as it grows", "analysed"])
def reader(request: pytest.FixtureRequest, database: Path) -> Iterator[Reader]:
    """Return a reader; with statistics SQLite weighs its indexes anew, and may choose another way."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("ANALYZE")
        if request.param == "as it grows":
            connection.execute("DROP TABLE sqlite_stat1")
    yield open_reader(f"sqlite:///{database}")


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Collect how SQLite answers each query that is asked, by its text."""
    seen: dict[str, list[str]] = {}
    whole = rows._of_this_version

    def explaining(read: rows.Rows, file: str) -> rows.Rows | None:
        def explained(sql: str, /, **values: Any) -> Any:
            seen[" ".join(sql.split())] = [row["detail"] for row in read(f"EXPLAIN QUERY PLAN {sql}", **values)]
            return read(sql, **values)

        return explained if whole(read, file) else None

    monkeypatch.setattr(rows, "_of_this_version", explaining)
    return seen


def test_status_and_show_walk_no_table_of_many_jobs(reader: Reader, plans: dict[str, list[str]]) -> None:
    status = reader.status(now=NOW)
    assert sum(status.counts.values()) == JOBS + 2
    assert [job.name for job in status.jobs[:2]] == ["running.mp4", f"clip {JOBS - 1}.mp4"]
    assert len(reader.status(now=NOW, states=["failed"]).jobs) == 20
    assert reader.job("clip 77.mp4").job.name == reader.job("clip 77").job.name == "clip 77.mp4"
    assert walked(plans) == {}
    assert all("COVERING INDEX" in detail for detail in plans[COUNTED])


def test_a_list_of_many_jobs_is_not_sorted_to_show_the_newest(reader: Reader, plans: dict[str, list[str]]) -> None:
    reader.status(now=NOW)
    listing = {sql: details for sql, details in plans.items() if "FROM job WHERE state =" in sql}
    assert len(listing) == 2, "unfinished jobs by id, ended ones by their end"
    assert [details for details in listing.values() if any("TEMP B-TREE" in detail for detail in details)] == []


def walked(plans: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return the queries that read a table or an index from end to end, but for those that may."""
    return {
        sql: details
        for sql, details in plans.items()
        if sql != COUNTED and any(detail.startswith("SCAN") and detail.split()[1] not in KEPT_FEW for detail in details)
    }
