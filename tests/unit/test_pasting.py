"""Commands that messages suggest, read back by a real shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from dropdub.pasting import command, pasteable, pasted

ROOT = Path("/home/Jörg Müller/it's $HOME `id`")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
def test_a_shell_reads_the_words_of_a_command_as_they_were() -> None:
    script = f'dropdub() {{ printf "%s\\n" "$@"; }}; {command(ROOT, "retry", "12", windows=False)}'
    done = subprocess.run(["sh", "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines() == ["--root", str(ROOT), "retry", "12"]


def test_for_windows_a_path_with_a_space_is_in_double_quotes() -> None:
    assert pasted(str(PureWindowsPath("C:/Users/Jörg Müller/dubs")), windows=True) == '"C:\\Users\\Jörg Müller\\dubs"'
    assert pasted("C:\\dubs", windows=True) == "C:\\dubs"


@pytest.mark.skipif(sys.platform == "win32", reason="of the shells of POSIX")
def test_a_command_is_read_by_the_shell_as_it_was_meant() -> None:
    words = ["-c", "import sys; print(sys.argv[1:])", "a>=1", 'b; x != "y"', "it's $HOME", "c[d,e]"]
    pasted = pasteable([sys.executable, *words])
    said = subprocess.run(["sh", "-c", pasted], capture_output=True, encoding="utf-8", check=True).stdout
    assert said == f"{words[2:]}\n"


def test_a_command_for_windows_is_quoted_as_cmd_and_powershell_read_it() -> None:
    command = [r"C:\Users\Ana\python.exe", "-m", "pip", "install", "torch==2.13.0", 'a>=1; b != "c"']
    assert pasteable(command, windows=True) == (
        r"C:\Users\Ana\python.exe -m pip install torch==2.13.0 " + "\"a>=1; b != 'c'\""
    )
