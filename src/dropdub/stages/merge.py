"""merge: joins the transcripts of the chunks into one, with every word once and each segment's speaker."""

from __future__ import annotations

from dataclasses import asdict, replace

from dropdub.config import JobOptions
from dropdub.languages import UNDETERMINED, primary, same_language
from dropdub.pipeline.artifacts import SPEAKERS, TRANSCRIPT, Transcript, Turn, load_turns
from dropdub.pipeline.task import Result, Task
from dropdub.speech.chunks import load_merged
from dropdub.speech.cleanup_pt import clean_segments
from dropdub.speech.other_languages import other_language_warnings
from dropdub.speech.targets import skip_warnings, skipped_targets
from dropdub.speech.turns import speakers_in, with_speakers
from dropdub.subtitles.user_files import Given, corrected_transcript, earlier_transcript, given_transcript


def run(task: Task) -> Result:
    """Write transcript.json; return its language, its figures, and the targets without outputs (`skipped`)."""
    given = _given(task) if task.facts.probe.brought_transcript else _from_recording(task)
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
        "warnings": [*given.warnings, *other_language_warnings(task.job_name, merged), *warnings],
    }


def _from_recording(task: Task) -> Given:
    """Return what was transcribed; the user's subtitle instead if it turns out to be in the spoken language."""
    transcript = _transcribed(task) if task.facts.split.chunks else _silence(task)
    brought = task.facts.probe.brought_target
    is_transcript = brought is not None and same_language(brought, transcript.language)
    return _given(task) if is_transcript and transcript.segments else Given(transcript)


def _given(task: Task) -> Given:
    """Return the user's transcript: the cues themselves, or an earlier transcript with their corrections."""
    companion = task.companion
    assert companion is not None
    if not companion.revises:
        end_s = task.facts.extract.length_s
        return given_transcript(companion, language=task.options.language, end_s=end_s, turns=_turns(task))
    if task.facts.probe.brought_target is not None:  # it corrects a translation
        return Given(earlier_transcript(companion))
    return corrected_transcript(companion)


def _silence(task: Task) -> Transcript:
    """Return the transcript of a recording without speech. Its language is the one set, or the one in its metadata."""
    stated = task.facts.probe.language if task.options.language == "auto" else task.options.language
    return Transcript(primary(stated or UNDETERMINED), task.facts.extract.length_s, (), engine={})


def _transcribed(task: Task) -> Transcript:
    merged = load_merged(task.job_dir, task.facts)
    return cleaned_up(replace(merged, segments=with_speakers(merged.segments, _turns(task))), task.options)


def _turns(task: Task) -> list[Turn]:
    """Return who speaks when; empty if that was not asked for."""
    return load_turns(task.job_dir / SPEAKERS) if task.facts.has("diarize") else []


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
