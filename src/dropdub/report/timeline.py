"""When the original and the dub speak, as a picture: one row a minute, so that hours stay legible."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFont

from dropdub.dubbing.published_timing import Fit, FittedUtterance
from dropdub.report.deeds import NOTICED_S, SAME_PACE
from dropdub.units import format_moment

ROW_S = 60.0
ROWS_A_PAGE = 20
_PX_A_SECOND = 30
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 24, 96, 20
_ROW, _LANE, _GAP = 92, 22, 12
_PAGE, _INK, _FAINT, _GRID = "#ffffff", "#1c1d21", "#5b5e66", "#e3e5ea"
_ORIGINAL, _CLEAN, _SPED, _SLOWED, _OVERLAP, _SLOT = "#9aa1ad", "#3f9d63", "#e09a1b", "#4d8fd6", "#c62828", "#b9bec8"
_KEY = (
    (_ORIGINAL, "original"),
    (_CLEAN, "dub, as spoken"),
    (_SPED, "sped up"),
    (_SLOWED, "slowed down"),
    (_OVERLAP, "runs into the next"),
)
_LEAST_LABEL_PX = 46

Span = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """A stretch of time in one lane of the picture: 0 the original, 1 the dub."""

    span: Span
    lane: int
    colour: str
    label: str = ""


def timeline_pages(fit: Fit, originals: Mapping[int, Span], duration_s: float, title: str) -> list[Image.Image]:
    """Return the pictures of a fit, twenty minutes each. `originals` are the times of the original's lines, by id."""
    rows = max(1, math.ceil(duration_s / ROW_S))
    starts = range(0, rows, ROWS_A_PAGE)
    bars = list(bars_of(fit, originals))
    links = [(_original_of(one, originals)[0], one.start) for one in fit.utterances]
    return [
        _page(bars, links, range(first, min(first + ROWS_A_PAGE, rows)), f"{title}, page {number} of {len(starts)}")
        for number, first in enumerate(starts, start=1)
    ]


def bars_of(fit: Fit, originals: Mapping[int, Span]) -> Iterator[Bar]:
    """Yield a bar for each original line, one for each utterance of the dub, and one for each overlap."""
    for one in fit.utterances:
        yield from (Bar(span, 0, _ORIGINAL) for span in _originals_of(one, originals))
        label = f"{one.stretch:.2f}x" if abs(one.stretch - 1) > SAME_PACE else ""
        yield Bar((one.start, one.end), 1, _colour(one), f"{label} short".strip() if one.shortened else label)
    for one, other in pairwise(fit.utterances):
        if one.end > other.start + NOTICED_S:
            yield Bar((other.start, min(one.end, other.end)), 1, _OVERLAP)


def _originals_of(one: FittedUtterance, originals: Mapping[int, Span]) -> list[Span]:
    """Return the original's lines that an utterance dubs; of a translation of a person's own, whose ids are others,
    its slot.
    """
    known = [originals[line] for line in one.segments if line in originals]
    return [span for span in known if span[0] < one.slot[1] and span[1] > one.slot[0]] or [one.slot]


def _original_of(one: FittedUtterance, originals: Mapping[int, Span]) -> Span:
    known = _originals_of(one, originals)
    return min(start for start, _ in known), max(end for _, end in known)


def _colour(one: FittedUtterance) -> str:
    if abs(one.stretch - 1) <= SAME_PACE:
        return _CLEAN
    return _SPED if one.stretch > 1 else _SLOWED


def _page(bars: Sequence[Bar], links: Sequence[Span], rows: range, title: str) -> Image.Image:
    width = _LEFT + round(ROW_S * _PX_A_SECOND) + _RIGHT
    image = Image.new("RGB", (width, _TOP + len(rows) * _ROW + _BOTTOM), _PAGE)
    draw = ImageDraw.Draw(image)
    _draw_head(draw, title)
    for place, row in enumerate(rows):
        _draw_row(draw, bars, links, row * ROW_S, _TOP + place * _ROW)
    return image


def _draw_head(draw: ImageDraw.ImageDraw, title: str) -> None:
    draw.text((_LEFT, 18), title, _INK, font=_font(24))
    at = _LEFT
    for colour, words in _KEY:
        draw.rounded_rectangle((at, 58, at + 22, 74), 4, colour)
        draw.text((at + 30, 56), words, _FAINT, font=_font(16))
        at += 30 + round(draw.textlength(words, font=_font(16))) + 32
    draw.text((at, 56), "slanted line: from where it was said to where it begins", _FAINT, font=_font(16))


def _draw_row(draw: ImageDraw.ImageDraw, bars: Sequence[Bar], links: Sequence[Span], start: float, top: int) -> None:
    draw.text((12, top + 14), format_moment(start), _INK, font=_font(18))
    for second in range(0, round(ROW_S) + 1, 5):
        at = _x(start + second, start)
        draw.line((at, top, at, top + 2 * _LANE + _GAP + 12), _GRID, 2 if second % 10 == 0 else 1)
        if second % 10 == 0 and second < ROW_S:
            draw.text((at + 4, top + 2 * _LANE + _GAP + 4), format_moment(start + second), _FAINT, font=_font(12))
    shown = [bar for bar in bars if bar.span[0] < start + ROW_S and bar.span[1] > start]
    for bar in shown:
        draw.rounded_rectangle(_box(bar, start, top), 4, bar.colour)
    for bar in shown:
        left, upper, right, _ = _box(bar, start, top)
        if bar.label and right - left >= _LEAST_LABEL_PX:
            draw.text((left + 5, upper + 3), bar.label, _INK, font=_font(14))
    for said, begins in links:
        if start <= begins < start + ROW_S:
            ends = (_x(max(said, start), start), top + _LANE + 1, _x(begins, start), top + _LANE + _GAP - 1)
            draw.line(ends, _INK if abs(begins - said) > NOTICED_S else _SLOT, 2)


def _box(bar: Bar, start: float, top: int) -> tuple[float, float, float, float]:
    """Return where a bar is drawn in the row that begins at `start` seconds: left, upper, right, lower."""
    left, right = (_x(min(max(moment, start), start + ROW_S), start) for moment in bar.span)
    upper = top + bar.lane * (_LANE + _GAP)
    return left, upper, max(right - 1, left + 1), upper + _LANE


def _x(moment: float, start: float) -> float:
    return _LEFT + (moment - start) * _PX_A_SECOND


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the font that Pillow brings along: Latin letters and figures."""
    return ImageFont.load_default(size)
