"""Subtitles for a film that was done before, or is at work: corrected ones, and those that come late."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dropdub.config import JobOptions
from dropdub.daemon.context import Context, film_name, job_id, options_of
from dropdub.daemon.publishedfilms import published_films
from dropdub.errors import UsageError
from dropdub.files import is_file
from dropdub.inbox.companions import bare_name, owner_of
from dropdub.media.subtitlereading import cue_starts
from dropdub.pipeline.artefacts import Transcript
from dropdub.pipeline.ownwords import are_akin
from dropdub.store import queries
from dropdub.store.states import UNFINISHED, JobState
from dropdub.store.tables import Job

LATE_S = 600.0
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
    """A film that a subtitle is for. `transcript`: what was published of it; None where that is gone."""

    job: DoneJob
    film: Path
    transcript: Path | None
    row: dict[str, Any] | None = None

    def as_row(self) -> dict[str, Any]:
        """Return what the subtitle's own job remembers of it, or has remembered since it was done first."""
        if self.row is not None:
            return self.row
        transcript = str(self.transcript) if self.transcript else None
        return {"job": self.job.id, "name": self.job.name, "film": str(self.film), "transcript": transcript}

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


def film_at_work(context: Context, subtitle: str) -> Job | None:
    """Return the unfinished job, of a film or of another subtitle of it, that a subtitle belongs to by its name."""
    return next(iter(_at_work(context, subtitle)), None)


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
    return Revision(DoneJob.of(job), Path(row["film"]), Path(row["transcript"]) if row["transcript"] else None, row)


def _at_work(context: Context, subtitle: str) -> Iterator[Job]:
    jobs = queries.jobs_like(context.store, Path(bare_name(subtitle)).stem, UNFINISHED)
    return (job for job in jobs if owner_of(subtitle, [film_name(job)]))


def revision_of(context: Context, subtitle: Job, path: Path) -> Revision | FilmGone | None:
    """Return the film that the subtitle at `path` corrects, or came late for: that of the newest job that fits.

    It fits by name, and because it was made of what was said there, or because it came at about the same time. Of jobs
    that were forgotten, the manifests in the outbox tell.
    """
    gone: FilmGone | None = None
    starts = _starts(path, context.config.limits.max_text)
    for job in _same_name(context, subtitle) if starts else ():
        transcript = _transcript(job)
        came_late = subtitle.created_at - (job.finished_at or 0.0) < LATE_S
        if came_late or _fits(starts, transcript, job):
            film = Path(job.revision["film"] if job.revision else job.source)
            if is_file(film):
                return Revision(DoneJob.of(job), film, transcript[0] if transcript else None)
            gone = gone or FilmGone(DoneJob.of(job), film)
    return gone or (_of_forgotten(context, subtitle, starts) if starts else None)


def _of_forgotten(context: Context, subtitle: Job, starts: list[float]) -> Revision | FilmGone | None:
    """Return the film that a subtitle was made of by a job that is in no database any more."""
    gone: FilmGone | None = None
    for one in published_films(context.root.outbox, subtitle.name):
        if not are_akin(starts, one.segments):
            continue
        job = DoneJob(one.id, one.name, one.options, one.language)
        film = one.original_in(context.root.archive)
        if film is not None:
            return Revision(job, film, one.transcript)
        gone = gone or FilmGone(job, context.root.archive / one.name)
    return gone


def _same_name(context: Context, subtitle: Job) -> Iterator[Job]:
    ended = (JobState.SUCCEEDED, JobState.FAILED)
    jobs = queries.jobs_like(context.store, Path(bare_name(subtitle.name)).stem, ended)
    for job in sorted(jobs, key=job_id, reverse=True):
        if job.kind == "media" and job.dup_of is None and owner_of(subtitle.name, [film_name(job)]):
            yield job


def _transcript(job: Job) -> tuple[Path, Transcript] | None:
    """Return the transcript that a job has published, or went by; None where it is gone, or something else by now."""
    published = [Path(path) for path in job.outputs if path.endswith(".json") and not path.endswith("manifest.json")]
    went_by = [Path(job.revision["transcript"])] if job.revision and job.revision["transcript"] else []
    for path in (*published, *went_by):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return path, Transcript.load(path)
    return None


def _starts(path: Path, most_bytes: int) -> list[float]:
    """Return when the lines of a subtitle begin. It is not read in full here: what it holds may be anything."""
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
        return cue_starts(data) if len(data) <= most_bytes else []
    except OSError:
        return []


def _fits(starts: list[float], transcript: tuple[Path, Transcript] | None, job: Job) -> bool:
    """Return whether a subtitle was made of what was said; where that is gone, the name has to do."""
    return are_akin(starts, transcript[1].segments) if transcript else job.state == JobState.SUCCEEDED
