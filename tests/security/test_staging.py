"""Nothing is written into or through what somebody else has put into an outbox that they may write to."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import pytest

from dropdub.config import load_config
from dropdub.daemon.context import Context, job_id
from dropdub.daemon.finish.outputs import output_of, remove_staged, staging_of
from dropdub.daemon.start.recovery import sweep
from dropdub.daemon.steps.outbox import publish
from dropdub.errors import OutRefused, UnexpectedError, Waiting
from dropdub.files.durable import write_whole
from dropdub.files.held import NOT_ENTERED, HeldFolder, held, held_output
from dropdub.publishing.staging import bring, is_foreign, is_own_folder, made_staging, new_staging_name, remove_orphans
from dropdub.root import Root
from dropdub.root_record import RootRecord
from dropdub.store import queries, transitions
from dropdub.store.database import Store
from dropdub.store.tables import Job
from tests.acceptance.site import Site
from tests.factories import a_queued_job, an_ended_job
from tests.security.attacker import IS_ANOTHER, attack, attacked, give_away
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the attacks use inotify and renameat2")
TIMES = 200

PLANTER = """
outbox, target, prefix = sys.argv[1:]
taken = [f".dropdub/{prefix}-{number}" for number in range(1, 6)]
taken += [f".dropdub-{prefix}-{number}-{number:016x}" for number in range(1, 6)]
for folder in (pathlib.Path(outbox, name) for name in taken):
    folder.mkdir(parents=True)
    for name in (".q.txt.part", ".q.en.txt.part", "q.txt", "q.m4a", ".q.m4a.part", ".manifest.json.part"):
        (folder / name).symlink_to(target)
"""
EXCHANGER = """
outbox, kind, often = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
CREATED, EXCHANGE, HERE = 0x100, 2, -100
link = os.fsencode(f"{outbox}/.link")

def exchange(path):
    return libc.renameat2(HERE, os.fsencode(path), HERE, link, EXCHANGE)

reader = libc.inotify_init1(os.O_NONBLOCK)
libc.inotify_add_watch(reader, os.fsencode(outbox), CREATED)
print("ready", flush=True)
swaps, often, until = 0, int(often), time.monotonic() + 50
while time.monotonic() < until and not os.path.exists(f"{outbox}/.enough"):
    if swaps > often:
        pathlib.Path(outbox, ".often").touch()
        often = math.inf
    if kind != "folders":
        for path in pathlib.Path(outbox).glob(kind):
            swaps += exchange(path) == 0
            exchange(path)
            if swaps % 20 == 0:  # now and then long enough for a whole result to be published
                time.sleep(random.uniform(0, 0.02))
        continue
    try:
        data = os.read(reader, 65536)
    except BlockingIOError:
        continue
    while data:
        size = struct.unpack_from("iIII", data)[3]
        name = data[16:16 + size].rstrip(b"\\0").decode()
        data = data[16 + size:]
        if name.startswith("clip") and exchange(f"{outbox}/{name}") == 0:
            swaps += 1
            time.sleep(0.002)
            exchange(f"{outbox}/{name}")
print(swaps, flush=True)
"""


@pytest.fixture
def secrets(secrets: Path) -> Path:
    """That folder, with a file that must stay as it is."""
    (secrets / "clip.srt").write_text("secret", encoding="utf-8")
    return secrets


@pytest.fixture
def context(place: Path, outbox: Path) -> Iterator[Context]:
    """A root with that outbox, and its database."""
    root = Root.at(place)
    assert root.outbox == outbox
    root.create_folders()
    settings = f"job: {{transcriber: pocketsphinx}}\nallowed_outputs: ['{place / 'shared'}']\n"
    root.config_file.write_text(settings, encoding="utf-8")
    with closing(Store.open(root.database_url)) as store:
        yield Context(root, load_config(root.config_file), store, "run-1", lambda _line: None)


@contextmanager
def exchanged(outbox: Path, kind: str, secrets: Path) -> Iterator[list[int]]:
    """Let the attacker exchange folders of the outbox for a link to the secrets; how often is known at the end."""
    swaps: list[int] = []
    (outbox / ".link").symlink_to(secrets)
    with attack(EXCHANGER, outbox, kind, str(TIMES)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield swaps
        finally:
            (outbox / ".enough").touch()
            swaps.append(int(process.stdout.readline() or 0))
            process.kill()


def rounds(outbox: Path) -> Iterator[int]:
    """Yield numbers until the attacker, who shares the cores, has had his turns: he has exchanged more than `TIMES`."""
    for number in range(50 * TIMES):
        if number >= TIMES and (outbox / ".often").exists():
            return
        yield number


def untouched(secrets: Path) -> bool:
    return [(path.name, path.read_text(encoding="utf-8")) for path in secrets.iterdir()] == [("clip.srt", "secret")]


def test_links_at_predictable_names_are_not_written_through(place: Path) -> None:
    """Done as the attack was: the daemon's own configuration is what the links lead to."""
    site = Site(place / "root")
    give_away(site.root / "outbox")
    config = site.root / "config.yaml"
    before = config.read_bytes()
    site.start()
    try:
        wait_until(lambda: RootRecord.load(site.root) is not None, "the root's id")
        record = RootRecord.load(site.root)
        assert record is not None
        attacked(PLANTER, site.root / "outbox", config, record.id[:8])
        site.drop_text("The house is big.", "q.txt")
        wait_until(lambda: bool(site.rows("SELECT 1 FROM job WHERE state = 'succeeded'")), "the job to be done")
        assert site.rows("SELECT * FROM attempt WHERE outcome <> 'succeeded'") == []
    finally:
        site.close()
    assert config.read_bytes() == before


def test_a_swapped_staging_folder_causes_no_write_elsewhere(place: Path, outbox: Path, secrets: Path) -> None:
    made = place / "made.srt"
    made.write_text("made", encoding="utf-8")
    brought = 0
    with exchanged(outbox, ".dropdub-*", secrets) as swaps:
        for number in rounds(outbox):
            folder = outbox / new_staging_name("0123abcd", number)
            with suppress(Waiting, OSError), made_staging(folder) as staging:
                bring(made, staging, "clip.srt")
                brought += 1
    assert swaps[0] > TIMES and untouched(secrets)
    assert brought > 0, "nothing was staged at all"


def test_a_swapped_results_folder_causes_nothing_to_be_published_elsewhere(
    place: Path, outbox: Path, secrets: Path, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is recorded for each folder is left out here, for the time that it takes."""

    def choose_only(_store: Store, _job: int, *, choose: Callable[[Callable[[str], bool]], str], **_: object) -> str:
        return choose(lambda _path: False)

    monkeypatch.setattr(transitions, "claim_outbox", choose_only)
    job = a_queued_job(context.store, name="clip.mp4")
    made = place / "made.srt"
    made.write_text("made", encoding="utf-8")
    published: list[str] = []
    with exchanged(outbox, "folders", secrets) as swaps:
        for _ in rounds(outbox):
            with made_staging(staging_of(context, job, output_of(context, job))) as staging:
                bring(made, staging, "clip.srt")
            with suppress(UnexpectedError, Waiting):
                published += publish(context, job, ["clip.srt"])
    assert swaps[0] > TIMES and untouched(secrets)
    assert len(published) > TIMES // 2


@pytest.fixture
def shared(place: Path) -> Path:
    """A folder that others may write to, and that dropped files may name for their results."""
    shared = place / "shared"
    shared.mkdir()
    shared.chmod(0o3775)
    give_away(shared)
    return shared


def a_job_with_results_in(context: Context, folder: Path) -> Job:
    """A job whose sidecar names the folder."""
    job = a_queued_job(context.store, name="clip.mp4", options={"out": str(folder)})
    job.overrides = {"out": str(folder)}
    return job


def test_a_swapped_folder_in_an_allowed_one_causes_no_write_elsewhere(
    place: Path, shared: Path, secrets: Path, context: Context
) -> None:
    made = place / "made.srt"
    made.write_text("made", encoding="utf-8")
    (shared / "sub").mkdir()
    give_away(shared / "sub")
    job = a_job_with_results_in(context, shared / "sub")
    published = 0
    with exchanged(shared, "sub", secrets) as swaps:
        for _ in rounds(shared):
            with suppress(Waiting, OutRefused, OSError, UnexpectedError):
                output = output_of(context, job)
                if output.refusal is not None:  # as a worker does
                    continue
                with made_staging(staging_of(context, job, output), output.allowed) as staging:
                    bring(made, staging, "clip.srt")
                published += len(publish(context, job, ["clip.srt"]))
    assert swaps[0] > TIMES and untouched(secrets)
    assert published > 0, "nothing was published at all"


def test_a_link_added_after_the_last_check_is_not_followed(
    place: Path, shared: Path, secrets: Path, context: Context
) -> None:
    (place / "made").write_text("made", encoding="utf-8")
    job = a_job_with_results_in(context, shared / "sub" / "deep")
    output = output_of(context, job)
    staging = staging_of(context, job, output)
    (shared / "sub").symlink_to(secrets)
    with pytest.raises(OSError) as refused, made_staging(staging, output.allowed):
        pass
    assert refused.value.errno in NOT_ENTERED
    with pytest.raises(OSError), held_output(output.folder, output.allowed, make=True):
        pass
    assert untouched(secrets)


def test_folders_created_in_an_allowed_one_grant_the_same_access(shared: Path, context: Context) -> None:
    job = a_job_with_results_in(context, shared / "sub" / "deep")
    output = output_of(context, job)
    mask = os.umask(0o077)
    try:
        with made_staging(staging_of(context, job, output), output.allowed) as staging:
            assert staging.own().st_mode & 0o777 == 0o700
    finally:
        os.umask(mask)
    for folder in (shared / "sub", shared / "sub" / "deep"):
        assert (folder.stat().st_mode & 0o7777, folder.stat().st_gid) == (0o3775, shared.stat().st_gid)


def test_a_service_that_may_not_set_the_setgid_bit_still_lets_others_in(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fchmod = os.fchmod

    def refuse_group_id(handle: int, mode: int) -> None:
        if mode & 0o2000:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        fchmod(handle, mode)

    monkeypatch.setattr(os, "fchmod", refuse_group_id)
    with held_output(shared / "sub", shared, make=True) as folder:
        assert folder.own().st_mode & 0o5777 == 0o1775


@pytest.mark.parametrize("is_empty", [False, True])
def test_a_private_folder_put_in_place_of_a_new_one_stays_private(
    shared: Path, monkeypatch: pytest.MonkeyPatch, *, is_empty: bool
) -> None:
    private = shared / "private"
    private.mkdir(mode=0o700)
    if not is_empty:
        (private / "clip.srt").touch()
    else:
        time.sleep(0.05)  # a folder this recent could not be distinguished from the new one
    make = HeldFolder.make

    def exchanged(folder: HeldFolder, name: str, *, mode: int = 0o777) -> None:
        make(folder, name, mode=mode)
        (shared / name).rename(shared / "away")
        private.rename(shared / name)

    monkeypatch.setattr(HeldFolder, "make", exchanged)
    with held_output(shared / "sub", shared, make=True) as folder:
        assert folder.own().st_mode & 0o777 == 0o700


def test_a_link_within_an_allowed_folder_is_followed(shared: Path, context: Context) -> None:
    (shared / "real").mkdir()
    (shared / "link").symlink_to(shared / "real")
    output = output_of(context, a_job_with_results_in(context, shared / "link" / "new"))
    assert (output.folder, output.allowed) == (shared / "real" / "new", shared)


def test_a_folder_that_somebody_put_under_the_chosen_name_is_not_used(
    place: Path, outbox: Path, secrets: Path, context: Context
) -> None:
    job = a_queued_job(context.store, name="clip.mp4")
    (place / "made").write_text("made", encoding="utf-8")
    with made_staging(staging_of(context, job, output_of(context, job))) as staging:
        bring(place / "made", staging, "clip.srt")
    transitions.claim_outbox(context.store, job_id(job), choose=lambda _taken: str(outbox / "clip"))
    (outbox / "clip").symlink_to(secrets)
    paths = publish(context, job, ["clip.srt"])
    assert paths == [str(outbox / "clip (2)" / "clip.srt")] and untouched(secrets)


@pytest.mark.parametrize("kind", ["a link", "another's", "open to all", "a file"])
def test_a_staging_folder_that_is_not_our_own_is_refused_with_a_sentence(
    outbox: Path, secrets: Path, kind: str
) -> None:
    staging = outbox / new_staging_name("0123abcd", 1)
    if kind == "a link":
        staging.symlink_to(secrets)
    elif kind == "a file":
        staging.touch()
    else:
        staging.mkdir()
        staging.chmod(0o777)
        if kind == "another's":
            staging.chmod(0o700)
            give_away(staging)
            if not IS_ANOTHER:
                pytest.skip("there is no other account")
    with pytest.raises(Waiting, match=f"{staging.name} (is a link|belongs)"), made_staging(staging):
        pass
    assert is_foreign(staging) and untouched(secrets)
    assert [path.name for path in outbox.iterdir()] == [staging.name]


def test_another_name_is_chosen_if_the_staging_folders_name_is_taken(
    outbox: Path, secrets: Path, context: Context
) -> None:
    job = a_queued_job(context.store, name="clip.mp4")
    output = output_of(context, job)
    chosen = staging_of(context, job, output)
    assert staging_of(context, job, output) == chosen, "while nothing is there"
    chosen.symlink_to(secrets)
    other = staging_of(context, job, output)
    assert other != chosen
    with made_staging(other):
        assert staging_of(context, job, output) == other
    assert untouched(secrets)


def removed(context: Context, job: Job) -> bool:
    """Remove what is staged for a job; return whether its folder is gone."""
    return remove_staged(queries.job(context.store, job_id(job)), output_of(context, job))


def test_only_staged_files_are_removed(place: Path, outbox: Path, context: Context) -> None:
    job = a_queued_job(context.store, name="clip.mp4")
    staging = staging_of(context, job, output_of(context, job))
    (outbox / "clip").mkdir()
    (outbox / "clip" / "clip.srt").touch()
    results, theirs = outbox / new_staging_name("0123abcd", 999), outbox / new_staging_name("0123abcd", 998)
    (outbox / "clip").rename(results)  # as anybody may who may rename here
    theirs.mkdir()
    (theirs / ".staging").touch()
    give_away(theirs)
    orphan = outbox / new_staging_name("0123abcd", 997)
    for folder in (staging, orphan):
        with made_staging(folder) as made:
            bring(place / "config.yaml", made, "clip.srt")
    with held(outbox) as folder:
        remove_orphans(folder, "0123abcd", {staging})
    assert not orphan.exists() and staging.exists() and (results / "clip.srt").exists()
    assert theirs.exists() is IS_ANOTHER
    assert removed(context, job)


def test_results_that_somebody_renames_to_a_staging_folder_stay_as_they_are(
    place: Path, outbox: Path, context: Context
) -> None:
    job = a_queued_job(context.store, name="clip.mp4")
    chosen = staging_of(context, job, output_of(context, job))
    (outbox / "clip").mkdir()
    (outbox / "clip").chmod(0o755)
    (outbox / "clip" / "clip.srt").touch()
    (outbox / "clip").rename(chosen)  # as anybody may who may rename here
    with pytest.raises(Waiting, match="is not a staging folder"), made_staging(chosen):
        pass
    assert not removed(context, job)
    assert (chosen / "clip.srt").exists() and chosen.stat().st_mode & 0o777 == 0o755
    assert staging_of(context, job, output_of(context, job)) != chosen


def test_nothing_is_removed_through_a_link_or_below_a_staging_folder(
    outbox: Path, secrets: Path, context: Context
) -> None:
    linked, deep = a_queued_job(context.store, name="clip.mp4"), a_queued_job(context.store, name="clip.mp4")
    staging_of(context, linked, output_of(context, linked)).symlink_to(secrets)
    with made_staging(staging_of(context, deep, output_of(context, deep))) as staging:
        staging.make("folder")
    assert not removed(context, linked) and not removed(context, deep)
    assert untouched(secrets)


def test_files_staged_on_an_absent_share_are_removed_at_the_next_start(
    place: Path, shared: Path, context: Context
) -> None:
    job = an_ended_job(context.store, options={"out": str(shared)})
    with made_staging(staging_of(context, job, output_of(context, job))) as staging:
        bring(place / "config.yaml", staging, "clip.srt")
    shared.rename(place / "away")
    assert not removed(context, job)
    sweep(context)
    assert len(queries.staged_jobs(context.store)) == 1
    (place / "away").rename(shared)
    sweep(context)
    assert list(shared.iterdir()) == [] and queries.staged_jobs(context.store) == []


def test_the_probe_for_file_ownership_cannot_be_swapped(outbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The attacker wins each time: his own folder is under the probe's name as soon as it was made."""
    if not IS_ANOTHER:
        pytest.skip("there is no other account")
    (outbox / "clip").mkdir()
    give_away(outbox / "clip")
    make, create = HeldFolder.make, HeldFolder.create

    def exchange(name: str) -> None:
        (outbox / name).rename(outbox / f"{name}.away")
        (outbox / name).mkdir(mode=0o700)
        give_away(outbox / name)

    def made(folder: HeldFolder, name: str, *, mode: int = 0o777) -> None:
        make(folder, name, mode=mode)
        exchange(name)

    def created(folder: HeldFolder, name: str) -> BinaryIO:
        opened = create(folder, name)
        exchange(name)
        return opened

    monkeypatch.setattr(HeldFolder, "make", made)
    monkeypatch.setattr(HeldFolder, "create", created)
    with HeldFolder.open(outbox) as parent, parent.enter("clip") as theirs:
        assert not is_own_folder(theirs, parent)


def test_a_staging_folder_that_others_may_look_into_is_closed_to_them(outbox: Path) -> None:
    staging = outbox / new_staging_name("0123abcd", 1)
    staging.mkdir(mode=0o755)
    with made_staging(staging):
        assert staging.stat().st_mode & 0o777 == 0o700


def test_a_share_that_refuses_modes_and_times_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    (tmp_path / "made.srt").write_text("made", encoding="utf-8")
    for name in ("link", "fchmod", "utime", "fchown"):
        monkeypatch.setattr(os, name, refuse)
    folder = tmp_path / "outbox" / new_staging_name("0123abcd", 1)
    folder.mkdir(parents=True, mode=0o755)
    with made_staging(folder) as staging:
        bring(tmp_path / "made.srt", staging, "clip.srt")
        assert staging.has("clip.srt")
    write_whole(tmp_path / "whole", b"whole")


def test_a_temporary_file_is_private_and_its_name_is_unpredictable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, int]] = []

    def look(name: str) -> None:
        if name == "write.unflushed":
            seen.extend((path.name, path.stat().st_mode & 0o777) for path in tmp_path.glob(".a.txt.*.part"))

    monkeypatch.setattr("dropdub.files.durable.reach", look)
    for _ in range(2):
        write_whole(tmp_path / "a.txt", b"text")
    assert [mode for _, mode in seen] == [0o600, 0o600] and seen[0][0] != seen[1][0]
    mask = os.umask(0o022)
    os.umask(mask)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o666 & ~mask
