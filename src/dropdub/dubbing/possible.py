"""Refuse what no engine of this installation can do, before the expensive work. Loads no model, and waits for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dropdub.config import JobOptions
from dropdub.dubbing.voices import recording_of
from dropdub.errors import UnsupportedLanguage
from dropdub.languages import display_name, same_language
from dropdub.text.written_forms import require_form

AUTO = "auto"


class Requirements(Protocol):
    """What can be asked of the installed engines. Each raises EngineMissing, and what is named there."""

    def require_pair(self, name: str, *, source: str, target: str) -> None:
        """Raise UnsupportedLanguage if a translator cannot do a pair, even with all models."""

    def require_transcriber(self, name: str, *, language: str | None) -> None:
        """Raise UnsupportedLanguage if a transcriber does not understand the language."""

    def require_synthesizer(self, name: str, *, language: str, voice: str | None) -> None:
        """Raise UnsupportedLanguage if a synthesizer does not speak it, VoiceMissing if it lacks a voice of its own."""

    def require_diarizer(self, name: str) -> None:
        """Raise only EngineMissing."""

    def understood(self, name: str) -> frozenset[str] | None:
        """Return the languages that may be transcribed; None if that is not known."""


@dataclass(frozen=True)
class Source:
    """What is known of a file: the languages that it may be in, whether it is heard rather than read, the target of a
    translation that came with it, and whether it is certainly not in a target language, so that it must be translated.
    """

    languages: Sequence[str]
    is_heard: bool
    brought: str | None = None
    is_foreign: bool = False

    @property
    def language(self) -> str | None:
        return self.languages[0] if len(self.languages) == 1 else None


def refuse_impossible(options: JobOptions, source: Source, engines: Requirements, *, voices: Path) -> None:
    """Raise what the first step that cannot succeed would raise: EngineMissing, UnsupportedLanguage or VoiceMissing.

    `voices` is the folder of the root's voices. What only lacks a model or a package of Dropdub's own passes, since
    jobs wait for those.
    """
    if source.is_heard and (options.transcriber != AUTO or source.language is not None):
        engines.require_transcriber(options.transcriber, language=source.language)
    if options.compares_voices and options.diarizer != AUTO:
        engines.require_diarizer(options.diarizer)
    targets = _targets(options, source)
    for target in options.targets:
        if source.language is not None and target not in targets:
            require_form(source.language, target)
    for target in targets:
        if target != source.brought:
            _refuse_unknown_pair(options, source, target, engines)
    own: list[str | None] = [*own_voices(options, voices)] or [None]
    for language in targets or ([source.language] if source.language and not source.is_heard else []):
        for voice in own:
            engines.require_synthesizer(options.synthesizer, language=language, voice=voice)


def refuse_impossible_after_detection(
    options: JobOptions, source: Source, engines: Requirements, *, voices: Path
) -> None:
    """As `refuse_impossible`, for a language that was detected: the error says so, since that may be wrong."""
    try:
        refuse_impossible(options, source, engines, voices=voices)
    except UnsupportedLanguage as error:
        if options.language != AUTO:
            raise
        which = f"The language was detected as {display_name(str(source.language))}."
        remedy = f"If the file is in another language, set `language`. {error.remedy}"
        raise UnsupportedLanguage(f"{which} {error.message}", remedy=remedy) from error


def _targets(options: JobOptions, source: Source) -> list[str]:
    """Return the targets into which something will be translated or that are read aloud."""
    known = source.language
    return [target for target in options.targets if known is None or not same_language(known, target)]


def _refuse_unknown_pair(options: JobOptions, source: Source, target: str, engines: Requirements) -> None:
    if source.language is not None:
        engines.require_pair(options.translator, source=source.language, target=target)
        return
    refusal = None
    for language in source.languages:
        if same_language(language, target):
            if not source.is_foreign:
                return
            continue
        try:
            engines.require_pair(options.translator, source=language, target=target)
        except UnsupportedLanguage as error:
            refusal = error
        else:
            return
    if refusal is not None:
        who = "No installed translator" if options.translator == AUTO else f"The engine '{options.translator}' never"
        raise UnsupportedLanguage(f"{who} translates into {display_name(target)}.") from refusal


def own_voices(options: JobOptions, voices: Path) -> list[str]:
    """Return the voices that the synthesizer must have itself: those that are named, but that `voices` lacks."""
    return [name for name in options.named_voices if recording_of(name, voices) is None]
