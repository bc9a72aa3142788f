"""Typed results of a job's steps, read once from their rows.

Fields that some earlier version did not write have a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

from dropdub.media.sound.length import SoundLength
from dropdub.media.stream_types import AudioStream, CoverPicture, SubtitleStream, VideoStream
from dropdub.pipeline.artifacts import Suspect
from dropdub.pipeline.companion import UserSubtitle
from dropdub.pipeline.heard_lines import HeardLine, VerificationFacts
from dropdub.pipeline.sound_quality import DubSound
from dropdub.pipeline.step_result import Deliverable, StepResult

T = TypeVar("T")
Result = Mapping[str, Any]


def take_key(stage: str, target: str, take: int) -> str:
    """Return the key of a take's step. Takes count from 0, and the first has no number: `hear/pt`, `hear/pt/1`."""
    return f"{stage}/{target}/{take}" if take else f"{stage}/{target}"


class FactsMissing(LookupError):
    """A step needs the result of a step that has not run: the plan is wrong."""


@dataclass(frozen=True)
class ProbeFacts:
    """What the dropped file is. `size` in bytes; `audio` is the audio track to dub, `sounds` are all of them.

    `start_time_s` is where its clock begins, from which the start times of its tracks count. `nearby` is the
    language of most files that were dropped beside it, None if it is unknown.
    """

    kind: str
    size: int = 0
    duration_s: float = 0.0
    container: str = ""
    title: str | None = None
    language: str | None = None
    audio: AudioStream | None = None
    video: VideoStream | None = None
    sounds: tuple[AudioStream, ...] = ()
    subtitles: tuple[SubtitleStream, ...] = ()
    cover: CoverPicture | None = None
    fonts: int = 0
    start_time_s: float = 0.0
    words: UserSubtitle | None = None
    nearby: str | None = None

    @property
    def sound(self) -> AudioStream:
        """Return the audio track to dub. Raises FactsMissing if there is none."""
        if self.audio is None:
            raise FactsMissing("the source has no sound")
        return self.audio

    @property
    def sound_stream(self) -> str:
        """Return ffmpeg's specifier of the audio track to dub: `0:1`. Raises FactsMissing if there is none."""
        return f"0:{self.sound.index}"

    @property
    def picture(self) -> VideoStream:
        """Return the video track. Raises FactsMissing if there is none."""
        if self.video is None:
            raise FactsMissing("the source has no picture")
        return self.video

    @property
    def brought_transcript(self) -> bool:
        """Return whether the transcript comes from the user's subtitle or from an earlier job."""
        return self.words is not None and self.words.is_transcript

    @property
    def brought_target(self) -> str | None:
        """Return the language of the translation that came with the recording; None if there is none."""
        return self.words.target if self.words else None


@dataclass(frozen=True)
class ExtractFacts:
    """What `extract` found. `duration_s` is None for a text; `sound` is set only if a dub is requested.

    `keeps_time` is False if the recording's clock does not fit its sound, which was then read without it.
    """

    content_hash: str = ""
    source_hash: str | None = None
    companions: tuple[Mapping[str, Any], ...] = ()
    duration_s: float | None = None
    sound: SoundLength | None = None
    keeps_time: bool = True
    language: str = ""
    segments: int = 0
    skipped: tuple[str, ...] = ()
    headings: int = 0

    @property
    def length_s(self) -> float:
        """Return the length in seconds. Raises FactsMissing for a text, which has none."""
        if self.duration_s is None:
            raise FactsMissing("the source has no length")
        return float(self.duration_s)


@dataclass(frozen=True)
class SplitFacts:
    """`chunks`: start and end of each chunk, in seconds; none if nobody speaks."""

    chunks: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class DiarizeFacts:
    """`how` the speakers were found; "voices" if the second step still has to find them."""

    how: str = ""


@dataclass(frozen=True)
class MergeFacts:
    """The transcript. `skipped`: targets without outputs; `suspects`: possibly invented text."""

    language: str = ""
    segments: int = 0
    suspects: tuple[Suspect, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cast:
    """Which voice a speaker has in a dub: the `name` of one in `voices/` or of the engine, or a cloned one.

    `reference`: the SHA-256 of what it was cloned from, cut from the recording. With neither, it is the default voice.
    """

    speaker: str | None = None
    name: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class SynthesisFacts:
    """One take of a dub's speech. `cloned`: speakers whose voice was cloned; `hear`: whether to verify the take.

    `sound`: whether something is installed that can estimate how good the dub sounds.
    """

    sample_rate: int = 0
    cloned: tuple[str | None, ...] = ()
    cast: tuple[Cast, ...] = ()
    hear: bool = False
    sound: bool = False


@dataclass(frozen=True)
class VoiceLikeness:
    """Similarity of a speaker's voice in the original and in the dub: cosine of the embeddings, 1 for the same.

    `typical_same` and `typical_other`: what the engine that compared them usually finds for one voice, and for two.
    """

    speaker: str | None
    likeness: float
    typical_same: float = 0.8
    typical_other: float = 0.5


_MUCH_LEFT = 0.1


@dataclass(frozen=True)
class VoicesLeft:
    """Seconds of the original in which a voice is heard, of those checked, and in how many of them still in the sound
    under the dub.
    """

    voice_s: float
    left_s: float

    @property
    def share(self) -> float | None:
        """Return the share that is left, 0 to 1; None if no voice was heard to begin with."""
        return self.left_s / self.voice_s if self.voice_s else None

    @property
    def is_much(self) -> bool:
        """Return whether it is more than six seconds of each minute, so that the job has a warning."""
        return self.share is not None and self.share > _MUCH_LEFT


class Facts:
    """The results of a job's succeeded steps.

    Facts that later steps rely on are properties, which raise FactsMissing if their step has not run; `has` checks
    that first.
    """

    def __init__(self, results: Mapping[str, Result]) -> None:
        """`results`: the result of each succeeded step, by step key."""
        self._results = results

    def has(self, key: str) -> bool:
        """Return whether a step has succeeded."""
        return key in self._results

    @cached_property
    def steps(self) -> Mapping[str, StepResult]:
        """Return what each step's result may have in common with others, by step key, in the order given."""
        return {key: StepResult.from_json(result) for key, result in self._results.items()}

    @cached_property
    def probe(self) -> ProbeFacts:
        found = self._result("probe")
        read = _read(ProbeFacts, found)
        return replace(
            read,
            duration_s=float(read.duration_s or 0.0),
            audio=_optional(AudioStream, found.get("audio")),
            video=_optional(VideoStream, found.get("video")),
            sounds=_each(AudioStream, found.get("sounds")),
            subtitles=_each(SubtitleStream, found.get("subtitles")),
            cover=_optional(CoverPicture, found.get("cover")),
            words=_optional(UserSubtitle, found.get("words")),
        )

    @cached_property
    def extract(self) -> ExtractFacts:
        found = self._result("extract")
        return replace(
            _read(ExtractFacts, found),
            companions=tuple(found.get("companions", ())),
            sound=_optional(SoundLength, found.get("sound")),
        )

    @cached_property
    def split(self) -> SplitFacts:
        return SplitFacts(tuple((float(start), float(end)) for start, end in self._result("split")["chunks"]))

    @cached_property
    def diarize(self) -> DiarizeFacts:
        return _read(DiarizeFacts, self._result("diarize"))

    @cached_property
    def merge(self) -> MergeFacts:
        found = self._result("merge")
        return replace(_read(MergeFacts, found), suspects=_each(Suspect, found.get("suspects")))

    def synthesis(self, target: str, take: int = 0) -> SynthesisFacts:
        found = self._result(take_key("synthesize", target, take))
        return replace(_read(SynthesisFacts, found), cast=_each(Cast, found.get("cast")))

    def casts(self, first: str | None) -> list[tuple[Cast, ...]]:
        """Return who speaks with which voice in each dub, beginning with the one into `first`, if there is one."""
        dubs = sorted(
            (one for one in self.translated if self.has(take_key("synthesize", one, 0))), key=lambda one: one != first
        )
        return [self.synthesis(target).cast for target in dubs]

    def verification(self, target: str, take: int = 0) -> VerificationFacts | None:
        """Return the verification of a take; None if it was not verified."""
        found = self._results.get(take_key("hear", target, take))
        return VerificationFacts.from_json(found) if found else None

    def last_verification(self, target: str) -> Mapping[int, HeardLine]:
        """Return the verification of each line's best take, by line id; empty if no line was verified."""
        found: Mapping[int, HeardLine] = {}
        take = 0
        while heard := self.verification(target, take):
            found = heard.lines
            take += 1
        return found

    def retaken(self, target: str) -> frozenset[int]:
        """Return the ids of the lines that were spoken again, because they were not understood."""
        first = self.verification(target)
        return frozenset(first.again) if first and self.has(take_key("synthesize", target, 1)) else frozenset()

    def best_takes(self, target: str) -> dict[int, str]:
        """Return the file of each verified line's best take, by line id."""
        return {line: one.file for line, one in self.last_verification(target).items()}

    def dub_length_s(self, target: str) -> float:
        return float(self._result(f"mix/{target}")["duration_s"])

    def document_suffix(self, target: str) -> str | None:
        """Return the suffix of the document that was written again in a target language; None if there is none."""
        found = self._results.get(f"translate/{target}", {}).get("document")
        return str(found) if found else None

    def film_file(self, target: str) -> str:
        """Return the name of a dubbed video in the work folder."""
        return str(self._result(f"mux/{target}")["file"])

    def film_suffix(self, target: str) -> str | None:
        """Return `mp4` or `mkv`; None if there is no dubbed video."""
        found = self._results.get(f"mux/{target}")
        return str(found["container"]) if found else None

    def compared_voices(self, target: str) -> tuple[VoiceLikeness, ...]:
        """Return the likeness of each cloned voice; empty if none was compared."""
        return _each(VoiceLikeness, self._results.get(f"compare/{target}", {}).get("voices"))

    def sound(self, target: str) -> DubSound | None:
        """Return how good a dub sounds; None if that was not estimated."""
        found = self._results.get(f"compare/{target}", {}).get("sound")
        return DubSound.from_json(found) if found else None

    def separated(self, target: str) -> bool:
        """Return whether voices were removed from the sound under a dub."""
        return "engine" in self._results.get(f"mix/{target}", {})

    def voices_left(self, target: str) -> VoicesLeft | None:
        """Return what is left of them; None if that was not measured."""
        return _optional(VoicesLeft, self._results.get(f"mix/{target}", {}).get("voices_left"))

    @property
    def language(self) -> str:
        """Return the spoken language, or that of a text."""
        return self.merge.language if self.has("merge") else self.extract.language

    @property
    def stated_language(self) -> str | None:
        """Return the language in the metadata of a recording; None if it has none, and before `probe`."""
        return self.probe.language if self.has("probe") else None

    @property
    def nearby(self) -> str | None:
        """Return the language of most files beside the source; None if it is unknown, and before `probe`."""
        return self.probe.nearby if self.has("probe") else None

    @property
    def frame_rate(self) -> float | None:
        """Return the pictures per second of a film; None if it has none, or they are unknown, and before `probe`."""
        video = self.probe.video if self.has("probe") else None
        return video.fps if video else None

    @property
    def duration_s(self) -> float:
        """Return the length in seconds, 0 if unknown. The length of a subtitle is known after `extract`."""
        found = (self._results.get(key, {}).get("duration_s") for key in ("probe", "extract"))
        return float(next((seconds for seconds in found if seconds), 0.0))

    @property
    def segments(self) -> int:
        """Return the largest number of lines in any language: a user's translation may have more than the original."""
        keys = ("merge", "extract", *(key for key in self._results if key.startswith("translate/")))
        return max(int(self._results.get(key, {}).get("segments", 0)) for key in keys)

    @property
    def translated(self) -> list[str]:
        """Return the targets that have a translation."""
        return [key.partition("/")[2] for key in self._results if key.startswith("translate/")]

    @property
    def placed(self) -> list[str]:
        """Return the targets whose lines were placed on the timeline."""
        mixed = ((key, result) for key, result in self._results.items() if key.startswith("mix/"))
        return [key.partition("/")[2] for key, result in mixed if "fit" in result]

    @property
    def source_size(self) -> int:
        """Return the size of the source in bytes, 0 before `probe`."""
        return int(self._results.get("probe", {}).get("size", 0))

    @property
    def deliverables(self) -> list[Deliverable]:
        """Return the files that all steps published, sorted by name."""
        return sorted((one for step in self.steps.values() for one in step.deliverables), key=lambda one: one.name)

    def _result(self, key: str) -> Result:
        try:
            return self._results[key]
        except KeyError:
            raise FactsMissing(f"{key} has no result") from None


def _read(kind: type[T], found: Result) -> T:
    """Build a `kind` from the fields it shares with a result, lists as tuples. Other keys are ignored."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in found.items() if name in known}
    return kind(**given)


def _optional(kind: type[T], found: Result | None) -> T | None:
    return _read(kind, found) if found else None


def _each(kind: type[T], found: Iterable[Result] | None) -> tuple[T, ...]:
    return tuple(_read(kind, one) for one in found or ())
