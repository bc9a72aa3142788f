"""Databases of every released revision are upgraded to this one, with everything in them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from dropdub.errors import StoreError
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.migrations import HEAD_REVISION, REVISIONS
from dropdub.store.states import JobState
from dropdub.store.views import open_reader
from tests import warm
from tests.factories import NOW
from tests.released_schema import SCHEMAS

Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture
def released(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A database file of a released revision."""
    file = tmp_path / "jobs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((SCHEMAS / f"{request.param}.sql").read_text(encoding="utf-8"))
    return file


def contents(file: Path) -> Tables:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1")] for name in names}


def revision_in(tables: Tables) -> str:
    (row,) = tables["alembic_version"]
    return str(row["version_num"])


def test_every_revision_has_its_dump() -> None:
    """A new revision without one fails here: python -m tests.released_schema writes it."""
    assert sorted(path.stem for path in SCHEMAS.glob("*.sql")) == sorted(REVISIONS)


@pytest.mark.parametrize("revision", REVISIONS)
def test_dump_has_its_revision_and_every_state(revision: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript((SCHEMAS / f"{revision}.sql").read_text(encoding="utf-8"))
    tables = contents(file)
    assert revision_in(tables) == revision
    assert {row["state"] for row in tables["job"]} == set(JobState)
    assert all(tables.values()), "each table has rows"


@pytest.mark.parametrize("released", REVISIONS, indirect=True)
def test_an_upgrade_keeps_every_value_of_every_row(released: Path) -> None:
    before = contents(released)
    with closing(Store.open(f"sqlite:///{released}")) as store, store.reading() as session:
        assert compare_metadata(MigrationContext.configure(session.connection()), SQLModel.metadata) == []
    after = contents(released)
    assert revision_in(after) == HEAD_REVISION
    for table, rows in before.items():
        if table != "alembic_version":
            kept = [{name: row[name] for name in old} for old, row in zip(rows, after[table], strict=True)]
            assert kept == rows, table


@pytest.mark.parametrize("released", REVISIONS, indirect=True)
def test_work_continues_after_upgrade(released: Path) -> None:
    url = f"sqlite:///{released}"
    with closing(Store.open(url)) as store:
        claim = transitions.claim_step(store, pool="media", owner="run-2", now=NOW + 10)
        assert claim is not None and claim.job.name == "running.mp4"
        (ending,) = [job for job in queries.jobs_ending(store) if job.name == "ending.mp4"]
        assert ending.id is not None
        transitions.finish_job(store, ending.id, source="/failed/ending.mp4", now=NOW, channels=["webhook"])
        notice = queries.next_notice(store, "webhook", now=NOW, longest_s=1.0)
        assert notice is not None
    assert open_reader(url).status(now=NOW).paused


@pytest.mark.parametrize("released", REVISIONS[:-1], indirect=True)
def test_commands_leave_upgrade_of_older_database_to_daemon_and_say_so(released: Path) -> None:
    before = contents(released)
    with pytest.raises(StoreError, match="older version of Dropdub") as caught:
        open_reader(f"sqlite:///{released}").status(now=NOW)
    assert "dropdub watch" in caught.value.remedy
    assert contents(released) == before


@pytest.mark.parametrize("released", REVISIONS[-1:], indirect=True)
@pytest.mark.parametrize("command", [["watch", "--until-idle"], ["status"], ["retry", "--failed"]], ids=" ".join)
def test_newer_database_is_refused_with_error_message_and_left_unchanged(released: Path, command: list[str]) -> None:
    with closing(sqlite3.connect(released, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE job ADD COLUMN of_tomorrow TEXT DEFAULT 'kept'")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (released.parent / "config.yaml").touch()
    before = contents(released)
    answer = warm.run(["--root", str(released.parent), *command])
    assert answer.returncode == 1
    assert "newer version of Dropdub" in answer.stderr and "Traceback" not in answer.stderr
    assert contents(released) == before
