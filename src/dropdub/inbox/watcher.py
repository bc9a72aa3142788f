"""Events of the inbox: hints that wake the loop. What counts is the scan."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import psutil
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

from dropdub.config import InboxSettings

NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afpfs", "webdav", "davfs", "ceph", "afs"}
EVENTS: list[type[FileSystemEvent]] = [
    FileClosedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
"""Without this filter, bursts of thousands of files overflow the kernel's queue."""
STOP_WITHIN_S = 2.0


class _Hint(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._wake()


class Watcher:
    """An observer of the inbox that is started again when it dies. `mode` is native or polling, `notes` says why."""

    def __init__(self, inbox: Path, settings: InboxSettings, wake: Callable[[], None]) -> None:
        self._inbox = inbox
        self._settings = settings
        self._wake = wake
        self._observer: BaseObserver | None = None
        self._inode: int | None = None
        self.mode = "none"
        self.notes: list[str] = []

    def start(self) -> None:
        """Begin to watch; fall back to polling, with a note, where native watching is not possible."""
        self.notes = []
        self._inode = self._inbox.stat().st_ino
        if self._wants_polling() or not self._begin_native():
            self._begin(PollingObserver(timeout=self._settings.polling_interval), "polling")

    def check(self) -> list[str]:
        """Start again what died without a word, or watches a folder that is gone; return notes for a person."""
        try:
            inode = self._inbox.stat().st_ino
        except OSError:
            self.stop()
            return [f"The inbox {self._inbox} is not there: connect the share, or make the folder again."]
        if not self.alive() or inode != self._inode:
            self.stop()
            self.start()
            self._wake()
        return self.notes

    def alive(self) -> bool:
        """Return whether observer and emitter threads run: an observer outlives the emitter that feeds it."""
        observer = self._observer
        return (
            observer is not None
            and observer.is_alive()
            and bool(observer.emitters)
            and all(emitter.is_alive() for emitter in observer.emitters)
        )

    def stop(self) -> None:
        """End watching, within bounded time."""
        observer, self._observer = self._observer, None
        if observer is not None and observer.is_alive():
            observer.stop()
            observer.join(STOP_WITHIN_S)

    def _wants_polling(self) -> bool:
        if self._settings.observer == "polling":
            return True
        if self._settings.observer == "auto" and on_network(self._inbox):
            self.notes.append(f"The inbox lies on a network share: it is polled every {self._interval}.")
            return True
        return False

    def _begin_native(self) -> bool:
        try:
            self._begin(Observer(), "native")
        except OSError as error:
            self.stop()
            self.notes.append(
                f"Native watching is not possible ({error.strerror or error}): the inbox is polled every "
                f"{self._interval}. On Linux, raise fs.inotify.max_user_watches and max_user_instances."
            )
            return False
        return True

    def _begin(self, observer: BaseObserver, mode: str) -> None:
        self._observer = observer
        observer.schedule(_Hint(self._wake), str(self._inbox), recursive=True, event_filter=EVENTS)
        observer.start()
        self.mode = mode

    @property
    def _interval(self) -> str:
        return f"{self._settings.polling_interval:g} s"


def on_network(path: Path) -> bool:
    """Return whether a folder lies on a network share, where native events do not arrive."""
    resolved = path.resolve()
    if sys.platform == "win32":
        import ctypes  # noqa: PLC0415

        return str(resolved).startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(resolved.anchor) == 4
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    holder = next((folder for folder in (resolved, *resolved.parents) if folder in mounts), None)
    return holder is not None and mounts[holder].lower() in NETWORK
