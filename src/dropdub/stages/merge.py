"""merge: joins the transcripts of the chunks into one, with every word once and each segment's speaker."""

from __future__ import annotations

from dataclasses import asdict, replace

from dropdub.config import JobOptions
from dropdub.languages import primary, same_language
from dropdub.pipeline.artifacts import SPEAKERS, TRANSCRIPT, Transcript, load_turns
from dropdub.pipeline.task import Result, Task
from dropdub.speech.chunks import load_merged
from dropdub.speech.cleanup_pt import clean_segments
from dropdub.speech.targets import skip_warnings, skipped_targets
from dropdub.speech.turns import speakers_in, with_speakers
from dropdub.subtitles.user_files import Given, given_transcript, is_given


def run(task: Task) -> Result:
    """Write transcript.json; return its language, its figures, and the targets without outputs (`skipped`)."""
    given = given_transcript(task) if is_given(task) else _from_recording(task)
    merged = given.transcript
    merged.save(task.job_dir / TRANSCRIPT)
    skipped, warnings = _skipped(task, merged)
    return {
        "segments": len(merged.segments),
        "words": sum(len(segment.text.split()) for segment in merged.segments),
        "language": merged.language,
        "engine": merged.engine,
        "speakers": speakers_in(merged.segments),
        "suspects": [asdict(one) for one in merged.suspects],
        "skipped": skipped,
        "changed": given.changed,
        "warnings": [*given.warnings, *warnings],
    }


def _from_recording(task: Task) -> Given:
    """Return what was transcribed; the user's subtitle instead if it turns out to be in the spoken language."""
    transcript = _transcribed(task)
    brought = task.facts.probe.brought_target
    is_transcript = brought is not None and same_language(brought, transcript.language)
    return given_transcript(task) if is_transcript and transcript.segments else Given(transcript)


def _transcribed(task: Task) -> Transcript:
    merged = load_merged(task.job_dir, task.facts)
    if task.facts.has("diarize"):
        merged = replace(merged, segments=with_speakers(merged.segments, load_turns(task.job_dir / SPEAKERS)))
    return cleaned_up(merged, task.options)


def cleaned_up(transcript: Transcript, options: JobOptions) -> Transcript:
    """Return it with cleaned-up texts if the options request cleanup for its language; else unchanged."""
    if options.cleanup == "none" or primary(transcript.language) != options.cleanup:
        return transcript
    return replace(transcript, segments=clean_segments(transcript.segments))


def _skipped(task: Task, merged: Transcript) -> tuple[list[str], list[str]]:
    if not merged.segments:
        brought = task.facts.probe.brought_target
        return [target for target in task.options.targets if target != brought], [
            f"No speech was found in {task.job_name}."
        ]
    skipped = skipped_targets(task.options, merged.language, kind="media")
    return skipped, skip_warnings(task.job_name, "media", merged.language, skipped)
