"""The Whisper model that is recommended depends on memory, disk, cores and the graphics card."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dropdub.config import Config
from dropdub.doctor.finding import Verdict
from dropdub.doctor.recommendation import recommendation_finding
from dropdub.engines.models.catalogue import GB, named
from dropdub.engines.models.recommended import CANDIDATES, Machine, recommended, this_machine
from dropdub.setup import recommendation
from dropdub.setup.choices import Choices
from dropdub.setup.procedure import write_choices
from dropdub.setup.recommendation import recommended_use, with_recommended_model

USUAL = Machine(memory_bytes=8 * GB, free_disk_bytes=50 * GB, cores=4)


@pytest.mark.parametrize(
    ("given", "best"),
    [
        ({}, "whisper-turbo"),
        ({"cores": 2}, "whisper-turbo"),
        ({"cores": 1}, "whisper-small"),
        ({"cores": 1, "card_bytes": 8 * GB}, "whisper-turbo"),
        ({"cores": 1, "card_bytes": 2 * GB}, "whisper-small"),
        ({"memory_bytes": 16 * GB, "cores": 1}, "whisper-small"),
        ({"memory_bytes": 4 * GB}, "whisper-small"),
        ({"memory_bytes": 4 * GB, "card_bytes": 8 * GB}, "whisper-small"),
        ({"memory_bytes": 3 * GB}, "whisper-base"),
        ({"memory_bytes": GB, "cores": 1, "free_disk_bytes": 0}, "whisper-base"),
        ({"free_disk_bytes": 2 * GB}, "whisper-small"),
        ({"free_disk_bytes": GB}, "whisper-base"),
        ({"free_disk_bytes": 0, "here": frozenset({"whisper-turbo"})}, "whisper-turbo"),
        ({"free_disk_bytes": None}, "whisper-turbo"),
    ],
)
def test_the_best_model_that_fits_is_recommended(given: dict[str, int], best: str) -> None:
    assert recommended(replace(USUAL, **given)) == named(best)


def test_this_machine_is_measured_for_a_folder_that_does_not_exist_yet(tmp_path: Path) -> None:
    machine = this_machine(tmp_path / "root" / "models", device="cpu")
    assert machine.memory_bytes > 100_000_000 and machine.cores >= 1
    assert machine.free_disk_bytes and machine.card_bytes == 0 and not machine.here
    (tmp_path / CANDIDATES[0]).mkdir()
    assert this_machine(tmp_path, device="cpu").here == {CANDIDATES[0]}


def test_doctor_warns_only_of_a_model_that_does_not_suit_the_machine() -> None:
    found = recommendation_finding("whisper-turbo", USUAL)
    assert (found.state, found.text) == (Verdict.OK, "whisper-turbo, as recommended for this computer")
    found = recommendation_finding("whisper-small", USUAL)
    assert found.state is Verdict.OK and found.text.startswith("whisper-turbo is recommended for this computer. ")
    assert "`dropdub models pull whisper-turbo`" in found.text
    assert "models.use to {faster-whisper: whisper-turbo}" in found.text
    here = replace(USUAL, here=frozenset({"whisper-turbo"}))
    assert "pull" not in recommendation_finding("whisper-small", here).text
    assert recommendation_finding("my-own-model", USUAL).state is Verdict.OK


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"memory_bytes": 4 * GB}, "needs more memory than this computer has"),
        ({"cores": 1}, "may take longer than the recording lasts"),
    ],
)
def test_doctor_s_warning_says_why_and_what_to_do(given: dict[str, int], reason: str) -> None:
    found = recommendation_finding("whisper-turbo", replace(USUAL, **given))
    assert found.state is Verdict.WARNING and f"whisper-turbo {reason}" in found.text
    assert found.text.endswith("whisper-small is recommended")
    assert "`dropdub models pull whisper-small`" in found.remedy and "faster-whisper: whisper-small" in found.remedy


@pytest.fixture
def usual_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommendation, "this_machine", lambda _folder, **_given: USUAL)


@pytest.mark.usefixtures("usual_machine")
def test_a_new_root_with_the_quality_engines_gets_the_recommended_model(tmp_path: Path) -> None:
    assert recommended_use(tmp_path, Config(), "quality") == {"faster-whisper": "whisper-turbo"}
    assert with_recommended_model(tmp_path, Config(), "quality").models.use == {"faster-whisper": "whisper-turbo"}
    chosen = Config.model_validate({"models": {"use": {"faster-whisper": "whisper-medium"}}})
    assert recommended_use(tmp_path, chosen, "quality") == {"faster-whisper": "whisper-medium"}


@pytest.mark.usefixtures("usual_machine")
def test_a_root_keeps_the_model_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("models:\n  # use: {}\n", encoding="utf-8")
    assert recommended_use(tmp_path, Config(), "quality") == {"faster-whisper": "whisper-turbo"}, "it has none yet"
    (tmp_path / "models" / "whisper-small").mkdir(parents=True)
    assert recommended_use(tmp_path, Config(), "quality") == {}
    write_choices(tmp_path, Choices(), Config(), use={"faster-whisper": "whisper-turbo"})
    assert "\n  use: {faster-whisper: whisper-turbo}\n" in (tmp_path / "config.yaml").read_text(encoding="utf-8")
