"""Sentences for what was not measured of a dub, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from dropdub.dubbing.published_timing import Timing
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.heard_lines import VerificationFacts
from dropdub.translations import mark as _
from dropdub.translations.words import Words

NOT_REQUIRED = _(
    "The words of this dub were not verified, so it is not known how well it can be understood: synthesis.verify at "
    "auto verifies only dubs of recordings in voices that can go wrong, such as cloned ones. To verify later dubs, "
    "too, write under job in config.yaml: synthesis: {verify: true}"
)
"""It ends with the setting, without a full stop, so that it can be pasted."""


def not_measured(facts: Facts, timing: Timing | None, target: str, words: Words) -> Iterator[str]:
    """Yield a sentence for each figure of a target's dub that is missing, or that covers only a part of its lines."""
    timed = facts.has("probe") and facts.probe.kind != "text"
    if timed:
        yield from _timing(timing, words)
    yield from _understood(facts, target, words)
    if timed:
        yield from _voices(facts, target, words)
    if facts.separated(target) and facts.voices_left(target) is None:
        yield words.gettext(
            "How much of the original's voices is left in the sound under the dub was not measured, because no "
            "detector of voices is installed: it comes with faster-whisper."
        )


def _timing(timing: Timing | None, words: Words) -> Iterator[str]:
    if timing is None:
        yield words.gettext("The timing of this dub was not measured.")
    elif timing.by_transcript and timing.by_transcript == timing.lines:
        yield words.gettext(
            "The starts of all lines were compared with the times of the text, because the sound does not show them."
        )
    elif timing.by_transcript:
        yield words.ngettext(
            "The starts of %(num)s line could only be compared with the times of the text, because the sound does not "
            "show them.",
            "The starts of %(num)s lines could only be compared with the times of the text, because the sound does not "
            "show them.",
            timing.by_transcript,
        )


def _understood(facts: Facts, target: str, words: Words) -> Iterator[str]:
    heard = facts.verification(target)
    if heard is None:
        if facts.has(f"synthesize/{target}"):
            yield words.gettext(NOT_REQUIRED)
    elif heard.engine is None and not heard.lines:
        yield words.gettext(
            "The words of this dub were not verified, because no transcriber for %(language)s is installed.",
            language=words.name_of(target),
        )
    else:
        yield from _listener(facts, target, heard, words)


def _listener(facts: Facts, target: str, heard: VerificationFacts, words: Words) -> Iterator[str]:
    """Yield sentences for the lines that cannot be compared, and for a transcriber of unknown quality."""
    if empty := sum(not line.words for line in facts.last_verification(target).values()):
        yield words.ngettext(
            "The words of %(num)s line were not counted, because there are none to compare.",
            "The words of %(num)s lines were not counted, because there are none to compare.",
            empty,
        )
    if heard.engine and heard.check and heard.check.unknown:
        yield words.gettext(
            "How well %(name)s understands the original recording is not known, because %(reason)s.",
            name=heard.engine["name"],
            reason=words.gettext(heard.check.unknown),
        )


def _voices(facts: Facts, target: str, words: Words) -> Iterator[str]:
    if not facts.has(f"synthesize/{target}") or facts.compared_voices(target):
        return
    if not facts.synthesis(target).cloned:
        yield words.gettext("No voices were compared, because none was copied from the original.")
    elif facts.has(f"compare/{target}"):
        yield words.gettext("No voices were compared, because no engine for that is installed.")
