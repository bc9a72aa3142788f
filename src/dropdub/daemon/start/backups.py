"""The daily copy of the database: when it is made. How is in `store.backup`."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from dropdub.daemon.logs import note
from dropdub.errors import StoreError
from dropdub.store import backup

FIRST_AFTER_S = 60.0
"""A start has better things to do at first."""
LOOK_EVERY_S = 3600.0
"""How often it is looked whether a copy is due; so long after one that failed the next is tried."""
DAY_S = 86_400.0
STOP_GRACE_S = 2.0


class Backups:
    """Makes a copy when the newest daily one is a day old, in a thread of its own: the loop never waits for it.

    The thread is a daemon thread: a copy under way never delays the end of the program, and the next one removes what
    it leaves. A database on a server is not copied.
    """

    def __init__(self, file: Path | None, folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._next_look: float | None = None
        self._thread: threading.Thread | None = None
        self._trouble: str | None = None

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know."""
        return [self._trouble] if self._trouble is not None else []

    def tick(self, now: float) -> None:
        """Begin a look at what is due, from a minute after the first call on (`now`: monotonic seconds)."""
        if self._next_look is None:
            self._next_look = now + FIRST_AFTER_S
        if self._file is None or now < self._next_look or (self._thread is not None and self._thread.is_alive()):
            return
        self._next_look = now + LOOK_EVERY_S
        self._thread = threading.Thread(target=self._look, args=(self._file,), name="backup", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give a copy under way a moment to end."""
        if self._thread is not None:
            self._thread.join(STOP_GRACE_S)

    def _look(self, file: Path) -> None:
        try:
            if is_due(backup.copies(self._folder), now=time.time()):
                made = backup.make(file, self._folder, now=time.time())
                note("database copied", file=made)
            self._trouble = None
        except StoreError as error:
            self._complain(error.sentence)
        except Exception as error:  # the thread's boundary: without a copy, the work itself is none the worse
            self._complain(f"{type(error).__name__}: {error}", trace=error)

    def _complain(self, text: str, *, trace: BaseException | None = None) -> None:
        note("database not copied", level=logging.WARNING, trace=trace, text=text)
        self._trouble = f"The daily copy of the database was not made; it is tried again within the hour. {text}"


def is_due(copies: list[backup.Copy], *, now: float) -> bool:
    """Return whether no daily copy was made in the last day. One from the future, of a wrong clock, does not count."""
    return not any(copy.before is None and now - DAY_S < copy.made_at <= now for copy in copies)
