"""Remove files and folders. Everything that Dropdub removes goes through this module.

The rule: **a file that may be the only copy of an original is never removed.** Originals, with their sidecars and
subtitles, are files that a person dropped. Dropdub keeps them in `source/` of a job's folder while it works, and
otherwise in the inbox, `archive/` and `failed/`. A file that was sent over the network is one, too, from the moment it
is complete: it is then moved to `file/` of its upload's folder, until a job takes it. Therefore:

- `remove_tree` removes what jobs made, but keeps every `source/` of a numbered folder that contains a file, and every
  `file/` of an upload;
- `remove` removes single files that Dropdub wrote, and refuses files in such a `source/`;
- `remove_copied` and `remove_taken` (in a folder that others may write to) are the only ways to remove an original:
  after a comparison has proven that another file has all of its content; `remove_copied_hidden` and `remove_hidden`
  finish what a crash interrupted there;
- `remove_part`, `remove_parts` and `remove_stale_parts` remove what interrupted writes of Dropdub's own files left;
- `remove_published` removes the files that a job's manifest lists, and nothing else in their folder;
- `remove_files` and `remove_empty` remove a staging folder, which is held open, and nothing below it;
- `remove_expired_upload` removes a complete upload that has stayed unchanged for as long as uploads are kept, although
  no job was made of it: its sender was never answered that it was accepted;
- `remove_sent` removes a file that came with a request, once that is answered: it belongs to its sender;
- `remove_given_copy` removes the copy of a file that a user named, if that file still exists unchanged.

`tests/unit/test_removal.py` lists every caller and fails if a file is removed in any other way.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

from dropdub.errors import OriginalKept
from dropdub.failpoints import reach
from dropdub.files.durable import ExcInfo, blocks, names_of_part, numbered, part_name, patiently
from dropdub.files.held import HeldFolder, read_regular

SOURCE = "source"
"""The folder of a job that holds its original while the job is unfinished: `work/7/source/`."""

UPLOADS = "uploads"
"""The folder of the uploads in the work folder: `work/uploads/ID/`."""
UPLOADED = "file"
"""The folder of an upload that holds its file once it is complete: `work/uploads/ID/file/`."""
UPLOAD_ID = re.compile(r"[0-9a-f]{32}")

_STALE_S = 3600.0


def is_source(folder: Path) -> bool:
    """Return whether a folder holds originals, judging by its path.

    That is `source` in a folder with a job's number, and `file` in an upload's folder.
    """
    return (folder.name == SOURCE and folder.parent.name.isdecimal()) or (
        folder.name == UPLOADED
        and folder.parent.parent.name == UPLOADS
        and UPLOAD_ID.fullmatch(folder.parent.name) is not None
    )


def remove(path: Path) -> None:
    """Delete a file that Dropdub wrote, if it exists. Raises OriginalKept if its folder holds originals."""
    if is_source(path.parent):
        raise OriginalKept(f"{path} may be the only copy of an original and was not removed.")
    _remove(path)


def remove_copied(original: Path, copy: Path) -> None:
    """Delete an original, or an incomplete copy, after comparing that `copy` has all of its content.

    Raises OriginalKept if `copy` does not begin with the content of `original`, or is the same file.
    """
    with HeldFolder.open(original.parent) as folder:
        remove_taken(folder, original.name, copy)


def remove_taken(folder: HeldFolder, name: str, copy: Path) -> None:
    """Delete an original from a folder that others may write to, after comparing that `copy` has all of its content.

    Raises OriginalKept if `copy` does not begin with its content or is the same file, and if the original was changed
    or replaced meanwhile.
    """
    with _compared(folder, name, copy) as seen:
        if seen is None:
            raise _kept(folder, name, copy)
        if sys.platform != "win32":  # while it is open, its inode number cannot be reused
            _remove_seen(folder, name, copy, seen)
    if sys.platform == "win32":  # an open file cannot be renamed there
        _remove_seen(folder, name, copy, seen)


def holds_taken(copy: Path, folder: HeldFolder, name: str) -> bool:
    """Do the same as `holds` for an original in a folder that others may write to: no link to it is followed."""
    with _compared(folder, name, copy) as seen:
        return seen is not None


@contextlib.contextmanager
def _compared(folder: HeldFolder, name: str, copy: Path) -> Iterator[os.stat_result | None]:
    """Yield the original's status before the comparison, and keep it open meanwhile; None if `copy` differs."""
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
    """Delete an entry if it is still the file that was compared; otherwise raise OriginalKept.

    It is first renamed to a name that nobody else knows: under its own name, a file that was saved there meanwhile
    would be deleted.
    """
    reach("remove.before")
    hidden = part_name(_visible_name(name))
    patiently(lambda: folder.rename(name, folder, hidden))
    reach("remove.hidden")
    found = folder.look(hidden)
    if not os.path.samestat(found, seen) or _size_and_time(found) != _size_and_time(seen):
        _rename_back(folder, hidden, name)
        raise _kept(folder, name, copy)
    _unlink_held(folder, hidden)


def _visible_name(name: str) -> str:
    """Return the name of an original that may have a hidden one: that of a partial copy, or of a removal."""
    return next(iter(names_of_part(name)), name)


def remove_hidden(folder: HeldFolder, name: str, copy: Path) -> None:
    """Finish interrupted removals of an original: delete what they left under hidden names, if `copy` has its content.

    Nothing else would remove such a file, and in the inbox it would stay invisible for ever.
    """
    wanted = _made_for(part_name(_visible_name(name)))
    for hidden in (part for part in folder.names() if _made_for(part) == wanted):
        with contextlib.suppress(OSError, OriginalKept):
            if folder.look(hidden).st_size == copy.lstat().st_size:
                remove_taken(folder, hidden, copy)


def remove_copied_hidden(original: Path, copy: Path) -> None:
    """Do the same as `remove_hidden` for an original in one of Dropdub's own folders, if that folder exists."""
    with contextlib.suppress(FileNotFoundError), HeldFolder.open(original.parent) as folder:
        remove_hidden(folder, original.name, copy)


def _rename_back(folder: HeldFolder, hidden: str, name: str) -> None:
    for number in count(1):
        with contextlib.suppress(FileExistsError):
            wanted = numbered(name, number)
            patiently(lambda wanted=wanted: folder.rename(hidden, folder, wanted))  # type: ignore[misc]
            return


def _size_and_time(info: os.stat_result) -> tuple[int, int]:
    return info.st_size, info.st_mtime_ns


def _kept(folder: HeldFolder, name: str, copy: Path) -> OriginalKept:
    return OriginalKept(f"{folder.path / name} was not removed: {copy} does not have the same content.")


def remove_outgrown(copy: Path, folder: HeldFolder, name: str) -> None:
    """Delete a copy if an original in a folder that others may write to begins with the copy's content.

    Raises OriginalKept if it does not, and OSError if it is not a regular file.
    """
    if not begins_with_all_of(folder, name, copy):
        raise OriginalKept(f"{copy} was not removed: {folder.path / name} does not have the same content.")
    _remove(copy)


def begins_with_all_of(folder: HeldFolder, name: str, copy: Path) -> bool:
    """Return whether a file in a folder that others may write to begins with the content of `copy`, a different file.

    Raises OSError if it is not a regular file.
    """
    with folder.read(name) as whole, read_regular(copy) as one:
        is_same = os.path.samestat(os.fstat(whole.fileno()), os.fstat(one.fileno()))
        return not is_same and _begins_with(whole, one)


def remove_cut_off(copy: Path, folder: HeldFolder, name: str) -> None:
    """Delete the partial files of interrupted copies to `copy`, each if the original in `folder` has its content."""
    for part in _parts_of(copy):
        with contextlib.suppress(OSError, OriginalKept):
            remove_outgrown(part, folder, name)


def remove_copied_parts(copy: Path, original: Path) -> None:
    """Delete the partial files of interrupted copies to `copy`, each if `original` has all its content."""
    for part in _parts_of(copy):
        with contextlib.suppress(OSError, OriginalKept):
            remove_copied(part, original)


def remove_parts(folder: HeldFolder, name: str) -> None:
    """Delete the partial files of interrupted writes of a file that Dropdub creates."""
    for part in _parts_among(folder.names(), name) if not is_source(folder.path) else ():
        _remove_held(folder, part)


def remove_part(folder: HeldFolder, part: str) -> None:
    """Delete a temporary file by its own name."""
    if names_of_part(part) and not is_source(folder.path):
        _remove_held(folder, part)


def remove_files(folder: HeldFolder, *, last: str) -> None:
    """Delete the files in a folder that Dropdub created; the file `last`, which identifies the folder, comes last.

    Raises OriginalKept if the folder holds originals, and OSError.
    """
    if is_source(folder.path):
        raise OriginalKept(f"{folder.path} may hold originals and was not cleared.")
    for name in sorted(folder.names(), key=last.__eq__):
        _remove_held(folder, name)


def remove_published(folder: HeldFolder, names: Collection[str]) -> None:
    """Delete the files with these names in a folder of the outbox, and the folder itself if nothing else is in it.

    Links are left, and folders, and whatever a person has put beside them. Raises OriginalKept if the folder holds
    originals, and OSError.
    """
    if is_source(folder.path):
        raise OriginalKept(f"{folder.path} may hold originals and was not cleared.")
    for name in names:
        if _is_plain(folder, name):
            _remove_held(folder, name)
    if not folder.names():
        with HeldFolder.open(folder.path.parent) as parent:
            remove_empty(parent, folder.path.name)


def _is_plain(folder: HeldFolder, name: str) -> bool:
    """Return whether a name is that of a file directly in a folder, and not of a link."""
    if len(Path(name).parts) != 1 or name in (".", ".."):
        return False
    try:
        return stat.S_ISREG(folder.look(name).st_mode)
    except (FileNotFoundError, ValueError):
        return False


def remove_stale_parts(folder: Path) -> None:
    """Delete the partial files in one of Dropdub's own folders whose writes were interrupted over an hour ago."""
    for part in folder.glob(".*.part") if not is_source(folder) else ():
        if _made_for(part.name) is not None and time.time() - part.lstat().st_mtime > _STALE_S:
            _remove(part)


def _parts_of(path: Path) -> list[Path]:
    names = [part.name for part in path.parent.glob(".*.part")]
    return [path.with_name(part) for part in _parts_among(names, path.name)]


def _parts_among(names: Iterable[str], name: str) -> list[str]:
    """Return which of the names are temporary ones of the file `name`."""
    wanted = names_of_part(part_name(name))[0]
    return [part for part in names if wanted in names_of_part(part)]


def _made_for(part: str) -> str | None:
    """Return the file that a temporary name is for; None without a random part, because Dropdub's own have one."""
    names = names_of_part(part)
    return names[0] if len(names) > 1 else None


def remove_given_copy(copy: Path, given: Path) -> None:
    """Delete the copy of a named file if that file still has the copy's size and time, or its content.

    Otherwise the copy stays: it may be the only one left.
    """
    try:
        one, other = copy.stat(), given.stat()
        is_unchanged = (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)
        is_there = not copy.samefile(given) and (is_unchanged or (one.st_size == other.st_size and holds(given, copy)))
    except OSError:  # whatever the reason, keeping the copy is safe
        return
    if is_there:
        _remove(copy)


def holds(copy: Path, original: Path) -> bool:
    """Return whether `copy` begins with the content of `original`; for links, whether both have the same target."""
    with HeldFolder.open(original.parent) as folder:
        return holds_taken(copy, folder, original.name)


def _begins_with(copy: BinaryIO, original: BinaryIO) -> bool:
    return all(block == copy.read(len(block)) for block in blocks(original))


def remove_tree(folder: Path) -> list[Path]:
    """Delete a folder that Dropdub created, if it exists, except originals in it; return the originals kept.

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
    """Delete a folder in a held folder if it exists and is empty."""
    with contextlib.suppress(OSError):
        os.rmdir(folder.at(name), dir_fd=folder.dir_fd)


def remove_expired_upload(folder: Path, *, unchanged_since: float) -> None:
    """Delete an upload's folder with the complete file in it, if nothing in it changed since, in epoch seconds.

    Raises OriginalKept if something did, or if the folder is not one of an upload, and OSError.
    """
    files = sorted(originals_in(folder))
    if not is_source(folder / UPLOADED) or any(_last_change(path) >= unchanged_since for path in files):
        raise OriginalKept(f"{folder} may hold an upload that a job still takes, and was not removed.")
    for path in files:
        _remove(path)
    remove_tree(folder)


def remove_sent(folder: Path) -> None:
    """Delete the folder of a file that was sent with a request: its sender has the file, and gets the answer.

    Raises OriginalKept if the folder is not one of an upload, and OSError.
    """
    if not is_source(folder / UPLOADED):
        raise OriginalKept(f"{folder} is not the folder of a file that was sent, and was not removed.")
    if folder.is_dir():
        for path in list(originals_in(folder)):
            _remove(path)
        remove_tree(folder)


def _last_change(path: Path) -> float:
    """Return when a file was last written or moved, in epoch seconds."""
    return max(path.lstat().st_mtime, path.parent.stat().st_mtime)


def originals_in(folder: Path) -> Iterator[Path]:
    """Yield the files and links in a folder, at any depth, that are in a folder for originals.

    Raises OSError if a folder cannot be listed, since it may hold originals.
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
    """Delete the contents of a folder, except the folders in `kept` and their parents."""
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
    """Delete a tree that contains no originals."""
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
    """Delete a file, even if it is read-only, which Windows refuses."""
    try:
        path.unlink(missing_ok=True)
    except PermissionError:
        if sys.platform != "win32" or os.access(path, os.W_OK):
            raise
        path.chmod(stat.S_IWRITE)
        path.unlink(missing_ok=True)


def _make_writable_and_retry(remove_one: Callable[..., object], path: str, failed: ExcInfo) -> None:
    """Continue the removal of a tree if a file in it is read-only."""
    if sys.platform != "win32" or not isinstance(failed[1], PermissionError) or os.access(path, os.W_OK):
        raise failed[1]
    Path(path).chmod(stat.S_IWRITE)
    remove_one(path)
