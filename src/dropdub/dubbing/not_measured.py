"""Sentences for what was not measured of a dub, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.dubbing.published_timing import Timing
from dropdub.languages import display_name
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.heard_lines import VerificationFacts
from dropdub.units import counted

NOT_REQUIRED = (
    "The words of this dub were not verified, so it is not known how well it can be understood: synthesis.verify at "
    "auto verifies only dubs of recordings in voices that can go wrong, such as cloned ones. To verify later dubs, "
    "too, write under job in config.yaml: synthesis: {verify: true}"
)
"""It ends with the setting, without a full stop, so that it can be pasted."""


def not_measured(facts: Facts, timing: Timing | None, target: str) -> Iterator[str]:
    """Yield a sentence for each figure of a target's dub that is missing, or that covers only a part of its lines."""
    timed = facts.has("probe") and facts.probe.kind != "text"
    if timed:
        yield from _timing(timing)
    yield from _words(facts, target)
    if timed:
        yield from _voices(facts, target)


def _timing(timing: Timing | None) -> Iterator[str]:
    if timing is None:
        yield "The timing of this dub was not measured."
    elif timing.by_transcript:
        every = timing.by_transcript == timing.lines
        lines = "all lines were" if every else f"{counted(timing.by_transcript, 'line')} could only be"
        yield f"The starts of {lines} compared with the times of the text, because the sound does not show them."


def _words(facts: Facts, target: str) -> Iterator[str]:
    heard = facts.verification(target)
    if heard is None:
        if facts.has(f"synthesize/{target}"):
            yield NOT_REQUIRED
    elif heard.engine is None and not heard.lines:
        language = display_name(target)
        yield f"The words of this dub were not verified, because no transcriber for {language} is installed."
    else:
        yield from _listener(facts, target, heard)


def _listener(facts: Facts, target: str, heard: VerificationFacts) -> Iterator[str]:
    """Yield sentences for the lines that cannot be compared, and for a transcriber of unknown quality."""
    if empty := sum(not line.words for line in facts.last_verification(target).values()):
        yield f"The words of {counted(empty, 'line')} were not counted, because there are none to compare."
    if heard.engine and heard.check and heard.check.unknown:
        name, why = heard.engine["name"], heard.check.unknown
        yield f"How well {name} understands the original recording is not known, because {why}."


def _voices(facts: Facts, target: str) -> Iterator[str]:
    if not facts.has(f"synthesize/{target}") or facts.compared_voices(target):
        return
    if not facts.synthesis(target).cloned:
        yield "No voices were compared, because none was copied from the original."
    elif facts.has(f"compare/{target}"):
        yield "No voices were compared, because no engine for that is installed."
