"""Options and subtitles beside files, in an inbox that others may write to: an attack fails only its own job."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config, SidecarLimits
from dropdub.daemon.context import Context
from dropdub.daemon.finish.outputs import dropped_output, output_of
from dropdub.daemon.intake.revisions import _is_its_owners, film_at_work
from dropdub.errors import ConfigError
from dropdub.files.ownership import is_trusted, others_may_write, owner_at, speaks_for
from dropdub.inbox.named_files import new_job
from dropdub.inbox.scan import Scan, scan
from dropdub.inbox.sharing import sidecar_limits_of
from dropdub.root import Root
from dropdub.store.database import Store
from dropdub.store.tables import Job
from tests.acceptance.site import Site
from tests.factories import a_claiming_job, a_queued_job
from tests.security.attacker import IS_ANOTHER, OWN_UID, attacked, give_away

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the attacker is an account of POSIX")
needs_another = pytest.mark.skipif(not IS_ANOTHER, reason="only root can run the attacker under another account")

_DROP = """
inbox = pathlib.Path(sys.argv[1])
for name, content in json.loads(pathlib.Path(sys.argv[2]).read_bytes()).items():
    outside = inbox / f".{name}.part"
    outside.write_bytes(content.encode("utf-8", "surrogatepass"))
    outside.rename(inbox / name)
"""
ATTACKS = {
    "set": "targets: !!set {pt, es}\n",
    "binary": "voice: !!binary aGVsbG8=\n",
    "hex": "voice: 0x" + "f" * 20_000,
    "digits": "audio_track: " + "9" * 20_000,
    "takes": "synthesis: {takes: " + "9" * 20_000 + "}",
    "surrogate": 'out: "/tmp/\\uDC80x"',
    "null": 'out: "/tmp/a\\0b"',
    "base60": "voice: " + "1:" * 200_000,
    "dashes": "- " * 30_000,
    "anywhere": "out: /tmp/dropdub-attacked",
}


@pytest.fixture
def site(place: Path) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(**settings: Any) -> Site:
        made.append(Site(place / f"root{len(made)}", **settings))
        made[-1].inbox.chmod(0o777)
        return made[-1]

    yield make
    for one in made:
        one.close()


def drop_as_attacker(site: Site, files: dict[str, str]) -> None:
    wanted = put(site.root.parent / "wanted.json", json.dumps(files))
    attacked(_DROP, site.inbox, wanted)


def put(path: Path, content: str = "A short text.\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


def test_every_attack_fails_only_its_job_and_the_next_start_is_clean(
    site: Callable[..., Site],
) -> None:
    one = site(inbox={"settle": 0.4, "rescan": 1.0, "sidecars": "all"})
    files = {f"{name}.txt": f"Hello from {name}.\n" for name in [*ATTACKS, "sparse", "good"]}
    sidecars = {f"{name}.txt.job.yaml": text for name, text in ATTACKS.items()}
    drop_as_attacker(one, {**sidecars, "good.txt.job.yaml": "language: en\n", "sparse.txt.job.yaml": "voice: x"})
    os.truncate(one.inbox / "sparse.txt.job.yaml", 20_000_000_000)
    drop_as_attacker(one, files)
    assert one.work_off(timeout_s=120) == 1, one.output()
    expected = {f"{name}.txt": "failed" for name in [*ATTACKS, "sparse"]} | {"good.txt": "succeeded"}
    assert one.states() == expected, one.output()
    for row in one.rows("SELECT name, reason FROM job WHERE state = 'failed'"):
        assert "defect" not in row["reason"] and len(row["reason"]) < 1_000, row
        assert f"{row['name']}.job.yaml" in row["reason"] or "allowed_outputs" in row["reason"], row
    assert "Traceback" not in one.output() and not Path("/tmp/dropdub-attacked").exists()
    assert one.work_off(timeout_s=60) == 0, one.output()
    assert one.states() == expected


def test_a_pipe_or_link_as_sidecar_neither_stops_the_daemon_nor_leaks_a_secret(
    site: Callable[..., Site], place: Path
) -> None:
    """It comes after the sidecar was seen: here, recorded by a daemon that was killed before it moved it."""
    one = site(inbox={"settle": 0.4, "rescan": 1.0, "sidecars": "all"})
    secret = put(place / "secret.yaml", "language: xx-hush-hush-hush-hush\nDB_PASSWORD: hush\n")
    secret.chmod(0o600)
    swaps: dict[str, Callable[[Path], Any]] = {
        "fifo": os.mkfifo,
        "link": lambda path: path.symlink_to(secret),
        "zero": lambda path: path.symlink_to("/dev/zero"),
    }
    for name in swaps:
        put(one.inbox / f"{name}.txt.job.yaml", "language: en\n")
        put(one.inbox / f"{name}.txt", f"Hello from {name}.\n")
    put(one.inbox / "good.txt")
    one.start(DROPDUB_FAILPOINTS="intake.file_moved=kill")
    assert one.daemon is not None
    one.daemon.wait(60)
    recorded = one.rows("SELECT id, name, sidecar FROM job WHERE state = 'claiming'")
    assert {row["name"] for row in recorded} == {"good.txt", *(f"{name}.txt" for name in swaps)}, one.output()
    for name, swap in swaps.items():
        (one.inbox / f"{name}.txt.job.yaml").unlink()
        swap(one.inbox / f"{name}.txt.job.yaml")
    assert one.work_off(timeout_s=120) in (0, 1), one.output()
    states = one.states()
    assert states["good.txt"] == "succeeded" and set(states.values()) <= {"succeeded", "failed"}, one.output()
    said = [path.read_text("utf-8") for path in (one.root / "failed").glob("*.error.txt")]
    assert not any("hush" in text or "PASSWORD" in text for text in [*said, one.output()])
    assert secret.read_text("utf-8").endswith("hush\n")


@needs_another
def test_nobody_controls_the_file_of_another(site: Callable[..., Site], place: Path) -> None:
    one = site(inbox={"settle": 0.4, "rescan": 1.0, "sidecars": "all"}, allowed_outputs=[str(place)])
    loot = place / "loot"
    loot.mkdir(mode=0o777)
    give_away(loot)
    drop_as_attacker(one, {"confidential.txt.job.yaml": f"out: {loot}\nvoice: mallory\n"})
    put(one.inbox / "confidential.txt").chmod(0o600)
    one.start()
    one.wait_for("confidential.txt")
    [row] = one.rows("SELECT state, sidecar, overrides, owner, folder FROM job")
    assert (row["state"], row["sidecar"], row["overrides"]) == ("succeeded", None, "{}"), one.output()
    assert (row["owner"], row["folder"]) == ("0", None)
    assert list(loot.iterdir()) == [] and (one.inbox / "confidential.txt.job.yaml").exists()
    assert one.stop(signal.SIGTERM) == 0


# -- who owns what, without a daemon ---------------------------------------------------------------------------------


def looked_through(inbox: Path, **how: Any) -> Scan:
    return scan(inbox, **how)


@needs_another
def test_sidecar_and_subtitle_of_another_are_not_used_and_a_note_names_them(place: Path) -> None:
    film = put(place / "inbox" / "lessons" / "film.mp4")
    for name in ("film.mp4.job.yaml", "film.srt"):
        give_away(put(film.with_name(name)))
    found = looked_through(place / "inbox", profiles=["lessons"])
    assert [(drop.path.name, drop.sidecar, drop.companion) for drop in found.drops] == [
        ("film.mp4", None, None),
        ("film.srt", None, None),
    ]
    assert found.notes == [
        f"inbox/lessons/{name} belongs to a different account than film.mp4 and is not used for it. "
        "Drop it from the same account."
        for name in ("film.mp4.job.yaml", "film.srt")
    ]
    recorded = [new_job(drop) for drop in found.drops]
    assert [(job.owner, job.folder) for job in recorded] == [("0", "lessons"), (str(OWN_UID), "lessons")]


@needs_another
def test_files_that_the_daemons_account_or_root_adds_are_used(place: Path) -> None:
    film = put(place / "inbox" / "film.mp4")
    give_away(film)
    put(film.with_name("film.mp4.job.yaml"))
    put(film.with_name("film.srt"))
    [drop] = looked_through(place / "inbox").drops
    assert drop.sidecar is not None and drop.companion is not None and drop.owner == str(OWN_UID)


def test_with_none_a_sidecar_stays_where_it_is_and_a_note_says_so(place: Path) -> None:
    put(place / "inbox" / "a.txt.job.yaml")
    put(place / "inbox" / "a.txt")
    found = looked_through(place / "inbox", with_sidecars=False)
    assert [(drop.path.name, drop.sidecar) for drop in found.drops] == [("a.txt", None)]
    assert found.notes == ["inbox/a.txt.job.yaml is not used: inbox.sidecars is none in config.yaml."]


def test_an_unknown_owner_and_a_known_one_never_speak_for_each_other() -> None:
    assert not speaks_for(None, "5") and not speaks_for("5", None)
    assert speaks_for("5", "5") and not speaks_for("5", "6") and is_trusted("0")
    assert owner_at(Path("/nowhere/at/all")) is None


@pytest.mark.parametrize(("mode", "policy"), [(0o755, "all"), (0o700, "all"), (0o757, "safe"), (0o777, "safe")])
def test_auto_is_safe_if_others_may_write(place: Path, mode: int, policy: str) -> None:
    root = Root.at(place / "root")
    root.create_folders()
    root.inbox.chmod(mode)
    sidecar_limits = sidecar_limits_of(root, "auto")
    assert sidecar_limits.policy == policy and "inbox.sidecars is auto" in sidecar_limits.why
    assert sidecar_limits_of(root, "auto", declared_shared=True).policy == "safe"
    assert sidecar_limits_of(root, "all", declared_shared=True) == SidecarLimits(
        "all", "inbox.sidecars is all in config.yaml"
    )


@needs_another
def test_auto_is_safe_in_the_inbox_of_another_account_or_of_a_group(place: Path) -> None:
    folder = place / "inbox"
    folder.mkdir(mode=0o755)
    assert not others_may_write(folder)
    give_away(folder)
    assert others_may_write(folder)
    os.chown(folder, 0, OWN_UID)
    folder.chmod(0o775)
    assert others_may_write(folder)
    assert others_may_write(place / "missing")


@needs_another
def test_words_of_another_are_not_used_for_an_already_finished_film(context: Context) -> None:
    job = a_queued_job(context.store, name="clip.mp4", owner="0")
    film = put(context.root.archive / "clip.mp4")
    for owner, is_used in ((str(OWN_UID), False), ("0", True)):
        words = a_claiming_job(context.store, name="clip.srt", owner=owner)
        assert _is_its_owners(words, film, job) is is_used and _is_its_owners(words, film) is is_used
        assert (film_at_work(context, "clip.srt", owner=owner) is not None) is is_used


# -- where results may go ----------------------------------------------------------------------------------------------


@pytest.fixture
def context(place: Path) -> Iterator[Context]:
    root = Root.at(place / "root")
    root.create_folders()
    for name in ("shared", "mine", "root/results"):
        (place / name).mkdir()
    allowed = [str(place / "shared"), str(root.path)]
    store = Store.open(root.database_url)
    yield Context(root, Config.model_validate({"allowed_outputs": allowed}), store, "run", print)
    store.close()


@pytest.mark.parametrize("out", ["shared", "shared/new/deep", "root/results"])
def test_a_dropped_file_may_put_results_where_config_yaml_allows(context: Context, place: Path, out: str) -> None:
    assert dropped_output(context, str(place / out)).refusal is None


@pytest.mark.parametrize(
    "out",
    [
        "mine", "shared-not", "shared/../mine", ".", "root", "root/inbox", "root/inbox/sub", "root/work/1",
        "root/failed", "root/archive", "root/voices", "root/models", "shared/link", "shared/link/sub",
    ],
)  # fmt: skip
def test_a_dropped_file_may_not_put_results_elsewhere(context: Context, place: Path, out: str) -> None:
    (place / "shared" / "link").symlink_to(place / "mine")
    refusal = dropped_output(context, str(place / out)).refusal
    assert refusal is not None and "allowed_outputs" in refusal.sentence and str(place) not in refusal.message


def test_a_link_added_after_options_are_read_is_refused_by_steps_and_publishing(context: Context, place: Path) -> None:
    out = str(place / "shared" / "later")
    job = Job(name="a.txt", source="a.txt", options={"out": out}, overrides={"out": out}, created_at=1.0)
    assert output_of(context, job).refusal is None
    (place / "shared" / "later").symlink_to(context.root.inbox)
    assert output_of(context, job).refusal is not None
    given = Job(name="a", source="a", origin="given", options={"out": out}, overrides={"out": out}, created_at=1.0)
    assert output_of(context, given).refusal is None


@pytest.mark.parametrize("folder", ["inbox", "inbox/sub", "work", "failed", "archive"])
def test_an_out_in_config_yaml_where_originals_are_kept_is_refused(place: Path, folder: str) -> None:
    root = Root.at(place / "root")
    with pytest.raises(ConfigError, match=rf"job\.out .* is inside folders\.{folder.split('/', maxsplit=1)[0]}"):
        root.refuse_outputs({"job.out": str(root.path / folder)})
    root.refuse_outputs({"job.out": str(root.outbox)})


def test_a_start_with_an_out_in_the_inbox_is_refused_with_a_sentence(site: Callable[..., Site]) -> None:
    one = site()
    one.configure(job={"out": str(one.inbox)})
    for command in (["config", "check"], ["watch", "--until-idle"]):
        answer = one.jobs(*command)
        assert answer.returncode == 2 and "job.out" in answer.stderr and "is inside folders.inbox" in answer.stderr
