"""Opening, migrating, locking and refusing databases."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel, text

from dropdub.errors import StoreError
from dropdub.mounts import Mount
from dropdub.store import database
from dropdub.store.database import Store
from dropdub.store.location import sqlite_file
from dropdub.store.migrations import HEAD_REVISION, REVISIONS
from tests.factories import a_claiming_job


def url_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'jobs.db'}"


def test_revision_constants_match_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", "dropdub.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS
    assert scripts.get_current_head() == HEAD_REVISION


def test_migrations_create_exactly_the_tables_the_program_uses(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    with store.reading() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, SQLModel.metadata) == []
    store.close()


def test_every_connection_is_durable_and_patient(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    with store.transaction() as session:
        pragmas = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    store.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "foreign_keys": 1}


def test_commit_that_a_power_cut_may_undo_is_not_flushed_but_the_next_one_is(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    levels = []
    for flushed in (True, False, False, True):
        with store.transaction(flushed=flushed) as session:
            levels.append(session.connection().exec_driver_sql("PRAGMA synchronous").scalar())
    store.close()
    assert levels == [2, 1, 1, 2]  # FULL, NORMAL


def test_transaction_holds_write_lock_from_its_start(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    with store.transaction():
        other = sqlite3.connect(tmp_path / "jobs.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    store.close()


def test_reader_is_not_blocked_by_transaction(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    with store.transaction() as writing:
        writing.connection().execute(text("INSERT INTO control VALUES ('stop', 'true')"))
        with store.reading() as session:
            assert session.connection().execute(text("SELECT count(*) FROM control")).scalar() == 0
    store.close()


def test_a_transaction_that_raises_leaves_nothing(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    with pytest.raises(ZeroDivisionError), store.transaction() as session:
        session.connection().execute(text("INSERT INTO control VALUES ('stop', 'true')"))
        raise ZeroDivisionError
    with store.reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM control")).scalar() == 0
    store.close()


def test_busy_database_gives_error_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 10)
    monkeypatch.setattr(database, "PATIENCE_S", 0.3)
    store = Store.open(url_in(tmp_path))
    other = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use by another program"), store.transaction():
        pass
    other.close()
    store.close()


def test_reopening_keeps_content_and_needs_no_alembic(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    a_claiming_job(store)
    store.close()
    script = (
        "import sys; from dropdub.store.database import Store; from dropdub.store.queries import unfinished_jobs\n"
        f"store = Store.open({url_in(tmp_path)!r}); assert len(unfinished_jobs(store)) == 1; store.close()\n"
        "assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_processes_started_at_once_migrate_once(tmp_path: Path) -> None:
    script = f"from dropdub.store.database import Store; Store.open({url_in(tmp_path)!r}).close()"
    processes = [
        subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, encoding="utf-8") for _ in range(3)
    ]
    ends = [(process.communicate(timeout=90)[1], process.returncode) for process in processes]
    assert ends == [("", 0)] * 3
    connection = sqlite3.connect(tmp_path / "jobs.db")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD_REVISION,)]
    connection.close()


@pytest.mark.parametrize(
    "content", [b"this is not a database, but a text\n" * 40, b"SQLite format 3\0" + b"\xff" * 8000]
)
def test_file_that_is_not_a_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "jobs.db").write_bytes(content)
    with pytest.raises(StoreError, match="damaged or not a database"):
        Store.open(url_in(tmp_path))
    assert (tmp_path / "jobs.db").read_bytes() == content


def test_a_database_with_a_broken_page_is_refused(tmp_path: Path) -> None:
    store = Store.open(url_in(tmp_path))
    for _ in range(200):
        a_claiming_job(store, name="x" * 200)
    store.close()
    file = tmp_path / "jobs.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))
    with pytest.raises(StoreError, match="damaged"):
        Store.open(url_in(tmp_path))


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    Store.open(url_in(tmp_path)).close()
    connection = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreError, match="newer version of Dropdub"):
        Store.open(url_in(tmp_path))


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
    connection.execute("CREATE TABLE songs (id INTEGER)")
    connection.close()
    with pytest.raises(StoreError, match="another program"):
        Store.open(url_in(tmp_path))


def test_empty_database_is_refused_if_migrating_is_disabled(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="empty"):
        Store.open(url_in(tmp_path), migrate=False)


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="folder"):
        Store.open(url_in(tmp_path / "away"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_folders_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "what? 50% #1"
    folder.mkdir()
    Store.open(url_in(folder)).close()
    assert (folder / "jobs.db").is_file()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_an_sqlite_url_must_name_a_file(url: str) -> None:
    with pytest.raises(StoreError, match="names no file"):
        sqlite_file(url)


def test_other_databases_have_no_file() -> None:
    assert sqlite_file("postgresql://host/jobs") is None


@pytest.mark.parametrize("kind", ["nfs4", "smb2", "vboxsf"])
def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    table = [Mount(Path(tmp_path.anchor), "ext4"), Mount(tmp_path.resolve(), kind)]
    monkeypatch.setattr("dropdub.mounts._mounts", lambda: table)
    with pytest.raises(StoreError, match=rf"network file system \({kind}\)"):
        Store.open(url_in(tmp_path))
