"""The small synthesizer for several languages: the Kokoro model on onnxruntime, with phonemes by espeak-ng."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.abilities import OfferedVoice, OwnVoice
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.engines.devices.onnx import PROVIDERS, session_options, unreadable_model_errors
from dropdub.engines.kokoro.languages import ACCENTS, LANGUAGES, Accent, accent_of
from dropdub.engines.kokoro.phonemes import symbols
from dropdub.engines.kokoro.symbols import numbers
from dropdub.engines.kokoro.voices import VOICES_MODEL, is_deep, speaks, voice_files, voices_of
from dropdub.engines.models.folders import is_whole, model_details, model_folder, model_name, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.speaking.spoken_parts import joined, tidy
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.errors import UnsupportedLanguage, VoiceMissing

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_MODEL = "kokoro-82m"
WEIGHTS = ("kokoro-v1.0.int8.onnx", "model_quantized.onnx")
"""The 8-bit weights under the names of their two publishers; the first that is there is used."""
STYLE_WIDTH = 256
LONGEST_PART = 300
"""Characters spoken at once. The model takes 510 phonemes, and speaks long parts ever faster."""
_WORKING_BYTES = 400_000_000


class KokoroSynthesizer:
    """Speaks English, Portuguese, Spanish, French, Italian and Hindi with several voices; it cannot clone one."""

    name: ClassVar[str] = "kokoro"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 14
    runtime: ClassVar[str | None] = None
    clones: ClassVar[bool] = False
    slowest: ClassVar[float] = 0.5
    fastest: ClassVar[float] = 2.0

    sample_rate: int = 24_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._voices = self._settings.models_dir / VOICES_MODEL
        self._session: InferenceSession | None = None
        self._styles: dict[str, NDArray[np.float32]] = {}

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "onnxruntime") or missing_package(cls.name, "espeakng_loader")

    def missing_model(self) -> str | None:
        return model_name(self._settings, self.name, DEFAULT_MODEL) if self._weights() is None else None

    def needs_bytes(self) -> int:
        return size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        if self._session is not None:
            return
        import onnxruntime  # noqa: PLC0415  (only in workers that use it)

        options = session_options(self._settings.threads)
        with unreadable_model_errors(self._folder):
            self._session = onnxruntime.InferenceSession(str(self._weights()), options, providers=PROVIDERS)

    def info(self) -> EngineInfo:
        voices = {"voices": model_details(self._voices)["files"]} if self._voices.is_dir() else {}
        return EngineInfo(self.name, package_version("onnxruntime"), model_details(self._folder) | voices)

    def supports(self, language: str) -> bool:
        accent = accent_of(language)
        return accent is not None and (self.missing_model() is not None or speaks(language, *self._places))

    def coverage(self) -> str:
        return ", ".join(sorted(LANGUAGES))

    def has_voice(self, name: str) -> bool:
        return name.casefold() in map(str.casefold, voice_files(*self._places))

    def own_voices(self) -> list[OwnVoice]:
        return [OwnVoice(name, accent.tag) for accent in ACCENTS for name in voices_of(accent, *self._places)]

    def voices_for(self, language: str) -> list[OfferedVoice]:
        accent = accent_of(language)
        names = voices_of(accent, *self._places) if accent else []
        return [OfferedVoice(name, is_deep(name)) for name in names]

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        """Return `text` spoken, the same way every time; an empty array for a text without letters or digits.

        The reference of a voice is ignored; a voice without a reference must be one of the model's, such as `pm_alex`.
        """
        accent = accent_of(language)
        name = self._named(voice.name) if voice is not None and voice.reference is None else None
        name = name or next(iter(voices_of(accent, *self._places) if accent else ()), None)
        if accent is None or name is None:
            raise UnsupportedLanguage(f"The engine '{self.name}' does not speak {language}.")
        pace = min(max(rate, self.slowest), self.fastest)
        spoken = [self._part(part, accent, name, pace) for part in parts(text, limit=LONGEST_PART)]
        return joined((sound for sound in spoken if len(sound)), self.sample_rate)

    def _part(self, text: str, accent: Accent, voice: str, pace: float) -> Samples:
        sounds = [self._sound(ids, voice, pace) for ids in numbers(symbols(text, accent))]
        return tidy(np.concatenate(sounds), self.sample_rate) if sounds else np.zeros(0, np.float32)

    def _sound(self, ids: Sequence[int], voice: str, pace: float) -> Samples:
        """Return the sound of the numbered symbols; of each voice, the style for that many symbols is used."""
        self.load()
        assert self._session is not None
        styles = self._style(voice)
        given = {
            self._session.get_inputs()[0].name: np.array([[0, *ids, 0]], np.int64),
            "style": styles[min(len(ids), len(styles)) - 1][np.newaxis],
            "speed": np.array([pace], np.float32),
        }
        return np.asarray(self._session.run(None, given)[0], np.float32).reshape(-1)

    def _style(self, voice: str) -> NDArray[np.float32]:
        if voice not in self._styles:
            self._styles[voice] = np.fromfile(voice_files(*self._places)[voice], "<f4").reshape(-1, STYLE_WIDTH)
        return self._styles[voice]

    def _named(self, name: str) -> str:
        own = {voice.casefold(): voice for voice in voice_files(*self._places)}
        if name.casefold() not in own:
            listed = ", ".join(sorted(own.values()))
            raise VoiceMissing(f"There is no voice '{name}': neither in voices/ nor in {self.name} ({listed}).")
        return own[name.casefold()]

    @property
    def _places(self) -> tuple[Path, Path]:
        """The folders with voices, besides those of the package. A person may copy some into the model's own."""
        return self._voices, self._folder

    def _weights(self) -> Path | None:
        return next((self._folder / name for name in WEIGHTS if is_whole(self._folder, [name])), None)
