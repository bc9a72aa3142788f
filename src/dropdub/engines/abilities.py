"""What only some engines can do: a protocol for each ability. An engine that has its methods has the ability."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from dropdub.engines.base import Diarizer, OtherLanguage, Samples, Suspect, Voice
from dropdub.engines.licence import Licence


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
