"""What is refused before its first byte: too large a file, a full disk, and kinds that Dropdub does not process."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath

from dropdub.errors import DiskFull, EmptyFile
from dropdub.files.durable import too_little_free
from dropdub.media.suffixes import ACCEPTED, NEVER_SUFFIXES, unusable
from dropdub.text.other_formats import other_format_named
from dropdub.units import format_size, too_large
from dropdub.web.answering.errors import ApiError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


@dataclass(frozen=True)
class UploadLimits:
    """What an upload may take. Sizes in bytes.

    `max_size`: of one file. `min_free_disk`: what must stay free. `at_once`: how many are received at the same time.
    `unfinished`: how many may be incomplete. `keep_s`: how long one that does not change is kept.
    """

    max_size: int
    min_free_disk: int
    at_once: int = 8
    unfinished: int = 1000
    keep_s: float = 24 * 3600.0

    def refuse_size(self, name: str, size: int) -> None:
        """Raise ApiError: 413 if a file of this size is too large, 422 if it is empty."""
        if size > self.max_size:
            remedy = "Make it smaller, or raise limits.max_size in config.yaml."
            raise ApiError(413, too_large(name, size, self.max_size), "TooLarge", remedy=remedy)
        if size == 0:
            raise ApiError(422, f"{name} is empty.", "EmptyFile", remedy=EmptyFile.usual_remedy)

    def refuse_full_disk(self, name: str, needed: int, folder: Path) -> None:
        """Raise ApiError 507 if the folder's disk has no room for `needed` bytes more."""
        free = too_little_free(folder, needed + self.min_free_disk)
        if free is not None:
            raise disk_full(
                f"There is no room for {name}: {format_size(needed)} must still be written, {format_size(free)} is "
                f"free, and {format_size(self.min_free_disk)} must stay free."
            )


def disk_full(message: str) -> ApiError:
    """Return the answer to a sender for whose file the disk has no room."""
    return ApiError(507, message, "DiskFull", remedy=DiskFull.usual_remedy)


@contextmanager
def room_for(name: str) -> Iterator[None]:
    """Raise ApiError 507 if a write in the block fails because the disk, or the account's share of it, is full."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(f"The disk became full while {name} was received.") from error
        raise


def refuse_kind(name: str) -> None:
    """Raise ApiError 415 if a file's name has the suffix of a kind that is never processed.

    What a suffix leaves open is decided by the content, once the file is complete.
    """
    suffix = PurePath(name).suffix.lower()
    other = other_format_named(suffix)
    if other is not None:
        raise ApiError(415, f"{name} is {other.what}.", "NotText", remedy=other.remedy)
    if suffix in NEVER_SUFFIXES:
        raise ApiError(415, unusable(name), "NotMedia", remedy=ACCEPTED)
