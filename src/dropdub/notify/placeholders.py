"""Job facts passed to a notification command: placeholders in its arguments, and environment variables."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dropdub.config.commands import WORDS

VARIABLE_PREFIX = "DROPDUB_JOB_"
_FIELDS = {"folder": "published"}
"""Placeholders whose field in `dropdub show --json` has another name."""
_OPTION_LIKE = ("-", "@", "/") if sys.platform == "win32" else ("-", "@")
"""First characters of options, and of files from which many programs (curl, tar) read further arguments."""
_PARTING = frozenset(b'"\\ \t-@/')
"""Characters that split arguments on Windows, or turn one into an option."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def facts_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return each placeholder's value; empty if the job has none."""
    data = {**payload["data"], "text": payload.get("text")}
    return {word: _text(data.get(_FIELDS.get(word, word))) for word in WORDS}


def arguments(command: Sequence[str], facts: Mapping[str, str]) -> list[str]:
    """Return a command with `{id}`, `{name}` … filled in. Each argument stays one; unknown braces are left as they are.

    A filled-in value never turns an argument into an option: `-rf.txt` is passed as `./-rf.txt`.
    """
    if sys.platform == "win32":
        facts = {word: narrowed(value, lambda char: char.encode("mbcs", "replace")) for word, value in facts.items()}
    return [command[0], *(_no_option(argument, _filled(argument, facts)) for argument in command[1:])]


def environment(facts: Mapping[str, str], base: Mapping[str, str], *, root: str, notice: str) -> dict[str, str]:
    """Return the environment of a command: `base`, the facts, and the root for `dropdub` commands that it runs."""
    variables = {f"{VARIABLE_PREFIX}{word.upper()}": value for word, value in facts.items()}
    return {**base, **variables, "DROPDUB_NOTICE_ID": notice, "JOBS_ROOT": root}


def narrowed(value: str, encoded: Callable[[str], bytes]) -> str:
    """Return a value with each character replaced that a program without Unicode reads as `"`, a space, a dash …

    For such a program, Windows replaces a full-width quote with `"` (best fit) after the arguments were quoted, so one
    argument would become several. A character that is replaced beforehand is quoted with the others.
    """
    return "".join(_narrow(char, encoded(char)) for char in value)


def _narrow(char: str, read: bytes) -> str:
    return read.decode("ascii") if len(read) == 1 and read[0] in _PARTING else char


def _filled(argument: str, facts: Mapping[str, str]) -> str:
    """Fill in all placeholders in one pass; filled-in values are not expanded again."""
    before, brace, rest = argument.partition("{")
    if not brace:
        return argument
    word, end, after = rest.partition("}")
    if end and word in facts:
        return before + facts[word] + _filled(after, facts)
    return before + brace + _filled(rest, facts)


def _no_option(argument: str, filled: str) -> str:
    if filled.startswith(_OPTION_LIKE) and filled[0] != argument[0]:
        return f"./{filled}" if filled[0] != "/" else f" {filled}"
    return filled


def _text(value: Any) -> str:
    """Return a value as one line, without control characters."""
    return "" if value is None else _CONTROL.sub(" ", str(value)).strip()
