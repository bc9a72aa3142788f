"""Lay out the timeline of original and dub: one row per minute, so that hours stay legible."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from dropdub.dubbing.published_timing import ON_TIME_S, Fit, FittedUtterance
from dropdub.report.remarks import NOTICED_S, SAME_PACE
from dropdub.translations import mark as _
from dropdub.translations.words import IN_ENGLISH, Words
from dropdub.units import format_moment

ROW_S = 60.0
SHORTEST_ROW_S = 10.0
WIDTH = 1100.0
_LEFT, _RIGHT = 64.0, 20.0
_LEGEND, _LEGEND_LINE, _BELOW_LEGEND = 32.0, 18.0, 32.0
_ROW, _LANE, _GAP = 76.0, 17.0, 12.0
_CHARACTER = 6.4
"""Approximate width of a character in the legend and labels."""
KINDS = {
    "original": _("original"),
    "clean": _("dub, as spoken"),
    "unverified": _("dub, as spoken, words not verified"),
    "sped": _("sped up"),
    "slowed": _("slowed down"),
    "overlap": _("runs into the next line"),
    "unclear": _("may be unintelligible"),
}
_LINK = _("slanted line: from the start of the original's voice to the start in the dub")

Span = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """A time span in a lane: 0 the original, 1 the dub. `kind`: a key of KINDS and a class of the style sheet."""

    span: Span
    lane: int
    kind: str
    label: str = ""


@dataclass(frozen=True)
class Box:
    """A drawn bar, or the part of it in one row. `label`: empty if it does not fit; `tip`: the tooltip."""

    x: float
    y: float
    width: float
    kind: str
    label: str
    tip: str


@dataclass(frozen=True)
class Tick:
    """A tick of the time axis; one without a label is fainter."""

    x: float
    label: str


@dataclass(frozen=True)
class Link:
    """A line from the start of an utterance in the original to that in the dub; `is_late` if they differ noticeably."""

    said_x: float
    begins_x: float
    is_late: bool


@dataclass(frozen=True)
class Note:
    """A text without a box."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Legend:
    """The boxes that explain the kinds of bars, and then a note about the connecting lines."""

    boxes: tuple[Box, ...]
    note: Note


@dataclass(frozen=True)
class Row:
    top: float
    label: str
    ticks: tuple[Tick, ...]
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Timeline:
    """Everything that the template draws, in units of its view box."""

    words: Words
    title: str
    height: float
    legend: Legend
    rows: tuple[Row, ...]
    width: float = WIDTH
    lane: float = _LANE
    left: float = _LEFT
    links_from: float = _LANE + 1
    links_to: float = _LANE + _GAP - 1
    times_at: float = 2 * _LANE + _GAP + 14


@dataclass(frozen=True)
class _Scale:
    """Maps times to positions: `rows` rows of `row_s` seconds; later times map to the end of the last row."""

    row_s: float
    rows: int

    @staticmethod
    def of(duration_s: float) -> _Scale:
        row_s = min(ROW_S, max(SHORTEST_ROW_S, math.ceil(duration_s / 5) * 5.0))
        return _Scale(row_s, max(1, math.ceil(duration_s / row_s)))

    def row(self, moment: float) -> int:
        """Return the row of a time. It may come from a file that others can change, so NaN maps to row 0."""
        return min(int(min(self.rows * self.row_s, max(0.0, moment)) // self.row_s), self.rows - 1)

    def x(self, moment: float, row: int) -> float:
        """Return the position of a time in a row; times outside the row map to its edges."""
        seconds = min(self.row_s, max(0.0, moment - row * self.row_s))
        return round(_LEFT + seconds * (WIDTH - _LEFT - _RIGHT) / self.row_s, 1)


def timeline_of(
    fit: Fit,
    originals: Mapping[int, Span],
    understood: Mapping[int, bool],
    duration_s: float,
    target: str,
    words: Words = IN_ENGLISH,
) -> Timeline:
    """Return the drawing of the timing of the dub into a target language.

    `originals` are the times of the original lines, by id. `understood`: whether each line that was verified can be
    understood.
    """
    scale = _Scale.of(duration_s)
    boxes: dict[int, list[Box]] = {}
    bars = list(bars_of(fit, originals, understood, words))
    for bar in bars:
        if bar.span[0] < scale.rows * scale.row_s:
            for row in range(scale.row(bar.span[0]), scale.row(bar.span[1]) + 1):
                boxes.setdefault(row, []).append(_box(bar, row, scale, words))
    links: dict[int, list[Link]] = {}
    for one in fit.utterances:
        said, row = one.start - one.shift, scale.row(one.start)
        is_late = abs(one.shift) > ON_TIME_S
        links.setdefault(row, []).append(Link(scale.x(said, row), scale.x(one.start, row), is_late))
    legend = _legend({bar.kind for bar in bars}, words)
    top = legend.note.y + _BELOW_LEGEND
    rows = tuple(_row(row, scale, top, boxes.get(row, ()), links.get(row, ())) for row in range(scale.rows))
    title = words.gettext("%(language)s dub", language=words.name_of(target))
    return Timeline(words, title, top + scale.rows * _ROW, legend, rows)


def bars_of(
    fit: Fit, originals: Mapping[int, Span], understood: Mapping[int, bool], words: Words = IN_ENGLISH
) -> Iterator[Bar]:
    """Yield a bar for each original line, utterance of the dub, and overlap. Arguments as in `timeline_of`."""
    for one in fit.utterances:
        yield from (Bar(span, 0, "original") for span in originals_of(one, originals))
        changes = [f"{words.decimal(one.stretch, 2)}×"] if abs(one.stretch - 1) > SAME_PACE else []
        changes += [words.gettext("short")] if one.shortened else []
        yield Bar((one.start, one.end), 1, kind_of(one, understood), " ".join(changes))
    for one, other in pairwise(fit.utterances):
        if one.end > other.start + NOTICED_S:
            yield Bar((other.start, min(one.end, other.end)), 1, "overlap")


def originals_of(one: FittedUtterance, originals: Mapping[int, Span]) -> list[Span]:
    """Return the spans of the original lines that an utterance dubs. In a user's translation, which has other ids, this
    is the utterance's slot.
    """
    known = [originals[line] for line in one.segments if line in originals]
    return [span for span in known if span[0] < one.slot[1] and span[1] > one.slot[0]] or [one.slot]


def kind_of(one: FittedUtterance, understood: Mapping[int, bool]) -> str:
    """Return an utterance's kind: "clean", which is green, only if the words of all its lines were verified."""
    verdicts = [understood.get(line) for line in one.segments]
    if False in verdicts:
        return "unclear"
    if abs(one.stretch - 1) > SAME_PACE:
        return "sped" if one.stretch > 1 else "slowed"
    return "clean" if all(verdicts) else "unverified"


def _box(bar: Bar, row: int, scale: _Scale, words: Words) -> Box:
    left, right = (scale.x(moment, row) for moment in bar.span)
    width = round(max(right - left - 0.6, 0.6), 1)
    has_room = bar.label and width >= len(bar.label) * _CHARACTER + 8
    moments = "–".join(format_moment(moment) for moment in bar.span)
    tip = ", ".join(part for part in (moments, words.gettext(KINDS[bar.kind]), bar.label) if part)
    return Box(left, bar.lane * (_LANE + _GAP), width, bar.kind, bar.label if has_room else "", tip)


def _row(row: int, scale: _Scale, top: float, boxes: Iterable[Box], links: Iterable[Link]) -> Row:
    start = row * scale.row_s
    step = 5 if scale.row_s > 20 else 1
    ticks = tuple(
        Tick(scale.x(start + second, row), format_moment(start + second) if second % (2 * step) == 0 else "")
        for second in range(0, round(scale.row_s), step)
    )
    return Row(top + row * _ROW, format_moment(start), ticks, tuple(boxes), tuple(links))


def _legend(drawn: Container[str], words: Words) -> Legend:
    """Return the legend of the drawn kinds, in as many lines as it needs."""
    boxes: list[Box] = []
    x, y = _LEFT, _LEGEND
    for kind in filter(drawn.__contains__, KINDS):
        text = words.gettext(KINDS[kind])
        width = 24 + len(text) * _CHARACTER
        x, y = _with_room(x, y, width)
        boxes.append(Box(x, y, 18.0, kind, text, text))
        x = round(x + width + 18, 1)
    note = words.gettext(_LINK)
    return Legend(tuple(boxes), Note(*_with_room(x, y, len(note) * _CHARACTER), note))


def _with_room(x: float, y: float, width: float) -> tuple[float, float]:
    """Return where the next part of the legend begins: here, or on the next line."""
    return (x, y) if x + width <= WIDTH - _RIGHT or x == _LEFT else (_LEFT, y + _LEGEND_LINE)
