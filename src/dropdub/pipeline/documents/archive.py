"""The parts of a zipped document, read in memory and in bounds: nothing is unpacked to disk, no entity is followed."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from dropdub.errors import NotText, TooLarge

DOCUMENT_SUFFIXES = frozenset({".docx", ".epub"})
MOST_BYTES = 100_000_000
"""Of all parts that are read together, unpacked: a long novel has two million; a zip bomb, any number."""
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(ParseError, DefusedXmlException, ValueError, RecursionError),
)
_LOCKED = 0x1


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
        if not self.has(part):
            raise NotText(f"{self._name} is damaged: {part} is missing in it.", remedy=_AGAIN)
        if self._parts.getinfo(part).flag_bits & _LOCKED:
            raise self.locked()
        with self._parts.open(part) as file:
            data = file.read(self._left + 1)
        self._left -= len(data)
        if self._left < 0:
            raise TooLarge(f"{self._name} unpacks to more than {MOST_BYTES // 1_000_000} MB.", remedy=_TOO_LARGE)
        return data

    def xml(self, part: str) -> Element:
        """Return a part's root element; one that declares entities is damaged."""
        root: Element = fromstring(self.read(part))
        return root

    def locked(self) -> NotText:
        remedy = "Drop a copy without a password or copy protection."
        return NotText(f"{self._name} is locked by a password or a copy protection.", remedy=remedy)


_AGAIN = "Open it in the program that it was made with, save it anew, and drop it again."
_TOO_LARGE = "Save its text alone, as .txt or .docx, and drop that."


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """Open a document; whatever is wrong inside it becomes NotText."""
    try:
        with zipfile.ZipFile(path) as parts:
            yield Archive(path.name, parts)
    except _BROKEN as error:
        kind = path.suffix.lower()
        raise NotText(f"{path.name} is damaged, or no {kind} document.", remedy=_AGAIN) from error


def resolved(base: str, href: str) -> str:
    """Return the name of the part that a part named `base` refers to; one outside the document is none of its parts."""
    place = posixpath.join(posixpath.dirname(base), unquote(href.partition("#")[0]))
    return posixpath.normpath(place).lstrip("/")
