"""What a request asks of a job: less than everything that its options could make of its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Wanted(StrEnum):
    """What is wanted. Each of the first five is one step, of the stage of the same name."""

    SAY = "say"
    """A text is spoken."""
    DICTATE = "dictate"
    """The end of a recording that still grows is transcribed."""
    INTERPRET = "interpret"
    """What somebody has just said is translated."""
    PREPARE = "prepare"
    """A voice is prepared, so that the first text in it need not wait."""
    ENROLL = "enroll"
    """A recording is checked, and made a voice."""
    DETECT = "detect"
    """The language of a recording."""
    TRANSCRIPT = "transcript"
    """The transcript of a recording, and its translations, but no dub."""


SINGLE_STEPS = (Wanted.SAY, Wanted.DICTATE, Wanted.INTERPRET, Wanted.PREPARE, Wanted.ENROLL)


@dataclass(frozen=True)
class Request:
    """What is wanted, and the parameters of its single step, if it is one.

    `fine`: chunks of a minute, so that a client that shows a transcript as it grows need not wait for a long one.
    `label`: the client's own name for it. `speakers`: the names of those whose voices came with the recording.
    """

    wanted: Wanted
    params: Mapping[str, Any]
    fine: bool = False
    label: str | None = None
    speakers: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a job's row keeps it."""
        return {
            "what": str(self.wanted),
            "params": dict(self.params),
            "fine": self.fine,
            "label": self.label,
            "speakers": list(self.speakers),
        }

    @staticmethod
    def of_row(row: Mapping[str, Any] | None) -> Request | None:
        """Return the request in a job's row; None if the job makes everything. Raises LookupError and ValueError."""
        if row is None:
            return None
        return Request(
            Wanted(row["what"]),
            row.get("params") or {},
            bool(row.get("fine")),
            row.get("label"),
            tuple(row.get("speakers") or ()),
        )
