"""Find jobs by number or file name, including files that still wait in the inbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING

from dropdub.config import load_config
from dropdub.errors import AmbiguousName, UsageError
from dropdub.inbox.named_files import record_drop, waiting_file
from dropdub.inbox.scan import Drop, scan
from dropdub.inbox.settle import is_still_written
from dropdub.operations.place import Place
from dropdub.store.states import ENDED
from dropdub.store.views.find import ambiguous
from dropdub.subtitles.timed_texts import TimedTexts

if TYPE_CHECKING:
    from dropdub.store.views import JobView


def named_jobs(place: Place, refs: Sequence[str]) -> list[JobView]:
    """Return the jobs that `refs` name, each once. Raises UsageError for the first ref without a job."""
    return list({job.id: job for job in place.reader().find(refs)}.values())


def jobs_to_cancel(place: Place, refs: Sequence[str]) -> list[JobView]:
    """Return the jobs that `refs` name, each once. A file that waits in the inbox is recorded as a job.

    Raises UsageError, before anything is recorded, for the first ref that names neither.
    """
    inbox = _Inbox(place)
    found = [inbox.find(ref) for ref in refs]
    jobs = [_record(place, one) for one in found]
    return list({job.id: job for job in jobs}.values())


class _Inbox:
    """The inbox as the daemon sees it, scanned only if a name requires it."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def find(self, ref: str) -> JobView | Drop:
        """Return the job with this number or name; if it has ended and a file of this name waits, return the file.

        Raises AmbiguousName if an unfinished job and a waiting file of another folder have the name.
        """
        try:
            [job] = self._place.reader().find([ref])
        except AmbiguousName:
            raise
        except UsageError:
            drop = self._waiting(ref)
            if drop is None:
                raise
            return drop
        if ref == str(job.id):
            return job
        if job.state in ENDED:
            return self._waiting(ref) or job
        drop = waiting_file(ref, self._drops, inbox=self._place.root.inbox)
        if drop is not None and drop.folder != job.folder:
            path = str(drop.path.relative_to(self._place.root.inbox))
            raise ambiguous(ref, [(str(job.id), job.path), (path, f"{path} in the inbox")])
        return job

    def _waiting(self, ref: str) -> Drop | None:
        drop = waiting_file(ref, self._drops, inbox=self._place.root.inbox)
        if drop is not None and is_still_written(drop):
            raise UsageError(
                f"{drop.path} is still being written.",
                remedy="Cancel it when the copy is complete, or stop the copying.",
            )
        return drop

    @cached_property
    def _drops(self) -> list[Drop]:
        config = load_config(self._place.root.config_file)
        return scan(
            self._place.root.inbox,
            ignore=config.inbox.ignore,
            profiles=set(config.profiles),
            with_sidecars=config.inbox.sidecars != "none",
            languages=(config.job.language, "en"),
            holds_subtitles=TimedTexts(),
        ).drops


def _record(place: Place, one: JobView | Drop) -> JobView:
    """Return a job unchanged; record a job for a file, and return that."""
    if not isinstance(one, Drop):
        return one
    with closing(place.store()) as store:
        job = record_drop(store, one, now=time.time())
    [view] = place.reader().find([str(job.id)])
    return view
