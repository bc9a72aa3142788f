"""Which film a subtitle dropped on its own is for: with a real database and real files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config, JobOptions
from dropdub.daemon.context import Context
from dropdub.daemon.intake.revisions import (
    LATE_SUBTITLE_S,
    FilmGone,
    Revision,
    asked_revision,
    cue_starts_at,
    film_at_work,
    known_revision,
    must_wait,
    revision_of,
)
from dropdub.files.durable import sha256
from dropdub.files.ownership import owner_at
from dropdub.pipeline.artifacts import Segment, Transcript
from dropdub.root import Root
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from dropdub.store.tables import Job
from dropdub.store.transitions import JobFacts
from tests.factories import NOW, a_claim, a_claiming_job, a_queued_job, completed, forget_ended

LINES = ((1.0, "One."), (3.0, "Two."), (6.0, "Three."))
LONG_AFTER = NOW + 10 * LATE_SUBTITLE_S


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    root = Root.at(tmp_path)
    root.create_folders()
    store = Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield Context(root, Config(), store, "run", print)
    store.close()


def a_film(
    context: Context,
    name: str = "clip.mp4",
    *,
    verdict: JobState = JobState.SUCCEEDED,
    transcript: bool = True,
    revision: dict[str, Any] | None = None,
) -> Job:
    """Return the ended job of a film, with its original in archive/ or failed/ and its transcript in the outbox."""
    options = JobOptions(targets=("es",)).model_dump(mode="json")
    job = a_queued_job(context.store, name=name, options=options, revision=revision)
    assert job.id is not None
    published = context.root.outbox / str(job.id) / f"{Path(name).stem}.json"
    if transcript:
        published.parent.mkdir(parents=True)
        segments = tuple(Segment(number, start, start + 1, text) for number, (start, text) in enumerate(LINES))
        Transcript("en", 9.0, segments, {}).save(published)
    facts = JobFacts(kind="media", language="en", outputs=(str(published),) if transcript else ())
    made = [{"name": published.name, "size": 1, "sha256": sha256(published)}] if transcript else []
    completed(context.store, a_claim(context.store, job_ids=[job.id]), result={"deliverables": made}, facts=facts)
    folder = context.root.archive if verdict is JobState.SUCCEEDED else context.root.failed
    place = folder / f"{job.id} {name}"
    place.write_bytes(b"film")
    transitions.begin_ending(
        context.store, job.id, verdict=verdict, reason="x", remedy=None, destination=str(place), now=NOW
    )
    return transitions.finish_job(context.store, job.id, source=str(place), now=NOW)


def a_subtitle(context: Context, name: str = "clip.srt", *, shift_s: float = 0.0, at: float = LONG_AFTER) -> Job:
    """Return the job of a subtitle whose lines start when those of the films do, or later by `shift_s`."""
    path = context.root.work / name
    cues = (f"00:00:{start + shift_s:06.3f} --> 00:00:{start + shift_s + 1:06.3f}\n{text}\n" for start, text in LINES)
    path.write_text("\n".join(cues), encoding="utf-8")
    return a_claiming_job(context.store, name=name, source=str(path), owner=owner_at(path), now=at)


def found(context: Context, subtitle: Job) -> Revision | FilmGone | None:
    return revision_of(context, subtitle, cue_starts_at(Path(subtitle.source), 100_000))


@pytest.mark.parametrize("name", ["clip.srt", "CLIP.es.vtt", "clip.en.srt"])
def test_subtitle_made_from_film_is_recognised_long_afterwards(context: Context, name: str) -> None:
    film = a_film(context)
    revision = found(context, a_subtitle(context, name))
    assert isinstance(revision, Revision)
    assert (revision.job.id, revision.film) == (film.id, Path(film.source))
    assert revision.transcript == Path(film.outputs[0])
    assert revision.options.language == "en" and revision.options.targets == ("es",)


def test_subtitle_belongs_to_newer_of_two_films_with_same_name(context: Context) -> None:
    a_film(context)
    newer = a_film(context)
    a_film(context, "other.mp4")
    revision = found(context, a_subtitle(context))
    assert isinstance(revision, Revision) and revision.job.id == newer.id


def test_subtitle_of_different_recording_with_same_name_belongs_to_no_film(context: Context) -> None:
    a_film(context)
    assert found(context, a_subtitle(context, shift_s=0.5)) is None
    assert found(context, a_subtitle(context, "clip two.srt")) is None


def test_subtitle_that_came_soon_after_film_belongs_to_it_whatever_its_content(context: Context) -> None:
    a_film(context)
    assert isinstance(found(context, a_subtitle(context, shift_s=0.5, at=NOW + LATE_SUBTITLE_S - 1)), Revision)
    assert found(context, a_subtitle(context, shift_s=0.5, at=NOW + LATE_SUBTITLE_S)) is None


def test_failed_film_is_matched_only_with_late_subtitle(context: Context) -> None:
    a_film(context, verdict=JobState.FAILED, transcript=False)
    revision = found(context, a_subtitle(context, at=NOW + 1))
    assert isinstance(revision, Revision) and revision.transcript is None
    assert found(context, a_subtitle(context)) is None


def test_subtitle_is_matched_by_name_if_transcript_is_gone(context: Context) -> None:
    film = a_film(context)
    for content in ("[]", "no JSON", None):
        Path(film.outputs[0]).write_text(content, encoding="utf-8") if content else Path(film.outputs[0]).unlink()
        revision = found(context, a_subtitle(context, shift_s=0.5))
        assert isinstance(revision, Revision) and revision.transcript is None


def test_missing_film_is_named(context: Context) -> None:
    film = a_film(context)
    Path(film.source).unlink()
    gone = found(context, a_subtitle(context))
    assert isinstance(gone, FilmGone) and str(film.source) in gone.sentence


def a_manifest(film: Job) -> Path:
    """Write the manifest of a film's job in the outbox; return its path."""
    said = {
        "job": {"id": film.id, "name": film.name, "kind": "media"},
        "inputs": [{"name": film.name, "size": Path(film.source).stat().st_size}],
        "options": film.options,
        "language": "en",
    }
    path = Path(film.outputs[0]).with_name("manifest.json")
    path.parent.rename(path.parents[1] / "Clip (2)")
    path = path.parents[1] / "Clip (2)" / path.name
    path.write_text(json.dumps(said), encoding="utf-8")
    return path


def test_subtitle_made_from_film_is_recognised_after_its_job_was_pruned(context: Context) -> None:
    film = a_film(context)
    manifest = a_manifest(film)
    forget_ended(context.store)
    subtitle = a_subtitle(context, "clip.es.srt")
    place = context.root.archive / "lessons" / "clip (3).mp4"
    place.parent.mkdir()
    Path(film.source).rename(place)
    revision = found(context, subtitle)
    assert isinstance(revision, Revision)
    assert (revision.job.id, revision.film) == (film.id, place)
    assert revision.transcript == manifest.with_name("clip.json")
    assert revision.options.language == "en" and revision.options.targets == ("es",)
    assert found(context, a_subtitle(context, shift_s=0.5)) is None, "it was made of something else"
    place.write_bytes(b"another film")
    gone = found(context, subtitle)
    assert isinstance(gone, FilmGone) and "clip.mp4" in gone.sentence
    manifest.write_text('{"job": {"name": "clip.mp4"}}', encoding="utf-8")
    assert found(context, subtitle) is None


def test_a_revision_of_a_revision_goes_back_to_the_film_and_its_last_transcript(context: Context) -> None:
    film = a_film(context)
    first = found(context, a_subtitle(context, "clip.es.srt"))
    assert isinstance(first, Revision)
    Path(film.source).rename(context.root.archive / "clip.mp4")
    row = {**json.loads(json.dumps(first.as_row())), "film": str(context.root.archive / "clip.mp4")}
    revised = a_film(context, "clip.es.srt", transcript=False, revision=row)
    second = found(context, a_subtitle(context, "clip.es.srt"))
    assert isinstance(second, Revision) and second.job.name == "clip.mp4"
    assert second.job.id == revised.id and second.film == context.root.archive / "clip.mp4"
    assert second.transcript == Path(film.outputs[0])


def test_file_that_is_too_long_or_not_a_subtitle_is_not_read(context: Context) -> None:
    a_film(context)
    subtitle = a_subtitle(context)
    Path(subtitle.source).write_bytes(b"\xff" * 100)
    assert found(context, subtitle) is None
    Path(subtitle.source).write_bytes(b"00:00:01,000 -->" * 400_000)
    assert found(context, subtitle) is None


def test_film_being_processed_is_found_until_it_has_ended(context: Context) -> None:
    job = a_queued_job(context.store, name="Clip.mp4")
    at_work = film_at_work(context, "clip.en.srt", owner=None)
    assert at_work is not None and at_work.id == job.id
    assert (
        film_at_work(context, "other.srt", owner=None) is None
        and film_at_work(context, "clip one.srt", owner=None) is None
    )
    a_film(context, "done.mp4")
    assert film_at_work(context, "done.srt", owner=None) is None


def test_retried_subtitle_belongs_to_same_film_even_after_its_job_was_pruned(context: Context) -> None:
    film = a_film(context)
    row = {"job": film.id, "name": "clip.mp4", "film": film.source, "transcript": None}
    subtitle = a_queued_job(context.store, name="clip.srt", revision=row)
    known = known_revision(context, subtitle)
    assert known is not None and known.job.id == film.id and known.as_row() == row
    forget_ended(context.store)
    forgotten = known_revision(context, subtitle)
    assert forgotten is not None and forgotten.as_row() == row and forgotten.film == Path(film.source)
    Path(film.source).unlink()
    assert known_revision(context, subtitle) is None


def test_retried_subtitle_waits_for_its_film_but_not_for_itself_or_another_subtitle(
    context: Context,
) -> None:
    row = {"job": 1, "name": "clip.mp4", "film": "/archive/clip.mp4", "transcript": None}
    subtitle = a_queued_job(context.store, name="clip.srt", revision=row)
    a_queued_job(context.store, name="clip.pt.srt", revision=row)
    assert not must_wait(context, subtitle)
    a_claiming_job(context.store, name="clip.mp4")
    assert must_wait(context, subtitle)


def asked(film: Job, **more: Any) -> dict[str, Any]:
    return {"job": film.id, "name": "clip.mp4", "film": film.source, "transcript": None, "asked": True, **more}


def test_a_request_names_the_film_whatever_the_subtitle_is_called(context: Context) -> None:
    film = a_film(context)
    a_film(context)
    row = asked(film, speakers={"S1": "Ana"})
    subtitle = a_queued_job(context.store, name="notes.srt", revision=row)
    revision = asked_revision(context, subtitle)
    assert isinstance(revision, Revision) and revision.job.id == film.id
    assert revision.transcript == Path(film.outputs[0])
    assert revision.as_row()["speakers"] == {"S1": "Ana"} and "asked" not in revision.as_row()
    Path(film.source).unlink()
    assert isinstance(asked_revision(context, subtitle), FilmGone)


def test_a_subtitle_that_names_no_film_or_a_forgotten_one_is_looked_for_by_its_name(context: Context) -> None:
    film = a_film(context)
    subtitle = a_queued_job(context.store, name="clip.srt", revision=asked(film))
    forget_ended(context.store)
    assert asked_revision(context, subtitle) is None
    assert asked_revision(context, a_subtitle(context)) is None
