"""Commands taken from real output and pasted into a shell: each does what the message says."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dropdub.pasting import COMMAND_INDENT, command
from tests.acceptance.site import Site
from tests.acceptance.test_refusals import tone
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")

NAME = "Jörg Müller's dubs & co"
KEEP = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"


def suggested(text: str) -> list[str]:
    """Return the commands in a text. Each must be on a line of its own."""
    indented = [line.strip() for line in text.splitlines() if line.startswith(COMMAND_INDENT)]
    commands = [line for line in indented if line.startswith("dropdub ")]
    assert text.count("dropdub --root") == len(commands), text
    assert "JOB" not in text and "`" not in text, text
    return commands


class Shell:
    """A user's shell, in a folder that belongs to no root, with `dropdub` on its path."""

    def __init__(self, folder: Path) -> None:
        program = folder / "bin" / "dropdub"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m dropdub "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        self._elsewhere = folder / "elsewhere"
        self._elsewhere.mkdir()
        self._environment = {name: value for name, value in os.environ.items() if name != "JOBS_ROOT"}
        self._environment["PATH"] = f"{program.parent}{os.pathsep}{self._environment['PATH']}"

    def paste(self, line: str, *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", line], cwd=cwd or self._elsewhere, env=self._environment, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=180, check=False,
        )  # fmt: skip

    def start(self, line: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["sh", "-c", f"exec {line}"], cwd=self._elsewhere, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_a_failed_file_is_retried_by_pasting_what_any_message_suggests(
    site: Callable[..., Site], shell: Shell, tmp_path: Path
) -> None:
    notice = tmp_path / "notice.json"
    notify: dict[str, Any] = {"on_failure": [sys.executable, "-c", KEEP, str(notice)]}
    root = site(NAME, limits={"max_duration": 2}, notify=notify)
    root.drop(tone(tmp_path / "long.wav"), "Jörg's talk.wav")
    assert root.work_off() == 1, root.output()
    wait_until(lambda: notice.is_file() and notice.read_text("utf-8") != "", "the program to have run")

    retry = command(root.root, "retry", "1")
    note = (root.root / "failed" / "Jörg's talk.wav.error.txt").read_text("utf-8")
    assert suggested(note) == suggested(root.output()) == suggested(root.jobs("show", "1").stdout) == [retry]
    assert retry in suggested(root.jobs("status").stdout)
    [job] = root.status()["jobs"]
    said = json.loads(notice.read_text("utf-8"))["data"]
    assert suggested(job["remedy"]) == suggested(said["remedy"]) == [retry]

    done = shell.paste(suggested(note)[0])
    assert (done.returncode, done.stderr) == (0, "") and "will be retried" in done.stdout
    assert root.job("Jörg's talk.wav")["state"] != "failed"
    watch = command(root.root, "watch")
    assert suggested(done.stdout) == [watch] and watch in suggested(root.jobs("status").stdout)
    assert watch in suggested(root.jobs("doctor").stdout)
    daemon = shell.start(watch)
    try:
        root.wait_for("Jörg's talk.wav", "failed")
    finally:
        daemon.terminate()
        assert daemon.wait(120) == 0


def test_what_other_commands_suggest_can_be_pasted(site: Callable[..., Site], shell: Shell) -> None:
    root = site(NAME)
    refused = root.jobs("show", "nothing")
    [status] = suggested(refused.stderr)
    assert shell.paste(status).stdout == root.jobs("status").stdout
    [resume] = suggested(root.jobs("pause").stdout)
    assert root.status()["paused"]
    assert resume in suggested(root.jobs("status").stdout)
    assert shell.paste(resume).returncode == 0 and not root.status()["paused"]
    [voices] = suggested(root.jobs("voices", "remove", "anna").stderr)
    assert shell.paste(voices).returncode == 0
    [models] = suggested(root.jobs("models", "pull", "nonsense").stderr)
    assert "whisper" in shell.paste(models).stdout


def test_inside_a_root_commands_are_short_and_work_there(site: Callable[..., Site], shell: Shell) -> None:
    root = site(NAME)
    refused = shell.paste("dropdub show nothing", cwd=root.inbox)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1] == "  dropdub status"
    assert shell.paste("  dropdub status", cwd=root.inbox).returncode == 0


def test_suggested_command_creates_root_if_none_is_found(shell: Shell, tmp_path: Path) -> None:
    refused = shell.paste("dropdub status", cwd=tmp_path)
    assert refused.returncode == 2
    here = next(line for line in refused.stderr.splitlines() if line.startswith(COMMAND_INDENT))
    assert shell.paste(here, cwd=tmp_path).returncode == 0 and (tmp_path / "config.yaml").is_file()
    named = tmp_path / "it's another"
    refused = shell.paste(f"dropdub --root {shlex.quote(str(named))} status", cwd=tmp_path)
    there = next(line for line in refused.stderr.splitlines() if line.startswith(COMMAND_INDENT))
    made = shell.paste(there)
    assert made.returncode == 0 and (named / "config.yaml").is_file()
    assert suggested(made.stdout) == [command(named, "watch")]
