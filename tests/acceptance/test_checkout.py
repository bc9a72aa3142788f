"""A checkout is a root: it works as it is, and git still sees it as clean."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import warm

HERE = Path(__file__).resolve().parents[2]
OF_THE_ROOT = (".gitignore", "config.yaml", "inbox/README.md", "outbox/README.md")
IN_A_HURRY = {"DROPDUB_INBOX__SETTLE": "0.4", "DROPDUB_INBOX__RESCAN": "1", "DROPDUB_PRELOAD": "false"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository that holds what makes this one a root."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = tmp_path / "checkout"
    for name in OF_THE_ROOT:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / name, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    assert set(git(folder, "ls-files").split()) == set(OF_THE_ROOT)
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "A checkout")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, encoding="utf-8"
    ).stdout


def dropdub(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, without naming the root."""
    environment = {name: value for name, value in os.environ.items() if name != "JOBS_ROOT"} | IN_A_HURRY
    return warm.run(arguments, cwd=folder, env=environment, timeout=240)


def test_checkout_hears_a_recording_with_its_own_model(checkout: Path, real_model: Callable[[str], Path]) -> None:
    (checkout / "models").mkdir()
    (checkout / "models" / "whisper-base").symlink_to(real_model("whisper-base"))
    shutil.copy(HERE / "src" / "dropdub" / "samples" / "jfk.flac", checkout / "inbox")
    done = dropdub(checkout, "watch", "--until-idle")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ask not what your country can do for you" in (checkout / "outbox" / "jfk" / "jfk.txt").read_text("utf-8")
    assert git(checkout, "status", "--porcelain") == ""


def test_daemon_started_in_checkout_takes_nothing_in(checkout: Path) -> None:
    done = dropdub(checkout, "watch", "--until-idle")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 jobs" in done.stdout or "Nothing left to do." in done.stdout
    assert [one.name for one in (checkout / "inbox").iterdir()] == ["README.md"]
    assert [one.name for one in (checkout / "outbox").iterdir()] == ["README.md"]
    assert git(checkout, "status", "--porcelain") == ""


def test_checkout_is_clean_after_real_job(checkout: Path) -> None:
    shutil.copy(HERE / "src" / "dropdub" / "samples" / "jfk.flac", checkout / "inbox")
    (checkout / "inbox" / "broken.mp4").write_bytes(b"no film")
    assert dropdub(checkout, "watch", "--until-idle").returncode == 1, "one job is made to fail"
    assert (checkout / "outbox" / "jfk" / "manifest.json").is_file()
    assert (checkout / "archive" / "jfk.flac").is_file()
    assert (checkout / "failed" / "broken.mp4").is_file()
    assert dropdub(checkout, "doctor", "--report").stdout != ""
    assert (checkout / "inbox" / "README.md").is_file()
    assert git(checkout, "status", "--porcelain") == ""
