"""How good a dub came out, in figures: how it fits, what was heard back, whose voice it has. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dropdub.dubbing.published_timing import Fit, Timing
from dropdub.dubbing.word_errors import WordErrors
from dropdub.pipeline.facts import Facts


@dataclass(frozen=True)
class HeardBack:
    """What a transcriber understood of the dub. `bad` are the ids of the lines that stayed hard to understand.

    `words` and `errors` leave out lines with figures; `word_error_rate` is None where there are no others.
    """

    lines: int
    bad: tuple[int, ...]
    words: int
    errors: int
    word_error_rate: float | None


@dataclass(frozen=True)
class VoiceLikeness:
    """How alike a speaker's voice is in the original and in the dub: the cosine of their vectors, 1 for the same."""

    speaker: str | None
    likeness: float


@dataclass(frozen=True)
class TargetQuality:
    """The figures of one target; None is what was not measured."""

    timing: Timing | None
    heard_back: HeardBack | None
    voices: tuple[VoiceLikeness, ...] | None


@dataclass(frozen=True)
class Quality:
    """The figures of a job. `suspects`: what the transcriber may have invented (`start`, `end`, `text`, `fate`)."""

    suspects: tuple[Mapping[str, Any], ...]
    targets: Mapping[str, TargetQuality]

    def to_json(self) -> dict[str, Any]:
        """Return it as the manifest and `dropdub show --json` have it."""
        return asdict(self)


def quality_of(facts: Facts, fits: Mapping[str, Fit], targets: Sequence[str]) -> Quality:
    """Return what the results of a job's steps, and the fits of its dubs, tell of its quality."""
    suspects = facts.merge.suspects if facts.has("merge") else ()
    return Quality(suspects, {target: _of_target(facts, fits.get(target), target) for target in targets})


def _of_target(facts: Facts, fit: Fit | None, target: str) -> TargetQuality:
    return TargetQuality(
        timing=fit.totals if fit else None,
        heard_back=_heard_back(facts.last_verification(target)),
        voices=_voices(facts.compared_voices(target)),
    )


def _heard_back(lines: Mapping[str, Mapping[str, Any]]) -> HeardBack | None:
    if not lines:
        return None
    found = WordErrors(*(sum(int(line[name]) for line in lines.values()) for name in ("words", "errors")))
    bad = tuple(sorted(int(number) for number, line in lines.items() if not line["good"]))
    rate = None if found.rate is None else round(found.rate, 4)
    return HeardBack(len(lines), bad, found.words, found.errors, rate)


def _voices(compared: Sequence[Mapping[str, Any]]) -> tuple[VoiceLikeness, ...] | None:
    found = tuple(VoiceLikeness(one["speaker"], one["likeness"]) for one in compared)
    return found or None
