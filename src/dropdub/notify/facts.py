"""What a program is told of a job: words for its arguments, and variables of its environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

VARIABLE_PREFIX = "DROPDUB_JOB_"
_SECRET_PREFIX = "DROPDUB_NOTIFY"
"""Where the webhook's secret may stand: no program that is started needs it."""
_SOURCES = {"id": "id", "name": "name", "state": "state", "reason": "reason", "folder": "published"}
"""The words, and the fields of `jobs show --json` that they stand for."""


def facts_of(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return the words and what they stand for; what the job has not is empty."""
    data = payload["data"]
    return {word: _text(data.get(field)) for word, field in _SOURCES.items()}


def arguments(command: Sequence[str], facts: Mapping[str, str]) -> list[str]:
    """Return a command with `{id}`, `{name}` … filled in. Each argument stays one; what else is in braces is left."""
    return [command[0], *(_filled(argument, facts) for argument in command[1:])]


def environment(facts: Mapping[str, str], base: Mapping[str, str], *, root: str, notice: str) -> dict[str, str]:
    """Return the environment of a program: ours less secrets, the facts, and the root for `jobs` commands in it."""
    kept = {name: value for name, value in base.items() if not name.upper().startswith(_SECRET_PREFIX)}
    told = {f"{VARIABLE_PREFIX}{word.upper()}": value for word, value in facts.items()}
    return {**kept, **told, "DROPDUB_NOTICE_ID": notice, "JOBS_ROOT": root}


def _filled(argument: str, facts: Mapping[str, str]) -> str:
    """Fill in all words in one pass: what is filled in is not looked through again."""
    before, brace, rest = argument.partition("{")
    if not brace:
        return argument
    word, end, after = rest.partition("}")
    if end and word in facts:
        return before + facts[word] + _filled(after, facts)
    return before + brace + _filled(rest, facts)


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("\0", "")
