"""Write a copy of a zipped document in which some parts are replaced, and all others are as they were."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from dropdub.errors import TooLarge

MIMETYPE = "mimetype"
"""The first part of an EPUB and of OpenDocument, stored without compression, so that programs recognise the file."""
MOST_COPIED_BYTES = 2_000_000_000
"""Unpacked size of all parts. Books with pictures and sound have up to a gigabyte."""
_BLOCK = 1 << 20


def rewrite(source: Path, out: Path, changed: Mapping[str, bytes]) -> None:
    """Write `out` as a copy of `source` with the `changed` parts. Raises TooLarge, and the errors of zipfile."""
    with zipfile.ZipFile(source) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        left = MOST_COPIED_BYTES
        for info in sorted(parts.NameToInfo.values(), key=lambda one: one.filename != MIMETYPE):
            if not _is_inside(info.filename):
                continue
            if info.filename in changed:
                made.writestr(_like(info), changed[info.filename])
                continue
            with parts.open(info) as file, made.open(_like(info), "w") as copy:
                left = _copied(file, copy, left, source.name)


def _copied(file: IO[bytes], copy: IO[bytes], left: int, name: str) -> int:
    """Copy a part; return how many bytes are left for the others."""
    while block := file.read(_BLOCK):
        left -= len(block)
        if left < 0:
            raise TooLarge(f"{name} unpacks to more than {MOST_COPIED_BYTES // 1_000_000_000} GB.")
        copy.write(block)
    return left


def _is_inside(name: str) -> bool:
    """Return whether a part's name leads to a place inside the folder that the file is unpacked into."""
    return not name.startswith(("/", "\\")) and ".." not in name.replace("\\", "/").split("/") and ":" not in name[:2]


def _like(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """Return a description of a part like another's, without what depends on its content."""
    made = zipfile.ZipInfo(info.filename, info.date_time)
    made.compress_type = zipfile.ZIP_STORED if info.filename == MIMETYPE else info.compress_type
    made.external_attr = info.external_attr
    made.create_system = info.create_system
    return made
