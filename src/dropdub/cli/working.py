"""Commands that do work: the daemon, and a few files in the foreground."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from dropdub.cli import render
from dropdub.cli.console import console, printing, say
from dropdub.cli.failures import DONE, FELL_SHORT
from dropdub.cli.place import Place
from dropdub.cli.wording import counted, percent, shortened
from dropdub.errors import UsageError
from dropdub.store.states import JobState

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from dropdub.daemon.main import Summary
    from dropdub.store.views import JobView


def watch(root: Path, *, until_idle: bool, accept_missing: bool = False, shared_inbox: bool = False) -> int:
    from dropdub.daemon.main import run_daemon

    summary = run_daemon(
        root, until_idle=until_idle, accept_missing=accept_missing, shared_inbox=shared_inbox, report=_say_timed
    )
    _say_timed(sum_up(summary))
    return FELL_SHORT if until_idle and summary.failed else DONE


def run(place: Place, files: Sequence[Path], *, overrides: dict[str, Any], profile: str | None) -> int:
    """Work files off now, and show how far they are and what came out."""
    _refuse_impossible(place, overrides, profile)
    _refuse_unseen(place.root.path, files, overrides.get("out"))
    _make_out(overrides)
    from dropdub.daemon.main import run_files

    with _shown(console()) as shown:
        ids = run_files(
            place.root.path, files, overrides=overrides, profile=profile, report=shown.report, on_view=shown.look
        )
    jobs = place.reader().find([str(id_) for id_ in ids])
    with printing() as screen:
        screen.print(render.job_table(jobs, render.Clock(time.time()), width=screen.width))
    for line in render.outputs(jobs):
        say(line)
    if any(job.finished_at is None for job in jobs):
        say("\nStopped before the end: what is left goes on with the next dropdub watch.")
    return DONE if all(job.state == JobState.SUCCEEDED for job in jobs) else FELL_SHORT


class Lines:
    """Says in plain lines what happens: for pipes and logs."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[str, str | None]] = {}

    def report(self, line: str) -> None:
        _say_timed(line)

    def look(self, jobs: list[JobView]) -> None:
        for job in jobs:
            told = (job.state, job.stage)
            at_work = job.state == JobState.RUNNING and job.stage is not None
            if (at_work or job.state == JobState.WAITING) and self._told.get(job.id) != told:
                self._told[job.id] = told
                what = f"{job.stage}, {percent(job.progress)}" if at_work else job.reason
                _say_timed(f"{job.name}: {what}")


class Bars:
    """Shows one progress bar a file: for terminals."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[int, TaskID] = {}

    def report(self, line: str) -> None:
        """Leave out what the bars and the table at the end show as well."""

    def look(self, jobs: list[JobView]) -> None:
        for job in jobs:
            if job.id not in self._bars:
                name = shortened(job.name, render.NAME_WIDTH)
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


def _refuse_unseen(root: Path, files: Sequence[Path], out: str | None) -> None:
    """Raise UsageError for files, and a folder for results, that a daemon which is a service does not see."""
    from dropdub import service

    results = [Path(out)] if out is not None else []
    for path in service.unseen(root, [*files, *results]):
        raise UsageError(
            f"{path} cannot be seen by the service, which does the work: homes and temporary files are hidden from it.",
            remedy=f'Drop a copy into the inbox: cp "{path}" "{root / "inbox"}/"'
            if path in files
            else f"Leave out --out and take the results from {root / 'outbox'}, or name the folder in config.yaml.",
        )


def _refuse_impossible(place: Place, overrides: dict[str, Any], profile: str | None) -> None:
    """Raise UsageError for options and profiles that there are not, before anything is recorded."""
    from pydantic import ValidationError

    from dropdub.config import load_config

    config = load_config(place.root.config_file)
    if profile is not None and profile not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise UsageError(f"There is no profile {profile!r}.", remedy=f"In config.yaml there are: {known}.")
    try:
        config.options_for(profile, overrides)
    except ValidationError as error:
        raise UsageError(str(error.errors()[0]["msg"]).removeprefix("Value error, ") + ".") from error
    if "out" in overrides:
        place.root.refuse_outputs({"--out": overrides["out"]})


def _make_out(overrides: dict[str, Any]) -> None:
    """Make the folder for the results, with the rights of who asks: the daemon waits for one that is absent."""
    if "out" in overrides:
        with suppress(OSError):  # a share that is not connected yet
            Path(overrides["out"]).mkdir(parents=True, exist_ok=True)


def _say_timed(line: str) -> None:
    say(f"{datetime.now():%H:%M:%S}  {line}")


def sum_up(summary: Summary) -> str:
    """Return what a run of the daemon came to, in a sentence or two."""
    numbers = {"succeeded": summary.succeeded, "failed": summary.failed, "cancelled": summary.cancelled}
    said = ", ".join(f"{number} {name}" for name, number in numbers.items() if number)
    end = "Stopped" if summary.stopped else "Nothing left to do"
    line = f"{end}. {counted(sum(numbers.values()), 'job')} ended{f': {said}' if said else ''}."
    return (
        f"{line} {counted(summary.waiting, 'job')} waiting: dropdub status tells for what." if summary.waiting else line
    )
