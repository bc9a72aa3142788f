"""Quality metrics of a dub: timing, verification by a transcriber, speaker similarity. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dropdub.dubbing.error_counts import WordErrors
from dropdub.dubbing.not_measured import not_measured
from dropdub.dubbing.published_timing import Fit, Timing
from dropdub.pipeline.artifacts import Suspect
from dropdub.pipeline.facts import Facts, VoiceLikeness, VoicesLeft
from dropdub.pipeline.heard_lines import HeardLine, ListenerCheck, VerificationFacts
from dropdub.pipeline.sound_quality import DubSound
from dropdub.translations.words import IN_ENGLISH


@dataclass(frozen=True)
class ListenerName:
    """The transcriber that verified a dub; `model` is None if it has no choice of models."""

    name: str
    version: str
    model: str | None


@dataclass(frozen=True)
class OnOriginal:
    """What the same transcriber understood of the original recording, in `lines` lines of the `reference`.

    The reference is the user's subtitle, by its file name, or the engine that made the transcript.
    """

    reference: str
    lines: int
    words: int
    errors: int
    word_error_rate: float | None


@dataclass(frozen=True)
class HeardBack:
    """What a transcriber understood of the dub. `bad` are the ids of lines that remained hard to understand.

    `word_error_rate` is None if there are no words. `listener` is None in the results of old versions, `on_original`
    if it is not known.
    """

    lines: int
    bad: tuple[int, ...]
    words: int
    errors: int
    word_error_rate: float | None
    listener: ListenerName | None = None
    on_original: OnOriginal | None = None


@dataclass(frozen=True)
class TargetQuality:
    """The metrics of one target; None for what was not measured, and in `not_measured` a sentence for each of those,
    in English; not for `sound`, whose model few have.
    """

    timing: Timing | None
    heard_back: HeardBack | None
    voices: tuple[VoiceLikeness, ...] | None
    not_measured: tuple[str, ...] = ()
    voices_left: VoicesLeft | None = None
    sound: DubSound | None = None


@dataclass(frozen=True)
class Quality:
    """The metrics of a job. `suspects`: possible hallucinations of the transcriber."""

    suspects: tuple[Suspect, ...]
    targets: Mapping[str, TargetQuality]

    def to_json(self) -> dict[str, Any]:
        """Return the metrics in the form of the manifest and of `dropdub show --json`.

        `sound` is left out if it was not estimated, so that nothing changes for those who do not have its model.
        """
        found = asdict(self)
        for figures in found["targets"].values():
            if figures["sound"] is None:
                del figures["sound"]
        return found


def quality_of(facts: Facts, fits: Mapping[str, Fit], targets: Sequence[str]) -> Quality:
    """Return the metrics of a job, from the results of its steps and the fits of its dubs."""
    suspects = facts.merge.suspects if facts.has("merge") else ()
    return Quality(suspects, {target: _of_target(facts, fits.get(target), target) for target in targets})


def _of_target(facts: Facts, fit: Fit | None, target: str) -> TargetQuality:
    timing, lines = fit.totals if fit else None, facts.last_verification(target)
    return TargetQuality(
        timing=timing,
        heard_back=_heard_back(lines, facts.verification(target)),
        voices=facts.compared_voices(target) or None,
        not_measured=tuple(not_measured(facts, timing, target, IN_ENGLISH)),
        voices_left=facts.voices_left(target),
        sound=facts.sound(target),
    )


def _heard_back(lines: Mapping[int, HeardLine], first: VerificationFacts | None) -> HeardBack | None:
    if not lines or first is None:
        return None
    found = WordErrors(sum(line.words for line in lines.values()), sum(line.errors for line in lines.values()))
    bad = tuple(sorted(number for number, line in lines.items() if not line.good))
    listener = _listener(first.engine) if first.engine else None
    return HeardBack(len(lines), bad, found.words, found.errors, _rate(found), listener, _on_original(first.check))


def _listener(engine: Mapping[str, Any]) -> ListenerName:
    return ListenerName(engine["name"], engine["version"], (engine.get("details") or {}).get("model"))


def _on_original(check: ListenerCheck | None) -> OnOriginal | None:
    if check is None or check.reference is None:
        return None
    rate = _rate(WordErrors(check.words, check.errors))
    return OnOriginal(check.reference, check.lines, check.words, check.errors, rate)


def _rate(found: WordErrors) -> float | None:
    return None if found.rate is None else round(found.rate, 4)
