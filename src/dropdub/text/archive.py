"""Read the parts of a zipped document in memory, within limits: nothing is unpacked to disk, no entity is expanded."""

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
from dropdub.untrusted.xml_places import PlacedXml, placed_xml

DOCUMENT_SUFFIXES = frozenset({".docx", ".epub"})
MOST_BYTES = 20_000_000
"""Unpacked size of all parts read. A long novel has 2 million bytes of text; with Word's markup, 10 million."""
MOST_COVER_BYTES = 20_000_000
MOST_DIRECTORY_BYTES = 2_000_000
"""Size of the list of parts, which is read at once. A book with ten thousand pictures takes half of it."""
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, struct.error),
    *(ParseError, DefusedXmlException, ValueError, LookupError, RecursionError, AssertionError, OverflowError),
)
_LOCKED = 0x1
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""The only methods that the standards of both formats allow. Others may need gigabytes to unpack anything."""
_DIRECTORY_END, _DIRECTORY_END_64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q")
_TAIL_BYTES = 2**16 + _DIRECTORY_END.size + 128
"""The end of a zip file: the longest possible comment and the records before it."""


@dataclass(frozen=True)
class Cover:
    """A cover picture: its bytes, and its type, such as `jpg`, `png` or `svg`."""

    data: bytes
    suffix: str


class Archive:
    """The parts of a document, by name."""

    def __init__(self, name: str, parts: zipfile.ZipFile) -> None:
        self._name = name
        self._parts = parts
        self._left = MOST_BYTES

    def has(self, part: str) -> bool:
        return part in self._parts.NameToInfo

    def read(self, part: str) -> bytes:
        """Return a part. Raises NotText if it is missing or locked, TooLarge if too much has been read in all."""
        data = self._unpacked(part, self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"{self._name} unpacks to more than {MOST_BYTES // 1_000_000} MB.", remedy=_TOO_LARGE)
        return data

    def original(self, part: str) -> bytes:
        """Return a part that was read before; it does not count again."""
        return self._unpacked(part, MOST_BYTES)

    def picture(self, part: str) -> bytes | None:
        """Return a picture part; None if it is too large for a cover."""
        data = self._unpacked(part, MOST_COVER_BYTES + 1)
        return data if len(data) <= MOST_COVER_BYTES else None

    def xml(self, part: str) -> Element:
        """Return the root element of a part. One that declares entities counts as damaged."""
        try:
            return root_of(self.read(part))
        except TooMuch as error:
            raise TooLarge(f"{self._name} is too complex to be read: {error}", remedy=_TOO_LARGE) from error

    def placed(self, part: str) -> PlacedXml:
        """Return a part with the places of its elements. One that declares entities counts as damaged."""
        return self.placed_data(self.read(part))

    def placed_data(self, data: bytes) -> PlacedXml:
        """Return a changed part with the places of its elements."""
        try:
            return placed_xml(data)
        except TooMuch as error:
            raise TooLarge(f"{self._name} is too complex to be read: {error}", remedy=_TOO_LARGE) from error

    def locked(self) -> NotText:
        remedy = "Drop a copy without a password or copy protection."
        return NotText(f"{self._name} is locked by a password or copy protection.", remedy=remedy)

    def _unpacked(self, part: str, most: int) -> bytes:
        if not self.has(part):
            raise NotText(f"{self._name} is damaged: it lacks {part[:99]}.", remedy=_AGAIN)
        info = self._parts.getinfo(part)
        if info.flag_bits & _LOCKED:
            raise self.locked()
        if info.compress_type not in _METHODS:
            raise NotImplementedError("The compression method is not allowed in documents.")
        with self._parts.open(info) as file:
            return file.read(most)


_AGAIN = "Open it in the program that made it, save it again, and drop the new file."
_TOO_LARGE = "Save only its text, as .txt or .docx, and drop that."


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a document. Raises NotText for any damage inside it, TooLarge, and OSError."""
    try:
        _refuse_long_directory(path)
        with zipfile.ZipFile(path) as parts:
            yield Archive(path.name, parts)
    except (*_BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # raised by a seek to before the file's start
            raise
        kind = path.suffix.lower()
        raise NotText(f"{path.name} is damaged or not a {kind} document.", remedy=_AGAIN) from error


def resolved(base: str, href: str) -> str:
    """Return the name of the part that `href` in the part `base` refers to. It may be outside the document."""
    place = posixpath.join(posixpath.dirname(base), unquote(href.partition("#")[0]))
    return posixpath.normpath(place).lstrip("/")


def _refuse_long_directory(path: Path) -> None:
    """Raise TooLarge if any end record announces a list of parts that would take too much memory; does not read it."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0))
        tail = file.read(_TAIL_BYTES)
    sizes = [*_each(_DIRECTORY_END, b"PK\5\6", tail, 5), *_each(_DIRECTORY_END_64, b"PK\6\6", tail, 8)]
    if any(MOST_DIRECTORY_BYTES < size < path.stat().st_size for size in sizes):
        raise TooLarge(f"{path.name} has more parts than a document can have.", remedy=_TOO_LARGE)


def _each(ends: struct.Struct, mark: bytes, tail: bytes, place: int) -> Iterator[int]:
    """Yield the size of the list of parts according to each possible end record: its field number `place`."""
    for found in re.finditer(re.escape(mark), tail):
        if found.start() + ends.size <= len(tail):
            yield int(ends.unpack_from(tail, found.start())[place])
