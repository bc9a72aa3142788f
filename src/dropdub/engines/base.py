"""What an engine is: one small protocol for each role.

Engines are named by entry points (`dropdub.engines`) and are imported in worker processes only. The class
itself must be cheap to import: heavy libraries are imported in `load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono audio, shape (samples,), values in [-1, 1]."""

Frames = NDArray[np.float32]
"""Audio of one or more channels, shape (samples, channels), values in [-1, 1]."""

SPEECH_RATE_HZ = 16_000
"""The sample rate of everything a transcriber hears."""


@dataclass(frozen=True)
class Word:
    """One recognised word; times in seconds from the start of what its holder refers to."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True)
class Window:
    """A stretch of speech to transcribe: `samples` at 16 kHz, from `start` seconds of the recording on."""

    start: float
    samples: Samples

    @property
    def duration_s(self) -> float:
        return len(self.samples) / SPEECH_RATE_HZ


@dataclass(frozen=True)
class Utterance:
    """Recognised speech within a window; times in seconds of the recording."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """Text that a transcriber may have invented; times in seconds of the recording.

    `fate` is what became of it: dropped, collapsed (a loop, kept once), or kept although it is doubtful.
    """

    start: float
    end: float
    text: str
    fate: str


@dataclass(frozen=True)
class Voice:
    """Whose voice to speak with: a name (of `voices/` or of the engine), and a reference recording if any."""

    name: str
    reference: Path | None = None


@dataclass(frozen=True)
class EngineSettings:
    """What an engine is made with; the light engines need none of it.

    `models`: by engine name, the folder in `models_dir` of the model it is to use, or a full path. `device` is auto,
    cpu or cuda; `compute_type` auto or one of CTranslate2's. `threads` is how many it may compute with. `squeeze`
    counts how often memory ran out before: each time more is to be saved. `state_dir` keeps what was measured on
    this machine; None keeps nothing.
    """

    models_dir: Path = Path("models")
    models: Mapping[str, str] = field(default_factory=dict)
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 1
    allow_smaller: bool = False
    squeeze: int = 0
    state_dir: Path | None = None


@dataclass(frozen=True)
class EngineInfo:
    """What the manifest says about an engine."""

    name: str
    version: str
    details: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Engine(Protocol):
    """What all engines share.

    `role` is "transcriber", "translator", "synthesizer", "diarizer" or "separator". `rank` orders the installed
    engines of a role when the configuration says `auto`: the highest that is available is taken. An engine is made by
    its class with one argument, `EngineSettings`, without which it uses the defaults.
    """

    name: ClassVar[str]
    role: ClassVar[str]
    rank: ClassVar[int]

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Make it, and load nothing."""

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why the engine cannot be used here, with the remedy; None where it can. Must be fast."""

    def load(self) -> None:
        """Load the model. Called once, before anything else."""

    def info(self) -> EngineInfo:
        """Return name, version and model for the manifest."""


@runtime_checkable
class Transcriber(Engine, Protocol):
    """Turns speech into words."""

    def languages(self) -> frozenset[str]:
        """Return the primary language tags it understands. Cheap, and valid before `load`."""

    def detect_language(self, windows: Sequence[Window]) -> str:
        """Return the tag of the language spoken; `und` where no voice is in any window."""

    def transcribe(self, windows: Iterable[Window], *, language: str) -> Iterator[tuple[Utterance, ...]]:
        """Yield, for each window in order, what was said in it; an empty tuple for no speech.

        Raises UnsupportedLanguage.
        """


@runtime_checkable
class Translator(Engine, Protocol):
    """Turns texts of one language into another."""

    def supports(self, source: str, target: str) -> bool:
        """Return whether it can translate this pair of tags. Cheap, and valid before `load`."""

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str]:
        """Return one translation for each text, in order; an empty text stays empty.

        Raises UnsupportedLanguage.
        """


@runtime_checkable
class Synthesizer(Engine, Protocol):
    """Turns text into speech."""

    clones: ClassVar[bool]
    """Whether it speaks with the voice of a reference recording; where not, `Voice.reference` is ignored."""

    sample_rate: int
    """Samples per second of what `speak` returns; valid after `load`."""

    def supports(self, language: str) -> bool:
        """Return whether it can speak this tag. Cheap, and valid before `load`."""

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        """Return `text` spoken at `rate` times the engine's usual pace.

        The same `take` gives the same sound; another take another one, where the engine is not determined.
        Raises UnsupportedLanguage and VoiceMissing.
        """


@runtime_checkable
class Diarizer(Engine, Protocol):
    """Tells voices apart."""

    def embed(self, windows: Iterable[Window]) -> Iterator[Samples]:
        """Yield, for each window in order, its voice as a vector of length 1."""


@runtime_checkable
class Separator(Engine, Protocol):
    """Parts voices from all other sound."""

    def background(self, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        """Yield the sound without its voices: as many samples as came in, in blocks of any size, as they are done."""


@runtime_checkable
class ReportsCoverage(Protocol):
    """An optional ability of engines: to say in a refusal what they do support."""

    def coverage(self) -> str:
        """Return what is supported, as the end of a sentence: `en`, or `en to es, es to pt`."""


@runtime_checkable
class HintsPair(Protocol):
    """An optional ability of translators: to say how a missing pair of languages is added."""

    @classmethod
    def hint(cls, source: str, target: str) -> str | None:
        """Return a remedy as a sentence; None where there is none."""


@runtime_checkable
class NeedsModel(Protocol):
    """An ability of engines whose model is not part of their package."""

    runtime: ClassVar[str]
    """What computes it, `torch` or `ctranslate2`: no process ever loads both."""

    def missing_model(self) -> str | None:
        """Return the name of the model that is not in its place; None where it is. Cheap, and valid before `load`."""

    def needs_bytes(self) -> int:
        """Return about how much memory it takes to load the model and work with it."""


@runtime_checkable
class Announces(Protocol):
    """An ability of engines: to say where they do less than what was asked of them."""

    def announcements(self) -> Sequence[str]:
        """Return a sentence for each fallback that holds now, such as a smaller precision."""


@runtime_checkable
class OffersAlternatives(Protocol):
    """An ability of translators: several wordings of each text, for one that fits its time."""

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> list[tuple[str, ...]]:
        """Return, for each text in order, its translations, the likeliest first. Raises UnsupportedLanguage."""


@runtime_checkable
class TakesHints(Protocol):
    """An ability of transcribers: to know beforehand what the recording is about."""

    def hint_at(self, *, prompt: str | None, hotwords: Sequence[str]) -> None:
        """Let what is transcribed from now on be heard in this light: a sentence, and names that may come up."""


@runtime_checkable
class ReportsSuspects(Protocol):
    """An ability of transcribers: to say what they may have invented."""

    def suspects(self) -> tuple[Suspect, ...]:
        """Return what was suspected since asked last, in order of time."""


@runtime_checkable
class PreparesVoices(Protocol):
    """An ability of synthesizers: what is known of a voice, reckoned once and kept."""

    def voice_key(self, voice: Voice) -> str:
        """Return what tells this voice's prepared form from all others."""

    def prepare(self, voice: Voice) -> bytes:
        """Return the voice's prepared form."""

    def take_prepared(self, voice: Voice, value: bytes) -> None:
        """Use a prepared form that was kept. Raises ValueError for one that is not whole."""


@runtime_checkable
class ReportsDefects(Protocol):
    """An ability of synthesizers: to say what came out wrong however often it was tried."""

    def defects(self) -> list[str]:
        """Return a sentence for each piece that came out wrong, since asked last."""
