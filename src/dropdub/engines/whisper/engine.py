"""The quality transcriber: Whisper models on CTranslate2, with several windows of packed speech at a time."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dropdub.engines.base import EngineInfo, EngineSettings, OtherLanguage, Suspect, Utterance, Window
from dropdub.engines.devices.memory_ladder import Level, ladder
from dropdub.engines.devices.precision import first_that_loads, out_of_memory_errors, precisions
from dropdub.engines.hearing.packing import Packed, Piece, packed
from dropdub.engines.hearing.reports import Reports
from dropdub.engines.hearing.voice import has_voice, voiced
from dropdub.engines.models.folders import is_whole, missing_model, model_details, size_of
from dropdub.engines.models.identity import model_in
from dropdub.engines.packages import missing_package, package_version
from dropdub.engines.whisper.decoding import Decoder, Hints
from dropdub.engines.whisper.in_order import in_order
from dropdub.errors import UnsupportedLanguage
from dropdub.languages import UNDETERMINED, primary

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

DEFAULT_MODEL = "whisper-small"
FILES = ("model.bin", "config.json", "tokenizer.json")
_LANGUAGE_TOKEN = re.compile(r"<\|([a-z]{2,3})\|>")
_WORKING_BYTES = 250_000_000
_END_IN_GPT2 = 50256
_BATCH, _LARGE_BYTES = 2, 1_000_000_000
"""Windows in one batch on the CPU: with more, memory grows faster than speed, so of a large model it is one."""
_CERTAIN_OF_LANGUAGE = 0.95
LONGEST_S = 30.0
"""The windows of all Whisper models."""
_KNOWN = """
af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id is it ja
jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq
sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo yue zh
"""
"""The codes of all languages that Whisper models support."""


class FasterWhisperTranscriber:
    """Understands the languages of its model; words have times and probabilities.

    Speech is packed into the windows of the model without the pauses between, across the windows that it is given. On
    the CPU, `threads` batches share one model, each decoded by one thread: as fast as several processes, with two
    thirds of their memory. No window gets the text before it, so errors do not spread.
    """

    name: ClassVar[str] = "faster-whisper"
    role: ClassVar[str] = "transcriber"
    rank: ClassVar[int] = 20
    runtime: ClassVar[str | None] = "ctranslate2"

    def __init__(self, settings: EngineSettings | None = None) -> None:
        self._settings = settings or EngineSettings()
        self._model: WhisperModel | None = None
        self._device = self._compute_type = ""
        self._fallbacks: tuple[str, ...] = ()
        self._hints = Hints()
        self._reports = Reports()
        self._meanwhile: Callable[[], None] | None = None
        self._language_share = 0.0

    @classmethod
    def unavailable(cls) -> str | None:
        return missing_package(cls.name, "faster_whisper")

    def missing_model(self) -> str | None:
        return missing_model(self._settings, self.name, DEFAULT_MODEL, FILES)

    def needs_bytes(self) -> int:
        """Return the size of the model's files, about what it takes when loaded, plus room for concurrent windows.

        On a graphics card, the windows are in the card's memory.
        """
        level = self._level
        return size_of(level.folder) + _WORKING_BYTES * (level.at_once if level.device == "cpu" else 1)

    def load(self) -> None:
        if self._model is not None:
            return
        settings = replace(self._settings, compute_type=self._level.compute_type)
        wanted = precisions(self._level.device, settings, model=self._level.folder)
        loaded = first_that_loads(wanted, self._made, engine=self.name)
        self._model, self._device, self._compute_type = loaded.thing, loaded.device, loaded.compute_type
        self._fallbacks = loaded.announcements

    def info(self) -> EngineInfo:
        details = {**model_details(self._level.folder), "device": self._device, "compute_type": self._compute_type}
        return EngineInfo(self.name, package_version("faster-whisper"), details)

    def announcements(self) -> Sequence[str]:
        announcement = self._level.announcement
        return (*self._fallbacks, announcement) if announcement else self._fallbacks

    def languages(self) -> frozenset[str]:
        """Return the languages of the model's vocabulary, or English if that or the catalogue calls it English-only.

        Of a model that is not here, only the catalogue knows; without its word, all languages are possible.
        """
        return self._languages

    def hint_at(self, *, prompt: str | None, hotwords: Sequence[str]) -> None:
        self._hints = Hints(prompt, ", ".join(hotwords) or None)

    def suspects(self) -> tuple[Suspect, ...]:
        return self._reports.taken_suspects()

    def other_languages(self) -> tuple[OtherLanguage, ...]:
        return self._reports.taken_others()

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        kept = self._hints, self._reports, self._meanwhile
        self._reports, self._meanwhile = Reports(), None
        try:
            yield
        finally:
            self._hints, self._reports, self._meanwhile = kept

    @contextlib.contextmanager
    def meanwhile(self, work: Callable[[], None]) -> Iterator[None]:
        self._meanwhile = work
        try:
            yield
        finally:
            self._meanwhile = None

    def language_share(self) -> float:
        return self._language_share

    def detect_language(self, windows: Sequence[Window]) -> str:
        """Return the most likely language over all windows, weighted by length; `und` if there is no speech.

        Once two windows agree with near certainty, the others are not heard: each costs a run of the encoder. An
        English-only model cannot detect the language, and takes all speech for English.
        """
        spoken = [window for window in windows if has_voice(window.samples)]
        self._language_share = 1.0 if spoken and not self._is_multilingual else 0.0
        if not self._is_multilingual:
            return "en" if spoken else UNDETERMINED
        self.load()
        assert self._model is not None
        total: dict[str, float] = {}
        sure_of: list[str] = []
        with out_of_memory_errors(self.name):
            for window in spoken:
                heard, probability, odds = self._model.detect_language(window.samples)
                sure_of += [heard] if probability >= _CERTAIN_OF_LANGUAGE else []
                for language, share in odds or ():
                    total[primary(language)] = total.get(primary(language), 0.0) + share * window.duration_s
                if len(sure_of) > 1 and len(set(sure_of)) == 1:
                    break
        found = max(total, key=lambda language: total[language], default=UNDETERMINED)
        self._language_share = total.get(found, 0.0) / (sum(total.values()) or 1.0)
        return found

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
        if primary(language) not in self.languages():
            raise UnsupportedLanguage(f"The model '{self._level.folder.name}' does not understand {language}.")
        self.load()
        assert self._model is not None
        code = self._codes[primary(language)]
        suspects, others = self._reports.suspects, self._reports.others
        decoder = Decoder(self._model, code, self._hints, suspect=suspects.append, other=others.append)
        heard: dict[int, list[Utterance]] = {}
        done, given = 0, 0

        def pieces() -> Iterator[Piece]:
            nonlocal given
            for number, window in enumerate(windows):
                given = number + 1
                yield from voiced(window, number)

        with out_of_memory_errors(self.name):
            batches, at_once = self._batches(pieces()), self._threads
            for found in in_order(batches, decoder.hear, at_once=at_once, meanwhile=self._meanwhile):
                for number, utterances in found:
                    heard.setdefault(number, []).extend(utterances)
                while done < max(heard, default=0):  # more of the last one may be in the next batch
                    yield tuple(heard.pop(done, ()))
                    done += 1
        for number in range(done, given):
            yield tuple(heard.pop(number, ()))

    def _batches(self, pieces: Iterable[Piece]) -> Iterator[Sequence[Packed]]:
        """Yield the speech in batches: of equal size for all threads, even if there is little."""
        speech = packed(pieces, longest_s=LONGEST_S)
        while taken := list(islice(speech, self._threads * self._width)):
            size = -(-len(taken) // self._threads)
            yield from (taken[at : at + size] for at in range(0, len(taken), size))

    def _made(self, device: str, compute_type: str) -> WhisperModel:
        from faster_whisper import WhisperModel  # noqa: PLC0415  (heavy: only in workers that use it)

        model = WhisperModel(
            str(self._level.folder),
            device=device,
            compute_type=compute_type,
            cpu_threads=1,
            num_workers=self._threads if device == "cpu" else 1,
            local_files_only=True,
        )
        if device == "cuda":  # problems of the card or its libraries only show when it computes
            model.encode(np.zeros((model.model.n_mels, model.feature_extractor.nb_max_frames), np.float32))
        return model

    @property
    def _threads(self) -> int:
        """Return how many windows are decoded in parallel on the CPU, also as a fallback from a graphics card."""
        return min(self._level.at_once, max(self._settings.threads, 1))

    @property
    def _width(self) -> int:
        """Return how many windows are decoded in one batch: on the CPU, fewer of a larger model, for their memory."""
        if self._device == "cuda":
            return self._level.at_once
        is_large = size_of(self._level.folder) > _LARGE_BYTES
        return 1 if is_large or self._settings.memory_failures else _BATCH

    @cached_property
    def _level(self) -> Level:
        return ladder(self._settings, self.name, DEFAULT_MODEL, FILES)

    @property
    def _only_language(self) -> str | None:
        """Return the one language of a model of the catalogue; None for other models, and for those with several."""
        known = model_in(self._level.folder, engine=self.name)
        return known.only_language if known else None

    @property
    def _languages(self) -> frozenset[str]:
        if is_whole(self._level.folder, FILES):
            return frozenset(self._codes)
        if self._only_language is not None:
            return frozenset({self._only_language})
        return frozenset(map(primary, _KNOWN.split()))  # all candidates: only the model itself defines its languages

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Return Whisper's own code for each language of the model, by primary tag: `no` for nb, for example."""
        if not self._is_multilingual:
            return {"en": "en"}
        found = _LANGUAGE_TOKEN.findall((self._level.folder / "tokenizer.json").read_text(encoding="utf-8"))
        return {primary(code): code for code in found}

    @cached_property
    def _is_multilingual(self) -> bool:
        """Return whether the model knows other languages than English, without loading it.

        The configuration and the tokens of English-only models list all languages, too. Those of OpenAI differ in
        their vocabulary: that of GPT-2, in which the end of the text has the number 50256. distil-large-v3 has the
        vocabulary of large-v3 and writes English whatever it hears, so only the catalogue can say what it is.
        """
        if self._only_language is not None:
            return False
        config = json.loads((self._level.folder / "config.json").read_text(encoding="utf-8"))
        return bool(config.get("lang_ids")) and _END_IN_GPT2 not in config.get("suppress_ids_begin", ())
