"""The commands that add packages to this installation: they can be pasted, and name no package that is on no index."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from dropdub import installation
from dropdub.engines.packages import install_command, setup_command
from dropdub.kits import EXTRAS

SOURCES = Path(installation.__file__).parent


@pytest.mark.parametrize("engine", sorted(EXTRAS))
def test_the_advice_for_an_engine_names_this_interpreter_and_packages_but_never_dropdub(engine: str) -> None:
    command = shlex.split(str(install_command(engine)))
    assert command[:4] == [sys.executable, "-m", "pip", "install"]
    assert command[4:] and not any(word.startswith("dropdub") or "extra" in word for word in command[4:])


def test_no_message_names_a_package_that_is_on_no_index() -> None:
    named = [
        file for file in SOURCES.rglob("*.py") if re.search(r"(?<!-m )pip install|dropdub\[", file.read_text("utf-8"))
    ]
    assert [file.name for file in named] == ["installation.py"], "there it is explained why not"


def test_conditions_other_than_the_extra_are_left_for_pip_to_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        'a>=1; extra == "x"',
        'b; sys_platform != "win32" and extra == "x"',
        "c",
        "d; extra == 'y'",
        'a>=1; extra == "z"',
    ]
    monkeypatch.setattr(installation, "requires", lambda _name: lines)
    assert installation.requirements("x", "z") == ["a>=1", 'b; sys_platform != "win32"']


def test_without_metadata_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(installation, "requires", none)
    assert installation.requirements("compact") == []


def test_an_environment_without_pip_is_taken_for_one_of_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "find_spec", lambda _name: None)
    program, *words = installation.adding("six")
    assert Path(program).name == "uv" and words == ["pip", "install", "--python", sys.executable, "six"]


def test_what_is_installed_beside_dropdub_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = installation.packages_stamp()
    assert installation.packages_stamp() == before
    (folder / "arrived").mkdir()
    assert installation.packages_stamp() != before


@pytest.mark.parametrize(("engine", "command"), [
    ("pocketsphinx", "dropdub setup"), ("xtts", "dropdub setup --engines quality"),
    ("faster-whisper", "dropdub setup --engines compact"), ("espeak-ng", "dropdub setup --engines compact"),
    ("resemblyzer", "dropdub setup --engines quality"), (None, "dropdub setup"),
])  # fmt: skip
def test_setup_installs_the_packages_of_each_engine(engine: str | None, command: str) -> None:
    assert setup_command(engine) == command
