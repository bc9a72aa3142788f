"""The quality synthesizer: XTTS (coqui-tts), which speaks with the voice of a reference recording."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from zipfile import BadZipFile

import numpy as np

from dropdub.engines.base import EngineInfo, EngineSettings, Samples, Voice
from dropdub.engines.languages import primary
from dropdub.engines.models import is_whole, model_folder, model_name, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.speech_text import parts
from dropdub.engines.spoken_check import defect, longest_s, tidy
from dropdub.errors import EngineMissing, UnsupportedLanguage, VoiceMissing
from dropdub.files import sha256

if TYPE_CHECKING:
    from TTS.tts.models.xtts import Xtts

DEFAULT_MODEL = "xtts-v2"
FILES = ("model.pth", "config.json", "vocab.json")
TRIES = 3
"""How often a part that came out wrong is spoken, each time from another seed."""
PAUSE_S = 0.25
KNOWN_VOICES = 32
_LIMITS = {"en": 250, "de": 253, "fr": 273, "es": 239, "it": 213, "pt": 203, "pl": 224, "zh": 82, "ar": 166}
_LIMITS |= {"cs": 186, "ru": 182, "nl": 251, "tr": 226, "ja": 71, "hu": 224, "ko": 95, "hi": 150}
"""The most characters that a call was taught, by language; coqui-tts `VoiceBpeTokenizer.char_limits`."""
_CODES_PER_S = 24
_MOST_CODES = 600
_WORKING_BYTES = 900_000_000


@dataclass(frozen=True)
class Latents:
    """What XTTS knows of a voice, shapes (1, n, channels) and (1, m, 1), float32."""

    conditioning: Samples
    embedding: Samples


class XttsSynthesizer:
    """Speaks seventeen languages with the voice of 6 to 30 s of reference."""

    name: ClassVar[str] = "xtts"
    role: ClassVar[str] = "synthesizer"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str] = "torch"
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

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "TTS") or missing_package(cls.name, "torchaudio")

    def missing_model(self) -> str | None:
        return None if is_whole(self._folder, FILES) else model_name(self._settings, self.name, DEFAULT_MODEL)

    def needs_bytes(self) -> int:
        return size_of(self._folder) + _WORKING_BYTES

    def announcements(self) -> list[str]:
        return [self._fallback] if self._fallback else []

    def load(self) -> None:
        if self._model is not None:
            return
        import torch  # noqa: PLC0415  (heavy: in the worker, when it is wanted)

        torch.set_num_threads(self._settings.threads)
        model = self._read()
        self._device = self._placed(model, torch.cuda.is_available())
        self._model = model

    def info(self) -> EngineInfo:
        details = {"model": self._folder.name, "device": self._device}
        return EngineInfo(self.name, package_version("coqui-tts"), details)

    def supports(self, language: str) -> bool:
        return primary(language) in _LIMITS

    def coverage(self) -> str:
        return ", ".join(sorted(_LIMITS))

    def defects(self) -> list[str]:
        """Return a sentence for each part that came out wrong however often it was tried, since asked last."""
        found, self._defects = self._defects, []
        return found

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        code = primary(language)
        if code not in _LIMITS:
            raise UnsupportedLanguage(f"The engine '{self.name}' does not speak {language}.")
        self.load()
        latents = self._latents(voice)
        spoken = [self._part(part, code, latents, rate, take) for part in parts(text, limit=_LIMITS[code])]
        pause = np.zeros(round(PAUSE_S * self.sample_rate), np.float32)
        joined = [piece for sound in spoken for piece in (sound, pause)][:-1]
        return np.concatenate(joined) if joined else pause[:0]

    def voice_key(self, voice: Voice) -> str:
        assert voice.reference is not None
        return sha256(voice.reference)

    def prepare(self, voice: Voice) -> bytes:
        latents = self._latents(voice)
        buffer = io.BytesIO()
        np.savez(buffer, conditioning=latents.conditioning, embedding=latents.embedding)
        return buffer.getvalue()

    def take_prepared(self, voice: Voice, value: bytes) -> None:
        self._keep(self.voice_key(voice), _read_latents(value))

    def _read(self) -> Xtts:
        """Return the model of the folder, whatever the libraries think of each other's age."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from dropdub.engines.torchaudio_shim import make_importable  # noqa: PLC0415

            make_importable()
            _silence_transformers()
            from TTS.tts.configs.xtts_config import XttsConfig  # noqa: PLC0415
            from TTS.tts.models.xtts import Xtts  # noqa: PLC0415

            try:
                config = XttsConfig()
                config.load_json(str(self._folder / "config.json"))
                model = Xtts(config)
                model.load_checkpoint(config, checkpoint_dir=str(self._folder), eval=True)
            except Exception as error:  # whatever unpickling and rebuilding raise
                raise EngineMissing(
                    f"The model of the engine '{self.name}' cannot be loaded: {error}.",
                    remedy="Check its files with: jobs models verify. Then: jobs retry.",
                ) from error
        return model

    def _placed(self, model: Xtts, cuda: bool) -> str:
        """Move the model to the graphics card, where one is wanted and has room; return where it is."""
        if self._settings.device == "cpu" or not (cuda or self._settings.device == "cuda") or self._settings.squeeze:
            return "cpu"
        try:
            model.to("cuda")
        except RuntimeError as error:
            model.to("cpu")
            self._fallback = (
                f"{self.name} works on cpu: the graphics card cannot be used ({str(error).splitlines()[0]})."
            )
            return "cpu"
        return "cuda"

    def _part(self, text: str, language: str, latents: Latents, rate: float, take: int) -> Samples:
        """Speak one part, again from another seed where it came out wrong; tell of what stays wrong."""
        problem, sound = None, np.zeros(0, np.float32)
        for attempt in range(TRIES):
            sound = self._spoken(text, language, latents, rate, seed=_seed(text, take, attempt))
            problem = defect(sound, text, self.sample_rate)
            if problem is None:
                return tidy(sound, self.sample_rate)
        self._defects.append(f"“{text}” {problem}.")
        return tidy(sound, self.sample_rate)

    def _spoken(self, text: str, language: str, latents: Latents, rate: float, *, seed: int) -> Samples:
        import torch  # noqa: PLC0415

        assert self._model is not None
        torch.manual_seed(seed)
        given = self._model.inference(
            text,
            language,
            torch.from_numpy(latents.conditioning),
            torch.from_numpy(latents.embedding),
            speed=rate,
            max_new_tokens=min(round(longest_s(text) * _CODES_PER_S), _MOST_CODES),
            **_style(self._model.config),
        )
        return np.asarray(given["wav"], np.float32)

    def _latents(self, voice: Voice | None) -> Latents:
        self.load()
        if voice is None or voice.reference is None:
            return self._own_voice(voice)
        key = self.voice_key(voice)
        if key not in self._voices:
            self._keep(key, self._heard(voice))
        self._voices.move_to_end(key)
        return self._voices[key]

    def _heard(self, voice: Voice) -> Latents:
        assert self._model is not None
        config = self._model.config
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = self._model.get_conditioning_latents(
                audio_path=[str(voice.reference)],
                max_ref_length=config.max_ref_len,
                gpt_cond_len=config.gpt_cond_len,
                gpt_cond_chunk_len=config.gpt_cond_chunk_len,
            )
        return _as_latents(*found)

    def _own_voice(self, voice: Voice | None) -> Latents:
        """Return one of the voices that come with the model: the named one, or the first, its default."""
        own = self._speakers()
        names = {name.casefold(): name for name in own}
        if voice is not None and voice.name.casefold() not in names:
            raise VoiceMissing(f"There is no voice '{voice.name}': neither in voices/ nor in the model of {self.name}.")
        if not own:
            raise VoiceMissing(
                f"The model '{self._folder.name}' has no voice of its own.",
                remedy="Add one with: jobs voices add NAME FILE, and set voice: NAME.",
            )
        found = own[names[voice.name.casefold()] if voice is not None else next(iter(own))]
        return Latents(
            *(found[part].detach().cpu().float().numpy() for part in ("gpt_cond_latent", "speaker_embedding"))
        )

    def _speakers(self) -> dict[str, Any]:
        manager = getattr(self._model, "speaker_manager", None)
        return dict(getattr(manager, "speakers", None) or {})

    def _keep(self, key: str, latents: Latents) -> None:
        self._voices[key] = latents
        while len(self._voices) > KNOWN_VOICES:
            self._voices.popitem(last=False)


def _silence_transformers() -> None:
    """Keep its remarks on how coqui-tts uses it out of the log."""
    from transformers.utils import logging  # noqa: PLC0415

    quiet: Any = logging
    quiet.set_verbosity_error()


def _as_latents(conditioning: Any, embedding: Any) -> Latents:
    return Latents(*(one.detach().cpu().float().numpy() for one in (conditioning, embedding)))


def _style(config: Any) -> dict[str, Any]:
    """Return how freely the model speaks, as it comes configured."""
    return {name: getattr(config, name) for name in ("temperature", "repetition_penalty", "top_k", "top_p")}


def _seed(text: str, take: int, attempt: int) -> int:
    """Return a number that follows from what is said: the same take gives the same sound."""
    digest = hashlib.sha256(f"{take}/{attempt}/{text}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def _read_latents(value: bytes) -> Latents:
    try:
        with np.load(io.BytesIO(value), allow_pickle=False) as kept:
            found = Latents(kept["conditioning"], kept["embedding"])
    except (OSError, KeyError, EOFError, ValueError, BadZipFile) as error:
        raise ValueError(f"no voice can be read from it: {error}") from error
    shapes = (found.conditioning.ndim, found.embedding.ndim, found.embedding.shape[-1:])
    whole = all(one.dtype == np.float32 and np.isfinite(one).all() for one in (found.conditioning, found.embedding))
    if shapes != (3, 3, (1,)) or not whole:
        raise ValueError("its numbers are not those of a voice")
    return found
