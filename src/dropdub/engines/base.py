"""What an engine is: one small protocol for each role.

Engines are named by entry points (`dropdub.engines`) and are imported in worker processes only. The class
itself must be cheap to import: heavy libraries are imported in `load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Mono audio, shape (samples,), values in [-1, 1]."""

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
class Voice:
    """Whose voice to speak with: a name (of `voices/` or of the engine), and a reference recording if any."""

    name: str
    reference: Path | None = None


@dataclass(frozen=True)
class EngineInfo:
    """What the manifest says about an engine."""

    name: str
    version: str
    details: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Engine(Protocol):
    """What all engines share.

    `role` is "transcriber", "translator" or "synthesizer". `rank` orders the installed engines of a role when
    the configuration says `auto`: the highest that is available is taken.
    """

    name: ClassVar[str]
    role: ClassVar[str]
    rank: ClassVar[int]

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
        """Return the tag of the language spoken."""

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

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0) -> Samples:
        """Return `text` spoken at `rate` times the engine's usual pace.

        Raises UnsupportedLanguage and VoiceMissing.
        """


@runtime_checkable
class TellsCoverage(Protocol):
    """An optional ability of engines: to say in a refusal what they do support."""

    def coverage(self) -> str:
        """Return what is supported, as the end of a sentence: `en`, or `en to es, es to pt`."""


@runtime_checkable
class HintsPair(Protocol):
    """An optional ability of translators: to say how a missing pair of languages is added."""

    @classmethod
    def hint(cls, source: str, target: str) -> str | None:
        """Return a remedy as a sentence; None where there is none."""
