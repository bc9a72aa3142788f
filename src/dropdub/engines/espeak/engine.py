"""The synthesizer of last resort: eSpeak NG, with the library and the voices of the espeakng-loader package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import ClassVar

import numpy as np

from dropdub.engines.abilities import OwnVoice
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.engines.espeak.library import EspeakLibrary, EspeakVoice, espeak_library
from dropdub.engines.kokoro.languages import LANGUAGES
from dropdub.engines.kokoro.voices import VOICES_MODEL, speaks
from dropdub.engines.packages import missing_package
from dropdub.errors import UnsupportedLanguage, VoiceMissing
from dropdub.languages import display_name, primary

USUAL_WPM = 175
SLOWEST_WPM = 80
FASTEST_WPM = 450


class EspeakSynthesizer:
    """Speaks about a hundred languages with a plain synthetic voice; it cannot clone voices."""

    name: ClassVar[str] = "espeak-ng"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 10
    clones: ClassVar[bool] = False
    slowest: ClassVar[float] = SLOWEST_WPM / USUAL_WPM
    fastest: ClassVar[float] = FASTEST_WPM / USUAL_WPM

    sample_rate: int = 22_050

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Accept the settings that every engine gets; none of them matters here."""
        self._spoken: dict[str, None] = {}

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "espeakng_loader")

    def load(self) -> None:
        self.sample_rate = self._library().sample_rate

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, self._library().version, {"voices": len(self._library().voices)})

    def supports(self, language: str) -> bool:
        return best_voice(self._library().voices, language) is not None

    def languages(self) -> frozenset[str]:
        """Return the primary tags of the languages it speaks."""
        return frozenset(primary(tag) for voice in self._library().voices for _, tag in voice.languages)

    def coverage(self) -> str:
        return ", ".join(sorted(self.languages()))

    def has_voice(self, name: str) -> bool:
        with suppress(VoiceMissing):
            return bool(self._named(name))
        return False

    def own_voices(self) -> list[OwnVoice]:
        """Return the usual voice of each language and region, by its tag; others are accents and variants of these."""
        tags = (voice.languages[0][1] for voice in self._library().voices if voice.languages)
        return [OwnVoice(tag, tag) for tag in sorted(set(tags))]

    def announcements(self) -> Sequence[str]:
        """Return, for each language spoken since the last call, whether there is a better voice."""
        languages, self._spoken = list(self._spoken), {}
        return [plain_voice(language) for language in languages]

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        """Return `text` spoken; an empty array for a text without letters or digits.

        The library lets the pitch waver, each time a little differently: the same text is never the same to the sample.
        The reference of a voice is ignored; a voice without a reference must be one of espeak's own voices.
        """
        identifier = self._identifier(language, voice)
        if not any(character.isalnum() for character in text):
            return np.zeros(0, dtype=np.float32)
        self._spoken[primary(language)] = None
        return self._library().speak(text, voice=identifier, words_per_minute=words_per_minute(rate))

    def _identifier(self, language: str, voice: Voice | None) -> str:
        if voice is not None and voice.reference is None:
            return self._named(voice.name)
        best = best_voice(self._library().voices, language)
        if best is None:
            raise UnsupportedLanguage(f"The engine '{self.name}' does not speak {language}.")
        return best.identifier

    def _named(self, name: str) -> str:
        """Return the library's identifier of the voice `name`, which may end in a variant, as in `pt-br+f3`."""
        base, plus, variant = name.partition("+")
        for voice in self._library().voices:
            if base.casefold() in _names(voice) and variant.isalnum() == bool(plus):
                return f"{voice.identifier}{plus}{variant}"
        raise VoiceMissing(f"There is no voice '{name}': neither in voices/ nor in espeak-ng.")

    def _library(self) -> EspeakLibrary:
        return espeak_library()


def _names(voice: EspeakVoice) -> set[str]:
    return {voice.name.casefold(), voice.identifier.casefold(), voice.languages[0][1]} if voice.languages else set()


def plain_voice(language: str) -> str:
    """Return a sentence on how espeak-ng sounds in a language, and which better voice there is."""
    said = f"{display_name(language)} was spoken by espeak-ng, whose synthetic voice is hard to understand."
    if speaks(language):
        return f"{said} A better voice: `dropdub models pull kokoro-82m`"
    if language in LANGUAGES:
        return f"{said} A better voice: `dropdub models pull kokoro-82m {VOICES_MODEL}`"
    return f"{said} No other engine of Dropdub without a cloned voice speaks it."


def words_per_minute(rate: float) -> int:
    """Return espeak's speed for `rate`, limited to what is intelligible."""
    return round(min(max(USUAL_WPM * rate, SLOWEST_WPM), FASTEST_WPM))


def best_voice(voices: Iterable[EspeakVoice], tag: str) -> EspeakVoice | None:
    """Return the voice of the tag's region if there is one, else the language's usual voice."""
    voices = tuple(voices)
    exact = tag.replace("_", "-").lower()
    for wanted in (exact, primary(tag)):
        fitting = [(priority, voice) for voice in voices for priority, its in voice.languages if its == wanted]
        if fitting:
            return min(fitting, key=lambda pair: pair[0])[1]
    return None
