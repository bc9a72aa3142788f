"""The contents of the report, collected from a job's manifest, transcripts and results. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dropdub.dubbing.not_measured import not_measured
from dropdub.dubbing.published_timing import Fit, fits_of
from dropdub.dubbing.quality import Quality
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.pipeline.facts import Facts
from dropdub.publishing.deliverables import deliverable_name
from dropdub.report.commercial_use import CommercialUse, commercial_use_of
from dropdub.report.figures import Figure, figures_of
from dropdub.report.remarks import Remark, remarks_by_line
from dropdub.report.timeline import Timeline, timeline_of
from dropdub.translations import mark as _
from dropdub.translations.words import IN_ENGLISH, Words

ORIGINAL = "original.m4a"
"""Suffix of the original audio. Browsers play only the first audio track of a video, which is the dub."""
_FATES = {
    "dropped": _("removed: probably not spoken"),
    "collapsed": _("kept once: the transcriber repeated it"),
    "kept": _("kept, but doubtful"),
}


@dataclass(frozen=True)
class Player:
    """Files to play, best first: name and media type ("" if browsers disagree about it)."""

    sources: tuple[tuple[str, str], ...]
    has_picture: bool


@dataclass(frozen=True)
class Row:
    """One line of a dub. `start` in seconds; None in a text."""

    number: int
    start: float | None
    speaker: str | None
    original: str
    translation: str
    remarks: tuple[Remark, ...]


@dataclass(frozen=True)
class Dub:
    """One target language."""

    language: str
    name: str
    player: Player
    figures: tuple[Figure, ...]
    not_measured: tuple[str, ...]
    rows: tuple[Row, ...]
    has_speakers: bool
    is_measured: bool
    """Whether changes to its lines are known."""
    timeline: Timeline | None


@dataclass(frozen=True)
class Doubt:
    """Text that the transcriber may have invented, its start in seconds, and what was done with it."""

    start: float
    text: str
    fate: str


@dataclass(frozen=True)
class Missing:
    """A target language that could not be made, and why, in English."""

    language: str
    name: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Contents:
    """Everything that the page shows, and the words to show it in. Names of languages stand alone, with a capital."""

    words: Words
    job_name: str
    language: str
    language_name: str
    duration_s: float | None
    created: str
    program: str
    engines: tuple[str, ...]
    warnings: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    original: Player | None
    dubs: tuple[Dub, ...]
    missing: tuple[Missing, ...] = ()
    commercial_use: CommercialUse | None = None


def contents_of(
    manifest: Mapping[str, Any],
    quality: Quality,
    facts: Facts,
    source: Transcript,
    targets: Mapping[str, Transcript],
    words: Words = IN_ENGLISH,
) -> Contents:
    """Return the contents of the report. `source` is the transcript or text, `targets` its translations by language."""
    job_name, language, kind = manifest["job"]["name"], manifest["language"], manifest["job"]["kind"]
    dubs = _Dubs(job_name, fits_of(manifest), quality, facts, source, _length_s(manifest), kind != "text", words)
    return Contents(
        words=words,
        job_name=job_name,
        language=language,
        language_name=words.title_of(language),
        duration_s=_length_s(manifest),
        created=manifest["created"],
        program=f"{manifest['program']['name']} {manifest['program']['version']}",
        engines=tuple(dict.fromkeys(_engine(engine) for engine in manifest["engines"])),
        warnings=tuple(manifest["warnings"]),
        doubts=tuple(Doubt(one.start, one.text, words.gettext(_FATES[one.fate])) for one in quality.suspects),
        original=Player(((deliverable_name(job_name, ORIGINAL), "audio/mp4"),), has_picture=False)
        if kind == "media"
        else None,
        dubs=tuple(dubs.dub(target, translation) for target, translation in targets.items()),
        missing=tuple(
            Missing(one["target"], words.title_of(one["target"]), one["reason"], one["remedy"])
            for one in manifest.get("failed", ())  # which earlier versions did not write
        ),
        commercial_use=commercial_use_of(manifest, words),
    )


@dataclass(frozen=True)
class _Dubs:
    """What the contents of all dubs are made of. `duration_s`: None if there is no recording."""

    job_name: str
    fits: Mapping[str, Fit]
    quality: Quality
    facts: Facts
    source: Transcript
    duration_s: float | None
    timed: bool
    words: Words

    def dub(self, target: str, translation: Transcript) -> Dub:
        fit, heard = self.fits.get(target), self.facts.last_verification(target)
        found, remarks = self.quality.targets[target], remarks_by_line(fit, heard, self.words)
        return Dub(
            target,
            self.words.title_of(target),
            _dub_player(self.job_name, target, self.facts),
            figures_of(found, len(_spoken(translation)), self.words, timed=self.timed),
            tuple(not_measured(self.facts, found.timing, target, self.words)),
            tuple(_rows(self.source, translation, remarks, self.timed)),
            has_speakers=len({segment.speaker for segment in translation.segments}) > 1,
            is_measured=fit is not None or bool(heard),
            timeline=self._timeline(target, fit),
        )

    def _timeline(self, target: str, fit: Fit | None) -> Timeline | None:
        if fit is None or self.duration_s is None:
            return None
        spans = {segment.id: (segment.start, segment.end) for segment in self.source.segments}
        understood = {number: line.good for number, line in self.facts.last_verification(target).items()}
        return timeline_of(fit, spans, understood, self.duration_s, target, self.words)


def _length_s(manifest: Mapping[str, Any]) -> float | None:
    return manifest["inputs"][0]["duration_s"] if manifest["job"]["kind"] == "media" else None


def _engine(engine: Mapping[str, Any]) -> str:
    """Return an engine's name and version; of a user's subtitle, which has no version, its file."""
    return " ".join(str(engine[part]) for part in ("name", "version", "file") if engine.get(part))


def _rows(
    source: Transcript, translation: Transcript, remarks: Mapping[int, tuple[Remark, ...]], timed: bool
) -> Iterator[Row]:
    texts = _originals(source, translation)
    for segment in translation.segments:
        yield Row(
            segment.id + 1,
            segment.start if timed else None,
            segment.speaker,
            texts.get(segment.id, ""),
            segment.text,
            remarks.get(segment.id, ()),
        )


def _originals(source: Transcript, translation: Transcript) -> dict[int, str]:
    """Return the original text of each line of a translation, by line id.

    A user's translation has its own lines: each original segment then belongs to the line in which it starts.
    """
    own, known = translation.segments, {(one.id, one.start): one.text for one in source.segments}
    if all((one.id, one.start) in known for one in own):
        return {one.id: known[one.id, one.start] for one in own}
    starts = [one.start for one in own]
    places = (bisect_right(starts, one.start) - 1 for one in source.segments)
    texts: dict[int, list[str]] = {}
    for place, one in zip(places, source.segments, strict=True):
        texts.setdefault(own[max(place, 0)].id, []).append(one.text)
    return {number: " ".join(said) for number, said in texts.items()}


def _spoken(translation: Transcript) -> Sequence[Segment]:
    return [segment for segment in translation.segments if segment.text.strip()]


def _dub_player(job_name: str, target: str, facts: Facts) -> Player:
    sound = (deliverable_name(job_name, "m4a", target=target), "audio/mp4")
    suffix = facts.film_suffix(target)
    if suffix is None:
        return Player((sound,), has_picture=False)
    kind = "video/mp4" if suffix == "mp4" else ""  # browsers reject the Matroska type, but play some of its files
    return Player(((deliverable_name(job_name, suffix, target=target), kind), sound), has_picture=True)
