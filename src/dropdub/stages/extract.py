"""extract: turns the dropped file into audio.wav, or into a transcript if it is a text or a subtitle."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from dropdub.dubbing.possible import Source, refuse_impossible_after_detection
from dropdub.engines.text_for_speech import parts
from dropdub.errors import EmptyFile, NotMedia, TooLarge, TooLong
from dropdub.files.durable import sha256
from dropdub.film.start_time import film_clock
from dropdub.media.claimed_length import is_longer_than_stated, longest_read_s
from dropdub.media.ffmpeg import UNTAGGED, input_arguments, run_ffmpeg
from dropdub.media.sound import wav
from dropdub.media.sound.length import SoundLength, counted, counting, until
from dropdub.pipeline.artifacts import AUDIO, TRANSCRIPT, Segment, Transcript
from dropdub.pipeline.task import Result, Task
from dropdub.publishing.disk import await_disk
from dropdub.speech.targets import skip_warnings, skipped_targets
from dropdub.subtitles.cue_file import read_cues
from dropdub.subtitles.user_edits import segments_of
from dropdub.subtitles.user_files import language_of
from dropdub.text.documents import read_prose
from dropdub.text.language import FoundLanguage, text_language, usual_languages
from dropdub.text.reading import PIECE_CHARACTERS, cut, heading_of, paragraphs, spoken
from dropdub.units import format_duration

BYTES_PER_SECOND = 32_000
MOST_PARAGRAPHS = 100_000
"""In a text. Each is a segment with its own files; the longest novels have 30,000, counting verses."""
_MISSING_LEAST_S = 2.0
_MISSING_SHARE = 0.02
_AT_THE_END_S = 1.0
_HEADER_BYTES = 100_000
"""For the header of audio.wav, and for a block of audio that ffmpeg writes before it notices the limit."""
_AFTER_LAST_CUE_S = 1.0
"""Time to finish the last line of a subtitle without a recording."""
_NOTHING_READ = "Code blocks, comments and front matter are skipped. Add some text, then drop the file again."
_READ, _READ_AND_COUNTED = 0.6, 0.9
"""Shares of the work done after each of these passes."""
# Follow the container's timestamps: add silence before a late track, fill gaps, correct clock drift.
_ON_TIME = "aresample=16000:async=1:first_pts=0"


def run(task: Task) -> Result:
    """Write audio.wav (for a recording) or transcript.json; return the content hash, and the length or language."""
    if task.kind == "media":
        return _media(task)
    return _subtitle(task) if task.kind == "subtitle" else _text(task)


def _media(task: Task) -> Result:
    probe = task.facts.probe
    promised_s, read = probe.duration_s, _READ if task.options.targets else _READ_AND_COUNTED
    needed = int(promised_s * BYTES_PER_SECOND)
    await_disk(task.job_dir, needed, job_name=task.job_name, min_free=int(task.limits.min_free_disk))
    most_s = longest_read_s(promised_s, probe.size, most_s=task.limits.max_duration)
    with task.work.written(AUDIO) as part:
        _read(task, part, until_s=most_s, progress=lambda share: task.progress(share * read))
        if wav.duration_s(part) == 0:
            raise NotMedia(f"The audio track of {task.job_name} contains no readable audio.")
        _refuse_too_long(task, wav.duration_s(part))
        jumps = wav.duration_s(part) > most_s - _AT_THE_END_S
        if jumps:  # keep only what plays within the stated length
            os.truncate(part, 0)
            _read(task, part, until_s=promised_s, progress=lambda _share: None)
    found_s = wav.duration_s(task.job_dir / AUDIO)
    end_s = found_s if jumps else found_s + _AT_THE_END_S
    return {
        **_hashes(task),
        "duration_s": found_s,
        **({"sound": asdict(_length(task, until_s=end_s))} if task.options.targets else {}),
        "warnings": _length_warning(task, found_s, promised_s, jumps=jumps),
    }


def _read(task: Task, part: Path, *, until_s: float, progress: Callable[[float], None]) -> None:
    probe, most_bytes = task.facts.probe, int(until_s * BYTES_PER_SECOND) + _HEADER_BYTES
    sound = ["-map", task.facts.probe.sound_stream, *_as_speech(until_s), "-fs", str(most_bytes)]
    run_ffmpeg(
        [*input_arguments(task.source), *film_clock(probe), *sound, str(part)],
        deadline_s=task.deadline_s,
        duration_s=probe.duration_s,
        progress=progress,
        most_bytes=most_bytes + _HEADER_BYTES,
    )


def _refuse_too_long(task: Task, found_s: float) -> None:
    """Raise TooLong if the audio is longer than the limit, whatever length the file states."""
    if found_s > task.limits.max_duration + _AT_THE_END_S:
        most = format_duration(task.limits.max_duration)
        raise TooLong(f"{task.job_name} is longer than the limit of {most}, although the file states less.")


def _length(task: Task, *, until_s: float) -> SoundLength:
    """Return the length of the audio at its own sample rate, for the dubs: resampled audio.wav is a few samples off."""
    probe, listed = task.facts.probe, task.prepared_scratch() / "length"
    counts = counting(task.facts.probe.sound_stream, probe.sound.sample_rate, listed, until_s=until_s)
    run_ffmpeg(
        [*input_arguments(task.source), *film_clock(probe), *counts],
        deadline_s=task.deadline_s,
        duration_s=probe.duration_s,
        progress=lambda share: task.progress(_READ + share * (_READ_AND_COUNTED - _READ)),
    )
    try:
        return counted(listed)
    except ValueError:  # ffmpeg listed nothing: the length of audio.wav is the best estimate
        return wav.length(task.job_dir / AUDIO)


def _hashes(task: Task) -> dict[str, Any]:
    """Return the source's hash. With a subtitle, the content hash covers source, subtitle and the subtitle's role."""
    source = sha256(task.source)
    if task.companion is None:
        return {"content_hash": source}
    path = task.companion.path
    size, words = path.stat().st_size, sha256(path)
    role = task.facts.probe.brought_target or "transcript"
    both = hashlib.sha256(f"{source} {words} {role}".encode()).hexdigest()
    inputs = [{"name": path.name, "size": size, "sha256": words}]
    return {"content_hash": both, "source_hash": source, "companions": inputs}


def _as_speech(until_s: float) -> list[str]:
    return ["-af", f"{until(until_s)},{_ON_TIME}", "-ac", "1", "-c:a", "pcm_s16le", *UNTAGGED, "-f", "wav"]


def _length_warning(task: Task, found_s: float, promised_s: float, *, jumps: bool) -> list[str]:
    if jumps:
        stated = format_duration(promised_s)
        what = f"The timestamps of {task.job_name} jump, so only its stated length of {stated} was processed."
        return [f"{what} If something is missing, convert it with another program and drop the result."]
    if is_longer_than_stated(found_s, promised_s):
        found, stated = format_duration(found_s), format_duration(promised_s)
        return [f"{task.job_name} states a length of {stated}, but is {found} long. All of it was processed."]
    return _short_warning(task, found_s, promised_s)


def _short_warning(task: Task, found_s: float, promised_s: float) -> list[str]:
    audio = task.facts.probe.sound
    # An audio track may be shorter than its video: that is no damage if the track itself states its length.
    stated_s = audio.duration_s
    expected_s = min(promised_s, stated_s + audio.start_time_s) if stated_s else promised_s
    if expected_s - found_s < max(_MISSING_LEAST_S, expected_s * _MISSING_SHARE):
        return []
    found, expected = format_duration(found_s), format_duration(expected_s)
    return [f"{task.job_name} ends early: only {found} of {expected} could be read. The file may be incomplete."]


def _text(task: Task) -> Result:
    text = read_prose(task.source, name=task.job_name, language=task.options.known_language)
    found = [part for paragraph in paragraphs(text) for part in cut(paragraph)]
    if not found:
        raise EmptyFile(f"{task.job_name} contains nothing to read aloud.", remedy=_NOTHING_READ)
    if len(found) > MOST_PARAGRAPHS:
        sentence = f"{task.job_name} has {len(found):,} paragraphs; the limit is {MOST_PARAGRAPHS:,}."
        raise TooLarge(sentence, remedy="Split it into several texts and drop those.")
    written = _language(task, text)
    language = written.language
    _refuse_impossible(task, language)
    segments = tuple(Segment(number, 0.0, 0.0, paragraph) for number, paragraph in enumerate(found))
    Transcript(language, 0.0, segments, engine={}).save(task.job_dir / TRANSCRIPT)
    skipped = skipped_targets(task.options, language, kind="text")
    return {
        "content_hash": sha256(task.source),
        "language": language,
        # Sentences, not paragraphs: deadlines are computed from this number, and sentences are the unit of work.
        "segments": sum(len(parts(spoken(paragraph), limit=PIECE_CHARACTERS)) for paragraph in found),
        "skipped": skipped,
        "headings": sum(heading_of(paragraph) is not None for paragraph in found),
        "warnings": [*written.warnings, *skip_warnings(task.job_name, "text", language, skipped)],
    }


def _subtitle(task: Task) -> Result:
    cues = read_cues(task.source, language=task.options.known_language)
    written = language_of(task.source, cues, language=task.options.known_language, usual=partial(_usual, task))
    language = written.language
    _refuse_impossible(task, language)
    segments, duration_s = segments_of(cues), max(cue.end for cue in cues) + _AFTER_LAST_CUE_S
    Transcript(language, duration_s, segments, engine={}).save(task.job_dir / TRANSCRIPT)
    skipped = skipped_targets(task.options, language, kind="text")
    return {
        "content_hash": sha256(task.source),
        "duration_s": duration_s,
        "language": language,
        "segments": len(segments),
        "skipped": skipped,
        "warnings": [*written.warnings, *skip_warnings(task.job_name, "text", language, skipped)],
    }


def _language(task: Task, text: str) -> FoundLanguage:
    known = task.options.known_language
    return FoundLanguage(known) if known else text_language(text, name=task.job_name, usual=partial(_usual, task))


def _usual(task: Task) -> tuple[str, ...]:
    translates = partial(task.engines.translates, task.options.translator)
    return usual_languages(task.options.targets, lambda source, target: translates(source=source, target=target))


def _refuse_impossible(task: Task, language: str) -> None:
    source = Source([language], is_heard=False)
    refuse_impossible_after_detection(task.options, source, task.engines, voices=task.voices)
