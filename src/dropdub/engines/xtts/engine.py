"""The quality synthesizer: XTTS (coqui-tts), which clones the voice of a reference recording."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dropdub.engines.abilities import SpokenText, ToSpeak
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.engines.devices.precision import out_of_memory_errors
from dropdub.engines.devices.torch_device import move_to_device
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.speaking.spoken_check import defect, longest_s, without_tail
from dropdub.engines.speaking.spoken_parts import joined, tidy
from dropdub.engines.speaking.takes import seed_of
from dropdub.engines.xtts.input_text import Reader, is_spoken, package_hint, spoken_languages
from dropdub.engines.xtts.latents import Latents, from_bytes, to_bytes
from dropdub.engines.xtts.model import hear_voice, own_voice, own_voices, read_model
from dropdub.engines.xtts.together import Part, spoken_together
from dropdub.errors import OutOfMemory, UnsupportedLanguage, VoiceMissing
from dropdub.files.durable import sha256
from dropdub.languages import primary
from dropdub.units import counted

if TYPE_CHECKING:
    from TTS.tts.models.xtts import Xtts

DEFAULT_MODEL = "xtts-v2"
FILES = ("model.pth", "config.json", "vocab.json")
TRIES = 3
"""How often a defective part is tried, each time with another seed."""
KNOWN_VOICES = 32
BATCH = 8
"""How many parts a graphics card speaks at once, until its memory runs out. A guess: nothing was measured on a card."""
_CODES_PER_S, _LEAST_CODES, _MOST_CODES = 24, 4, 600
_WORKING_BYTES = 500_000_000


@dataclass(frozen=True)
class Manner:
    """How to speak a text: language, voice, pace as a multiple of the usual one, and number of the take."""

    language: str
    latents: Latents
    pace: float
    take: int


class XttsSynthesizer:
    """Speaks seventeen languages with a voice cloned from 6 to 30 s of reference recording."""

    name: ClassVar[str] = "xtts"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = "torch"
    clones: ClassVar[bool] = True

    sample_rate: int = 24_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._folder = model_folder(self._settings, self.name, DEFAULT_MODEL)
        self._model: Xtts | None = None
        self._device = "cpu"
        self._fallback: str | None = None
        self._voices: OrderedDict[str, Latents] = OrderedDict()
        self._defects: list[str] = []
        self._at_once = BATCH

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "TTS") or missing_package(cls.name, "torchaudio")

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, FILES)

    def needs_bytes(self) -> int:
        """Return the peak, while loading: the file's content and the model are in memory, each as large as the file."""
        return 2 * size_of(self._folder) + _WORKING_BYTES

    def announcements(self) -> list[str]:
        fewer = f"Memory ran out: {self.name} now speaks {counted(self._at_once, 'sentence')} at a time."
        return [*filter(None, [self._fallback]), *([fewer] if self._at_once < BATCH else [])]

    def load(self) -> None:
        if self._model is None:
            model = read_model(self._folder, engine=self.name, threads=self._settings.threads)
            given = self._settings
            self._device, self._fallback = move_to_device(
                model, device=given.device, engine=self.name, given_up=given.memory_failures > 0
            )
            self._model = model

    def info(self) -> EngineInfo:
        details = {**model_details(self._folder), "device": self._device}
        return EngineInfo(self.name, package_version("coqui-tts"), details)

    def supports(self, language: str) -> bool:
        return is_spoken(language)

    def coverage(self) -> str:
        return spoken_languages()

    @classmethod
    def language_hint(cls, language: str) -> str | None:
        return package_hint(language)

    def defects(self) -> list[str]:
        """Return a sentence for each part since the last call that was defective after all tries."""
        found, self._defects = self._defects, []
        return found

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        [spoken] = self.speak_all([ToSpeak(text, voice, rate)], language=language, take=take)
        self._defects += spoken.defects
        return spoken.samples

    def batch_size(self) -> int:
        self.load()
        return self._at_once if self._is_on_card else 1

    @property
    def _is_on_card(self) -> bool:
        return self._device == "cuda"

    def speak_all(self, texts: Sequence[ToSpeak], *, language: str, take: int = 0) -> list[SpokenText]:
        if not self.supports(language):
            message = f"The engine '{self.name}' does not speak {language}. It supports: {self.coverage()}."
            raise UnsupportedLanguage(message, remedy=package_hint(language))
        read = [self._parts(one.text, primary(language)) for one in texts]
        manners = [Manner(primary(language), self._latents(one.voice), one.rate, take) for one in texts]
        parts = [(part, manner) for (found, _), manner in zip(read, manners, strict=True) for part in found]
        made = iter(self._tried(parts))
        return [self._text_of([next(made) for _ in found], unreadable) for found, unreadable in read]

    def _text_of(self, parts: Sequence[tuple[Samples, str | None]], unreadable: Sequence[str]) -> SpokenText:
        defects = [f"“{part}” cannot be read aloud." for part in unreadable]
        found = [sentence for _, sentence in parts if sentence]
        return SpokenText(joined((sound for sound, _ in parts), self.sample_rate), (*defects, *found))

    def voice_key(self, voice: Voice) -> str:
        assert voice.reference is not None
        return sha256(voice.reference)

    def prepare(self, voice: Voice) -> bytes:
        return to_bytes(self._latents(voice))

    def take_prepared(self, voice: Voice, value: bytes) -> None:
        arguments: Any = self._loaded().args
        widths = (arguments.gpt_n_model_channels, arguments.d_vector_dim)
        self._keep(self.voice_key(voice), from_bytes(value, widths=widths))

    def _loaded(self) -> Xtts:
        self.load()
        assert self._model is not None
        return self._model

    def _parts(self, text: str, language: str) -> tuple[list[str], list[str]]:
        """Return the parts of a text, and those that cannot be read aloud."""
        model: Any = self._loaded()
        reader = Reader(model.tokenizer, most_tokens=model.args.gpt_max_text_tokens)
        return reader.parts(text, language), list(reader.unreadable)

    def _tried(self, parts: Sequence[tuple[str, Manner]]) -> list[tuple[Samples, str | None]]:
        """Speak parts, the defective ones with other seeds; return each with a sentence on its defect, if all fail."""
        found: list[tuple[Samples, str | None]] = [(np.zeros(0, np.float32), None)] * len(parts)
        wanted = list(range(len(parts)))
        for attempt in range(TRIES):
            for number, sound in zip(wanted, self._attempted([parts[one] for one in wanted], attempt), strict=True):
                text, manner = parts[number]
                problem = defect(sound, text, self.sample_rate, pace=manner.pace)
                found[number] = (sound, f"“{text}” {problem}." if problem else None)
            wanted = [number for number in wanted if found[number][1]]
        return [
            (without_tail(tidy(sound, self.sample_rate), text, self.sample_rate, pace=manner.pace), sentence)
            for (sound, sentence), (text, manner) in zip(found, parts, strict=True)
        ]

    def _attempted(self, parts: Sequence[tuple[str, Manner]], attempt: int) -> Iterator[Samples]:
        seeds = [seed_of(text, voice=one.latents.identity, take=one.take, attempt=attempt) for text, one in parts]
        model = self._loaded()
        if not self._is_on_card:
            yield from (self._spoken(*part, seed=seed) for part, seed in zip(parts, seeds, strict=True))
            return
        given = [
            Part(text, one.language, one.latents, one.pace, seed, _most_codes(text))
            for (text, one), seed in zip(parts, seeds, strict=True)
        ]
        while given:
            sounds = self._together(model, given[: self._at_once])
            yield from sounds
            given = given[len(sounds) :]

    def _together(self, model: Xtts, parts: Sequence[Part]) -> list[Samples]:
        """Return the first of the parts as spoken at once: all of them, or from now on fewer if memory runs out."""
        try:
            with out_of_memory_errors(self.name):
                return spoken_together(model, parts, least=_LEAST_CODES, style=_style(model.config))
        except OutOfMemory:
            if len(parts) == 1:
                raise
        self._at_once = len(parts) // 2
        return self._together(model, parts[: self._at_once])

    def _spoken(self, text: str, manner: Manner, *, seed: int) -> Samples:
        import torch  # noqa: PLC0415  (heavy: only in workers that use it)

        model = self._loaded()
        torch.manual_seed(seed)
        with out_of_memory_errors(self.name):
            given = model.inference(
                text,
                manner.language,
                torch.from_numpy(manner.latents.conditioning),
                torch.from_numpy(manner.latents.embedding),
                speed=manner.pace,
                min_new_tokens=_LEAST_CODES,  # the pace of an empty result cannot be changed
                max_new_tokens=_most_codes(text),
                **_style(model.config),
            )
        return np.asarray(given["wav"], np.float32).reshape(-1)

    def _latents(self, voice: Voice | None) -> Latents:
        if voice is None or voice.reference is None:
            return self._own_voice(voice)
        key = self.voice_key(voice)
        if key not in self._voices:
            with out_of_memory_errors(self.name):
                self._keep(key, hear_voice(self._loaded(), voice.reference))
        self._voices.move_to_end(key)
        return self._voices[key]

    def _own_voice(self, voice: Voice | None) -> Latents:
        """Return a built-in voice of the model: the named one, or the first, which is its default."""
        own = {name.casefold(): name for name in own_voices(self._loaded())}
        if voice is not None and voice.name.casefold() not in own:
            raise VoiceMissing(f"There is no voice '{voice.name}': neither in voices/ nor in the model of {self.name}.")
        if not own:
            raise VoiceMissing(
                f"The model '{self._folder.name}' has no built-in voice.",
                remedy="Set voice: NAME, after adding that voice with: `dropdub voices add NAME FILE`",
            )
        return own_voice(self._loaded(), own[voice.name.casefold() if voice is not None else next(iter(own))])

    def _keep(self, key: str, latents: Latents) -> None:
        self._voices[key] = latents
        while len(self._voices) > KNOWN_VOICES:
            self._voices.popitem(last=False)


def _most_codes(text: str) -> int:
    return min(round(longest_s(text) * _CODES_PER_S), _MOST_CODES)


def _style(config: Any) -> dict[str, Any]:
    """Return the model's configured sampling parameters."""
    return {name: getattr(config, name) for name in ("temperature", "repetition_penalty", "top_k", "top_p")}
