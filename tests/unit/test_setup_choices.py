"""What a kit of engines changes in the settings of a root, and what it leaves as it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dropdub.config import Config, load_config
from dropdub.engines.offers import Offer
from dropdub.kits import KITS, Kit
from dropdub.setup.choices import Choices, apply_choices, configured_kit, suggested_kit
from dropdub.setup.new_root import config_text, make_root
from dropdub.setup.procedure import write_choices

BASE = {"faster-whisper": "whisper-base"}
AUTO = ("auto", "auto", "auto")


class FakeEngine:
    """Stands for the class of an engine, of which only the package is missing."""


def offers(*installed: Kit) -> dict[str, Offer]:
    """Return the offers of all kits of which the packages of some are installed."""
    names = {name for kit in KITS.values() for name in kit}
    here = {name for kit in installed for name in KITS[kit]}
    problem = "A package is missing."
    return {name: Offer(name, problem=None if name in here else problem, engine=FakeEngine) for name in names}  # type: ignore[arg-type]


def chosen(kit: Kit, *, use: dict[str, str] | None = None, **job: Any) -> tuple[tuple[str, str, str], dict[str, str]]:
    """Return the engines and `models.use` of such a configuration after a kit was chosen."""
    after = apply_choices(Config(job=job, models={"use": use or {}}), Choices(engines=kit))  # type: ignore[arg-type]
    return (after.job.transcriber, after.job.translator, after.job.synthesizer), after.models.use


def test_compact_is_suggested_unless_the_quality_packages_are_installed() -> None:
    assert suggested_kit(offers()) == suggested_kit(offers("compact")) == "compact"
    assert suggested_kit(offers("quality")) == "quality"


@pytest.mark.parametrize(("settings", "kit"), [
    ({}, "compact"),
    ({"models": {"use": BASE}}, "compact"),
    ({"job": {"transcriber": "faster-whisper"}}, "quality"),
])  # fmt: skip
def test_a_configuration_has_a_kit(settings: dict[str, Any], kit: str) -> None:
    assert configured_kit(Config(**settings), offers()) == kit


def test_a_compact_root_stays_one_even_if_the_quality_packages_are_installed() -> None:
    assert configured_kit(Config(models={"use": BASE}), offers("quality")) == "compact"  # type: ignore[arg-type]
    assert configured_kit(Config(), offers("quality")) == "quality"


def test_compact_takes_the_place_of_the_engines_of_other_kits_only() -> None:
    assert chosen("compact") == (AUTO, BASE)
    assert chosen("compact", translator="nllb", synthesizer="xtts") == (AUTO, BASE)
    assert chosen("compact", synthesizer="kokoro", translator="theirs")[0] == ("auto", "theirs", "kokoro")
    assert chosen("compact", use={"faster-whisper": "whisper-medium"})[1] == {"faster-whisper": "whisper-medium"}


def test_another_kit_removes_the_models_of_compact_and_no_others() -> None:
    theirs = {"nllb": "nllb-200-distilled-1.3B"}
    assert chosen("quality", use={**theirs, **BASE})[1] == theirs
    assert chosen("quality", use={"faster-whisper": "whisper-small"})[1] == {"faster-whisper": "whisper-small"}


def test_without_a_kit_the_engines_stay() -> None:
    config = Config(job={"translator": "theirs"}, models={"use": BASE})  # type: ignore[arg-type]
    assert apply_choices(config, Choices(language="en")).models.use == BASE
    assert Choices(language="en").settings(config) == {"language": "en"}


def test_changing_to_compact_and_back_leaves_the_rest_of_the_file(tmp_path: Any) -> None:
    file = make_root(tmp_path / "dubs").config_file
    before = file.read_text("utf-8")
    changes = write_choices(file.parent, Choices(engines="compact"), load_config(file))
    assert changes == {"models.use": BASE}
    assert file.read_text("utf-8") == config_text("compact")
    assert write_choices(file.parent, Choices(engines="compact"), load_config(file)) == {}
    assert write_choices(file.parent, Choices(engines="quality"), load_config(file)) == {"models.use": {}}
    assert file.read_text("utf-8") == before.replace("# use: {}", "use: {}")
    assert load_config(file) == Config()
    assert yaml.safe_load(config_text("compact"))["models"] == {"use": BASE, "openai": None}
