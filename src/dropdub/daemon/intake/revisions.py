"""Match subtitles, corrected or late, to recordings that were processed before or are still in progress."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions
from dropdub.daemon.context import Context, job_id, options_of, place_of
from dropdub.daemon.intake.published_films import published_films
from dropdub.errors import UsageError
from dropdub.files.durable import is_file
from dropdub.files.ownership import owner_at, speaks_for
from dropdub.inbox.companions import films_begin_with, is_subtitle, owner_of
from dropdub.inbox.films import film_name, film_path
from dropdub.pipeline.artifacts import Segment
from dropdub.pipeline.facts import Facts
from dropdub.publishing.earlier_results import read_transcript
from dropdub.publishing.manifest_file import MANIFEST
from dropdub.store import queries
from dropdub.store.states import UNFINISHED, JobState
from dropdub.store.tables import Job
from dropdub.subtitles.reading import cue_starts
from dropdub.subtitles.user_edits import starts_match
from dropdub.untrusted.files import read_whole

LATE_SUBTITLE_S = 600.0
"""How long after the end of a recording's job a subtitle of the same name counts as late, whatever its content."""


@dataclass(frozen=True)
class EarlierJob:
    """The job of a recording or of one of its subtitles, from the database or a manifest."""

    id: int
    name: str
    options: JobOptions
    language: str | None
    folder: str | None = None
    """The folders that its results are in below the outbox, with slashes."""

    @staticmethod
    def of(job: Job) -> EarlierJob:
        folder = "/".join(place_of(job)) or None
        return EarlierJob(job_id(job), film_name(job), options_of(job), job.language, folder)


@dataclass(frozen=True)
class Revision:
    """The recording a subtitle belongs to. `transcript`: its published transcript, with `sha256`; None if gone.

    `speakers`: the new names of its speakers, by those in the transcript.
    """

    job: EarlierJob
    film: Path
    transcript: Path | None
    sha256: str | None = None
    row: dict[str, Any] | None = None
    speakers: Mapping[str, str] = field(default_factory=dict)

    def as_row(self) -> dict[str, Any]:
        """Return the database value for the subtitle's job, or the existing one if the job ran before."""
        if self.row is not None:
            return self.row
        transcript = str(self.transcript) if self.transcript else None
        job = {"job": self.job.id, "name": self.job.name, "folder": self.job.folder}
        names = {"speakers": dict(self.speakers)} if self.speakers else {}
        return {**job, "film": str(self.film), "transcript": transcript, "sha256": self.sha256, **names}

    @property
    def options(self) -> JobOptions:
        """Return the original job's options, with the detected language, to compare with the subtitle's name."""
        options, detected = self.job.options, self.job.language
        return options.overridden({"language": detected}) if detected and options.language == "auto" else options


@dataclass(frozen=True)
class FilmGone:
    """A subtitle whose recording was processed before but is no longer where it was archived."""

    job: EarlierJob
    film: Path

    @property
    def sentence(self) -> str:
        return (
            f"This subtitle belongs to job {self.job.id} ({self.job.name}), but its recording is no longer at "
            f"{self.film}. The subtitle is processed alone. To dub the recording, drop both together."
        )


def film_at_work(context: Context, subtitle: str, *, owner: str | None, folder: str | None = None) -> Job | None:
    """Return the unfinished job of the recording, or of another subtitle of it, that a subtitle belongs to by name.

    `owner`: the subtitle's owner, if known; a subtitle does not wait for a recording that it may not be used for.
    `folder`: the subtitle's folder in the inbox; in another one than the recording's, it belongs to another recording.
    """
    found = (job for job in _at_work(context, subtitle) if _may_be_of(folder, job))
    return next((job for job in found if owner is None or job.owner is None or speaks_for(owner, job.owner)), None)


def must_wait(context: Context, subtitle: Job) -> bool:
    """Return whether a retried file is a subtitle whose recording is also being processed again."""
    if not is_subtitle(subtitle.name) and subtitle.revision is None:
        return False
    found = (job for job in _at_work(context, subtitle.name) if _may_be_of(subtitle.folder, job))
    return any(job.revision is None and job.id != subtitle.id for job in found)


def asked_revision(context: Context, subtitle: Job) -> Revision | FilmGone | None:
    """Return the recording that a request named by its job; None if none was named, or the job is forgotten.

    Who may send such a request may change the words of any job, so owners, names and times are not compared.
    """
    row = subtitle.revision
    if row is None or not row.get("asked"):
        return None
    try:
        job = queries.job(context.store, int(row["job"]))
    except UsageError:
        return None
    film, earlier, transcript = film_path(job), EarlierJob.of(job), _transcript(context, job)
    if not is_file(film):
        return FilmGone(earlier, film)
    path, sha256 = (transcript.path, transcript.sha256) if transcript else (None, None)
    return Revision(earlier, film, path, sha256, speakers=row.get("speakers") or {})


def known_revision(context: Context, subtitle: Job) -> Revision | None:
    """Return the recording a retried subtitle belonged to, or None if there was none or it is gone."""
    row = subtitle.revision
    if row is None or not is_file(Path(row["film"])):
        return None
    try:
        job = queries.job(context.store, int(row["job"]))
    except UsageError:  # the job was pruned: the subtitle's job has the same options
        job = subtitle
    transcript = _remembered_transcript(row)
    if transcript is None and row["transcript"]:
        row = {**row, "transcript": None, "sha256": None}
    path, sha256 = (transcript.path, transcript.sha256) if transcript else (None, None)
    return Revision(EarlierJob.of(job), Path(row["film"]), path, sha256, row)


def _may_be_of(folder: str | None, film: Job) -> bool:
    """Return whether a subtitle from `folder` may belong to a recording: from the inbox itself, to any by its name."""
    return folder is None or folder == film.folder


def _at_work(context: Context, subtitle: str) -> Iterator[Job]:
    jobs = queries.jobs_like(context.store, films_begin_with(subtitle), UNFINISHED)
    return (job for job in jobs if owner_of(subtitle, [film_name(job)]))


def revision_of(context: Context, subtitle: Job, starts: Sequence[float]) -> Revision | FilmGone | None:
    """Return the recording that a subtitle corrects or arrived late for, from the newest matching job.

    A job matches by name, and either because the subtitle was derived from its transcript, or because it arrived at
    about the same time. Pruned jobs are found by their manifests in the outbox. A recording of another owner never
    matches, so that nobody can change the words of another's dub.

    `starts`: start times of the subtitle's cues, in seconds.
    """
    gone: FilmGone | None = None
    for job in _same_name(context, subtitle) if starts else ():
        transcript = _transcript(context, job)
        is_recent = subtitle.created_at - (job.finished_at or 0.0) < LATE_SUBTITLE_S
        came_late = is_recent and subtitle.folder == job.folder
        if came_late or _fits(starts, transcript, job, folder=subtitle.folder):
            film = film_path(job)
            if not _is_its_owners(subtitle, film, job):
                continue
            if is_file(film):
                path, sha256 = (transcript.path, transcript.sha256) if transcript else (None, None)
                return Revision(EarlierJob.of(job), film, path, sha256)
            gone = gone or FilmGone(EarlierJob.of(job), film)
    return gone or (_of_pruned_job(context, subtitle, starts) if starts else None)


def _is_its_owners(subtitle: Job, film: Path, job: Job | None = None) -> bool:
    """Return whether a subtitle may be used for a recording: named by a command, or dropped by its owner."""
    if subtitle.origin == "given":
        return True
    owner = job.owner if job is not None and job.owner is not None else owner_at(film)
    return speaks_for(subtitle.owner, owner)


def _of_pruned_job(context: Context, subtitle: Job, starts: Sequence[float]) -> Revision | FilmGone | None:
    """Return the recording that a subtitle was derived from, if its job is no longer in the database."""
    gone: FilmGone | None = None
    films = published_films(context.root.outbox, subtitle.name, place=place_of(subtitle), defaults=context.config.job)
    for published in films:
        if not starts_match(starts, published.segments):
            continue
        job = EarlierJob(published.id, published.name, published.options, published.language, published.place)
        film = published.original_in(context.root.archive)
        if film is not None and not _is_its_owners(subtitle, film):
            continue
        if film is not None:
            return Revision(job, film, published.transcript, published.sha256)
        gone = gone or FilmGone(job, context.root.archive / published.name)
    return gone


def _same_name(context: Context, subtitle: Job) -> Iterator[Job]:
    ended = (JobState.SUCCEEDED, JobState.FAILED)
    jobs = queries.jobs_like(context.store, films_begin_with(subtitle.name), ended)
    for job in sorted(jobs, key=job_id, reverse=True):
        if job.kind == "media" and job.dup_of is None and owner_of(subtitle.name, [film_name(job)]):
            yield job


@dataclass(frozen=True)
class _Published:
    """A published transcript whose checksum matches the record."""

    path: Path
    sha256: str
    segments: Sequence[Segment]


def _transcript(context: Context, job: Job) -> _Published | None:
    """Return the transcript that a job published or was based on, or None if it is gone or was changed."""
    outputs = [Path(path) for path in job.outputs if path.endswith(".json") and not path.endswith(MANIFEST)]
    checksums = _checksums(context, job) if outputs else frozenset()
    published = (_recorded(path, checksums) for path in outputs)
    found = next((transcript for transcript in published if transcript), None)
    return found or (_remembered_transcript(job.revision) if job.revision else None)


def _checksums(context: Context, job: Job) -> frozenset[str]:
    """Return the transcript checksums recorded by a job's steps; the outbox is not trusted, others may write to it."""
    made = Facts(queries.results(context.store, job)).deliverables
    return frozenset(one.sha256 for one in made if one.name.endswith(".json") and one.name != MANIFEST)


def _remembered_transcript(row: Mapping[str, Any]) -> _Published | None:
    """Return the transcript recorded with a subtitle's job, if it is unchanged."""
    path, sha256 = row["transcript"], row.get("sha256")
    return _recorded(Path(path), {sha256}) if path and sha256 else None


def _recorded(path: Path, checksums: Collection[str]) -> _Published | None:
    found = read_transcript(path, recorded=checksums)
    return _Published(path, found[1], found[0].segments) if found else None


def cue_starts_at(path: Path, most_bytes: int) -> list[float]:
    """Return the start times of a subtitle's cues, in seconds; empty if the file cannot be read as one."""
    try:
        return cue_starts(read_whole(path, most_bytes))
    except (OSError, ValueError, OverflowError):  # OverflowError: a time that is out of range
        return []


def _fits(starts: Sequence[float], transcript: _Published | None, job: Job, *, folder: str | None) -> bool:
    """Return whether a subtitle was derived from the transcript; if that is gone, matching name and folder suffice."""
    if transcript is not None:
        return starts_match(starts, transcript.segments)
    return job.state == JobState.SUCCEEDED and _may_be_of(folder, job)
