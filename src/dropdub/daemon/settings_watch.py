"""Notice that `config.yaml` has changed while the daemon runs: take over what needs no restart, or say what is wrong.

An editor may replace the file, write it in pieces, or leave it half-written for a moment. So it is read only once it
has stayed the same for a while, and until then the settings in force stay as they are.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

from dropdub.config import Config, load_config
from dropdub.config.live import changes, taken_over
from dropdub.daemon.context import Context
from dropdub.daemon.isolation import own_error
from dropdub.daemon.logs import note
from dropdub.errors import DropdubError
from dropdub.yaml_file import without_folder

LOOK_EVERY_S = 1.0
SETTLE_S = 2.0
"""How long the file must stay the same before it is read. A dropped file takes longer to settle."""
MOST_NAMED = 6
_UNREAD: object = ()


class SettingsWatch:
    """Watches one root's `config.yaml`. Each look is a single `stat`. Times are monotonic seconds."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._file = context.root.config_file
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
        if self._pending:
            notes.append(f"{_listed(self._pending)} in config.yaml changed: restart the daemon to use that.")
        return notes

    def tick(self, now: float) -> None:
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY_S
        seen = _stamp(self._file)
        if seen != self._seen:
            self._seen, self._read_at = seen, now + SETTLE_S
        elif self._read_at is not None and now >= self._read_at:
            self._read_at = None
            self._read()

    def _read(self) -> None:
        try:
            config = load_config(self._file)
            self._context.root.refuse_outputs(config.named_outputs())
        except Exception as error:  # boundary: whatever the file contains, the daemon continues
            self._complain(own_error(error, "reading config.yaml"))
        else:
            self._use(config)

    def _complain(self, error: DropdubError) -> None:
        what = without_folder(error.message, self._file)
        text = f"{what}. The daemon continues with the settings of {self._begun:%Y-%m-%d %H:%M}. "
        text += "Correct that before it starts again, and check it with: `dropdub config check`"
        if text != self._complaint:
            self._complaint = text
            self._context.report(text)
            note("settings cannot be used", level=logging.WARNING, text=error.message)

    def _use(self, config: Config) -> None:
        before, in_force = self._context.config, self._context.in_force
        in_force.config = taken_over(before, config)
        used = changes(before, in_force.config)
        pending = changes(in_force.config, config)
        if self._complaint is not None:
            self._complaint = None
            self._context.report("config.yaml can be used again.")
        if used:
            self._begun = datetime.now()
            self._context.report(f"config.yaml has changed: files dropped from now on use {_listed(used)}.")
        if used or pending != self._pending:
            note("settings changed", used=used, after_restart=pending)
        if pending and pending != self._pending:
            self._context.report(f"{_listed(pending)} in config.yaml changed: restart the daemon to use that.")
        self._pending = pending


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
