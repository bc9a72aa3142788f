"""The engine interfaces: one small protocol per role, and protocols for optional abilities.

Engines are registered as entry points (`dropdub.engines`) and imported in worker processes only. Importing the class
must be cheap: heavy libraries are imported in `load`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dropdub.engines.licence import Licence
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


@dataclass(frozen=True)
class VoiceThresholds:
    """How alike the embeddings of one person's speech are, as cosine similarities: each engine has its own.

    The defaults are those of Resemblyzer, and hold for engines that state none. `windows_alike`: average similarity
    down to which windows are linked to a cluster. `voices_alike`: similarity between two clusters, relative to the one
    within them, from which they are one speaker; `short_voices_alike`: the same for clusters of hardly any speech, in
    which a word or a tone of voice counts for more than the voice. `same_sound`: similarity of windows that repeat a
    sound, such as a jingle.

    `maybe_known`: similarity of two voices' mean embeddings from which they may be one person's; `surely_known`: from
    which they are, however much alike all voices of a recording are. `typical_same` and `typical_other`: what a person
    may expect of two recordings of one voice, and of two voices.
    """

    windows_alike: float = 0.66
    voices_alike: float = 0.84
    short_voices_alike: float = 0.66
    same_sound: float = 0.97
    maybe_known: float = 0.78
    surely_known: float = 0.88
    typical_same: float = 0.8
    typical_other: float = 0.5


@runtime_checkable
class SeparatesSpeakers(Protocol):
    """Optional ability of diarizers: state which similarity of their embeddings means one speaker."""

    thresholds: ClassVar[VoiceThresholds]


def thresholds_of(diarizer: Diarizer) -> VoiceThresholds:
    """Return the thresholds of a diarizer: its own, or else the usual ones."""
    return diarizer.thresholds if isinstance(diarizer, SeparatesSpeakers) else VoiceThresholds()


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


@runtime_checkable
class ReportsCoverage(Protocol):
    """Optional ability of engines: list what they support, for error messages."""

    def coverage(self) -> str:
        """Return what is supported, as the end of a sentence: `en`, or `en to es, es to pt`."""


@runtime_checkable
class HintsPair(Protocol):
    """Optional ability of translators: explain how to add a missing language pair."""

    @classmethod
    def hint(cls, source: str, target: str) -> str | None:
        """Return a remedy as a sentence; None if there is none."""


@runtime_checkable
class HintsLanguage(Protocol):
    """Optional ability of synthesizers: explain how to add a missing language."""

    @classmethod
    def language_hint(cls, language: str) -> str | None:
        """Return a remedy as a sentence; None if there is none."""


@runtime_checkable
class NeedsModel(Protocol):
    """Implemented by engines whose model is not part of their package."""

    runtime: ClassVar[str | None]
    """The library that runs it, `torch` or `ctranslate2`: no process ever loads both. None for any other library."""

    def missing_model(self) -> str | None:
        """Return the name of the model if it is missing, else None. Cheap, and valid before `load`."""

    def needs_bytes(self) -> int:
        """Return roughly how much memory is needed to load the model and work with it."""


@runtime_checkable
class DeclaresLicence(Protocol):
    """Optional ability of engines of other packages: state the licence of their model, which is not in the catalogue.

    Without it, results of the engine are marked `ask`: whoever wants to use them commercially has to find out.
    """

    licence: ClassVar[Licence]


@runtime_checkable
class UsesServer(Protocol):
    """Implemented by engines that ask another program, which the settings name.

    `auto` takes them only if the settings do. They are not loaded before a step needs them: that could load a model
    which takes the memory that earlier steps need.
    """

    def missing_setting(self) -> str | None:
        """Return the remedy if the settings lack what it needs, else None. Cheap, and valid before `load`."""


@runtime_checkable
class HasModelsByPair(Protocol):
    """Optional ability of translators that have a model of its own for each pair of languages."""

    def missing_models(self, source: str, target: str) -> tuple[str, ...]:
        """Return the models to download for a pair that `supports` refuses; empty if no model could help."""


@runtime_checkable
class HasModelsByLanguage(Protocol):
    """Optional ability of synthesizers that have a model of its own for each language."""

    def missing_models_for(self, language: str) -> tuple[str, ...]:
        """Return the models to download for a language that `supports` refuses; empty if no model could help."""


@runtime_checkable
class Announces(Protocol):
    """Optional ability of engines: report fallbacks."""

    def announcements(self) -> Sequence[str]:
        """Return a sentence for each fallback in effect, such as a lower precision."""


@runtime_checkable
class OffersAlternatives(Protocol):
    """Optional ability of translators: offer several wordings of each text, so that one that fits can be chosen."""

    def alternatives(self, texts: Sequence[str], *, source: str, target: str) -> list[tuple[str, ...]]:
        """Return the translations of each text in order, the most likely first. Raises UnsupportedLanguage."""


@dataclass(frozen=True)
class Context:
    """What is known of the place of texts that follow one another.

    `before` are texts that come before them, each with its translation; `after` texts that come after them. `synopsis`
    is a sentence about the whole, `names` are those that occur in it.
    """

    before: tuple[tuple[str, str], ...] = ()
    after: tuple[str, ...] = ()
    synopsis: str | None = None
    names: tuple[str, ...] = ()


@runtime_checkable
class TakesContext(Protocol):
    """Optional ability of translators: take into account where texts come from that follow one another."""

    def in_context(
        self, texts: Sequence[str], *, source: str, target: str, context: Context, fits: bool
    ) -> list[tuple[str, ...]]:
        """Return the translations of each text in order, the most likely first; none for one that it cannot translate.

        `fits`: whether a translation has to be spoken in the time of its text, so that shorter ones are of use.
        Raises UnsupportedLanguage, and Waiting if it cannot be done now.
        """


@runtime_checkable
class TakesGlossary(Protocol):
    """Optional ability of translators: translate certain terms in a given way."""

    def use_glossary(self, terms: Mapping[str, str]) -> None:
        """Translate these terms in this way from now on; an empty mapping ends that."""


@dataclass(frozen=True)
class OfferedVoice:
    """A voice of an engine's own; `is_deep`: like most men's."""

    name: str
    is_deep: bool


@runtime_checkable
class OffersVoices(Protocol):
    """Optional ability of synthesizers: several voices of their own, so that each speaker can have a fitting one."""

    def voices_for(self, language: str) -> Sequence[OfferedVoice]:
        """Return the voices for a language, the usual one first; empty if it does not speak it."""


@dataclass(frozen=True)
class OwnVoice:
    """A voice of an engine's own, and the tag of the language that it speaks."""

    name: str
    language: str


@runtime_checkable
class ListsVoices(Protocol):
    """Optional ability of synthesizers: list all voices of their own."""

    def own_voices(self) -> Sequence[OwnVoice]:
        """Return the voices that `speak` accepts without a reference. Cheap, and valid before `load`."""


@runtime_checkable
class KnowsVoices(Protocol):
    """Optional ability of synthesizers: know, before `load`, which voices they have."""

    def has_voice(self, name: str) -> bool:
        """Return whether `speak` accepts a voice of this name without a reference. Cheap, and valid before `load`."""


@runtime_checkable
class HasRates(Protocol):
    """Optional ability of synthesizers: state the rates that `speak` follows. Beyond them it speaks at the nearest."""

    slowest: ClassVar[float]
    fastest: ClassVar[float]


@runtime_checkable
class TakesHints(Protocol):
    """Optional ability of transcribers: use hints about the content of the recording."""

    def hint_at(self, *, prompt: str | None, hotwords: Sequence[str]) -> None:
        """Use these hints from now on: a sentence as prompt, and names that may come up."""


@runtime_checkable
class ReportsSuspects(Protocol):
    """Optional ability of transcribers: report possible hallucinations."""

    def suspects(self) -> tuple[Suspect, ...]:
        """Return the suspects since the last call, in order of time."""


@runtime_checkable
class NoticesLanguages(Protocol):
    """Optional ability of transcribers: notice speech in another language than the one that they transcribe."""

    def other_languages(self) -> tuple[OtherLanguage, ...]:
        """Return the stretches noticed since the last call, in order of time."""


@runtime_checkable
class WorksApart(Protocol):
    """Optional ability of engines: do short work within longer work, which continues as if there had been none."""

    def apart(self) -> AbstractContextManager[None]:
        """Keep hints and reports of the work in the block apart from those of the work that it interrupts."""


@runtime_checkable
class WorksMeanwhile(Protocol):
    """Optional ability of transcribers: let other work in while windows are transcribed by threads."""

    def meanwhile(self, work: Callable[[], None]) -> AbstractContextManager[None]:
        """In the block, call `work` again and again while `transcribe` waits. It may use the engine, `apart`."""


@runtime_checkable
class SureOfLanguages(Protocol):
    """Optional ability of transcribers: say how sure they are of the language that they detected last."""

    def language_share(self) -> float:
        """Return the share of the likelihood, 0 to 1, that the language has which `detect_language` returned last."""


@runtime_checkable
class PreparesVoices(Protocol):
    """Optional ability of synthesizers: export and import speaker embeddings, so that they are computed only once."""

    def voice_key(self, voice: Voice) -> str:
        """Return a key that identifies the embedding of this voice."""

    def prepare(self, voice: Voice) -> bytes:
        """Return the embedding of this voice."""

    def take_prepared(self, voice: Voice, value: bytes) -> None:
        """Use an embedding that `prepare` returned. Raises ValueError if it is damaged."""


@runtime_checkable
class PreparesVoicesByLanguage(Protocol):
    """Optional ability of synthesizers: as `PreparesVoices`, with other embeddings for each language."""

    def voices_in(self, language: str) -> PreparesVoices:
        """Return what exports and imports the embeddings for a language. Raises UnsupportedLanguage."""


@dataclass(frozen=True)
class ToSpeak:
    """A text to speak, the voice to speak it with, and the rate, as `Synthesizer.speak` takes them."""

    text: str
    voice: Voice | None = None
    rate: float = 1.0


@dataclass(frozen=True)
class SpokenText:
    """A text as spoken, and a sentence for each piece of it that is defective even after several tries."""

    samples: Samples
    defects: tuple[str, ...] = ()


@runtime_checkable
class SpeaksInBatches(Protocol):
    """Optional ability of synthesizers: speak several texts at once, faster than one after another."""

    def batch_size(self) -> int:
        """Return how many texts to speak at once; 1 if that gains nothing on this machine. Valid after `load`."""

    def speak_all(self, texts: Sequence[ToSpeak], *, language: str, take: int = 0) -> list[SpokenText]:
        """Return each text as `speak` does, in order; its defects are not among those of `ReportsDefects`.

        Raises UnsupportedLanguage and VoiceMissing.
        """


@runtime_checkable
class ReportsDefects(Protocol):
    """Optional ability of synthesizers: report speech that is defective even after several tries."""

    def defects(self) -> list[str]:
        """Return a sentence for each defective piece since the last call."""


def message_and_remedy(problem: str) -> tuple[str, str]:
    """Return the two parts of what an engine's `unavailable` returned; the remedy is empty if it has none."""
    message, _, remedy = problem.partition("\n")
    return message, remedy
