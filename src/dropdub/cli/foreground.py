"""Commands that process files: `dropdub watch` runs the daemon, `dropdub run` processes a few files."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from dropdub.cli import render
from dropdub.cli.console import console, printing, say
from dropdub.cli.exit_codes import DONE, FELL_SHORT
from dropdub.cli.formatting import percent, shortened
from dropdub.operations.place import Place
from dropdub.pasting import with_commands
from dropdub.store.states import JobState
from dropdub.units import counted

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dropdub.daemon.main import Summary
    from dropdub.store.views import JobView


_NUMBERS = re.compile(r"[\d.,]+")


def watch(
    root: Path, *, until_idle: bool, accept_missing: bool = False, shared_inbox: bool = False, web: bool = False
) -> int:
    from dropdub.daemon.main import Watching, run_daemon

    how = Watching(until_idle=until_idle, accept_missing=accept_missing, shared_inbox=shared_inbox, web=web)
    summary = run_daemon(root, how, report=_say_timed)
    _say_timed(with_commands(sum_up(summary), root=root))
    return FELL_SHORT if until_idle and summary.failed else DONE


def run(place: Place, files: Sequence[Path], *, overrides: dict[str, Any], profile: str | None) -> int:
    """Process files now, showing their progress and results; return 1 unless all succeed."""
    from dropdub.operations.run_files import run as process

    with _shown(console()) as shown:
        jobs = process(
            place,
            files,
            overrides=overrides,
            profile=profile,
            report=shown.report,
            on_view=shown.look,
            on_note=shown.note,
        )
    with printing() as screen:
        screen.print(render.job_table(jobs, render.Clock(time.time()), width=screen.width))
    for line in (*render.suggestions(jobs), *render.outputs(jobs)):
        say(line)
    if any(job.finished_at is None for job in jobs):
        say("\nStopped before the end. To process the rest: `dropdub watch`")
    return DONE if all(job.state == JobState.SUCCEEDED for job in jobs) else FELL_SHORT


class _Once:
    """Knows which notes were shown. One whose numbers have changed, such as the free space, is not shown again."""

    def __init__(self) -> None:
        self._shown: set[str] = set()

    def is_new(self, note: str) -> bool:
        known = len(self._shown)
        self._shown.add(_NUMBERS.sub("", note))
        return len(self._shown) > known


class Lines:
    """Prints a line when a job enters a new stage or waits: for pipes and logs."""

    def __init__(self) -> None:
        self._shown: dict[int, tuple[str, str | None]] = {}
        self._notes = _Once()

    def report(self, line: str) -> None:
        _say_timed(line)

    def note(self, text: str) -> None:
        """Print a note, once."""
        if self._notes.is_new(text):
            _say_timed(text)

    def look(self, jobs: list[JobView]) -> None:
        for job in jobs:
            now = (job.state, job.stage)
            at_work = job.state == JobState.RUNNING and job.stage is not None
            if (at_work or job.state == JobState.WAITING) and self._shown.get(job.id) != now:
                self._shown[job.id] = now
                what = f"{job.stage}, {percent(job.progress)}" if at_work else render.prose(job.reason or "")
                _say_timed(f"{job.path}: {what}")


class Bars:
    """Shows a progress bar for each file: for terminals."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[int, TaskID] = {}
        self._notes = _Once()

    def note(self, text: str) -> None:
        """Print a note above the bars, once."""
        if self._notes.is_new(text):
            self._progress.console.print(Text(text))

    def report(self, line: str) -> None:
        """Ignore the line: the bars and the final table show the same."""

    def look(self, jobs: list[JobView]) -> None:
        for job in jobs:
            if job.id not in self._bars:
                name = shortened(job.path, render.NAME_WIDTH)
                self._bars[job.id] = self._progress.add_task(name, total=1.0, what="")
            what = job.stage if job.state == JobState.RUNNING and job.stage else job.state
            self._progress.update(self._bars[job.id], completed=job.progress, what=what)


@contextmanager
def _shown(screen: Console) -> Iterator[Lines | Bars]:
    if not screen.is_terminal:
        yield Lines()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    plain = {"markup": False}
    columns = (
        TextColumn("{task.description}", **plain),  # type: ignore[arg-type]
        BarColumn(bar_width=16),
        TextColumn("{task.percentage:>3.0f} %", **plain),  # type: ignore[arg-type]
        TextColumn("{task.fields[what]:<10}", **plain),  # type: ignore[arg-type]
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen) as progress:
        yield Bars(progress)


def _say_timed(line: str) -> None:
    say(f"{datetime.now():%H:%M:%S}  {line}")


def sum_up(summary: Summary) -> str:
    """Return the outcome of a run of the daemon, in a sentence or two."""
    numbers = {"succeeded": summary.succeeded, "failed": summary.failed, "cancelled": summary.cancelled}
    counts = ", ".join(f"{number} {name}" for name, number in numbers.items() if number)
    end = "Stopped" if summary.stopped else "Nothing left to do"
    line = f"{end}. {counted(sum(numbers.values()), 'job')} ended{f': {counts}' if counts else ''}."
    if summary.waiting:
        line += f" {counted(summary.waiting, 'job')} waiting. To see why: `dropdub status`"
    return line
