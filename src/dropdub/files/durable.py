"""Durable writes and renames, and safe names. Removal is in `removal`."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, TypeVar

from dropdub.failpoints import reach
from dropdub.files.held import HeldFolder
from dropdub.files.privacy import restrict
from dropdub.files.renames import rename_new as rename_new_at_once

T = TypeVar("T")
ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


def _name_max_bytes() -> int:
    """Return the maximum length of a file name in bytes.

    Usually the limit of all file systems. If Windows limits paths to 260 characters, a name must fit twice after a
    root of 40 characters (`outbox\\NAME\\NAME.pt.srt`).
    """
    if sys.platform != "win32":
        return 255
    ask = getattr(
        ctypes.WinDLL("ntdll"), "RtlAreLongPathsEnabled", None
    )  # missing in older Windows, which has no long paths
    if ask is None:
        return 100
    ask.restype = ctypes.c_ubyte
    return 255 if ask() else 100


NAME_MAX_BYTES = _name_max_bytes()
_RANDOM = re.compile(r"\.[0-9a-f]{8}$")
_UMASK_READ = threading.Lock()
_SHARING_WINERRORS = {5, 32, 33}
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)( *\..*)?")
_BAD_CHARS = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_TAKEN = re.compile(r"(?i)config\.yaml|jobs\.db.*|desktop\.ini|autorun\.inf|thumbs\.db")
"""File names that have a meaning for Dropdub, or for the desktop that shows the folder."""


def fsync_dir(folder: Path) -> None:
    """Flush a folder's entries to disk; does nothing on Windows, which has no such call."""
    if sys.platform == "win32":
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _is_sharing_violation(error: BaseException) -> bool:
    if sys.platform != "win32" or not isinstance(error, OSError):
        return False
    return error.winerror in _SHARING_WINERRORS or (error.winerror is None and error.errno == errno.EACCES)


def patiently(action: Callable[[], T], *, patience_s: float = 10.0) -> T:
    """Retry `action` while Windows reports that another process, such as a virus scanner, has the file open.

    For up to `patience_s` seconds.
    """
    try:
        return action()
    except OSError as error:
        if not _is_sharing_violation(error):
            raise
    # Slow to import, and rarely needed.
    from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential  # noqa: PLC0415

    retrying = Retrying(
        retry=retry_if_exception(_is_sharing_violation),
        wait=wait_random_exponential(multiplier=0.05, max=1.0),
        stop=stop_after_delay(patience_s),
        reraise=True,
    )
    return retrying(action)


def rename(source: Path, target: Path) -> None:
    """Rename durably within a file system, replacing `target`; both folders are flushed."""
    _rename(lambda: source.replace(target), source, target)


def rename_new(source: Path, target: Path) -> None:
    """Rename like `rename`, but to a free name. Raises FileExistsError if it is taken."""
    _rename(lambda: rename_new_at_once(source, target), source, target)


def _rename(renamed: Callable[[], object], source: Path, target: Path) -> None:
    reach("rename.before")
    patiently(renamed)
    reach("rename.after")
    fsync_dir(target.parent)
    if source.parent != target.parent:
        fsync_dir(source.parent)


def _rename_unflushed(source: Path, target: Path) -> None:
    reach("rename.before")
    patiently(lambda: source.replace(target))


def rename_held(folder: HeldFolder, name: str, target: HeldFolder, new_name: str, *, replace: bool = False) -> None:
    """Rename durably between held folders, or within one.

    Raises FileExistsError if the new name is taken, unless `replace`.
    """
    reach("rename.before")
    patiently(lambda: folder.rename(name, target, new_name, replace=replace))
    reach("rename.after")
    target.flush()
    if folder is not target:
        folder.flush()


def flush(writer: BinaryIO) -> None:
    """Flush a file's content to disk."""
    writer.flush()
    os.fsync(writer.fileno())


def blocks(reader: BinaryIO, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield the rest of a file in blocks."""
    while block := reader.read(size):
        yield block


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hex, read in blocks."""
    with path.open("rb") as reader:
        return digest_of(reader)


def digest_of(reader: BinaryIO) -> str:
    digest = hashlib.sha256()
    for block in blocks(reader):
        digest.update(block)
    return digest.hexdigest()


def part_name(name: str) -> str:
    """Return an unpredictable temporary name for a file that is being written: `.NAME.1f0c9a3e.part`."""
    return f".{_cut(name, 200)}.{secrets.token_hex(4)}.part"


def names_of_part(part: str) -> tuple[str, ...]:
    """Return the possible final names of a temporary file; earlier versions added no random part."""
    if not (part.startswith(".") and part.endswith(".part")):
        return ()
    name = part[1 : -len(".part")]
    return (name[: -len(found[0])], name) if (found := _RANDOM.search(name)) else (name,)


def write_whole(path: Path, data: bytes, *, durable: bool = True, private: bool = False) -> None:
    """Write a file so that it appears complete or not at all and, if `durable`, survives a power cut.

    A file that is not durable may be missing, empty or truncated after a power cut, but takes a fraction of the time
    to write: for content that is verified and can be recreated. `private`: only this account can read it, whatever
    the umask and its folder's permissions are.
    """
    part = path.with_name(part_name(path.name))
    with _created(part) as writer:
        if private:
            restrict(part)
        writer.write(data)
        reach("write.unflushed")
        if sys.platform != "win32" and not private:
            with contextlib.suppress(OSError):  # a file system without modes, or with those of its mount only
                os.fchmod(writer.fileno(), 0o666 & ~_umask())
        if durable:
            flush(writer)
    if durable:
        rename(part, path)
    else:
        _rename_unflushed(part, path)


def _created(part: Path) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(part, flags, 0o600), "wb")


def _umask() -> int:
    """Return the umask, which can only be read by setting it: for a moment, to the strictest value."""
    with _UMASK_READ:
        mask = os.umask(0o077)
        os.umask(mask)
    return mask


@contextlib.contextmanager
def written_whole(path: Path, *, scratch: Path) -> Iterator[Path]:
    """Yield a temporary path in `scratch` (same file system) to write to; flush and rename it to `path` at the end.

    Nothing appears at `path` if the block raises. `scratch` must be a folder that others cannot write to.
    """
    part = _part_in(scratch, path)
    yield part
    flush_file(part)
    rename(part, path)


@contextlib.contextmanager
def unflushed_whole(path: Path, *, scratch: Path) -> Iterator[Path]:
    """Do what `written_whole` does, but flush nothing: until `flush_file`, a power cut may leave any part of it."""
    part = _part_in(scratch, path)
    yield part
    _rename_unflushed(part, path)


def _part_in(scratch: Path, path: Path) -> Path:
    return scratch / f"{secrets.token_hex(4)}-{path.name}"


def flush_file(path: Path) -> None:
    """Flush the content of a file that is closed to disk."""
    with os.fdopen(os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)), "rb+") as writer:
        os.fsync(writer.fileno())


def safe_name(name: str) -> str:
    """Return `name` made valid for every file system that Dropdub runs on, by the rules of Windows.

    Letters of all scripts and emoji are kept. An unusable name becomes `_`. A name with a special meaning (hidden, an
    option, `config.yaml`) gets a `_` prefix, even if it has that meaning only without its suffix, as a folder's name.
    """
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    name = _BAD_CHARS.sub("_", name).rstrip(". ").lstrip(" ")
    is_special = name.startswith((".", "-")) or any(map(_TAKEN.fullmatch, (name, name.rpartition(".")[0])))
    if not name or is_special or _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name


def numbered(name: str, number: int, *, room: int = 0) -> str:
    """Return `name` if `number` is 1, else `stem (number).suffix`; truncated to the maximum length minus `room`."""
    path = Path(name)
    ending = (f" ({number})" if number > 1 else "") + path.suffix
    return _cut(path.stem, NAME_MAX_BYTES - room - len(ending.encode())) + ending


def numbered_folder(name: str, number: int, *, room: int = 0) -> str:
    """Return `name` if `number` is 1, else `name (number)`, truncated like `numbered`: a dot starts no suffix."""
    ending = f" ({number})" if number > 1 else ""
    return _cut(name, NAME_MAX_BYTES - room - len(ending)) + ending


class Numbering(Protocol):
    """Numbers a name: `numbered` or `numbered_folder`."""

    def __call__(self, name: str, number: int, *, room: int = 0) -> str: ...


def free_name(
    folder: Path | None,
    name: str,
    *,
    taken: Callable[[str], bool] = lambda _: False,
    numbering: Numbering = numbered,
    room: int = 0,
) -> str:
    """Return the first of `name`, `name (2)`, `name (3)` … that is neither in `folder`, if given, nor `taken`.

    Names that differ only in case count as the same name, as on Windows.
    """
    present = {key(entry.name) for entry in folder.iterdir()} if folder and is_folder(folder) else set()
    number = 1
    while key(candidate := numbering(name, number, room=room)) in present or taken(candidate):
        number += 1
    return candidate


def is_folder(path: Path) -> bool:
    """Return whether a folder exists; False if a share responds with an error (host down, stale handle)."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Return whether a file exists; False if a share responds with an error."""
    try:
        return path.is_file()
    except OSError:
        return False


def free_bytes(folder: Path) -> int | None:
    """Return the free space on a folder's file system, in bytes; None if it is unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def too_little_free(folder: Path, needed: float) -> int | None:
    """Return the free space on a folder's file system if it is less than `needed`, both in bytes.

    None if there is enough, or if it is unknown.
    """
    free = free_bytes(folder)
    return free if free is not None and free < needed else None


def may_exist(path: Path) -> bool:
    """Return whether the path exists, a dangling link included; True if the system cannot tell."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def key(name: str) -> str:
    """Return a key that is the same for names that differ only in case or Unicode composition."""
    return unicodedata.normalize("NFC", name).casefold()


def _cut(text: str, size: int) -> str:
    return text.encode()[: max(size, 1)].decode("utf-8", "ignore").rstrip(". ") or "_"
