"""Have it found out what the engines can do: at the start, after models or packages were installed, and every hour.

A process of its own does that, since no worker may be running, one may be busy for hours, and a running one does not
see what was installed after its start.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid

from dropdub.daemon.change_detector import INSTALLED_AFTER_S, ChangeDetector, listing
from dropdub.daemon.context import Context
from dropdub.daemon.logs import note
from dropdub.daemon.steps.pools import engine_settings
from dropdub.errors import DropdubError, UnexpectedError
from dropdub.installation import packages_stamp
from dropdub.process import SPARING_MALLOC, child_environment, console_python
from dropdub.process.run import Program, run

FIRST_AFTER_S = 60.0
"""Keeps it out of the busy start of a daemon without a web server, where nobody waits for it."""
LOOK_EVERY_S = 5.0
EVERY_S = 3600.0
"""How often it is found out if nothing has changed that is looked at: other programs may have brought languages."""
RETRY_S = 600.0
DEADLINE_S = 120.0
"""Importing the modules of all engines takes a second, on a slow disk far longer."""
STOP_GRACE_S = 2.0


class EngineDescriptions:
    """Keeps the descriptions of this root's engines up to date. The loop never waits for it. Monotonic seconds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        models = context.root.models_dir(context.config.models.dir)
        self._detector = ChangeDetector(lambda: (packages_stamp(), listing(models)), quiet_s=INSTALLED_AFTER_S)
        self._next_look: float | None = None
        self._due = 0.0
        self._thread: threading.Thread | None = None
        self._has_failed = False
        self._stopping = threading.Event()

    def tick(self, now: float) -> None:
        """Find it out if that is due."""
        if self._next_look is None:
            self._next_look = now if self._context.serves else now + FIRST_AFTER_S
        if now < self._next_look or (self._thread is not None and self._thread.is_alive()):
            return
        self._next_look = now + LOOK_EVERY_S
        if self._has_failed:
            self._has_failed, self._due = False, now + RETRY_S
        if self._detector.changed(now) or now >= self._due:
            self._due = now + EVERY_S
            self._thread = threading.Thread(target=self._describe, name="engines", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Kill the process, if it is running."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(STOP_GRACE_S)

    def _describe(self) -> None:
        try:
            ending = run(self._program(), deadline_s=DEADLINE_S, look=self._end_if_stopping)
            if ending.returncode != 0:
                raise UnexpectedError(" ".join(ending.complaints[-1:]))
        except (DropdubError, OSError) as error:
            self._has_failed = True
            if not self._stopping.is_set():
                note("engines not described", level=logging.WARNING, text=str(error))

    def _program(self) -> Program:
        root, config = self._context.root, self._context.config
        return Program(
            [console_python(), "-P", "-m", "dropdub.describe"],
            environment={**child_environment(config.environment), **SPARING_MALLOC, "PYTHONUTF8": "1"},
            given=json.dumps(engine_settings(root, config)).encode(),
            lock_path=root.run_dir / f"describe-{uuid.uuid4().hex[:12]}.lock",
        )

    def _end_if_stopping(self, _pid: int) -> None:
        if self._stopping.is_set():
            raise UnexpectedError("The daemon stops.")
