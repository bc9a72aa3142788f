"""publish: finished artefacts as deliverables in the staging folder, from where one rename each brings them out."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dropdub.files import copy_whole, fsync_dir, sha256, write_whole
from dropdub.media.frames import shown_size
from dropdub.media.subtitles import layout, write_ass, write_srt, write_vtt
from dropdub.pipeline.artefacts import TRANSCRIPT, Transcript, dub_name, translation_name
from dropdub.pipeline.deliverables import MANIFEST, as_markdown, as_text, deliverable_name, manifest, readable
from dropdub.pipeline.dubfile import dub_to_publish, tag_dub
from dropdub.pipeline.fit_report import fit_name, load_fit
from dropdub.pipeline.fits import fits_of
from dropdub.pipeline.outfolder import trouble_with
from dropdub.pipeline.quality import Quality, quality_of
from dropdub.pipeline.report.contents import ORIGINAL
from dropdub.pipeline.report.page import REPORT
from dropdub.pipeline.stages.base import Result, Task, target_of
from dropdub.pipeline.stages.reporting import original_sound, report
from dropdub.removal import remove


def run(task: Task) -> Result:
    """Stage what `params["what"]` names; return `deliverables`: name, size and SHA-256 of each.

    Raises Waiting where the outbox, or the room in it, is not there, OutRefused where the job's own is forbidden.
    """
    what = str(task.params["what"])
    warnings = tag_dub(task) if what == "dub" else []
    with _outbox_there(task):
        _make_staging(task.staging)
        paths = list(_RENDERERS[what](task))
        return {"deliverables": [_described(path) for path in paths], "warnings": warnings}


def _make_staging(folder: Path) -> None:
    """Make the folder, although the supervisor may remove its empty parent at this very moment."""
    with contextlib.suppress(FileNotFoundError):
        folder.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)


def _transcript(task: Task) -> Iterator[Path]:
    transcript = Transcript.load(task.job_dir / TRANSCRIPT)
    yield from _speech_texts(task, transcript)
    yield _write(task, "json", transcript.to_json() + "\n")


def _translation(task: Task) -> Iterator[Path]:
    target = target_of(task)
    translation = Transcript.load(task.job_dir / translation_name(target))
    if task.kind == "text":
        yield _write(task, "txt", as_text(translation.segments))
        if task.facts["extract"].get("headings"):
            yield _write(task, "md", as_markdown(translation.segments))
    else:
        yield from _speech_texts(task, translation)


def _dub(task: Task) -> Iterator[Path]:
    yield _place(task, dub_to_publish(task), "m4a")


def _book(task: Task) -> Iterator[Path]:
    yield _place(task, dub_name(target_of(task), "m4b"), "m4b")


def _video(task: Task) -> Iterator[Path]:
    file = str(task.facts[f"mux/{target_of(task)}"]["file"])
    yield _place(task, file, Path(file).suffix[1:])


def _report(task: Task) -> Iterator[Path]:
    content, quality = _account(task)
    path = task.staging / REPORT
    write_whole(path, report(task, content, quality).encode())
    yield path
    if task.kind == "media":
        yield _place(task, original_sound(task), ORIGINAL)


def _manifest(task: Task) -> Iterator[Path]:
    content, quality = _account(task)
    path = task.staging / MANIFEST
    whole = {**content, "quality": quality.to_json()}
    write_whole(path, (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode())
    yield path


def _account(task: Task) -> tuple[dict[str, Any], Quality]:
    """Return what is to be said of the job: what was made from what, and how good it came out."""
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    content = manifest(
        job_id=task.job_id,
        job_name=task.job_name,
        kind=task.kind,
        options=task.options,
        facts=task.facts,
        created=created,
        fit=_fit(task),
    )
    return content, quality_of(task.facts, fits_of(content), content["targets"])


def _fit(task: Task) -> dict[str, Any]:
    """Return how each dub fits its time, by target: all of it, of which the steps' results hold the totals only."""
    targets = (
        key.partition("/")[2] for key, result in task.facts.items() if key.startswith("mix/") and "fit" in result
    )
    return {target: load_fit(task.job_dir / fit_name(target)) for target in targets}


_RENDERERS: Mapping[str, Callable[[Task], Iterator[Path]]] = {
    "transcript": _transcript,
    "translation": _translation,
    "dub": _dub,
    "video": _video,
    "book": _book,
    "report": _report,
    "manifest": _manifest,
}


def _speech_texts(task: Task, transcript: Transcript) -> Iterator[Path]:
    yield _write(task, "txt", readable(transcript.segments))
    style, video = task.options.subtitles, task.facts["probe"].get("video") or {}
    cues = layout(transcript.segments, style, fps=video.get("fps"), language=transcript.language)
    for suffix in style.formats:
        path = _staged(task, suffix)
        if suffix == "ass":
            size = shown_size(task.source, video["index"]) if video else None
            write_ass(cues, path, size=size, line_length=style.line_length)
        else:
            (write_srt if suffix == "srt" else write_vtt)(cues, path)
        yield path


def _staged(task: Task, suffix: str) -> Path:
    return task.staging / deliverable_name(task.job_name, suffix, target=task.target)


def _write(task: Task, suffix: str, text: str) -> Path:
    path = _staged(task, suffix)
    write_whole(path, text.encode())
    return path


def _place(task: Task, artefact: str, suffix: str) -> Path:
    """Bring a large artefact to the staging folder: a second name for the same file, or a copy where that cannot be."""
    source, path = task.job_dir / artefact, _staged(task, suffix)
    remove(path)
    try:
        path.hardlink_to(source)
        fsync_dir(path.parent)
    except OSError:  # another file system, or one without second names; what else is wrong, the copy will say
        copy_whole(source, path)
    return path


@contextlib.contextmanager
def _outbox_there(task: Task) -> Iterator[None]:
    """Turn trouble with the outbox into what the job does; that with the job's own artefacts stays what it is."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and task.job_dir in Path(error.filename).parents:
            raise
        named = task.options.out is not None
        raise trouble_with(task.staging.parent.parent, error, named=named) from error


def _described(path: Path) -> dict[str, object]:
    return {"name": path.name, "size": path.stat().st_size, "sha256": sha256(path)}
