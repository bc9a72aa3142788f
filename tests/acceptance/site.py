"""A root with quick settings, and the real daemon on it as a real process."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml

from dropdub.process import is_alive
from tests import warm
from tests.chaos.invariants import broken, originals
from tests.waiting import wait_until

LIGHT = {"transcriber": "pocketsphinx", "translator": "apertium", "synthesizer": "espeak-ng", "speakers": "one"}
QUICK: dict[str, Any] = {
    "job": LIGHT,
    "inbox": {"settle": 0.4, "settle_empty": 1.0, "settle_subtitle": 2.0, "rescan": 1.0},
    "retry": {"first": 0.1, "longest": 0.5},
    "limits": {"min_free_disk": 1_000_000, "min_free_memory": 1_000_000},
    "pools": {"transcribe": {"workers": 1}},
    "preload": False,
}
"""Leaves out what most tests do not need: a daemon that warms all its pools starts six interpreters."""
SIDE_BY_SIDE: dict[str, Any] = {"pools": {"transcribe": {"workers": 2, "threads": 1}}, "preload": True}
"""For tests that want the parts of a recording transcribed side by side, by an engine that uses one core."""
ENDED = ("succeeded", "failed", "cancelled")


class Site:
    """One root. `drop` counts what is dropped, so that `check` can detect anything lost or duplicated."""

    def __init__(self, path: Path, **settings: Any) -> None:
        self.root = path
        self.dropped: Counter[str] = Counter()
        self.daemon: subprocess.Popen[bytes] | warm.Command | None = None
        self.forks = True
        """Whether commands are forked from a process that has imported the program; otherwise each is started."""
        self.forks_workers = True
        """Whether the workers of a daemon that is forked are forked, too."""
        self.environment: dict[str, str] = {}
        path.mkdir(parents=True, exist_ok=True)
        self.configure(**settings)
        for folder in ("inbox", "outbox", "work", "failed", "archive"):
            (path / folder).mkdir(exist_ok=True)

    def configure(self, **settings: Any) -> None:
        merged = QUICK | {
            key: {**QUICK.get(key, {}), **value} if isinstance(value, dict) else value
            for key, value in settings.items()
        }
        (self.root / "config.yaml").write_text(yaml.safe_dump(merged), encoding="utf-8")

    # -- the inbox ----------------------------------------------------------------------------------------------

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    def drop(self, source: Path, name: str | None = None) -> Path:
        """Copy a file beside the inbox and move it in by one rename."""
        outside = self.root / f"outside-{len(self.dropped)}-{os.getpid()}"
        shutil.copyfile(source, outside)
        return self.move_in(outside, name or source.name)

    def drop_text(self, text: str, name: str) -> Path:
        outside = self.root / "outside.txt"
        outside.write_text(text, encoding="utf-8")
        return self.move_in(outside, name)

    def move_in(self, outside: Path, name: str) -> Path:
        self.dropped[hashlib.sha256(outside.read_bytes()).hexdigest()] += 1
        target = self.inbox / name
        target.parent.mkdir(parents=True, exist_ok=True)
        outside.replace(target)
        return target

    # -- the daemon ---------------------------------------------------------------------------------------------

    def start(
        self, *arguments: str, prefix: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen[bytes] | warm.Command:
        words = ["--root", str(self.root), "watch", *arguments]
        mine = {warm.SITE_VARIABLE: str(self.root)}
        given: dict[str, Any] = {"env": {**os.environ, **mine, **environment}, "start_new_session": True}
        with (self.root / "daemon.out").open("ab") as log:
            if self.forks and not prefix:
                given["env"] |= warm.forking_workers() if self.forks_workers else {}
                self.daemon = warm.start(words, stdout=log, stderr=log, **given)
            else:
                command = [*prefix, sys.executable, "-m", "dropdub", *words]
                self.daemon = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **given)
        return self.daemon

    def kill(self) -> None:
        """SIGKILL only the daemon; its workers must notice by themselves."""
        assert self.daemon is not None
        self.daemon.kill()
        self.daemon.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 120) -> int:
        assert self.daemon is not None
        self.daemon.send_signal(how)
        return self.daemon.wait(timeout_s)

    def close(self) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.kill()
            self.daemon.wait()

    def work_off(self, *, timeout_s: float = 500, prefix: Sequence[str] = (), **environment: str) -> int:
        """Run `dropdub watch --until-idle`, with `prefix` before the command; return its exit code."""
        self.start("--until-idle", prefix=prefix, **environment)
        assert self.daemon is not None
        return self.daemon.wait(timeout_s)

    def output(self) -> str:
        return (self.root / "daemon.out").read_text(encoding="utf-8")

    def jobs(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return warm.run(["--root", str(self.root), *arguments])

    def ours(self) -> list[psutil.Process]:
        """Return the live processes of this root's daemons: those, their workers, and what these started."""
        return [process for process in (*warm.forked_for(self.root), *self._started()) if is_alive(process.pid)]

    def _started(self) -> Iterator[psutil.Process]:
        """Yield the processes whose environment says that they are this root's."""
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get(warm.SITE_VARIABLE) == str(self.root):
                    yield process

    # -- the state ----------------------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        if not (self.root / "jobs.db").exists():
            return []
        database = sqlite3.connect(f"file:{self.root / 'jobs.db'}?mode=ro", uri=True, timeout=30)
        database.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in database.execute(query, values)]
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            database.close()

    def status(self) -> dict[str, Any]:
        answer = self.jobs("status", "--json", "--limit", "1000")
        assert answer.returncode == 0, answer.stderr
        loaded: dict[str, Any] = json.loads(answer.stdout)
        return loaded

    def attempted_steps(self, name: str) -> list[str]:
        """Return the keys of the steps of a job that were run, in any round."""
        with sqlite3.connect(f"{(self.root / 'jobs.db').as_uri()}?mode=ro", uri=True) as database:
            rows = database.execute(
                "SELECT step.key FROM attempt JOIN step ON step.id = step_id JOIN job ON job.id = job_id "
                "WHERE job.name = ? ORDER BY attempt.id",
                (name,),
            ).fetchall()
        return [key for (key,) in rows]

    def job(self, name: str) -> dict[str, Any]:
        """Return the newest job with this name, in the contract's JSON."""
        answer = self.jobs("show", name, "--json")
        assert answer.returncode == 0, answer.stderr
        loaded: dict[str, Any] = json.loads(answer.stdout)["job"]
        return loaded

    def states(self) -> dict[str, str]:
        return {row["name"]: row["state"] for row in self.rows("SELECT name, state FROM job ORDER BY id")}

    def wait_for(self, name: str, *states: str, timeout_s: float = 240) -> None:
        def reached() -> bool:
            if self.daemon is not None and self.daemon.poll() not in (None, 0, 1):
                raise AssertionError(f"the daemon died:\n{self.output()}")
            return self.states().get(name) in (states or ENDED)

        wait_until(reached, f"{name} to be {' or '.join(states or ENDED)}; now {self.states()}", timeout_s=timeout_s)

    def published(self, folder: str) -> dict[str, Path]:
        return {file.name: file for file in (self.root / "outbox" / folder).iterdir()}

    def originals(self) -> Counter[str]:
        """Return how often each SHA-256 occurs in the four places of originals."""
        folders = yaml.safe_load((self.root / "config.yaml").read_text(encoding="utf-8")).get("folders", {})
        return originals(self.root, {name: Path(path) for name, path in folders.items()})

    def check(self) -> None:
        """Fail if anything that must hold for a root at rest does not."""
        assert broken(self.root, self.dropped) == []
