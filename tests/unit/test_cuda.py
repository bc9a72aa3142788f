from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ASK = "from dropdub.engines.devices import cuda; print(cuda.lacking())"


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("cc") is None, reason="needs Linux and a C compiler")
def test_a_library_that_pip_installed_is_found_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "nvidia" / "cublas" / "lib"
    folder.mkdir(parents=True)
    build(folder / "libcublasLt.so.12", "int knows(void) { return 1; }")
    build(folder / "libcublas.so.12", "int knows(void); int computes(void) { return knows(); }", folder)
    assert asked(tmp_path) == "None"
    (folder / "libcublas.so.12").unlink()
    assert asked(tmp_path) == "libcublas.so.12"


def build(path: Path, code: str, *needs: Path) -> None:
    """Make a shared library that names what it needs but not where that is, as NVIDIA's do."""
    libraries = [flag for folder in needs for flag in (f"-L{folder}", "-l:libcublasLt.so.12")]
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path, f"-Wl,-soname,{path.name}", *libraries]
    subprocess.run(list(map(str, command)), input=code, encoding="utf-8", check=True)


def asked(packages: Path) -> str:
    """Ask in a separate process: what has been opened stays open."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={"PYTHONPATH": str(packages)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.strip()
