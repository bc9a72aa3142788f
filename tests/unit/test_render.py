"""What status and show print at a width of 80 columns, from fixed views."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console, RenderableType

from dropdub.cli import render, show
from dropdub.cli.foreground import Lines, sum_up
from dropdub.cli.formatting import bar, moment, percent, printable, seconds_between, shortened
from dropdub.cli.render import Clock
from dropdub.dubbing.published_timing import fits_of
from dropdub.dubbing.quality import quality_of
from dropdub.operations.suggestions import pasteable_job
from dropdub.pipeline.facts import Facts
from dropdub.store.states import JobState
from dropdub.store.views import AttemptView, DaemonView, EventView, JobRecord, JobView, StatusView, StepView
from dropdub.units import counted
from tests.reports import FIT, facts

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
INBOX = PurePosixPath("/srv/dubs/inbox")
CLOCK = Clock(datetime(2026, 3, 5, 14, 30, tzinfo=UTC).timestamp(), UTC)
LONG_NAME = "Entrevista com a directora da escola – parte dois – 会議の録画🎬.final.mp4"
DAEMON = DaemonView(
    state="running",
    pid=4242,
    host="kitchen",
    started_at="2026-03-05T08:00:00.000Z",
    heartbeat_at="2026-03-05T14:29:58.000Z",
    paused=False,
    notes=[],
)


def a_job(number: int = 1, name: str = "clip.mp4", state: str = "queued", **values: object) -> JobView:
    blank = JobView(
        id=number,
        name=name,
        kind="media",
        state=state,
        reason=None,
        remedy=None,
        progress=0.0,
        stage=None,
        attempts=0,
        created_at="2026-03-05T14:00:00.000Z",
        started_at=None,
        finished_at=None,
        duration_s=None,
        language=None,
        targets=[],
        outputs=[],
        error=None,
        warnings=[],
        profile=None,
        source=f"/srv/dubs/work/{number}/source/{name}",
        published=None,
        dup_of=None,
        retry_at=None,
        remaining_s=None,
    )
    return replace(blank, **values)  # type: ignore[arg-type]


RUNNING = a_job(
    127,
    "meeting.mp4",
    "running",
    stage="transcribe",
    progress=0.634,
    remaining_s=250.0,
    started_at="2026-03-05T14:10:00.000Z",
)
AGAIN = a_job(
    128,
    LONG_NAME,
    "running",
    stage="translate",
    progress=0.08,
    retry_at="2026-03-05T14:31:10.000Z",
    error="The translator died: out of memory.",
)
WAITING = a_job(
    129,
    "lesson.mp3",
    "waiting",
    reason="Only 400 MB are free on the disk of /srv/dubs/work.",
    remedy="Free some space: it goes on by itself.",
)
FAILED = a_job(
    120,
    "holiday.mkv",
    "failed",
    reason="holiday.mkv has no sound track.",
    remedy="Drop a recording that has a sound track.",
    finished_at="2026-03-04T09:00:00.000Z",
    started_at="2026-03-04T08:59:59.000Z",
)
WARNED = a_job(
    126,
    "interview.wav",
    "succeeded",
    progress=1.0,
    started_at="2026-03-05T13:00:00.000Z",
    finished_at="2026-03-05T13:24:00.000Z",
    duration_s=1830.0,
    language="en",
    targets=["pt"],
    profile="lessons",
    warnings=["pt: the default voice was used, because nobody speaks for three seconds.", "Line 14 was shortened."],
    published="/srv/dubs/outbox/interview",
    outputs=["/srv/dubs/outbox/interview/interview.txt", "/srv/dubs/outbox/interview/interview.pt.m4a"],
)
TWIN = a_job(
    130,
    "copy.wav",
    "succeeded",
    reason="The same content as job 126 (interview.wav), not done again.",
    finished_at="2026-03-05T14:00:00.000Z",
)
STATUS = StatusView(
    daemon=DAEMON,
    paused=False,
    counts={state.value: 0 for state in JobState}
    | {"running": 2, "waiting": 1, "queued": 14, "succeeded": 120, "failed": 1},
    jobs=[RUNNING, AGAIN, WAITING, a_job(131, "notes.txt"), TWIN, WARNED, FAILED],
)
EMPTY = StatusView(daemon=None, paused=False, counts={state.value: 0 for state in JobState}, jobs=[])


def an_attempt(outcome: str | None, seconds: float | None, error: str | None = None) -> AttemptView:
    start = "2026-03-05T13:00:00.000Z"
    return AttemptView(start, start, outcome, seconds, None, None, error)


def a_step(key: str, state: str, *attempts: AttemptView, **values: object) -> StepView:
    step = StepView(key, key.partition("/")[0], None, 1, state, 0.0, None, None, list(attempts))
    return replace(step, **values)  # type: ignore[arg-type]


STORY = JobRecord(
    job=WARNED,
    steps=[
        a_step("probe", "succeeded", an_attempt("succeeded", 0.31)),
        a_step(
            "transcribe/0001",
            "succeeded",
            an_attempt("retried", 60.0, "The worker said nothing for 60 s."),
            an_attempt("succeeded", 312.0),
        ),
        a_step("translate/pt", "running", an_attempt(None, None), progress=0.5),
        a_step("synthesize/pt", "queued", retry_at="2026-03-05T14:31:10.000Z", error="The worker died."),
        a_step("publish/manifest", "queued"),
    ],
    events=[
        EventView("2026-03-05T13:00:00.000Z", "info", "Picked up and queued", 1),
        EventView("2026-03-05T13:00:01.000Z", "debug", "probe started", 2),
        EventView("2026-03-05T13:20:00.000Z", "warning", "pt: the default voice was used", 3),
        EventView("2026-03-05T13:24:00.000Z", "info", "Succeeded.", 4),
    ],
)


def a_console(width: int = 80) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False, emoji=False, markup=False)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def printed(renderable: RenderableType, width: int = 80) -> str:
    console = a_console(width)
    console.print(renderable, crop=False)
    return text_of(console)


def a_status(view: StatusView, **options: object) -> str:
    return printed(render.status(view, inbox=INBOX, clock=CLOCK, **options))  # type: ignore[arg-type]


QUALITY = quality_of(
    Facts({**facts(), "hear/es": {"lines": {}}}), fits_of({"fit": {"pt": FIT}}), ["pt", "es"]
).to_json()


def said(record: JobRecord, quality: dict[str, Any] | None = None, *, width: int = 80) -> str:
    console = a_console(width)
    show.print_job(record, console, CLOCK, quality)
    return text_of(console)


def paused_and_noted() -> StatusView:
    noted = replace(DAEMON, paused=True, notes=["inbox/old.mp4 cannot be read: it belongs to another user."])
    return replace(STATUS, daemon=noted, paused=True, jobs=[])


ROOT = Path("/srv/the media department of the school/dubs, made in 2026 & later")
LONG = pasteable_job(
    replace(
        FAILED,
        reason="holiday.mkv is 9 h long: limits.max_duration is 8 h.",
        remedy="Cut it, or raise limits.max_duration in config.yaml, then run: `dropdub retry JOB`.",
        warnings=["Its picture was encoded again. Take another ffmpeg, then run: `dropdub retry JOB`."],
    ),
    root=ROOT,
)
WITH_COMMANDS = replace(EMPTY, paused=True, counts=STATUS.counts, jobs=[LONG, WAITING])

CASES = {
    "status": lambda: a_status(STATUS),
    "status-empty": lambda: a_status(EMPTY),
    "status-paused": lambda: a_status(paused_and_noted(), filtered=True),
    "status-gone": lambda: a_status(replace(EMPTY, daemon=replace(DAEMON, state="gone"))),
    "status-stopped": lambda: a_status(replace(EMPTY, daemon=replace(DAEMON, state="stopped"))),
    "status-commands": lambda: a_status(WITH_COMMANDS, root=ROOT),
    "show": lambda: said(STORY),
    "show-quality": lambda: said(JobRecord(WARNED, [], []), QUALITY),
    "show-commands": lambda: said(JobRecord(LONG, [], [])),
    "show-failed": lambda: said(JobRecord(FAILED, [], [])),
    "show-running": lambda: said(JobRecord(replace(AGAIN, remaining_s=90.0), [], [])),
    "outputs": lambda: "\n".join(render.outputs([WARNED, FAILED])) + "\n",
}


@pytest.mark.parametrize("name", CASES)
def test_output_matches_snapshot(name: str) -> None:
    """To take new snapshots after an intended change: delete those in tests/snapshots, and run this twice."""
    file, text = SNAPSHOTS / f"{name}.txt", CASES[name]()
    if not file.exists():
        file.write_text(text, encoding="utf-8", newline="\n")
        pytest.fail(f"{file} was not there and has been written: look at it")
    assert text == file.read_text(encoding="utf-8")
    assert max(cell_len(line) for line in text.splitlines() if "/srv/" not in line) <= 80


def test_what_only_answered_a_program_is_shown_as_such_and_counted_in_the_command_for_all() -> None:
    counts = {"succeeded": 5}
    view = StatusView(daemon=None, paused=False, counts=counts, jobs=[WARNED])
    assert "dropdub status --limit 0" in a_status(view)
    assert "dropdub status --all --limit 0" in a_status(view, asked=True)
    spoken = said(replace(STORY, job=replace(WARNED, source="")))
    assert "asked" in spoken
    assert "  file " not in spoken and "dropped" not in spoken


def test_a_narrow_terminal_cuts_the_names_of_steps_and_not_what_follows() -> None:
    step = a_step("publish/translation.es", "succeeded", an_attempt("succeeded", 0.31))
    record = JobRecord(job=a_job(), steps=[step], events=[])
    assert re.search(r"…\S* +succeeded +1 +0\.3 s$", said(record, width=40), re.MULTILINE)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    jobs = [a_job(10**9, "ü" * 300 + ".mp4", "failed", reason="x" * 300, remedy="A remedy. " * 20), *STATUS.jobs]
    text = printed(render.job_table(jobs, CLOCK, width=width), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "A remedy." in text


def test_markup_in_a_name_is_printed_as_it_is() -> None:
    assert "[red]a[/red] :smile:.mp4" in printed(render.job_table([a_job(1, "[red]a[/red] :smile:.mp4")], CLOCK))


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("clip.mp4", 8, "clip.mp4"),
        ("a-rather-long-name.mp4", 14, "a-rath…ame.mp4"),
        ("会議の録画会議の録画.mp4", 16, "会議の録…画.mp4"),
        ("name.averyveryverylongsuffix", 12, "name.ave…fix"),
        ("family👨‍👩‍👧.mp4", 40, "family👨‍👩‍👧.mp4"),
    ],
)
def test_a_long_name_loses_its_middle_and_keeps_its_suffix(name: str, width: int, short: str) -> None:
    assert shortened(name, width) == short
    assert cell_len(shortened(name, width)) <= width


@pytest.mark.parametrize("width", range(6, 40))
def test_a_shortened_name_always_fits(width: int) -> None:
    assert cell_len(shortened(LONG_NAME, width)) <= width


def test_names_cannot_move_the_cursor_or_reverse_the_text() -> None:
    assert printable("a\x1b[2J\nb\u202egp\udcff.mp4") == "a�[2J�b�gp�.mp4"
    assert printable("maçã\u00a0日本 🎬.mp4") == "maçã\u00a0日本 🎬.mp4"


def test_a_bar_is_full_only_when_all_is_done() -> None:
    assert [bar(share, 4) for share in (0, 0.5, 0.999, 1)] == ["░░░░", "██░░", "███░", "████"]
    assert [percent(share) for share in (0, 0.999, 1)] == ["0 %", "99 %", "100 %"]


def test_times_are_local_and_dated_if_not_of_today() -> None:
    assert moment("2026-03-05T13:00:00.000Z", now=CLOCK.now, zone=UTC) == "13:00:00"
    assert moment("2026-03-04T13:00:00.000Z", now=CLOCK.now, zone=UTC) == "2026-03-04 13:00"
    assert seconds_between("2026-03-05T13:00:00Z", "2026-03-05T13:00:05Z", now=0.0) == 5.0
    assert seconds_between("2026-03-05T14:29:00Z", None, now=CLOCK.now) == 60.0
    assert seconds_between(None, None, now=CLOCK.now) is None
    assert [counted(number, "job") for number in (0, 1, 2)] == ["0 jobs", "1 job", "2 jobs"]


def test_lines_report_each_change_of_a_job_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for progress in (0.1, 0.2):
        lines.look([replace(RUNNING, progress=progress), WAITING, a_job(3)])
    lines.look([replace(RUNNING, stage="mix")])
    told_lines = [line.partition("  ")[2] for line in capsys.readouterr().out.splitlines()]
    waiting = f"lesson.mp3: {WAITING.reason}"
    assert told_lines == ["meeting.mp4: transcribe, 10 %", waiting, "meeting.mp4: mix, 63 %"]


def test_lines_show_a_note_once_although_its_numbers_change(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines()
    for free in ("14.8 GB", "14.7 GB"):
        lines.note(f"Only {free} is free.")
    assert capsys.readouterr().out.count("is free") == 1


def test_a_run_is_summarised_in_a_sentence() -> None:
    from dropdub.daemon.main import Summary

    assert sum_up(Summary(2, 1, 0, 3, False)) == (
        "Nothing left to do. 3 jobs ended: 2 succeeded, 1 failed. 3 jobs waiting. To see why: `dropdub status`"
    )
    assert sum_up(Summary(0, 0, 0, 0, True)) == "Stopped. 0 jobs ended."
