"""What cannot succeed is refused before the expensive work, asked of the engines that are installed here."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dropdub.config import Config, JobOptions
from dropdub.config.settings import Models
from dropdub.dubbing.configured import Installed, as_usage_error
from dropdub.dubbing.possible import Source, refuse_impossible
from dropdub.engines.base import EngineSettings
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import DropdubError, EngineMissing, UnsupportedLanguage, VoiceMissing
from dropdub.media.ffmpeg import FFMPEG_VARIABLE
from dropdub.pasting import with_commands
from dropdub.root import Root
from tests.drive import LIGHT, Drive

pytestmark = pytest.mark.skipif(shutil.which("apertium") is None, reason="apertium is not installed")
CAT = "The cat is black and the dog is white. They live in the garden of the house.\n"
CUE = f"1\n00:00:01,000 --> 00:00:03,000\n{CAT}\n"
REFUSED = {
    "unknown pair": ({"language": "en", "targets": ["ja"]}, UnsupportedLanguage, "from en to ja"),
    "no pair with this target": ({"targets": ["ja"]}, UnsupportedLanguage, "ja|Japanese"),
    "unknown language of the recording": ({"language": "fr"}, UnsupportedLanguage, "understand fr"),
    "missing voice": ({"targets": ["es"], "voice": "nobody"}, VoiceMissing, "nobody"),
    "unknown transcriber": ({"transcriber": "nosuch"}, EngineMissing, "nosuch"),
    "unknown translator": ({"translator": "nosuch", "targets": ["es"]}, EngineMissing, "nosuch"),
    "unknown synthesizer": ({"synthesizer": "nosuch", "targets": ["es"]}, EngineMissing, "nosuch"),
    "unknown diarizer": ({"diarizer": "nosuch", "targets": ["es"], "speakers": "all"}, EngineMissing, "nosuch"),
    "engine of another role": ({"transcriber": "apertium"}, EngineMissing, "is a translator"),
}


@pytest.fixture(scope="module")
def registry() -> EngineRegistry:
    return EngineRegistry()


@pytest.fixture
def driven(tmp_path: Path, registry: EngineRegistry) -> Callable[..., Drive]:
    def make(source: Path, **options: Any) -> Drive:
        return Drive(source, tmp_path / "root", options=LIGHT.overridden(options), engines=registry)

    return make


def light(options: dict[str, Any]) -> dict[str, Any]:
    return {**LIGHT.model_dump(include={"transcriber", "translator", "synthesizer", "speakers"}), **options}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_the_settings_and_in_a_profile(tmp_path: Path, case: str) -> None:
    options, error, said = REFUSED[case]
    root = Root.at(tmp_path)
    found = list(Installed(root, Config(job=JobOptions(**light(options)))).impossible())
    assert [(section, type(one)) for section, one in found] == [("job", error)]
    assert re.search(said, found[0][1].message)
    config = Config(job=JobOptions(**light({})), profiles={"a": {}, "b": options})
    assert [(section, type(one)) for section, one in Installed(root, config).impossible()] == [("profiles.b", error)]
    usage = as_usage_error(found[0][1], "job")
    assert usage.message.startswith("job: ") and "retry" not in with_commands(usage.remedy, root=None)


@pytest.mark.parametrize("case", REFUSED)
def test_a_dropped_recording_is_refused_as_soon_as_it_is_known(
    driven: Callable[..., Drive], speech: Path, case: str
) -> None:
    options, error, said = REFUSED[case]
    drive = driven(speech, **options)
    with pytest.raises(error, match=said):
        drive.run()
    assert drive.facts == {}, "it is refused by the first step"
    assert not list(drive.outbox.iterdir())


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ({"faster-whisper": "medium"}, "There is no model medium for faster-whisper.*Did you mean whisper-medium"),
        ({"faster-whisper": "whisper-gigantic"}, "There is no model whisper-gigantic for faster-whisper"),
        ({"faster-whisper": "nllb-200-distilled-600M"}, "is a model of nllb, not of faster-whisper"),
        ({"fasterwhisper": "whisper-base"}, "There is no engine fasterwhisper. Did you mean faster-whisper"),
    ],
)
def test_a_model_that_can_never_be_there_is_refused_rather_than_waited_for(
    tmp_path: Path, speech: Path, use: dict[str, str], said: str
) -> None:
    config = Config(job=JobOptions(**light({"transcriber": "faster-whisper"})), models=Models(use=use))
    [(section, error)] = Installed(Root.at(tmp_path), config).impossible()
    assert section == "models.use" and re.search(said, error.message) and "models list" in error.remedy
    if "faster-whisper" in use:
        registry = EngineRegistry(settings=EngineSettings(tmp_path, use))
        drive = Drive(speech, tmp_path / "root", options=config.job, engines=registry)
        with pytest.raises(EngineMissing, match=said):
            drive.run()
        assert drive.facts == {}


@pytest.mark.parametrize(
    "use",
    [{"faster-whisper": "whisper-medium"}, {"faster-whisper": "/share/medium"}, {"faster-whisper": "our-own"}, {}],
)
def test_a_model_that_may_come_is_waited_for(tmp_path: Path, use: dict[str, str]) -> None:
    config = Config(job=JobOptions(**light({"transcriber": "faster-whisper"})), models=Models(use=use))
    assert not list(Installed(Root.at(tmp_path), config).impossible())


def test_a_model_in_a_folder_of_its_own_name_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / "models" / "mine").mkdir(parents=True)
    config = Config(job=JobOptions(**light({})), models=Models(use={"faster-whisper": "mine"}))
    assert not list(Installed(Root.at(tmp_path), config).impossible())


def test_an_ffmpeg_that_is_not_there_is_refused_before_a_text_is_translated(
    driven: Callable[..., Drive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = Installed(Root.at(tmp_path), Config(job=JobOptions(**light({})), ffmpeg="/none/ffmpeg"))
    assert [section for section, _ in installed.impossible()] == ["ffmpeg"]
    with pytest.raises(EngineMissing, match="/none/ffmpeg"):
        installed.refuse(JobOptions(**light({})), is_heard=False)
    monkeypatch.setenv(FFMPEG_VARIABLE, "/none/ffmpeg")
    (tmp_path / "talk.txt").write_text(CAT, encoding="utf-8")
    drive = driven(tmp_path / "talk.txt", targets=["es"])
    with pytest.raises(EngineMissing, match="/none/ffmpeg"):
        drive.run()
    assert drive.facts == {}


@pytest.mark.parametrize(
    "options",
    [
        {"targets": ["es"]},
        {"targets": ["es", "en"]},
        {"language": "en", "targets": ["es"], "voice": "es"},
        {"translator": "auto", "transcriber": "auto", "synthesizer": "auto", "targets": ["es"]},
        {},
    ],
)
def test_what_can_succeed_is_not_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    assert not list(Installed(Root.at(tmp_path), Config(job=JobOptions(**light(options)))).impossible())


def test_voice_of_the_root_need_not_be_the_engines(tmp_path: Path, speech: Path, registry: EngineRegistry) -> None:
    shutil.copyfile(speech, tmp_path / "anna.wav")
    options = LIGHT.overridden({"targets": ["es"], "voice": "anna"})
    refuse_impossible(options, Source(["en"], is_heard=True), registry, voices=tmp_path)


@pytest.mark.parametrize(("name", "content"), [("talk.txt", CAT), ("talk.srt", CUE)])
@pytest.mark.parametrize(
    ("options", "error"), [({"targets": ["ja"]}, UnsupportedLanguage), ({"voice": "nobody"}, VoiceMissing)]
)
def test_a_text_is_refused_once_its_language_is_detected(
    driven: Callable[..., Drive], tmp_path: Path, name: str, content: str, options: Any, error: type[DropdubError]
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    drive = driven(tmp_path / name, **options)
    with pytest.raises(error):
        drive.run()
    assert set(drive.facts) <= {"probe"}
    assert not list(drive.outbox.iterdir())


def test_a_transcript_that_comes_with_a_recording_has_a_language_before_anything_is_done(
    driven: Callable[..., Drive], tmp_path: Path, speech: Path
) -> None:
    (tmp_path / "speech.srt").write_text(CUE, encoding="utf-8")
    drive = driven(speech, targets=["ja"])
    drive.companion = tmp_path / "speech.srt"
    with pytest.raises(UnsupportedLanguage, match="from en to ja"):
        drive.run()
    assert drive.facts == {}


def test_text_in_its_only_target_is_read_aloud_without_a_translator(
    driven: Callable[..., Drive], tmp_path: Path
) -> None:
    (tmp_path / "casa.txt").write_text("A casa é grande, e o gato está no jardim da minha avó.\n", encoding="utf-8")
    driven(tmp_path / "casa.txt", targets=["pt"]).run(until="synthesize")


class FakeManyTongues:
    """A transcriber of all languages that detects English; real ones need a model."""

    def __init__(self, registry: EngineRegistry) -> None:
        self._registry = registry

    def __getattr__(self, name: str) -> Any:
        return getattr(self._registry, name)

    def understood(self, _name: str) -> frozenset[str]:
        return frozenset(["en", "ja", "pt"])


def test_a_pair_is_refused_by_the_first_chunk_once_the_language_is_detected(
    driven: Callable[..., Drive], registry: EngineRegistry, speech: Path
) -> None:
    drive = driven(speech, targets=["ja"])
    drive.engines = FakeManyTongues(registry)
    drive.run(until="transcribe")
    with pytest.raises(UnsupportedLanguage, match="from en to ja"):
        drive.run()
    assert not [key for key in drive.facts if key.startswith("transcribe")]
