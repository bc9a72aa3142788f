"""Removing files and folders. Everything that Dropdub removes goes through here.

The rule: **a file that may be the only copy of an original is never removed.** Originals, with their sidecars and
subtitles, are files that a person dropped. Dropdub keeps them in `source/` of a job's folder while it works, else in
the inbox, `archive/` and `failed/`. So

- `remove_tree` takes what jobs made and spares each `source/` of a numbered folder that holds a file, whoever calls;
- `remove` takes single files that Dropdub wrote itself, and refuses what lies in such a `source/`;
- `remove_copied` and `remove_taken` (in a folder that others may write to) are the only ways to remove an original:
  after another file was proven to hold all of it;
- `remove_part`, `remove_parts` and `remove_stale_parts` take what cut-off writes of Dropdub's own files have left;
- `remove_files` and `remove_empty` take a staging folder, which is held open, and nothing below it;
- `remove_given_copy` removes the copy of a file that a person named, while that file is there as it was.

`tests/unit/test_removal.py` lists every caller, and fails for one that removes in another way.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

from dropdub.errors import OriginalKept
from dropdub.failpoints import reach
from dropdub.files.durable import ExcInfo, blocks, names_of_part, numbered, part_name, patiently
from dropdub.files.held import HeldFolder, read_regular

SOURCE = "source"
"""The folder of a job in which its original lies while it is worked on: `work/7/source/`."""

_STALE_S = 3600.0


def is_source(folder: Path) -> bool:
    """Return whether originals lie in a folder, by its place: `source` in a folder with a job's number."""
    return folder.name == SOURCE and folder.parent.name.isdecimal()


def remove(path: Path) -> None:
    """Delete a file of Dropdub's own making, if it is there. Raises OriginalKept where originals lie."""
    if is_source(path.parent):
        raise OriginalKept(f"{path} may be the only copy of an original, and was not removed.")
    _remove(path)


def remove_copied(original: Path, copy: Path) -> None:
    """Delete an original of which another file was found to hold every byte, or the rest of a copy of it.

    Raises OriginalKept where `copy` does not begin with all that `original` holds, or is the same file.
    """
    with HeldFolder.open(original.parent) as folder:
        remove_taken(folder, original.name, copy)


def remove_taken(folder: HeldFolder, name: str, copy: Path) -> None:
    """Delete an original from a folder that others may write to, once a file or link in our own holds all of it.

    Raises OriginalKept where `copy` does not begin with all that it holds, or is the same file; so, too, where the
    original was changed or another file got its name meanwhile.
    """
    with _compared(folder, name, copy) as seen:
        if seen is None:
            raise _kept(folder, name, copy)
        if sys.platform != "win32":  # while it is open: no other file gets its number
            _remove_seen(folder, name, copy, seen)
    if sys.platform == "win32":  # where nobody renames an open file
        _remove_seen(folder, name, copy, seen)


def holds_taken(copy: Path, folder: HeldFolder, name: str) -> bool:
    """Return what `holds` does of an original in a folder that others may write to: no link to it is followed."""
    with _compared(folder, name, copy) as seen:
        return seen is not None


@contextlib.contextmanager
def _compared(folder: HeldFolder, name: str, copy: Path) -> Iterator[os.stat_result | None]:
    """Give what was known of an original before it was compared, which is open meanwhile; None: `copy` differs."""
    info, kept = folder.look(name), copy.lstat()
    if stat.S_ISLNK(info.st_mode) or stat.S_ISLNK(kept.st_mode):
        yield info if info.st_mode == kept.st_mode and folder.readlink(name) == copy.readlink() else None
    elif os.path.samestat(info, kept) or kept.st_size < info.st_size:
        yield None
    else:
        with folder.read(name) as one, read_regular(copy) as other:
            seen = os.fstat(one.fileno())
            yield seen if _begins_with(other, one) else None


def _remove_seen(folder: HeldFolder, name: str, copy: Path, seen: os.stat_result) -> None:
    """Delete an entry that is still what was compared.

    It gets a name first that nobody else knows: by its own name, what was saved there meanwhile would be deleted.
    """
    reach("remove.before")
    hidden = part_name(name)
    patiently(lambda: folder.rename(name, folder, hidden))
    found = folder.look(hidden)
    if not os.path.samestat(found, seen) or _look(found) != _look(seen):
        _rename_back(folder, hidden, name)
        raise _kept(folder, name, copy)
    _unlink_held(folder, hidden)


def _rename_back(folder: HeldFolder, hidden: str, name: str) -> None:
    for number in count(1):
        with contextlib.suppress(FileExistsError):
            wanted = numbered(name, number)
            patiently(lambda wanted=wanted: folder.rename(hidden, folder, wanted))  # type: ignore[misc]
            return


def _look(info: os.stat_result) -> tuple[int, int]:
    return info.st_size, info.st_mtime_ns


def _kept(folder: HeldFolder, name: str, copy: Path) -> OriginalKept:
    return OriginalKept(f"{folder.path / name} was not removed: {copy} does not hold the same.")


def remove_outgrown(copy: Path, folder: HeldFolder, name: str) -> None:
    """Delete a copy if an original in a folder that others may write to begins with all of it.

    Raises OriginalKept where it does not, and OSError where it is no file.
    """
    if not begins_with_all_of(folder, name, copy):
        raise OriginalKept(f"{copy} was not removed: {folder.path / name} does not hold the same.")
    _remove(copy)


def begins_with_all_of(folder: HeldFolder, name: str, copy: Path) -> bool:
    """Return whether a file in a folder that others may write to begins with all that a copy, another file, holds.

    Raises OSError where it is no file.
    """
    with folder.read(name) as whole, read_regular(copy) as one:
        is_same = os.path.samestat(os.fstat(whole.fileno()), os.fstat(one.fileno()))
        return not is_same and _begins_with(whole, one)


def remove_cut_off(copy: Path, folder: HeldFolder, name: str) -> None:
    """Delete what copies to `copy` have left that were cut off, each if the original in `folder` holds all of it."""
    for part in _parts_of(copy):
        with contextlib.suppress(OSError, OriginalKept):
            remove_outgrown(part, folder, name)


def remove_copied_parts(copy: Path, original: Path) -> None:
    """Delete what copies to `copy` have left that were cut off, each if `original` holds all of it."""
    for part in _parts_of(copy):
        with contextlib.suppress(OSError, OriginalKept):
            remove_copied(part, original)


def remove_parts(folder: HeldFolder, name: str) -> None:
    """Delete what earlier writes of a file of Dropdub's own making have left that were cut off."""
    wanted = names_of_part(part_name(name))[0]
    for part in folder.names() if not is_source(folder.path) else ():
        if wanted in names_of_part(part):
            _remove_held(folder, part)


def remove_part(folder: HeldFolder, part: str) -> None:
    """Delete a temporary file by its own name."""
    if names_of_part(part) and not is_source(folder.path):
        _remove_held(folder, part)


def remove_files(folder: HeldFolder, *, last: str) -> None:
    """Delete the files of a folder of Dropdub's own making, the one by which it is known at the `last`.

    Raises OriginalKept where originals lie, and OSError.
    """
    if is_source(folder.path):
        raise OriginalKept(f"{folder.path} may hold originals, and was not cleared.")
    for name in sorted(folder.names(), key=last.__eq__):
        _remove_held(folder, name)


def remove_stale_parts(folder: Path) -> None:
    """Delete what writes have left in a folder of Dropdub's own that were cut off at least an hour ago."""
    for part in folder.glob(".*.part") if not is_source(folder) else ():
        name = names_of_part(part.name)
        if (
            len(name) > 1 and time.time() - part.lstat().st_mtime > _STALE_S
        ):  # only those with a random part are its own
            _remove(part)


def _parts_of(path: Path) -> list[Path]:
    wanted = names_of_part(part_name(path.name))[0]
    return [part for part in path.parent.glob(".*.part") if wanted in names_of_part(part.name)]


def remove_given_copy(copy: Path, given: Path) -> None:
    """Delete the copy that was taken of a file, if that file still has the size and time, or the content, of the copy.

    Else the copy stays: it may be all that is left of what was copied.
    """
    try:
        one, other = copy.stat(), given.stat()
        is_unchanged = (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
        is_there = not copy.samefile(given) and (is_unchanged or (one.st_size == other.st_size and holds(given, copy)))
    except OSError:  # whatever it is: the copy can stay
        return
    if is_there:
        _remove(copy)


def holds(copy: Path, original: Path) -> bool:
    """Return whether one file begins with all that another holds; of links, whether both lead to the same place."""
    with HeldFolder.open(original.parent) as folder:
        return holds_taken(copy, folder, original.name)


def _begins_with(copy: BinaryIO, original: BinaryIO) -> bool:
    return all(block == copy.read(len(block)) for block in blocks(original))


def remove_tree(folder: Path) -> list[Path]:
    """Delete a folder of Dropdub's own making, if it is there, but no original in it; return the originals kept.

    Raises OSError if something cannot be listed or removed.
    """
    reach("remove-tree.before")
    kept = sorted(originals_in(folder))
    if kept:
        _clear_around({path.parent for path in kept}, folder)
    else:
        patiently(lambda: _clear(folder))
    reach("remove-tree.after")
    return kept


def remove_empty(folder: HeldFolder, name: str) -> None:
    """Delete a folder in a held one, if it is there and nothing is in it."""
    with contextlib.suppress(OSError):
        os.rmdir(folder.at(name), dir_fd=folder.dir_fd)


def originals_in(folder: Path) -> Iterator[Path]:
    """Yield the files and links that lie where originals do: in the folder itself, or anywhere below it.

    Raises OSError if a folder cannot be listed: what is not seen may be there.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            return
    except (FileNotFoundError, NotADirectoryError):
        return
    for place, folders, files in os.walk(folder, onerror=_refuse):
        here = Path(place)
        if any(is_source(one) for one in (here, *here.parents) if one.is_relative_to(folder)):
            yield from (here / name for name in files)
            yield from (here / name for name in folders if (here / name).is_symlink())


def _refuse(error: OSError) -> None:
    raise error


def _clear_around(kept: set[Path], folder: Path) -> None:
    """Delete what lies in a folder, except the folders in `kept` and those that lead to them."""
    for entry in list(folder.iterdir()) if folder not in kept else ():
        if entry in kept:
            continue
        if any(place.is_relative_to(entry) for place in kept):
            _clear_around(kept, entry)
        elif entry.is_dir() and not entry.is_symlink():
            patiently(lambda gone=entry: _clear(gone))  # type: ignore[misc]
        else:
            _remove(entry)


def _clear(folder: Path) -> None:
    """Delete a tree in which no original lies."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder, onerror=_make_writable_and_retry)


def _remove(path: Path) -> None:
    reach("remove.before")
    patiently(lambda: _unlink(path))


def _remove_held(folder: HeldFolder, name: str) -> None:
    reach("remove.before")
    _unlink_held(folder, name)


def _unlink_held(folder: HeldFolder, name: str) -> None:
    if sys.platform == "win32":
        patiently(lambda: _unlink(folder.path / name))
    else:
        os.unlink(name, dir_fd=folder.handle)


def _unlink(path: Path) -> None:
    """Delete a file, also one that is marked read-only, which Windows refuses."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if sys.platform != "win32" or os.access(path, os.W_OK):
            raise
        path.chmod(stat.S_IWRITE)
        path.unlink(missing_ok=True)


def _make_writable_and_retry(remove_one: Callable[..., object], path: str, failed: ExcInfo) -> None:
    """Continue the removal of a tree if a file in it is marked read-only."""
    if sys.platform != "win32" or not isinstance(failed[1], PermissionError) or os.access(path, os.W_OK):
        raise failed[1]
    Path(path).chmod(stat.S_IWRITE)
    remove_one(path)
