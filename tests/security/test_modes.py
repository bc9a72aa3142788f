"""Files are private to the account, results readable by whoever can read the original; nothing can be run."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropdub.cli import admin
from dropdub.files import durable
from dropdub.files.privacy import disarm, make_private, private_files, share, share_open
from dropdub.inbox.file_identity import identity
from dropdub.inbox.moves import bring_in, hand_over, write_error_note
from dropdub.inbox.recorded_files import Taken, Wanted
from dropdub.root import Root
from dropdub.store import queries
from dropdub.store.database import Store
from tests.acceptance.site import Site
from tests.factories import a_queued_job
from tests.security.attacker import IS_ANOTHER, NOBODY, attacked, give_away

if sys.platform == "win32":
    pytest.skip("modes of POSIX", allow_module_level=True)

another = pytest.mark.skipif(not IS_ANOTHER, reason="needs two accounts")
STRANGERS_GROUP = 12345


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def a_file(path: Path, bits: int, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(bits)
    return path


def shared(place: Path, original: Path, outbox: int, owner: str | None = None) -> tuple[int, int]:
    """Return the modes of a file and of a folder that were published of an original."""
    place.chmod(outbox)
    made, folder = a_file(place / "made", 0o600), place / "folder"
    folder.mkdir(mode=0o700)
    for path in (made, folder):
        handle = os.open(path, os.O_RDONLY)
        share_open(handle, place=place, made_of=[original], owner=owner)
        os.close(handle)
    found = mode(made), mode(folder)
    made.unlink()
    folder.rmdir()
    return found


@pytest.mark.parametrize(
    ("outbox", "original", "file", "folder"),
    [
        (0o755, 0o644, 0o644, 0o755),
        (0o755, 0o664, 0o644, 0o755),
        (0o755, 0o640, 0o640, 0o750),
        (0o755, 0o600, 0o600, 0o700),
        (0o755, 0o604, 0o604, 0o705),
        (0o750, 0o644, 0o640, 0o750),
        (0o700, 0o644, 0o600, 0o700),
        (0o711, 0o644, 0o600, 0o700),
        (0o2775, 0o666, 0o644, 0o755),
    ],
)
def test_published_files_are_readable_by_whoever_can_read_outbox_and_original(
    tmp_path: Path, outbox: int, original: int, file: int, folder: int
) -> None:
    found = shared(tmp_path / "outbox", a_file(tmp_path / "outbox" / "a.mp4", original), outbox)
    assert (found[0], found[1] & ~stat.S_ISGID) == (file, folder)


@another
def test_results_of_another_accounts_file_belong_to_that_account(place: Path) -> None:
    original = a_file(place / "secret.txt", 0o640)
    give_away(original)
    place.chmod(0o755)
    made = a_file(place / "made", 0o600)
    share(made, place=place, made_of=[original])
    assert (made.stat().st_uid, made.stat().st_gid, mode(made)) == (NOBODY, NOBODY, 0o640)


@another
def test_the_group_of_a_copy_owned_by_another_account_learns_nothing(place: Path) -> None:
    original = a_file(place / "copy of a secret.txt", 0o640)
    assert shared(place, original, 0o755, owner="4321") == (0o600, 0o700)
    original.chmod(0o644)
    assert shared(place, original, 0o755, owner="4321") == (0o644, 0o755)


def test_the_strictest_of_several_originals_decides(tmp_path: Path) -> None:
    film, words = a_file(tmp_path / "a.mp4", 0o644), a_file(tmp_path / "a.srt", 0o600)
    tmp_path.chmod(0o755)
    made = a_file(tmp_path / "made", 0o600)
    share(made, place=tmp_path, made_of=[film, words])
    assert mode(made) == 0o600


def test_a_link_in_place_of_a_published_file_changes_no_other_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    secret = a_file(tmp_path / "secret", 0o600)
    (tmp_path / "made").symlink_to(secret)
    share(tmp_path / "made", place=tmp_path, made_of=[])
    make_private(tmp_path / "made")
    disarm(tmp_path / "made")
    assert mode(secret) == 0o600


@pytest.mark.parametrize("bits", [0o777, 0o755, 0o6755, 0o500])
def test_an_original_that_is_handed_over_cannot_be_run(tmp_path: Path, bits: int) -> None:
    source = a_file(tmp_path / "work" / "run.sh", bits, "#!/bin/sh\n")
    sidecar = a_file(tmp_path / "work" / "run.sh.job.yaml", bits)
    before = source.stat().st_mtime_ns
    placed = hand_over(source, sidecar, tmp_path / "failed" / "run.sh")
    assert placed.sidecar is not None
    assert mode(placed.source) == mode(placed.sidecar) == bits & 0o666
    assert placed.source.stat().st_mtime_ns == before
    assert placed.source.read_text(encoding="utf-8") == "#!/bin/sh\n"


ALICE = 1234


@contextlib.contextmanager
def as_the_service() -> Iterator[None]:
    """Run the block as an account without rights over the files of others."""
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def of_alice(path: Path, bits: int) -> Path:
    os.chown(a_file(path, bits, "#!/bin/sh\n"), ALICE, ALICE)
    path.chmod(bits)
    return path


def a_service_root(place: Path) -> None:
    for name, bits in (("inbox", 0o777), ("work", 0o700), ("failed", 0o755)):
        (place / name).mkdir()
        (place / name).chmod(bits)
        give_away(place / name)


@another
@pytest.mark.parametrize("bits", [0o755, 0o744, 0o6755, 0o1644])
def test_another_accounts_executable_cannot_be_run_after_being_handed_over(place: Path, bits: int) -> None:
    """Nor does the sidecar beside it become a stranger's: the job can be tried again."""
    a_service_root(place)
    dropped, beside = of_alice(place / "inbox" / "run.sh", bits), of_alice(place / "inbox" / "run.sh.job.yaml", 0o644)
    before, source_dir = dropped.stat().st_mtime_ns, place / "work" / "1" / "source"
    wanted = Wanted(dropped, dropped.name, identity(dropped), sidecar=beside, sidecar_seen=identity(beside))
    with as_the_service():
        taken = bring_in(wanted, source_dir)
        assert taken == bring_in(wanted, source_dir) and isinstance(taken, Taken)
        assert sorted(path.name for path in source_dir.iterdir()) == ["run.sh", "run.sh.job.yaml"]
        placed = hand_over(taken.source, taken.sidecar, place / "failed" / "run.sh")
    assert list((place / "inbox").iterdir()) == list(source_dir.iterdir()) == []
    assert mode(placed.source) == bits & 0o666
    assert placed.source.stat().st_mtime_ns == before
    assert placed.source.read_text(encoding="utf-8") == "#!/bin/sh\n"
    again = Wanted(placed.source, "run.sh", identity(placed.source), sidecar=placed.sidecar, is_again=True)
    with as_the_service():
        taken = bring_in(again, source_dir)
    assert isinstance(taken, Taken) and taken.sidecar is not None


@another
@pytest.mark.parametrize("bits", [0o644, 0o711])
def test_a_file_that_is_no_program_or_unreadable_is_taken_as_it_is(place: Path, bits: int) -> None:
    a_service_root(place)
    dropped = of_alice(place / "inbox" / "run.sh", bits)
    with as_the_service():
        taken = bring_in(Wanted(dropped, "run.sh", identity(dropped)), place / "work" / "1" / "source")
    assert isinstance(taken, Taken)
    assert (taken.source.stat().st_uid, mode(taken.source)) == (ALICE, bits)


def test_the_note_beside_an_original_is_readable_by_whoever_can_read_the_original(tmp_path: Path) -> None:
    (tmp_path / "failed").mkdir(mode=0o755)
    with private_files():
        for bits in (0o644, 0o600):
            note = write_error_note(a_file(tmp_path / "failed" / f"{bits}.txt", bits), "x: failed\n\n")
            assert mode(note) == bits


NAMES = ["config.yaml", "Config.YAML", "jobs.db", "jobs.db-wal", "desktop.ini", "AUTORUN.INF", "Thumbs.db", ".bashrc"]
NAMES += [".git", ".htaccess", ".dropdub.json", "-rf", "--output=x", "config.yaml.mp4", "desktop.ini.txt"]


@pytest.mark.parametrize("name", NAMES)
def test_safe_names_have_no_special_meaning_to_programs(name: str) -> None:
    assert durable.safe_name(name) == f"_{name}"
    assert durable.safe_name(f"_{name}") == f"_{name}"


def test_safe_names_have_no_terminal_control_characters() -> None:
    assert durable.safe_name("a\x9b2K\x85\x80b.txt") == "a_2K__b.txt"


def test_a_new_root_and_its_contents_are_private_to_its_creator(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        admin.init(tmp_path / "new" / "root", kit="compact")
    finally:
        assert os.umask(before) == 0o022
    found = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert {path for path in found if mode(path) & 0o077} == set()
    assert len(found) > 8


@pytest.fixture
def site(place: Path) -> Iterator[Site]:
    made = Site(place / "root")
    made.forks = False  # a forked worker's environment is not in /proc
    yield made
    made.close()


@another
def test_a_run_of_the_daemon_reveals_nothing_to_another_account(
    site: Site, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account learns nothing: neither of a private file, nor from work, logs and database.

    What an executable and a `config.yaml` become in failed/, and what workers and ffmpeg know, is looked at too.
    """
    for name in ("HF_TOKEN", "DROPDUB_NOTIFY__WEBHOOK__SECRET", "MY_PASSWORD"):
        monkeypatch.setenv(name, "s3cret-s3cret-s3cret")
    seen, real = place / "seen", shutil.which("ffmpeg")
    ffmpeg = a_file(
        place / "ffmpeg", 0o755, f'#!/bin/sh\ntr "\\0" "\\n" < /proc/$PPID/environ >> {seen}\nenv >> {seen}\n'
    )
    with ffmpeg.open("a", encoding="utf-8") as script:
        script.write(f'exec {real} "$@"\n')
    site.configure(ffmpeg=str(ffmpeg) if real else None)
    root = Root.at(site.root)
    for folder in (site.root, *(site.root / name for name in ("work", "outbox", "failed", "archive", "inbox"))):
        folder.chmod(0o755)
    site.drop_text("Good morning to you.", "open.txt").chmod(0o644)
    site.drop_text("Good evening to you.", "secret.txt").chmod(0o600)
    site.drop_text("ffmpeg: ./run.sh\n", "config.yaml")
    site.drop_text("#!/bin/sh\n", "run.xyz").chmod(0o777)
    site.drop(Path("src/dropdub/samples/jfk.flac"))
    assert site.work_off() in (0, 1)
    said = attacked(
        """
root, readable = pathlib.Path(sys.argv[1]), []
for folder, _, names in os.walk(root):
    for name in names:
        try:
            pathlib.Path(folder, name).read_bytes()
            readable.append(str(pathlib.Path(folder, name).relative_to(root)))
        except OSError:
            pass
print("\\n".join(readable))
""",
        site.root,
    ).splitlines()
    assert any(name.startswith("outbox/open/") for name in said)
    assert [name for name in said if "secret" in name or name.startswith(("work", "jobs.db"))] == []
    assert mode(root.work) == 0o700 and mode(root.database_file) == 0o600
    kept = [path for folder in (root.failed, root.archive) for path in folder.iterdir()]
    assert {path.name for path in kept} >= {"_config.yaml", "run.xyz", "secret.txt"}
    assert [path for path in kept if mode(path) & 0o111] == []
    note = (root.failed / "_config.yaml.error.txt").read_text(encoding="utf-8")
    assert "./run.sh" not in note
    if real:
        text = seen.read_text(encoding="utf-8")
        assert "PATH=" in text and "dropdub" in text
        assert "s3cret" not in text
    assert site.jobs("retry", "_config.yaml").returncode == 0
    assert site.work_off() == 1
    assert sorted(path.name for path in root.failed.glob("_config*")) == ["_config.yaml", "_config.yaml.error.txt"]


def test_same_content_of_another_owner_is_redone_and_not_revealed(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'jobs.db'}")
    try:
        first = a_queued_job(store, name="secret plan.txt")
        second = a_queued_job(store, name="guess.txt")
        with store.transaction() as session:
            session.connection().exec_driver_sql("UPDATE job SET content_hash = 'same', owner = '1000'")
        second = second.model_copy(update={"content_hash": "same", "owner": "2000", "options": first.options})
        assert queries.same_content(store, second) is None
        second = second.model_copy(update={"owner": "1000"})
        same = queries.same_content(store, second)
        assert same is not None and same.id == first.id
    finally:
        store.close()
