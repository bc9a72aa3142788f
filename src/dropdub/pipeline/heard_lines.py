"""The verification of a dub, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class HeardLine:
    """What a transcriber understood of a line's best take. `file` is that take, in `speech.T/`.

    `score`: the share of its words that was understood, 0 to 1; `good`: whether that is enough. `heard`: what was
    understood, only for a line that is not good.
    """

    file: str
    score: float
    good: bool
    words: int = 0
    errors: int = 0
    heard: str | None = None

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> HeardLine:
        """Return a line as it is recorded. Raises TypeError if it lacks a field that all versions wrote."""
        return HeardLine(**{one.name: found[one.name] for one in fields(HeardLine) if one.name in found})

    def to_json(self) -> dict[str, Any]:
        """Return the line in the form of the results of `hear`."""
        return {name: value for name, value in asdict(self).items() if name != "heard" or value is not None}


@dataclass(frozen=True)
class ListenerCheck:
    """How the transcriber that verified a dub fares on the original recording.

    `words` and `errors` are those of `lines` lines, compared with `reference`: the user's subtitle by its file name, or
    the engine that made the transcript. `unknown`: why that is not known, as the end of a sentence.
    """

    reference: str | None = None
    lines: int = 0
    words: int = 0
    errors: int = 0
    unknown: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the check in the form of the results of `hear`."""
        return {name: value for name, value in asdict(self).items() if (name == "unknown") is bool(self.unknown)}


@dataclass(frozen=True)
class VerificationFacts:
    """What a transcriber understood of each line, by line id; `again`: ids of the lines to synthesize again.

    `engine` is the transcriber (name, version, details), None if there was none for the language. `check` is None for
    later takes, and in the results of versions that did not check it.
    """

    lines: Mapping[int, HeardLine]
    again: tuple[int, ...] = ()
    engine: Mapping[str, Any] | None = None
    check: ListenerCheck | None = None

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> VerificationFacts:
        """Return a result of `hear`. Raises TypeError for a line or a check of an unknown form."""
        lines = {int(line): HeardLine.from_json(one) for line, one in found.get("lines", {}).items()}
        check = ListenerCheck(**found["check"]) if found.get("check") else None
        return VerificationFacts(lines, tuple(found.get("again", ())), found.get("engine") or None, check)
