from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REACH = "from dropdub.failpoints import reach; reach('here'); print('went on')"


def run(setting: str | None) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    if setting is not None:
        environment["DROPDUB_FAILPOINTS"] = setting
    return subprocess.run(
        [sys.executable, "-c", REACH], env=environment, capture_output=True, encoding="utf-8", check=False
    )


def test_nothing_happens_when_off_or_when_another_place_is_named() -> None:
    assert run(None).stdout == run("elsewhere=kill").stdout == "went on\n"


def test_a_kill_ends_the_process_at_that_place() -> None:
    done = run("here=kill")
    assert done.returncode != 0 and done.stdout == ""


def test_an_action_with_a_flag_file_happens_once(tmp_path: Path) -> None:
    setting = f"elsewhere=hang;here=full@{tmp_path / 'flag'}"
    assert "No space left" in run(setting).stderr
    assert run(setting).stdout == "went on\n"


def test_a_place_may_name_the_role_of_the_process_and_the_time() -> None:
    assert "No space left" in run("daemon.here=full").stderr
    assert "No space left" in run("daemon.here#1=full").stderr
    assert run("web.here=full;daemon.here#2=full").stdout == "went on\n"
