"""Read captions that roll, as YouTube's automatic ones, once: each line of them stays on the screen with the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dropdub.subtitles.formats import Cue

_TOUCHING_S = 0.1
_FEWEST, _FEWEST_GROWING = 2, 3
_SHARE = 0.4
"""Fewer cues than these that repeat the one before are a coincidence, such as an answer that repeats the question."""
_FEWEST_WINDOWS = 3
_WINDOW_SHARE = 0.5
_TWO_LINES_SHARE = 0.8
_FLASH_S = 0.1
_COPIES_WITHIN = 4
_LEAST_S = 0.001


@dataclass(frozen=True)
class _News:
    """What a cue adds to the one before: words at the end of its last line, and lines below it.

    `carries`: it repeats whole lines above new ones, which people who write subtitles do not do.
    """

    words: str = ""
    lines: tuple[str, ...] = ()
    carries: bool = False


def read_once(cues: Sequence[Cue], *, rolls: bool = False) -> list[Cue]:
    """Return cues in order of time without what each repeats of the one before, if the file does so throughout.

    `rolls`: its format is that of captions that roll.
    """
    shown = _without_copies(cues)
    news = [_news(one, other) for one, other in pairwise(shown)]
    carrying = [one if one and one.carries else None for one in news]
    carries, grows = sum(map(bool, carrying)), sum(bool(one and one.words) for one in news)
    if carries + grows >= _SHARE * len(news) and (carries or grows >= _FEWEST_GROWING):
        shown = _rolled(shown, news)
    elif carries >= _FEWEST:
        shown = _rolled(shown, carrying)
    return _each_until_the_next(shown) if rolls or _is_window(shown) else shown


def _rolled(shown: Sequence[Cue], news: Sequence[_News | None]) -> list[Cue]:
    kept = list(shown[:1])
    for cue, new in zip(shown[1:], news, strict=True):
        if new is None:
            kept.append(cue)
            continue
        last = kept[-1]
        until = last.end if new.lines else max(last.end, cue.end)
        lines = (*last.lines[:-1], f"{last.lines[-1]} {new.words}") if new.words else last.lines
        kept[-1] = replace(last, end=until, lines=lines)
        if new.lines:
            kept[-1] = replace(kept[-1], end=max(min(until, cue.start), last.start + _LEAST_S))
            kept.append(replace(cue, lines=new.lines))
    return kept


def _without_copies(cues: Sequence[Cue]) -> list[Cue]:
    """Return cues without exact copies, such as the outlines of a title, and with a flash of the same words joined."""
    kept: list[Cue] = []
    for cue in cues:
        recent = range(len(kept) - 1, max(len(kept) - _COPIES_WITHIN, 0) - 1, -1)
        same = next((at for at in recent if kept[at].lines == cue.lines), None)
        if same is not None and _is_copy(kept[same], cue):
            kept[same] = replace(kept[same], end=max(kept[same].end, cue.end))
        else:
            kept.append(cue)
    return kept


def _is_copy(before: Cue, cue: Cue) -> bool:
    if (before.start, before.end) == (cue.start, cue.end):
        return True
    brief = min(before.end - before.start, cue.end - cue.start) <= _FLASH_S
    return brief and cue.start - before.end <= _TOUCHING_S


def _news(before: Cue, cue: Cue) -> _News | None:
    """Return what a cue shows that the one before did not; None if it does not continue that one."""
    if cue.start - before.end > _TOUCHING_S or cue.start == before.start:
        return None
    if cue.lines == before.lines:
        return _News()
    for carried in range(min(len(before.lines), len(cue.lines)), 0, -1):
        if before.lines[-carried:] == cue.lines[:carried]:
            return _News(lines=cue.lines[carried:], carries=True)
    return _grown(before, cue)


def _grown(before: Cue, cue: Cue) -> _News | None:
    """Return the words that a cue adds to the last line of the one before, which grows word by word."""
    for carried in range(min(len(before.lines), len(cue.lines)), 0, -1):
        last = cue.lines[carried - 1]
        same = before.lines[len(before.lines) - carried : -1] == cue.lines[: carried - 1]
        if same and last.startswith(f"{before.lines[-1]} "):
            return _News(last[len(before.lines[-1]) + 1 :], cue.lines[carried:])
    return None


def _is_window(cues: Sequence[Cue]) -> bool:
    """Return whether most cues overlap the next, and only that: the lines of a window that rolls up."""
    overlaps = sum(one.end > other.start for one, other in pairwise(cues))
    two = sum(one.end <= other.start + _TOUCHING_S for one, other in zip(cues, cues[2:], strict=False))
    many = overlaps >= max(_FEWEST_WINDOWS, _WINDOW_SHARE * (len(cues) - 1))
    return many and two >= _TWO_LINES_SHARE * (len(cues) - 2)


def _each_until_the_next(cues: Sequence[Cue]) -> list[Cue]:
    """Return cues, each ending at the latest when the next begins: it stays on the screen while that is spoken."""
    cut = [replace(one, end=max(min(one.end, other.start), one.start + _LEAST_S)) for one, other in pairwise(cues)]
    return [*cut, *cues[-1:]]
