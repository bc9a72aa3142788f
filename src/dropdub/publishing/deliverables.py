"""What a person finds in the outbox: names, readable texts, the manifest's shape. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dropdub import __version__
from dropdub.config import JobOptions
from dropdub.files.durable import key, numbered, numbered_folder, safe_name
from dropdub.pasting import with_commands
from dropdub.pipeline.artifacts import Segment
from dropdub.pipeline.facts import Facts
from dropdub.sentence_ends import ends_sentence
from dropdub.text.reading import without_heading_marks

MANIFEST = "manifest.json"
PARAGRAPH_PAUSE_S = 1.5
PARAGRAPH_CHARACTERS = 700
LONGEST_PARAGRAPH = 10 * PARAGRAPH_CHARACTERS
"""Where no sentence ends: a transcriber may write no punctuation."""
_ENDING_ROOM = 64
"""Bytes kept free for what follows a stem: a language tag, a suffix, a temporary name's `.part`."""


def deliverable_name(job_name: str, suffix: str, *, target: str | None = None) -> str:
    """Return the name of a job's deliverable: `clip.srt`, `clip.pt.srt`. It never is that of the manifest."""
    stem = numbered_folder(Path(job_name).stem, 1, room=_ENDING_ROOM)
    name = safe_name(f"{stem}.{target}.{suffix}" if target else f"{stem}.{suffix}")
    return numbered(name, 2) if key(name) == key(MANIFEST) else name


def readable(segments: Iterable[Segment]) -> str:
    """Return speech as paragraphs, parted at longer pauses, at another speaker, and at a sentence end when long.

    Where there are several speakers, each is named where he begins.
    """
    paragraphs: list[list[str]] = []
    before: Segment | None = None
    length = 0
    for segment in (segment for segment in segments if segment.text.strip()):
        text = " ".join(segment.text.split())
        if before is None or _parted(before, segment, length):
            begins = segment.speaker is not None and (before is None or segment.speaker != before.speaker)
            paragraphs.append([f"{segment.speaker}: {text}" if begins else text])
            length = len(paragraphs[-1][0])
        else:
            paragraphs[-1].append(text)
            length += 1 + len(text)
        before = segment
    return _as_file([" ".join(one) for one in paragraphs])


def as_text(segments: Iterable[Segment]) -> str:
    """Return the paragraphs of a text job, headings without their marks."""
    return _as_file([without_heading_marks(segment.text) for segment in segments])


def as_markdown(segments: Iterable[Segment]) -> str:
    """Return the paragraphs of a text job with the marks of its headings."""
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
) -> dict[str, Any]:
    """Return what `manifest.json` says: what went in, what made it, what came out.

    `fit` tells by target how each utterance of a dub fits its time, as `fit_report` has it.
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
        "targets": facts.translated,
        "fit": dict(fit or {}),
        "engines": _engines(facts),
        "steps": [{"step": step, "seconds": result.get("seconds")} for step, result in facts.by_step()],
        "warnings": [with_commands(text, root=None, job=job_id) for text in _warnings(facts)],
        "outputs": outputs(facts.results.values()),
    }


def outputs(results: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the deliverables of all publish results, by name."""
    items = [dict(item) for result in results for item in result.get("deliverables", ())]
    return sorted(items, key=lambda item: str(item["name"]))


def _engines(facts: Facts) -> list[dict[str, Any]]:
    """Return each engine once, with the steps that it worked in."""
    found: list[dict[str, Any]] = []
    for step, result in facts.by_step():
        if not (engine := result.get("engine")):
            continue
        known = next((entry for entry in found if {**entry, "steps": None} == {**engine, "steps": None}), None)
        if known is None:
            found.append({**engine, "steps": [step]})
        else:
            known["steps"].append(step)
    return found


def _warnings(facts: Facts) -> list[str]:
    """Return each warning once."""
    return list(dict.fromkeys(text for result in facts.results.values() for text in result.get("warnings", ())))


def _parted(before: Segment, segment: Segment, length: int) -> bool:
    if segment.start - before.end >= PARAGRAPH_PAUSE_S or segment.speaker != before.speaker:
        return True
    return length >= (PARAGRAPH_CHARACTERS if ends_sentence(before.text) else LONGEST_PARAGRAPH)


def _as_file(paragraphs: Sequence[str]) -> str:
    return "\n\n".join(paragraphs) + "\n" if paragraphs else ""
