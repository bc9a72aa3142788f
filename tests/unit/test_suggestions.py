"""Every command that a message of the program suggests is one that the program has."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import dropdub
from dropdub.cli.commands import app
from dropdub.engines.packages import setup_command
from dropdub.errors import DropdubError, every_error
from dropdub.kits import EXTRAS
from dropdub.pasting import is_command, with_commands

SOURCES = Path(dropdub.__file__).parent
MARK = re.compile(r"`(dropdub [^`]*)`")
PROGRAM: Any = typer.main.get_command(app)
COMMANDS = sorted(PROGRAM.commands)
BARE = re.compile(rf"(?<!`)\bdropdub (?:{'|'.join(COMMANDS)})\b")
IN_CODE = {"engines/packages.py"}
"""Functions that return a command for others to mark."""


def messages() -> Iterator[tuple[str, str]]:
    """Yield the program's texts that are not docstrings, each with its file; `x` stands for what is filled in."""
    for path in sorted(SOURCES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        skipped = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                skipped |= {id(part) for part in ast.walk(node)} - {id(node)}
        for node in ast.walk(tree):
            if id(node) not in skipped and (text := _text(node)) is not None:
                yield path.relative_to(SOURCES).as_posix(), text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "x" for part in node.values)
    return None


def parse(command: str) -> None:
    """Let the real command line read a command, and run nothing. Raises what it raises for a wrong one."""
    program, *words = shlex.split(command)
    assert program == "dropdub"
    group: Any = PROGRAM
    context = group.make_context(program, words)
    while hasattr(group, "commands"):
        name, group, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        assert group is not None, command
        context = group.make_context(name, list(rest), parent=context)


def test_each_marked_command_is_read_by_the_command_line() -> None:
    marked = {(file, mark) for file, text in messages() for mark in MARK.findall(text)}
    assert len(marked) > 40 and len({file for file, _ in marked}) > 25
    for file, command in sorted(marked):
        completed = with_commands(f"`{command}`", root=Path("/srv/it's Jörg's & co"), job=17, windows=False)
        named = completed.strip("\n").split("\n")[-1]
        assert is_command(named) and "JOB" not in completed, (file, completed)
        parse(completed)


@pytest.mark.parametrize("cls", every_error(), ids=lambda cls: cls.__name__)
def test_the_usual_remedy_of_an_error_suggests_commands_that_can_be_pasted(cls: type[DropdubError]) -> None:
    for line in with_commands(cls.usual_remedy, root=Path("/srv/my dubs"), job=17, windows=False).split("\n"):
        if "dropdub " in line:
            assert is_command(line) and "--root '/srv/my dubs'" in line, line
            parse(line)


@pytest.mark.parametrize("engine", [*EXTRAS, None])
def test_the_command_that_installs_an_engine_is_read_by_the_command_line(engine: str | None) -> None:
    parse(setup_command(engine))


def test_no_message_names_a_command_without_marking_it() -> None:
    found = [(file, text) for file, text in messages() if BARE.search(text) and file not in IN_CODE]
    assert found == []
