"""Describe engines: the list, the guide, and two of them side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dropdub.cli.formatting import printable, shortened
from dropdub.cli.models_view import NAME_WIDTH, SELLING_STYLES
from dropdub.engines.licence import Commercial
from dropdub.languages import UNDETERMINED, display_name
from dropdub.operations.comparing.rows import Row
from dropdub.operations.comparing.values import Comparison, Outcome
from dropdub.operations.engine_guide import Guide
from dropdub.operations.engines import EngineView, State
from dropdub.units import format_duration, format_moment, format_size

SELL = "SELL: may results be used commercially? ask: the licence has conditions, or is not known"
MOST_ROWS = 50
"""How many rows of a comparison are shown; all of them are in its JSON."""
_LICENCE_WIDTH = 9
_TASK_WIDTH = 50
_STATE_STYLES = {
    State.USABLE: "green",
    State.LACKS_MODEL: "yellow",
    State.LACKS_PACKAGE: "yellow",
    State.NOT_SET_UP: "yellow",
}


def table(views: Iterable[EngineView]) -> Table:
    """Return a table with a row for each engine, in 80 columns."""
    rows = _table(("ENGINE", "ROLE", "LICENCE", "SELL", "STATE", "MODEL"), no_wrap=True)
    for view in views:
        rows.add_row(
            Text(printable(view.name), "bold" if view.configured else ""),
            Text(view.role or "-"),
            Text(shortened(view.licence, _LICENCE_WIDTH)),
            _sell(view.commercial),
            Text(view.state.value, _STATE_STYLES.get(view.state, "bold red")),
            Text(shortened(view.model or "-", NAME_WIDTH)),
        )
    return rows


def notes(views: Sequence[EngineView]) -> Iterator[str]:
    """Yield the lines to print below the list: what each engine lacks, and what to do next."""
    yield SELL
    for view in views:
        if view.state is not State.USABLE:
            yield f"{view.name}: {view.problem} {view.remedy}".strip()
    yield "Which one for what: `dropdub engines guide`"


def guide_parts(found: Guide) -> Iterator[RenderableType]:
    """Yield a table for each kind of machine, and the reasons."""
    for machine in dict.fromkeys(row.machine for row in found.rows):
        here = " (this computer)" if machine == found.machine else ""
        yield Text(f"{machine}{here}", "bold")
        rows = _table(("FOR", "LANGUAGES", "PRIVATE USE", "COMMERCIAL USE"))
        for row in (row for row in found.rows if row.machine == machine):
            rows.add_row(row.task, row.languages, row.private or "-", row.commercial or "-")
        yield rows
        yield Text()
    reasons = _table(("ENGINE", "FOR", "SELL", "WHY"))
    for one in found.reasons:
        why = f"{one.why} ({one.basis}: {one.source})"
        reasons.add_row(one.engine, f"{one.task}, {one.languages}", _sell(one.sell), why)
    yield reasons
    yield Text()
    yield Text(SELL)


def comparison_parts(found: Comparison) -> Iterator[RenderableType]:
    """Yield what was compared, the figures of both engines, and what they made, side by side."""
    yield Text(_title(found), "bold")
    yield _figures(found)
    yield Text()
    if found.rows:
        yield _side_by_side(found)


def comparison_notes(found: Comparison) -> Iterator[str]:
    """Yield the lines to print below a comparison."""
    if len(found.rows) > MOST_ROWS:
        yield f"{len(found.rows) - MOST_ROWS} more rows. All of them: --json, or --out FOLDER"
    if found.differing is not None and found.role == "diarizer":
        yield f"Speech that the second takes for another speaker's than the first: {_percent(found.differing)}"
    elif found.differing is not None:
        yield f"Words that differ between the two, per word of the first: {_percent(found.differing)}"
    if found.role == "separator" and any(its.voices_left is None for its in found.engines):
        yield "Whether voices are left was not measured: either nobody speaks, or no detector of voices is"
        yield "installed, which comes with faster-whisper."
    if found.role == "synthesizer" and found.listener is None:
        yield "The speech was not transcribed: no transcriber can be used here for this language, or only a last"
        yield "resort, which makes too many mistakes itself. What the others lack: `dropdub engines list`"
    for outcome in found.engines:
        yield from (f"{outcome.engine}: {warning}" for warning in outcome.warnings)
        if outcome.file:
            yield f"{outcome.engine}: {outcome.file}"


def cut(what: str) -> str:
    """Return what is being done, short enough to stand beside a bar."""
    return shortened(what, _TASK_WIDTH)


def _title(found: Comparison) -> str:
    to = f" to {display_name(found.target)}" if found.target else ""
    length = f", {format_duration(found.length_s)}" if found.length_s else ""
    language = "" if found.language == UNDETERMINED else f": {display_name(found.language)}"
    return printable(f"{found.role}s on {found.file}{language}{to}{length}")


def _figures(found: Comparison) -> Table:
    one, other = found.engines
    rows = _table(("", printable(one.engine), printable(other.engine)))
    rows.add_row("may be sold", *(f"{its.commercial} ({its.licence})" for its in found.engines))
    rows.add_row("start", *(f"{its.load_s:.1f} s" for its in found.engines))
    rows.add_row("work", *(_work(its, found) for its in found.engines))
    rows.add_row("memory", *(format_size(its.peak_memory) for its in found.engines))
    if found.role == "synthesizer":
        rows.add_row("speech", *(f"{its.sound_s:.1f} s" for its in found.engines))
    if found.role == "diarizer":
        rows.add_row("speakers", *(str(its.speakers) for its in found.engines))
    if one.wrong_speaker is not None:
        rows.add_row(f"wrong speaker ({_judge(found)})", *(_share(its.wrong_speaker) for its in found.engines))
    if found.role == "separator":
        rows.add_row("voices left", *(_share(its.voices_left) for its in found.engines))
    if one.sdr_db is not None:
        rows.add_row(f"like {_judge(found)} (SDR)", *(f"{its.sdr_db:.1f} dB" for its in found.engines))
    if one.words is not None:
        rows.add_row(f"wrong words ({_judge(found)})", *map(_wrong, found.engines))
    if one.chrf is not None:
        rows.add_row("chrF (100: the same)", *(f"{its.chrf:.1f}" for its in found.engines))
    return rows


def _judge(found: Comparison) -> str:
    """Return what says what is wrong: the file with the truth, or who heard the speech."""
    return printable(found.truth or f"heard by {found.listener}")


def _work(its: Outcome, found: Comparison) -> str:
    of = "the speech" if found.role == "synthesizer" else "its length"
    return f"{its.seconds:.1f} s" if its.ratio is None else f"{its.ratio:.2f} x {of} ({its.seconds:.1f} s)"


def _wrong(its: Outcome) -> str:
    share = f" ({_percent(its.errors / its.words)})" if its.words and its.errors is not None else ""
    return f"{its.errors} of {its.words}{share}"


def _side_by_side(found: Comparison) -> Table:
    one, other = found.engines
    timed = any(row.at is not None for row in found.rows)
    sourced = any(row.source is not None for row in found.rows)
    rows = _table((*(["AT"] if timed else []), *(["SOURCE"] if sourced else []), one.engine, other.engine))
    for row in found.rows[:MOST_ROWS]:
        rows.add_row(*_cells(row, timed=timed, sourced=sourced))
    return rows


def _cells(row: Row, *, timed: bool, sourced: bool) -> Iterator[Text]:
    if timed:
        yield Text(format_moment(row.at or 0.0), "dim")
    for text in (*([row.source or ""] if sourced else []), *row.texts):
        yield Text(printable(" ".join(text.split())))


def _table(headings: Sequence[str], *, no_wrap: bool = False) -> Table:
    rows = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    for heading in headings:
        rows.add_column(Text(printable(heading)), no_wrap=no_wrap)
    return rows


def _sell(commercial: Commercial) -> Text:
    return Text(commercial, SELLING_STYLES[commercial])


def _share(share: float | None) -> str:
    return "-" if share is None else _percent(share)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
