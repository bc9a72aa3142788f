"""What is compared on: a recording, a text or a subtitle; and the truth beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from dropdub.config import Config, JobOptions
from dropdub.errors import UsageError
from dropdub.languages import Hint
from dropdub.media.suffixes import MEDIA_SUFFIXES, NEVER_SUFFIXES, OTHER_SUFFIXES, SUBTITLE_SUFFIXES, unusable
from dropdub.operations.comparing.bench import Bench, Progress, Subject
from dropdub.pipeline.artifacts import TRANSCRIPT, Segment, Transcript, Turn
from dropdub.speech.speaker_tags import name_before
from dropdub.subtitles.cue_file import read_cues
from dropdub.subtitles.user_edits import segments_of
from dropdub.subtitles.user_files import language_of
from dropdub.text.documents import read_prose
from dropdub.text.language import text_language
from dropdub.text.reading import cut, paragraphs, spoken

TRUTH_SUFFIXES = (".srt", ".vtt", ".txt")
"""Of a file beside the compared one that says what is right, the most exact first."""
RECORDING, TEXT, SUBTITLE = "media", "text", "subtitle"
_OF_TEXT = "translated.txt"
"""The name of a text for its steps: that of a document would have the document written again, too."""
_LONGEST_TAG = 7
"""Of a language in a file's name, such as `pt-BR`."""


@dataclass(frozen=True)
class Words:
    """A text or a subtitle, read: its lines, with times if it has any, and the tag of its language."""

    kind: str
    language: str
    lines: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return "\n".join(spoken(line.text) for line in self.lines)

    @property
    def length_s(self) -> float:
        """Return until when it lasts, in seconds; 0 for a text."""
        return max((line.end for line in self.lines), default=0.0)


def kind_of_file(file: Path) -> str:
    """Return the kind of a file, by its name. Raises UsageError if it is none, or if it does not exist."""
    if not file.is_file():
        raise UsageError(f"{file} does not exist, or is not a file.")
    suffix = file.suffix.lower()
    if suffix in SUBTITLE_SUFFIXES:
        return SUBTITLE
    if suffix in MEDIA_SUFFIXES:
        return RECORDING
    if suffix in NEVER_SUFFIXES | OTHER_SUFFIXES:
        raise UsageError(unusable(file.name))
    return TEXT


def read_words(file: Path, language: str | None) -> Words:
    """Return a text or subtitle. `language`: a tag; None to detect it. Raises NotText, TooLarge and OSError."""
    hint = Hint(language)
    if kind_of_file(file) == SUBTITLE:
        cues = read_cues(file, hint=hint)
        return Words(SUBTITLE, language_of(file, cues, hint=hint, usual=tuple).language, segments_of(cues))
    text = read_prose(file, name=file.name, hint=hint)
    parts = [part for paragraph in paragraphs(text) for part in cut(paragraph)]
    if not parts:
        raise UsageError(f"{file.name} has no text.")
    lines = tuple(Segment(number, 0.0, 0.0, part) for number, part in enumerate(parts))
    return Words(TEXT, language or text_language(text, name=file.name, usual=tuple).language, lines)


def prepared_words(words: Words, folder: Path) -> Subject:
    """Return what the step `translate` needs of a text or subtitle."""
    folder.mkdir(parents=True)
    source = folder / _OF_TEXT
    source.write_text(words.text, encoding="utf-8")
    Transcript(words.language, words.length_s, words.lines, engine={}).save(folder / TRANSCRIPT)
    probe = {"kind": words.kind, "size": source.stat().st_size, "video": None}
    extract = {"language": words.language, "segments": len(words.lines)}
    return Subject(source, folder, words.kind, {"probe": probe, "extract": extract})


def prepared_recordings(
    bench: Bench, config: Config, files: Sequence[Path], folder: Path, progress: Progress
) -> list[Subject]:
    """Return what the step `transcribe` needs of recordings: their sound, and where speech is.

    Raises the errors of `probe`, such as NotMedia, NoAudio and TooLong.
    """
    subjects = [Subject(file.absolute(), folder / f"{number}") for number, file in enumerate(files)]
    steps = list(product(range(len(files)), ("probe", "extract", "split")))
    with bench.worker("media", _without_targets(config.job)) as worker:
        for done, (number, stage) in enumerate(steps, start=1):
            subject = subjects[number]
            subject.folder.mkdir(parents=True, exist_ok=True)
            subjects[number] = subject.having(stage, worker.run(stage, subject).result)
            progress(done / len(steps))
    return subjects


def _without_targets(job: JobOptions) -> JobOptions:
    """Return options with which a recording is only transcribed, by any engine: the compared ones are named later."""
    return job.model_copy(update={"targets": (), "transcriber": "auto", "diarizer": "auto", "language": "auto"})


@dataclass(frozen=True)
class Truth:
    """What is right, and the name of the file that says so."""

    name: str
    text: str


def truth_of(file: Path, given: Path | None, *, language: str | None, translated: bool) -> Truth | None:
    """Return the text that says what is right: of the given file, or of one beside the compared one; None without any.

    `language` is that of the truth. If it is a translation, only a file with the language in its name is one. Raises
    UsageError for a file that does not exist, NotText and TooLarge.
    """
    found = given or next((one for one in _beside(file, language, translated=translated) if one.is_file()), None)
    if found is None:
        return None
    return Truth(found.name, read_words(found, language or "und").text)


@dataclass(frozen=True)
class Speakers:
    """Who really speaks when, and the name of the file that says so."""

    name: str
    turns: tuple[Turn, ...]


def speakers_in(file: Path) -> Speakers | None:
    """Return who speaks when, of a subtitle whose lines begin with names; None if it is none, or none does.

    A line without a name is nobody's: it does not count. Raises UsageError for a file that does not exist.
    """
    if kind_of_file(file) != SUBTITLE:
        return None
    lines = segments_of(read_cues(file, hint=Hint(None)))
    named = [(line, name) for line in lines if (name := name_before(line.text)) is not None]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(name for _, name in named))}
    turns = tuple(Turn(line.start, line.end, numbers[name]) for line, name in named)
    return Speakers(file.name, turns) if turns else None


def speakers_beside(recording: Path) -> Speakers | None:
    """Return the same of a subtitle beside a recording."""
    beside = (recording.with_name(f"{recording.stem}{suffix}") for suffix in TRUTH_SUFFIXES)
    return next(filter(None, (speakers_in(one) for one in beside if one.is_file())), None)


def _beside(file: Path, language: str | None, *, translated: bool) -> Iterator[Path]:
    """Yield where the truth may be: `talk.pt.srt` and, of what is spoken, `talk.srt`; beside `talk.en.srt`, too."""
    stem, _, tag = file.stem.rpartition(".")
    stems = dict.fromkeys([file.stem, *([stem] if stem and len(tag) <= _LONGEST_TAG else [])])
    for name in stems:
        for suffix in TRUTH_SUFFIXES:
            if language:
                yield file.with_name(f"{name}.{language}{suffix}")
    for suffix in () if translated else TRUTH_SUFFIXES:
        yield file.with_name(f"{file.stem}{suffix}")
