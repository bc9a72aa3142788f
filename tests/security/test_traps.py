"""A `config.yaml` planted where others work is not used, and no file name has an effect where the file ends up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dropdub.errors import UsageError
from dropdub.root import find_root
from tests.security.attacker import IS_ANOTHER, give_away

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
another = pytest.mark.skipif(not IS_ANOTHER, reason="needs two accounts")
TRAP = "ffmpeg: ./run.sh\n"


def a_root(folder: Path, text: str = "") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    for name in ("inbox", "outbox", "failed", "archive", "work"):
        (folder / name).mkdir()
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def found(cwd: Path) -> Path:
    return find_root(None, {}, cwd)


@another
def test_a_config_of_another_account_is_refused_and_a_named_root_is_accepted(place: Path) -> None:
    root = a_root(place / "theirs", TRAP)
    give_away(root / "config.yaml")
    with pytest.raises(UsageError, match=r"belongs to another account") as caught:
        found(root / "inbox")
    assert str(root) in caught.value.sentence
    assert f"--root {root} " in caught.value.sentence
    assert find_root(root, {}, place) == root
    assert find_root(None, {"JOBS_ROOT": str(root)}, place) == root


@another
def test_another_accounts_folder_is_refused_even_with_ones_own_file(place: Path) -> None:
    root = a_root(place / "theirs")
    give_away(root)
    with pytest.raises(UsageError, match=r"belongs to another account"):
        found(root)


@posix
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o757])
def test_a_folder_writable_by_others_is_refused_even_with_the_sticky_bit(place: Path, mode: int) -> None:
    root = a_root(place / "shared")
    os.chown(root, -1, 65534) if IS_ANOTHER else None
    root.chmod(mode)
    if not IS_ANOTHER and mode == 0o775:
        pytest.skip("the group may be one's own")
    with pytest.raises(UsageError, match=r"is writable by other accounts"):
        found(root / "failed")


@posix
def test_a_file_that_others_may_write_to_is_refused(place: Path) -> None:
    root = a_root(place / "root")
    (root / "config.yaml").chmod(0o666)
    with pytest.raises(UsageError, match=r"config\.yaml is writable"):
        found(root)


@posix
def test_a_root_below_a_folder_whose_entries_anybody_may_rename_is_refused(place: Path) -> None:
    root = a_root(place / "open" / "root")
    (place / "open").chmod(0o777)
    with pytest.raises(UsageError, match=r"replace"):
        found(root)
    (place / "open").chmod(0o1777)
    assert found(root) == root


@another
def test_a_link_to_a_file_that_another_account_may_write_to_is_refused(place: Path) -> None:
    trap, root = a_root(place / "theirs", TRAP), a_root(place / "mine")
    give_away(trap)
    (root / "config.yaml").unlink()
    (root / "config.yaml").symlink_to(trap / "config.yaml")
    with pytest.raises(UsageError, match=r"is not used"):
        found(root)


def test_if_the_nearest_is_refused_none_further_up_is_used_instead(place: Path) -> None:
    root = a_root(place / "root")
    inner = a_root(root / "films" / "inner")
    assert found(inner / "inbox") == inner
    if sys.platform != "win32":
        inner.chmod(0o777)
        with pytest.raises(UsageError, match=r"inner"):
            found(inner / "inbox")


@pytest.mark.parametrize("name", ["inbox", "outbox", "failed", "archive", "work/3/source", "failed/deep/er"])
def test_a_config_in_a_roots_own_folders_makes_no_root(place: Path, name: str) -> None:
    root = a_root(place / "root")
    (root / name).mkdir(parents=True, exist_ok=True)
    (root / name / "config.yaml").write_text(TRAP, encoding="utf-8")
    assert found(root / name) == root


def test_a_config_in_a_folder_that_the_root_names_makes_no_root(place: Path) -> None:
    root = a_root(place / "root", "folders: {failed: broken/ones}\n")
    (root / "broken" / "ones").mkdir(parents=True)
    (root / "broken" / "ones" / "config.yaml").write_text(TRAP, encoding="utf-8")
    assert found(root / "broken" / "ones") == root


@another
def test_doctor_in_failed_runs_nothing_that_was_dropped(place: Path) -> None:
    """An administrator looks into a folder where a dropped `config.yaml` names a dropped program as ffmpeg."""
    failed = place / "elsewhere"
    failed.mkdir()
    (failed / "config.yaml").write_text("ffmpeg: ./run.sh\n", encoding="utf-8")
    (failed / "run.sh").write_text(f"#!/bin/sh\ntouch {place}/pwned\n", encoding="utf-8")
    (failed / "run.sh").chmod(0o755)
    for path in (failed / "config.yaml", failed / "run.sh"):
        give_away(path)
    environment = {name: value for name, value in os.environ.items() if name != "JOBS_ROOT"}
    answer = subprocess.run(
        [sys.executable, "-m", "dropdub", "doctor"],
        cwd=failed, env=environment, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert answer.returncode == 2
    assert "is not used" in answer.stderr
    assert not (place / "pwned").exists()
