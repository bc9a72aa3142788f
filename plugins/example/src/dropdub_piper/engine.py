"""A synthesizer: Piper's voice Joe on onnxruntime, with phonemes by espeak-ng."""

import json

import numpy as np

from dropdub.engines import api
from dropdub_piper.model import CONFIG, MODEL, WEIGHTS


class PiperSynthesizer:
    name, role, rank = "piper", "synthesizer", 12  # after kokoro (14), before espeak-ng (10)
    api_version = 1  # the version of the interface that this was written for
    runtime = None  # needs neither torch nor ctranslate2
    clones, sample_rate = False, 22_050

    def __init__(self, settings: api.EngineSettings | None = None) -> None:
        self._settings = settings or api.EngineSettings()
        self._folder = api.model_folder(self._settings, self.name, MODEL.name)
        self._session = None

    @classmethod
    def unavailable(cls) -> str | None:
        return api.missing_package(cls.name, "onnxruntime") or api.missing_package(cls.name, "espeakng_loader")

    def missing_model(self) -> str | None:
        return api.missing_model(self._settings, self.name, MODEL.name, (WEIGHTS, CONFIG))

    def needs_bytes(self) -> int:
        return api.size_of(self._folder) + 200_000_000

    def load(self) -> None:
        if self._session is None:
            import onnxruntime  # heavy: never at the top of a module

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._settings.threads  # as many as Dropdub gives this worker
            self._numbers = json.loads((self._folder / CONFIG).read_text("utf-8"))["phoneme_id_map"]
            self._session = onnxruntime.InferenceSession(self._folder / WEIGHTS, options)

    def info(self) -> api.EngineInfo:  # is part of every key in the cache: a new version speaks everything again
        return api.EngineInfo(self.name, api.package_version("dropdub-piper"), api.model_details(self._folder))

    def announcements(self) -> list[str]:  # become warnings of the job
        return ["piper speaks on the processor only."] if self._settings.device == "cuda" else []

    def supports(self, language: str) -> bool:
        return api.primary(language) == "en"

    def speak(self, text, *, language, voice, rate=1.0, take=0):
        if not self.supports(language):
            raise api.UnsupportedLanguage(f"The engine 'piper' does not speak {language}.")
        if voice is not None and voice.reference is None and voice.name != "joe":
            raise api.VoiceMissing(f"There is no voice '{voice.name}': neither in voices/ nor in piper (joe).")
        return api.joined([self._sound(one, language, rate) for one in api.parts(text, limit=300)], self.sample_rate)

    def _sound(self, text: str, language: str, rate: float) -> api.Samples:
        known = [self._numbers.get(one, ()) for one in f"^{api.phonemes(text, language)}{text[-1]}$"]
        ids = np.array([[number for sound in known for number in (*sound, 0)]], np.int64)
        scales = np.array([0.667, 1 / rate, 0.8], np.float32)  # variation, length, variation of lengths
        given = {"input": ids, "input_lengths": np.array([ids.size]), "scales": scales}
        return api.tidy(self._session.run(None, given)[0].reshape(-1), self.sample_rate)
