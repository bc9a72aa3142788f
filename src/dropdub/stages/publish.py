"""publish: puts finished artifacts into the staging folder, from where each is renamed into the outbox."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropdub.dubbing.audiobook import Audiobook
from dropdub.dubbing.published_timing import Fit
from dropdub.dubbing.quality import Quality, quality_of
from dropdub.dubbing.timing_report import fit_name, load_fit
from dropdub.errors import MediaToolFailed
from dropdub.files.durable import sha256, write_whole
from dropdub.files.privacy import may_be_given_away
from dropdub.media.pictures import shown_size
from dropdub.pipeline.artifacts import TRANSCRIPT, Transcript, document_name, dub_name, translation_name
from dropdub.pipeline.task import Result, Task, target_of
from dropdub.publishing.commercial_use import with_terms
from dropdub.publishing.deliverables import (
    as_markdown,
    as_text,
    deliverable_name,
    finished_targets,
    manifest,
    readable,
)
from dropdub.publishing.folder_errors import folder_error
from dropdub.publishing.manifest_file import MANIFEST
from dropdub.publishing.staging import bring, made_staging
from dropdub.publishing.tagged_dub import dub_to_publish, not_tagged, tag_dub, tagged_name
from dropdub.report.contents import ORIGINAL
from dropdub.report.page import REPORT
from dropdub.report.report_files import original_sound, report
from dropdub.speech.targets import written_targets
from dropdub.subtitles.layout import layout, write_ass, write_srt, write_vtt
from dropdub.text.written_forms import in_form


@dataclass(frozen=True)
class _Made:
    """A finished file, and its name in the outbox."""

    file: Path
    name: str

    def described(self) -> dict[str, object]:
        return {"name": self.name, "size": self.file.stat().st_size, "sha256": sha256(self.file)}


def run(task: Task) -> Result:
    """Stage what `params["what"]` names; return `deliverables`: name, size and SHA-256 of each.

    If every target failed, there is no report; and if nothing was delivered either, no manifest.
    Raises Waiting if the outbox is missing or full, OutRefused if the job's own output folder forbids writing.
    """
    what = str(task.params["what"])
    if task.failed and not _has_content(task, what):
        return {"deliverables": []}
    warnings = _tag_dub(task) if what == "dub" else []
    made = list(_RENDERERS[what](task))
    assert task.staging is not None
    with _folder_errors(task, task.staging.parent), made_staging(task.staging, task.allowed) as staging:
        alone = may_be_given_away(task.source)
        for one in made:
            bring(one.file, staging, one.name, alone=alone)
    return {"deliverables": [one.described() for one in made], "warnings": warnings}


def _has_content(task: Task, what: str) -> bool:
    """Return whether a report or manifest has anything to show, although a target failed."""
    return bool(finished_targets(task.facts, task.failed) if what == "report" else task.facts.deliverables)


def _tag_dub(task: Task) -> list[str]:
    """Write the dub with the tags of what was dropped; return warnings about what could not be kept."""
    if task.kind != "text":
        return tag_dub(task.dropped, task.work, target_of(task), deadline_s=task.deadline_s)
    book = Audiobook(task.dropped, task.work, task.facts, target_of(task))
    try:
        book.write(tagged_name(book.target), deadline_s=task.deadline_s, progress=task.progress)
    except MediaToolFailed as error:
        return [*book.warnings, not_tagged(task.job_name, error)]
    return book.warnings


def _transcript(task: Task) -> Iterator[_Made]:
    transcript = Transcript.load(task.job_dir / TRANSCRIPT)
    yield from _speech_texts(task, transcript)
    yield _write(task, "json", transcript.to_json() + "\n")
    for target in written_targets(task.options, transcript.language):
        yield from _speech_texts(task, _in_form(transcript, target), target=target)


def _in_form(transcript: Transcript, target: str) -> Transcript:
    """Return what is spoken in the letters of a target, which needs no translation."""
    texts = in_form([one.text for one in transcript.segments], target, source=transcript.language)
    segments = (replace(one, text=text, words=()) for one, text in zip(transcript.segments, texts, strict=True))
    return replace(transcript, language=target, segments=tuple(segments))


def _translation(task: Task) -> Iterator[_Made]:
    target = target_of(task)
    translation = Transcript.load(task.job_dir / translation_name(target))
    if task.kind == "text":
        yield _write(task, "txt", as_text(translation.segments))
        document = task.facts.document_suffix(target)
        if document:
            yield _as_is(task, document_name(target, document), document)
        if task.facts.extract.headings and document != "md":
            yield _write(task, "md", as_markdown(translation.segments))
    else:
        yield from _speech_texts(task, translation)
        if task.results is not None:  # the answer to a request is made of it
            yield _write(task, "json", translation.to_json() + "\n")


def _dub(task: Task) -> Iterator[_Made]:
    yield _as_is(task, dub_to_publish(task.job_dir, target_of(task)), "m4a")


def _book(task: Task) -> Iterator[_Made]:
    yield _as_is(task, dub_name(target_of(task), "m4b"), "m4b")


def _video(task: Task) -> Iterator[_Made]:
    file = task.facts.film_file(target_of(task))
    yield _as_is(task, file, Path(file).suffix[1:])


def _report(task: Task) -> Iterator[_Made]:
    content, quality = _summary(task)
    html = report(task.job_dir, content, quality, task.facts, language=task.report_language)
    yield _written(_Made(task.prepared_scratch() / REPORT, REPORT), html)
    if task.kind == "media":
        yield _as_is(task, _original_sound(task), ORIGINAL)


def _original_sound(task: Task) -> str:
    length_s = task.facts.extract.length_s
    return original_sound(task.work, deadline_s=task.deadline_s, duration_s=length_s, progress=task.progress)


def _manifest(task: Task) -> Iterator[_Made]:
    content, quality = _summary(task)
    whole = {**content, "quality": quality.to_json()}
    text = json.dumps(whole, ensure_ascii=False, indent=1) + "\n"
    yield _written(_Made(task.prepared_scratch() / MANIFEST, MANIFEST), text)


def _summary(task: Task) -> tuple[dict[str, Any], Quality]:
    """Return the manifest's content and the quality figures of the job."""
    created, fits = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), _fits(task)
    made = manifest(
        job_id=task.job_id,
        job_name=task.job_name,
        kind=task.kind,
        options=task.options,
        facts=task.facts,
        created=created,
        fit={target: fit.to_json() for target, fit in fits.items()},
        failed=task.failed,
    )
    content = with_terms(made)
    return content, quality_of(task.facts, fits, content["targets"])


def _fits(task: Task) -> dict[str, Fit]:
    """Return the full timing report of each dub, by target; the steps' results hold only the totals."""
    placed, finished = task.facts.placed, finished_targets(task.facts, task.failed)
    return {target: load_fit(task.job_dir / fit_name(target)) for target in placed if target in finished}


_RENDERERS: Mapping[str, Callable[[Task], Iterator[_Made]]] = {
    "transcript": _transcript,
    "translation": _translation,
    "dub": _dub,
    "video": _video,
    "book": _book,
    "report": _report,
    "manifest": _manifest,
}


def _speech_texts(task: Task, transcript: Transcript, *, target: str | None = None) -> Iterator[_Made]:
    yield _write(task, "txt", readable(transcript.segments), target=target)
    style, video = task.options.subtitles, task.facts.probe.video
    cues = layout(transcript.segments, style, fps=video.fps if video else None, language=transcript.language)
    for suffix in style.formats:
        made = _in_scratch(task, suffix, target=target)
        if suffix == "ass":
            size = shown_size(task.source, video.index) if video else None
            write_ass(cues, made.file, size=size, line_length=style.line_length)
        else:
            (write_srt if suffix == "srt" else write_vtt)(cues, made.file)
        yield made


def _name(task: Task, suffix: str, *, target: str | None = None) -> str:
    return deliverable_name(task.job_name, suffix, target=target or task.target)


def _in_scratch(task: Task, suffix: str, *, target: str | None = None) -> _Made:
    """Return a file to write in the step's scratch folder: nothing in the outbox is written to by path."""
    name = _name(task, suffix, target=target)
    return _Made(task.prepared_scratch() / name, name)


def _write(task: Task, suffix: str, text: str, *, target: str | None = None) -> _Made:
    return _written(_in_scratch(task, suffix, target=target), text)


def _written(made: _Made, text: str) -> _Made:
    write_whole(made.file, text.encode())
    return made


def _as_is(task: Task, artifact: str, suffix: str) -> _Made:
    """Deliver a large artifact as it is, without a copy in scratch."""
    return _Made(task.job_dir / artifact, _name(task, suffix))


@contextlib.contextmanager
def _folder_errors(task: Task, outbox: Path) -> Iterator[None]:
    """Turn OSErrors of the output folder into Waiting or OutRefused; those of the job's own artifacts pass through."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and task.job_dir in Path(error.filename).parents:
            raise
        named = task.options.out is not None
        raise folder_error(outbox, error, named=named) from error
