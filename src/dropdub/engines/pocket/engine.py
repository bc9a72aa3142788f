"""The permissive synthesizer that clones voices on the processor: Pocket TTS of Kyutai."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dropdub.engines.abilities import OwnVoice, PreparesVoices
from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.engines.devices.precision import out_of_memory_errors
from dropdub.engines.devices.torch_device import move_to_device
from dropdub.engines.models.folders import model_details, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.pocket.input_text import parts_for
from dropdub.engines.pocket.languages import (
    LANGUAGES,
    PocketLanguage,
    installed,
    is_here,
    language_of,
    speaks,
    voice_files,
)
from dropdub.engines.pocket.model import (
    MOST_TOKENS,
    any_voice,
    count_tokens,
    did_not_end,
    hear_voice,
    import_quietly,
    own_voice,
    read_model,
    speak,
)
from dropdub.engines.pocket.states import Tensors, VoiceState, from_bytes, to_bytes
from dropdub.engines.speaking.spoken_check import defect, without_tail
from dropdub.engines.speaking.spoken_parts import joined, tidy
from dropdub.engines.speaking.takes import seed_of
from dropdub.errors import UnsupportedLanguage, VoiceMissing
from dropdub.files.durable import sha256

if TYPE_CHECKING:
    from pocket_tts import TTSModel

TRIES = 3
"""How often a defective part is tried, each time with another seed."""
MOST_MODELS = 2
"""How many models stay loaded: two people who are interpreted speak two languages in turn."""
KNOWN_VOICES = 8
"""How many voices of each model stay loaded; one takes up to 9 MB."""
_IN_MEMORY = 2
"""The files have numbers of 16 bits, which are used as 32 (219 MB for 109 million numbers)."""
_WORKING_BYTES = 500_000_000


@dataclass
class _Loaded:
    """A model in memory with the voices that it has heard, and an example of a voice."""

    language: PocketLanguage
    model: TTSModel
    example: Tensors
    voices: OrderedDict[str, VoiceState]

    def keep(self, key: str, voice: VoiceState) -> VoiceState:
        self.voices[key] = voice
        self.voices.move_to_end(key)
        while len(self.voices) > KNOWN_VOICES:
            self.voices.popitem(last=False)
        return voice


class PocketSynthesizer:
    """Speaks seven languages with a voice cloned from up to 15 s of reference recording, each with a model of its own.

    It has one pace: whoever needs another one stretches the sound. Which accent of a language it speaks depends on the
    voice and on its training; a region in the tag changes only how numbers are read.
    """

    name: ClassVar[str] = "pocket-tts"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 22
    runtime: ClassVar[str | None] = "torch"
    clones: ClassVar[bool] = True
    slowest: ClassVar[float] = 1.0
    fastest: ClassVar[float] = 1.0

    sample_rate: int = 24_000

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._models_dir = self._settings.models_dir
        self._models: OrderedDict[str, _Loaded] = OrderedDict()
        self._device = "cpu"
        self._fallback: str | None = None
        self._defects: list[str] = []

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "pocket_tts") or missing_package(cls.name, "num2words")

    def missing_model(self) -> str | None:
        """Return an example of a model if there is none. Which one a language lacks: `missing_models_for`."""
        return None if installed(self._models_dir) else LANGUAGES["pt"].model

    def missing_models_for(self, language: str) -> tuple[str, ...]:
        found = language_of(language)
        return () if found is None or is_here(found, self._models_dir) else (found.model,)

    def needs_bytes(self) -> int:
        """Return the peak, while the last of the models that stay loaded is: its file is in memory, too."""
        sizes = sorted(size_of(self._models_dir / one.model) for one in installed(self._models_dir))
        largest = sizes[-self._most_models :]
        return _IN_MEMORY * sum(largest) + max(largest, default=0) + _WORKING_BYTES

    def announcements(self) -> list[str]:
        return [self._fallback] if self._fallback else []

    def load(self) -> None:
        """Load the library, and the model if there is only one; else the first text of a language loads its model."""
        import_quietly(self._settings.threads)
        here = installed(self._models_dir)
        if len(here) == 1:
            self._loaded(here[0])

    def info(self) -> EngineInfo:
        here = installed(self._models_dir)
        models = {one.model: model_details(self._models_dir / one.model)["files"] for one in here}
        return EngineInfo(self.name, package_version("pocket-tts"), {"models": models, "device": self._device})

    def supports(self, language: str) -> bool:
        return speaks(language, self._models_dir)

    def coverage(self) -> str:
        """Return the languages of the models that are there."""
        return ", ".join(sorted(one.tag for one in installed(self._models_dir))) or "nothing: it has no model"

    def has_voice(self, name: str) -> bool:
        return any(name.casefold() == voice.name.casefold() for voice in self.own_voices())

    def own_voices(self) -> list[OwnVoice]:
        here = installed(self._models_dir)
        return [OwnVoice(name, one.tag) for one in here for name in voice_files(one, self._models_dir)]

    def defects(self) -> list[str]:
        """Return a sentence for each part since the last call that was defective after all tries."""
        found, self._defects = self._defects, []
        return found

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        """Return `text` spoken at the model's own pace, whatever the `rate`."""
        loaded = self._loaded(self._known(language))
        state = self._state(loaded, voice)
        texts = parts_for(text, language, fits=lambda part: count_tokens(loaded.model, part) <= MOST_TOKENS)
        return joined((self._part(loaded, part, state, take) for part in texts), self.sample_rate)

    def voices_in(self, language: str) -> PreparesVoices:
        return _Preparing(self, self._known(language))

    def _known(self, language: str) -> PocketLanguage:
        found = language_of(language)
        if found is None or not is_here(found, self._models_dir):
            message = f"The engine '{self.name}' does not speak {language}. It supports: {self.coverage()}."
            raise UnsupportedLanguage(message)
        return found

    @property
    def _most_models(self) -> int:
        return 1 if self._settings.memory_failures else MOST_MODELS

    def _loaded(self, language: PocketLanguage) -> _Loaded:
        """Return the model of a language. The one that was used least recently makes room for it."""
        if language.tag not in self._models:
            while len(self._models) >= self._most_models:
                self._models.popitem(last=False)
            self._models[language.tag] = self._read(language)
        self._models.move_to_end(language.tag)
        return self._models[language.tag]

    def _read(self, language: PocketLanguage) -> _Loaded:
        given = self._settings
        model = read_model(self._models_dir / language.model, language, engine=self.name, threads=given.threads)
        device = given.device if given.device == "cuda" else "cpu"  # made for processors: a card must be asked for
        self._device, self._fallback = move_to_device(
            model, device=device, engine=self.name, given_up=given.memory_failures > 0
        )
        with out_of_memory_errors(self.name):
            return _Loaded(language, model, any_voice(model).tensors, OrderedDict())

    def _part(self, loaded: _Loaded, text: str, state: VoiceState, take: int) -> Samples:
        """Speak one part, with another seed if it is defective; record the defect if all tries fail."""
        problem, sound = None, np.zeros(0, np.float32)
        for attempt in range(TRIES):
            seed = seed_of(text, voice=state.identity, take=take, attempt=attempt)
            with out_of_memory_errors(self.name):
                sound = speak(loaded.model, state, text, seed=seed)
            problem = defect(sound, text, self.sample_rate)
            if problem is None and did_not_end(loaded.model, sound, text):
                problem = "did not end"
            if problem is None:
                break
        else:
            self._defects.append(f"“{text}” {problem}.")
        return without_tail(tidy(sound, self.sample_rate), text, self.sample_rate)

    def _state(self, loaded: _Loaded, voice: Voice | None) -> VoiceState:
        if voice is None or voice.reference is None:
            return self._own(loaded, voice)
        key = sha256(voice.reference)
        found = loaded.voices.get(key)
        if found is None:
            with out_of_memory_errors(self.name):
                found = hear_voice(loaded.model, voice.reference)
        return loaded.keep(key, found)

    def _own(self, loaded: _Loaded, voice: Voice | None) -> VoiceState:
        """Return a voice of the model's own: the named one, or the first, which is its default."""
        files = voice_files(loaded.language, self._models_dir)
        own = {name.casefold(): file for name, file in files.items()}
        if voice is not None and voice.name.casefold() not in own:
            raise VoiceMissing(
                f"There is no voice '{voice.name}': neither in voices/ nor in the model {loaded.language.model}."
            )
        if not own:
            raise VoiceMissing(
                f"The model '{loaded.language.model}' has no voice of its own.",
                remedy="Set voice: NAME, after adding that voice with: `dropdub voices add NAME FILE`",
            )
        file = own[voice.name.casefold()] if voice is not None else next(iter(own.values()))
        key = str(file)
        return loaded.keep(key, loaded.voices.get(key) or own_voice(loaded.model, file))


class _Preparing:
    """The voices of one language: those of another language's model mean nothing to this one."""

    def __init__(self, engine: PocketSynthesizer, language: PocketLanguage) -> None:
        self._engine = engine
        self._language = language

    def voice_key(self, voice: Voice) -> str:
        assert voice.reference is not None
        return f"{self._language.model}/{sha256(voice.reference)}"

    def prepare(self, voice: Voice) -> bytes:
        return to_bytes(self._engine._state(self._engine._loaded(self._language), voice))

    def take_prepared(self, voice: Voice, value: bytes) -> None:
        assert voice.reference is not None
        loaded = self._engine._loaded(self._language)
        loaded.keep(sha256(voice.reference), from_bytes(value, like=loaded.example))
