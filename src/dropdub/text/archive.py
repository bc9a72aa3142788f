"""The parts of a zipped document, read in memory and in bounds: nothing is unpacked to disk, no entity is followed."""

from __future__ import annotations

import errno
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException

from dropdub.errors import NotText, TooLarge
from dropdub.untrusted.xml import TooMuch, root_of

DOCUMENT_SUFFIXES = frozenset({".docx", ".epub"})
MOST_BYTES = 20_000_000
"""Of all parts that are read, unpacked: a long novel has two million, with what Word writes around its words ten."""
MOST_COVER_BYTES = 20_000_000
MOST_DIRECTORY_BYTES = 2_000_000
"""Of the list of parts, which is read as a whole: a book with ten thousand pictures has half of it."""
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error),
    *(ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, AssertionError, OverflowError),
)
_LOCKED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""As the standards of both kinds of document have it; others may ask for gigabytes to unpack anything."""
_DIRECTORY_END, _DIRECTORY_END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_TAIL_BYTES = 2**16 + _DIRECTORY_END.size + 128
"""At a zip file's end: its longest comment, and what stands before that."""


@dataclass(frozen=True)
class Cover:
    """A picture: its bytes, and what it is: `jpg` or `png`."""

    data: bytes
    suffix: str


class Archive:
    """The parts of one document by their names."""

    def __init__(self, name: str, parts: zipfile.ZipFile) -> None:
        self._name = name
        self._parts = parts
        self._left = MOST_BYTES

    def has(self, part: str) -> bool:
        return part in self._parts.NameToInfo

    def read(self, part: str) -> bytes:
        """Return a part. Raises NotText where it is missing or locked, TooLarge where too much has been read."""
        data = self._unpacked(part, self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"{self._name} unpacks to more than {MOST_BYTES // 1_000_000} MB.", remedy=_TOO_LARGE)
        return data

    def picture(self, part: str) -> bytes | None:
        """Return a part that is a picture; None for one that is too large to be a cover."""
        data = self._unpacked(part, MOST_COVER_BYTES + 1)
        return data if len(data) <= MOST_COVER_BYTES else None

    def xml(self, part: str) -> Element:
        """Return a part's root element; one that declares entities is damaged."""
        try:
            return root_of(self.read(part))
        except TooMuch as error:
            raise TooLarge(f"{self._name} is no document that people made: {error}", remedy=_TOO_LARGE) from error

    def locked(self) -> NotText:
        remedy = "Drop a copy without a password or copy protection."
        return NotText(f"{self._name} is locked by a password or a copy protection.", remedy=remedy)

    def _unpacked(self, part: str, most: int) -> bytes:
        if not self.has(part):
            raise NotText(f"{self._name} is damaged: {part[:99]} is missing in it.", remedy=_AGAIN)
        info = self._parts.getinfo(part)
        if info.flag_bits & _LOCKED:
            raise self.locked()
        if info.compress_type not in _METHODS:
            raise NotImplementedError("A way of packing that no document has.")
        with self._parts.open(info) as file:
            return file.read(most)


_AGAIN = "Open it in the program that it was made with, save it again, and drop it again."
_TOO_LARGE = "Save its text alone, as .txt or .docx, and drop that."


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a document; whatever is wrong inside it becomes NotText."""
    try:
        _refuse_long_directory(path)
        with zipfile.ZipFile(path) as parts:
            yield Archive(path.name, parts)
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which a place before the file's beginning is
            raise
        kind = path.suffix.lower()
        raise NotText(f"{path.name} is damaged, or no {kind} document.", remedy=_AGAIN) from error


def resolved(base: str, href: str) -> str:
    """Return the name of the part that a part named `base` refers to; one outside the document is none of its parts."""
    place = posixpath.join(posixpath.dirname(base), unquote(href.partition("#")[0]))
    return posixpath.normpath(place).lstrip("/")


def _refuse_long_directory(path: Path) -> None:
    """Refuse a list of parts that takes more memory to read than all else; before it is read, by any of its ends."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        tail = file.read(_TAIL_BYTES)
    sizes = [*_each(_DIRECTORY_END, b"PK\5\6", tail, 5), *_each(_DIRECTORY_END_64, b"PK\6\6", tail, 8)]
    if any(MOST_DIRECTORY_BYTES < size < path.stat().st_size for size in sizes):
        raise TooLarge(f"{path.name} has more parts than a document can have.", remedy=_TOO_LARGE)


def _each(ends: struct.Struct, mark: bytes, tail: bytes, place: int) -> Iterator[int]:
    """Yield what each possible end of the list says at `place`: the size of the list."""
    for found in re.finditer(re.escape(mark), tail):
        if found.start() + ends.size <= len(tail):
            yield int(ends.unpack_from(tail, found.start())[place])
