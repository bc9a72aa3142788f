"""book: the dub of a text as an audiobook, with a chapter for each heading and what its book says."""

from __future__ import annotations

from pathlib import Path

from dropdub.dubbing.measured_lines import lengths_in_samples, line_files
from dropdub.errors import MediaToolFailed, NotText, TooLarge
from dropdub.languages import display_name, three_letters
from dropdub.media.ffmpeg import BITEXACT, input_arguments, picture_arguments, run_ffmpeg
from dropdub.pipeline.artifacts import Transcript, dub_name, translation_name
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.text.chapters import as_ffmetadata, chapters
from dropdub.text.documents import BookDetails, cover_of, details_of
from dropdub.text.paragraph_times import starts_in_a_row


def run(task: Task) -> Result:
    """Write dub.T.m4b; return its number of chapters. An unusable cover is left out, with a warning."""
    target = target_of(task)
    translation = Transcript.load(task.job_dir / translation_name(target))
    details, warnings = _details(task)
    name = details.title or Path(task.job_name).stem
    title = f"{name} ({display_name(target)})"
    end = task.facts.dub_length_s(target)
    found = chapters(translation.segments, _starts(task, target), title=title, end=end)
    notes = task.prepared_scratch() / "chapters.txt"
    tags = {"artist": details.author, "album_artist": details.author, "album": details.title}
    notes.write_text(as_ffmetadata(found, title=title, tags=tags), encoding="utf-8")
    cover, unread = _cover(task)
    warnings = list(dict.fromkeys([*warnings, *unread]))
    try:
        _write(task, target, notes, cover)
    except MediaToolFailed:
        if cover is None:
            raise
        warnings += [f"The cover of {task.job_name} could not be embedded, so its audiobook has none."]
        _write(task, target, notes, None)
    return {"chapters": len(found), "warnings": warnings}


def _starts(task: Task, target: str) -> dict[int, float]:
    """Return the start of each paragraph in seconds, by its id."""
    rate = task.facts.synthesis(target).sample_rate
    lengths = lengths_in_samples(line_files(task.job_dir, task.facts, target), rate)
    return {id_: start / rate for id_, start in starts_in_a_row(lengths, rate).items()}


def _details(task: Task) -> tuple[BookDetails, list[str]]:
    try:
        return details_of(task.source), []
    except (NotText, TooLarge) as error:
        return BookDetails(), [error.message]


def _cover(task: Task) -> tuple[Path | None, list[str]]:
    try:
        cover = cover_of(task.source)
    except (NotText, TooLarge) as error:
        return None, [error.message]
    if cover is None:
        return None, []
    path = task.prepared_scratch() / f"cover.{cover.suffix}"
    path.write_bytes(cover.data)
    return path, []


def _write(task: Task, target: str, notes: Path, cover: Path | None) -> None:
    sound = input_arguments(task.job_dir / dub_name(target, "m4a"))
    picture = picture_arguments(cover, kind=cover.suffix[1:]) if cover else []
    shown = ["-map", "2:v", "-disposition:v:0", "attached_pic"] if cover else []
    tags = ["-metadata:s:a:0", f"language={three_letters(target)}", "-metadata", "genre=Audiobook"]
    with task.work.written(dub_name(target, "m4b")) as part:
        run_ffmpeg(
            [
                *(*sound, "-f", "ffmetadata", "-i", str(notes), *picture),
                *("-map", "0:a", *shown, "-map_metadata", "1", "-map_chapters", "1", "-c", "copy"),
                *(*BITEXACT, *tags, "-movflags", "+faststart", "-f", "ipod", str(part)),
            ],
            deadline_s=task.deadline_s,
            progress=task.progress,
        )
