"""The error for a job that does not exist. Imports no library, because `dropdub status` uses it too."""

from __future__ import annotations

from typing import TypeVar

from dropdub.errors import DropdubError

E = TypeVar("E", bound=DropdubError)
LIST_JOBS = "List the jobs with: `dropdub status`."


def no_job(ref: int | str, kind: type[E], *, remedy: str = LIST_JOBS) -> E:
    """Return the error of this kind that says that no job has this id or name."""
    return kind(f"There is no job {ref!r}.", remedy=remedy)
