"""Play and save the spoken lines of one monitor, in order, each once."""

from __future__ import annotations

import logging
import threading
import time
import wave
from pathlib import Path

from dropdub.config.monitor import MonitoredFile
from dropdub.daemon.context import Context, job_id
from dropdub.daemon.logs import note
from dropdub.daemon.monitor.line_sound import LineSound, encoded, joined
from dropdub.daemon.monitor.playing import play
from dropdub.daemon.monitor.saving import remove_parts, save
from dropdub.errors import DropdubError, NotDelivered
from dropdub.failpoints import reach
from dropdub.pipeline.artifacts import piece_name
from dropdub.pipeline.request import Wanted
from dropdub.store import queries, transitions
from dropdub.store.states import ENDED, JobState, LineState
from dropdub.store.tables import Job

_AWAIT_TURN_S = 0.2


class Delivery:
    """Delivers one line at a time. `turn` is held while something is played, so that no two lines are heard at once."""

    def __init__(
        self, context: Context, name: str, settings: MonitoredFile, *, turn: threading.Lock, stopping: threading.Event
    ) -> None:
        self._context = context
        self._name = name
        self._settings = settings
        self._turn = turn
        self._stopping = stopping
        self._skipped: str | None = None
        self._left_out = 0
        self.trouble: str | None = None
        self._is_tidy = False

    @property
    def notes(self) -> list[str]:
        """Return what keeps lines from being heard."""
        return [text for text in (self.trouble, self._skipped) if text is not None]

    def deliver_next(self) -> bool:
        """Deliver the next line if it has been spoken; return whether one more may be due at once.

        Raises StoreError, and DropdubError if it cannot be delivered now.
        """
        self._tidy()
        found = queries.next_line(self._context.store, self._name)
        if found is None or found[1].state not in ENDED:
            return False
        _line, job = found
        sound = self._sound(job) if job.state == JobState.SUCCEEDED else None
        if sound is None:
            self._skip(job)
        else:
            self._deliver(job, sound)
        return True

    def _tidy(self) -> None:
        """Remove what an earlier run left in the folder; here, in a thread, because a share may not answer."""
        if not self._is_tidy and self._settings.save is not None:
            remove_parts(Path(self._settings.save), self._name)
        self._is_tidy = True

    def _sound(self, job: Job) -> LineSound | None:
        """Return a line's sound; None if its pieces are not there any more."""
        folder = self._context.root.results_dir(job_id(job))
        result = queries.results(self._context.store, job).get(Wanted.SAY, {})
        pieces = [folder / piece_name(number) for number in range(int(result.get("pieces", 0)))]
        try:
            return joined(pieces, folder) if pieces and all(piece.is_file() for piece in pieces) else None
        except (EOFError, wave.Error) as error:
            note("a spoken line is broken", level=logging.WARNING, job=job.id, text=str(error))
            return None
        except OSError as error:
            raise NotDelivered(f"The sound of {job.name} cannot be joined: {error.strerror or error}.") from error

    def _deliver(self, job: Job, sound: LineSound) -> None:
        if self._settings.save is not None:
            made = encoded(sound, self._settings.format)
            file_name = f"{job.name}{made.suffix}"
            save(made, Path(self._settings.save), file_name, text_file=Path(self._settings.file))
        if self._settings.is_played:
            self._play(job, sound)
        transitions.end_line(self._context.store, job_id(job), state=LineState.DELIVERED, now=time.time())
        note("line delivered", level=logging.DEBUG, job=job.id, monitor=self._name)

    def _play(self, job: Job, sound: LineSound) -> None:
        """Play a line. One that was saved need not wait for a player that fails: that is only reported."""
        try:
            self._play_in_turn(job, sound)
        except NotDelivered as error:
            if self._settings.save is None or self._stopping.is_set():
                raise
            self.trouble = error.sentence
        else:
            self.trouble = None
        reach("monitor.played")

    def _play_in_turn(self, job: Job, sound: LineSound) -> None:
        while not self._turn.acquire(timeout=_AWAIT_TURN_S):
            if self._stopping.is_set():
                raise NotDelivered("Dropdub is stopping.")
        try:
            play(
                sound.path,
                seconds=sound.seconds,
                chosen=self._context.config.monitor.player,
                lock_path=self._context.root.run_dir / f"player-{job.id}.lock",
                stopping=self._stopping,
            )
        finally:
            self._turn.release()

    def _skip(self, job: Job) -> None:
        transitions.end_line(self._context.store, job_id(job), state=LineState.SKIPPED, now=time.time())
        self._left_out += 1
        reason = job.reason or f"Its sound is not in {self._context.root.results_dir(job_id(job))}."
        others = f" {self._left_out} lines have been left out since the start." if self._left_out > 1 else ""
        self._skipped = f"{job.name} was not spoken. {reason}{others} See: `dropdub show {job.id}`"
        note("line skipped", level=logging.WARNING, job=job.id, monitor=self._name, text=reason)


def trouble_of(error: DropdubError, monitor: str) -> str:
    """Return what to report of an error that keeps a monitor from its work."""
    return f"Monitor {monitor}: {error.sentence}"
