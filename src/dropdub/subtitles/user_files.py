"""A user's subtitle, dropped with a recording: used as its transcript or as its translation into a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropdub.dubbing.pacing import together_of
from dropdub.errors import EngineMissing, EngineNotInstalled, UnreadableFile, UnsupportedLanguage
from dropdub.languages import detect_text_language, same_language, tag_in_name
from dropdub.pipeline.artifacts import SPEAKERS, Segment, Transcript, load_turns
from dropdub.pipeline.task import Task
from dropdub.publishing.earlier_results import read_transcript
from dropdub.speech.sentences import sentences_of
from dropdub.speech.turns import with_speakers
from dropdub.subtitles.cue_file import read_cues
from dropdub.subtitles.formats import Cue
from dropdub.subtitles.user_edits import changed, revised, segments_of, speakers_as_in
from dropdub.text.reading import DETECTED_LANGUAGES

_ENGINE = "subtitle"


@dataclass(frozen=True)
class Given:
    """A transcript or translation, usually from a user's subtitle; `changed`: number of corrected lines, if any."""

    transcript: Transcript
    warnings: tuple[str, ...] = ()
    changed: int | None = None


def language_tag(path: Path) -> str | None:
    """Return the language tag in a subtitle's name: `en` of `clip.en.srt`; None if there is none."""
    return tag_in_name(path.stem)[1]


def given_target(tag: str | None, *, language: str, targets: Sequence[str], late: bool = False) -> str | None:
    """Return the target that a subtitle translates into; None if it is the transcript.

    `language` is the spoken one, or auto. A subtitle without a language in its name is the transcript. One that arrives
    after the recording was transcribed (`late`) may add a new target.
    """
    if tag is None or (language != "auto" and same_language(tag, language)):
        return None
    return next((target for target in targets if same_language(target, tag)), tag if late else None)


def subtitle_facts(task: Task) -> dict[str, Any] | None:
    """Return the fields of `UserSubtitle` for the subtitle that came with the recording; None if there is none."""
    if task.companion is None:
        return None
    tag = language_tag(task.companion)
    target = given_target(
        tag, language=task.options.language, targets=task.options.targets, late=task.before is not None
    )
    name, cues = task.companion.name, len(read_cues(task.companion))
    return {"name": name, "target": target, "cues": cues, "revises": task.before is not None}


def is_given(task: Task) -> bool:
    """Return whether the transcript comes from the user's subtitle or from an earlier job."""
    words = task.facts.probe.words
    return words is not None and words.is_transcript


def given_segments(task: Task) -> tuple[Segment, ...]:
    """Return the segments of the user's transcript, without speakers."""
    assert task.companion is not None
    return segments_of(read_cues(task.companion), end_s=task.facts.extract.length_s)


def given_transcript(task: Task) -> Given:
    """Return the user's transcript: the cues themselves, or an earlier transcript with their corrections."""
    assert task.companion is not None
    cues = read_cues(task.companion)
    if task.before is not None:
        base = _earlier(task.before, task.before_sha256)
        if task.facts.probe.brought_target is not None:
            return Given(base)
        kept, late = _within(revised(base.segments, cues), base.duration_s)
        segments = tuple(one for one in kept if one.text.strip())
        count = changed(base.segments, segments)
        return Given(replace(base, segments=segments).renumbered(), _late_warnings(task.companion.name, late), count)
    end_s = task.facts.extract.length_s
    segments = segments_of(cues, end_s=end_s)
    if task.facts.has("diarize"):
        segments = with_speakers(segments, load_turns(task.job_dir / SPEAKERS))
    language = language_of(task, task.companion, cues)
    transcript = Transcript(language, end_s, segments, {"name": _ENGINE, "file": task.companion.name}).renumbered()
    return Given(transcript, _late_warnings(task.companion.name, _late(cues, end_s)))


def given_translation(task: Task, source: Transcript, make: Callable[[], Transcript]) -> Given:
    """Return the user's translation: the cues themselves, or the translation by `make` with their corrections."""
    assert task.companion is not None and task.target is not None
    cues = read_cues(task.companion)
    was_made = task.before is not None and task.target in task.options.targets
    made = _made_before(make) if was_made else None
    if made is not None:
        segments, late_count = _within(revised(made.segments, cues), source.duration_s)
        segments = _without_old_wordings(source, made.segments, segments)
        count = changed(made.segments, segments)
        return Given(replace(made, segments=segments), _late_warnings(task.companion.name, late_count), count)
    segments = speakers_as_in(source.segments, segments_of(cues, end_s=source.duration_s))
    engine = {"name": _ENGINE, "file": task.companion.name}
    late = _late_warnings(task.companion.name, _late(cues, source.duration_s))
    return Given(Transcript(task.target, source.duration_s, segments, engine, source_language=source.language), late)


def _late(cues: Sequence[Cue], end_s: float) -> int:
    return sum(cue.start >= end_s for cue in cues)


def _made_before(make: Callable[[], Transcript]) -> Transcript | None:
    """Return the translation to correct; None if no engine can make it: it was then the user's own."""
    try:
        return make()
    except (UnsupportedLanguage, EngineMissing, EngineNotInstalled):
        return None


def _within(segments: Sequence[Segment], end_s: float) -> tuple[tuple[Segment, ...], int]:
    """Return the segments that start before the recording ends, cut off at its end, and the number of the others."""
    kept = [replace(one, end=min(one.end, end_s)) if one.end > end_s else one for one in segments if one.start < end_s]
    return tuple(kept), len(segments) - len(kept)


def _without_old_wordings(
    source: Transcript, before: Sequence[Segment], after: Sequence[Segment]
) -> tuple[Segment, ...]:
    """Return segments without their shorter wordings if they contain part of a corrected sentence."""
    texts = {one.id: one.text for one in before}
    corrected = {one.id for one in after if texts.get(one.id) != one.text}
    groups = together_of(sentences_of(source.segments))
    stale = corrected.union(*(group for group in groups if group & corrected))
    return tuple(replace(one, shorter=()) if one.id in stale else one for one in after)


def language_of(task: Task, path: Path, cues: Sequence[Cue]) -> str:
    """Return the language of a subtitle: from the options, from its name, or else detected from its text."""
    if task.options.language != "auto":
        return task.options.language
    return language_tag(path) or detect_text_language("\n".join(cue.text for cue in cues), among=DETECTED_LANGUAGES)


def _earlier(path: Path, sha256: str | None) -> Transcript:
    """Return the transcript to correct. Raises UnreadableFile if it changed since the subtitle was taken in."""
    found = read_transcript(path, recorded={sha256})
    if found is None:
        raise UnreadableFile(
            f"The transcript {path}, which this subtitle corrects, was removed or changed.",
            remedy="To transcribe the recording again, run: `dropdub retry JOB`.",
        )
    return found[0]


def _late_warnings(name: str, count: int) -> tuple[str, ...]:
    which = f"1 subtitle of {name} starts" if count == 1 else f"{count} subtitles of {name} start"
    were = "was" if count == 1 else "were"
    return (f"{which} after the end of the recording and {were} left out.",) if count else ()
