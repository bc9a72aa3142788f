"""Print one job in full, for `dropdub show`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dropdub.cli.formatting import bar, percent, printable, seconds_between, shortened
from dropdub.cli.quality_view import print_quality
from dropdub.cli.render import STATE_STYLES, Clock, output_names, prose
from dropdub.pasting import is_command
from dropdub.units import counted, format_duration

if TYPE_CHECKING:
    from dropdub.store.views import EventView, JobRecord, JobView, StepView

STEP_WIDTH = 26
_LEAST_STEP_WIDTH, _OTHER_COLUMNS = 8, 36
"""On a narrow screen, the names of steps are cut, not what follows them."""


def print_job(record: JobRecord, console: Console, clock: Clock, quality: Mapping[str, Any] | None = None) -> None:
    """Print a job with its outputs, warnings, the quality of its dubs, steps and events.

    Paths are not wrapped, so that they can be copied.
    """
    job = record.job
    _print_head(job, console)
    for name, value in _facts(job, clock):
        console.print(Text.assemble((f"  {name:<10}", "dim"), printable(value)), soft_wrap=True)
    if job.outputs:
        console.print(f"\nOutputs in {job.published or ''}", soft_wrap=True)
        for line in output_names(job):
            console.print(line, soft_wrap=True)
    if job.warnings:
        console.print("\nWarnings")
        for warning in job.warnings:
            _print_message(warning, console, mark="- ", style="yellow")
    print_quality(quality, console, timed=job.kind != "text")
    _print_steps(record.steps, console, clock)
    events = [event for event in record.events if event.level != "debug"]
    if events:
        console.print("\nEvents")
        console.print(Padding(_event_table(events, clock), (0, 0, 0, 2)))


def _print_head(job: JobView, console: Console) -> None:
    state = job.state
    if job.state == "succeeded" and job.warnings:
        state += f", with {counted(len(job.warnings), 'warning')}"
    name = shortened(job.path, max(20, console.width - len(state) - len(f" (job {job.id}): ")))
    console.print(Text.assemble((name, "bold"), f" (job {job.id}): ", (state, STATE_STYLES.get(job.state, ""))))
    for text in (job.reason, job.remedy):
        if text:
            _print_message(text, console)


def _print_message(message: str, console: Console, *, mark: str = "", style: str = "") -> None:
    """Print a message; a command in it is not wrapped, so that it can be copied."""
    for number, line in enumerate(message.split("\n")):
        if is_command(line):
            console.print(Text(f"  {printable(line)}"), soft_wrap=True)
        else:
            console.print(Padding(Text(f"{'' if number else mark}{printable(line)}", style), (0, 0, 0, 2)))


def _facts(job: JobView, clock: Clock) -> Iterator[tuple[str, str]]:
    if job.source:
        yield "file", job.source
    if job.kind:
        length = f", {format_duration(job.duration_s)}" if job.duration_s is not None else ""
        yield "kind", f"{job.kind}{length}"
    if job.language or job.targets:
        arrow = f" → {', '.join(job.targets)}" if job.targets else ""
        yield "language", f"{job.language or 'not known yet'}{arrow}"
    if job.profile:
        yield "profile", job.profile
    if job.dup_of is not None:
        yield "same as", f"job {job.dup_of}"
    yield from _times(job, clock)
    if job.state == "running":
        left = f", {format_duration(job.remaining_s)} left" if job.remaining_s is not None else ""
        yield "progress", f"{job.stage or 'publish'} {bar(job.progress)} {percent(job.progress)}{left}"
    if job.retry_at is not None or job.retry_is_due:
        when = "due" if job.retry_at is None else f"at {clock.at(job.retry_at)}"
        yield "retry", f"{when}: {job.error or ''}"


def _times(job: JobView, clock: Clock) -> Iterator[tuple[str, str]]:
    yield "dropped" if job.source else "asked", clock.at(job.created_at)
    if job.started_at:
        yield "started", clock.at(job.started_at)
    if job.finished_at:
        taken_s = seconds_between(job.started_at, job.finished_at, now=clock.now)
        took = f", took {format_duration(taken_s)}" if taken_s is not None else ""
        yield "ended", f"{clock.at(job.finished_at)}{took}"


def _print_steps(steps: list[StepView], console: Console, clock: Clock) -> None:
    if not steps:
        return
    newest = max(step.round for step in steps)
    which = f" of retry {newest - 1} (--json shows the earlier ones)" if newest > 1 else ""
    console.print(f"\nSteps{which}")
    shown = [step for step in steps if step.round == newest]
    console.print(Padding(_step_table(shown, clock, width=console.width), (0, 0, 0, 2)))


def _step_table(steps: list[StepView], clock: Clock, *, width: int) -> Table:
    longest = min(STEP_WIDTH, max(_LEAST_STEP_WIDTH, width - _OTHER_COLUMNS))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("STEP", "STATE"):
        table.add_column(heading, no_wrap=True)
    for heading in ("ATTEMPTS", "TIME"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for step in steps:
        name, state = Text(shortened(step.key, longest)), Text(step.state, STATE_STYLES.get(step.state, ""))
        table.add_row(name, state, str(len(step.attempts) or ""), _time_of(step), _remark(step, clock))
    return table


def _time_of(step: StepView) -> str:
    seconds = [attempt.seconds for attempt in step.attempts if attempt.seconds is not None]
    return _short(sum(seconds)) if seconds else ""


def _short(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else format_duration(seconds)


def _remark(step: StepView, clock: Clock) -> Text:
    if step.state == "running":
        return Text(f"{bar(step.progress)} {percent(step.progress)}")
    if step.retry_at is not None or step.retry_is_due:
        when = "due" if step.retry_at is None else f"at {clock.at(step.retry_at)}"
        return Text(f"retry {when}: {printable(step.error or '')}", "yellow")
    errors = [attempt.error for attempt in step.attempts if attempt.error]
    if step.state == "succeeded":
        return Text(f"after: {printable(errors[-1])}" if errors else "", "dim")
    return Text(printable(step.error or ""))


def _event_table(events: list[EventView], clock: Clock) -> Table:
    styles = {"warning": "yellow", "error": "bold red"}
    table = Table.grid(padding=(0, 2, 0, 0))
    for event in events:
        table.add_row(Text(clock.at(event.at), "dim"), Text(printable(prose(event.text)), styles.get(event.level, "")))
    return table
