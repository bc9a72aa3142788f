"""Commands about jobs: look at them, and change what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from dropdub.cli.console import console, printing, say, say_json
from dropdub.cli.failures import DONE, FELL_SHORT
from dropdub.cli.place import Place
from dropdub.errors import TransitionRefused, UsageError
from dropdub.store.states import JobState

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dropdub.store.database import Store
    from dropdub.store.views import JobView, StatusView

REFRESH_S = 1.0


def status(place: Place, *, states: Sequence[JobState], limit: int, as_json: bool) -> int:
    if as_json:
        say_json(asdict(_view(place, states, limit, time.time())))
    else:
        with printing() as screen:
            screen.print(_status(place, states, limit, screen.width))
    return DONE


def status_live(place: Place, *, states: Sequence[JobState], limit: int) -> int:
    """Show the status anew each second until Ctrl-C."""
    from rich.live import Live

    screen = console()
    if not screen.is_terminal:
        raise UsageError("--watch needs a terminal.", remedy="For a script, take: dropdub status --json")
    try:
        with Live(console=screen, auto_refresh=False, transient=False) as live:
            while True:
                live.update(_status(place, states, limit, screen.width), refresh=True)
                time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        return DONE


def show(place: Place, ref: str, *, as_json: bool) -> int:
    from dropdub.cli import quality, render, story

    found = place.reader().job(ref)
    figures = quality.quality_of(found.job)
    if as_json:
        say_json({**asdict(found), "quality": figures})
    else:
        with printing() as screen:
            story.tell(found, screen, render.Clock(time.time()), figures)
    return DONE


def show_timeline(place: Place, ref: str, *, as_json: bool) -> int:
    """Draw how each dub of a job fits its recording, beside the manifest, and say where."""
    from dropdub.cli import timeline

    drawn = timeline.draw(place.reader().job(ref).job)
    if as_json:
        say_json({"timelines": {target: [str(path) for path in paths] for target, paths in drawn.items()}})
    else:
        for paths in drawn.values():
            for path in paths:
                say(str(path))
    return DONE


def retry(place: Place, refs: Sequence[str], *, failed: bool) -> int:
    from dropdub.store import transitions

    if failed == bool(refs):
        raise UsageError("Name the jobs to try again, or say --failed for all that failed.")
    if not failed:
        return _change(place, refs, transitions.retry_job, "is tried again")
    jobs = place.reader().status(now=time.time(), states=[JobState.FAILED], limit=None).jobs
    if not jobs:
        say("No job has failed.")
        return DONE
    return _change_jobs(place, jobs, transitions.retry_job, "is tried again")


def cancel(place: Place, refs: Sequence[str]) -> int:
    """Cancel jobs, also of files that still wait in the inbox: the daemon gives them back as those of other jobs."""
    from dropdub.cli.waiting_files import jobs_to_cancel
    from dropdub.store import transitions

    return _change_jobs(place, jobs_to_cancel(place, refs), transitions.request_cancel, "is cancelled")


def pause(place: Place, refs: Sequence[str]) -> int:
    from dropdub.store import transitions

    if refs:
        return _change(place, refs, transitions.pause_job, "is paused")
    return _switch(
        place, transitions.pause_all, "Paused: what runs is finished, nothing else is started. Go on: dropdub resume"
    )


def resume(place: Place, refs: Sequence[str]) -> int:
    from dropdub.store import transitions

    if refs:
        return _change(place, refs, transitions.resume_job, "goes on")
    code = _switch(place, transitions.resume_all, "Goes on. Jobs that were paused one by one stay so.")
    _say_what_next(place)
    return code


def _view(place: Place, states: Sequence[JobState], limit: int, now: float) -> StatusView:
    from dropdub.store.standing import troubles

    view = place.reader().status(now=now, states=states or None, limit=limit or None)
    return replace(view, notes=[error.sentence for error in troubles(place.root, place.url)])


def _status(place: Place, states: Sequence[JobState], limit: int, width: int) -> RenderableType:
    from dropdub.cli import render

    now = time.time()
    view = _view(place, states, limit, now)
    clock = render.Clock(now)
    return render.status(view, inbox=place.root.inbox, clock=clock, width=width, filtered=bool(states))


def _switch(place: Place, action: Callable[[Store], None], done: str) -> int:
    store = place.store()
    try:
        action(store)
    finally:
        store.close()
    say(done)
    return DONE


def _change(place: Place, refs: Sequence[str], action: Callable[..., Any], done: str) -> int:
    """Find all jobs before the first is changed: a misspelt name changes nothing."""
    jobs = {job.id: job for job in place.reader().find(refs)}
    return _change_jobs(place, list(jobs.values()), action, done)


def _change_jobs(place: Place, jobs: Sequence[JobView], action: Callable[..., Any], done: str) -> int:
    """Do `action` with each job, also where another refuses; say how it went, and what comes next."""
    refused = 0
    store = place.store()
    try:
        for job in jobs:
            try:
                action(store, job.id, now=time.time())
            except TransitionRefused as error:
                refused += 1
                say(error.sentence)
            else:
                say(f"Job {job.id} ({job.name}) {done}.")
    finally:
        store.close()
    if refused < len(jobs):
        _say_what_next(place)
    return FELL_SHORT if refused else DONE


def _say_what_next(place: Place) -> None:
    daemon = place.reader().status(now=time.time(), limit=0).daemon
    if daemon is None or daemon.state != "running":
        say("The daemon is not running: it takes this up at the next dropdub watch.")
