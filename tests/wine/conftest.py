from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
NEEDED = ("wine", "x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-objdump", "unzip", "bash")
NO_PACKAGES = 3
FOLDER_VARIABLE = "DROPDUB_WINE"
"""Names a folder in which the Windows Python is kept between runs."""
USUAL_FOLDER = Path.home() / ".cache" / "dropdub-wine"
"""Used too, if somebody made that folder. Otherwise each run makes one, which takes a minute or two."""
PLUGIN = REPOSITORY / "plugins" / "light"
MAKE = Path(__file__).with_name("make_windows_python.sh")


@dataclass(frozen=True)
class Windows:
    """A Windows Python with Dropdub and engines that run there, under Wine."""

    folder: Path

    def command(self, *arguments: str | Path, windowless: bool = False) -> list[str]:
        return [str(self.folder / ("wpyw" if windowless else "wpy")), *map(str, arguments)]

    def run(self, *arguments: str | Path, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), capture_output=True, encoding="utf-8", timeout=timeout_s, check=False
        )

    def jobs(self, root: Path, *arguments: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "dropdub", "--root", on_windows(root), *arguments, timeout_s=timeout_s)

    def start(self, *arguments: str | Path, windowless: bool = False) -> subprocess.Popen[str]:
        command = self.command(*arguments, windowless=windowless)
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True
        )

    def end_all(self) -> None:
        """End every process of this Wine."""
        environment = {**os.environ, "WINEPREFIX": str(self.folder / "prefix"), "WINEDEBUG": "-all"}
        subprocess.run(["wineserver", "--kill"], env=environment, check=False, capture_output=True, timeout=60)


def on_windows(path: Path) -> str:
    return "Z:" + str(path.absolute()).replace("/", "\\")


@pytest.fixture(scope="session")
def windows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Windows]:
    missing = [tool for tool in NEEDED if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not tried under Wine: {', '.join(missing)} not installed here")
    if sys.version_info[:2] != (3, 11):
        pytest.skip(
            "not tried under Wine: the Windows Python is a 3.11 and takes its library from the one that runs this"
        )
    made = Windows(kept_folder() or tmp_path_factory.mktemp("wine"))
    if (made.folder / "wpyw").exists():
        renew_program(made.folder)
    else:
        shutil.rmtree(made.folder, ignore_errors=True)  # of a run that was interrupted
        put_together(made.folder)
    made.run("-c", "")  # the first start makes the folders of a Windows, and says so
    yield made
    made.end_all()


def kept_folder() -> Path | None:
    """Return the folder for a Windows Python that is made by this script for these packages, or None."""
    given = os.environ.get(FOLDER_VARIABLE) or (USUAL_FOLDER if USUAL_FOLDER.is_dir() else None)
    if given is None:
        return None
    made_from = (
        MAKE.read_bytes()
        + b"".join((at / "pyproject.toml").read_bytes() for at in (REPOSITORY, PLUGIN))
        + sys.version.encode()
    )
    return Path(given) / hashlib.sha256(made_from).hexdigest()[:16]


def renew_program(folder: Path) -> None:
    """Put the present Dropdub into a Windows Python that was kept."""
    for source in (REPOSITORY / "src" / "dropdub", PLUGIN / "src" / "dropdub_light"):
        installed = folder / "py" / "Lib" / "site-packages" / source.name
        shutil.rmtree(installed)
        shutil.copytree(source, installed, ignore=shutil.ignore_patterns("__pycache__"))


def put_together(folder: Path) -> None:
    dropdub, plugin = (
        tomllib.loads((at / "pyproject.toml").read_text("utf-8"))["project"] for at in (REPOSITORY, PLUGIN)
    )
    voice = [one for one in dropdub["optional-dependencies"]["compact"] if one.startswith("espeakng-loader")]
    hearing = [one for one in plugin["dependencies"] if one != "dropdub"]
    packages = [*dropdub["dependencies"], *voice, *hearing, "pytest", "pytest-timeout"]
    done = subprocess.run(
        ["bash", str(MAKE), str(folder), sys.executable, str(REPOSITORY), *packages],
        capture_output=True, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if done.returncode == NO_PACKAGES:
        pytest.skip(f"not tried under Wine: its packages could not be had: {done.stderr.strip()[-300:]}")
    assert done.returncode == 0, done.stdout + done.stderr
