"""What the handlers of requests share: the root, its settings, the database, and the jobs that clients wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property, partial
from typing import ParamSpec, TypeVar

from dropdub.config import Config
from dropdub.config.watch import InForce
from dropdub.operations.place import Place
from dropdub.pasting import with_commands
from dropdub.store import transitions
from dropdub.store.changes import Changes
from dropdub.store.database import Store
from dropdub.store.transitions import Asked, AskedJob
from dropdub.store.views import Reader
from dropdub.store.views.answers import AnswerView
from dropdub.web.answering.errors import ApiError
from dropdub.web.command_answers import CommandAnswer
from dropdub.web.events.feed import Feed
from dropdub.web.jobs.leaving import Leaving
from dropdub.web.jobs.watch import JobWatch
from dropdub.web.serving.link import Link
from dropdub.web.uploads.folder import Uploads
from dropdub.web.uploads.limits import UploadLimits
from dropdub.web.voices.listing import VoiceList

P = ParamSpec("P")
T = TypeVar("T")
THREADS = 8
"""Threads for what blocks: the database and the disk. Nothing else runs in them, so none is kept busy for long."""


class Site:
    """One per process. Its methods belong to the event loop; what blocks runs in its threads."""

    def __init__(self, place: Place, config: Config, link: Link | None) -> None:
        """`link`: the supervisor whose child this process is; None if it stands alone."""
        self.place = place
        self.in_force = InForce(config)
        self._link = link
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")
        self.watch = JobWatch(self._look, Changes(self.store.file), is_attached=link is not None)
        self.leaving = Leaving(self)
        self.feed = Feed(self)

    @property
    def config(self) -> Config:
        """Return the settings in force."""
        return self.in_force.config

    @cached_property
    def uploads(self) -> Uploads:
        """Return the files that are being received, or were sent with a request."""
        return Uploads(self.place.root.uploads_dir, self._upload_limits())

    def settings_changed(self) -> None:
        """Use the settings in force where they are not read each time."""
        self.uploads.limits = self._upload_limits()

    @cached_property
    def voices(self) -> VoiceList:
        """Return the voices of the root, and those of its engines."""
        return VoiceList(self.place.root, self.in_force)

    @cached_property
    def doctor(self) -> CommandAnswer:
        """Return what asks for the findings of `dropdub doctor`."""
        return CommandAnswer(self.place.root.path, ("doctor",))

    @cached_property
    def models(self) -> CommandAnswer:
        """Return what asks for the models that are used or here."""
        return CommandAnswer(self.place.root.path, ("models", "list"))

    @cached_property
    def store(self) -> Store:
        return self.place.store()

    @cached_property
    def reader(self) -> Reader:
        return self.place.reader()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that blocks, in a thread, and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, partial(function, *args, **kwargs))

    async def ask(self, asked: Sequence[AskedJob]) -> list[Asked]:
        """Record and queue the jobs of a request, or join those of an earlier one; return them in order."""
        async with self.leaving.joining() as join:
            found = await self.run(self.record, asked)
            join([one.job_id for one in found])
        self.nudge()
        return found

    def record(self, asked: Sequence[AskedJob]) -> list[Asked]:
        """Do what `ask` does in a thread that may block; `nudge` has to follow."""
        return transitions.ask_jobs(self.store, asked, now=time.time())

    def nudge(self) -> None:
        """Report to the supervisor that a job was recorded; without one, it looks by itself."""
        if self._link is not None:
            self._link.nudge()

    @property
    def is_attached(self) -> bool:
        """Return whether a supervisor runs for certain: it is this process's parent."""
        return self._link is not None

    def worded(self, error: ApiError) -> ApiError:
        """Return an error whose remedy has its commands as they can be pasted."""
        message, remedy = (with_commands(text, root=self.place.named_root) for text in (error.message, error.remedy))
        return replace(error, message=message, remedy=remedy)

    def close(self) -> None:
        """Release the threads and the database."""
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.store.close()

    def _upload_limits(self) -> UploadLimits:
        limits = self.config.limits
        return UploadLimits(int(limits.max_size), int(limits.min_free_disk))

    async def _look(self, job_id: int) -> AnswerView | None:
        return await self.run(self.reader.answer, job_id)
