"""What others put under Dropdub's names in a folder that they may write to is neither followed nor waited for."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from dropdub.cli import exit_codes
from dropdub.errors import UsageError
from dropdub.files.held import HeldFolder
from dropdub.inbox.move_file import same_content
from dropdub.inbox.moves import remove_error_note
from dropdub.inbox.scan import scan
from dropdub.inbox.side_files import error_note
from dropdub.operations.place import Place
from dropdub.operations.timeline import draw
from dropdub.root import Root
from dropdub.root_record import _marked, marker
from dropdub.store import transitions
from dropdub.store.database import Store
from dropdub.store.states import JobState
from dropdub.store.views import JobView
from dropdub.translations.words import IN_ENGLISH
from tests.factories import an_ended_job
from tests.reports import a_manifest, facts, transcripts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there; pipes are no files")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "logo.png").write_text("secret", encoding="utf-8")
    return folder


def untouched(secret: Path) -> bool:
    return [path.read_text(encoding="utf-8") for path in secret.iterdir()] == ["secret"]


def a_dubbed_job(tmp_path: Path, target: str) -> JobView:
    """A job that was dubbed into pt, in whose folder somebody has replaced the manifest by one of another target."""
    folder = tmp_path / "outbox" / "clip"
    folder.mkdir(parents=True)
    root = Root.at(tmp_path)
    root.create_folders()
    root.config_file.touch()
    with closing(Store.open(root.database_url)) as store:
        job = an_ended_job(store, JobState.SUCCEEDED, name="clip.mp4", options={"targets": ["pt"]})
        assert job.id is not None
        transitions.claim_outbox(store, job.id, choose=lambda _taken: str(folder))
    manifest = a_manifest(facts())
    manifest["fit"] = {target: manifest["fit"]["pt"]}
    manifest["inputs"][0]["duration_s"] = 1e12
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    transcripts()[0].save(folder / "clip.json")
    return Place(root, root.database_url).reader().job("clip.mp4").job


def test_a_timeline_is_drawn_only_for_the_jobs_own_targets(tmp_path: Path, secret: Path) -> None:
    job = a_dubbed_job(tmp_path, "x/logo")
    (tmp_path / "outbox" / "clip" / "timeline.x").symlink_to(secret)
    with pytest.raises(UsageError):
        draw(job, IN_ENGLISH)
    assert untouched(secret)


def test_a_timeline_is_not_drawn_through_a_link(tmp_path: Path, secret: Path) -> None:
    job = a_dubbed_job(tmp_path, "pt")
    folder = tmp_path / "outbox" / "clip"
    (folder / "timeline.pt.svg").symlink_to(secret / "logo.png")
    assert draw(job, IN_ENGLISH) == {"pt": [folder / "timeline.pt.svg"]}, "and not as long as the manifest says"
    assert untouched(secret) and not (folder / "timeline.pt.svg").is_symlink()


def test_the_marker_of_a_folder_is_not_created_through_a_link(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    folder.mkdir()
    marker(folder, "0123abcd").symlink_to(tmp_path / "nologin")
    assert not _marked(folder, "0123abcd")
    assert not (tmp_path / "nologin").exists()
    marker(folder, "0123abcd").unlink()
    assert _marked(folder, "0123abcd") and _marked(folder, "0123abcd")
    assert marker(folder, "0123abcd").stat().st_size == 0


def test_the_details_of_an_error_are_not_written_through_a_link(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for logs in (None, tmp_path):
        (tmp_path / "dropdub-last-error.txt").unlink(missing_ok=True)
        (tmp_path / "dropdub-last-error.txt").symlink_to(secret / "logo.png")
        exit_codes.report(RuntimeError("broken"), logs)
        kept = Path(capsys.readouterr().err.partition("The details are in ")[2].splitlines()[0])
        assert "RuntimeError: broken" in kept.read_text(encoding="utf-8") and not kept.is_symlink()
    assert untouched(secret)


@pytest.mark.timeout(20)
def test_a_pipe_is_neither_a_note_nor_a_copy(tmp_path: Path) -> None:
    original = tmp_path / "clip.mp4"
    original.touch()
    os.mkfifo(error_note(original))
    remove_error_note(original)
    assert error_note(original).exists()
    assert not same_content(original, error_note(original))


def test_an_inbox_folder_that_becomes_a_link_while_listed_is_not_entered(
    tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = tmp_path / "inbox"
    (inbox / "sub").mkdir(parents=True)
    look = HeldFolder.look

    def exchanged(folder: HeldFolder, name: str) -> os.stat_result:
        info = look(folder, name)
        if name == "sub":
            (inbox / "sub").rename(tmp_path / "away")
            (inbox / "sub").symlink_to(secret)
        return info

    monkeypatch.setattr(HeldFolder, "look", exchanged)
    found = scan(inbox)
    assert found.drops == [] and "sub" in found.notes[0]
