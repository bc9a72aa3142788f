"""Notice that `config.yaml` has changed while a program runs: take over what needs no restart, or say what is wrong.

An editor may replace the file, write it in pieces, or leave it half-written for a moment. So it is read only once it
has stayed the same for a while, and until then the settings in force stay as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from dropdub.config.live import changes, taken_over
from dropdub.config.settings import Config
from dropdub.config.sources import load_config
from dropdub.errors import DropdubError, unforeseen
from dropdub.yaml_file import without_folder

LOOK_EVERY_S = 1.0
SETTLE_S = 2.0
"""How long the file must stay the same before it is read. A dropped file takes longer to settle."""
MOST_NAMED = 6
_UNREAD: object = ()


@dataclass
class InForce:
    """The settings in force: those of the start, with what was taken over from a changed config.yaml since."""

    config: Config


class Note(Protocol):
    """Logs a fixed sentence with fields."""

    def __call__(
        self, sentence: str, *, level: int = logging.INFO, trace: BaseException | None = None, **fields: Any
    ) -> None: ...


@dataclass(frozen=True)
class User:
    """The program that uses the settings.

    `name`: what it is called in messages, which `report` gets. `check` raises DropdubError for settings that it must
    not use. `note` writes a sentence with fields to its log. `sections`: those of which it is said that they need a
    restart; None: all.
    """

    name: str
    report: Callable[[str], None]
    check: Callable[[Config], None]
    note: Note
    sections: Collection[str] | None = None


class SettingsWatch:
    """Watches a root's `config.yaml`. Each look is a single `stat`. Times are monotonic seconds."""

    def __init__(self, file: Path, in_force: InForce, user: User) -> None:
        self._file = file
        self._in_force = in_force
        self._user = user
        self._seen = _UNREAD  # so that a change between the start of the program and now is noticed, too
        self._read_at: float | None = None
        self._next_look = 0.0
        self._begun = datetime.now()
        self._complaint: str | None = None
        self._pending: list[str] = []

    @property
    def notes(self) -> list[str]:
        """Return warnings for the administrator."""
        notes = [] if self._complaint is None else [self._complaint]
        return [*notes, self._restart()] if self._pending else notes

    def tick(self, now: float) -> bool:
        """Look at the file if that is due. Return whether settings were taken over."""
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_EVERY_S
        seen = _stamp(self._file)
        if seen != self._seen:
            self._seen, self._read_at = seen, now + SETTLE_S
        elif self._read_at is not None and now >= self._read_at:
            self._read_at = None
            return self.read()
        return False

    def read(self) -> bool:
        """Read the file now. Return whether settings were taken over."""
        try:
            config = load_config(self._file)
            self._user.check(config)
        except DropdubError as error:
            self._complain(error)
        except Exception as error:  # boundary: whatever the file contains, the program continues
            self._user.note("unexpected error while reading config.yaml", level=logging.ERROR, trace=error)
            self._complain(unforeseen(error))
        else:
            return self._use(config)
        return False

    def _complain(self, error: DropdubError) -> None:
        what = without_folder(error.message, self._file)
        text = f"{what}. The {self._user.name} continues with the settings of {self._begun:%Y-%m-%d %H:%M}. "
        text += "Correct that before it starts again, and check it with: `dropdub config check`"
        if text != self._complaint:
            self._complaint = text
            self._user.report(text)
            self._user.note("settings cannot be used", level=logging.WARNING, text=error.message)

    def _use(self, config: Config) -> bool:
        before = self._in_force.config
        after = self._in_force.config = taken_over(before, config)
        used = changes(before, after)
        if self._complaint is not None:
            self._complaint = None
            self._user.report("config.yaml can be used again.")
        if used:
            self._begun = datetime.now()
            self._user.report(f"config.yaml has changed. In use from now on: {_listed(used)}.")
        self._postpone(changes(after, config), used=used)
        return bool(used)

    def _postpone(self, changed: list[str], *, used: list[str]) -> None:
        """Remember what needs a restart, and report it once."""
        sections = self._user.sections
        pending = [name for name in changed if sections is None or name.partition(".")[0] in sections]
        if used or pending != self._pending:
            self._user.note("settings changed", used=used, after_restart=pending)
        is_new, self._pending = pending != self._pending, pending
        if pending and is_new:
            self._user.report(self._restart())

    def _restart(self) -> str:
        return f"{_listed(self._pending)} in config.yaml changed: restart the {self._user.name} to use that."


def _stamp(file: Path) -> object:
    """Return a value that changes with the file's content, place or permissions."""
    try:
        found = file.stat()
    except OSError as error:
        return error.errno
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _listed(names: list[str]) -> str:
    """Return names for a sentence, at most `MOST_NAMED`."""
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    *first, last = [*names[:MOST_NAMED], *more]
    return f"{', '.join(first)} and {last}" if first else last
