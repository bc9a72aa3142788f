"""The parameters that routes about jobs share."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from dropdub.web.jobs.bodies import LARGEST_NUMBER

JobNumber = Annotated[int, Path(alias="id", ge=1, le=LARGEST_NUMBER, description="The number of the job")]
Target = Annotated[
    str | None,
    Query(pattern="^[A-Za-z0-9-]{1,35}$", description="The language of a translation; without it, the recording's"),
]
