"""Job options: what to make of a dropped file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from dropdub.config.fields import (
    LanguageTag,
    NotNegative,
    Positive,
    Section,
    folded,
    full_path,
    language_or_auto,
    no_repeats,
    number_or_language,
    one_is_a_list,
    one_line,
    storable,
)
from dropdub.config.glossary import Glossary

MOST_TARGETS = 50
MOST_HOTWORDS = 200
MOST_VOICES = 50
LONGEST_CUE_S = 3_600.0
VoiceName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(one_line)]
EngineName = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(one_line)]


class SubtitleStyle(Section):
    """How subtitles are formatted and delivered. The defaults follow broadcasters' guidelines.

    `mode` concerns the dubbed video: tracks that can be switched on (soft), those of the target language drawn into
    the picture (burn), or none. `speak_descriptions`: whether a dub also says what a subtitle of yours only describes:
    sounds in brackets, lines of songs, and the names of speakers.
    """

    formats: Annotated[
        tuple[Literal["srt", "vtt", "ass"], ...], BeforeValidator(one_is_a_list), AfterValidator(no_repeats)
    ] = ("srt", "vtt")
    mode: Literal["soft", "burn", "none"] = "soft"
    speak_descriptions: bool = False
    line_length: int = Field(default=42, ge=16, le=120)
    lines: int = Field(default=2, ge=1, le=4)
    chars_per_second: float = Field(default=17.0, ge=5, le=60)
    min_duration: Annotated[Positive, Field(le=LONGEST_CUE_S)] = 5 / 6
    max_duration: Annotated[Positive, Field(le=LONGEST_CUE_S)] = 7.0
    gap: Annotated[NotNegative, Field(le=LONGEST_CUE_S)] = 2 / 25

    @model_validator(mode="after")
    def _ordered(self) -> SubtitleStyle:
        if self.min_duration >= self.max_duration:
            raise ValueError("min_duration must be below max_duration")
        return self


class Synthesis(Section):
    """Quality control of the generated speech."""

    verify: Literal["auto"] | bool = "auto"
    takes: int = Field(default=3, ge=1, le=5)


class Mix(Section):
    """How much of the original sound is heard under a dub."""

    original: Literal["duck", "mute", "keep"] = "duck"
    duck_db: float = Field(default=18.0, ge=0, le=60)
    separate: bool = False


class TextOptions(Section):
    """What to make of a text besides the translation and the speech."""

    m4b: bool = False


class JobOptions(Section):
    """What to make of a dropped file."""

    language: Annotated[str, Field(max_length=100), AfterValidator(language_or_auto)] = "auto"
    targets: Annotated[
        tuple[LanguageTag, ...],
        Field(max_length=MOST_TARGETS),
        BeforeValidator(one_is_a_list),
        AfterValidator(no_repeats),
    ] = ()
    audio_track: Annotated[int | str, BeforeValidator(number_or_language)] = "auto"
    voice: VoiceName | None = None
    voices: Annotated[dict[VoiceName, VoiceName], Field(max_length=MOST_VOICES)] = Field(default_factory=dict)
    transcriber: EngineName = "auto"
    translator: EngineName = "auto"
    synthesizer: EngineName = "auto"
    diarizer: EngineName = "auto"
    separator: EngineName = "auto"
    initial_prompt: Annotated[str, Field(max_length=1_000), AfterValidator(storable)] | None = None
    hotwords: Annotated[
        tuple[Annotated[str, Field(max_length=100), AfterValidator(storable)], ...],
        Field(max_length=MOST_HOTWORDS),
        BeforeValidator(one_is_a_list),
    ] = ()
    glossary: Glossary = Field(default_factory=dict)
    cleanup: Literal["none", "pt"] = "none"
    speakers: Literal["auto", "all", "one"] = "auto"
    synthesis: Synthesis = Synthesis()
    mix: Mix = Mix()
    report: bool = True
    duplicates: Literal["skip", "again"] = "skip"
    subtitles: SubtitleStyle = SubtitleStyle()
    text: TextOptions = TextOptions()
    out: Annotated[str, Field(max_length=4_096), AfterValidator(one_line), AfterValidator(full_path)] | None = None

    @property
    def known_language(self) -> str | None:
        """The language that is set; None if it has to be detected."""
        return None if self.language == "auto" else self.language

    @property
    def voices_by_speaker(self) -> dict[str, str]:
        """The voices of single speakers, by their `folded` names."""
        return {folded(name): voice for name, voice in self.voices.items()}

    @property
    def named_voices(self) -> list[str]:
        """The names of all voices that are asked for."""
        return list(dict.fromkeys([*([self.voice] if self.voice else []), *self.voices.values()]))

    @property
    def compares_voices(self) -> bool:
        """Whether speakers are distinguished by their voices.

        That takes one or two minutes of computing for each hour of recording, and memory for a model. A dub needs it,
        to speak in each speaker's own voice; a bare transcript gets it only if it was asked for.
        """
        return self.speakers == "all" or (self.speakers == "auto" and bool(self.targets))

    def overridden(self, changes: dict[str, Any]) -> JobOptions:
        """Return these options with `changes` applied, validated again. Sections are merged; other mappings replaced.

        Raises pydantic.ValidationError.
        """
        merged = self.model_dump()
        for key, value in changes.items():
            is_section = isinstance(getattr(self, key, None), Section)
            merged[key] = {**merged[key], **value} if is_section and isinstance(value, dict) else value
        return JobOptions.model_validate(merged)
