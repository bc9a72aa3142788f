"""Deliver the notifications of one channel on its own thread, so neither jobs nor the supervisor wait for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from dropdub.daemon.logs import note
from dropdub.daemon.steps.retry import pause_s
from dropdub.errors import DropdubError, HookFailed, NotDelivered, StoreError, TransitionRefused
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.states import NoticeState
from dropdub.store.tables import Notice

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 900.0
POLL_S = 5.0
"""Longest sleep, so that a retry is not late."""


class Courier:
    """Delivers one notification at a time, the most overdue first. After a failure the whole channel pauses.

    `deliver` raises NotDelivered if delivery should be retried, HookFailed if not.
    """

    def __init__(
        self, store: Store, channel: str, deliver: Callable[[Notice], None], *, give_up_after_s: float
    ) -> None:
        self._store = store
        self._channel = channel
        self._deliver = deliver
        self._give_up_after_s = give_up_after_s
        self._failures = 0
        self.resumes_at = 0.0
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"{channel} courier", daemon=True)
        self.trouble: str | None = None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Check for notifications to deliver."""
        self._wake.set()

    def request_stop(self) -> None:
        """Ask the thread to end; call `join` afterwards."""
        self._stopping.set()
        self._wake.set()

    def join(self, grace_s: float) -> None:
        """Wait up to `grace_s` for the thread to end; a delivery cut off here is repeated after the next start."""
        if self._thread.ident is not None:
            self._thread.join(grace_s)

    def idle(self) -> bool:
        """Return whether everything has been delivered, or cannot be delivered at present."""
        if self._failures > 0:
            return True
        return queries.next_notice(self._store, self._channel, now=time.time(), longest_s=LONGEST_PAUSE_S) is None

    def _loop(self) -> None:
        while not self._stopping.is_set():
            if not self._deliver_one():
                self._wake.wait(POLL_S)
                self._wake.clear()

    def _deliver_one(self) -> bool:
        try:
            return self.tick(monotonic=time.monotonic(), now=time.time())
        except (StoreError, TransitionRefused) as error:  # database busy or full: the row stays as it is
            note("notification could not be recorded", level=logging.WARNING, channel=self._channel, text=error.message)
            return False

    def tick(self, *, monotonic: float, now: float) -> bool:
        """Deliver the next due notification, if any; return whether another one may be due immediately.

        `monotonic` (seconds) times the channel's pause; `now` (epoch seconds) is stored in the database.
        """
        if monotonic < self.resumes_at:
            return False
        notice = queries.next_notice(self._store, self._channel, now=now, longest_s=LONGEST_PAUSE_S)
        if notice is None:
            return False
        try:
            self._deliver(notice)
        except HookFailed as error:
            self._end(notice, NoticeState.DROPPED, error, now)
            return True
        except NotDelivered as error:
            self._failed(notice, error, monotonic, now)
            return False
        except Exception as error:  # an unexpected error must not kill the thread
            note("notification failed unexpectedly", level=logging.ERROR, trace=error, channel=self._channel)
            self._failed(notice, NotDelivered(f"{type(error).__name__}."), monotonic, now)
            return False
        self._end(notice, NoticeState.SENT, None, now)
        return True

    def _end(self, notice: Notice, state: NoticeState, error: DropdubError | None, now: float) -> None:
        self._failures, self.trouble = 0, None
        text = error.message if error else None
        transitions.end_notice(self._store, notice.id, state=state, error=text, now=now)
        level = logging.INFO if error is None else logging.WARNING
        note(f"notification {state}", level=level, job=notice.job_id, channel=self._channel, id=notice.id, text=text)

    def _failed(self, notice: Notice, error: NotDelivered, monotonic: float, now: float) -> None:
        if self._stopping.is_set():
            return
        self._failures += 1
        pause = pause_s(self._failures, first=FIRST_PAUSE_S, longest=LONGEST_PAUSE_S)
        self.resumes_at = monotonic + pause
        self.trouble = f"Notifications cannot be delivered by {self._channel}. {error.sentence}"
        if now - notice.created_at > self._give_up_after_s:
            text = error.message
            transitions.end_notice(self._store, notice.id, state=NoticeState.DROPPED, error=text, now=now)
            note("notification given up", level=logging.WARNING, job=notice.job_id, channel=self._channel, text=text)
            return
        transitions.postpone_notice(self._store, notice.id, error=error.message, at=now + pause)
        note(
            "notification not delivered",
            level=logging.WARNING,
            job=notice.job_id,
            text=error.message,
            retry_in_s=round(pause),
        )
