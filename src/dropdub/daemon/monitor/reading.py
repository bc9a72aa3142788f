"""Record the new lines of one monitored file as jobs that speak them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from dropdub.config.monitor import MonitoredFile
from dropdub.daemon.context import Context
from dropdub.daemon.logs import note
from dropdub.daemon.monitor.followed_file import Doubt, FollowedFile, Look
from dropdub.daemon.monitor.tail import Taken, take
from dropdub.errors import NotDelivered, storable
from dropdub.files.durable import is_folder
from dropdub.pipeline.plan import first_steps
from dropdub.pipeline.request import Request, Wanted
from dropdub.store import queries, transitions
from dropdub.store.states import Priority
from dropdub.store.transitions import AskedJob, ReadUpTo

SILENT_S = 3.0
"""A line without a line end is complete after this time: editors often leave the last line so, while a program that
writes a line in pieces does so at once."""
MOST_WAITING = 10_000
"""Lines of one file that may wait to be delivered. Beyond, the file itself is the queue: it is read no further."""
_REMEDY = "Let the account that runs Dropdub read it. A link is not followed if others may write to its folder."


def line_name(monitor: str, number: int) -> str:
    """Return the name of a line's job, and of its file: `talk-000012`."""
    return f"{monitor}-{number:06d}"


class Reading:
    """Reads the file of one monitor. Times are monotonic seconds. Not thread-safe."""

    def __init__(self, context: Context, name: str, settings: MonitoredFile, wake: Callable[[], None]) -> None:
        """`wake` is called when jobs have been recorded."""
        self._context = context
        self._wake = wake
        self._name = name
        self._settings = settings
        self._file = FollowedFile(Path(settings.file))
        self._silence = Doubt()
        self._read: ReadUpTo | None = None
        self._is_known = False
        self.is_at_rest = False
        """Whether nothing will come without a change of the file."""

    def close(self) -> None:
        self._file.close()

    def look(self, now: float) -> bool:
        """Record the lines that are new; return whether there may be more right away.

        Raises StoreError, TransitionRefused if something else has recorded lines, and NotDelivered if the file cannot
        be read, or its folder is away.
        """
        if not self._is_known:
            row = queries.monitor(self._context.store, self._name)
            self._read = ReadUpTo(**row.model_dump(exclude={"name"})) if row is not None else None
            self._is_known = True
        try:
            return self._look(self._read, now)
        except OSError as error:
            message = f"The file {self._settings.file} cannot be read: {storable(error.strerror or str(error))}."
            raise NotDelivered(message, remedy=_REMEDY) from error

    def _look(self, read: ReadUpTo | None, now: float) -> bool:
        if read is None or read.path != self._settings.file:
            lines = read.lines if read is not None else 0
            begun = self._file.begin(from_end=self._settings.start == "end", lines=lines)
            if begun is None:
                raise self._away()
            self._record(read, begun, ())
            return True
        found = self._file.look(read, now)
        self.is_at_rest = found is None and not self._file.is_in_doubt
        if found is None or not found.held.after:
            self._refuse_away(read)
        if found is None or (found.held.after and self._is_full()):
            return False
        return self._take(read, found, now)

    def _refuse_away(self, read: ReadUpTo) -> None:
        """Raise NotDelivered if the folder is away: a file that is still open then has nothing new."""
        if not is_folder(Path(read.path).parent):
            raise self._away()

    def _away(self) -> NotDelivered:
        message = f"The folder of {self._settings.file} is not there."
        return NotDelivered(message, remedy="Create it, or connect the share. The file is then read by itself.")

    def _is_full(self) -> bool:
        return queries.lines_waiting(self._context.store, self._name) >= MOST_WAITING

    def _take(self, read: ReadUpTo, found: Look, now: float) -> bool:
        silent = (found.held.identity, found.held.size, found.read.offset)
        is_silent = self._silence.lasts(silent, now, SILENT_S)
        taken = take(
            found.read, found.held, is_all=is_silent or found.then is not None, language=self._settings.language
        )
        is_new = taken.after != read
        self.is_at_rest = not (is_new or self._file.is_in_doubt) and (is_silent or not taken.rest)
        if is_new:
            self._record(read, taken.after, taken.texts)
            self._report(taken)
            return taken.has_more or found.then is not None
        if found.then is not None:
            self._record(read, found.then, ())
            return True
        return False

    def _record(self, before: ReadUpTo | None, after: ReadUpTo, texts: Sequence[str]) -> None:
        first = after.lines - len(texts) + 1
        spoken = [self._spoken(text, number) for number, text in enumerate(texts, first)]
        self._is_known = False  # until it is certain what is recorded
        store = self._context.store
        transitions.record_lines(store, self._name, spoken, before=before, after=after, now=time.time())
        self._read, self._is_known = after, True
        if spoken:
            self._wake()

    def _spoken(self, text: str, number: int) -> AskedJob:
        settings = self._settings
        params = {"text": text, "voice": settings.voice, "language": settings.language, "speed": settings.speed}
        request = Request(Wanted.SAY, params)
        options = self._context.config.job.model_dump(mode="json")
        name = line_name(self._name, number)
        return AskedJob(name, request.to_json(), first_steps(request), options, priority=Priority.SOON)

    def _report(self, taken: Taken) -> None:
        if taken.texts:
            note("lines recorded", monitor=self._name, lines=len(taken.texts), last=taken.after.lines)
        if taken.unreadable:
            text = "They are no text."
            note("lines left out", level=logging.WARNING, monitor=self._name, lines=taken.unreadable, text=text)
