"""The status of a root and lists of jobs as tables: from views to what rich prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dropdub.cli.formatting import bar, moment, percent, printable, seconds_between, shortened
from dropdub.pasting import is_command, with_commands
from dropdub.store.views.build import DAEMON_GONE_S
from dropdub.units import counted, format_duration

if TYPE_CHECKING:
    from dropdub.store.views import DaemonView, JobView, StatusView

NAME_WIDTH = 24
_HEAD_INDENT = 8
BAR_WIDTH = 8
STATE_STYLES = {
    "running": "cyan",
    "waiting": "yellow",
    "succeeded": "green",
    "failed": "bold red",
    "cancelled": "dim",
}


@dataclass(frozen=True)
class Clock:
    """The current time and its zone; None is the zone of this machine."""

    now: float
    zone: tzinfo | None = None

    def at(self, iso: str) -> str:
        return moment(iso, now=self.now, zone=self.zone)


def status(
    view: StatusView,
    *,
    inbox: Path,
    clock: Clock,
    width: int = 80,
    filtered: bool = False,
    asked: bool = False,
    root: Path | None = None,
    fold: bool = False,
) -> RenderableType:
    """Return what `dropdub status` shows, in `width` columns; print it with `crop=False`, as commands are not wrapped.

    `filtered`: only jobs in some states were requested; `asked`: also what only answers a client. `root`: the root that
    commands must name, None if a shell finds it. `fold`: wrap commands, too, for a screen that is redrawn.
    """
    total = sum(view.counts.values())
    parts: list[RenderableType] = [*_head(view, clock, total, root=root, fold=fold)]
    if total == 0:
        parts.append(Text(f"\nDrop a recording or a text into {inbox}"))
    elif not view.jobs:
        parts.append(Text("\nNone of them is in the requested state." if filtered else ""))
    else:
        parts += ["", job_table(view.jobs, clock, width=width)]
        for line in suggestions(view.jobs):
            parts.append(_line(line, fold=fold))
        if not filtered and len(view.jobs) < total:
            every = "`dropdub status --all --limit 0`" if asked else "`dropdub status --limit 0`"
            text = f"\n{len(view.jobs)} of {counted(total, 'job')}. To show all: {every}"
            parts += [_line(line, "dim", fold=fold) for line in with_commands(text, root=root).split("\n")]
    return Group(*parts)


def suggestions(jobs: Iterable[JobView]) -> list[str]:
    """Return the remedies that contain commands, as lines to print unwrapped below the table."""
    lines: list[str] = []
    for job in jobs:
        if _is_explained(job) and job.remedy and _has_command(job.remedy):
            lines += ["", f"Job {job.id} ({printable(job.path)}):", *job.remedy.split("\n")]
    return lines


def job_table(jobs: Iterable[JobView], clock: Clock, *, width: int = 80) -> Table:
    """Return a table with one row per job; reasons wrap in the last column."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("ID", justify="right", no_wrap=True)
    table.add_column("FILE", no_wrap=True)
    table.add_column("STATE", no_wrap=True)
    table.add_column("")
    for job in jobs:
        state = Text(job.state, STATE_STYLES.get(job.state, ""))
        table.add_row(str(job.id), Text(shortened(job.path, max(NAME_WIDTH, width // 3))), state, _details(job, clock))
    return table


def outputs(jobs: Sequence[JobView]) -> list[str]:
    """Return a line for each folder with results and one for each result, to print unwrapped."""
    lines: list[str] = []
    for job in jobs:
        if job.outputs:
            lines += ["", f"Outputs of {printable(job.path)} in {job.published or ''}", *output_names(job)]
    return lines


def output_names(job: JobView) -> list[str]:
    """Return a line for each output: its path, relative to the job's folder if it is in there."""
    folder = Path(job.published) if job.published else None
    paths = [Path(path) for path in job.outputs]
    inside = [path.relative_to(folder) if folder and path.is_relative_to(folder) else path for path in paths]
    return [f"  {printable(str(path))}" for path in inside]


def _head(view: StatusView, clock: Clock, total: int, *, root: Path | None, fold: bool) -> Iterator[RenderableType]:
    """Yield the rows above the table. A command is on its own line, aligned with the text above it."""
    rows = [("Daemon", "dim", *_daemon(view.daemon, clock))]
    if view.paused:
        rows.append(("Paused", "yellow", "No further step is started. Resume with: `dropdub resume`", ""))
    for note in [*view.notes, *(view.daemon.notes if view.daemon and view.daemon.state == "running" else [])]:
        rows.append(("Note", "yellow", note, ""))
    counts = ", ".join(f"{number} {state}" for state, number in _in_order(view.counts) if number)
    rows.append(("Jobs", "dim", counts if total else "none yet", ""))
    for label, label_style, message, style in rows:
        for number, line in enumerate(with_commands(message, root=root).split("\n")):
            if is_command(line):
                yield _line(" " * _HEAD_INDENT + line.strip(), fold=fold)
                continue
            row = Table.grid(padding=(0, 2, 0, 0))
            row.add_column(min_width=_HEAD_INDENT - 2)
            row.add_row(Text("" if number else label, label_style), Text(printable(line), style))
            yield row


def _line(text: str, style: str = "", *, fold: bool) -> Text:
    """Return a line that is not wrapped, so that a command can be copied. With `fold` it is wrapped."""
    shown = Text("\n".join(map(printable, text.split("\n"))), style)
    shown.no_wrap, shown.overflow = not fold, "fold" if fold else "ignore"
    return shown


def _in_order(counts: dict[str, int]) -> list[tuple[str, int]]:
    order = ("running", "waiting", "claiming", "queued", "failed", "cancelled", "succeeded")
    return [(state, counts.get(state, 0)) for state in order]


def _daemon(daemon: DaemonView | None, clock: Clock) -> tuple[str, str]:
    """Return the daemon's state as a message, and its style."""
    start = "Start it with: `dropdub watch`"
    if daemon is None:
        return f"not running. {start}", "yellow"
    if daemon.state == "running":
        return _running(daemon, clock)
    if daemon.state == "stopped":
        return f"not running since {clock.at(daemon.heartbeat_at)}. {start}", "yellow"
    if daemon.state == "silent":
        place = f"process {daemon.pid} on {daemon.host}, which cannot be looked at from here"
        return f"no sign of life since {clock.at(daemon.heartbeat_at)} ({place}).", "bold red"
    return f"died after {clock.at(daemon.heartbeat_at)} (process {daemon.pid}). {start}", "bold red"


def _running(daemon: DaemonView, clock: Clock) -> tuple[str, str]:
    running = f"running since {clock.at(daemon.started_at)} (process {daemon.pid})"
    silent_s = seconds_between(daemon.heartbeat_at, None, now=clock.now) or 0.0
    if silent_s <= DAEMON_GONE_S:
        return running, ""
    return f"{running}, but without a sign of life for {format_duration(silent_s)}", "yellow"


def _details(job: JobView, clock: Clock) -> RenderableType:
    lines = [*_live_lines(job, clock), *_ended_lines(job, clock)]
    if _is_explained(job):
        remedy = job.remedy if job.remedy and not _has_command(job.remedy) else None
        lines += [Text(printable(prose(text))) for text in (job.reason, remedy) if text]
    return Group(*(lines or [Text("")]))


def prose(message: str) -> str:
    """Return a completed message in one line, for a cell of a table."""
    return " ".join(line.strip() for line in message.split("\n"))


def _is_explained(job: JobView) -> bool:
    return job.state != "succeeded" or bool(job.reason)


def _has_command(message: str) -> bool:
    return any(map(is_command, message.split("\n")))


def _live_lines(job: JobView, clock: Clock) -> list[Text]:
    if job.state != "running":
        return []
    line = Text(f"{job.stage or 'publish'} {bar(job.progress, BAR_WIDTH)} {percent(job.progress)}")
    if job.remaining_s is not None:
        line.append(f", {format_duration(job.remaining_s)} left", "dim")
    lines = [line]
    if job.retry_at is not None or job.retry_is_due:
        when = "is due to be tried again" if job.retry_at is None else f"retries at {clock.at(job.retry_at)}"
        lines.append(Text(f"{when}: {printable(prose(job.error or ''))}", "yellow"))
    return lines


def _ended_lines(job: JobView, clock: Clock) -> list[Text]:
    if job.finished_at is None:
        return []
    taken_s = seconds_between(job.started_at, job.finished_at, now=clock.now)
    line = Text()
    if job.warnings:
        line.append(f"with {counted(len(job.warnings), 'warning')}, ", "yellow")
    line.append(clock.at(job.finished_at), "dim")
    if taken_s is not None:
        line.append(f" ({format_duration(taken_s)})", "dim")
    return [line]
