"""Which jobs a list shows, and the pages of a long one. An index returns them in order, whatever is left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from dropdub.store.states import ENDED, LISTED, JobState
from dropdub.store.views.build import AT_WORK, Work
from dropdub.store.views.progress import Row
from dropdub.store.views.rows import Rows, listed

OPEN_FIRST = (JobState.RUNNING, JobState.WAITING, JobState.CLAIMING, JobState.QUEUED)
"""The order of unfinished jobs in a list."""
_ASCII_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_FAILED_WITH = """(id, round) IN (
    SELECT step.job_id, step.round FROM attempt JOIN step ON step.id = attempt.step_id
    WHERE attempt.outcome = 'failed' AND attempt.error_class = :error AND step.state = 'failed')"""


@dataclass(frozen=True)
class Chosen:
    """The jobs that are meant: in one of `states` (none: in any), with a `text` in their names, whatever its case, and
    failed with the `error` of this class. `asked`: also what only answers a client, such as a text that is spoken.
    """

    states: Sequence[str] = ()
    text: str = ""
    error: str = ""
    asked: bool = False


@dataclass(frozen=True)
class Listing:
    """Reads the rows of the jobs that are meant."""

    rows: Rows
    chosen: Chosen = field(default_factory=Chosen)

    def oldest(self, state: str, most: int) -> Sequence[Row]:
        """Return jobs in a state, the oldest first."""
        return self._jobs(state, "ORDER BY id LIMIT :most", {"most": most})

    def newest_ended(self, state: str, most: int) -> Sequence[Row]:
        """Return jobs in a state that an end is, the one that ended last first."""
        return self._jobs(state, "ORDER BY finished_at DESC LIMIT :most", {"most": most})

    def numbers(self, states: Sequence[str], *, before: int, most: int) -> list[int]:
        """Return the ids below `before` of jobs in these states, the highest first: the newest jobs."""
        condition, values = self._condition()
        found: list[int] = []
        where = f"state = :state AND id < :before AND {condition}"
        for state in states:
            sql = f"SELECT id FROM job WHERE {where} ORDER BY id DESC LIMIT :most"
            found += [row["id"] for row in self.rows(sql, state=str(state), before=before, most=most, **values)]
        return sorted(found, reverse=True)[:most]

    def counts(self) -> dict[str, int]:
        """Return the number of jobs in each state, whatever their names and errors."""
        condition = _origins(asked=self.chosen.asked)
        found = self.rows(f"SELECT state, count(*) AS jobs FROM job WHERE {condition} GROUP BY state")
        return {state.value: 0 for state in JobState} | {row["state"]: row["jobs"] for row in found}

    def by_number(self, numbers: Sequence[int]) -> list[Row]:
        """Return jobs by their ids, the highest first."""
        ids, values = listed(numbers, "i")
        found = self.rows(f"SELECT * FROM job WHERE id IN {ids} ORDER BY id DESC", **values) if numbers else []
        return list(found)

    def _jobs(self, state: str, order: str, values: Mapping[str, Any]) -> Sequence[Row]:
        condition, more = self._condition()
        return self.rows(
            f"SELECT * FROM job WHERE state = :state AND {condition} {order}", state=state, **values, **more
        )

    def _condition(self) -> tuple[str, dict[str, str]]:
        conditions, values = [_origins(asked=self.chosen.asked)], {}
        if self.chosen.text:
            patterns = _patterns(self.chosen.text)
            values = {f"text{number}": pattern for number, pattern in enumerate(patterns)}
            conditions.append("(" + " OR ".join(f"lower(name) LIKE :{key} ESCAPE '!'" for key in values) + ")")
        if self.chosen.error:
            conditions.append(_FAILED_WITH)
            values["error"] = self.chosen.error
        return " AND ".join(conditions), values


def error_classes(rows: Rows) -> list[tuple[str, int]]:
    """Return the classes of the errors with which jobs have failed, and how many; the most frequent first."""
    sql = f"""SELECT attempt.error_class AS name, count(DISTINCT step.job_id) AS jobs
              FROM step JOIN job ON job.id = step.job_id AND job.round = step.round
                        JOIN attempt ON attempt.step_id = step.id AND attempt.outcome = 'failed'
              WHERE step.state = 'failed' AND job.state = 'failed' AND attempt.error_class IS NOT NULL AND {LISTED}
              GROUP BY attempt.error_class ORDER BY jobs DESC, name LIMIT 50"""
    return [(row["name"], row["jobs"]) for row in rows(sql)]


def recorded_states(states: Sequence[str], work: Work) -> Sequence[str]:
    """Return the states in which jobs are recorded that are shown in `states`: what cannot run now waits."""
    wanted = list(states or JobState)
    if work != AT_WORK and {JobState.RUNNING, JobState.WAITING} & set(wanted):
        return list(dict.fromkeys([*wanted, JobState.RUNNING, JobState.WAITING]))
    return wanted


def in_order(listing: Listing, states: Sequence[str], most: int) -> Iterator[Row]:
    """Yield at most `most` jobs: the unfinished first, as `OPEN_FIRST` has them, then the ended ones, newest first."""
    left = most
    for state in (state for state in OPEN_FIRST if state in states):
        found = listing.oldest(state, left) if left else ()
        left -= len(found)
        yield from found
    ended = [job for state in ENDED if state in states and left for job in listing.newest_ended(state, left)]
    ended.sort(key=lambda job: (job["finished_at"] or 0.0, job["id"]), reverse=True)
    yield from ended[:left]


def _origins(*, asked: bool) -> str:
    return "1 = 1" if asked else LISTED


def _patterns(text: str) -> list[str]:
    """Return what the lower case of a name is compared with.

    SQLite lowers only ASCII letters. A name that begins with a capital letter, and one in capitals, are found anyway.
    """
    plain = unicodedata.normalize("NFC", text)
    ways = dict.fromkeys(way.translate(_ASCII_LOWER) for way in (plain.lower(), plain.upper(), plain.title()))
    return [f"%{''.join(f'!{char}' if char in '!%_' else char for char in way)}%" for way in ways]
