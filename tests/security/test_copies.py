"""What is copied out of the inbox if it cannot be renamed: nothing is lost, and nothing fills the disk."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import BinaryIO, cast

import pytest

from dropdub.config import Limits
from dropdub.daemon.context import Context
from dropdub.daemon.intake import collection
from dropdub.daemon.start import rescue
from dropdub.errors import BadSidecar, DropdubError, NotAFile, OriginalKept, TooLarge
from dropdub.files import copying, durable, removal
from dropdub.files.held import HeldFolder
from dropdub.files.removal import remove_copied, remove_taken
from dropdub.inbox import passage
from dropdub.inbox.file_identity import Identity, identity
from dropdub.inbox.free_space import Room
from dropdub.inbox.move_file import CannotMove
from dropdub.inbox.moves import bring_in
from dropdub.inbox.recorded_files import CHANGED, Taken, Wanted
from dropdub.root import Root
from dropdub.store.tables import Job
from tests.security.attacker import IS_ANOTHER, OWN_UID, give_away

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be exchanged there")


@pytest.mark.parametrize("is_held", [True, False], ids=["taken", "copied"])
@pytest.mark.parametrize("is_exchanged", [True, False], ids=["exchanged", "written over"])
def test_a_version_saved_while_the_copy_is_compared_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_held: bool, is_exchanged: bool
) -> None:
    inbox, copy = tmp_path / "inbox", tmp_path / "copy"
    inbox.mkdir()
    original = inbox / "book.txt"
    original.write_text("first", encoding="utf-8")
    copy.write_text("first", encoding="utf-8")
    compare = removal._begins_with

    def meanwhile(one: BinaryIO, other: BinaryIO) -> bool:
        is_same = compare(one, other)
        if is_exchanged:
            (inbox / ".new").write_text("second", encoding="utf-8")
            (inbox / ".new").replace(original)
        else:
            original.write_text("secnd", encoding="utf-8")
            os.utime(original, ns=(1, 1))
        return is_same

    monkeypatch.setattr(removal, "_begins_with", meanwhile)
    with pytest.raises(OriginalKept), HeldFolder.open(inbox) as folder:
        if is_held:
            remove_taken(folder, original.name, copy)
        else:
            remove_copied(original, copy)
    assert original.read_text(encoding="utf-8") == ("second" if is_exchanged else "secnd")
    assert [path.name for path in inbox.iterdir()] == ["book.txt"]


def test_a_file_saved_under_the_name_while_the_original_goes_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even at the last moment: what is found to be another file goes back, beside what came meanwhile."""
    original, copy = tmp_path / "in" / "book.txt", tmp_path / "copy"
    original.parent.mkdir()
    original.write_text("first", encoding="utf-8")
    copy.write_text("first", encoding="utf-8")
    rename = HeldFolder.rename

    def meanwhile(folder: HeldFolder, name: str, target: HeldFolder, new_name: str, *, replace: bool = False) -> None:
        if name == original.name:
            original.unlink()
            original.write_text("second", encoding="utf-8")
        rename(folder, name, target, new_name, replace=replace)
        if name == original.name:
            original.write_text("third", encoding="utf-8")

    monkeypatch.setattr(HeldFolder, "rename", meanwhile)
    with pytest.raises(OriginalKept):
        remove_copied(original, copy)
    found = {path.name: path.read_text(encoding="utf-8") for path in original.parent.iterdir()}
    assert found == {"book.txt": "third", "book (2).txt": "second"}


@pytest.fixture
def inbox(place: Path) -> Path:
    folder = place / "inbox"
    folder.mkdir()
    return folder


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as writer:
        writer.write(b"begins")
        writer.seek(size // 2)
        writer.write(b"middle")
        writer.truncate(size)
    return path


def linked(inbox: Path, size: int) -> Path:
    film = sparse(inbox / "film.mp4", size)
    (inbox / ".other").hardlink_to(film)
    return film


def test_a_file_with_other_names_that_is_too_large_is_not_copied(place: Path, inbox: Path) -> None:
    film, source = linked(inbox, 10**13), place / "work" / "1" / "source"
    wanted = Wanted(film, film.name, identity(film), within=inbox, room=Room(10**10))
    with pytest.raises(TooLarge, match=r"at most 10\.0 GB is allowed"):
        bring_in(wanted, source)
    assert [path.name for path in source.iterdir()] == ["film.mp4"]
    ended = bring_in(replace(wanted, is_again=True, is_ending=True, room=Room()), source)
    assert ended == Taken(source / "film.mp4")


def test_a_file_with_other_names_waits_until_there_is_room(place: Path, inbox: Path) -> None:
    film, source = linked(inbox, 10**13), place / "work" / "1" / "source"
    with pytest.raises(CannotMove, match="is free") as said:
        bring_in(Wanted(film, film.name, identity(film), within=inbox, room=Room(10**14, 10**9)), source)
    assert said.value.condition == "disk"
    assert [path.name for path in source.iterdir()] == ["film.mp4"]


def test_a_named_file_that_is_too_large_is_not_copied(place: Path, inbox: Path) -> None:
    film = sparse(inbox / "film.mp4", 10**13)
    with pytest.raises(TooLarge):
        bring_in(Wanted(film, film.name, room=Room(10**10)), place / "source")
    assert list((place / "source").iterdir()) == [] and film.exists()


def test_holes_stay_holes_in_a_copy(tmp_path: Path) -> None:
    film = sparse(tmp_path / "film.mp4", 200_000_001)
    digest = copying.copy_whole(film, tmp_path / "copy")
    assert durable.sha256(tmp_path / "copy") == digest == durable.sha256(film)
    assert (tmp_path / "copy").stat().st_blocks * 512 < 10_000_000


def across(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the folders of a test appear to be on two file systems."""
    rename = HeldFolder.rename

    def refused(folder: HeldFolder, name: str, target: HeldFolder, new_name: str, *, replace: bool = False) -> None:
        if folder.path != target.path:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename(folder, name, target, new_name, replace=replace)

    monkeypatch.setattr(HeldFolder, "rename", refused)


def test_a_failed_copy_removes_what_it_has_written(place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    across(monkeypatch)
    film, source = sparse(inbox / "film.mp4", 10_000_000), place / "work" / "1" / "source"
    sizes = []

    def full(writer: BinaryIO) -> None:
        sizes.append(os.fstat(writer.fileno()).st_size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(copying, "flush", full)
    with pytest.raises(CannotMove):
        bring_in(Wanted(film, film.name, identity(film), within=inbox), source)
    assert sizes == [10_000_000] and list(source.iterdir()) == [] and film.exists()


@pytest.mark.parametrize("is_gone", [False, True], ids=["edited", "and its folder removed"])
def test_a_film_goes_back_across_file_systems_if_its_options_change_meanwhile(
    place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch, is_gone: bool
) -> None:
    across(monkeypatch)
    folder, source = inbox / "sub", place / "work" / "1" / "source"
    folder.mkdir()
    film, sidecar = folder / "film.mp4", folder / "film.mp4.job.yaml"
    film.write_text("film", encoding="utf-8")
    sidecar.write_text("language: en", encoding="utf-8")
    wanted = Wanted(film, film.name, identity(film), sidecar, sidecar_seen=identity(sidecar), within=inbox)
    copy = passage.copied_part

    def meanwhile(reader: BinaryIO, goal: HeldFolder, name: str) -> tuple[str, str]:
        copied = copy(reader, goal, name)
        if goal.path == source:
            sidecar.write_text("language: de # edited", encoding="utf-8")
        elif is_gone:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return copied

    monkeypatch.setattr(passage, "copied_part", meanwhile)
    if not is_gone:
        assert bring_in(wanted, source) == CHANGED
        assert list(source.iterdir()) == []
        assert sorted(path.name for path in folder.iterdir()) == [film.name, sidecar.name]
        assert film.read_text(encoding="utf-8") == "film"
        return
    with pytest.raises(NotAFile, match="cannot be moved back"):
        bring_in(wanted, source)
    ended = bring_in(replace(wanted, is_again=True, is_ending=True, sidecar_seen=None), source)
    assert ended == Taken(source / film.name, source / sidecar.name)


@pytest.mark.skipif(not IS_ANOTHER, reason="there is no other account")
def test_a_copy_keeps_its_owner(place: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    across(monkeypatch)
    film = inbox / "film.mp4"
    film.write_text("film", encoding="utf-8")
    give_away(film)
    taken = bring_in(Wanted(film, film.name, identity(film), within=inbox), place / "work" / "1" / "source")
    assert isinstance(taken, Taken) and not film.exists()
    info = taken.source.stat()
    assert (info.st_uid, info.st_gid) == (OWN_UID, OWN_UID)


def test_a_file_system_that_refuses_modes_and_times_accepts_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    for call in ("fchmod", "fchown", "utime"):
        monkeypatch.setattr(os, call, refused)
    durable.write_whole(tmp_path / "one", b"words")
    copying.copy_whole(tmp_path / "one", tmp_path / "other")
    assert (tmp_path / "other").read_bytes() == b"words"


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "link", "file", "large file"])
def test_an_interrupted_copy_is_compared_only_with_regular_files_of_the_inbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    root = Root.at(tmp_path / "root")
    for folder in (root.inbox, root.archive, root.failed, root.work / "1" / "source"):
        folder.mkdir(parents=True, exist_ok=True)
    part = root.work / "1" / "source" / ".film.mp4.part"
    part.write_text("film", encoding="utf-8")
    whole = root.inbox / "film.mp4"
    (tmp_path / "elsewhere").write_text("film and more", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    if kind == "pipe":
        os.mkfifo(whole)
    elif kind.startswith("link"):
        whole.symlink_to(tmp_path / ("pipe" if "pipe" in kind else "elsewhere"))
    else:
        whole.write_text("film and more", encoding="utf-8")
    if kind == "large file":
        monkeypatch.setattr(rescue, "_MOST_COMPARED", 3)
    context = cast(Context, SimpleNamespace(root=root))
    assert rescue.source_of_copy(context, part) == (whole if kind == "file" else None)


@pytest.mark.parametrize("error", [BadSidecar, NotAFile])
def test_a_job_ends_whatever_is_beside_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[DropdubError]
) -> None:
    """Of a folder that is gone, what was brought and is no file: it stays in the job's folder, and is rescued."""
    folder = tmp_path / "inbox" / "sub"
    source = tmp_path / "work" / "1" / "source"
    source.mkdir(parents=True)
    (tmp_path / "inbox").mkdir()
    (source / "film.mp4").write_text("film", encoding="utf-8")
    sidecar = folder / "film.mp4.job.yaml"
    (source / sidecar.name).symlink_to("nowhere")
    if error is BadSidecar:
        folder.mkdir()
    wanted = Wanted(folder / "film.mp4", "film.mp4", Identity(0, "", 0, 0), sidecar, within=tmp_path / "inbox")
    monkeypatch.setattr(collection, "_wanted", lambda *_: wanted)
    context = cast(Context, SimpleNamespace(config=SimpleNamespace(limits=Limits())))
    with pytest.raises(error):
        bring_in(replace(wanted, is_again=True), source)
    if error is BadSidecar:
        (folder / sidecar.name).rename(source / sidecar.name)
    collection.collect_for_ending(context, cast(Job, None), source)
    assert (source / "film.mp4").exists()


def test_no_job_is_done_without_its_recorded_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the film and its options, which somebody then removes."""
    job = cast(
        Job,
        SimpleNamespace(
            name="film.mp4", source=str(tmp_path / "film.mp4"), sidecar="film.mp4.job.yaml", companion=None, round=1
        ),
    )
    monkeypatch.setattr(collection, "_moved", lambda *_: Taken(tmp_path / "film.mp4"))
    monkeypatch.setattr(collection, "_refuse_away_share", lambda *_: None)
    context = cast(Context, SimpleNamespace(refuse_away=lambda *_: None))
    result = collection.collect(context, job, tmp_path)
    assert isinstance(result, collection.Collected) and isinstance(result.refusal, BadSidecar)
