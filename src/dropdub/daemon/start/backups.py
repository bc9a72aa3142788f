"""Schedule the daily copy of the database; `store.backup` makes it."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from dropdub.daemon.logs import note
from dropdub.errors import StoreError
from dropdub.store import backup
from dropdub.store.copies import Copy, copies

FIRST_AFTER_S = 60.0
"""Keeps the first copy out of the busy startup."""
LOOK_EVERY_S = 3600.0
"""How often to check whether a copy is due; also the pause after a failed copy."""
DAY_S = 86_400.0
STOP_GRACE_S = 2.0


class Backups:
    """Copies the database on a background thread once the newest daily copy is a day old; the loop never waits for it.

    The thread is a daemon thread: a copy in progress never delays the end of the program, and the next copy removes
    its leftovers. A database on a server is not copied.
    """

    def __init__(self, file: Path | None, folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._next_look: float | None = None
        self._thread: threading.Thread | None = None
        self._trouble: str | None = None

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator."""
        return [self._trouble] if self._trouble is not None else []

    def tick(self, now: float) -> None:
        """Check whether a copy is due, starting a minute after the first call (`now`: monotonic seconds)."""
        if self._next_look is None:
            self._next_look = now + FIRST_AFTER_S
        if self._file is None or now < self._next_look or (self._thread is not None and self._thread.is_alive()):
            return
        self._next_look = now + LOOK_EVERY_S
        self._thread = threading.Thread(target=self._copy_if_due, args=(self._file,), name="backup", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait up to `STOP_GRACE_S` for a copy in progress."""
        if self._thread is not None:
            self._thread.join(STOP_GRACE_S)

    def _copy_if_due(self, file: Path) -> None:
        try:
            if is_due(copies(self._folder), now=time.time()):
                made = backup.make(file, self._folder, now=time.time())
                note("database copied", file=made)
            self._trouble = None
        except StoreError as error:
            self._report(error.sentence)
        except Exception as error:  # an unexpected error must not kill the thread; jobs do not need the copy
            self._report(f"{type(error).__name__}: {error}", trace=error)

    def _report(self, text: str, *, trace: BaseException | None = None) -> None:
        note("database not copied", level=logging.WARNING, trace=trace, text=text)
        self._trouble = f"The daily copy of the database failed and will be retried within the hour. {text}"


def is_due(found: list[Copy], *, now: float) -> bool:
    """Return whether no daily copy was made in the last day; copies from the future (wrong clock) do not count."""
    return not any(copy.before is None and now - DAY_S < copy.made_at <= now for copy in found)
