"""The web server: a child process of the supervisor. It may die at any moment, and no job notices."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import threading
import uuid
from collections.abc import Callable, Collection
from typing import IO, Any

from dropdub.config import ENV_PREFIX
from dropdub.daemon.context import Context
from dropdub.daemon.logs import note
from dropdub.files.removal import remove
from dropdub.installation import extra_command, has_web_server
from dropdub.process import SPARING_MALLOC, child_environment, console_python, identity_of, kill_group, spawn

BACKOFF_S = (2.0, 16.0)
"""The pause before it is started again, which doubles with each end: that is five times a minute at most."""
HEALTHY_S = 60.0
"""A server that ran for so long starts again after the first pause."""
GRACE_S = 4.0
"""Its streams are given three seconds to end."""
LONGEST_LINE_BYTES = 65_536
_LEVELS = {"warning": logging.WARNING, "error": logging.ERROR, "critical": logging.CRITICAL}
_log = logging.getLogger("dropdub.web")


class WebServer:
    """Starts the server if the run has one, and again when it ends. All times are monotonic seconds.

    It says when it has recorded a job (a nudge), and learns which jobs have changed, so that neither has to poll.
    """

    def __init__(self, context: Context, wake: Callable[[], None]) -> None:
        self._context = context
        self._wake = wake
        self._child: _Child | None = None
        self._next_start = 0.0
        self._pause_s = BACKOFF_S[0]
        self._stopping = False
        self._url: str | None = None
        self.trouble: str | None = None

    @property
    def notes(self) -> list[str]:
        """Return what keeps the server from answering."""
        return [self.trouble] if self.trouble else []

    def tick(self, now: float) -> bool:
        """Start the server if it is due; read what it said. Return whether it has recorded a job."""
        if self._child is None:
            self._start(now)
            return False
        return self._read(self._child, now)

    def publish(self, jobs: Collection[int]) -> None:
        """Report that these jobs have changed. Never waits."""
        if self._child is not None and jobs:
            self._child.publish(jobs)

    def settings_changed(self) -> None:
        """Report that settings were taken over from a changed `config.yaml`. Never waits."""
        if self._child is not None:
            self._child.settings_changed()

    def stop(self) -> None:
        """End the server; its clients get a moment for what they are being sent."""
        self._stopping = True
        if self._child is not None:
            self._child.end(GRACE_S)
            self._child = None

    def _start(self, now: float) -> None:
        if self._stopping or not self._context.serves or now < self._next_start:
            return
        if not has_web_server():
            self.trouble = f"The web server is not installed. Install it with:\n  {extra_command('web')}"
            self._next_start = now + HEALTHY_S
            return
        try:
            self._child = _Child(self._context, self._wake, now)
        except OSError as error:  # too little memory, or too many processes, at this moment; no job notices
            self.trouble = f"The web server cannot be started: {error.strerror or error}."
            self._put_off(now)

    def _read(self, child: _Child, now: float) -> bool:
        nudged = False
        while not child.said.empty():
            message = child.said.get()
            if message is None:
                self._ended(child, now)
                break
            nudged = self._heard(message) or nudged
        return nudged

    def _heard(self, message: dict[str, Any]) -> bool:
        kind = message.get("kind")
        if kind == "listening":
            self._listens(str(message.get("url")))
        elif kind == "trouble":
            self.trouble = str(message.get("text"))
            note("web server", level=logging.WARNING, text=self.trouble)
        elif kind == "log":
            level = _LEVELS.get(str(message.get("level")), logging.INFO)
            _log.log(level, "%s", message.get("text"))
        return kind == "nudge"

    def _listens(self, url: str) -> None:
        """Record that it answers. It also says that when a trouble has passed: its address is not news then."""
        if url != self._url:
            self._context.report(f"The web server listens at {url}")
        self._url, self.trouble = url, None
        note("web server ready", url=url)

    def _ended(self, child: _Child, now: float) -> None:
        code = child.end(1.0)
        self._child, self._url = None, None
        self.trouble = self.trouble or f"The web server ended with exit code {code}. It is started again."
        if now - child.started_at > HEALTHY_S:
            self._pause_s = BACKOFF_S[0]
        self._put_off(now)
        note("web server ended", level=logging.WARNING, exit_code=code, again_in_s=self._next_start - now)

    def _put_off(self, now: float) -> None:
        """Start again after a pause, which is longer the next time."""
        self._next_start = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, BACKOFF_S[1])


def _environment() -> dict[str, str]:
    """Return the environment of the server, which reads the settings, too: they may be in the environment."""
    settings = (name for name in os.environ if name.upper().startswith(ENV_PREFIX))
    return {**child_environment(settings), **SPARING_MALLOC, "PYTHONUTF8": "1"}


class _Child:
    """One process of the server, with the threads that read its output and write to it. `said` ends with None."""

    def __init__(self, context: Context, wake: Callable[[], None], now: float) -> None:
        self.started_at = now
        self.said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._wake = wake
        self._lock = context.root.run_dir / f"web-{uuid.uuid4().hex[:12]}.lock"
        command = [console_python(), "-P", "-m", "dropdub.web", str(context.root.path), "--attached"]
        self._spawned = spawn(command, lock_path=self._lock, environment=_environment())
        self._process = self._spawned.process
        self._identity = identity_of(self._process.pid)
        self._news: set[int] = set()
        self._has_new_settings = False
        self._has_news = threading.Condition()
        self._is_over = False
        for target, pipe in ((self._listen, self._process.stdout), (self._drain, self._process.stderr)):
            self._in_thread(target, pipe)
        self._in_thread(self._write, self._process.stdin)

    def publish(self, jobs: Collection[int]) -> None:
        with self._has_news:
            self._news.update(jobs)
            self._has_news.notify()

    def settings_changed(self) -> None:
        with self._has_news:
            self._has_new_settings = True
            self._has_news.notify()

    def end(self, grace_s: float) -> int | None:
        """Ask it to end, kill it after `grace_s`, and release what it held; return its exit code."""
        with self._has_news:
            self._is_over = True
            self._has_news.notify()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_s)
        if self._identity is not None:
            kill_group(self._identity)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        self._spawned.release()
        remove(self._lock)
        return self._process.poll()

    def _in_thread(self, target: Callable[[IO[bytes]], None], pipe: IO[bytes] | None) -> None:
        assert pipe is not None

        def run() -> None:
            with contextlib.suppress(OSError, ValueError), pipe:  # the pipe breaks when the process dies
                target(pipe)

        threading.Thread(target=run, name="web server pipe", daemon=True).start()

    def _listen(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LONGEST_LINE_BYTES):
            with contextlib.suppress(ValueError):  # a library that prints
                message = json.loads(line)
                if isinstance(message, dict):
                    self.said.put(message)
                    self._wake()
        self.said.put(None)
        self._wake()

    def _drain(self, pipe: IO[bytes]) -> None:
        while line := pipe.readline(LONGEST_LINE_BYTES):
            note("web server output", level=logging.DEBUG, text=line.decode("utf-8", "replace").rstrip())

    def _write(self, pipe: IO[bytes]) -> None:
        """Write the news in a thread, so that a server that hangs holds up nothing."""
        while True:
            with self._has_news:
                self._has_news.wait_for(lambda: self._news or self._has_new_settings or self._is_over)
                if self._is_over:
                    return
                lines: list[dict[str, Any]] = [{"kind": "settings"}] if self._has_new_settings else []
                lines += [{"kind": "news", "jobs": sorted(self._news)}] if self._news else []
                self._news, self._has_new_settings = set(), False
            for line in lines:
                pipe.write(json.dumps(line).encode() + b"\n")
            pipe.flush()
