"""extract: from the dropped file to what everything else works on, audio.wav or the paragraphs of a text."""

from __future__ import annotations

from dropdub.engines.languages import UNDETERMINED, detect_text_language
from dropdub.errors import NotMedia
from dropdub.files import sha256, written_whole
from dropdub.media import wav
from dropdub.media.ffmpeg import input_arguments, run_ffmpeg
from dropdub.pipeline.artefacts import AUDIO, TRANSCRIPT, Segment, Transcript
from dropdub.pipeline.disk import await_disk
from dropdub.pipeline.stages.base import Result, Task
from dropdub.pipeline.targets import skip_warnings, skipped_targets
from dropdub.pipeline.textfile import paragraphs, pieces, read_text
from dropdub.quantities import format_duration

BYTES_PER_SECOND = 32_000
ASSUMED_LANGUAGE = "en"
_MISSING_LEAST_S = 2.0
_MISSING_SHARE = 0.02
# On the container's time line: silence before a track that begins late, gaps filled, drift of the clock evened out.
_ON_TIME = "aresample=16000:async=1:first_pts=0"
_TOLD_APART = """
en pt es fr de it nl pl ro sv da nb fi cs sk sl hr sr bg uk ru el tr hu et lv lt ca gl eu
ar he fa ur hi bn ta th vi id ms tl sw af cy ga is mk sq eo la zh ja ko
"""
"""The languages that a text is taken to be in: without the rare ones that a short text is easily mistaken for."""


def run(task: Task) -> Result:
    """Write audio.wav of a recording, transcript.json of a text; return content hash and length or language."""
    return _text(task) if task.kind == "text" else _media(task)


def _media(task: Task) -> Result:
    promised_s, index = float(task.facts["probe"]["duration_s"]), task.facts["probe"]["audio"]["index"]
    await_disk(task, int(promised_s * BYTES_PER_SECOND))
    audio = task.job_dir / AUDIO
    with written_whole(audio, scratch=task.prepared_scratch()) as part:
        run_ffmpeg(
            [*input_arguments(task.source), "-map", f"0:{index}", *_as_speech(), str(part)],
            deadline_s=task.deadline_s,
            duration_s=promised_s,
            progress=lambda share: task.progress(share * 0.9),
        )
        if wav.duration_s(part) == 0:
            raise NotMedia(f"{task.job_name} has a sound track that holds nothing that can be read.")
    found_s = wav.duration_s(audio)
    return {
        "content_hash": sha256(task.source),
        "duration_s": found_s,
        "warnings": _short_warning(task, found_s, promised_s),
    }


def _as_speech() -> list[str]:
    plain = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
    return ["-af", _ON_TIME, "-ac", "1", "-c:a", "pcm_s16le", *plain, "-f", "wav"]


def _short_warning(task: Task, found_s: float, promised_s: float) -> list[str]:
    audio = task.facts["probe"]["audio"]
    # A sound track that is shorter than its film is no damage, where it says so itself.
    stated_s = audio.get("duration_s")
    expected_s = min(promised_s, stated_s + audio["start_time_s"]) if stated_s else promised_s
    if expected_s - found_s < max(_MISSING_LEAST_S, expected_s * _MISSING_SHARE):
        return []
    found, expected = format_duration(found_s), format_duration(expected_s)
    return [f"{task.job_name} ends early: {found} of {expected} can be read."]


def _text(task: Task) -> Result:
    text = read_text(task.source)
    found = paragraphs(text)
    language, warnings = _language(task, text)
    segments = tuple(Segment(number, 0.0, 0.0, paragraph) for number, paragraph in enumerate(found))
    Transcript(language, 0.0, segments, engine={}).save(task.job_dir / TRANSCRIPT)
    skipped = skipped_targets(task.options, language, kind="text")
    return {
        "content_hash": sha256(task.source),
        "language": language,
        # In pieces, not paragraphs: the unit of work, which deadlines are reckoned from.
        "segments": sum(len(pieces(paragraph)) for paragraph in found),
        "skipped": skipped,
        "warnings": [*warnings, *skip_warnings(task.job_name, "text", language, skipped)],
    }


def _language(task: Task, text: str) -> tuple[str, list[str]]:
    if task.options.language != "auto":
        return task.options.language, []
    if not any(character.isalpha() for character in text):
        sentence = f"The language of {task.job_name} cannot be told; {ASSUMED_LANGUAGE} is assumed."
        return ASSUMED_LANGUAGE, [sentence]
    found = detect_text_language(text, among=_TOLD_APART.split())
    return (ASSUMED_LANGUAGE if found == UNDETERMINED else found), []
