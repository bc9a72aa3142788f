"""The engine interfaces: one small protocol per role. Those for optional abilities are in `engines/abilities.py`.

Engines are registered as entry points (`dropdub.engines`) and imported in worker processes only. Importing the class
must be cheap: heavy libraries are imported in `load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dropdub.language_server.server import Server

Samples = NDArray[np.float32]
"""Mono audio, shape (samples,), values in [-1, 1]."""

Frames = NDArray[np.float32]
"""Audio of one or more channels, shape (samples, channels), values in [-1, 1]."""

API = 1
"""The version of what `dropdub.engines.api` promises to other packages; `docs/plugins.md` says when it rises.

An engine may have `api_version`, the version that it was written for. One that was written for a later one is refused.
"""

LAST_RESORT = 10
"""Engines of this rank or a lower one only stand in: the models of better ones remain wanted while they are used."""

SPEECH_RATE_HZ = 16_000
"""The sample rate of everything that a transcriber gets."""


@dataclass(frozen=True)
class Word:
    """One recognised word; times in seconds, with the same origin as those of the object that holds it."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True)
class Window:
    """A stretch of speech to transcribe: `samples` at 16 kHz that start `start` seconds into the recording.

    `speech`: where speech is within it, with some room around it, as pairs of seconds from its start; empty if that is
    not known.
    """

    start: float
    samples: Samples
    speech: tuple[tuple[float, float], ...] = ()

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
    """A possible hallucination of a transcriber; times in seconds of the recording.

    `fate` is the action taken: dropped, collapsed (a loop, kept once), or kept despite the doubt.
    """

    start: float
    end: float
    text: str
    fate: str


@dataclass(frozen=True)
class OtherLanguage:
    """A stretch that is spoken in another language than the one transcribed; times in seconds of the recording."""

    start: float
    end: float
    language: str


@dataclass(frozen=True)
class Voice:
    """The voice to speak with: a name (from `voices/` or of the engine), and a reference recording if there is one."""

    name: str
    reference: Path | None = None


@dataclass(frozen=True)
class EngineSettings:
    """The settings of an engine; small engines need none of them.

    `models`: by engine name, the folder in `models_dir` of the model to use, or a full path. `device` is auto, cpu or
    cuda; `compute_type` auto or one of CTranslate2's. `threads` is the maximum number of compute threads.
    `memory_failures` counts how often memory ran out before: each time, the engine must use less. `state_dir` holds
    measurements of this machine; with None, none are kept. `server` is the one with the language model.
    """

    models_dir: Path = Path("models")
    models: Mapping[str, str] = field(default_factory=dict)
    device: str = "auto"
    compute_type: str = "auto"
    threads: int = 1
    allow_smaller: bool = False
    memory_failures: int = 0
    state_dir: Path | None = None
    server: Server = field(default_factory=Server)

    @staticmethod
    def of_json(models: Mapping[str, Any], *, threads: int = 1) -> EngineSettings:
        """Return the settings that the supervisor sends to the processes which use engines."""
        return EngineSettings(
            models_dir=Path(models.get("dir", "models")),
            models=models.get("use", {}),
            device=models.get("device", "auto"),
            compute_type=models.get("compute_type", "auto"),
            threads=threads,
            allow_smaller=models.get("allow_smaller", False),
            state_dir=Path(models["state_dir"]) if "state_dir" in models else None,
            server=Server.of_json(models.get("server", {})),
        )


@dataclass(frozen=True)
class EngineInfo:
    """The entry of an engine in the manifest."""

    name: str
    version: str
    details: dict[str, Any] = field(default_factory=dict)


@runtime_checkable
class Engine(Protocol):
    """What all engines share.

    `role` is one of `offers.ROLES`. If the configuration says `auto`, the available engine with the highest `rank` is
    used: those of Dropdub are from `LAST_RESORT` to 30. A class may also have `api_version`, the `API` that it was
    written for. The class is called with one argument, `EngineSettings`; without it, the engine uses the defaults.
    """

    name: ClassVar[str]
    role: ClassVar[str]
    rank: ClassVar[int]

    def __init__(self, settings: EngineSettings | None = None) -> None:
        """Create the engine without loading anything."""

    @classmethod
    def unavailable(cls) -> str | None:
        """Return why the engine cannot be used here, and on the next lines its remedy; None if it can. Must be fast."""

    def load(self) -> None:
        """Load the model. Called once, before anything else."""

    def info(self) -> EngineInfo:
        """Return name, version and model for the manifest."""


@runtime_checkable
class Transcriber(Engine, Protocol):
    """Turns speech into words."""

    def languages(self) -> frozenset[str]:
        """Return the primary language tags that it understands. Cheap, and valid before `load`."""

    def detect_language(self, windows: Sequence[Window]) -> str:
        """Return the tag of the language spoken; `und` if no window contains speech."""

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
    """Whether it can speak with the voice of a reference recording; if not, `Voice.reference` is ignored."""

    sample_rate: int
    """Samples per second of what `speak` returns; valid after `load`."""

    def supports(self, language: str) -> bool:
        """Return whether it can speak the language of this tag. Cheap, and valid before `load`."""

    def speak(self, text: str, *, language: str, voice: Voice | None, rate: float = 1.0, take: int = 0) -> Samples:
        """Return `text` spoken at `rate` times the engine's usual pace.

        The same `take` gives the same sound, but for chance that the engine cannot control; another one gives another
        sound unless the engine cannot. Raises UnsupportedLanguage and VoiceMissing.
        """


@runtime_checkable
class Diarizer(Engine, Protocol):
    """Computes speaker embeddings."""

    def embed(self, windows: Iterable[Window]) -> Iterator[Samples]:
        """Yield the speaker embedding of each window in order, a vector of length 1."""


@runtime_checkable
class Separator(Engine, Protocol):
    """Separates voices from all other sound."""

    def background(self, blocks: Iterable[Frames], *, sample_rate: int) -> Iterator[Frames]:
        """Yield the sound without its voices: as many samples and channels as came in, in blocks of any size.

        They come as they are ready. The same sound gives the same bytes.
        """


@dataclass(frozen=True)
class SoundRating:
    """How a window of speech sounds, from 1 (bad) to 5 (excellent): the voice, the background, and both together."""

    speech: float
    background: float
    overall: float


class SoundMeter(Protocol):
    """Estimates what listeners would say of the sound of speech. It is a measure: no step needs it."""

    name: ClassVar[str]
    window: ClassVar[int]
    """Samples at `SPEECH_RATE_HZ` that are rated at once."""

    def rate(self, windows: Iterable[Samples]) -> Iterator[SoundRating]:
        """Yield a rating for each window, of `window` samples, in order."""


def message_and_remedy(problem: str) -> tuple[str, str]:
    """Return the two parts of what an engine's `unavailable` returned; the remedy is empty if it has none."""
    message, _, remedy = problem.partition("\n")
    return message, remedy
