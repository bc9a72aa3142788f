"""What is taken out of the inbox is what was seen there, however fast somebody swaps it for something else."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dropdub.errors import BadSidecar
from dropdub.files.durable import rename_new
from dropdub.inbox.file_identity import identity
from dropdub.inbox.move_file import CannotMove
from dropdub.inbox.moves import bring_in
from dropdub.inbox.recorded_files import CHANGED, VANISHED, Absent, Taken, Wanted
from tests.acceptance.site import Site
from tests.security.attacker import IS_ANOTHER, attack, give_away
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks use inotify and renameat2")
TIMES = 200

EXCHANGER = """
folder, kind, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
CLOSED_UNWRITTEN, EXCHANGE, HERE = 0x10, 2, -100

def exchange(one, other):
    libc.renameat2(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE)

def events(reader):
    try:
        data = os.read(reader, 65536)
    except BlockingIOError:
        return
    while data:
        wd, mask, _, size = struct.unpack_from("iIII", data)
        yield wd, data[16:16 + size].rstrip(b"\\0").decode()
        data = data[16 + size:]

reader = libc.inotify_init1(os.O_NONBLOCK)
watched, seen = {}, {}
for number in range(times if kind == "folder" else 1):
    path = f"{folder}/sub{number}" if kind == "folder" else folder
    watched[libc.inotify_add_watch(reader, os.fsencode(path), CLOSED_UNWRITTEN)] = number
print("ready", flush=True)
until = time.monotonic() + 50
while time.monotonic() < until and not os.path.exists(f"{folder}/.enough"):
    for wd, name in events(reader):
        number = watched.get(wd, 0) if kind == "folder" else int("".join(filter(str.isdigit, name.split("x")[0])) or 0)
        seen[number] = seen.get(number, 0) + 1
        if seen[number] == 1 + number % 2:
            if kind == "folder":
                exchange(f"{folder}/sub{number}", f"{folder}/.link{number}")
            else:
                target = f"clip{number}x.mp4.job.yaml" if kind == "sidecar" else f"clip{number}x.srt"
                exchange(f"{folder}/{target}", f"{folder}/.evil{number}")
"""


@contextmanager
def exchanged(inbox: Path, kind: str, times: int = TIMES) -> Iterator[None]:
    """Let the attacker swap what the daemon has looked at, at the very moment when it has."""
    with attack(EXCHANGER, inbox, kind, str(times)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            (inbox / ".enough").touch()
            process.kill()
            (inbox / ".enough").unlink()


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    give_away(path)
    return path


def swappable(inbox: Path, secrets: Path, number: int) -> Path:
    """Put a file into a folder of the inbox, and beside the folder a link to where a secret of that name is."""
    bait = put(inbox / f"sub{number}" / "diary.txt", f"bait {number}")
    give_away(bait.parent)
    secret = secrets / str(number) / "diary.txt"
    secret.parent.mkdir()
    secret.write_text("secret", encoding="utf-8")
    (inbox / f".link{number}").symlink_to(secret.parent)
    return bait


def test_a_folder_swapped_for_a_link_brings_in_nothing_from_elsewhere(place: Path, inbox: Path, secrets: Path) -> None:
    baits = [swappable(inbox, secrets, number) for number in range(TIMES)]
    wanted = [Wanted(bait, bait.name, identity(bait), within=inbox) for bait in baits]
    with exchanged(inbox, "folder"):
        for number, one in enumerate(wanted):
            bring_in(one, place / "work" / str(number) / "source")
    swaps = sum((inbox / f"sub{number}").is_symlink() for number in range(TIMES))
    assert swaps > TIMES // 2, "the attack did not take place"
    for number in range(TIMES):
        assert (secrets / str(number) / "diary.txt").read_text(encoding="utf-8") == "secret"
        places = (place / "work" / str(number) / "source", inbox / f"sub{number}", inbox / f".link{number}")
        kept = [folder / "diary.txt" for folder in places if not folder.is_symlink() and folder.is_dir()]
        assert [path.read_text(encoding="utf-8") for path in kept if path.exists()] == [f"bait {number}"]


EVIL = ["pipe", "link", "link to a secret"]


def evil(path: Path, kind: str, secret: Path) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(secret if kind == "link to a secret" else "nowhere")
    give_away(path)


@pytest.mark.parametrize("what", ["sidecar", "companion"])
def test_a_film_is_taken_with_what_was_seen_beside_it_or_not_at_all(
    place: Path, inbox: Path, secrets: Path, what: str
) -> None:
    secret = secrets / "secret.yaml"
    secret.write_text("password: x", encoding="utf-8")
    name = "clip{}x.mp4.job.yaml" if what == "sidecar" else "clip{}x.srt"
    wanted = []
    for number in range(TIMES):
        film = put(inbox / f"clip{number}x.mp4", f"film {number}")
        beside = put(inbox / name.format(number), "language: en")
        evil(inbox / f".evil{number}", EVIL[number % 3], secret)
        given = {what: beside, f"{what}_seen": identity(beside)}
        wanted.append(Wanted(film, film.name, identity(film), within=inbox, **given))  # type: ignore[arg-type]
    with exchanged(inbox, what):
        results = [bring_in(one, place / "work" / str(number) / "source") for number, one in enumerate(wanted)]
    swaps = sum(stat.S_ISREG((inbox / f".evil{number}").lstat().st_mode) for number in range(TIMES))
    assert swaps > 20, "the attack did not take place"
    assert secret.read_text(encoding="utf-8") == "password: x"
    for number, result in enumerate(results):
        check_whole(result, inbox / f"clip{number}x.mp4", what)


def check_whole(result: Taken | Absent, film: Path, what: str) -> None:
    """Fail unless a film was taken with what was seen beside it, or not at all."""
    if isinstance(result, Taken):
        beside = getattr(result, what)
        assert beside is not None and stat.S_ISREG(beside.lstat().st_mode)
        assert beside.read_text(encoding="utf-8") == "language: en"
        film = result.source
    else:
        assert result == CHANGED
    assert film.read_text(encoding="utf-8").startswith("film")


def test_a_real_daemon_takes_nothing_through_a_swapped_folder(place: Path, secrets: Path) -> None:
    site = Site(place / "root", preload=False)
    give_away(site.inbox)
    for number in range(20):
        swappable(site.inbox, secrets, number)
    with exchanged(site.inbox, "folder", 20):
        site.start()
        try:
            wait_until(
                lambda: sum((site.inbox / f"sub{number}").is_symlink() for number in range(20)) > 15,
                "the folders to be exchanged",
            )
            wait_until(lambda: not site.rows("SELECT 1 FROM job WHERE state = 'claiming'"), "all to be decided")
        finally:
            site.close()
    assert sorted(path.read_text(encoding="utf-8") for path in secrets.rglob("diary.txt")) == ["secret"] * 20


# One at a time


def test_a_parent_folder_that_is_a_link_is_not_entered(place: Path, inbox: Path, secrets: Path) -> None:
    secret = put(secrets / "diary.txt", "secret")
    (inbox / "sub").symlink_to(secrets)
    wanted = Wanted(inbox / "sub" / "diary.txt", "diary.txt", identity(secret), within=inbox)
    assert bring_in(wanted, place / "work" / "1" / "source") == VANISHED
    assert secret.exists()


def test_a_source_folder_that_is_a_link_gets_nothing(place: Path, inbox: Path, secrets: Path) -> None:
    bait = put(inbox / "a.txt", "a")
    (place / "work" / "1").mkdir(parents=True)
    (place / "work" / "1" / "source").symlink_to(secrets)
    with pytest.raises(CannotMove, match="is a link"):
        bring_in(Wanted(bait, bait.name, identity(bait), within=inbox), place / "work" / "1" / "source")
    assert bait.exists() and list(secrets.iterdir()) == []


def test_a_taken_file_cannot_be_changed_through_another_name(place: Path, inbox: Path) -> None:
    bait = put(inbox / "a.txt", "as it was seen")
    (inbox / ".other").hardlink_to(bait)
    taken = bring_in(Wanted(bait, bait.name, identity(bait), within=inbox), place / "work" / "1" / "source")
    assert isinstance(taken, Taken) and not bait.exists()
    (inbox / ".other").write_text("something else, and longer", encoding="utf-8")
    assert taken.source.read_text(encoding="utf-8") == "as it was seen"
    assert [path.name for path in taken.source.parent.iterdir()] == ["a.txt"]


def test_another_file_left_half_taken_by_a_crash_goes_back(place: Path, inbox: Path) -> None:
    bait, source = put(inbox / "a.txt", "seen"), place / "work" / "1" / "source"
    wanted = Wanted(bait, bait.name, identity(bait), within=inbox)
    bait.unlink()
    put(source / "a.txt", "exchanged")
    give_away(source / "a.txt")
    assert bring_in(wanted, source) == CHANGED if IS_ANOTHER else True
    assert not IS_ANOTHER or (bait.read_text(encoding="utf-8") == "exchanged" and list(source.iterdir()) == [])


@pytest.mark.skipif(not IS_ANOTHER, reason="there is no other account")
def test_options_of_somebody_else_that_were_not_recorded_are_refused(place: Path, inbox: Path) -> None:
    film, sidecar = put(inbox / "a.mp4", "film"), put(inbox / "a.mp4.job.yaml", "language: en")
    os.chown(sidecar, 12345, 12345)
    with pytest.raises(BadSidecar, match="has a different owner"):
        bring_in(Wanted(film, film.name, identity(film), sidecar, within=inbox), place / "work" / "1" / "source")
    assert film.exists() and sidecar.exists()


def test_a_file_that_arrives_at_the_last_moment_is_not_replaced(tmp_path: Path) -> None:
    one, other = put(tmp_path / "one", "1"), put(tmp_path / "other", "2")
    with pytest.raises(FileExistsError):
        rename_new(one, other)
    assert (one.read_text(encoding="utf-8"), other.read_text(encoding="utf-8")) == ("1", "2")
