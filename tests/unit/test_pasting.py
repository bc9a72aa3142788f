"""Commands that messages suggest, read back by a real shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path, PureWindowsPath

import pytest

from dropdub.pasting import command, is_command, marked, pasteable, pasted, with_commands

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
def test_a_command_is_read_by_the_shell_as_intended() -> None:
    words = ["-c", "import sys; print(sys.argv[1:])", "a>=1", 'b; x != "y"', "it's $HOME", "c[d,e]"]
    pasted = pasteable([sys.executable, *words])
    said = subprocess.run(["sh", "-c", pasted], capture_output=True, encoding="utf-8", check=True).stdout
    assert said == f"{words[2:]}\n"


def test_a_command_for_windows_is_quoted_as_cmd_and_powershell_read_it() -> None:
    command = [r"C:\Users\Ana\python.exe", "-m", "pip", "install", "torch==2.13.0", 'a>=1; b != "c"']
    assert pasteable(command, windows=True) == (
        r"C:\Users\Ana\python.exe -m pip install torch==2.13.0 " + "\"a>=1; b != 'c'\""
    )


def test_a_message_names_root_and_job_in_a_command_on_a_line_of_its_own() -> None:
    advice = "Cut it, then run: `dropdub retry JOB`."
    assert with_commands(advice, root=Path("/srv/my dubs"), job=17, windows=False) == (
        "Cut it, then run:\n  dropdub --root '/srv/my dubs' retry 17"
    )
    assert with_commands(advice, root=None, job=17).split("\n")[1] == "  dropdub retry 17"
    windows = with_commands(advice, root=PureWindowsPath("C:/Ana & Jo/dubs"), job=17, windows=True)  # type: ignore[arg-type]
    assert windows.split("\n")[1] == '  dropdub --root "C:\\Ana & Jo\\dubs" retry 17'


def test_text_after_a_command_is_on_the_next_line() -> None:
    text = "Add one with: `dropdub voices add NAME FILE`, and set voice: NAME. Or see: `dropdub doctor`"
    lines = with_commands(text, root=None).split("\n")
    assert lines == [
        "Add one with:", "  dropdub voices add NAME FILE", "and set voice: NAME. Or see:", "  dropdub doctor"
    ]  # fmt: skip
    assert [is_command(line) for line in lines] == [False, True, False, True]


def test_without_a_job_nobody_is_advised_to_retry_one() -> None:
    assert with_commands("Cut it, then run: `dropdub retry JOB`.", root=None) == "Cut it."
    assert with_commands("Get it: `dropdub models pull`. Then run: `dropdub retry JOB`.", root=None) == (
        "Get it:\n  dropdub models pull"
    )
    assert with_commands("Try it alone with: `dropdub retry JOB`.", root=None) == (
        "Try it alone with:\n  dropdub retry --failed"
    )


def test_completing_a_message_twice_changes_nothing() -> None:
    for text in ("Nothing to do.", "Leave out `out`.", marked("retry", "JOB"), f"See {marked('doctor')}. Then wait."):
        once = with_commands(text, root=Path("/srv/dubs"), job=3)
        assert with_commands(once, root=Path("/elsewhere"), job=4) == once


@pytest.mark.parametrize("hostile", [
    "`dropdub retry 1; rm -rf ~`", "`dropdub retry $(id)`", "`dropdub --root /evil watch`", '`dropdub retry "$HOME"`',
    "`dropdub retry 1 && id`", "`dropdub retry 1\nid`", "`rm -rf ~`",
])  # fmt: skip
def test_a_files_name_cannot_change_what_a_command_does(hostile: str) -> None:
    assert with_commands(f"{hostile}.mp4 is no film.", root=None, job=1) == f"{hostile}.mp4 is no film."


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
def test_a_marked_word_is_quoted() -> None:
    voice = marked("voices", "add", "it's Jörg", "FILE")
    advice = with_commands(f"Do: {voice}.", root=None)
    said = subprocess.run(
        ["sh", "-c", f'dropdub() {{ printf "%s\\n" "$@"; }}; {advice.split(chr(10))[1]}'],
        capture_output=True, encoding="utf-8", check=True,
    ).stdout  # fmt: skip
    assert said.splitlines() == ["voices", "add", "it's Jörg", "FILE"]
