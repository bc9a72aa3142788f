"""Subtitles for a film that was done before, or is at work: corrected ones, and those that come late."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions
from dropdub.daemon.context import Context, film_name, job_id, options_of
from dropdub.daemon.intake.published_films import published_films
from dropdub.errors import UsageError
from dropdub.files.durable import is_file
from dropdub.files.ownership import owner_at, speaks_for
from dropdub.inbox.companions import bare_name, owner_of
from dropdub.pipeline.artifacts import Segment
from dropdub.publishing.deliverables import MANIFEST
from dropdub.publishing.deliverables import outputs as outputs_of
from dropdub.publishing.earlier_results import read_transcript
from dropdub.store import queries
from dropdub.store.states import UNFINISHED, JobState
from dropdub.store.tables import Job
from dropdub.subtitles.reading import cue_starts
from dropdub.subtitles.user_edits import are_akin
from dropdub.untrusted.files import read_whole

LATE_SUBTITLE_S = 600.0
"""So long after its film has ended a subtitle of the same name counts as one that was on its way, whatever it says."""


@dataclass(frozen=True)
class DoneJob:
    """The job of a film, or of a subtitle of it: what is remembered of it, by the database or by its manifest."""

    id: int
    name: str
    options: JobOptions
    language: str | None

    @staticmethod
    def of(job: Job) -> DoneJob:
        return DoneJob(job_id(job), film_name(job), options_of(job), job.language)


@dataclass(frozen=True)
class Revision:
    """A film that a subtitle is for. `transcript`: what was published of it, `sha256` its own; None if that is gone."""

    job: DoneJob
    film: Path
    transcript: Path | None
    sha256: str | None = None
    row: dict[str, Any] | None = None

    def as_row(self) -> dict[str, Any]:
        """Return what the subtitle's own job remembers of it, or has remembered since it was done first."""
        if self.row is not None:
            return self.row
        transcript = str(self.transcript) if self.transcript else None
        job = {"job": self.job.id, "name": self.job.name}
        return {**job, "film": str(self.film), "transcript": transcript, "sha256": self.sha256}

    @property
    def options(self) -> JobOptions:
        """Return the options of then, with the language that was heard: the subtitle's name is compared with it."""
        options, heard = self.job.options, self.job.language
        return options.overridden({"language": heard}) if heard and options.language == "auto" else options


@dataclass(frozen=True)
class FilmGone:
    """A subtitle whose film was done before, and is not where it was put."""

    job: DoneJob
    film: Path

    @property
    def sentence(self) -> str:
        return (
            f"It belongs to job {self.job.id} ({self.job.name}), whose film is not at {self.film} any more: "
            "it is taken as a subtitle of its own. To dub the film, drop both together."
        )


def film_at_work(context: Context, subtitle: str, *, owner: str | None) -> Job | None:
    """Return the unfinished job, of a film or of another subtitle of it, that a subtitle belongs to by its name.

    `owner`: whose the subtitle is, if known; it does not wait for a film that it may not be used for.
    """
    found = _at_work(context, subtitle)
    return next((job for job in found if owner is None or job.owner is None or speaks_for(owner, job.owner)), None)


def must_wait(context: Context, subtitle: Job) -> bool:
    """Return whether a subtitle that is done again has to wait until its film, which is done again too, has ended."""
    return any(job.revision is None and job.id != subtitle.id for job in _at_work(context, subtitle.name))


def known_revision(context: Context, subtitle: Job) -> Revision | None:
    """Return what a subtitle that is done again was for; None where it was for nothing, or that is gone."""
    row = subtitle.revision
    if row is None or not is_file(Path(row["film"])):
        return None
    try:
        job = queries.job(context.store, int(row["job"]))
    except UsageError:  # it was forgotten: the subtitle's own options are those of then
        job = subtitle
    transcript = _went_by(row)
    if transcript is None and row["transcript"]:
        row = {**row, "transcript": None, "sha256": None}
    path, sha256 = (transcript.path, transcript.sha256) if transcript else (None, None)
    return Revision(DoneJob.of(job), Path(row["film"]), path, sha256, row)


def _at_work(context: Context, subtitle: str) -> Iterator[Job]:
    jobs = queries.jobs_like(context.store, Path(bare_name(subtitle)).stem, UNFINISHED)
    return (job for job in jobs if owner_of(subtitle, [film_name(job)]))


def revision_of(context: Context, subtitle: Job, starts: Sequence[float]) -> Revision | FilmGone | None:
    """Return the film that a subtitle corrects, or came late for: that of the newest job that fits.

    `starts`: when its lines begin. Of a film of another owner's it is none: nobody puts words into another's mouth.

    It fits by name, and because it was made of what was said there, or because it came at about the same time. Of jobs
    that were forgotten, the manifests in the outbox tell.
    """
    gone: FilmGone | None = None
    for job in _same_name(context, subtitle) if starts else ():
        transcript = _transcript(context, job)
        came_late = subtitle.created_at - (job.finished_at or 0.0) < LATE_SUBTITLE_S
        if came_late or _fits(starts, transcript, job):
            film = Path(job.revision["film"] if job.revision else job.source)
            if not _is_its_owners(subtitle, film, job):
                continue
            if is_file(film):
                path, sha256 = (transcript.path, transcript.sha256) if transcript else (None, None)
                return Revision(DoneJob.of(job), film, path, sha256)
            gone = gone or FilmGone(DoneJob.of(job), film)
    return gone or (_of_forgotten(context, subtitle, starts) if starts else None)


def _is_its_owners(subtitle: Job, film: Path, job: Job | None = None) -> bool:
    """Return whether a subtitle may be used for a film: one that a command named, or the film's own owner dropped."""
    if subtitle.origin == "given":
        return True
    owner = job.owner if job is not None and job.owner is not None else owner_at(film)
    return speaks_for(subtitle.owner, owner)


def _of_forgotten(context: Context, subtitle: Job, starts: Sequence[float]) -> Revision | FilmGone | None:
    """Return the film that a subtitle was made of by a job that is in no database any more."""
    gone: FilmGone | None = None
    for one in published_films(context.root.outbox, subtitle.name, defaults=context.config.job):
        if not are_akin(starts, one.segments):
            continue
        job = DoneJob(one.id, one.name, one.options, one.language)
        film = one.original_in(context.root.archive)
        if film is not None and not _is_its_owners(subtitle, film):
            continue
        if film is not None:
            return Revision(job, film, one.transcript, one.sha256)
        gone = gone or FilmGone(job, context.root.archive / one.name)
    return gone


def _same_name(context: Context, subtitle: Job) -> Iterator[Job]:
    ended = (JobState.SUCCEEDED, JobState.FAILED)
    jobs = queries.jobs_like(context.store, Path(bare_name(subtitle.name)).stem, ended)
    for job in sorted(jobs, key=job_id, reverse=True):
        if job.kind == "media" and job.dup_of is None and owner_of(subtitle.name, [film_name(job)]):
            yield job


@dataclass(frozen=True)
class _Published:
    """A transcript that was published, as it is on record."""

    path: Path
    sha256: str
    segments: Sequence[Segment]


def _transcript(context: Context, job: Job) -> _Published | None:
    """Return the transcript that a job has published, or went by; None where it is gone, or something else by now."""
    outputs = [Path(path) for path in job.outputs if path.endswith(".json") and not path.endswith(MANIFEST)]
    checksums = _checksums(context, job) if outputs else frozenset()
    published = (_recorded(path, checksums) for path in outputs)
    return next((one for one in published if one), None) or (_went_by(job.revision) if job.revision else None)


def _checksums(context: Context, job: Job) -> frozenset[str]:
    """Return what a job's steps said of what they published: the outbox is no witness, others may write to it."""
    made = outputs_of(queries.results(context.store, job).values())
    return frozenset(one["sha256"] for one in made if one["name"].endswith(".json") and one["name"] != MANIFEST)


def _went_by(row: Mapping[str, Any]) -> _Published | None:
    """Return the transcript that a subtitle's job remembers, if it is the one that was seen then."""
    path, sha256 = row["transcript"], row.get("sha256")
    return _recorded(Path(path), {sha256}) if path and sha256 else None


def _recorded(path: Path, checksums: Collection[str]) -> _Published | None:
    found = read_transcript(path, recorded=checksums)
    return _Published(path, found[1], found[0].segments) if found else None


def cue_starts_at(path: Path, most_bytes: int) -> list[float]:
    """Return when the lines of a subtitle begin. It is not read in full here: what it holds may be anything."""
    try:
        return cue_starts(read_whole(path, most_bytes))
    except (OSError, ValueError, OverflowError):  # or a number that is none
        return []


def _fits(starts: Sequence[float], transcript: _Published | None, job: Job) -> bool:
    """Return whether a subtitle was made of what was said; where that is gone, the name has to do."""
    return are_akin(starts, transcript.segments) if transcript else job.state == JobState.SUCCEEDED
