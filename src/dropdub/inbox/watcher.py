"""Watch the inbox. Events are only hints that trigger a scan; the periodic rescan is authoritative."""

from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserver
from watchdog.utils import BaseThread

from dropdub.config import InboxSettings
from dropdub.mounts import network_kind

Mode = Literal["native", "polling"]
STOP_GRACE_S = 5.0
"""A polling thread may hang in a call to a share that is gone, and a reader of Windows misses its cancellation if that
comes just before it waits again. watchdog waits for both without a limit; they are abandoned, as daemon threads may be.
"""
HINTS: list[type[FileSystemEvent]] = [
    *(FileClosedEvent, FileMovedEvent, FileCreatedEvent),
    *(DirCreatedEvent, DirMovedEvent),
]
"""The events that start or end a drop. Other kinds (each write, each read) would overflow the queue in a burst."""
_LIMITS = {
    errno.ENOSPC: "raise fs.inotify.max_user_watches with sysctl, then start Dropdub again",
    errno.EMFILE: "raise fs.inotify.max_user_instances or the limit of open files, then start Dropdub again",
    errno.ENFILE: "raise fs.file-max with sysctl, then start Dropdub again",
}

_INACTIVE = "InotifyEmitter.queue_events() called when the thread is inactive"
_inotify_log = logging.getLogger("watchdog.observers.inotify")
logger = logging.getLogger(__name__)


class _Hint(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._wake()


class Watcher:
    """Calls `wake` from its own thread when something happens in the inbox; `wake` must only set a flag.

    Calls may be missing, duplicate or spurious.
    """

    def __init__(self, inbox: Path, settings: InboxSettings, wake: Callable[[], None]) -> None:
        self._inbox = inbox
        self._settings = settings
        self._wake = wake
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None
        self._refused: str | None = None
        self._notes: list[str] = []
        self.mode: Mode = "native"

    def start(self) -> None:
        """Start watching. A missing inbox is watched from the first `check` that finds it."""
        self._notes = []
        self._watched = self._inbox_identity()
        if self._watched is not None:
            self.mode = self._choose_mode()
            self._observer = self._started()

    def stop(self) -> None:
        """Stop watching, in bounded time."""
        observer, self._observer = self._observer, None
        if observer is not None:
            _stop_observer(observer)

    def check(self) -> list[str]:
        """Restart the observer if it died or watches a folder that is no longer the inbox; return the current notes.

        Call it before a scan, which then finds what was missed in the meantime.
        """
        if not self._alive():
            logger.warning("restarting the inbox observer: %s", self._inbox)
            self.stop()
            self.start()
        return list(self._notes)

    def _alive(self) -> bool:
        if self._observer is None or self._watched != self._inbox_identity():
            return self._watched is None and self._inbox_identity() is None
        return all(thread.is_alive() and thread.should_keep_running() for thread in _threads(self._observer))

    def _inbox_identity(self) -> tuple[int, int] | None:
        """Return the identity of the inbox folder, which may be recreated or hidden by a mounted share."""
        try:
            info = self._inbox.stat()
        except OSError:
            return None
        return info.st_dev, info.st_ino

    def _choose_mode(self) -> Mode:
        if self._settings.observer == "polling":
            return "polling"
        if self._refused is not None:
            return self._fall_back(self._refused)
        kind = network_kind(self._inbox) if self._settings.observer == "auto" else None
        if kind is not None:
            return self._fall_back(f"it is on a network file system ({kind}), which does not report changes")
        return "native"

    def _fall_back(self, reason: str) -> Mode:
        every = f"{self._settings.polling_interval:g} s"
        self._notes.append(f"The inbox is scanned every {every} instead of being watched, because {reason}.")
        return "polling"

    def _started(self) -> BaseObserver | None:
        """Return the running observer, falling back from native events to polling; None if neither works."""
        try:
            return self._running(self.mode)
        except OSError as error:
            if self.mode == "polling":
                self._notes.append(f"The inbox cannot be watched ({error}); it is still scanned periodically.")
                return None
            self._refused = _describe_refusal(error)
            self.mode = self._choose_mode()
            return self._started()

    def _running(self, mode: Mode) -> BaseObserver:
        observer = Observer() if mode == "native" else PollingObserver(timeout=self._settings.polling_interval)
        try:
            observer.schedule(_Hint(self._wake), str(self._inbox), recursive=True, event_filter=HINTS)
            _in_daemon_thread(observer.start).result()
        except BaseException:
            _stop_observer(observer)
            raise
        return observer


def _threads(observer: BaseObserver) -> list[BaseThread]:
    """Return all threads of an observer: each may die while `observer.is_alive()` stays true."""
    reader = getattr(observer, "_inotify_fd", None)
    readers = [reader] if isinstance(reader, BaseThread) else []
    return [observer, *observer.emitters, *readers]


def _describe_refusal(error: OSError) -> str:
    remedy = _LIMITS.get(error.errno or 0)
    return f"the operating system reported an error ({error.strerror or error})" + (f": {remedy}" if remedy else "")


def _stop_observer(observer: BaseObserver) -> None:
    """Stop an observer, even one that failed to start; wait at most `STOP_GRACE_S` for its threads."""

    def stop() -> None:
        observer.stop()
        if observer.is_alive():
            observer.join()

    with _without_stop_errors({emitter.ident for emitter in observer.emitters}):
        try:
            _in_daemon_thread(stop).result(STOP_GRACE_S)
        except TimeoutError:
            logger.warning("a thread that watches the inbox does not end and is left alone")


def _in_daemon_thread(action: Callable[[], None]) -> Future[None]:
    """Run an action in a daemon thread, so that the threads that it starts are daemon threads, too."""
    outcome: Future[None] = Future()

    def act() -> None:
        try:
            action()
        except BaseException as error:
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    threading.Thread(target=act, name="observer", daemon=True).start()
    return outcome


@contextmanager
def _without_stop_errors(stopping: Collection[int | None]) -> Iterator[None]:
    """Suppress a spurious error of threads that are being stopped.

    watchdog stops an emitter and closes its source at once, whatever its thread is doing. A thread that is about to
    read an event, or has just read one, then logs an error although nothing is wrong.
    """

    def passes(record: logging.LogRecord) -> bool:
        return record.thread not in stopping or record.getMessage() != _INACTIVE

    _inotify_log.addFilter(passes)
    try:
        yield
    finally:
        _inotify_log.removeFilter(passes)
