"""probe: identifies the dropped file by its content, and refuses what Dropdub cannot process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from stat import S_ISREG

from dropdub.config import Limits
from dropdub.dubbing.possible import Source, refuse_impossible
from dropdub.errors import EmptyFile, NoAudio, NotAFile, NotMedia, NotText, TooLarge, TooLong, UnreadableFile
from dropdub.film.soundtrack import choice_warnings, chosen_sound
from dropdub.languages import DETECTED_LANGUAGES
from dropdub.media.claimed_length import longest_believed_s
from dropdub.media.decoders import MOST_PIXELS
from dropdub.media.ffmpeg import find_ffmpeg
from dropdub.media.probe import MediaInfo, probe_media
from dropdub.media.stream_types import AudioStream
from dropdub.media.suffixes import (
    ACCEPTED,
    MEDIA_SUFFIXES,
    OTHER_SUFFIXES,
    SUBTITLE_SUFFIXES,
    TEXT_SUFFIXES,
    unusable,
)
from dropdub.pipeline.companion import UserSubtitle
from dropdub.pipeline.task import Result, Task
from dropdub.subtitles.cue_file import is_subtitle_file, read_subtitles
from dropdub.subtitles.user_files import lacks_most, subtitle_facts
from dropdub.text.documents import is_document, read_document, unread_parts
from dropdub.text.other_formats import OtherFormat, other_format, other_text_format
from dropdub.text.reading import HEAD_BYTES, damage_warnings, looks_like_text, written_text
from dropdub.units import format_duration, format_size, too_large
from dropdub.untrusted.characters import as_read

_LEFT_FOR_THE_REST_S = 1.0


def run(task: Task) -> Result:
    """Return kind and size of the source; for a recording also its length, container, streams and `words`.

    Raises EmptyFile, NotAFile, UnreadableFile, NotMedia, NotText, NoAudio, TooLong, TooLarge,
    UnsupportedCodec, UnsupportedLanguage, EngineMissing, VoiceMissing.
    """
    size, words = _usable_size(task.source, task.job_name), None
    if size > task.limits.max_size:
        raise TooLarge(too_large(task.job_name, size, task.limits.max_size))
    _refuse_other_formats(task.source, task.job_name)
    if _is_subtitle(task, size):
        result = _subtitle(task, size)
    elif is_document(task.job_name) or _is_text(task.source, task.job_name):
        result = _text(task, size)
    else:
        result, words = _recording(task)
    find_ffmpeg()  # which encodes whatever is spoken
    _refuse_impossible(task, words, is_heard=result["kind"] == "media")
    nearby = {"nearby": task.nearby} if task.nearby else {}
    return {**result, **nearby, "warnings": [*task.params.get("warnings", ()), *result.get("warnings", ())]}


def _usable_size(source: Path, name: str) -> int:
    try:
        status = source.lstat()
        if not S_ISREG(status.st_mode):
            raise NotAFile(f"{name} is not a regular file.")
        with source.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UnreadableFile(f"{name} cannot be read: {error.strerror or error}.") from error
    if status.st_size == 0:
        raise EmptyFile(f"{name} is empty.")
    return status.st_size


def _refuse_other_formats(source: Path, name: str) -> None:
    """Refuse a PDF and its like by what it is: its name may say otherwise."""
    _refuse(name, other_format(_head(source)))


def _refuse(name: str, found: OtherFormat | None) -> None:
    if found is not None:
        raise NotText(f"{name} is {found.what}.", remedy=found.remedy)


def _head(source: Path) -> bytes:
    with source.open("rb") as file:
        return file.read(HEAD_BYTES)


def _is_subtitle(task: Task, size: int) -> bool:
    """Return whether the name or the content is that of subtitles, which are not to be read aloud as prose.

    What is too large for a text is not examined: it is a recording, or refused.
    """
    suffix = Path(task.job_name).suffix.lower()
    if suffix in SUBTITLE_SUFFIXES:
        return True
    may_be = suffix not in MEDIA_SUFFIXES and not is_document(task.job_name) and size <= task.limits.max_text
    return may_be and is_subtitle_file(task.source)


def _is_text(source: Path, name: str) -> bool:
    """Return whether the content is text. Raises NotMedia or NotText if it is, but the name says otherwise."""
    if not looks_like_text(_head(source)):
        return False
    suffix = Path(name).suffix.lower()
    if suffix in MEDIA_SUFFIXES:
        raise NotMedia(f"{name} is not a recording: it contains text.")
    if suffix in OTHER_SUFFIXES:
        raise NotText(unusable(name), remedy=ACCEPTED)
    return True


def _refuse_impossible(task: Task, words: UserSubtitle | None, *, is_heard: bool) -> None:
    """Refuse what cannot succeed; what depends on a language that must be detected first, is refused after that."""
    heard = is_heard and not (words and words.is_transcript)
    source = Source(_possible_languages(task, words, is_heard=heard), heard, words.target if words else None)
    refuse_impossible(task.options, source, task.engines, voices=task.voices)


def _possible_languages(task: Task, words: UserSubtitle | None, *, is_heard: bool) -> Sequence[str]:
    options = task.options
    if options.language != "auto":
        return [options.language]
    if words is not None and words.language is not None:
        return [words.language]
    understood = task.engines.understood(options.transcriber) if is_heard and options.targets else None
    return sorted(understood or DETECTED_LANGUAGES)


def _subtitle(task: Task, size: int) -> Result:
    """Accept a subtitle without a recording: its cues are spoken at their times."""
    _refuse_long_text(task, size)
    found = read_subtitles(task.source, hint=task.hint)
    _refuse_too_long(task.job_name, max(cue.end for cue in found.cues), task.limits)
    return {"kind": "subtitle", "size": size, "video": None, "warnings": list(found.warnings)}


def _refuse_long_text(task: Task, size: int, *, name: str | None = None) -> None:
    if size > task.limits.max_text:
        remedy = "Shorten it, or raise limits.max_text in config.yaml, then run: `dropdub retry JOB`."
        raise TooLarge(too_large(name or task.job_name, size, task.limits.max_text), remedy=remedy)


def _text(task: Task, size: int) -> Result:
    name, warnings = task.job_name, list[str]()
    if is_document(name):
        text, warnings = read_document(task.source), unread_parts(task.source, name=name)
        _refuse_long_text(task, len(text.encode()))
    else:
        _refuse_long_text(task, size)
        written = written_text(task.source, hint=task.hint)
        _refuse(name, other_text_format(written.text))
        text, warnings = as_read(written.text), damage_warnings(written, name=name)
    if not text.strip():
        raise EmptyFile(
            next(iter(warnings), f"{name} contains only whitespace."), remedy="Add some text, then drop it again."
        )
    return {"kind": "text", "size": size, "video": None, "warnings": warnings}


def _recording(task: Task) -> tuple[Result, UserSubtitle | None]:
    """Return the facts of a recording, and those of the subtitle that came with it."""
    companion, options = task.companion, task.options
    if companion is None:
        return {**_media(task), "words": None}, None
    _refuse_long_text(task, companion.path.stat().st_size, name=companion.path.name)
    media = _media(task)
    fps = media["video"]["fps"] if media["video"] else None
    language = companion.language or media["language"] or task.hint.likely
    brought = replace(companion, language=language, fps=fps)
    if lacks_most(brought, length_s=media["duration_s"]):
        unused = f"{companion.path.name} holds only a part of what is said, so {task.job_name} was transcribed."
        return {**media, "words": None, "warnings": [*media["warnings"], unused]}, None
    words, warnings = subtitle_facts(brought, language=options.language, targets=options.targets)
    return {**media, "words": asdict(words), "warnings": [*media["warnings"], *warnings]}, words


def _media(task: Task) -> Result:
    name = task.job_name
    timeout_s = max(task.deadline_s - _LEFT_FOR_THE_REST_S, task.deadline_s / 2)
    try:
        info = probe_media(task.source, timeout_s=timeout_s)
    except NotMedia as error:
        raise _refusal(name) from error
    if not info.audio:
        raise NoAudio(f"{name} has no audio track.")
    _refuse_too_long(name, info.duration_s, task.limits)
    _refuse_empty_length(name, info)
    audio = chosen_sound(name, info.audio, task.options)
    if len(info.audio) > 1:
        task.log(f"{name} has {len(info.audio)} audio tracks; using number {info.audio.index(audio) + 1}")
    return _result(name, info, audio, choice_warnings(name, info.audio, audio, task.options))


def _refusal(name: str) -> NotMedia | NotText:
    """Return the error for a file that is not a recording, worded to fit its name."""
    suffix = Path(name).suffix.lower()
    if suffix in TEXT_SUFFIXES:
        return NotText(f"{name} cannot be read as text.")
    return NotMedia(f"{name} cannot be read as a recording.", remedy=None if suffix in MEDIA_SUFFIXES else ACCEPTED)


def _refuse_too_long(name: str, duration_s: float, limits: Limits) -> None:
    if duration_s > limits.max_duration:
        length, most = format_duration(duration_s), format_duration(limits.max_duration)
        raise TooLong(f"{name} is {length} long; the limit is {most}.")


def _refuse_empty_length(name: str, info: MediaInfo) -> None:
    """Refuse a stated length that the file is too small to hold: it would turn into hours of silence."""
    if info.duration_s > longest_believed_s(info.size):
        length, size = format_duration(info.duration_s), format_size(info.size)
        raise NotMedia(f"{name} states a length of {length}, but has only {size}.")


def _result(name: str, info: MediaInfo, audio: AudioStream, warnings: list[str]) -> Result:
    """Return the facts of a recording, without a picture of unknown size, which cannot become a dubbed video."""
    unread = info.video is not None and not info.video.width
    return {
        "kind": "media",
        "size": info.size,
        "duration_s": info.duration_s,
        "start_time_s": info.start_time_s,
        "container": info.container,
        "title": info.title,
        "language": audio.language or info.language,
        "audio": asdict(audio),
        "video": asdict(info.video) if info.video and not unread else None,
        "sounds": [asdict(one) for one in info.audio],
        "subtitles": [asdict(one) for one in info.subtitles],
        "cover": asdict(info.cover) if info.cover else None,
        "fonts": info.fonts,
        "warnings": [*warnings, *([_without_picture(name)] if unread else [])],
    }


def _without_picture(name: str) -> str:
    return (
        f"The video of {name} has no readable size, or more than {MOST_PIXELS // 1_000_000} million pixels, "
        "so only its audio is processed."
    )
