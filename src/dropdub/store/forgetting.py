"""Forget ended jobs: first what each has left on the disk under its number, then its rows."""

from __future__ import annotations

from collections.abc import Sequence

from dropdub.files.removal import remove, remove_tree
from dropdub.root import Root
from dropdub.store import transitions
from dropdub.store.database import Store

AT_ONCE = 100
"""Jobs that are deleted in one transaction: others wait for it."""


def forget_jobs(store: Store, root: Root, numbers: Sequence[int]) -> set[int]:
    """Forget these jobs, all of which have ended; return those that are gone.

    One whose files cannot be removed now, because a program on Windows has one open, is kept. SQLite gives the highest
    number again after its job is deleted: with the files of the earlier job, the later one would seem to be answered.
    """
    gone: set[int] = set()
    for first in range(0, len(numbers), AT_ONCE):
        cleared = [number for number in numbers[first : first + AT_ONCE] if _has_left_nothing(root, number)]
        gone.update(transitions.forget_jobs(store, cleared))
    return gone


def remove_traces(root: Root, number: int) -> None:
    """Remove a job's log, its answer, its drafts, and what it kept for a retry. Raises OSError."""
    remove_tree(root.results_dir(number))
    remove_tree(root.kept_dir(number))
    remove_tree(root.drafts_dir(number))
    remove(root.job_log(number))


def _has_left_nothing(root: Root, number: int) -> bool:
    try:
        remove_traces(root, number)
    except OSError:
        return False
    return True
