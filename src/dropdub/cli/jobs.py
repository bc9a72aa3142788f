"""Commands about jobs: call the operation and print the result."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from dropdub.cli.console import console, printing, say, say_json
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.cli.plain_status import JOBS_SHOWN
from dropdub.cli.streams import has_reader
from dropdub.errors import UsageError
from dropdub.operations import look
from dropdub.operations.place import Place
from dropdub.store.states import JobState

if TYPE_CHECKING:
    from rich.console import RenderableType

    from dropdub.operations.change import Changes
    from dropdub.store.views import StatusView

REFRESH_S = 1.0


@dataclass(frozen=True)
class Wanted:
    """The jobs to show: in these states (none: in any), at most `limit` (0: all); `asked` as for `look.status`."""

    states: Sequence[JobState] = ()
    limit: int = JOBS_SHOWN
    asked: bool = False

    def view(self, place: Place) -> StatusView:
        return look.status(place, states=self.states, limit=self.limit or None, asked=self.asked)


def status(place: Place, wanted: Wanted, *, as_json: bool) -> int:
    if as_json:
        say_json(asdict(wanted.view(place)))
    else:
        with printing() as screen:
            screen.print(_status(place, wanted, screen.width), crop=False)
    return DONE


def status_live(place: Place, wanted: Wanted) -> int:
    """Show the status, refreshed every second until Ctrl-C."""
    from rich.live import Live

    screen = console()
    if not screen.is_terminal:
        raise UsageError("--watch needs a terminal.", remedy="In a script, use: `dropdub status --json`")
    try:
        with Live(console=screen, auto_refresh=False, transient=False) as live:
            while has_reader():
                live.update(_status(place, wanted, screen.width, fold=True), refresh=True)
                time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        pass
    return DONE


def show(place: Place, ref: str, *, as_json: bool) -> int:
    from dropdub.cli import render, show

    found = look.show(place, ref)
    if as_json:
        say_json({**asdict(found.record), "quality": found.quality})
    else:
        with printing() as screen:
            show.print_job(found.record, screen, render.Clock(time.time()), found.quality)
    return DONE


def show_timeline(place: Place, ref: str, *, as_json: bool) -> int:
    """Draw the timing of each dub of a job next to its manifest, and print the paths."""
    from dropdub.operations import timeline

    drawn = timeline.draw(place.reader().job(ref).job, timeline.words_of(place))
    if as_json:
        say_json({"timelines": {target: [str(path) for path in paths] for target, paths in drawn.items()}})
    else:
        for paths in drawn.values():
            for path in paths:
                say(str(path))
    return DONE


def retry(place: Place, refs: Sequence[str], *, failed: bool) -> int:
    from dropdub.operations import change

    if failed == bool(refs):
        raise UsageError("Name the jobs to retry. To retry all that failed: `dropdub retry --failed`")
    changes = change.retry_failed(place) if failed else change.retry(place, refs)
    if not changes.jobs:
        say("There are no failed jobs.")
        return DONE
    return _say_changes(changes, "will be retried")


def cancel(place: Place, refs: Sequence[str]) -> int:
    from dropdub.operations import change

    changes = change.cancel(place, refs)
    return _say_changes(changes, "is cancelled" if changes.daemon_runs else "will be cancelled")


def pause(place: Place, refs: Sequence[str]) -> int:
    from dropdub.operations import change

    if refs:
        return _say_changes(change.pause(place, refs), "is paused")
    change.pause_all(place)
    say("Paused. Running steps are finished, no further steps are started. To continue: `dropdub resume`")
    return DONE


def resume(place: Place, refs: Sequence[str]) -> int:
    from dropdub.operations import change

    if refs:
        return _say_changes(change.resume(place, refs), "is resumed")
    changes = change.resume_all(place)
    say("Resumed. Jobs paused individually stay paused.")
    _say_if_not_running(changes)
    return DONE


def _status(place: Place, wanted: Wanted, width: int, *, fold: bool = False) -> RenderableType:
    from dropdub.cli import render

    view = wanted.view(place)
    clock = render.Clock(time.time())
    return render.status(
        view,
        inbox=place.root.inbox,
        clock=clock,
        width=width,
        filtered=bool(wanted.states),
        asked=wanted.asked,
        root=place.named_root,
        fold=fold,
    )


def _say_changes(changes: Changes, done: str) -> int:
    """Print what happened to each job; return 1 if a change was refused."""
    for one in changes.jobs:
        say(one.refusal.sentence if one.refusal else f"Job {one.job.id} ({one.job.path}) {done}.")
    if len(changes.refused) < len(changes.jobs):
        _say_if_not_running(changes)
    return FELL_SHORT if changes.refused else DONE


def _say_if_not_running(changes: Changes) -> None:
    if not changes.daemon_runs:
        say("The daemon is not running. Start it with: `dropdub watch`")
