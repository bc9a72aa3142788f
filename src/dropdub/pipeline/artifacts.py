"""Artifacts of a job: their names in the work folder, and the format of the JSON ones.

source/            the dropped file and its sidecar
audio.wav          16 kHz mono 16-bit PCM: the timeline of everything that follows
speech.json        speech segments of audio.wav: [start, end] pairs in seconds
language.json      tag of the spoken language, if the options do not name one
known/0.wav        a recording of somebody whom a request knows by name, decoded; they count from 0
speakers.json      who speaks when: [start, end, speaker number] triples in seconds; empty for a single speaker
chunks/0003.json   a Transcript of one range of audio.wav, with times in seconds of the recording
transcript.json    the whole Transcript (of a text job: its paragraphs, without times)
translation.pt.json  a Transcript in the target language, same ids and times, without words
document.pt.docx   the dropped document in the target language, in its own format (.epub, .md, .markdown)
voice.wav, voice.S2.wav   the reference recording that a speaker's voice is cloned from
speech.pt/0017.wav   one segment spoken (16-bit PCM mono at the synthesizer's rate); 0017.2.wav its second take,
                     0017.x110.wav at 1.1 times the normal rate, 0017.w1.wav with a shorter wording,
                     0017.cut.wav the same without babble after its last word
spoken.pt.json     text, rate and file of each line of the dub
fit.pt.json        where each utterance of the dub lies on the timeline, and how much it was sped up
dub.pt.wav         the dubbed track, as long as audio.wav; of a recording 48 kHz, stereo if the original is
dub.pt.m4a         the same, encoded
dub.pt.m4b         the same as an audiobook, with chapters and the book's cover
original.m4a       audio.wav, encoded: the report plays it next to the dub
video.pt.mp4       picture, dubbed track, original track, subtitle tracks (.mkv if MP4 cannot hold the codecs)
results/STEP.TOKEN.json   what a step returned, written before it is reported to the supervisor
tmp/STEP.TOKEN/    files that a step writes before it renames them; removed with the step
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dropdub.files.durable import write_whole
from dropdub.media.sound.spans import Span

AUDIO = "audio.wav"
SPEECH = "speech.json"
BACKGROUND = "background.flac"
"""The recording without its voices, if it was only separated."""
LANGUAGE = "language.json"
SPEAKERS = "speakers.json"
ORIGINAL_SOUND = "original.m4a"
TRANSCRIPT = "transcript.json"
VOICE = "voice.wav"
"""The voice that was made of a recording, in the results of that request; the only reference of a recording."""
_LABEL = re.compile(r"S\d{1,9}")


@dataclass(frozen=True)
class Turn:
    """A stretch of the recording, in seconds, and the number of its speaker. Names are assigned later."""

    start: float
    end: float
    speaker: int


@dataclass(frozen=True)
class TimedWord:
    """One word; times in seconds of the recording, probability in [0, 1]."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True)
class Segment:
    """A stretch of speech, or a paragraph of a text job (times 0). `id` counts from 0 within a transcript.

    `raw` is the text as transcribed, if cleanup changed it. `shorter` are alternative translations, each shorter than
    the previous.
    """

    id: int
    start: float
    end: float
    text: str
    words: tuple[TimedWord, ...] = ()
    speaker: str | None = None
    raw: str | None = None
    shorter: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suspect:
    """Text that the transcriber may have invented. Times in seconds; `fate`: dropped, collapsed (a loop) or kept."""

    start: float
    end: float
    text: str
    fate: str


@dataclass(frozen=True)
class OtherLanguage:
    """A stretch that is probably spoken in another language than the transcript; times in seconds of the recording."""

    start: float
    end: float
    language: str


@dataclass(frozen=True)
class Transcript:
    """What is said, in one language.

    `engine`: name and version of its engine; `suspects`: possibly invented text; `others`: speech in other languages.
    """

    language: str
    duration_s: float
    segments: tuple[Segment, ...]
    engine: dict[str, Any]
    source_language: str | None = None
    suspects: tuple[Suspect, ...] = ()
    others: tuple[OtherLanguage, ...] = ()

    def save(self, path: Path) -> None:
        """Write it as JSON, atomically."""
        path.parent.mkdir(exist_ok=True)
        write_whole(path, self.to_json().encode())

    def to_json(self) -> str:
        """Return it as JSON, without escaping non-ASCII characters."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @staticmethod
    def load(path: Path) -> Transcript:
        """Read what `save` wrote. Raises ValueError, KeyError or TypeError if the file holds anything else."""
        return Transcript.from_json(path.read_text(encoding="utf-8"))

    @staticmethod
    def from_json(text: str) -> Transcript:
        """Parse what `to_json` returned. Raises ValueError, KeyError or TypeError for anything else."""
        data = json.loads(text)
        segments = tuple(map(_segment, data["segments"]))
        suspects = tuple(Suspect(**one) for one in data.get("suspects", ()))
        others = tuple(OtherLanguage(**one) for one in data.get("others", ()))
        return Transcript(**{**data, "segments": segments, "suspects": suspects, "others": others})

    def renumbered(self) -> Transcript:
        """Return it with its segments renumbered from 0."""
        return replace(self, segments=tuple(replace(one, id=number) for number, one in enumerate(self.segments)))


def save_spans(path: Path, spans: Sequence[Span]) -> None:
    """Write spans as JSON, atomically."""
    write_whole(path, json.dumps([[span.start, span.end] for span in spans]).encode())


def load_spans(path: Path) -> list[Span]:
    """Read what `save_spans` wrote. Raises ValueError or TypeError if the file holds anything else."""
    return [Span(float(start), float(end)) for start, end in json.loads(path.read_text(encoding="utf-8"))]


def save_turns(path: Path, turns: Sequence[Turn]) -> None:
    """Write turns as JSON, atomically."""
    write_whole(path, json.dumps([[turn.start, turn.end, turn.speaker] for turn in turns]).encode())


def load_turns(path: Path) -> list[Turn]:
    """Read what `save_turns` wrote. Raises ValueError or TypeError if the file holds anything else."""
    items = json.loads(path.read_text(encoding="utf-8"))
    return [Turn(float(start), float(end), int(speaker)) for start, end, speaker in items]


def _segment(item: dict[str, Any]) -> Segment:
    words = tuple(TimedWord(**word) for word in item["words"])
    return Segment(**{**item, "words": words, "shorter": tuple(item.get("shorter", ()))})


def chunk_name(ordinal: int) -> str:
    return f"chunks/{ordinal:04d}.json"


def known_speaker_name(number: int) -> str:
    """Return the name of the decoded recording of a known speaker; they count from 0."""
    return f"known/{number}.wav"


def translation_name(target: str) -> str:
    return f"translation.{target}.json"


def document_name(target: str, suffix: str) -> str:
    return f"document.{target}.{suffix}"


def speech_dir_name(target: str) -> str:
    return f"speech.{target}"


def cut_name(name: str) -> str:
    """Return the file name of a spoken segment whose babble after the last word was cut off."""
    return f"{Path(name).stem}.cut.wav"


def voice_name(speaker: str | None) -> str:
    """Return the file name of a speaker's reference. Names that a person gave need not be those of files."""
    if speaker is None:
        return VOICE
    is_label = _LABEL.fullmatch(speaker) is not None
    return f"voice.{speaker if is_label else hashlib.sha256(speaker.encode()).hexdigest()[:16]}.wav"


def dub_name(target: str, suffix: str = "wav") -> str:
    return f"dub.{target}.{suffix}"


def video_name(target: str, suffix: str) -> str:
    return f"video.{target}.{suffix}"


def piece_name(number: int) -> str:
    """Return the file name of a piece of speech in the results of a text that is said; they count from 0."""
    return f"{number:04d}.wav"


PIECES = "pieces.json"
"""The number of pieces of a text that is said, in its results: known before the first one is spoken."""


def result_name(step_key: str, token: int) -> str:
    return f"results/{flat(step_key)}.{token}.json"


def scratch_name(step_key: str, token: int) -> str:
    return f"tmp/{flat(step_key)}.{token}"


def flat(step_key: str) -> str:
    """Return a step's key as a file name."""
    return step_key.replace("/", "-")
