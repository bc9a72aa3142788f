"""Quality metrics of a dub: timing, verification by a transcriber, speaker similarity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dropdub.dubbing.published_timing import Fit, Timing
from dropdub.dubbing.word_errors import WordErrors
from dropdub.pipeline.facts import Facts


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
class VoiceLikeness:
    """Similarity of a speaker's voice in the original and in the dub: cosine of the embeddings, 1 for the same."""

    speaker: str | None
    likeness: float


@dataclass(frozen=True)
class TargetQuality:
    """The metrics of one target; None for what was not measured."""

    timing: Timing | None
    heard_back: HeardBack | None
    voices: tuple[VoiceLikeness, ...] | None


@dataclass(frozen=True)
class Quality:
    """The metrics of a job. `suspects`: possible hallucinations of the transcriber (`start`, `end`, `text`, `fate`)."""

    suspects: tuple[Mapping[str, Any], ...]
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
