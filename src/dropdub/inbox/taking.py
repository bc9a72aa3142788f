"""Take a dropped file, with its sidecar and subtitle, out of a folder that others may write to.

The file taken is the file that was scanned: the folders on the way are held open, and none may be a link; each file is
compared before it is moved, and again in the work folder, where nobody else can replace it. A different file is put
back.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dropdub.errors import BadSidecar, NotAFile
from dropdub.failpoints import reach
from dropdub.files.held import NOT_ENTERED, HeldFolder, held
from dropdub.inbox.file_identity import Identity
from dropdub.inbox.move_file import CannotMove, still_written_error
from dropdub.inbox.passage import Passage, Replaced, compare, is_own
from dropdub.inbox.recorded_files import CHANGED, VANISHED, Absent, Taken, Wanted
from dropdub.inbox.settle import still_written
from dropdub.inbox.side_files import companion_beside, sidecar_beside


@dataclass(frozen=True)
class _Beside:
    """A sidecar or subtitle: its path, its new name, and its identity when it was scanned, if known."""

    path: Path
    target: str
    seen: Identity | None
    place: str


def take(wanted: Wanted, source_dir: Path, expected: Identity) -> Taken | Absent:
    """Move a dropped file, then its sidecar and subtitle; continue where an interrupted call stopped.

    Raises StillWritten, BadSidecar if a file next to a retried one belongs to another owner, NotAFile if a file was
    replaced and cannot be put back, TooLarge if it must be copied and exceeds the limit, CannotMove and OSError.
    """
    with _source_folder(source_dir) as goal, ExitStack() as stack:
        try:
            folder = stack.enter_context(_held_below(wanted.path.parent, wanted))
        except OSError as error:
            if error.errno not in NOT_ENTERED:
                raise
            return _already_taken(wanted, goal, expected)
        if wanted.is_again and folder.has(wanted.path.name):
            expected = Identity.of_stat(folder.look(wanted.path.name))
        passage = Passage(folder, goal, wanted.room)
        return _Taking(wanted, passage, expected, _passages_of(wanted, passage, stack)).run()


def _passages_of(wanted: Wanted, passage: Passage, stack: ExitStack) -> dict[Path, Passage]:
    """Return the passage from each folder: the file's own, and that of a subtitle beside it, if it is still there."""
    passages = {wanted.path.parent: passage}
    other = wanted.companion.parent if wanted.companion else wanted.path.parent
    if other not in passages:
        try:
            folder = stack.enter_context(_held_below(other, wanted))
        except OSError as error:
            if error.errno not in NOT_ENTERED:
                raise
        else:
            passages[other] = Passage(folder, passage.goal, wanted.room)
    return passages


@contextmanager
def _source_folder(source_dir: Path) -> Iterator[HeldFolder]:
    """Hold the job's source folder open. Raises CannotMove if it is a link or a file."""
    with ExitStack() as stack:
        try:
            goal = stack.enter_context(held(source_dir.parents[1], source_dir.parent.name, source_dir.name))
        except OSError as error:
            if error.errno not in NOT_ENTERED:
                raise
            raise CannotMove(
                f"{source_dir} is a link or not a folder, so nothing is moved there.",
                condition="folder",
                remedy="Remove it; the job then resumes automatically.",
            ) from error
        yield goal


@contextmanager
def _held_below(folder: Path, wanted: Wanted) -> Iterator[HeldFolder]:
    top = wanted.within if wanted.within and folder.is_relative_to(wanted.within) else folder
    with held(top, *folder.relative_to(top).parts) as opened:
        yield opened


def _already_taken(wanted: Wanted, goal: HeldFolder, expected: Identity) -> Taken | Absent:
    """Return the files that an earlier call brought; the folder they came from is gone or was replaced.

    Raises NotAFile for a file that is not the one that was scanned: there is no folder to put it back into.
    """
    if not goal.has(wanted.name):
        return VANISHED
    if not wanted.is_again:
        _check(goal, wanted.name, expected)
    places: dict[str, Path] = {}
    for one in _besides(wanted):
        if goal.has(one.target):
            _check(goal, one.target, one.seen)
            places[one.place] = goal.path / one.target
    return Taken(goal.path / wanted.name, **places)


def _check(goal: HeldFolder, name: str, seen: Identity | None) -> None:
    try:
        if seen is not None:
            compare(goal, name, seen)
        elif not stat.S_ISREG(goal.look(name).st_mode):
            raise Replaced
    except Replaced:
        message = f"{name} was replaced by another file before it was picked up."
        raise NotAFile(message, remedy="Drop it again.") from None


def _besides(wanted: Wanted) -> Iterator[_Beside]:
    source = Path(wanted.name)
    if wanted.sidecar is not None:
        yield _Beside(wanted.sidecar, sidecar_beside(source).name, wanted.sidecar_seen, "sidecar")
    if wanted.companion is not None:
        target = companion_beside(source, wanted.companion).name
        yield _Beside(wanted.companion, target, wanted.companion_seen, "companion")


@dataclass(frozen=True)
class _Taking:
    """Takes a file from a held folder to its job's source folder."""

    wanted: Wanted
    passage: Passage
    expected: Identity
    passages: Mapping[Path, Passage]
    """By the folder that they lead from."""

    @property
    def folder(self) -> HeldFolder:
        return self.passage.folder

    @property
    def goal(self) -> HeldFolder:
        return self.passage.goal

    def run(self) -> Taken | Absent:
        is_resumed = self.goal.has(self.wanted.name)
        if not is_resumed:
            absent = self._absent()
            if absent is not None:
                return absent
        brought: list[tuple[Passage, str, str]] = []
        try:
            return self._taken(brought, is_resumed=is_resumed)
        except Replaced:
            for passage, new_name, name in reversed(brought):
                passage.put_back(new_name, name)
            return CHANGED

    def _taken(self, brought: list[tuple[Passage, str, str]], *, is_resumed: bool) -> Taken:
        name, new_name = self.wanted.path.name, self.wanted.name
        is_copied = False
        if not is_resumed:
            is_copied = self.passage.bring(name, new_name, self.expected)
            reach("intake.file_moved")
        brought.append((self.passage, new_name, name))
        if not is_copied and not (is_resumed and self.wanted.is_again):
            compare(self.goal, new_name, self.expected)
        if not is_resumed:
            self._refuse_written(name, new_name)
        self._make_private(new_name)
        self.passage.remove_leftover(name, new_name, self.expected, is_resumed=is_resumed)
        places: dict[str, Path] = {}
        for one in _besides(self.wanted):
            if self._bring_beside(one, brought, is_resumed=is_resumed):
                places[one.place] = self.goal.path / one.target
            reach(f"intake.{one.place}_moved")
        return Taken(self.goal.path / new_name, **places)

    def _absent(self) -> Absent | None:
        """Return why the file, its sidecar or its subtitle is not as it was scanned; None if all are."""
        name = self.wanted.path.name
        try:
            found = self.folder.look(name)
        except FileNotFoundError:
            return VANISHED
        if Identity.of_stat(found) != self.expected:
            return CHANGED
        if still_written(self.folder.through(name)):
            raise still_written_error(self.wanted.path)
        for one in _besides(self.wanted):
            if self._is_replaced(one, found):
                return CHANGED
            passage = self.passages.get(one.path.parent)
            if passage and one.path == self.wanted.companion and still_written(passage.folder.through(one.path.name)):
                raise still_written_error(one.path)
        return None

    def _is_replaced(self, one: _Beside, owner: os.stat_result) -> bool:
        passage = self.passages.get(one.path.parent)
        if passage is None or not passage.folder.has(one.path.name):
            return one.seen is not None
        found = passage.folder.look(one.path.name)
        if one.seen is not None:
            return Identity.of_stat(found) != one.seen
        self._refuse_foreign(one, found, owner)
        return False

    def _bring_beside(self, one: _Beside, brought: list[tuple[Passage, str, str]], *, is_resumed: bool) -> bool:
        """Bring a sidecar or subtitle; return whether it exists. Raises Replaced and BadSidecar."""
        is_copied, passage = False, self.passages.get(one.path.parent)
        if not self.goal.has(one.target):
            if passage is None or not passage.folder.has(one.path.name):
                if one.seen is not None and not is_resumed:
                    raise Replaced
                return False  # a person has removed it
            is_copied = passage.bring(one.path.name, one.target, one.seen)
        passage = passage or self.passage  # its own folder is gone: it would be put back beside the recording
        brought.append((passage, one.target, one.path.name))
        found = self.goal.look(one.target)
        if one.seen is not None and not is_copied:
            compare(self.goal, one.target, one.seen)
        elif one.seen is None:
            self._refuse_foreign(one, found, self.goal.look(self.wanted.name), is_brought=True)
        if not stat.S_ISREG(found.st_mode):
            raise Replaced
        self._make_private(one.target, beside=self.wanted.name)
        passage.remove_leftover(one.path.name, one.target, one.seen, is_resumed=is_resumed)
        return True

    def _make_private(self, new_name: str, *, beside: str | None = None) -> None:
        if not self.wanted.is_ending:
            self.passage.make_private(new_name, beside=beside)

    def _refuse_written(self, name: str, new_name: str) -> None:
        if still_written(self.goal.path / new_name):
            self.passage.put_back(new_name, name)
            raise still_written_error(self.wanted.path)

    def _refuse_foreign(
        self, one: _Beside, found: os.stat_result, owner: os.stat_result, *, is_brought: bool = False
    ) -> None:
        """Raise BadSidecar for an unrecorded file that is not regular or is somebody else's; leave it or put it back.

        Files of this account, of root and of the folder's owner are accepted: a person may have repaired them.
        """
        trusted = (owner.st_uid, 0, self.folder.own().st_uid)
        if stat.S_ISREG(found.st_mode) and (found.st_uid in trusted or is_own(found)):
            return
        if is_brought:
            self.passages.get(one.path.parent, self.passage).put_back(one.target, one.path.name)
        raise BadSidecar(
            f"{one.path} is not a regular file, or it has a different owner than {self.wanted.path.name}.",
            remedy="Replace it with a file of the same owner, or remove it, then run: `dropdub retry JOB`.",
        )
