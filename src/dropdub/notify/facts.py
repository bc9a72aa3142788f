"""What a program is told of a job: words for its arguments, and variables of its environment."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dropdub.config.commands import WORDS

VARIABLE_PREFIX = "DROPDUB_JOB_"
_FIELDS = {"folder": "published"}
"""Words whose field of `dropdub show --json` has another name."""
_OPTION_LIKE = ("-", "@", "/") if sys.platform == "win32" else ("-", "@")
"""How an option begins, and a file that many programs (curl, tar) read more of their arguments from."""
_PARTING = frozenset(b'"\\ \t-@/')
"""What parts arguments on Windows, or makes an option of one."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def facts_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return the words and what they stand for; what the job has not is empty."""
    data = payload["data"]
    return {word: _text(data.get(_FIELDS.get(word, word))) for word in WORDS}


def arguments(command: Sequence[str], facts: Mapping[str, str]) -> list[str]:
    """Return a command with `{id}`, `{name}` … filled in. Each argument stays one; what else is in braces is left.

    No argument becomes an option by what is filled in: `-rf.txt` is given as `./-rf.txt`.
    """
    if sys.platform == "win32":
        facts = {word: narrowed(value, lambda char: char.encode("mbcs", "replace")) for word, value in facts.items()}
    return [command[0], *(_no_option(argument, _filled(argument, facts)) for argument in command[1:])]


def environment(facts: Mapping[str, str], base: Mapping[str, str], *, root: str, notice: str) -> dict[str, str]:
    """Return the environment of a program: that of any child, the facts, and the root for `dropdub` commands in it."""
    told = {f"{VARIABLE_PREFIX}{word.upper()}": value for word, value in facts.items()}
    return {**base, **told, "DROPDUB_NOTICE_ID": notice, "JOBS_ROOT": root}


def narrowed(value: str, encoded: Callable[[str], bytes]) -> str:
    """Return a value with the plain sign for each that a program without Unicode reads as `"`, a blank, a dash …

    Windows replaces a full-width quote by `"` for such a program (best fit), after the arguments were quoted: what
    is one would become several. What is replaced before is quoted with the others.
    """
    return "".join(_narrow(char, encoded(char)) for char in value)


def _narrow(char: str, read: bytes) -> str:
    return read.decode("ascii") if len(read) == 1 and read[0] in _PARTING else char


def _filled(argument: str, facts: Mapping[str, str]) -> str:
    """Fill in all words in one pass: what is filled in is not looked through again."""
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
    """Return a value in one line."""
    return "" if value is None else _CONTROL.sub(" ", str(value)).strip()
