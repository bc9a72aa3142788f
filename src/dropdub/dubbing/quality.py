"""Quality metrics of a dub: timing, verification by a transcriber, speaker similarity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dropdub.dubbing.published_timing import Fit, Timing
from dropdub.dubbing.word_errors import WordErrors
from dropdub.pipeline.artifacts import Suspect
from dropdub.pipeline.facts import Facts, VoiceLikeness
from dropdub.pipeline.heard_lines import HeardLine


@dataclass(frozen=True)
class HeardBack:
    """What a transcriber understood of the dub. `bad` are the ids of lines that remained hard to understand.

    `words` and `errors` exclude lines with digits; `word_error_rate` is None if there are no other lines.
    """

    lines: int
    bad: tuple[int, ...]
    words: int
    errors: int
    word_error_rate: float | None


@dataclass(frozen=True)
class TargetQuality:
    """The metrics of one target; None for what was not measured."""

    timing: Timing | None
    heard_back: HeardBack | None
    voices: tuple[VoiceLikeness, ...] | None


@dataclass(frozen=True)
class Quality:
    """The metrics of a job. `suspects`: possible hallucinations of the transcriber."""

    suspects: tuple[Suspect, ...]
    targets: Mapping[str, TargetQuality]

    def to_json(self) -> dict[str, Any]:
        """Return the metrics in the form of the manifest and of `dropdub show --json`."""
        return asdict(self)


def quality_of(facts: Facts, fits: Mapping[str, Fit], targets: Sequence[str]) -> Quality:
    """Return the metrics of a job, from the results of its steps and the fits of its dubs."""
    suspects = facts.merge.suspects if facts.has("merge") else ()
    return Quality(suspects, {target: _of_target(facts, fits.get(target), target) for target in targets})


def _of_target(facts: Facts, fit: Fit | None, target: str) -> TargetQuality:
    return TargetQuality(
        timing=fit.totals if fit else None,
        heard_back=_heard_back(facts.last_verification(target)),
        voices=facts.compared_voices(target) or None,
    )


def _heard_back(lines: Mapping[int, HeardLine]) -> HeardBack | None:
    if not lines:
        return None
    found = WordErrors(sum(line.words for line in lines.values()), sum(line.errors for line in lines.values()))
    bad = tuple(sorted(number for number, line in lines.items() if not line.good))
    rate = None if found.rate is None else round(found.rate, 4)
    return HeardBack(len(lines), bad, found.words, found.errors, rate)
