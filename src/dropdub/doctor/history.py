"""Summarise jobs and steps for the report, without their content: states, counts, times, error classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dropdub.errors import StoreError, every_error
from dropdub.store.views.rows import Row, Rows, snapshot

NEWEST = 100
_ATTEMPTS = f"""
SELECT step.stage AS stage, attempt.outcome AS outcome, attempt.error_class AS error, attempt.exit_code AS exit_code,
       attempt.seconds AS seconds, attempt.peak_memory AS peak_memory, attempt.started_at AS started_at
FROM attempt JOIN step ON step.id = attempt.step_id ORDER BY attempt.id DESC LIMIT {NEWEST}
"""
_STAGE = re.compile(r"[a-z]{2,20}")


def summary(url: str) -> dict[str, Any]:
    """Return the number of jobs and steps in each state, and the newest attempts. Empty if nothing can be read."""
    try:
        with snapshot(url) as rows:
            return {} if rows is None else _summary(rows)
    except StoreError:
        return {}


def _summary(rows: Rows) -> dict[str, Any]:
    jobs = rows("SELECT state, waiting_for, count(*) AS number FROM job GROUP BY state, waiting_for")
    steps = rows("SELECT stage, state, count(*) AS number FROM step GROUP BY stage, state")
    return {
        "jobs": [dict(row) for row in jobs],
        "steps": [dict(row) for row in steps],
        "attempts": [_attempt(row) for row in _known(rows(_ATTEMPTS))],
    }


def _known(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if _STAGE.fullmatch(row["stage"])]


def _attempt(row: Row) -> dict[str, Any]:
    classes = {error.__name__ for error in every_error()}
    error = row["error"] if row["error"] in classes else ("another" if row["error"] else None)
    return {**row, "error": error}
