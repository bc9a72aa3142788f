"""The command line with nobody to talk to: closed, full and broken streams, other encodings, other locales."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DROPDUB = f'"{sys.executable}" -m dropdub --root ROOT'
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="closes streams with a POSIX shell")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    subprocess.run([sys.executable, "-m", "dropdub", "init", str(root)], check=True, capture_output=True)
    return root


def shell(root: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `dropdub` is this program on a root; a pipe ends as its first program does."""
    line = line.replace("dropdub", DROPDUB.replace("ROOT", f'"{root}"'))
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=60,
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_to_be_done_is_done_without_standard_streams(root: Path, closed: str) -> None:
    (root / "inbox" / "empty.txt").write_bytes(b"")
    (root / "config.yaml").write_text("inbox: {settle: 0, settle_empty: 0}\n", encoding="utf-8")
    answer = shell(root, f"dropdub watch --until-idle {closed}")
    assert "Traceback" not in answer.stderr and answer.returncode == 1, answer  # one job failed
    assert (root / "failed" / "empty.txt.error.txt").is_file()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("dropdub status >&-", 0),
        ("dropdub --help >&-", 0),
        ("dropdub nonsense 2>&-", 2),
        ("dropdub show 99 >&- 2>&-", 2),
        ("dropdub pause > /dev/full", 0),
        ("dropdub status --json > /dev/full", 1),
        ("dropdub config show > /dev/full 2> /dev/full", 1),
        ("dropdub config show | head -1", 0),
    ],
)
def test_the_exit_code_says_whether_the_purpose_was_achieved(root: Path, line: str, code: int) -> None:
    answer = shell(root, line)
    assert answer.returncode == code, answer
    assert "Traceback" not in answer.stderr and "bug" not in answer.stderr
    assert ("could not be written" in answer.stderr) == (line.endswith("> /dev/full") and "2>" not in line)


def test_following_a_log_ends_when_its_reader_leaves(root: Path) -> None:
    logs = root / "work" / "logs"
    logs.mkdir(exist_ok=True)
    (logs / "dropdub.log").write_text("one\ntwo\n" * 9_000, encoding="utf-8")
    answer = shell(root, "dropdub logs --lines 20000 --follow | head -1")
    assert (answer.returncode, answer.stdout) == (0, "one\n"), answer


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C", "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "cp1252"},
        {"LC_ALL": "C"},
    ],
)
def test_a_name_in_any_script_is_the_same_in_every_locale(root: Path, environment: dict[str, str]) -> None:
    (root / "inbox" / "日本語.txt").write_bytes(b"")
    answer = shell(root, "dropdub cancel 日本語.txt && dropdub status --json", **environment)
    assert "Traceback" not in answer.stderr and answer.returncode == 0, answer
    assert json.loads(answer.stdout[answer.stdout.index("{") :])["jobs"][0]["name"] == "日本語.txt"
