"""The job options of a request for a transcript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LONGEST_PROMPT = 1_000
"""Characters, the limit of `initial_prompt`. Whisper reads the last 224 tokens of a prompt, which are fewer."""


def prompt_warnings(name: str, prompt: str | None) -> list[str]:
    """Return the warning about a prompt, the field `name`, that is too long; none if it is not."""
    too_long = prompt is not None and len(prompt) > LONGEST_PROMPT
    return [f"{name} is too long: only its last {LONGEST_PROMPT:,} characters are used."] if too_long else []


def changes(
    *, language: str | None, prompt: str | None, hotwords: Sequence[str], diarized: bool, target: str | None
) -> dict[str, Any]:
    """Return the changes to the job options; those that nobody asked for are not among them.

    A request always gets its own job: whoever sends the same file twice wants two answers. Speakers are distinguished
    only if the answer names them, since that takes longer. Of a prompt that is too long, the end counts, as it does for
    Whisper.
    """
    found: dict[str, Any] = {"duplicates": "again", "report": False, "speakers": "all" if diarized else "one"}
    if language:
        found["language"] = language
    if prompt:
        found["initial_prompt"] = prompt[-LONGEST_PROMPT:]
    if hotwords:
        found["hotwords"] = list(hotwords)
    if target:
        found["targets"] = [target]
    return found
