"""A root of an earlier version is brought up to this one: its database, its cache and its settings, with its files.

`tests/data/oldroot/root.zip` was made by the last version that kept its cache in a database: one text done, an empty
one failed, one queued when the root was paused and its daemon stopped. `config.yaml` is that version's, with settings.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dropdub.store.migrations import HEAD_REVISION
from tests.acceptance.site import Site

ARCHIVE = Path(__file__).parents[1] / "data" / "oldroot" / "root.zip"


@pytest.fixture
def old_root(site: Callable[..., Site]) -> Site:
    """Return the root, in a different place from where it was made."""
    root = site()
    shutil.rmtree(root.root)
    shutil.unpack_archive(ARCHIVE, root.root)
    return root


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_old_root_continues_with_its_database_cache_and_settings(old_root: Site) -> None:
    root = old_root.root
    kept = {name: files(root / name) for name in ("outbox", "archive", "work/cache")}
    settings = (root / "config.yaml").read_bytes()

    assert old_root.work_off() == 0, old_root.output()
    assert old_root.states() == {"one.txt": "succeeded", "empty.txt": "failed", "two.txt": "queued"}, "it is paused"
    with closing(sqlite3.connect(root / "jobs.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(HEAD_REVISION,)]
    assert old_root.jobs("resume").returncode == 0
    assert old_root.work_off() == 0, old_root.output()
    assert old_root.job("two.txt")["state"] == "succeeded"
    assert {"two.en.txt", "manifest.json"} <= set(old_root.published("two"))

    assert old_root.jobs("config", "check").returncode == 0 and (root / "config.yaml").read_bytes() == settings
    assert files(root / "outbox").items() >= kept["outbox"].items()
    assert files(root / "archive").items() >= kept["archive"].items()
    assert files(root / "work" / "cache") == kept["work/cache"], "the old cache is left as it is"
    assert any((root / "work" / "result-cache").rglob("*/*"))
    findings = {one["what"]: one for one in json.loads(old_root.jobs("doctor", "--json").stdout)}
    assert findings["Old cache"]["state"] == "warning"

    (root / "failed" / "empty.txt").write_text("No longer empty.\n", encoding="utf-8")
    assert old_root.jobs("retry", "empty.txt").returncode == 0
    assert old_root.work_off() == 0, old_root.output()
    assert set(old_root.states().values()) == {"succeeded"}
