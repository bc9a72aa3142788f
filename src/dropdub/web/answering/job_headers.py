"""Headers that say which job an answer is from, and what to know about it: sound and text have no other place."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

HEADER = "dropdub-warnings"
_SAFE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")


def job_headers(job_id: int, warnings: Sequence[str] = ()) -> dict[str, str]:
    """Return the headers with the number of a job, and all warnings."""
    return {"x-dropdub-job": str(job_id), **warning_headers(warnings)}


def warning_headers(warnings: Sequence[str]) -> dict[str, str]:
    """Return the header with all warnings; none if there are none."""
    return {HEADER: " ".join(map(in_header, warnings))} if warnings else {}


def in_header(text: str) -> str:
    """Return a text as a header can hold it: on one line, what is not ASCII percent-encoded."""
    return quote(" ".join(text.split()), safe=_SAFE)
