"""A hub or a mirror that lies: it can withhold a model, and nothing else. A real server, a real client."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock

from dropdub.engines.models.catalogue import named
from dropdub.engines.models.download import exclusive
from dropdub.engines.models.download.deadline import Deadline
from dropdub.engines.models.download.exchange import host_of
from dropdub.engines.models.download.hub import Hub
from dropdub.engines.models.download.pull import pull
from dropdub.engines.models.download.record import RECORD_NAME, Condition, Presence, examine, read_record
from dropdub.engines.models.download.transfer import Patience
from dropdub.engines.models.folders import is_whole
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.pins import Pin
from dropdub.errors import AccessDenied, DownloadFailed, DownloadRefused, DropdubError, ModelIncomplete, UsageError
from tests import warm
from tests.hub import FakeHub, Meter, running_hub, unpinned
from tests.security.attacker import IS_ANOTHER, give_away

REPOSITORY = "Systran/faster-whisper-tiny"
COMMIT = "c" * 40
RIGHT = {
    "config.json": b"{}",
    "tokenizer.json": b'{"a": 1}',
    "vocabulary.txt": b"a\nb\n",
    "model.bin": random.Random(2).randbytes(200_000),
}
OPEN = unpinned(named("whisper-tiny"))
SOON = Patience(attempts=2, first_wait_s=0.01, longest_wait_s=0.02, window_s=0.4)

pytestmark = pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="it comes with the extra 'quality'")


def pinned() -> KnownModel:
    """Return a model of which every byte is known, as those of the catalogue are."""
    pins = {name: Pin(len(content), hashlib.sha256(content).hexdigest()) for name, content in RIGHT.items()}
    return replace(OPEN, sources=(replace(OPEN.sources[0], revision=COMMIT, pins=pins),))


@pytest.fixture(autouse=True)
def _no_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("HF_", "HUGGING")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running_hub() as hub:
        hub.revision = COMMIT
        hub.repositories[REPOSITORY] = dict(RIGHT)
        yield hub


def pulled(url: str, models: Path, model: KnownModel) -> Condition:
    return pull(model, models, [Hub(url, timeout_s=0.3)], meter=Meter(), patience=SOON)


def seen(folder: Path) -> dict[str, int]:
    """Return all that is below a folder: files by their path, with their sizes."""
    return {str(one.relative_to(folder)): one.lstat().st_size for one in folder.rglob("*") if not one.is_dir()}


def model_files(models: Path) -> set[str]:
    return {name for name in seen(models) if not name.endswith(".lock")}


Say = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def liar(say: Say) -> Iterator[str]:
    """Run a server that answers every question as `say` does; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.close_connection = True
            with suppress(OSError):  # the client hung up
                say(self)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def answer(handler: BaseHTTPRequestHandler, content: bytes = b"", status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in ({"Content-Length": str(len(content))} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content)


def listing(**changed: object) -> bytes:
    siblings = [{"rfilename": name, "size": len(content), "blobId": None} for name, content in RIGHT.items()]
    return json.dumps({"sha": COMMIT, "siblings": siblings} | changed).encode()


def honestly(handler: BaseHTTPRequestHandler, **headers: str) -> None:
    if "/api/" in handler.path:
        return answer(handler, listing())
    return answer(handler, RIGHT[handler.path.rpartition("/")[2]], **headers)


# -- wrong content ------------------------------------------------------------------------------------------------


def test_a_hub_that_lies_consistently_is_not_believed(hub: FakeHub, tmp_path: Path) -> None:
    wrong = bytes(len(RIGHT["model.bin"]))
    hub.repositories[REPOSITORY]["model.bin"] = wrong  # its list names the sum of what it sends
    with pytest.raises(DownloadFailed) as caught:
        pulled(hub.url, tmp_path, pinned())
    expected, given = (hashlib.sha256(one).hexdigest() for one in (RIGHT["model.bin"], wrong))
    assert f"SHA-256 {expected} was expected, but {host_of(hub.url)} sent {given}" in caught.value.message
    assert not (tmp_path / "whisper-tiny").exists()
    assert not (tmp_path / "whisper-tiny.part" / "model.bin").exists()


def test_a_pinned_model_is_requested_only_at_the_pinned_commit(hub: FakeHub, tmp_path: Path) -> None:
    assert pulled(hub.url, tmp_path, pinned()).presence is Presence.WHOLE
    assert {path.rpartition("/")[0] for path, _ in hub.asked} == {f"/{REPOSITORY}/resolve/{COMMIT}"}


def test_unpinned_files_are_recorded_and_not_replaced_by_later_ones(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub.url, tmp_path, OPEN)
    record = read_record(tmp_path / OPEN.name)
    assert record is not None and record.sources == {REPOSITORY: COMMIT}
    (tmp_path / OPEN.name / "model.bin").write_bytes(b"damaged")
    hub.repositories[REPOSITORY]["model.bin"] = bytes(len(RIGHT["model.bin"]))
    with pytest.raises(DownloadFailed, match="differs from the known content") as caught:
        pulled(hub.url, tmp_path, OPEN)
    assert "whisper-tiny had other content before. To get the current one, remove" in caught.value.remedy
    hub.revision = "d" * 40  # the branch has newer commits
    with pytest.raises(DownloadRefused, match="does not have it"):
        pulled(hub.url, tmp_path, OPEN)
    assert not (tmp_path / OPEN.name).exists()
    hub.revision, hub.repositories[REPOSITORY]["model.bin"] = COMMIT, RIGHT["model.bin"]
    assert pulled(hub.url, tmp_path, OPEN).presence is Presence.WHOLE


def test_a_record_that_matches_swapped_files_does_not_override_the_catalogue(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub.url, tmp_path, pinned())
    folder = tmp_path / OPEN.name
    (folder / "tokenizer.json").write_bytes(b'{"a": 9}')
    text = (folder / RECORD_NAME).read_text(encoding="utf-8")
    sums = [hashlib.sha256(one).hexdigest() for one in (RIGHT["tokenizer.json"], b'{"a": 9}')]
    (folder / RECORD_NAME).write_text(text.replace(*sums), encoding="utf-8")
    assert examine(folder, OPEN, thorough=True).presence is Presence.WHOLE
    for thorough in (True, False):
        condition = examine(folder, pinned(), thorough=thorough)
        assert (condition.presence, condition.bad) == (Presence.DAMAGED, ("tokenizer.json",))
    assert pulled(hub.url, tmp_path, pinned()).presence is Presence.WHOLE
    assert (folder / "tokenizer.json").read_bytes() == RIGHT["tokenizer.json"]


def test_a_model_put_there_by_hand_is_compared_with_the_catalogue_and_left(tmp_path: Path) -> None:
    folder = tmp_path / OPEN.name
    folder.mkdir()
    for name, content in (RIGHT | {"config.json": b"another"}).items():
        (folder / name).write_bytes(content)
    assert examine(folder, pinned(), thorough=True).others == ("config.json",)
    assert examine(folder, pinned(), thorough=False).usable


def test_a_pull_reports_that_foreign_files_are_not_the_model(tmp_path: Path) -> None:
    folder = tmp_path / "models" / OPEN.name
    folder.mkdir(parents=True)
    (tmp_path / "config.yaml").write_text("{}", encoding="utf-8")
    for name in RIGHT:
        (folder / name).write_bytes(b"evil")
    said = warm.run(["--root", str(tmp_path), "models", "pull", OPEN.name])
    assert said.returncode == 1
    assert said.stdout.startswith("whisper-tiny: copied by hand. These files differ from the catalogue: ")


@pytest.mark.skipif(not IS_ANOTHER, reason="it takes another account")
def test_a_model_that_another_account_put_there_is_not_taken(hub: FakeHub, tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    folder = tmp_path / OPEN.name
    folder.mkdir()
    for name in RIGHT:
        (folder / name).write_bytes(b"evil")
    give_away(folder)
    with pytest.raises(AccessDenied, match="belongs to another account"):
        pulled(hub.url, tmp_path, OPEN)
    give_away(tmp_path)  # then it is that account's own folder for models
    assert pulled(hub.url, tmp_path, OPEN).presence is Presence.BY_HAND


def test_a_record_that_does_not_name_a_file_does_not_let_it_in(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub.url, tmp_path, pinned())
    folder = tmp_path / OPEN.name
    data = json.loads((folder / RECORD_NAME).read_text(encoding="utf-8"))
    data["files"] = [one for one in data["files"] if one["name"] != "model.bin"]
    (folder / RECORD_NAME).write_text(json.dumps(data), encoding="utf-8")
    (folder / "model.bin").write_bytes(b"evil")
    (folder / "vocabulary.json").write_bytes(b"[]")
    condition = examine(folder, pinned(), thorough=False)
    assert (condition.presence, set(condition.bad)) == (Presence.DAMAGED, {"model.bin", "vocabulary.json"})
    assert pulled(hub.url, tmp_path, pinned()).presence is Presence.WHOLE
    assert set(seen(folder)) == {*RIGHT, RECORD_NAME}
    assert (folder / "model.bin").read_bytes() == RIGHT["model.bin"]


def test_the_pinned_one_of_alternative_files_is_pulled_whatever_a_hub_offers(hub: FakeHub, tmp_path: Path) -> None:
    known = pinned().sources[0]
    pins = {name: pin for name, pin in known.pins.items() if name == "vocabulary.txt"}
    half = replace(OPEN, sources=(replace(known, pins=pins),))
    hub.repositories[REPOSITORY]["vocabulary.json"] = b'["evil"]'  # first of the two, and only its list knows its sum
    assert pulled(hub.url, tmp_path, half).presence is Presence.WHOLE
    assert set(seen(tmp_path / OPEN.name)) == {*RIGHT, RECORD_NAME}


@pytest.mark.parametrize("said", ["d" * 40, "main", ""])
def test_a_commit_that_changes_between_two_files_is_refused(tmp_path: Path, said: str) -> None:
    changing = liar(lambda one: honestly(one, X_Repo_Commit=said if "model.bin" in one.path else COMMIT))
    with changing as url, pytest.raises(DownloadRefused, match="sent a different commit"):
        pulled(url, tmp_path, OPEN)
    assert not (tmp_path / OPEN.name).exists()


@pytest.mark.parametrize("said", ["main", "../../../x", "", None, 5, "C" * 40])
def test_a_hub_must_say_which_commit_it_has(tmp_path: Path, said: object) -> None:
    with liar(lambda one: answer(one, listing(sha=said))) as url, pytest.raises(DownloadRefused, match="which commit"):
        pulled(url, tmp_path, OPEN)


# -- wrong places -------------------------------------------------------------------------------------------------

NAMES = (
    "../escaped",
    "..\\escaped",
    "/tmp/dropdub-escaped",
    "C:\\escaped",
    "C:escaped",
    "\\\\host\\share\\escaped",
    "model.bin/../../escaped",
    "sub/../../../escaped",
    "nul",
    "con.bin",
    "model.bin\0.txt",
    "model.bin ",
    ".",
    "..",
    "",
    "dropdub-model.json",
    "dropdub-pull.json",
    "modeling.py",
)


def test_no_file_name_from_a_server_is_written_to(tmp_path: Path) -> None:
    siblings = [{"rfilename": name, "size": 2, "blobId": None} for name in (*NAMES, *RIGHT)]
    for one in siblings:
        one["size"] = len(RIGHT.get(str(one["rfilename"]), b"{}"))

    def say(handler: BaseHTTPRequestHandler) -> None:
        if "/api/" in handler.path:
            return answer(handler, listing(siblings=siblings))
        return answer(handler, RIGHT.get(handler.path.rpartition("/")[2], b"{}"))

    models = tmp_path / "a" / "b" / "models"
    with liar(say) as url:
        assert pulled(url, models, OPEN).usable
    assert model_files(tmp_path) == {f"a/b/models/whisper-tiny/{name}" for name in (*RIGHT, RECORD_NAME)}


@pytest.mark.parametrize("name", ["../../victim", "/etc/hostname", "sub/x", "..", "a\0b", "nul", "dropdub-model.json"])
def test_no_file_elsewhere_is_removed_because_a_record_names_it(hub: FakeHub, tmp_path: Path, name: str) -> None:
    models, victim = tmp_path / "models", tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    pulled(hub.url, models, OPEN)
    record = models / OPEN.name / RECORD_NAME
    data = json.loads(record.read_text(encoding="utf-8"))
    data["files"].append({"name": name, "size": 1, "sha256": "0" * 64})
    record.write_text(json.dumps(data), encoding="utf-8")
    assert examine(record.parent, OPEN, thorough=True).bad == (RECORD_NAME,)
    assert pulled(hub.url, models, OPEN).presence is Presence.WHOLE
    assert victim.read_text(encoding="utf-8") == "mine"


def noted(**changed: object) -> bytes:
    file = {"name": "config.json", "size": 2, "sha256": "0" * 64} | changed
    return json.dumps({"files": [file], "remembered": [file], "sources": {}, "revisions": {}}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        noted().replace(b'"size": 2', b'"size": 1e999'),
        noted(name="a\0b"),
        noted(name="\ud800"),
        noted(size="9" * 5_000),
        noted().replace(b"{}", b'{"%s": "\\ud800"}' % REPOSITORY.encode()),
        b" " * 2_000_000 + noted(),
        b"[]",
        None,
    ],
    ids=["deep", "infinite", "null", "surrogate", "digits", "commit", "long", "list", "pipe"],
)
def test_files_beside_a_model_are_read_as_untrusted(hub: FakeHub, tmp_path: Path, content: bytes | None) -> None:
    pulled(hub.url, tmp_path, OPEN)
    folder, part = tmp_path / OPEN.name, tmp_path / "whisper-tiny.part"
    for name in (RECORD_NAME, "dropdub-pull.json"):
        if name != RECORD_NAME:
            folder.rename(part)
        file = (folder if folder.exists() else part) / name
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_bytes(content)
        elif sys.platform != "win32":
            os.mkfifo(file)
        assert is_whole(file.parent, list(RIGHT))
        if name == RECORD_NAME:
            assert examine(folder, OPEN, thorough=False).usable is (sys.platform == "win32" and content is None)
        assert pulled(hub.url, tmp_path, OPEN).presence is Presence.WHOLE


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.parametrize("make", ["symlink", "hardlink", "fifo", "dangling"])
def test_nothing_is_written_through_links_already_in_the_folder(hub: FakeHub, tmp_path: Path, make: str) -> None:
    victim, part = tmp_path / "victim", tmp_path / "models" / "whisper-tiny.part"
    victim.write_bytes(RIGHT["model.bin"][:1000])
    part.mkdir(parents=True)
    target = part / "model.bin"
    if make == "fifo":
        os.mkfifo(target)
    elif make == "hardlink":
        os.link(victim, target)
    else:
        target.symlink_to(victim if make == "symlink" else tmp_path / "made")
    assert pulled(hub.url, tmp_path / "models", pinned()).presence is Presence.WHOLE
    assert victim.read_bytes() == RIGHT["model.bin"][:1000]
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "models" / OPEN.name / "model.bin").is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_work_folder_that_is_a_link_or_somebody_elses_is_not_used(hub: FakeHub, tmp_path: Path) -> None:
    elsewhere, part = tmp_path / "elsewhere", tmp_path / "whisper-tiny.part"
    elsewhere.mkdir()
    part.symlink_to(elsewhere)
    with pytest.raises(AccessDenied, match="is a link: nothing is written through it"):
        pulled(hub.url, tmp_path, pinned())
    assert seen(elsewhere) == {}
    part.unlink()
    part.mkdir()
    if IS_ANOTHER:
        give_away(part)
        with pytest.raises(AccessDenied, match="belongs to another account"):
            pulled(hub.url, tmp_path, pinned())


@pytest.mark.skipif(sys.platform == "win32", reason="rights are inherited there")
def test_others_cannot_write_to_pulled_files_and_files_they_add_are_not_used(hub: FakeHub, tmp_path: Path) -> None:
    part = tmp_path / "whisper-tiny.part"
    part.mkdir()
    part.chmod(0o777)
    for name in ("model.bin", "dropdub-pull.json", "vocabulary.json"):
        (part / name).write_bytes(RIGHT["model.bin"][:1000])
        (part / name).chmod(0o666)
        give_away(part / name)
    assert pulled(hub.url, tmp_path, pinned()).presence is Presence.WHOLE
    folder = tmp_path / OPEN.name
    assert set(seen(folder)) == {*RIGHT, RECORD_NAME}
    if IS_ANOTHER:
        assert {one.stat().st_uid for one in folder.iterdir()} == {os.geteuid()}
        assert not any(one.stat().st_mode & 0o022 for one in (folder, *folder.iterdir()))


@pytest.mark.skipif(sys.platform == "win32", reason="an open folder cannot be renamed there")
def test_a_folder_swapped_during_a_pull_causes_no_write_elsewhere(tmp_path: Path) -> None:
    elsewhere, part = tmp_path / "elsewhere", tmp_path / "models" / "whisper-tiny.part"
    elsewhere.mkdir()
    (elsewhere / "model.bin").write_bytes(b"mine")

    def say(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.endswith("tokenizer.json"):
            part.rename(tmp_path / "aside")
            part.symlink_to(elsewhere)
        honestly(handler)

    with liar(say) as url, pytest.raises(AccessDenied, match="was renamed or replaced"):
        pulled(url, tmp_path / "models", pinned())
    assert seen(elsewhere) == {"model.bin": 4}
    assert not (tmp_path / "models" / OPEN.name).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_lock_that_is_a_link_or_held_forever_is_refused_with_a_sentence(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".whisper-tiny.lock"
    lock.symlink_to(tmp_path / "victim")
    with pytest.raises(AccessDenied, match="is a link: nothing is written through it"):
        pulled(hub.url, tmp_path, pinned())
    assert not (tmp_path / "victim").exists()
    lock.unlink()
    monkeypatch.setattr(exclusive, "_MAX_WAIT_S", 0.2)
    with FileLock(lock), pytest.raises(DownloadFailed, match="is still being pulled by another process"):
        pulled(hub.url, tmp_path, pinned())


@pytest.mark.skipif(sys.platform == "win32", reason="rights are inherited there")
def test_nothing_is_pulled_to_where_anybody_may_swap_it(hub: FakeHub, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(AccessDenied, match="Any account can rename or replace files"):
        pulled(hub.url, tmp_path, pinned())
    assert hub.asked == []
    tmp_path.chmod(0o1777)
    assert pulled(hub.url, tmp_path, pinned()).presence is Presence.WHOLE


def test_a_file_left_by_another_server_does_not_become_part_of_the_model(hub: FakeHub, tmp_path: Path) -> None:
    part = tmp_path / "whisper-tiny.part"
    part.mkdir()
    (part / "vocabulary.json").write_bytes(b"[]")
    assert pulled(hub.url, tmp_path, pinned()).presence is Presence.WHOLE
    assert set(seen(tmp_path / OPEN.name)) == {*RIGHT, RECORD_NAME}


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
def test_a_damaged_model_that_is_a_link_is_not_repaired_at_its_target(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub.url, tmp_path / "theirs", OPEN)
    theirs = tmp_path / "theirs" / OPEN.name
    (theirs / "config.json").write_bytes(b"[]")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / OPEN.name).symlink_to(theirs)
    with pytest.raises(ModelIncomplete, match="is a link, and its target is incomplete or damaged"):
        pulled(hub.url, tmp_path / "models", OPEN)
    assert (theirs / "config.json").read_bytes() == b"[]"


# -- too much, too long -------------------------------------------------------------------------------------------


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(4_000):
        handler.wfile.write(bytes(65_536))


def test_an_endless_body_is_cut_where_the_file_ends(tmp_path: Path) -> None:
    written = []

    class Watching(Meter):
        def advance(self, count: int) -> None:
            if count < 0:  # what arrived is about to be discarded
                written.append((tmp_path / "whisper-tiny.part" / "config.json").stat().st_size)

    with liar(endless) as url, pytest.raises(DownloadFailed, match=r"The content of .* differs"):
        pull(pinned(), tmp_path, [Hub(url, timeout_s=0.3)], meter=Watching(), patience=SOON)
    assert written and max(written) == len(RIGHT["config.json"])


def test_an_endless_list_is_refused(tmp_path: Path) -> None:
    with liar(endless) as url, pytest.raises(DownloadRefused, match="its list of files is endless"):
        pulled(url, tmp_path, OPEN)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"sha": ' + b"9" * 20_000 + b"}",
        b"[]",
        b"null",
        b"\xff",
        b'{"sha": "x", "siblings": 5}',
        listing(siblings=[{"rfilename": "config.json", "size": -1}]),
        listing(siblings=[{"rfilename": "config.json", "size": True}]),
        listing(siblings=[{"rfilename": "config.json", "size": 2, "lfs": {"sha256": "../x"}}]),
        listing(siblings=[{"rfilename": "config.json", "size": 2, "lfs": 7}]),
        listing(siblings=[{"rfilename": ["config.json"], "size": 2}, 3]),
    ],
)
def test_an_invalid_list_is_refused_with_a_sentence(tmp_path: Path, body: bytes) -> None:
    with liar(lambda one: answer(one, body)) as url, pytest.raises(DownloadRefused, match="does not answer as a hub"):
        pulled(url, tmp_path, OPEN)


def test_a_pull_over_three_times_the_catalogued_size_is_not_started(tmp_path: Path) -> None:
    huge = [{"rfilename": name, "size": 10**12, "blobId": None} for name in RIGHT]
    announced = r"offers 4\.0 TB for whisper-tiny, which should be about 78\.0 MB"
    with liar(lambda one: answer(one, listing(siblings=huge))) as url, pytest.raises(DownloadRefused, match=announced):
        pulled(url, tmp_path, OPEN)
    assert model_files(tmp_path) == set()


@pytest.mark.parametrize("length", ["0", "199999", "200001", "999999999999", "9" * 5_000])
def test_a_wrong_length_is_refused_before_anything_is_written(tmp_path: Path, length: str) -> None:
    def say(handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.rpartition("/")[2]
        answer(handler, RIGHT[name], **({"Content-Length": length} if name == "model.bin" else {}))

    with liar(say) as url, pytest.raises(DropdubError):
        pulled(url, tmp_path, pinned())
    assert not (tmp_path / "whisper-tiny.part" / "model.bin").exists()


def test_compressed_content_is_not_unpacked(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with liar(lambda one: answer(one, bomb, Content_Encoding="gzip")) as url:
        for model in (pinned(), OPEN):
            with pytest.raises(DownloadRefused, match="sends compressed data"):
                pulled(url, tmp_path, model)
    assert sum(seen(tmp_path).values()) < 1_000


def test_an_endless_error_page_is_not_read(tmp_path: Path) -> None:
    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(403)
        handler.end_headers()
        while True:
            handler.wfile.write(bytes(65_536))

    with liar(say) as url, pytest.raises(DownloadRefused, match="does not allow this account to download it"):
        pulled(url, tmp_path, pinned())


def drip(handler: BaseHTTPRequestHandler, begin: bytes) -> None:
    """Send a byte now and then, for a minute: never silent, never done."""
    handler.wfile.write(begin)
    for _ in range(600):
        handler.wfile.write(b"a")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=",
    ],
    ids=["head", "body", "chunk"],
)
@pytest.mark.parametrize("which", ["pinned", "open"])
def test_a_slow_trickle_of_bytes_does_not_hold_up_a_pull(tmp_path: Path, begin: bytes, which: str) -> None:
    started = time.monotonic()
    with liar(lambda one: drip(one, begin)) as url, pytest.raises(DownloadFailed):
        pulled(url, tmp_path, pinned() if which == "pinned" else OPEN)
    assert time.monotonic() - started < 30


def test_the_connection_of_a_proxy_is_closed_too() -> None:
    own, other = socket.socketpair()
    with own, other:
        deadline = Deadline(0.1)
        stream = SimpleNamespace(get_extra_info=lambda _: own)
        for event in ("proxy.start_tls.complete", "socks.connect_tcp.complete", "socks.start_tls.complete"):
            deadline._socket = None
            deadline.on_trace(event, {"return_value": stream})
            assert deadline._socket is own, event


def test_one_byte_per_request_is_not_requested_forever(tmp_path: Path) -> None:
    asked = []

    def say(handler: BaseHTTPRequestHandler) -> None:
        start = int((handler.headers.get("Range") or "bytes=0-")[6:-1])
        asked.append(start)
        content = RIGHT[handler.path.rpartition("/")[2]][start:]
        status, ranged = (206, f"bytes {start}-{start + len(content) - 1}/*") if start else (200, "")
        handler.send_response(status)
        handler.send_header("Content-Range", ranged)
        handler.end_headers()
        handler.wfile.write(content[:1])

    with liar(say) as url, pytest.raises(DownloadFailed, match="stopped after"):
        pulled(url, tmp_path, pinned())
    assert len(asked) <= 2 * SOON.attempts


# -- elsewhere ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "onward",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "gopher://127.0.0.1/x",
        "data:text/plain,x",
        "//[::1",
        "http://127.0.0.1:99999/",
        "http://a b/",
        "javascript:x",
        "unix:///run/docker.sock",
    ],
)
def test_a_redirect_to_anything_but_http_is_not_followed(tmp_path: Path, onward: str) -> None:
    with liar(lambda one: answer(one, status=302, Location=onward)) as url:
        for model in (pinned(), OPEN):
            with pytest.raises(DownloadRefused, match="redirects to an address that is not allowed"):
                pulled(url, tmp_path, model)


@pytest.mark.parametrize("host", ["a..b", "a" * 70, "[v1.x]"])
def test_a_redirect_to_an_invalid_host_is_refused_with_a_sentence(tmp_path: Path, host: str) -> None:
    with liar(lambda one: answer(one, status=302, Location=f"http://{host}/")) as url:
        for model in (pinned(), OPEN):
            with pytest.raises(
                DownloadRefused, match="is not the address of a server, or redirects to one that is not"
            ):
                pulled(url, tmp_path, model)


def test_a_redirect_in_a_circle_ends(tmp_path: Path) -> None:
    asked = []

    def say(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        answer(handler, status=307, Location=handler.path + "x")

    with liar(say) as url, pytest.raises(DownloadRefused, match="redirects endlessly"):
        pulled(url, tmp_path, pinned())
    assert len(asked) < 10


def test_https_never_redirects_to_http() -> None:
    from dropdub.engines.models.download.exchange import _redirected

    with pytest.raises(DownloadRefused):
        _redirected("https://hub.example/a", "http://hub.example/a", {})
    assert _redirected("https://hub.example/a/b", "/c", {"Authorization": "x"}) == (
        "https://hub.example/c",
        {"Authorization": "x"},
    )
    for other in ("https://cdn.example/c", "https://hub.example:8443/c", "//cdn.example/c"):
        assert _redirected("https://hub.example/a", other, {"authorization": "x", "Range": "y"})[1] == {"Range": "y"}


def test_a_sign_in_token_is_sent_only_to_the_hub_that_was_asked(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with running_hub() as store:
        store.repositories, store.revision, hub.redirects_to = hub.repositories, hub.revision, store.url
        pulled(hub.url, tmp_path / "by mirror", pinned())
        assert set(hub.tokens) == set(store.tokens) == {None}
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        pull(pinned(), tmp_path / "by hub", [Hub(timeout_s=2)], meter=Meter(), patience=SOON)
        assert hub.tokens[-1] == "Bearer hf_secret"
        assert set(store.tokens) == {None}
        monkeypatch.delenv("HF_TOKEN")  # signing in was not meant for another hub
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        (tmp_path / "token").write_text("hf_secret", encoding="utf-8")
        pull(pinned(), tmp_path / "signed in", [Hub(timeout_s=2)], meter=Meter(), patience=SOON)
        assert hub.tokens[-1] is None


def test_a_password_in_the_address_of_a_mirror_is_in_no_message(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://me:s3cret@127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DownloadFailed) as caught:
        pulled(nobody, tmp_path, pinned())
    assert "s3cret" not in str(caught.value) + caught.value.message + caught.value.remedy
    with pytest.raises(UsageError) as refused:
        Hub("ftp://me:s3cret@127.0.0.1/")
    assert "s3cret" not in str(refused.value)
