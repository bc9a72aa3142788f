"""The outbox is not trusted: others may put anything in place of what was published there."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from dropdub.config import JobOptions
from dropdub.daemon.context import Context
from dropdub.daemon.intake.published_films import published_films
from dropdub.daemon.intake.revisions import Revision, known_revision
from dropdub.errors import UnreadableFile
from dropdub.pipeline.artifacts import Transcript
from dropdub.pipeline.companion import Companion
from dropdub.publishing.earlier_results import read_transcript
from dropdub.publishing.manifest_file import read_manifest
from dropdub.store.tables import Job
from dropdub.subtitles.user_files import earlier_transcript
from tests.factories import forget_ended
from tests.integration.test_revisions import (
    NOW,
    a_film,
    a_manifest,
    a_queued_job,
    a_subtitle,
    context,
    found,
)
from tests.security.attacker import IS_ANOTHER, give_away

__all__ = ["context"]
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and links of POSIX"),
    pytest.mark.timeout(60),  # what waits for a pipe or reads endlessly would do so forever
]
TRAPS = ("pipe", "device", "sparse", "deep", "link")


def put(trap: str, path: Path, bobs: Path) -> None:
    """Put something in the place of a file, as the owner of its folder can."""
    path.unlink(missing_ok=True)
    if trap == "pipe":
        os.mkfifo(path)
    elif trap == "device":
        path.symlink_to("/dev/zero")
    elif trap == "sparse":
        with path.open("wb") as file:
            file.truncate(50_000_000_000)
    elif trap == "deep":
        path.write_text("[" * 200_000, encoding="utf-8")
    elif trap == "link":
        path.symlink_to(bobs)
    elif trap == "copy":
        path.write_bytes(bobs.read_bytes())
    else:
        path.hardlink_to(bobs)


@pytest.fixture
def bobs(context: Context) -> Path:
    """The transcript of somebody else, of a film whose lines begin at the same times."""
    path = Path(a_film(context, "bobs.mp4").outputs[0])
    path.write_text(path.read_text(encoding="utf-8").replace("One.", "What only Bob may read."), encoding="utf-8")
    return path


@pytest.mark.parametrize("trap", [*TRAPS, "copy", "hardlink"])
def test_only_the_transcript_that_the_job_published_is_corrected(context: Context, bobs: Path, trap: str) -> None:
    film = a_film(context)
    put(trap, Path(film.outputs[0]), bobs)
    revision = found(context, a_subtitle(context, shift_s=0.5, at=NOW + 1))
    assert isinstance(revision, Revision) and revision.job.id == film.id
    assert revision.transcript is None and revision.as_row()["transcript"] is None


@pytest.mark.parametrize("trap", [*TRAPS, "copy", "hardlink"])
def test_a_transcript_replaced_after_it_was_compared_is_not_read(context: Context, bobs: Path, trap: str) -> None:
    film = a_film(context)
    revision = found(context, a_subtitle(context))
    assert isinstance(revision, Revision) and revision.transcript is not None
    row = revision.as_row()
    companion = Companion(Path("clip.srt"), revision.transcript, row["sha256"])
    assert earlier_transcript(companion).segments[0].text == "One."
    put(trap, Path(film.outputs[0]), bobs)
    with pytest.raises(UnreadableFile, match="was removed or changed"):
        earlier_transcript(companion)
    again = known_revision(context, a_queued_job(context.store, name="clip.srt", revision=row))
    assert again is not None and again.transcript is None and again.as_row()["transcript"] is None


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("name", ["manifest.json", "clip.json"])
def test_nothing_in_an_outbox_folder_blocks_its_reader(context: Context, bobs: Path, trap: str, name: str) -> None:
    film = a_film(context)
    folder = a_manifest(film).parent
    forget_ended(context.store)
    put(trap, folder / name, bobs)
    assert found(context, a_subtitle(context)) is None
    assert (read_manifest(folder) if name == "manifest.json" else read_transcript(folder / name)) is None


def forgotten(context: Context, **options: object) -> tuple[Job, Path]:
    """Return a film, and its folder in the outbox, known only from the manifest."""
    film = a_film(context)
    path = a_manifest(film)
    Path(film.source).rename(context.root.archive / film.name)
    said = json.loads(path.read_text(encoding="utf-8"))
    said["options"] |= {"voice": "bob", "out": "/etc", "targets": ["es"], **options}
    path.write_text(json.dumps(said), encoding="utf-8")
    forget_ended(context.store)
    return film, path.parent


@pytest.mark.skipif(not IS_ANOTHER, reason="needs an attacker with an account of its own")
@pytest.mark.parametrize("whose", ["manifest.json", "clip.json", "."])
def test_anothers_outbox_files_give_a_film_no_words_and_no_important_options(context: Context, whose: str) -> None:
    film, folder = forgotten(context)
    before = found(context, a_subtitle(context))
    assert isinstance(before, Revision) and before.options.voice == "bob" and before.transcript == folder / "clip.json"
    give_away(folder / whose)
    revision = found(context, a_subtitle(context))
    assert isinstance(revision, Revision) and revision.film == context.root.archive / film.name
    assert revision.transcript is None and revision.sha256 is None
    assert (revision.options.voice, revision.options.out, revision.options.targets) == (None, None, ("es",))


@pytest.mark.parametrize("opened", ["manifest.json", "clip.json", ".", ".."])
def test_files_that_others_may_write_to_in_the_outbox_are_no_evidence(context: Context, opened: str) -> None:
    _, folder = forgotten(context)
    (folder / opened).chmod(0o777)
    [one] = published_films(context.root.outbox, "clip.srt", defaults=JobOptions())
    assert (one.transcript, one.sha256, one.options.voice, one.options.out) == (None, None, None, None)


def test_a_folder_of_the_outbox_that_is_a_link_is_not_read(context: Context) -> None:
    _, folder = forgotten(context)
    elsewhere = context.root.work / "elsewhere"
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    assert list(published_films(context.root.outbox, "clip.srt", defaults=JobOptions())) == []


@pytest.mark.parametrize("size", ["Infinity", "1e999", '"' + "9" * 5000 + '"', "{}"])
def test_a_manifest_with_invalid_numbers_is_skipped(context: Context, size: str) -> None:
    film, folder = forgotten(context)
    path = folder / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"size": 4', f'"size": {size}'), encoding="utf-8")
    assert size in path.read_text(encoding="utf-8") and film.id is not None
    assert found(context, a_subtitle(context)) is None


def test_the_transcript_of_a_trusted_folder_is_read_whole(context: Context) -> None:
    _, folder = forgotten(context)
    read = read_transcript(folder / "clip.json")
    assert read is not None and read[0] == Transcript.load(folder / "clip.json")
