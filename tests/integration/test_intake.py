from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from dropdub.errors import NotAFile
from dropdub.files import copying, durable
from dropdub.inbox import move_file
from dropdub.inbox.file_identity import identity
from dropdub.inbox.move_file import StillWritten, move
from dropdub.inbox.moves import bring_in, hand_over, remove_error_note, write_error_note
from dropdub.inbox.recorded_files import CHANGED, VANISHED, Taken, Wanted
from dropdub.inbox.scan import scan
from dropdub.inbox.side_files import NOTE_ROOM, error_note
from tests.conftest import folder_on_another_file_system

NAMES = ["clip.mp4", "with  spaces.mp4", "Ação.mp4", "🎬" * 62 + ".mp4", "x" * 251 + ".mp4", "r-f", "no suffix"]


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def source_dir(tmp_path: Path) -> Path:
    return tmp_path / "work" / "1" / "source"


@pytest.fixture(params=["one", "two"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder on the file system of `tmp_path`, and again on another."""
    if request.param == "one":
        yield tmp_path / "place"
        return
    with folder_on_another_file_system(tmp_path) as folder:
        yield folder / "place"


def put(path: Path, content: bytes = b"content") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def wanted(path: Path, *, sidecar: Path | None = None) -> Wanted:
    return Wanted(path, durable.safe_name(path.name), identity(path), sidecar)


def all_files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_file_is_moved_under_its_own_name(inbox: Path, place: Path, name: str) -> None:
    path = put(inbox / name)
    assert bring_in(wanted(path), place) == Taken(place / name)
    assert all_files(inbox) == [] and all_files(place) == [name]
    assert (place / name).read_bytes() == b"content"


def test_a_file_and_its_sidecar_are_moved(inbox: Path, place: Path) -> None:
    path, sidecar = put(inbox / "sub" / "clip.mp4"), put(inbox / "sub" / "clip.mp4.job.yaml", b"voice: x")
    taken = bring_in(wanted(path, sidecar=sidecar), place)
    assert taken == Taken(place / "clip.mp4", place / "clip.mp4.job.yaml")
    assert all_files(inbox) == [] and (inbox / "sub").is_dir()


def test_file_found_by_scan_can_be_taken(inbox: Path, source_dir: Path) -> None:
    put(inbox / "clip.mp4")
    put(inbox / "clip.mp4.job.yaml")
    [drop] = scan(inbox).drops
    taken = bring_in(Wanted(drop.path, drop.path.name, drop.identity, drop.sidecar), source_dir)
    assert isinstance(taken, Taken) and taken.sidecar is not None


def test_repeated_intake_changes_nothing(inbox: Path, place: Path) -> None:
    path, sidecar = put(inbox / "clip.mp4"), put(inbox / "clip.mp4.job.yaml")
    intent = wanted(path, sidecar=sidecar)
    first = bring_in(intent, place)
    assert bring_in(intent, place) == first
    assert all_files(place) == ["clip.mp4", "clip.mp4.job.yaml"]


def test_new_file_with_same_name_is_left_in_inbox_when_the_first_is_resumed(inbox: Path, place: Path) -> None:
    path = put(inbox / "clip.mp4", b"first")
    intent = wanted(path)
    bring_in(intent, place)
    put(path, b"second")
    assert bring_in(intent, place) == Taken(place / "clip.mp4")
    assert path.read_bytes() == b"second" and (place / "clip.mp4").read_bytes() == b"first"


def test_after_a_crash_between_file_and_sidecar_the_sidecar_follows(inbox: Path, source_dir: Path) -> None:
    path, sidecar = put(inbox / "clip.mp4"), put(inbox / "clip.mp4.job.yaml")
    intent = wanted(path, sidecar=sidecar)
    source_dir.mkdir(parents=True)
    path.rename(source_dir / path.name)
    assert bring_in(intent, source_dir) == Taken(source_dir / "clip.mp4", source_dir / "clip.mp4.job.yaml")
    assert all_files(inbox) == []


def killed_intake(path: Path, sidecar: Path, source_dir: Path, failpoint: str) -> None:
    """Let another process take a file and its sidecar, and be killed at `failpoint`."""
    script = f"""
from pathlib import Path
from dropdub.inbox.file_identity import identity
from dropdub.inbox.moves import bring_in
from dropdub.inbox.recorded_files import Wanted
path = Path({str(path)!r})
bring_in(Wanted(path, path.name, identity(path), Path({str(sidecar)!r})), Path({str(source_dir)!r}))
"""
    environment = {**os.environ, "PYTHONPATH": "src", "DROPDUB_FAILPOINTS": f"{failpoint}=kill"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=Path(__file__).parents[2], check=False, timeout=60
    )
    assert done.returncode < 0


def test_intake_killed_after_first_of_two_renames_is_finished_by_next_call(inbox: Path, source_dir: Path) -> None:
    path, sidecar = put(inbox / "clip.mp4"), put(inbox / "clip.mp4.job.yaml")
    intent = wanted(path, sidecar=sidecar)
    killed_intake(path, sidecar, source_dir, "intake.file_moved")
    assert all_files(inbox) == ["clip.mp4.job.yaml"]
    assert bring_in(intent, source_dir) == Taken(source_dir / "clip.mp4", source_dir / "clip.mp4.job.yaml")


@pytest.mark.parametrize("time", [1, 2], ids=["file", "sidecar"])
def test_intake_killed_while_it_removes_what_it_copied_leaves_nothing_behind(
    inbox: Path, place: Path, time: int
) -> None:
    if place.parent.stat().st_dev == inbox.stat().st_dev:
        pytest.skip("on one file system nothing is copied")
    path, sidecar = put(inbox / "clip.mp4"), put(inbox / "clip.mp4.job.yaml")
    foreign = [put(inbox / ".clip.mp4.0f0f0f0f.part", b"another"), put(inbox / ".clip.mp4.part")]
    intent = wanted(path, sidecar=sidecar)
    killed_intake(path, sidecar, place, f"daemon.remove.hidden#{time}")
    hidden = set(all_files(inbox)) - {one.name for one in (path, sidecar, *foreign)}
    assert len(hidden) == 1 and next(iter(hidden)).startswith(".clip.mp4.")
    assert bring_in(intent, place) == Taken(place / "clip.mp4", place / "clip.mp4.job.yaml")
    assert all_files(inbox) == sorted(one.name for one in foreign)


def test_partial_copy_left_by_crash_is_replaced_without_remains(inbox: Path, place: Path) -> None:
    path = put(inbox / "clip.mp4", b"all of it")
    put(place / ".clip.mp4.part", b"all")
    assert bring_in(wanted(path), place) == Taken(place / "clip.mp4")
    assert (place / "clip.mp4").read_bytes() == b"all of it"


def test_a_crash_between_copy_and_removal_leaves_one_file_after_the_next_call(inbox: Path, place: Path) -> None:
    path = put(inbox / "clip.mp4")
    intent = wanted(path)
    place.mkdir()
    copying.copy_whole(path, place / "clip.mp4")
    if place.stat().st_dev == inbox.stat().st_dev:
        pytest.skip("on one file system nothing is copied")
    assert bring_in(intent, place) == Taken(place / "clip.mp4")
    assert all_files(inbox) == []


def test_vanished_file_is_absent_and_nothing_is_created(inbox: Path, source_dir: Path) -> None:
    path = put(inbox / "clip.mp4")
    intent = wanted(path)
    path.unlink()
    assert bring_in(intent, source_dir) == VANISHED
    assert all_files(source_dir) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"content and more"),
        lambda path: os.utime(path, ns=(1, 1)),
        lambda path: put(path.with_name("new")).replace(path),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["grown", "touched", "replaced", "a folder now"],
)
def test_file_that_is_no_longer_the_recorded_one_is_left_alone(
    inbox: Path, source_dir: Path, change: Callable[[Path], object]
) -> None:
    path = put(inbox / "clip.mp4")
    intent = wanted(path)
    change(path)
    assert bring_in(intent, source_dir) == CHANGED
    assert path.exists() and all_files(source_dir) == []


def test_open_file_is_taken_once_it_is_closed(inbox: Path, source_dir: Path) -> None:
    path = put(inbox / "clip.mp4")
    script = "import sys; f = open(sys.argv[1], 'ab', 0); print(flush=True); sys.stdin.read()"
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert writer.stdin is not None and writer.stdout is not None
    with writer:
        writer.stdout.readline()
        with pytest.raises(StillWritten, match=r"clip\.mp4 is still being written"):
            bring_in(wanted(path), source_dir)
        writer.stdin.close()
    assert bring_in(wanted(path), source_dir) == Taken(source_dir / "clip.mp4")


def test_link_itself_is_moved_and_its_target_left_alone(inbox: Path, place: Path) -> None:
    precious = put(inbox.parent / "precious.mp4", b"precious")
    for name, target in (("link.mp4", precious), ("nowhere.mp4", inbox / "missing")):
        link = inbox / name
        link.symlink_to(target)
        intent = wanted(link)
        assert bring_in(intent, place) == Taken(place / name)
        assert bring_in(intent, place) == Taken(place / name)
        assert (place / name).readlink() == target
    assert precious.read_bytes() == b"precious" and all_files(inbox) == []


def test_five_thousand_files_moved_in_at_once_are_all_found(tmp_path: Path, inbox: Path) -> None:
    outside = tmp_path / "many"
    for number in range(5000):
        put(outside / f"{number:04d}.mp4", b"%d" % number)
    outside.rename(inbox / "many")
    drops = scan(inbox).drops
    assert len({drop.inode for drop in drops}) == 5000
    for drop in drops[::250]:
        intent = Wanted(drop.path, drop.path.name, drop.identity)
        assert isinstance(bring_in(intent, tmp_path / "work" / drop.path.stem / "source"), Taken)
    assert len(scan(inbox).drops) == 4980


# Given by name


@pytest.mark.parametrize("name", NAMES)
def test_given_file_is_copied_whole(inbox: Path, place: Path, name: str) -> None:
    path = put(inbox / name)
    assert bring_in(Wanted(path, name), place) == Taken(place / name)
    path.unlink()
    assert bring_in(Wanted(path, name), place) == Taken(place / name)
    assert (place / name).read_bytes() == b"content"


def test_missing_given_file_is_absent_and_folder_is_refused(inbox: Path, source_dir: Path) -> None:
    assert bring_in(Wanted(inbox / "clip.mp4", "clip.mp4"), source_dir) == VANISHED
    with pytest.raises(NotAFile):
        bring_in(Wanted(inbox, "inbox"), source_dir)
    os.mkfifo(inbox / "pipe")
    with pytest.raises(NotAFile):
        bring_in(Wanted(inbox / "pipe", "pipe"), source_dir)


# Without permissions: as another account, because root may do everything


AS_ANOTHER = """
import os, sys
os.setgid(65534), os.setuid(65534)
from pathlib import Path
from dropdub.errors import DropdubError
from dropdub.inbox.file_identity import identity
from dropdub.inbox.moves import bring_in
from dropdub.inbox.recorded_files import Wanted
path = Path(sys.argv[1])
try:
    bring_in(Wanted(path, path.name, identity(path) if sys.argv[3] == "dropped" else None), Path(sys.argv[2]))
except DropdubError as error:
    print(type(error).__name__, error.sentence)
"""
needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become another account")


def as_another(path: Path, source_dir: Path, origin: str) -> str:
    for folder in (path.parent, *path.parent.parents):
        if folder.stat().st_uid == os.geteuid() and folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o755)
    done = subprocess.run(
        [sys.executable, "-c", AS_ANOTHER, str(path), str(source_dir), origin],
        env={"PYTHONPATH": "src"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    if "Permission denied" in done.stderr or "No module" in done.stderr:
        pytest.skip("the Python that runs the tests cannot be used by another account here")
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_root
def test_missing_permission_is_named_and_file_stays(inbox: Path, tmp_path: Path) -> None:
    path, source_dir = put(inbox / "clip.mp4"), tmp_path / "work" / "source"
    source_dir.mkdir(parents=True)
    said = as_another(path, source_dir, "dropped")
    assert said.startswith("CannotMove") and "does not have permission" in said and "Allow it" in said
    assert path.exists()


@needs_root
def test_unreadable_file_is_moved_anyway_but_not_copied(inbox: Path, tmp_path: Path) -> None:
    path, source_dir = put(inbox / "clip.mp4"), tmp_path / "source"
    path.chmod(0)
    source_dir.mkdir()
    for folder in (inbox, source_dir):
        os.chown(folder, 65534, 65534)
    assert as_another(path, source_dir, "given").startswith("UnreadableFile")
    assert as_another(path, source_dir, "dropped") == ""
    assert all_files(source_dir) == ["clip.mp4"]


# The way out


@pytest.mark.parametrize("name", NAMES)
def test_original_sidecar_and_note_fit_side_by_side(source_dir: Path, place: Path, name: str) -> None:
    source, sidecar = put(source_dir / name), put(source_dir / "options.job.yaml")
    destination = place / durable.free_name(place, name, room=NOTE_ROOM)
    moved = hand_over(source, sidecar, destination)
    note = write_error_note(destination, "ção 🎬: failed\n\nIt is broken.")
    assert moved == Taken(destination, destination.with_name(destination.name + ".job.yaml"))
    assert note == error_note(destination) == destination.with_name(destination.name + ".error.txt")
    assert note.read_text(encoding="utf-8") == "ção 🎬: failed\n\nIt is broken."
    assert len(all_files(place)) == 3 and all_files(source_dir) == []
    remove_error_note(destination)
    remove_error_note(destination)
    assert len(all_files(place)) == 2


def test_repeated_handover_changes_nothing(source_dir: Path, place: Path) -> None:
    source, sidecar = put(source_dir / "clip.mp4"), put(source_dir / "clip.mp4.job.yaml")
    first = hand_over(source, sidecar, place / "clip (2).mp4")
    assert hand_over(source, sidecar, place / "clip (2).mp4") == first
    assert all_files(place) == ["clip (2).mp4", "clip (2).mp4.job.yaml"]


def test_handover_is_finished_after_crash_between_its_parts(source_dir: Path, place: Path) -> None:
    source, sidecar = put(source_dir / "clip.mp4"), put(source_dir / "clip.mp4.job.yaml")
    place.mkdir()
    copying.copy_whole(source, place / "clip.mp4")
    assert hand_over(source, sidecar, place / "clip.mp4").sidecar == place / "clip.mp4.job.yaml"
    assert all_files(place) == ["clip.mp4", "clip.mp4.job.yaml"] and all_files(source_dir) == []


def test_existing_file_at_destination_is_not_replaced(source_dir: Path, place: Path) -> None:
    put(place / "clip.mp4", b"somebody's")
    moved = hand_over(put(source_dir / "clip.mp4", b"mine"), None, place / "clip.mp4")
    assert moved == Taken(place / "clip (2).mp4")
    assert (place / "clip.mp4").read_bytes() == b"somebody's" and moved.source.read_bytes() == b"mine"


def test_removed_original_does_not_prevent_job_from_ending(source_dir: Path, place: Path) -> None:
    assert hand_over(source_dir / "clip.mp4", source_dir / "x.job.yaml", place / "clip.mp4") == Taken(
        place / "clip.mp4"
    )


def with_words(folder: Path, name: str = "clip.mp4", words: str = "clip.en.srt") -> Wanted:
    path = put(folder / name)
    return Wanted(path, durable.safe_name(name), identity(path), companion=put(folder / words, b"words"))


def test_a_film_and_its_subtitle_are_moved(inbox: Path, place: Path) -> None:
    taken = bring_in(with_words(inbox, "Clip.mp4", "clip.en.srt"), place)
    assert taken == Taken(place / "Clip.mp4", companion=place / "Clip.en.srt")
    assert all_files(inbox) == [] and (place / "Clip.en.srt").read_bytes() == b"words"


def test_after_a_crash_between_film_and_subtitle_the_subtitle_follows(inbox: Path, place: Path) -> None:
    intent = with_words(inbox)
    place.mkdir(parents=True)
    move(intent.path, place / "clip.mp4")
    for _ in range(2):
        assert bring_in(intent, place) == Taken(place / "clip.mp4", companion=place / "clip.en.srt")
    assert all_files(inbox) == []


def test_subtitle_that_was_copied_but_not_removed_is_taken_once(inbox: Path, place: Path) -> None:
    intent = with_words(inbox)
    place.mkdir(parents=True)
    move(intent.path, place / "clip.mp4")
    assert intent.companion is not None
    shutil.copyfile(intent.companion, place / "clip.en.srt")
    assert bring_in(intent, place) == Taken(place / "clip.mp4", companion=place / "clip.en.srt")
    on_another = place.stat().st_dev != inbox.stat().st_dev
    assert all_files(inbox) == ([] if on_another else ["clip.en.srt"])  # on one file system it is a new drop


def test_open_subtitle_keeps_its_film_waiting(inbox: Path, source_dir: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux reports who writes a file")
    intent = with_words(inbox)
    assert intent.companion is not None
    script = "import sys; f = open(sys.argv[1], 'ab', 0); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(intent.companion)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None and writer.stdout.readline() == b"open\n"
        with pytest.raises(StillWritten, match=r"clip\.en\.srt is still being written"):
            bring_in(intent, source_dir)
        assert all_files(inbox) == ["clip.en.srt", "clip.mp4"]
        writer.communicate()
    assert isinstance(bring_in(intent, source_dir), Taken)


def test_film_sidecar_and_subtitle_are_handed_over_together_repeatably(source_dir: Path, place: Path) -> None:
    film, sidecar = put(source_dir / "clip.mp4"), put(source_dir / "clip.mp4.job.yaml", b"x: 1")
    words = put(source_dir / "clip.en.srt", b"words")
    expected = Taken(place / "clip (2).mp4", place / "clip (2).mp4.job.yaml", place / "clip (2).en.srt")
    for _ in range(2):
        assert hand_over(film, sidecar, place / "clip (2).mp4", companion=words) == expected
    assert all_files(source_dir) == []


# -- notes and names ----------------------------------------------------------------------------------------------


def test_note_never_replaces_original_of_same_name_and_only_notes_are_removed(tmp_path: Path) -> None:
    original = tmp_path / "talk.txt.error.txt"
    original.write_text("A text about errors.", encoding="utf-8")
    note = write_error_note(tmp_path / "talk.txt", "talk.txt: failed\n\nIt is broken.\n")
    assert note.name == "talk.txt.error (2).txt"
    remove_error_note(tmp_path / "talk.txt")
    assert original.read_text(encoding="utf-8") == "A text about errors."
    original.unlink()
    note = write_error_note(tmp_path / "talk.txt", "talk.txt: failed\n\nIt is broken.\n")
    assert write_error_note(tmp_path / "talk.txt", "talk.txt: failed\n\nIt is still broken.\n") == note
    remove_error_note(tmp_path / "talk.txt")
    assert not note.exists()


def test_file_that_appears_at_target_during_copy_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"mine")
    verified = durable.digest_of

    def meanwhile(copy: BinaryIO) -> str:
        target.write_bytes(b"another's")
        return verified(copy)

    monkeypatch.setattr(copying, "digest_of", meanwhile)
    with pytest.raises(FileExistsError):
        copying.copy_whole(source, target)
    assert target.read_bytes() == b"another's" and source.read_bytes() == b"mine"


@pytest.mark.parametrize(("later", "is_copied"), [(b"words and more words", False), (b"other words", True)])
def test_a_file_that_changes_while_it_is_copied_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: bytes, is_copied: bool
) -> None:
    """A growing file is taken later as a whole; a file whose content was replaced is a different one."""
    source, target = tmp_path / "in" / "source", tmp_path / "out" / "target"
    source.parent.mkdir()
    target.parent.mkdir()
    source.write_bytes(b"words")
    rename, copy = durable.rename_new, copying.copy_whole

    def across(start: Path, end: Path) -> None:
        if start.parent != end.parent:
            raise OSError(errno.EXDEV, "another file system")
        rename(start, end)

    def copied(start: Path, end: Path) -> str:
        digest = copy(start, end)
        source.write_bytes(later)
        return digest

    monkeypatch.setattr(durable, "rename_new", across)
    monkeypatch.setattr(move_file, "copy_whole", copied)
    if is_copied:
        move(source, target)
        assert target.read_bytes() == b"words"
    else:
        with pytest.raises(StillWritten):
            move(source, target)
        assert not target.exists()
    assert source.read_bytes() == later
