"""Remarks on a line of a dub: what was changed in it, or is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from dropdub.dubbing.published_timing import ON_TIME_S, Fit, FittedUtterance
from dropdub.pipeline.heard_lines import HeardLine
from dropdub.translations.words import Words

NOTICED_S = 0.05
"""Smaller overlaps and differences of length cannot be heard."""
SAME_PACE = 0.015


@dataclass(frozen=True)
class Remark:
    """A change to a line, or a fault of it."""

    text: str
    grade: Literal["note", "bad"]


def remarks_by_line(fit: Fit | None, heard: Mapping[int, HeardLine], words: Words) -> dict[int, tuple[Remark, ...]]:
    """Return the changes and faults of each line, by its id; lines without any are left out."""
    found: dict[int, list[Remark]] = {}
    for line, remarks in _timed(fit.utterances, words) if fit else ():
        found.setdefault(line, []).extend(remarks)
    for line, verified in heard.items():
        found.setdefault(line, []).extend(_heard(verified, words))
    return {line: tuple(remarks) for line, remarks in found.items() if remarks}


def _timed(utterances: Sequence[FittedUtterance], words: Words) -> Iterator[tuple[int, list[Remark]]]:
    for number, one in enumerate(utterances):
        first, *others = one.segments
        yield first, [*_placed(one, words), *_overlapping(one, utterances[number + 1 : number + 2], words)]
        for line in others:
            yield line, [Remark(words.gettext("spoken together with line %(number)s", number=first + 1), "note")]


def _placed(one: FittedUtterance, words: Words) -> Iterator[Remark]:
    """Yield what was done to an utterance so that it fits."""
    _ = words.gettext
    if one.shortened:
        yield Remark(_("shorter wording"), "note")
    if abs(one.stretch - 1) > SAME_PACE:
        rate = words.decimal(one.stretch, 2)
        sped = _("sped up to %(rate)s times the rate", rate=rate)
        slowed = _("slowed down to %(rate)s times the rate", rate=rate)
        yield Remark(sped if one.stretch > 1 else slowed, "note")
    if abs(one.shift) > ON_TIME_S:
        off = words.decimal(abs(one.shift), 2)
        late, early = _("starts %(seconds)s s late", seconds=off), _("starts %(seconds)s s early", seconds=off)
        yield Remark(late if one.shift > 0 else early, "note")
    if one.drift is not None and abs(one.drift - one.shift) > NOTICED_S and abs(one.drift) > ON_TIME_S:
        yield Remark(_drift(one.drift, words), "note")
    if one.end > one.slot[1] + NOTICED_S:
        over = words.decimal(one.end - one.slot[1], 2)
        yield Remark(_("uses %(seconds)s s of the silence after it", seconds=over), "note")


def _drift(drift_s: float, words: Words) -> str:
    off = words.decimal(abs(drift_s), 2)
    if drift_s > 0:
        return words.gettext("one of its lines starts %(seconds)s s late", seconds=off)
    return words.gettext("one of its lines starts %(seconds)s s early", seconds=off)


def _overlapping(one: FittedUtterance, follower: Sequence[FittedUtterance], words: Words) -> Iterator[Remark]:
    for other in follower:
        if one.end > other.start + NOTICED_S:
            over = words.decimal(one.end - other.start, 2)
            yield Remark(words.gettext("runs %(seconds)s s into the next line", seconds=over), "bad")


def _heard(line: HeardLine, words: Words) -> Iterator[Remark]:
    _ = words.gettext
    if not line.good and line.heard:
        yield Remark(_("may be unintelligible; heard: “%(heard)s”", heard=line.heard), "bad")
    elif not line.good:
        yield Remark(_("may be unintelligible"), "bad")
    elif line.errors:
        text = words.ngettext(
            "%(errors)s of %(num)s word misheard",
            "%(errors)s of %(num)s words misheard",
            line.words,
            errors=line.errors,
        )
        yield Remark(text, "note")
