"""The small English synthesizer: hibari, whose model comes in its package."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from dropdub.engines.abilities import OwnVoice
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.speaking.spoken_parts import joined, tidy
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.errors import UnsupportedLanguage, VoiceMissing
from dropdub.languages import primary

if TYPE_CHECKING:
    from hibari import Hibari

LANGUAGE = "en"
VOICE = "heart"
"""The only voice in the package."""
LONGEST_PART = 300


def speaks(language: str) -> bool:
    """Return whether hibari speaks the language of a tag."""
    return primary(language) == LANGUAGE


class HibariSynthesizer:
    """Speaks English with one natural voice, a hundred times faster than real time; it cannot clone voices."""

    name: ClassVar[str] = "hibari"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 16
    clones: ClassVar[bool] = False
    slowest: ClassVar[float] = 0.5
    fastest: ClassVar[float] = 2.0
    """The range of paces that the model was made for."""

    sample_rate: int = 24_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._threads = (settings or EngineSettings()).threads
        self._voices: dict[str, Hibari] = {}

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "hibari")

    def load(self) -> None:
        self.sample_rate = self._loaded(VOICE).sample_rate

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, package_version("hibari-tts"))

    def supports(self, language: str) -> bool:
        return speaks(language)

    def coverage(self) -> str:
        return LANGUAGE

    def own_voices(self) -> list[OwnVoice]:
        return [OwnVoice(VOICE, LANGUAGE)]

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        """Return `text` spoken. Another take differs only in the noise of its consonants.

        The reference of a voice is ignored; a voice without a reference must be one of hibari's own.
        """
        if not self.supports(language):
            raise UnsupportedLanguage(f"The engine '{self.name}' does not speak {language}.")
        speaker = self._loaded(voice.name if voice is not None and voice.reference is None else VOICE)
        pace = min(max(rate, self.slowest), self.fastest)
        spoken = (speaker(part, speed=pace, seed=take) for part in parts(text, limit=LONGEST_PART))
        return joined((tidy(sound, self.sample_rate) for sound in spoken if len(sound)), self.sample_rate)

    def _loaded(self, voice: str) -> Hibari:
        """Return hibari with one of its voices. Those that are not in the package must have been downloaded before:
        the library would do that by itself, from a worker and without limits.
        """
        from hibari import Hibari  # noqa: PLC0415  (only in workers that use it)
        from hibari.voices import voice_path  # noqa: PLC0415

        if voice not in self._voices:
            try:
                model = voice_path(voice, download_missing=False)
            except (ValueError, FileNotFoundError) as error:
                message = f"There is no voice '{voice}': neither in voices/ nor in the package of {self.name}."
                raise VoiceMissing(message) from error
            self._voices[voice] = Hibari(voice, model=model, threads=self._threads)
        return self._voices[voice]
