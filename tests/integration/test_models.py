"""`jobs models` against a hub on this machine that breaks off, stalls, lies and refuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dropdub.engines import download
from dropdub.engines.base import EngineSettings
from dropdub.engines.catalogue import USUAL, KnownModel, Source, known_model, known_models, used_models
from dropdub.engines.download import RECORD, problems, pull
from dropdub.engines.hub import Hub
from dropdub.engines.models import is_whole
from dropdub.errors import DiskFull, DownloadFailed, UsageError
from tests.hub import LocalHub
from tests.spoken import NLLB, WHISPER
from tests.waiting import wait_until

REPOSITORIES = {
    "Systran/faster-whisper-small": WHISPER,
    "JustFrederik/nllb-200-distilled-600M-ct2-int8": NLLB,
    "facebook/nllb-200-distilled-600M": NLLB,
}
TINY = KnownModel("tiny", "faster-whisper", "2", 1, 1, "MIT", True, (Source("Systran/faster-whisper-small", ("*",)),))
SIZE = (WHISPER / "model.bin").stat().st_size


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub(REPOSITORIES).serving() as served:
        yield served


@pytest.fixture(autouse=True)
def _alone_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HF_ENDPOINT", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def pulled(hub: LocalHub, tmp_path: Path) -> Callable[[], Path]:
    def pull_it() -> Path:
        progress: list[tuple[str, int, int]] = []
        folder = pull(
            TINY, tmp_path / "mo dels ção", Hub(hub.url, timeout_s=1), progress=lambda *one: progress.append(one)
        )
        assert all(0 <= done <= total for _, done, total in progress)
        return folder

    return pull_it


def same(folder: Path) -> bool:
    return all((folder / path.name).read_bytes() == path.read_bytes() for path in WHISPER.iterdir())


class TestPull:
    def test_a_model_comes_whole_with_a_record_of_what_it_is(self, pulled: Callable[[], Path]) -> None:
        folder = pulled()
        assert same(folder)
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        assert record["licence"] == "MIT"
        assert {item["path"] for item in record["files"]} == {path.name for path in WHISPER.iterdir()}
        assert not folder.with_name("tiny.part").exists()
        assert problems(folder) == []

    @pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
    def test_where_it_breaks_off_it_goes_on(self, hub: LocalHub, pulled: Callable[[], Path], ranges: bool) -> None:
        hub.breaks_at, hub.knows_ranges = [200_000, 300_000, 400_000], ranges
        assert same(pulled())
        again = SIZE + 3 * 8192 if ranges else SIZE + 1_000_000
        assert hub.sent["model.bin"] <= again, "what was here was not fetched again"

    def test_a_hub_that_falls_silent_is_asked_again(self, hub: LocalHub, pulled: Callable[[], Path]) -> None:
        hub.breaks_at, hub.stalls = [100_000], True
        assert same(pulled())

    def test_other_bytes_than_promised_never_become_a_model(self, hub: LocalHub, pulled: Callable[[], Path]) -> None:
        hub.lies = True
        with pytest.raises(DownloadFailed, match="another content than was promised"):
            pulled()
        hub.lies = False
        assert same(pulled()), "nothing of the wrong bytes is kept"

    @pytest.mark.parametrize(("code", "said"), [(401, "not given to everybody"), (403, "HF_TOKEN"), (404, "not there")])
    def test_a_refusal_is_a_sentence(self, hub: LocalHub, pulled: Callable[[], Path], code: int, said: str) -> None:
        hub.refuses = code
        with pytest.raises(DownloadFailed) as caught:
            pulled()
        assert said in caught.value.sentence

    def test_no_hub_there_is_a_sentence_with_another_way(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(download, "TRIES", 2)
        with pytest.raises(DownloadFailed) as caught:
            pull(TINY, tmp_path, Hub("http://127.0.0.1:9", timeout_s=1), progress=lambda *_: None)
        assert "copy the model's folder here" in caught.value.sentence
        assert not (tmp_path / "tiny").exists()

    def test_too_little_room_is_told_before_anything_is_fetched(
        self, hub: LocalHub, pulled: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        usage = shutil.disk_usage(".")._replace(free=1_000_000)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
        with pytest.raises(DiskFull, match="are free where"):
            pulled()
        assert not hub.sent

    def test_a_damaged_model_loses_its_name_and_only_the_damaged_file_is_fetched(
        self, hub: LocalHub, pulled: Callable[[], Path]
    ) -> None:
        folder = pulled()
        content = bytearray((folder / "model.bin").read_bytes())
        content[1000] ^= 1
        (folder / "model.bin").write_bytes(content)
        assert problems(folder) == ["model.bin is not what was fetched."]
        hub.sent.clear()
        assert same(pulled())
        assert set(hub.sent) == {"model.bin"}
        hub.sent.clear()
        pulled()
        assert not hub.sent, "a whole one is left alone"

    def test_a_folder_that_somebody_put_there_is_left_alone(
        self, hub: LocalHub, pulled: Callable[[], Path], tmp_path: Path
    ) -> None:
        own = tmp_path / "mo dels ção" / "tiny"
        own.mkdir(parents=True)
        (own / "model.bin").write_bytes(b"my own")
        assert pulled() == own
        assert [path.name for path in own.iterdir()] == ["model.bin"]
        assert not hub.sent

    def test_a_hub_cannot_write_beside_the_model(
        self, hub: LocalHub, pulled: Callable[[], Path], tmp_path: Path
    ) -> None:
        outside = tmp_path / "evil"
        outside.mkdir()
        (outside / "..\\x").write_text("evil")
        hub.repositories = {**REPOSITORIES, "Systran/faster-whisper-small": outside}
        with pytest.raises(DownloadFailed, match="no model has"):
            pulled()


@pytest.fixture
def root(tmp_path: Path, hub: LocalHub) -> Path:
    (tmp_path / "config.yaml").write_text(f"models:\n  mirror: {hub.url}\njob:\n  synthesizer: espeak-ng\n", "utf-8")
    return tmp_path


def jobs(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dropdub", "--root", str(root), "models", *arguments]
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", timeout=60, stdin=subprocess.DEVNULL, check=False
    )


class TestCommands:
    def test_pull_without_names_fetches_what_is_used_and_asks_for_what_must_be_agreed_to(self, root: Path) -> None:
        refused = jobs(root, "pull")
        assert refused.returncode == 2
        assert "CC-BY-NC-4.0" in refused.stdout
        assert "--accept-licence" in refused.stderr
        assert not (root / "models").exists()
        ended = jobs(root, "pull", "--accept-licence")
        assert ended.returncode == 0, ended.stderr
        assert is_whole(root / "models" / "whisper-small", ("model.bin", "tokenizer.json"))
        assert is_whole(root / "models" / "nllb-200-distilled-600M", ("model.bin", "tokenizer.json"))
        assert "Every model that is used here is here." in jobs(root, "pull").stdout

    def test_list_tells_what_is_used_missing_and_here(self, root: Path) -> None:
        listed = {item["name"]: item for item in json.loads(jobs(root, "list", "--json").stdout)}
        assert set(listed) == {"whisper-small", "nllb-200-distilled-600M"}
        assert listed["nllb-200-distilled-600M"]["commercial"] is False
        assert not listed["whisper-small"]["here"]
        shutil.copytree(WHISPER, root / "models" / "whisper-small")
        shutil.copytree(WHISPER, root / "models" / "my own")
        shutil.copytree(WHISPER, root / "models" / "half.part")
        listed = {item["name"]: item for item in json.loads(jobs(root, "list", "--json").stdout)}
        assert listed["whisper-small"]["here"]
        assert listed["my own"]["engine"] == ""
        assert "half.part" not in listed
        shown = jobs(root, "list", "--all").stdout
        assert "xtts-v2" in shown
        assert "Used and not here: nllb-200-distilled-600M. Get them with: jobs models pull" in shown
        assert max(map(len, shown.split("\n")[:14])) <= 80

    def test_verify_tells_whole_damaged_missing_and_put_there_by_hand(self, root: Path) -> None:
        jobs(root, "pull", "whisper-small")
        shutil.copytree(WHISPER, root / "models" / "by hand")
        ended = jobs(root, "verify")
        assert ended.returncode == 0
        assert "whisper-small: whole" in ended.stdout
        assert "by hand: put here by hand" in ended.stdout
        (root / "models" / "whisper-small" / "config.json").unlink()
        ended = jobs(root, "verify", "whisper-small")
        assert ended.returncode == 1
        assert "config.json is missing" in ended.stdout
        assert "jobs models pull whisper-small" in ended.stdout
        assert jobs(root, "verify", "nothing").returncode == 1

    def test_an_unknown_name_is_answered_with_those_there_are(self, root: Path) -> None:
        ended = jobs(root, "pull", "whisper-huge")
        assert ended.returncode == 2
        assert "whisper-large-v3" in ended.stderr

    def test_a_pull_that_is_killed_leaves_no_model_and_is_gone_on_with(self, root: Path, hub: LocalHub) -> None:
        hub.slow_s = 0.01
        command = [sys.executable, "-m", "dropdub", "--root", str(root), "models", "pull", "whisper-small"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
        partial = root / "models" / "whisper-small.part" / "model.bin.partial"
        wait_until(lambda: partial.is_file() and partial.stat().st_size > 100_000, "the model to be under way")
        child.kill()
        child.wait()
        assert not (root / "models" / "whisper-small").exists()
        had, hub.slow_s = partial.stat().st_size, 0.0
        hub.sent.clear()
        assert jobs(root, "pull", "whisper-small").returncode == 0
        assert hub.sent["model.bin"] <= SIZE - had + 100_000, "what was here was not fetched again"
        assert same(root / "models" / "whisper-small")


def test_every_known_model_is_described_whole() -> None:
    for name, model in known_models().items():
        assert (name, bool(model.sources), bool(model.licence)) == (model.name, True, True)
        assert model.download > 0
        assert model.memory > 10**8
    assert all(model in known_models() for _, model in USUAL.values())
    assert known_model("opus-mt-en-pt").languages == "en to pt"
    with pytest.raises(UsageError):
        known_model("opus-mt-en")


def test_which_models_a_configuration_uses() -> None:
    engines = {"transcriber": "auto", "translator": "transformers", "synthesizer": "espeak-ng"}
    assert used_models(engines, {"transformers": "opus-mt-en-pt"}) == {
        "faster-whisper": "whisper-small",
        "transformers": "opus-mt-en-pt",
    }
    assert EngineSettings().models == {}
