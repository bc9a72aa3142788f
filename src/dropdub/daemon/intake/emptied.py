"""Remove folders of the inbox that became empty because their files were taken.

Only an empty folder can be removed this way, however the removal comes about. A folder that no file was taken from
stays, and so does the folder of a profile: a person keeps it there. A copy may be creating further files, so a folder
is removed only after a while without a change.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Collection
from pathlib import Path

from dropdub.files.held import held
from dropdub.files.removal import remove_empty


class EmptiedFolders:
    """The folders that files were taken from. Times are monotonic seconds."""

    def __init__(self, top: Path, *, profiles: Collection[str] = (), wait_s: float) -> None:
        """`top`: the inbox; `profiles`: names of folders in it that stay. `wait_s`: time without a change."""
        self._top = top
        self._profiles = {name.casefold() for name in profiles}
        self._wait_s = wait_s
        self._due: dict[Path, float] = {}

    def taken_from(self, folder: Path, now: float) -> None:
        """Record that a file was taken from a folder below the inbox."""
        if folder != self._top and folder.is_relative_to(self._top):
            self._due[folder] = now + self._wait_s

    def taken_from_before(self, folder: Path, now: float, *, ended_at: float) -> None:
        """Record a folder that a file was taken from in an earlier run; its job ended at `ended_at`, in Unix seconds.

        A folder that has changed since is left alone: somebody may have created it again.
        """
        with contextlib.suppress(OSError):
            if os.lstat(folder).st_mtime <= ended_at:
                self.taken_from(folder, now)

    @property
    def next_due(self) -> float:
        """Return when to look at the next folder; infinity if there is none."""
        return min(self._due.values(), default=math.inf)

    def tick(self, now: float) -> None:
        """Remove the folders that are empty and have not changed for long enough; those with a file in it stay."""
        for folder in [folder for folder, due in self._due.items() if due <= now]:
            del self._due[folder]
            waiting = self._remove_quiet(folder, self._wait_s)
            if waiting is not None and (age_s := self._changed_s_ago(waiting)) is not None:
                self._due[waiting] = now + max(0.0, self._wait_s - age_s)

    def finish(self, *, wait_s: float) -> None:
        """Remove what is empty and unchanged for `wait_s`, and parents that become empty: at the end of a run."""
        for folder in sorted(self._due, key=lambda folder: len(folder.parts), reverse=True):
            self._remove_quiet(folder, wait_s)
        self._due.clear()

    def _remove_quiet(self, folder: Path, wait_s: float) -> Path | None:
        """Remove a folder, and its parents that become empty; return the first that has not been quiet for long.

        What these removals themselves change is no change: the ages are taken before them.
        """
        around = [place for place in (folder, *folder.parents) if self._top in place.parents]
        ages = {place: self._changed_s_ago(place) for place in around}
        for place, age_s in ages.items():
            if age_s is not None and age_s < wait_s:
                return place
            if self._is_kept(place) or not self._removed(place):
                break
        return None

    def _removed(self, folder: Path) -> bool:
        """Remove a folder if it is empty; return whether it is gone."""
        with contextlib.suppress(OSError), held(self._top, *folder.parent.relative_to(self._top).parts) as parent:
            remove_empty(parent, folder.name)
            return not parent.has(folder.name)
        return False

    def _is_kept(self, folder: Path) -> bool:
        return folder.parent == self._top and folder.name.casefold() in self._profiles

    def _changed_s_ago(self, folder: Path) -> float | None:
        """Return how long ago something was created or removed in a folder; None if it is gone."""
        try:
            return max(0.0, time.time() - os.lstat(folder).st_mtime)
        except OSError:
            return None
