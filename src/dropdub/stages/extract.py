"""extract: turns the dropped file into audio.wav, or into a transcript if it is a text or a subtitle."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import partial
from typing import Any

from dropdub.dubbing.possible import Source, refuse_impossible_after_detection
from dropdub.dubbing.readers import with_turns_apart
from dropdub.engines.speaking.text_for_speech import parts
from dropdub.errors import EmptyFile, TooLarge
from dropdub.files.durable import sha256
from dropdub.media.containers import RAW_CONTAINERS
from dropdub.media.sound import wav
from dropdub.media.sound.length import SoundLength
from dropdub.pipeline.artifacts import AUDIO, TRANSCRIPT, Segment, Transcript, known_speaker_name
from dropdub.pipeline.known_speakers import sent_voice
from dropdub.pipeline.task import Result, Task
from dropdub.publishing.disk import await_disk
from dropdub.speech.extraction import Extracted, Extraction, extraction_warnings
from dropdub.speech.references import decode_reference
from dropdub.speech.targets import skip_warnings, skipped_targets
from dropdub.subtitles.cue_file import read_cues
from dropdub.subtitles.user_edits import segments_of
from dropdub.subtitles.user_files import language_of
from dropdub.text.documents import read_prose
from dropdub.text.language import FoundLanguage, text_language, usual_languages
from dropdub.text.reading import PIECE_CHARACTERS, cut, heading_of, paragraphs, spoken

BYTES_PER_SECOND = 32_000
MOST_PARAGRAPHS = 100_000
"""In a text. Each is a segment with its own files; the longest novels have 30,000, counting verses."""
_AFTER_LAST_CUE_S = 1.0
"""Time to finish the last line of a subtitle without a recording."""
_NOTHING_READ = "Code blocks, comments and front matter are skipped. Add some text, then drop the file again."
_READ, _READ_AND_COUNTED = 0.6, 0.9
"""Shares of the work done after each of these passes."""


def run(task: Task) -> Result:
    """Write audio.wav (for a recording) or transcript.json; return the content hash, and the length or language."""
    if task.kind == "media":
        return _media(task)
    return _subtitle(task) if task.kind == "subtitle" else _text(task)


def _media(task: Task) -> Result:
    _known_voices(task)
    extraction = Extraction(task.dropped, task.prepared_scratch(), task.limits.max_duration, task.deadline_s)
    needed = int(task.facts.probe.duration_s * BYTES_PER_SECOND)
    await_disk(task.job_dir, needed, job_name=task.job_name, min_free=int(task.limits.min_free_disk))
    read = _READ if task.options.targets else _READ_AND_COUNTED
    with task.work.written(AUDIO) as part:
        found = extraction.write(part, progress=lambda share: task.progress(share * read))
    return {
        **_hashes(task),
        "duration_s": found.duration_s,
        "keeps_time": found.sound.has_clock or task.facts.probe.container in RAW_CONTAINERS,
        **({"sound": asdict(_length(task, extraction, found))} if task.options.targets else {}),
        "warnings": extraction_warnings(task.dropped, found),
    }


def _known_voices(task: Task) -> None:
    """Decode the recordings of known speakers before all else, so that one that cannot be used is refused early."""
    for number, name in enumerate(task.params.get("speakers", ())):
        (task.job_dir / known_speaker_name(number)).parent.mkdir(exist_ok=True)
        with task.work.written(known_speaker_name(number)) as part:
            decode_reference(sent_voice(task.source, number), part, name=name, deadline_s=task.deadline_s)


def _length(task: Task, extraction: Extraction, found: Extracted) -> SoundLength:
    """Return the exact length of the audio, for the dubs; if ffmpeg does not report it, that of audio.wav."""
    length = extraction.length(found, progress=lambda share: task.progress(_READ + share * (_READ_AND_COUNTED - _READ)))
    return length or wav.length(task.job_dir / AUDIO)


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


def _text(task: Task) -> Result:
    text = with_turns_apart(read_prose(task.source, name=task.job_name, hint=task.hint), task.options.voices_by_speaker)
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
        "is_certain": written.is_certain,
        # Sentences, not paragraphs: deadlines are computed from this number, and sentences are the unit of work.
        "segments": sum(len(parts(spoken(paragraph), limit=PIECE_CHARACTERS)) for paragraph in found),
        "skipped": skipped,
        "headings": sum(heading_of(paragraph) is not None for paragraph in found),
        "warnings": [*written.warnings, *skip_warnings(task.job_name, "text", language, skipped)],
    }


def _subtitle(task: Task) -> Result:
    cues = read_cues(task.source, hint=task.hint)
    written = language_of(task.source, cues, hint=task.hint, usual=partial(_usual, task))
    language = written.language
    _refuse_impossible(task, language)
    segments, duration_s = segments_of(cues), max(cue.end for cue in cues) + _AFTER_LAST_CUE_S
    Transcript(language, duration_s, segments, engine={}).save(task.job_dir / TRANSCRIPT)
    skipped = skipped_targets(task.options, language, kind="text")
    return {
        "content_hash": sha256(task.source),
        "duration_s": duration_s,
        "language": language,
        "is_certain": written.is_certain,
        "segments": len(segments),
        "skipped": skipped,
        "warnings": [*written.warnings, *skip_warnings(task.job_name, "text", language, skipped)],
    }


def _language(task: Task, text: str) -> FoundLanguage:
    if task.hint.stated:
        return FoundLanguage(task.hint.stated)
    return text_language(text, name=task.job_name, usual=partial(_usual, task), nearby=task.hint.likely)


def _usual(task: Task) -> tuple[str, ...]:
    translates = partial(task.engines.translates, task.options.translator)
    return usual_languages(task.options.targets, lambda source, target: translates(source=source, target=target))


def _refuse_impossible(task: Task, language: str) -> None:
    source = Source([language], is_heard=False)
    refuse_impossible_after_detection(task.options, source, task.engines, voices=task.voices)
