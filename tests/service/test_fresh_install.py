"""A first installation: its root has its models, wherever they come from, or the command that gets them is named."""

from __future__ import annotations

import os
import random
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from dropdub.engines.models.catalogue import named
from tests.hub import UNPINNED, FakeHub, running_hub
from tests.service.conftest import REPOSITORY

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the environment's programs are scripts of POSIX"),
    pytest.mark.skipif(find_spec("faster_whisper") is None, reason="the libraries of the compact engines"),
]
WEIGHTS = random.Random(3).randbytes(300_000)


class InstalledAlready:
    """A private environment whose `jobs` is this Dropdub, with a catalogue that pins nothing. Its pip does nothing."""

    def __init__(self, folder: Path) -> None:
        self.into, self.root, self._home = folder / "programs", folder / "Ana's dubs", folder
        scripts = self.into / "environment" / "bin"
        scripts.mkdir(parents=True)
        for name, does in {
            "python": "exit 0",
            "jobs": f'exec {shlex.join([sys.executable, "-c", UNPINNED])} "$@"',
        }.items():
            (scripts / name).write_text(f"#!/bin/sh\n{does}\n", "utf-8")
            (scripts / name).chmod(0o755)

    def install(self, *arguments: str, **environment: str) -> str:
        """Run the installer without a terminal; return what it says. It must succeed."""
        done = subprocess.run(
            [sys.executable, REPOSITORY / "installer.py", "--into", self.into, "--root", self.root, *arguments],
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "HOME": str(self._home), **environment},
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def model(self) -> Path:
        return self.root / "models" / "whisper-base" / "model.bin"

    @property
    def how_to_pull(self) -> str:
        return f"\n  dropdub --root {shlex.quote(str(self.root))} models pull\n"


@pytest.fixture
def installed(tmp_path: Path) -> InstalledAlready:
    return InstalledAlready(tmp_path)


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with running_hub() as hub:
        others = {"config__json": b"{}", "tokenizer__json": b"{}", "vocabulary__txt": b"a\n"}
        hub.add(named("whisper-base").sources[0].repository, model__bin=WEIGHTS, **others)
        yield hub


def test_a_new_root_has_its_models_and_their_size_and_licence_were_said_before(
    installed: InstalledAlready, hub: FakeHub
) -> None:
    said = installed.install(DROPDUB_MODELS__MIRROR=hub.url)
    assert installed.model.is_file(), said
    assert installed.model.read_bytes() == WEIGHTS
    terms = "the MIT licence; commercial use: yes"
    announced = said.index(f"whisper-base (Systran/faster-whisper-base; {terms}): 300 kB from ")
    assert announced < said.index("whisper-base: complete, 301 kB, under the MIT licence.")
    assert "Drop recordings and texts into" in said and installed.how_to_pull not in said


def test_an_existing_root_gets_no_models(installed: InstalledAlready, hub: FakeHub) -> None:
    installed.install("--no-models")
    said = installed.install(DROPDUB_MODELS__MIRROR=hub.url)
    assert hub.asked == [] and not installed.model.exists() and "stays as it is" in said


def test_models_that_were_not_wanted_are_downloaded_by_the_command_that_is_named(
    installed: InstalledAlready, hub: FakeHub
) -> None:
    said = installed.install("--no-models", DROPDUB_MODELS__MIRROR=hub.url)
    assert hub.asked == [] and installed.how_to_pull in said


def test_an_installation_whose_models_cannot_be_downloaded_is_complete_without_them(
    installed: InstalledAlready, hub: FakeHub
) -> None:
    hub.always = 404
    said = installed.install(DROPDUB_MODELS__MIRROR=hub.url, DROPDUB_MODELS__SOURCES='["hub"]')
    assert (installed.root / "config.yaml").is_file() and not installed.model.exists()
    assert "Not all models were downloaded: see above. Everything else is ready." in said
    assert said.index(installed.how_to_pull) < said.index("Drop recordings and texts into")
