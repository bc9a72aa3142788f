"""Commands that messages suggest, read back by a real shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from dropdub.pasting import command, pasted

ROOT = Path("/home/Jörg Müller/it's $HOME `id`")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
def test_a_shell_reads_the_words_of_a_command_as_they_were() -> None:
    script = f'dropdub() {{ printf "%s\\n" "$@"; }}; {command(ROOT, "retry", "12", windows=False)}'
    done = subprocess.run(["sh", "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.splitlines() == ["--root", str(ROOT), "retry", "12"]


def test_for_windows_a_path_with_a_space_is_in_double_quotes() -> None:
    assert pasted(str(PureWindowsPath("C:/Users/Jörg Müller/dubs")), windows=True) == '"C:\\Users\\Jörg Müller\\dubs"'
    assert pasted("C:\\dubs", windows=True) == "C:\\dubs"
