"""Lay out speech segments as subtitle cues: where to split cues, when to show them, how to break their lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Protocol

from dropdub.config import SubtitleStyle
from dropdub.function_words import FunctionWords, function_words
from dropdub.subtitles.dialogue import Draft, dash_of, overlap, reading_time_s, share_cues
from dropdub.subtitles.formats import Cue, write_ass, write_srt, write_vtt
from dropdub.subtitles.line_breaks import (
    SENTENCE_END,
    ForcedBreak,
    LineCounter,
    Part,
    break_cost,
    parts,
    set_in_lines,
    width,
)

__all__ = ["Cue", "layout", "write_ass", "write_srt", "write_vtt"]

_PER_CUE = 4.0
_INNER_SENTENCE = 2.5
_FLASHED = 4.0
_SPARSE = 2.0
_SPARSE_WIDTH = 20
_PAUSE_HELD_S = 0.8
_PER_HELD_SECOND = 4.0
_SLOWEST_SPEECH = 4.0
_LATE_AT_MOST_S = 0.4
_FLICKER_S = 0.5
"""A shorter gap between two cues flickers, so the first cue then stays until the next."""
_BRIEFEST_S = 0.25
_LEAST_MATCHED = 0.5
_MOST_COMPARED = 1_000_000
"""Letters transcribed times letters written, about a minute of speech: comparing some texts takes 100 times as long."""

Moment = tuple[float, float]
"""Start and end of a spoken character."""


class TimedText(Protocol):
    """A text with its times: a word or a segment."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def text(self) -> str: ...


class Spoken(TimedText, Protocol):
    """A segment; `words` is empty if their times are unknown, `speaker` is None if the speakers are unknown."""

    @property
    def words(self) -> Sequence[TimedText]: ...
    @property
    def speaker(self) -> str | None: ...


@dataclass(frozen=True)
class _Timed:
    part: Part
    start: float
    end: float


def layout(
    segments: Sequence[Spoken], style: SubtitleStyle, *, fps: float | None = None, language: str | None = None
) -> list[Cue]:
    """Return the cues of `segments`, in order.

    A cue overlaps the next only if both are spoken at the same time and would otherwise be too short to read.
    Every word is in exactly one cue, in the original order. Cues are split at sentence ends, phrase ends and pauses if
    possible. A cue stays long enough to be read if the silence after it allows that. `fps` sets the gap between cues
    to two frames; `language` selects the words that no line should end with. Two speakers whose cues would be too short
    to read share a cue, each on a line that starts with a dash.
    """
    ordered = sorted(segments, key=lambda segment: segment.start)
    words, gap = function_words(language), _gap(style, fps)
    drafts = [draft for segment in ordered for draft in _drafts(segment, style, words)]
    drafts.sort(key=lambda draft: draft.start)  # segments that overlap may have several cues each
    return _settle(share_cues(drafts, style, gap=gap, dash=dash_of(language)), style, gap)


def _gap(style: SubtitleStyle, fps: float | None) -> float:
    return 2 / fps if fps is not None and 10 <= fps <= 120 else style.gap


def _drafts(segment: Spoken, style: SubtitleStyle, words: FunctionWords) -> Iterator[Draft]:
    timed = _timed(segment, parts(segment.text, style.line_length))
    for start, end in _best_cuts(timed, style, words):
        lines = set_in_lines([item.part for item in timed[start:end]], style.line_length, words)
        yield Draft(timed[start].start, timed[end - 1].end, lines, segment.speaker)


# When each part is spoken


def _timed(segment: Spoken, found: Sequence[Part]) -> list[_Timed]:
    text = "".join(part.text for part in found)
    words = [("".join(part.text for part in parts(word.text, len(text) + 1)), word) for word in segment.words]
    transcribed = "".join(word for word, _ in words)
    times = _character_times([(len(word), spoken.start, spoken.end) for word, spoken in words])
    if transcribed != text:
        times = _matched_times(transcribed, times, text)
    if not times:
        spoken_s = min(segment.end - segment.start, max(width(text) / _SLOWEST_SPEECH, 1.0))
        times = _character_times([(len(text), segment.start, segment.start + spoken_s)])
    return list(_with_times(found, times))


def _character_times(runs: Sequence[tuple[int, float, float]]) -> list[Moment]:
    """Spread each run (length, start, end) evenly over its characters; times never decrease."""
    times: list[Moment] = []
    now = 0.0
    for length, start, end in runs:
        # The comparisons are written so that NaN counts as a decrease.
        first = start if now <= start < math.inf else now
        last = end if first <= end < math.inf else first
        step = (last - first) / max(length, 1)
        times.extend((first + step * number, first + step * (number + 1)) for number in range(length))
        now = last
    return times


def _matched_times(transcribed: str, times: Sequence[Moment], text: str) -> list[Moment]:
    """Return the times of a text that was cleaned up after transcription, taken from the characters that match.

    A letter without a match gets the time of the next match, a punctuation mark that of the previous. Empty if too
    little matches, or if the texts are too long to compare.
    """
    if len(transcribed) < _LEAST_MATCHED * len(text) or len(transcribed) * len(text) > _MOST_COMPARED:
        return []
    blocks = SequenceMatcher(None, _lowered(transcribed), _lowered(text), autojunk=False).get_matching_blocks()
    if not text or sum(block.size for block in blocks) < _LEAST_MATCHED * len(text):
        return []
    found: list[Moment] = []
    for block in blocks:
        at = found[-1][1] if found else times[block.a][0]
        for character in text[len(found) : block.b]:
            at = times[block.a][0] if character.isalnum() and block.size else at
            found.append((at, at))
        found += times[block.a : block.a + block.size]
    return found


def _lowered(text: str) -> str:
    """Return a text in lower case and of the same length; the few characters that would become longer are kept."""
    return "".join(character.lower() if len(character.lower()) == 1 else character for character in text)


def _with_times(found: Sequence[Part], times: Sequence[Moment]) -> Iterator[_Timed]:
    position = 0
    for part in found:
        start, position = position, position + len(part.text)
        yield _Timed(part, times[start][0], times[position - 1][1])


# Where cues are split


def _best_cuts(timed: Sequence[_Timed], style: SubtitleStyle, words: FunctionWords) -> list[tuple[int, int]]:
    """Return the ranges of `timed` that become cues: the cheapest of all segmentations that fit the style."""
    breaks = [break_cost(one.part, after.part, words) for one, after in pairwise(timed)]
    best: list[tuple[float, int]] = [(0.0, 0)] + [(math.inf, 0)] * len(timed)
    for start in range(len(timed)):
        for end, cost in _cue_costs(timed, start, style, breaks):
            if best[start][0] + cost < best[end][0]:
                best[end] = (best[start][0] + cost, start)
    cuts: list[tuple[int, int]] = []
    end = len(timed)
    while end:
        cuts.append((best[end][1], end))
        end = best[end][1]
    return cuts[::-1]


def _cue_costs(
    timed: Sequence[_Timed], start: int, style: SubtitleStyle, breaks: Sequence[float]
) -> Iterator[tuple[int, float]]:
    """Yield each possible end of a cue that starts at `start`, with its cost."""
    counter, forced = LineCounter(style.line_length), ForcedBreak(style.line_length)
    used, inner = 0, 0.0
    for end in range(start + 1, len(timed) + 1):
        item = timed[end - 1]
        counter.add(item.part)
        forced.add(item.part, breaks[end - 2] if end > start + 1 else 0.0)
        used += item.part.width
        duration_s = item.end - timed[start].start
        if end > start + 1 and (counter.lines > style.lines or duration_s > style.max_duration):
            return
        cost = _PER_CUE + inner + _shortness(duration_s, used, style)
        if counter.lines == 2:
            cost += forced.cost()
        if end == len(timed):
            yield end, cost
        else:
            yield end, cost + _cut_cost(item, timed[end], breaks[end - 1])
            inner += _holding_cost(item, timed[end], breaks[end - 1])


def _shortness(duration_s: float, used: int, style: SubtitleStyle) -> float:
    flashed = max(1 - duration_s / style.min_duration, 0.0)
    sparse = max(1 - used / _SPARSE_WIDTH, 0.0)
    return _FLASHED * flashed + _SPARSE * sparse


def _cut_cost(item: _Timed, after: _Timed, broken: float) -> float:
    return max(broken - 2 * min(after.start - item.end, 1.0), 0.0)


def _holding_cost(item: _Timed, after: _Timed, broken: float) -> float:
    """Return the cost of keeping two parts in one cue."""
    held_s = max(after.start - item.end - _PAUSE_HELD_S, 0.0)
    return _PER_HELD_SECOND * held_s + (_INNER_SENTENCE if broken == SENTENCE_END else 0.0)


# When cues are shown


def _settle(drafts: Sequence[Draft], style: SubtitleStyle, gap: float) -> list[Cue]:
    cues: list[Cue] = []
    free_from = 0.0
    for number, draft in enumerate(drafts):
        following = drafts[number + 1].start if number + 1 < len(drafts) else math.inf
        start = max(draft.start, free_from)
        end = _end(draft, start, following - gap, style)
        if number + 1 < len(drafts) and overlap(draft, drafts[number + 1]):
            end = max(end, _end(draft, start, math.inf, style))
            free_from = max(start, min(end, following))  # no cue starts before the one in front of it
        else:
            free_from = end + gap
        cues.append(Cue(round(start, 3), round(end, 3), draft.lines))
    return cues


def _end(draft: Draft, start: float, latest: float, style: SubtitleStyle) -> float:
    """Return the end of a cue: after its words and the time to read them, but before the next cue.

    If the next cue would start too soon for this one to be seen, the next is delayed a little.
    """
    longest = start + style.max_duration
    wanted = min(max(draft.end, start + reading_time_s(draft, style)), longest)
    if wanted < latest <= min(wanted + _FLICKER_S, longest):
        wanted = latest  # close the gap: a brief empty screen flickers
    # In a rapid exchange, `latest` may come before the cue can be seen. The cue then stays past it, which delays the
    # next one by at most `_LATE_AT_MOST_S`, or by more if this one would be shown for less than `_BRIEFEST_S`.
    seen_s = min(max(latest + _LATE_AT_MOST_S - start, _BRIEFEST_S), style.min_duration)
    return min(wanted, max(latest, start + seen_s))
