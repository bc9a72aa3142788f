"""The fast transcriber for clean speech: NVIDIA's Parakeet on onnxruntime, by the package onnx-asr."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from dropdub.engines.base import EngineInfo, EngineSettings, OtherLanguage, Samples, Suspect, Utterance, Window, Word
from dropdub.engines.devices.onnx import PROVIDERS, session_options, unreadable_model_errors
from dropdub.engines.devices.precision import out_of_memory_errors
from dropdub.engines.hearing.hallucinations import sifted
from dropdub.engines.hearing.packing import Packed, packed
from dropdub.engines.hearing.reports import Reports
from dropdub.engines.hearing.segmentation import with_bare_words
from dropdub.engines.hearing.voice import voiced
from dropdub.engines.hearing.word_times import fitted, sounds
from dropdub.engines.models.folders import missing_model, model_details, model_folder, size_of
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.parakeet.language_check import other_languages
from dropdub.engines.parakeet.tokens import Token, words_of
from dropdub.errors import UnsupportedLanguage
from dropdub.languages import UNDETERMINED, detect_text_language, primary

if TYPE_CHECKING:
    from onnx_asr.adapters import TimestampedResultsAsrAdapter

DEFAULT_MODEL = "parakeet-tdt-0.6b-v3"
FILES = ("encoder-model.int8.onnx", "decoder_joint-model.int8.onnx", "vocab.txt", "config.json")
"""What onnx-asr needs of the repository: the spectrogram (nemo128) is computed by the package itself."""
LONGEST_S = 30.0
"""The most that onnx-asr's documentation allows in one call: "20–30 seconds"."""
_KIND = "nemo-conformer-tdt"
"""The kind of model, as onnx-asr names it. With the name of a model instead, it would download what it lacks."""
_KNOWN = "bg hr cs da nl en et fi fr de el hu it lv lt mt pl pt ro sk sl es sv ru uk"
"""The 25 European languages that the card of parakeet-tdt-0.6b-v3 lists."""
_LANGUAGES = tuple(_KNOWN.split())
_WORKING_BYTES = 700_000_000
"""Reports for this model in 8 bits, of 670 MB: sherpa-onnx 1.23 GB, another program on onnxruntime 1.34 GB."""


class ParakeetTranscriber:
    """Understands 25 European languages, whichever of them is spoken: none can be set.

    It takes no hints. The language is detected from the text, and text in another one than expected is reported.
    Speech is given without the pauses between, as to Whisper, but each window on its own.
    """

    name: ClassVar[str] = "parakeet"
    role: ClassVar[str] = "transcriber"
    rank: ClassVar[int] = 15
    runtime: ClassVar[str | None] = "ctranslate2"
    """The detector of voices is in the package faster-whisper, which loads CTranslate2 when it is imported."""

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._recognizer: TimestampedResultsAsrAdapter | None = None
        self._reports = Reports()

    @classmethod
    def unavailable(cls) -> str | None:
        needed = ("onnx_asr", "onnxruntime", "faster_whisper")
        return next(filter(None, (missing_package(cls.name, module) for module in needed)), None)

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, FILES)

    def needs_bytes(self) -> int:
        return size_of(self._folder) + _WORKING_BYTES

    def load(self) -> None:
        if self._recognizer is not None:
            return
        import onnx_asr  # noqa: PLC0415  (heavy: only in workers that use it)

        options = session_options(self._settings.threads)
        with unreadable_model_errors(self._folder):
            model = onnx_asr.load_model(
                _KIND, self._folder, quantization="int8", sess_options=options, providers=PROVIDERS
            )
        self._recognizer = model.with_timestamps()

    def info(self) -> EngineInfo:
        return EngineInfo(self.name, package_version("onnx-asr"), {**model_details(self._folder), "device": "cpu"})

    def languages(self) -> frozenset[str]:
        return frozenset(_LANGUAGES)

    def suspects(self) -> tuple[Suspect, ...]:
        return self._reports.taken_suspects()

    def other_languages(self) -> tuple[OtherLanguage, ...]:
        return self._reports.taken_others()

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        kept, self._reports = self._reports, Reports()
        try:
            yield
        finally:
            self._reports = kept

    def detect_language(self, windows: Sequence[Window]) -> str:
        """Return the language of the text of all windows together, one of the 25; `und` if nobody speaks."""
        self.load()
        text = "".join(word.text for window in windows for word in self._words(window))
        return detect_text_language(text, among=_LANGUAGES) if text.strip() else UNDETERMINED

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
        if primary(language) not in self.languages():
            raise UnsupportedLanguage(f"The engine '{self.name}' does not understand {language}.")
        self.load()
        return (self._said(window, language) for window in windows)

    def _said(self, window: Window, language: str) -> tuple[Utterance, ...]:
        """Return the utterances of a window without those that nobody said."""
        parts, suspects = sifted(self._words(window), no_speech=0.0)
        said = tuple(map(with_bare_words, parts))
        self._reports.suspects += suspects
        self._reports.others += other_languages(said, language=language, among=_LANGUAGES)
        return said

    def _words(self, window: Window) -> list[Word]:
        """Return the words of a window, which include the space before them, with times of the recording."""
        return [word for speech in packed(voiced(window, 0), longest_s=LONGEST_S) for word in self._heard(speech)]

    def _heard(self, speech: Packed) -> list[Word]:
        words = fitted(words_of(self._tokens(speech.samples)), sounds(speech.samples))
        return [word for _, found in speech.by_window(words) for word in found]

    def _tokens(self, samples: Samples) -> list[Token]:
        assert self._recognizer is not None, "call load() first"
        with out_of_memory_errors(self.name):
            found = self._recognizer.recognize(samples)
        columns = (found.tokens or (), found.timestamps or (), found.logprobs or ())
        return [Token(text, start, log_probability) for text, start, log_probability in zip(*columns, strict=True)]

    @property
    def _folder(self) -> Path:
        return model_folder(self._settings, self.name, DEFAULT_MODEL)
