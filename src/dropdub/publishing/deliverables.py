"""The contents of the outbox: file names, readable texts and the manifest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dropdub import __version__
from dropdub.config import JobOptions
from dropdub.files.durable import key, numbered, numbered_folder, safe_name
from dropdub.pasting import with_commands
from dropdub.pipeline.artifacts import Segment
from dropdub.pipeline.facts import Facts
from dropdub.pipeline.failed_target import FailedTarget
from dropdub.publishing.manifest_file import MANIFEST
from dropdub.sentence_ends import ends_sentence
from dropdub.text.reading import without_heading_marks

PARAGRAPH_PAUSE_S = 1.5
PARAGRAPH_CHARACTERS = 700
LONGEST_PARAGRAPH = 10 * PARAGRAPH_CHARACTERS
"""For text without sentence ends: some transcribers write no punctuation."""
_ENDING_ROOM = 64
"""Bytes reserved after a stem: for a language tag, a suffix and the `.part` of a temporary name."""


def deliverable_name(job_name: str, suffix: str, *, target: str | None = None) -> str:
    """Return the name of a job's deliverable: `clip.srt`, `clip.pt.srt`. It never equals the manifest's name."""
    stem = numbered_folder(Path(job_name).stem, 1, room=_ENDING_ROOM)
    name = safe_name(f"{stem}.{target}.{suffix}" if target else f"{stem}.{suffix}")
    return numbered(name, 2) if key(name) == key(MANIFEST) else name


def readable(segments: Iterable[Segment]) -> str:
    """Return speech as paragraphs, split at longer pauses, when the speaker changes, and at sentence ends when long.

    If there are several speakers, a paragraph that starts a turn begins with the speaker's name.
    """
    paragraphs: list[list[str]] = []
    before: Segment | None = None
    length = 0
    for segment in (segment for segment in segments if segment.text.strip()):
        text = " ".join(segment.text.split())
        if before is None or _starts_paragraph(before, segment, length):
            begins = segment.speaker is not None and (before is None or segment.speaker != before.speaker)
            paragraphs.append([f"{segment.speaker}: {text}" if begins else text])
            length = len(paragraphs[-1][0])
        else:
            paragraphs[-1].append(text)
            length += 1 + len(text)
        before = segment
    return _as_file([" ".join(one) for one in paragraphs])


def as_text(segments: Iterable[Segment]) -> str:
    """Return the paragraphs of a text job, without heading marks."""
    return _as_file([without_heading_marks(segment.text) for segment in segments])


def as_markdown(segments: Iterable[Segment]) -> str:
    """Return the paragraphs of a text job, with heading marks."""
    return _as_file([segment.text for segment in segments])


def manifest(
    *,
    job_id: int,
    job_name: str,
    kind: str,
    options: JobOptions,
    facts: Facts,
    created: str,
    fit: Mapping[str, Any] | None = None,
    failed: Sequence[FailedTarget] = (),
) -> dict[str, Any]:
    """Return the content of `manifest.json`: a job's inputs, options, engines, steps, warnings and outputs.

    `fit` is the timing report of each dub (see `Fit.to_json`), by target. `failed` targets are not among its `targets`.
    """
    extract = facts.extract
    return {
        "program": {"name": "dropdub", "version": __version__},
        "created": created,
        "job": {"id": job_id, "name": job_name, "kind": kind},
        "inputs": [
            {
                "name": job_name,
                "size": facts.probe.size,
                "sha256": extract.source_hash or extract.content_hash,
                "duration_s": extract.duration_s,
            },
            *extract.companions,
        ],
        "options": options.model_dump(mode="json"),
        "language": facts.language,
        "targets": finished_targets(facts, failed),
        "failed": [_failed(one, job_id) for one in failed],
        "fit": dict(fit or {}),
        "engines": _engines(facts),
        "steps": [{"step": step, "seconds": result.seconds} for step, result in sorted(facts.steps.items())],
        "warnings": [with_commands(text, root=None, job=job_id) for text in _warnings(facts)],
        "outputs": [asdict(one) for one in facts.deliverables],
    }


def finished_targets(facts: Facts, failed: Iterable[FailedTarget]) -> list[str]:
    """Return the targets that have a translation, and did not fail."""
    missing = {one.target for one in failed}
    return [target for target in facts.translated if target not in missing]


def _failed(one: FailedTarget, job_id: int) -> dict[str, str]:
    return {name: with_commands(text, root=None, job=job_id) for name, text in asdict(one).items()}


def _engines(facts: Facts) -> list[dict[str, Any]]:
    """Return each engine once, with the steps that used it."""
    found: list[dict[str, Any]] = []
    for step, result in sorted(facts.steps.items()):
        if not (engine := result.engine):
            continue
        known = next((entry for entry in found if {**entry, "steps": None} == {**engine, "steps": None}), None)
        if known is None:
            found.append({**engine, "steps": [step]})
        else:
            known["steps"].append(step)
    return found


def _warnings(facts: Facts) -> list[str]:
    """Return each warning once."""
    return list(dict.fromkeys(text for result in facts.steps.values() for text in result.warnings))


def _starts_paragraph(before: Segment, segment: Segment, length: int) -> bool:
    if segment.start - before.end >= PARAGRAPH_PAUSE_S or segment.speaker != before.speaker:
        return True
    return length >= (PARAGRAPH_CHARACTERS if ends_sentence(before.text, segment.text) else LONGEST_PARAGRAPH)


def _as_file(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""
