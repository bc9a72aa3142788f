"""The rule for what may be removed, and that nothing is removed in any other way."""

from __future__ import annotations

import ast
import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import dropdub
from dropdub.errors import OriginalKept
from dropdub.files.held import held
from dropdub.files.removal import (
    holds,
    originals_in,
    remove,
    remove_copied,
    remove_empty,
    remove_expired_upload,
    remove_given_copy,
    remove_published,
    remove_tree,
)

SOURCES = Path(dropdub.__file__).parent
WAYS = {
    "unlink",
    "rmtree",
    "rmdir",
    "removedirs",
    "remove",
    "remove_tree",
    "remove_copied",
    "remove_copied_hidden",
    "remove_copied_parts",
    "remove_cut_off",
    "remove_given_copy",
    "remove_empty",
    "remove_expired_upload",
    "remove_sent",
    "remove_files",
    "remove_hidden",
    "remove_outgrown",
    "remove_part",
    "remove_parts",
    "remove_published",
    "remove_stale_parts",
    "remove_taken",
}
CALLERS = {
    # An original, of which another file holds every byte.
    ("daemon/start/rescue.py", "remove_copied"): "a copy that was cut off, whose original is there",
    ("inbox/moves.py", "remove_copied"): "what was copied to or from another file system, and compared",
    ("inbox/moves.py", "remove_copied_hidden"): "the same, if a crash interrupted it",
    ("inbox/moves.py", "remove_copied_parts"): "a copy of a file named to `run` that was cut off",
    ("inbox/move_file.py", "remove_copied"): "what was copied to another file system, and compared",
    ("inbox/move_file.py", "remove_copied_parts"): "a copy to another file system that was cut off",
    ("inbox/passage.py", "remove_cut_off"): "a copy of what is being taken that was cut off",
    ("inbox/passage.py", "remove_hidden"): "what was being removed when a crash came, compared again",
    ("inbox/passage.py", "remove_outgrown"): "the copy of a file that has grown meanwhile, and is taken later",
    ("inbox/passage.py", "remove_taken"): "what was copied from another file system, and compared",
    ("daemon/finished_targets.py", "remove_tree"): "what a job kept for a retry: JSON",
    ("daemon/finish/finishing.py", "remove_given_copy"): "the copy of a file named to `run`, which is where it was",
    (
        "web/uploads/folder.py",
        "remove_expired_upload",
    ): "an upload that nobody continued for a day; if complete, no job could be made of it, as its sender was answered",
    # Folders of jobs and steps: originals in them are spared.
    ("daemon/finish/finishing.py", "remove_sent"): "the file of a request, which belongs to its sender",
    ("daemon/finish/finishing.py", "remove_tree"): "a job's folder, once its original was handed over",
    ("daemon/steps/outcomes.py", "remove_tree"): "a step's temporary folder",
    ("daemon/start/recovery.py", "remove_stale_parts"): "what writes of the root's own files have left",
    ("daemon/start/recovery.py", "remove_tree"): "temporary folders of dead steps, answers that no request has",
    ("daemon/start/rescue.py", "remove_tree"): "folders that no unfinished job has",
    ("web/uploads/folder.py", "remove_tree"): "an upload that is not complete, or that a job has taken",
    ("worker.py", "remove_tree"): "a step's temporary folder",
    # Files and folders that Dropdub wrote itself.
    ("store/forgetting.py", "remove_tree"): "the answer of a forgotten job, and what it kept for a retry: JSON",
    ("store/forgetting.py", "remove"): "its log",
    ("operations/voice_files.py", "remove"): "a voice, named by a person, and the consent to it",
    ("web/voices/consents.py", "remove"): "a recorded consent, named by a person",
    ("web/rooms/folder.py", "remove"): "the lines of a room that has ended",
    ("web/rooms/folder.py", "remove_files"): "the sound of a room that has ended, whose record is a job's",
    ("web/rooms/folder.py", "remove_tree"): "a room that has ended, whose record is a job if it is kept",
    ("web/voices/routes.py", "remove"): "the request to remove a voice",
    ("web/pages/voices.py", "remove"): "the same, on a page that has asked",
    ("web/voices/openai_routes.py", "remove"): "the same, and for a recorded consent",
    ("web/jobs/forgetting.py", "remove_published"): "what a forgotten job's manifest lists, if a person wants that",
    ("cli/groups.py", "remove"): "the command that removes a voice",
    ("cli/voices.py", "remove"): "the same",
    ("doctor/folders.py", "remove"): "a file that tried whether a folder can be written to",
    ("engines/models/download/packages.py", "remove_tree"): "the packages of a download, in a folder of their own",
    ("engines/models/download/part_folder.py", "remove"): "what another account has put into the folder of a download",
    ("engines/models/download/pull.py", "remove"): "a damaged file of a model, and the plan of a download",
    ("engines/models/download/pull.py", "remove_tree"): "an earlier download of a model that is damaged",
    ("engines/models/download/transfer.py", "remove"): "the part of a download",
    ("engines/espeak/library.py", "remove_tree"): "a temporary folder with a link to the voices",
    ("inbox/moves.py", "remove"): "the note beside a failed original",
    ("process/started.py", "remove"): "a liveness lock",
    ("pipeline/cache.py", "remove"): "a cached result that is damaged, or was not used for the longest time",
    ("pipeline/cache.py", "remove_parts"): "a write of a cached result that failed",
    ("pipeline/cache.py", "remove_stale_parts"): "writes of cached results that were cut off",
    ("metrics/exporter.py", "remove_parts"): "writes of the figures' file that were cut off",
    ("publishing/staging.py", "remove_empty"): "a staging folder",
    (
        "daemon/intake/emptied.py",
        "remove_empty",
    ): "a folder, which the system removes only if it is empty",
    ("publishing/staging.py", "remove_files"): "what a staging folder holds",
    ("publishing/staging.py", "remove_part"): "a file that tried whose files are",
    ("publishing/staging.py", "remove_parts"): "what a copy to a staging folder has left",
    ("pool/pool.py", "remove"): "an item of a list",
    ("pool/received.py", "remove"): "an item of a list",
    ("daemon/monitor/saving.py", "remove"): "what a crash left of a sound that was being saved",
    ("daemon/monitor/delivery.py", "remove_parts"): "the same",
    ("web/uploads/folder.py", "remove_sent"): "a file that was sent again, which belongs to its sender",
    ("pool/slot.py", "remove"): "a liveness lock",
    ("daemon/web_server.py", "remove"): "a liveness lock",
    ("process/survivors.py", "remove"): "a liveness lock",
    ("process/temporary.py", "remove_tree"): "a process's temporary folder",
    ("service/managed.py", "remove"): "the definition of a service",
    ("store/backup.py", "remove"): "an old copy of the database, or one that was cut off, by its whole name",
    ("windowless.py", "remove"): "a console log that has grown large",
}


def calls(path: Path) -> Iterator[str]:
    """Yield the names of the functions in a module that remove, wherever they are imported, called or handed on."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.name in WAYS)
        elif isinstance(node, ast.Attribute) and node.attr in WAYS:
            yield node.attr
        elif isinstance(node, ast.Name) and node.id in WAYS and isinstance(node.ctx, ast.Load):
            yield node.id


def test_every_place_that_removes_is_known_and_goes_through_the_rule() -> None:
    found = {
        (path.relative_to(SOURCES).as_posix(), name)
        for path in SOURCES.rglob("*.py")
        if path.name != "removal.py"
        for name in calls(path)
    }
    assert found == set(CALLERS), "say in CALLERS what is removed there, and why it can be no original"


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job's folder with an original, its sidecar, an artefact, a temporary file and a folder of speech."""
    folder = tmp_path / "work" / "7"
    for name in ("source/clip.mp4", "source/clip.mp4.job.yaml", "audio.wav", "tmp/mix.1/part", "speech.pt/0001.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_a_job_folder_is_removed_except_for_its_originals(job: Path) -> None:
    assert remove_tree(job) == [job / "source" / "clip.mp4", job / "source" / "clip.mp4.job.yaml"]
    assert [path.relative_to(job).as_posix() for path in sorted(job.rglob("*")) if path.is_file()] == [
        "source/clip.mp4",
        "source/clip.mp4.job.yaml",
    ]
    assert not (job / "tmp").exists() and not (job / "audio.wav").exists()


def test_a_work_or_source_folder_with_an_original_cannot_be_removed(job: Path) -> None:
    assert remove_tree(job.parent) == remove_tree(job / "source")
    assert (job / "source" / "clip.mp4").read_text(encoding="utf-8") == "source/clip.mp4"


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A complete upload that no job has taken yet."""
    folder = tmp_path / "work" / "uploads" / ("0123456789abcdef" * 2)
    for name in ("file/clip.mp4", "part/rest", "meta.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_a_complete_upload_is_an_original_until_it_expires(upload: Path) -> None:
    assert remove_tree(upload.parent) == [upload / "file" / "clip.mp4"]
    with pytest.raises(OriginalKept):
        remove(upload / "file" / "clip.mp4")
    with pytest.raises(OriginalKept):
        remove_expired_upload(upload, unchanged_since=time.time() - 3600)
    with pytest.raises(OriginalKept):
        remove_expired_upload(upload.parent, unchanged_since=time.time() + 3600)
    assert [path.name for path in upload.rglob("*")] == ["file", "clip.mp4"]
    remove_expired_upload(upload, unchanged_since=time.time() + 3600)
    assert not upload.exists()


def test_a_job_folder_without_an_original_is_removed_whole(job: Path) -> None:
    for path in (job / "source").iterdir():
        path.unlink()
    assert remove_tree(job) == []
    assert not job.exists()


def test_a_single_original_is_not_removed(job: Path) -> None:
    with pytest.raises(OriginalKept):
        remove(job / "source" / "clip.mp4")
    assert (job / "source" / "clip.mp4").exists()
    remove(job / "audio.wav")
    assert not (job / "audio.wav").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_a_link_in_a_source_folder_is_an_original_and_one_to_a_folder_is_not_followed(
    job: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").touch()
    (job / "source" / "link").symlink_to(tmp_path / "elsewhere")
    (job / "into").symlink_to(tmp_path / "elsewhere")
    assert job / "source" / "link" in remove_tree(job)
    assert (tmp_path / "elsewhere" / "file").exists() and not (job / "into").is_symlink()


def test_an_original_is_removed_once_another_file_holds_all_of_it(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    original.write_bytes(b"words" * 300_000)
    copy.write_bytes(b"words" * 299_999 + b"other")
    with pytest.raises(OriginalKept):
        remove_copied(original, copy)
    copy.write_bytes(b"words" * 299_999)
    with pytest.raises(OriginalKept):
        remove_copied(original, copy)
    copy.write_bytes(b"words" * 300_001)
    remove_copied(original, copy)
    assert not original.exists() and copy.exists()


def test_the_copy_of_a_named_file_is_removed_while_that_file_is_unchanged(tmp_path: Path) -> None:
    given, copy = tmp_path / "given", tmp_path / "copy"
    given.write_bytes(b"words")
    shutil.copy2(given, copy)
    given.write_bytes(b"other")
    remove_given_copy(copy, given)
    assert copy.read_bytes() == b"words"
    given.unlink()
    remove_given_copy(copy, given)
    assert copy.read_bytes() == b"words"
    shutil.copy2(copy, given)
    remove_given_copy(copy, given)
    assert not copy.exists() and given.exists()


def test_a_source_folder_that_cannot_be_listed_is_left_alone(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def stale(path: Path) -> object:
        if Path(path).name == "source":
            raise OSError(errno.ESTALE, "Stale file handle")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", stale)
        with pytest.raises(OSError, match="Stale"):
            remove_tree(job)
    assert (job / "source" / "clip.mp4").exists() and (job / "audio.wav").exists()


def test_a_file_is_not_a_copy_of_itself(tmp_path: Path) -> None:
    original = tmp_path / "original"
    original.write_bytes(b"words")
    assert not holds(original, original)
    with pytest.raises(OriginalKept):
        remove_copied(original, original)
    assert original.exists()


def test_only_numbered_folders_have_originals_and_only_empty_ones_go(tmp_path: Path) -> None:
    (tmp_path / "model" / "source").mkdir(parents=True)
    (tmp_path / "model" / "source" / "weights").touch()
    assert list(originals_in(tmp_path)) == []
    with held(tmp_path) as folder:
        remove_empty(folder, "model")
    assert (tmp_path / "model" / "source" / "weights").exists()
    assert remove_tree(tmp_path / "model") == []
    (tmp_path / "empty").mkdir()
    with held(tmp_path) as folder:
        remove_empty(folder, "empty")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_of_published_files_only_those_that_are_named_go_and_never_what_a_link_leads_to(tmp_path: Path) -> None:
    folder, other = tmp_path / "clip", tmp_path / "other"
    for name in ("clip/clip.srt", "clip/mine.txt", "clip/inner/clip.srt", "other/clip.srt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (folder / "clip.vtt").symlink_to(other / "clip.srt")
    wanted = ["clip.srt", "clip.vtt", "inner", "inner/clip.srt", "../other/clip.srt", "..", "", "gone", "a\0b"]
    with held(tmp_path, "clip") as opened:
        remove_published(opened, wanted)
    assert sorted(path.name for path in folder.iterdir()) == ["clip.vtt", "inner", "mine.txt"]
    assert (other / "clip.srt").exists() and (folder / "inner" / "clip.srt").exists()
    with held(tmp_path, "other") as opened:
        remove_published(opened, ["clip.srt"])
    assert not other.exists()


def test_no_published_file_is_removed_from_a_folder_of_originals(job: Path) -> None:
    with held(job, "source") as folder, pytest.raises(OriginalKept):
        remove_published(folder, ["clip.mp4"])
    assert (job / "source" / "clip.mp4").exists()
