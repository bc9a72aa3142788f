"""Models from a real server, and everything that can go wrong on the way."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from dropdub.engines.models.catalogue import GB, named
from dropdub.engines.models.download.hub import Hub
from dropdub.engines.models.download.pull import pull
from dropdub.engines.models.download.record import RECORD_NAME, Condition, Presence, examine, read_record
from dropdub.engines.models.download.started_with import PLAN_NAME, Plan
from dropdub.engines.models.download.transfer import Patience
from dropdub.engines.models.known import KnownModel
from dropdub.engines.models.pins import Pin
from dropdub.engines.pocket import languages as pocket
from dropdub.engines.quickmt.folders import model_of
from dropdub.errors import AccessDenied, DiskFull, DownloadFailed, DownloadRefused, ModelIncomplete, UsageError
from dropdub.files import durable
from dropdub.pasting import pasted
from tests import warm
from tests.hub import UNPINNED, FakeHub, Meter, running_hub, unpinned
from tests.waiting import wait_until

TINY = unpinned(named("whisper-tiny"))
VOICES = named("kokoro-voices")
NLLB = unpinned(named("nllb-200-distilled-600M"))
XTTS = unpinned(named("xtts-v2"))
WEIGHTS = random.Random(1).randbytes(300_000)
SOON = Patience(attempts=3, first_wait_s=0.01, longest_wait_s=0.05)
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
Answer = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="it comes with the extra 'quality'")


@pytest.fixture(autouse=True)
def _no_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep proxies and sign-ins of the machine out."""
    for name in list(os.environ):
        if name.lower() in PROXIES or name.startswith(("HF_", "HUGGING", "DROPDUB_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")  # read when the library is first imported


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running_hub() as hub:
        hub.add(TINY.sources[0].repository, config__json=b"{}", tokenizer__json=b'{"a": 1}', model__bin=WEIGHTS)
        hub.add(TINY.sources[0].repository, vocabulary__txt=b"a\nb\n", README__md=b"Not needed.")
        yield hub


def pulled(hub: FakeHub, models: Path, model: KnownModel = TINY, meter: Meter | None = None) -> Condition:
    return pull(model, models, [Hub(hub.url, timeout_s=0.5)], meter=meter or Meter(), patience=SOON)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def is_whole(models: Path, model: KnownModel = TINY) -> bool:
    return examine(models / model.name, model, thorough=True).presence is Presence.WHOLE


# -- downloads that succeed -------------------------------------------------------------------------------------


def test_model_is_downloaded_whole_with_its_record_and_nothing_unneeded(hub: FakeHub, tmp_path: Path) -> None:
    meter = Meter()
    condition = pulled(hub, tmp_path / "models", meter=meter)
    folder = tmp_path / "models" / "whisper-tiny"
    assert condition.presence is Presence.WHOLE
    assert (folder / "model.bin").read_bytes() == WEIGHTS
    assert names_in(folder) == {"config.json", "tokenizer.json", "vocabulary.txt", "model.bin", RECORD_NAME}
    assert names_in(tmp_path / "models") == {"whisper-tiny"}
    record = read_record(folder)
    assert record is not None
    assert record.sources == {"Systran/faster-whisper-tiny": hub.revision}
    assert record.licence == "the MIT licence"
    assert {file.name: file.size for file in record.files}["model.bin"] == len(WEIGHTS)
    assert meter.done == meter.total == len(WEIGHTS) + 14


def test_model_is_assembled_from_several_repositories(hub: FakeHub, tmp_path: Path) -> None:
    hub.add("facebook/nllb-200-distilled-600M", tokenizer__json=b"{}", pytorch_model__bin=WEIGHTS)
    hub.add(NLLB.sources[1].repository, config__json=b"{ }", shared_vocabulary__txt=b"a", model__bin=WEIGHTS)
    pulled(hub, tmp_path, NLLB)
    assert is_whole(tmp_path, NLLB)
    assert names_in(tmp_path / NLLB.name) == {
        *("tokenizer.json", "config.json", "shared_vocabulary.txt", "model.bin", RECORD_NAME)
    }


def test_a_model_for_a_pair_is_pulled_by_its_name_and_then_used(hub: FakeHub, tmp_path: Path) -> None:
    pieces = {"src__spm__model": b"pieces", "tgt__spm__model": b"pieces"}
    words = {"source_vocabulary__json": b"[]", "target_vocabulary__json": b"[]"}
    hub.add("quickmt/quickmt-en-de", config__json=b"{}", model__bin=WEIGHTS, README__md=b"unneeded", **pieces, **words)
    model = named("quickmt-en-de")
    pulled(hub, tmp_path, model)
    assert is_whole(tmp_path, model)
    found = model_of(tmp_path, "en", "de")
    assert found is not None and found.name == "quickmt-en-de"
    assert not (found.folder / "README.md").exists()


@pytest.mark.parametrize("is_pinned", [False, True])
def test_files_in_a_folder_of_a_repository_are_put_into_the_models_own(
    hub: FakeHub, tmp_path: Path, is_pinned: bool
) -> None:
    content = {name: name.encode() * 100 for name in VOICES.names()}
    [source] = VOICES.sources
    hub.repositories[source.repository] = {f"voices/{name}": sound for name, sound in content.items()}
    hub.repositories[source.repository] |= {"af_heart.bin": b"another one", "voices/zf_xiaobei.bin": b"unneeded"}
    pins = {name: Pin(len(sound), hashlib.sha256(sound).hexdigest()) for name, sound in content.items()}
    known = replace(VOICES, sources=(replace(source, revision=hub.revision, pins=pins),))
    pulled(hub, tmp_path, known if is_pinned else unpinned(VOICES))
    assert names_in(tmp_path / VOICES.name) == {*content, RECORD_NAME}
    assert (tmp_path / VOICES.name / "af_heart.bin").read_bytes() == content["af_heart.bin"]
    assert is_whole(tmp_path, known)
    assert any("/api/" in path for path, _ in hub.asked) != is_pinned


def test_folders_may_have_spaces_and_any_letters(hub: FakeHub, tmp_path: Path) -> None:
    models = tmp_path / "os meus modelos – ção 模型 🎙"
    pulled(hub, models)
    assert is_whole(models)


def test_complete_model_is_not_downloaded_again(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub, tmp_path)
    hub.asked.clear()
    assert pulled(hub, tmp_path).presence is Presence.WHOLE
    assert hub.asked == []


def test_token_is_not_sent_to_mirror(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    pulled(hub, tmp_path)
    assert set(hub.tokens) == {None}


def test_token_is_not_sent_to_other_server_that_files_are_redirected_to(hub: FakeHub, root: Path) -> None:
    with running_hub() as store:
        store.repositories, store.breaks["model.bin"] = hub.repositories, [100_000]
        hub.redirects_to = store.url
        answer = jobs(root, "pull", HF_ENDPOINT=hub.url, HF_TOKEN="hf_secret")
        assert answer.returncode == 0, answer
        assert is_whole(root / "models")
        assert store.asked[-1][1] == "bytes=100000-"
        assert set(hub.tokens) == {"Bearer hf_secret"}
        assert set(store.tokens) == {None}


# -- downloads that fail ----------------------------------------------------------------------------------------


def test_interrupted_download_resumes_where_it_stopped(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks["model.bin"] = [100_000, 50_000]
    meter = Meter()
    pulled(hub, tmp_path, meter=meter)
    assert is_whole(tmp_path)
    assert hub.served["model.bin"] == len(WEIGHTS)
    assert [wanted for path, wanted in hub.asked if path.endswith("model.bin")] == [
        *(None, "bytes=100000-", "bytes=150000-")
    ]
    assert meter.done == meter.total


def test_later_pull_resumes_where_the_previous_one_gave_up(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks["model.bin"] = [100_000, 0, 0, 0]
    with pytest.raises(DownloadFailed) as caught:
        pulled(hub, tmp_path)
    assert "To resume the download: `dropdub models pull whisper-tiny`" in caught.value.remedy
    assert names_in(tmp_path) == {"whisper-tiny.part"}
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)
    assert hub.served["model.bin"] == len(WEIGHTS)


def test_server_without_range_support_sends_everything_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks["model.bin"], hub.ignores_ranges = [100_000], True
    meter = Meter()
    pulled(hub, tmp_path, meter=meter)
    assert is_whole(tmp_path)
    assert meter.done == meter.total


def test_stalled_download_is_requested_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.pauses["model.bin"] = 100_000
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)
    assert hub.paused.is_set()
    assert [wanted for path, wanted in hub.asked if path.endswith("model.bin")][1:] == ["bytes=100000-"]


def test_busy_server_is_retried(hub: FakeHub, tmp_path: Path) -> None:
    hub.statuses = [503, 429]
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)


def test_download_is_given_up_if_server_stays_busy(hub: FakeHub, tmp_path: Path) -> None:
    hub.always = 503
    with pytest.raises(DownloadFailed, match="is busy or not working"):
        pulled(hub, tmp_path)
    assert len(hub.asked) == SOON.attempts


@pytest.mark.parametrize("name", ["model.bin", "config.json"])
def test_wrong_content_of_the_right_size_never_becomes_the_model(hub: FakeHub, tmp_path: Path, name: str) -> None:
    right = hub.repositories[TINY.sources[0].repository][name]
    hub.lies[name] = bytes(len(right))
    with pytest.raises(DownloadFailed, match=f"The content of {name} differs"):
        pulled(hub, tmp_path)
    assert not (tmp_path / "whisper-tiny").exists()
    assert not (tmp_path / "whisper-tiny.part" / name).exists()
    hub.lies.clear()
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)


def test_wrong_partial_file_is_discarded_and_downloaded_again(hub: FakeHub, tmp_path: Path) -> None:
    part = tmp_path / "whisper-tiny.part"
    part.mkdir()
    (part / "model.bin").write_bytes(bytes(50_000))
    meter = Meter()
    pulled(hub, tmp_path, meter=meter)
    assert is_whole(tmp_path)
    assert meter.done == meter.total


@pytest.mark.parametrize(
    ("status", "says"), [(401, "requires signing in"), (403, "does not allow this account"), (404, "does not have it")]
)
def test_server_refusal_gives_error_message(hub: FakeHub, tmp_path: Path, status: int, says: str) -> None:
    hub.always = status
    with pytest.raises(DownloadRefused, match=f"faster-whisper-tiny: .* {says}.* \\(status {status}\\)"):
        pulled(hub, tmp_path)
    assert len(hub.asked) <= 2


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_model_is_refused_with_the_page_of_its_terms_and_how_to_sign_in(
    hub: FakeHub, root: Path, status: int
) -> None:
    hub.always = status
    answer = jobs(root, "pull", "pocket-tts-portuguese", HF_ENDPOINT=hub.url, HF_TOKEN="hf_secret")
    assert answer.returncode != 0
    said = " ".join(answer.stderr.split())
    assert f"Open {hub.url}/kyutai/pocket-tts in a browser, sign in, and accept the terms" in said
    assert "-m huggingface_hub.cli.hf auth login" in said and "HF_TOKEN" in said
    assert set(hub.tokens) == {"Bearer hf_secret"}


def test_a_model_from_two_commits_of_a_repository_is_whole_and_usable(hub: FakeHub, tmp_path: Path) -> None:
    model = unpinned(named("pocket-tts-portuguese"))
    contents = (WEIGHTS, b'{"version": "1.0"}', WEIGHTS[:20_000])
    for source, content in zip(model.sources, contents, strict=True):
        hub.add(source.repository, **{source.path(source.files[0]).replace(".", "__"): content})
    meter = Meter()
    assert pulled(hub, tmp_path, model, meter).presence is Presence.WHOLE
    assert names_in(tmp_path / model.name) == {"model.safetensors", "tokenizer.json", "rafael.safetensors", RECORD_NAME}
    assert any("CC-BY-4.0: credit its author, Kyutai" in line and "accept terms" in line for line in meter.lines)
    assert pocket.speaks("pt-BR", tmp_path) and not pocket.speaks("en", tmp_path)


def test_the_commits_that_the_catalogue_names_are_kept_when_a_pull_is_resumed() -> None:
    sources = named("pocket-tts-portuguese").sources
    plan = Plan(revisions={source.repository: "b" * 40 for source in sources})
    assert [plan.applied(source).revision for source in sources] == [source.revision for source in sources]


def test_server_that_is_not_a_hub_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    hub.garbage = True
    with pytest.raises(DownloadRefused, match="does not answer as a hub does"):
        pulled(hub, tmp_path)


def test_a_repository_that_lacks_a_needed_file_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    del hub.repositories[TINY.sources[0].repository]["vocabulary.txt"]
    with pytest.raises(DownloadRefused, match=r"has no vocabulary\.json or vocabulary\.txt"):
        pulled(hub, tmp_path)


def test_offline_installation_is_explained_if_no_server_answers(tmp_path: Path) -> None:
    with running_hub() as hub:
        pass
    with pytest.raises(DownloadFailed, match="cannot be reached") as caught:
        pulled(hub, tmp_path)
    assert f"Or copy the folder whisper-tiny from a machine that has it to {tmp_path}" in caught.value.remedy


def test_invalid_address_is_refused() -> None:
    with pytest.raises(UsageError, match="is not the address of a mirror"):
        Hub("mirror.example")


def test_disk_too_small_by_one_byte_is_reported_before_download(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = len(WEIGHTS) + 14
    monkeypatch.setattr(durable, "free_bytes", lambda _: needed - 1)
    with pytest.raises(DiskFull, match=r"whisper-tiny needs 300 kB of disk space; only 300 kB is free on"):
        pulled(hub, tmp_path)
    assert hub.served.total() == 0
    monkeypatch.setattr(durable, "free_bytes", lambda _: needed)
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)


def test_downloaded_part_needs_no_more_disk_space(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.breaks["model.bin"] = [100_000, 0, 0, 0]
    with pytest.raises(DownloadFailed):
        pulled(hub, tmp_path)
    monkeypatch.setattr(durable, "free_bytes", lambda _: len(WEIGHTS) - 100_000)
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_unwritable_folder_gives_error_message(hub: FakeHub, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(AccessDenied):
        pulled(hub, tmp_path / "models")


# -- revisions, repair, company ---------------------------------------------------------------------------------


def test_two_revisions_are_never_mixed(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks["model.bin"] = [100_000, 0, 0, 0]
    with pytest.raises(DownloadFailed):
        pulled(hub, tmp_path)
    hub.revision = "b" * 40  # the one it started with is gone
    hub.add(TINY.sources[0].repository, model__bin=WEIGHTS[::-1])
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)
    assert (tmp_path / "whisper-tiny" / "model.bin").read_bytes() == WEIGHTS[::-1]


def test_flipped_byte_is_found_and_only_its_file_downloaded_again(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub, tmp_path)
    file = tmp_path / "whisper-tiny" / "tokenizer.json"
    file.write_bytes(b'{"a": 2}')
    assert examine(file.parent, TINY, thorough=False).presence is Presence.WHOLE
    condition = examine(file.parent, TINY, thorough=True)
    assert (condition.presence, condition.bad) == (Presence.DAMAGED, ("tokenizer.json",))
    hub.served.clear()
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)
    assert dict(hub.served) == {"tokenizer.json": 8}
    assert names_in(tmp_path) == {"whisper-tiny"}


def test_unreadable_record_is_rebuilt_without_download(hub: FakeHub, tmp_path: Path) -> None:
    pulled(hub, tmp_path)
    (tmp_path / "whisper-tiny" / RECORD_NAME).write_text("{", encoding="utf-8")
    hub.served.clear()
    pulled(hub, tmp_path)
    assert is_whole(tmp_path)
    assert hub.served.total() == 0


def test_model_copied_by_hand_is_left_unchanged(hub: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "whisper-tiny"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "vocabulary.json", "model.bin"):
        (folder / name).write_bytes(b"by hand")
    assert pulled(hub, tmp_path).presence is Presence.BY_HAND
    assert hub.asked == []
    (folder / "model.bin").write_bytes(b"")
    with pytest.raises(ModelIncomplete, match=r"model\.bin is missing or empty") as caught:
        pulled(hub, tmp_path)
    assert "move the folder away" in caught.value.remedy


def test_a_second_pull_of_the_same_model_waits_for_the_first(hub: FakeHub, tmp_path: Path) -> None:
    hub.pauses["model.bin"] = 100_000
    first = threading.Thread(
        target=pull, args=(TINY, tmp_path, [Hub(hub.url)]), kwargs={"meter": Meter(), "patience": SOON}
    )
    first.start()
    assert hub.paused.wait(10)
    meter = Meter()
    meter.say = lambda line: (meter.lines.append(line), hub.wake.set())  # type: ignore[method-assign, assignment]
    assert pulled(hub, tmp_path, meter=meter).presence is Presence.WHOLE
    first.join(10)
    assert meter.lines == ["whisper-tiny is being pulled by another process: waiting for it."]
    assert hub.served["model.bin"] == len(WEIGHTS)


# -- the commands -----------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "a root ção"
    folder.mkdir()
    configure(folder, "job: {transcriber: faster-whisper}\nmodels: {use: {faster-whisper: whisper-tiny}}\n")
    return folder


def configure(root: Path, text: str) -> None:
    (root / "config.yaml").write_text(text, encoding="utf-8")


def command(root: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", UNPINNED, "--root", str(root), "models", *arguments]


def jobs(root: Path, *arguments: str, **environment: str) -> Answer:
    return subprocess.run(
        command(root, *arguments),
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def test_pull_without_names_gets_what_this_root_needs(hub: FakeHub, root: Path) -> None:
    answer = jobs(root, "pull", "--mirror", hub.url)
    assert (answer.returncode, answer.stderr) == (0, ""), answer
    assert answer.stdout.splitlines()[-1] == "whisper-tiny: complete, 301 kB, under the MIT licence."
    assert is_whole(root / "models")
    assert jobs(root, "pull", "--mirror", hub.url).stdout == "This root already has all the models it needs.\n"
    verified = jobs(root, "verify")
    assert (verified.returncode, verified.stdout) == (0, "whisper-tiny: complete, 301 kB.\n")


def test_configured_mirror_is_used_and_no_other_server_contacted(hub: FakeHub, root: Path) -> None:
    configure(root, f"models: {{mirror: '{hub.url}', dir: elsewhere}}\n")
    with running_hub() as other:
        assert jobs(root, "pull", "whisper-tiny", HF_ENDPOINT=other.url).returncode == 0
        assert other.asked == []
    assert is_whole(root / "elsewhere")


def test_verify_names_damaged_models_and_how_to_repair_them(hub: FakeHub, root: Path) -> None:
    pulled(hub, root / "models")
    (root / "models" / "whisper-tiny" / "model.bin").write_bytes(WEIGHTS[:-1])
    answer = jobs(root, "verify", "whisper-tiny")
    assert answer.returncode == 1
    assert answer.stdout.splitlines() == [
        "whisper-tiny: damaged. Repair it with:",
        f"  dropdub --root {pasted(root)} models pull whisper-tiny",
        "  model.bin has 299999 bytes instead of 300000.",
    ]


def test_verify_reports_missing_and_unknown_models_and_those_without_record(root: Path) -> None:
    assert jobs(root, "verify").stdout == ""
    absent = jobs(root, "verify", "whisper-tiny")
    assert absent.returncode == 1
    assert absent.stdout.splitlines() == [
        "whisper-tiny: not downloaded. Download it (78.0 MB) with:",
        f"  dropdub --root {pasted(root)} models pull whisper-tiny",
    ]
    unknown = jobs(root, "verify", "whisper-tony")
    assert unknown.returncode == 2
    assert "Similar names: whisper-tiny" in unknown.stderr
    mine = root / "models" / "my own"
    mine.mkdir(parents=True)
    (mine / "model.bin").write_bytes(b"x")
    said = jobs(root, "verify")
    assert (said.returncode, said.stdout) == (
        0,
        "my own: has the required files, 1 B. There are no checksums to verify them.\n",
    )


def test_verify_compares_hand_copied_models_with_catalogue_too(root: Path) -> None:
    folder = root / "models" / "whisper-tiny"
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin"):
        (folder / name).write_bytes(b"by hand")
    said = warm.run(["--root", str(root), "models", "verify"])
    assert said.returncode == 1
    assert said.stdout.startswith("whisper-tiny: copied by hand. These files differ from the catalogue: config.json,")
    listed = warm.run(["--root", str(root), "models", "list", "--all"])
    unpinned_ones = [
        "quickmt-en-pt",
        "quickmt-pt-en",
        "opus-mt-en-roa",
        "opus-mt-roa-en",
        "opus-mt-en-es",
        *(one.model for one in pocket.LANGUAGES.values()),
    ]
    assert f"Not pinned (the first download is trusted): {', '.join(unpinned_ones)}\n" in listed.stdout


def test_licence_that_requires_agreement_must_be_agreed_to(hub: FakeHub, root: Path) -> None:
    hub.add("coqui/XTTS-v2", config__json=b"{}", vocab__json=b"{}", speakers_xtts__pth=b"s", model__pth=WEIGHTS)
    refused = jobs(root, "pull", "xtts-v2", "--mirror", hub.url)
    assert refused.returncode == 2
    assert "neither the model nor the speech" in refused.stderr
    assert hub.asked == []
    asked = ("pull", "xtts-v2", "--mirror", hub.url, "--accept-licence")
    assert f"If you agree:\n  dropdub --root {pasted(root)} models {' '.join(asked)}\n" in refused.stderr
    assert jobs(root, *asked).returncode == 0
    assert is_whole(root / "models", XTTS)


def test_pull_for_this_root_names_command_to_agree_with(root: Path) -> None:
    configure(root, "job: {transcriber: pocketsphinx, synthesizer: xtts}\n")
    assert jobs(root, "pull").stderr.endswith(
        f"If you agree:\n  dropdub --root {pasted(root)} models pull --accept-licence\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals there")
@pytest.mark.parametrize(("reply", "code"), [(b"y\n", 0), (b"n\n", 1)])
def test_licence_is_shown_and_confirmed_on_terminal(hub: FakeHub, root: Path, reply: bytes, code: int) -> None:
    import pty

    hub.add("coqui/XTTS-v2", config__json=b"{}", vocab__json=b"{}", speakers_xtts__pth=b"s", model__pth=WEIGHTS)
    outer, inner = pty.openpty()
    os.write(outer, reply)
    asked = command(root, "pull", "xtts-v2", "--mirror", hub.url)
    process = subprocess.Popen(asked, stdin=inner, stdout=inner, stderr=inner, env={**os.environ, "TERM": "xterm"})
    os.close(inner)
    assert process.wait(30) == code
    shown = os.read(outer, 100_000).decode()
    os.close(outer)
    assert "Coqui Public Model License" in shown
    assert "Do you agree?" in shown
    assert is_whole(root / "models", XTTS) is (code == 0)


def test_pull_says_if_downloads_are_disabled(root: Path) -> None:
    answer = jobs(root, "pull", HF_HUB_OFFLINE="1")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: HF_HUB_OFFLINE is set: nothing is downloaded.")


def test_engine_may_use_custom_model(root: Path, tmp_path: Path) -> None:
    configure(
        root, f"job: {{transcriber: faster-whisper}}\nmodels: {{use: {{faster-whisper: '{tmp_path / 'mine'}'}}}}\n"
    )
    answer = jobs(root, "pull")
    assert answer.returncode == 1
    assert f"is not a known model. Copy it to {tmp_path / 'mine'} yourself." in answer.stdout
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.bin").write_bytes(b"x")
    assert jobs(root, "pull").returncode == 0
    assert json.loads(jobs(root, "list", "--json").stdout)["models"][0]["state"] == "by hand"


def test_killed_pull_is_completed_by_the_next(hub: FakeHub, root: Path) -> None:
    hub.pauses["model.bin"] = 100_000
    victim = subprocess.Popen(command(root, "pull", "--mirror", hub.url), stdout=subprocess.DEVNULL)
    assert hub.paused.wait(30)
    weights = root / "models" / "whisper-tiny.part" / "model.bin"
    wait_until(lambda: weights.is_file() and weights.stat().st_size > 0, what="the first bytes on disk")
    victim.kill()
    victim.wait(10)
    assert not (root / "models" / "whisper-tiny").exists()
    answer = jobs(root, "pull", "--mirror", hub.url)
    assert answer.returncode == 0, answer
    assert is_whole(root / "models")
    assert hub.asked[-1][1] is not None, "it resumes instead of starting over"


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to another process there")
def test_ctrl_c_keeps_downloaded_part_for_next_pull(hub: FakeHub, root: Path) -> None:
    hub.pauses["model.bin"] = 100_000
    victim = subprocess.Popen(
        command(root, "pull", "--mirror", hub.url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert hub.paused.wait(30)
    victim.send_signal(signal.SIGINT)
    _, complaint = victim.communicate(timeout=10)
    assert victim.returncode == 1
    assert complaint.startswith("Stopped. Partial downloads are kept in")
    assert (root / "models" / "whisper-tiny.part" / PLAN_NAME).is_file()


def test_list_shows_used_and_known_models_in_80_columns(hub: FakeHub, root: Path) -> None:
    empty = jobs(root, "list")
    assert (empty.returncode, empty.stderr) == (0, "")
    assert "whisper-tiny faster-whisper 99   78.0 MB MIT     yes  missing" in empty.stdout
    assert f"Download what is missing with:\n  dropdub --root {pasted(root)} models pull\n" in empty.stdout
    pulled(hub, root / "models")
    (root / "models" / "mine").mkdir()
    everything = jobs(root, "list", "--all").stdout.splitlines()
    rows = everything[: everything.index("")]
    assert max(map(len, rows)) <= 80 and not any("…" in row for row in rows)
    assert any(
        line.startswith("whisper-tiny ") and line.endswith("301 kB MIT      yes  complete") for line in everything
    )
    assert any(line.startswith("mine ") and line.endswith("incomplete") for line in everything)
    assert any(line.startswith("xtts-v2 ") for line in everything)


def test_list_in_json_has_stable_fields(hub: FakeHub, root: Path) -> None:
    pulled(hub, root / "models")
    models = json.loads(jobs(root, "list", "--all", "--json").stdout)["models"]
    assert models[0] == {
        "name": "whisper-tiny",
        "engine": "faster-whisper",
        "here": True,
        "state": "here",
        "compared_with": "record",
        "path": str(root / "models" / "whisper-tiny"),
        "size": models[0]["size"],
        "bytes": 78_000_000,
        "needed": GB // 4,
        "licence": "the MIT licence",
        "commercial": "yes",
        "languages": "99",
        "used": True,
        "recommended": False,
        "sources": ["hub"],
        "pulled_from": "hub",
        "place": models[0]["place"],
    }
    assert models[0]["place"].startswith("127.0.0.1:")
    assert [model["used"] for model in models].count(True) == 1
