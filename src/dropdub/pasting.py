"""Commands as a person can paste them into a shell.

A stored message marks a command with backticks: `dropdub retry JOB`. Whoever shows the message knows the root and the
job, and completes the mark.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

Messages = TypeVar("Messages")

_PLAIN = re.compile(r"[\w.:\\/=~+-]+")
_MARK = re.compile(r"`(dropdub [a-z]+(?: (?:[\w.:\\/=~+-]|'[^'`\n]*'|\"[^\"`$\n]*\")+)*)`")
"""A marked command. No shell reads more than one command in it, since a file's name may contain such a mark too."""
_RETRY_CLAUSE = re.compile(r"(?:[.,;]? (?:[Aa]nd )?[Tt]hen(?: run)?:? )`dropdub retry JOB`\.?(?= |$)")
_PUNCTUATION = re.compile(r"\A[.,;]? *")
COMMAND_INDENT = "  "
"""What a line of a completed message begins with if it is a command."""


def pasted(word: str | Path, *, windows: bool = sys.platform == "win32") -> str:
    """Return a word of a command, quoted for sh, or on `windows` for both cmd and PowerShell.

    The only quotes common to those two are double quotes, and they share no way to escape one inside a word: it is
    replaced by a single quote.
    """
    text = str(word)
    if not windows:
        return shlex.quote(text)
    return text if _PLAIN.fullmatch(text) else '"{}"'.format(text.replace('"', "'"))


def pasteable(words: Sequence[str | Path], *, windows: bool = sys.platform == "win32") -> str:
    """Return a whole command, its words quoted."""
    return " ".join(pasted(word, windows=windows) for word in words)


def command(root: Path | None, *arguments: str, windows: bool = sys.platform == "win32") -> str:
    """Return a `dropdub` command for this root; None if the shell that it is pasted into finds the root anyway."""
    return pasteable(["dropdub", *_root_option(root), *arguments], windows=windows)


def marked(*arguments: str) -> str:
    """Return a `dropdub` command marked in a message, to be completed when the message is shown."""
    return f"`{command(None, *arguments)}`"


def without_retry(text: str) -> str:
    """Return a message without its advice to retry the job afterwards."""
    return _RETRY_CLAUSE.sub(".", text)


def with_commands(
    text: str, *, root: Path | None, job: int | None = None, windows: bool = sys.platform == "win32"
) -> str:
    """Return a message with each marked command completed, and on a line of its own that begins with COMMAND_INDENT.

    `root` is None if the shell finds it without `--root`; `job` takes the place of JOB. A message about no job loses
    its advice to retry one, or advises to retry all that failed. Completed messages stay as they are.
    """
    if "`dropdub " not in text:
        return text
    if job is None:
        text = without_retry(text)
    prose, *rest = _MARK.split(text)
    lines = [prose.rstrip()]
    for marked_command, after in zip(rest[::2], rest[1::2], strict=True):
        lines.append(COMMAND_INDENT + _completed(marked_command, root, job, windows=windows))
        lines.append(_PUNCTUATION.sub("", after, count=1).rstrip())
    return "\n".join(line for line in lines if line)


def pasteable_messages(value: Messages, *, root: Path | None, job: int | None = None) -> Messages:
    """Return a message, or each message of a list, with its commands completed; any other value as it is."""
    completed: Any = value
    if isinstance(value, str):
        completed = with_commands(value, root=root, job=job)
    elif isinstance(value, list):
        completed = [pasteable_messages(one, root=root, job=job) for one in value]
    return cast("Messages", completed)


def pasteable_fields(fields: Mapping[str, Any], *, root: Path | None, job: int) -> dict[str, Any]:
    """Return a job's fields with the commands in its messages completed."""
    return {name: pasteable_messages(value, root=root, job=job) for name, value in fields.items()}


def is_command(line: str) -> bool:
    """Return whether a line of a completed message is a command."""
    return line.startswith(COMMAND_INDENT)


def _completed(marked_command: str, root: Path | None, job: int | None, *, windows: bool) -> str:
    program, name, *rest = marked_command.split(" ")
    if job is not None:
        rest = [str(job) if word == "JOB" else word for word in rest]
    elif name == "retry":
        rest = ["--failed" if word == "JOB" else word for word in rest]
    else:
        rest = [word for word in rest if word != "JOB"]
    option = _root_option(None if name == "init" else root)  # `init` names the folder itself
    return " ".join([program, *(pasted(word, windows=windows) for word in option), name, *rest])


def _root_option(root: Path | None) -> list[str | Path]:
    return [] if root is None else ["--root", root]
